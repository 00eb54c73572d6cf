//! Every bound on input, in one place. They are applied before parsing, cryptography or recursion.
//!
//! The bounds are generous for honest input and far below what exhausts a small stack or a small machine.

/// Longest file or in-memory text of policies, schema, entities, links or key sets, in bytes (64 MiB).
pub const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// Longest single policy or template, in bytes (1 MiB).
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// Deepest nesting of brackets, conditionals and unary operators within a policy or schema text.
pub const MAX_POLICY_NESTING: usize = 64;

/// Most operators (`&&`, `||`, `+`, `-`, `*`, member accesses) within one policy.
///
/// Cedar's parser turns a chain of operators into a tree as deep as the chain is long.
pub const MAX_POLICY_OPERATORS: usize = 2_000;

/// Most `if … then … else` within one policy; each one nests the rest of the policy more deeply.
pub const MAX_POLICY_CONDITIONALS: usize = 128;

/// Most policies, templates and links that are loaded from text together.
pub const MAX_POLICIES: usize = 1_000_000;

/// Deepest nesting of JSON and YAML values.
pub const MAX_JSON_DEPTH: usize = 32;

/// Deepest nesting of sets and records within one value that is kept or compared.
pub const MAX_VALUE_DEPTH: usize = 64;

/// Longest precompiled file, in bytes (1 GiB).
pub const MAX_ARTIFACT_BYTES: usize = 1 << 30;

/// Deepest nesting of sets and records within one declared type that a precompiled file keeps, common types followed.
pub const MAX_SHAPE_DEPTH: usize = 256;

/// Longest chain of parents above one entity.
pub const MAX_ENTITY_DEPTH: usize = 256;

/// Most ancestors of one entity.
pub const MAX_ANCESTORS: usize = 65_536;

/// Longest entity id, entity type name, attribute name or policy id, in bytes.
pub const MAX_NAME_BYTES: usize = 4_096;

/// Most entities that one request may bring along.
pub const MAX_REQUEST_ENTITIES: usize = 1_024;

/// Most parents that the entities of one request may have together.
pub const MAX_REQUEST_PARENTS: usize = 4_096;

/// Longest token, in bytes (16 KiB).
pub const MAX_TOKEN_BYTES: usize = 16 << 10;

/// Longest protected header of a token, decoded, in bytes.
pub const MAX_TOKEN_HEADER_BYTES: usize = 2_048;

/// Most members of a token's header.
pub const MAX_TOKEN_HEADER_MEMBERS: usize = 16;

/// Most members of a token's claims, and of each object within them.
pub const MAX_TOKEN_CLAIMS: usize = 128;

/// Latest time that a token may name, in seconds since the Unix epoch: the end of the year 9999.
///
/// A later one is a mistake of unit (milliseconds) or an attempt to overflow.
pub const MAX_NUMERIC_DATE: i64 = 253_402_300_799;

/// Largest difference between clocks that a profile may tolerate, in seconds.
pub const MAX_LEEWAY_SECONDS: u32 = 300;

/// Longest life of a token that is made here, in seconds (one day).
pub const MAX_TOKEN_LIFETIME_SECONDS: u32 = 86_400;

/// Most keys of one key set.
pub const MAX_KEYS: usize = 256;

/// Longest key set that is got by HTTPS, in bytes (256 KiB).
#[cfg(feature = "fetch")]
pub const MAX_FETCHED_KEYS_BYTES: usize = 256 << 10;

/// Longest token that a status list comes in (4 MiB).
pub const MAX_STATUS_LIST_TOKEN_BYTES: usize = 4 << 20;

/// Longest status list once inflated, in bytes (4 MiB): 33 million tokens of one bit each.
pub const MAX_STATUS_LIST_BYTES: usize = 4 << 20;

/// Most status lists of one issuer that are in use at a time.
pub const MAX_STATUS_LISTS: usize = 64;

/// Most scopes of one token; further ones make the token invalid.
pub const MAX_SCOPES: usize = 256;

/// Most bytes of changes in one transaction of a store, of one audit record and of one row of a snapshot (64 MiB).
pub const MAX_TRANSACTION_BYTES: usize = 64 << 20;

/// Longest body or query of a request to an OAuth endpoint, in bytes (64 KiB): room for two tokens.
pub const MAX_FORM_BYTES: usize = 64 << 10;

/// Most parameters of a request to an OAuth endpoint.
pub const MAX_FORM_PARAMETERS: usize = 64;

/// Longest secret that a client may present, in bytes.
pub const MAX_SECRET_BYTES: usize = 512;

/// Longest time for which a replaced refresh token still gets its successor, in seconds.
pub const MAX_REFRESH_GRACE_SECONDS: i64 = 300;

/// Stack of the thread on which Cedar's recursive parser and validator run, in bytes (64 MiB of address space, of
/// which only what is touched becomes resident).
pub const PARSER_STACK_BYTES: usize = 64 << 20;

/// Longest id of a tenant, project, user, app or another noun of the platform, in bytes.
pub const MAX_PLATFORM_ID_BYTES: usize = 255;

/// Most changes in one listing of a tenant's changes; the next begins after the last revision of this one.
pub const MAX_LISTED_CHANGES: usize = 10_000;

/// Longest name that people give to a noun of the platform, in bytes.
pub const MAX_DISPLAY_NAME_BYTES: usize = 255;

/// Most redirect URIs of one version of an app.
pub const MAX_REDIRECT_URIS: usize = 32;

/// Most client secrets that one owner can use at a time.
pub const MAX_USABLE_SECRETS: usize = 2;

/// Longest time for which a rotated client secret stays good, in seconds (30 days).
pub const MAX_SECRET_OVERLAP_SECONDS: i64 = 30 * 24 * 3_600;

/// Longest life of an authorization code, in seconds (RFC 6749 §4.1.2 recommends 10 minutes at most).
pub const MAX_CODE_LIFETIME_SECONDS: i64 = 600;
