//! The one error type: a stable kind, a message, the place it points at and what to do about it.
//!
//! A kind has the same number in Rust, C and Python, and a number is never given a second meaning. Messages are lower
//! case, say what was found and what was expected, and never hold a token, a key or a secret.

use std::fmt;
use std::path::{Path, PathBuf};

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal;)*) => {
        /// What went wrong, as a code that never changes its meaning.
        ///
        /// 1xx: loading of policies, schemas, entities and configuration. 2xx: tokens and keys. 3xx: requests.
        /// 4xx: changes of the platform. 5xx: the store. 6xx: audit. 9xx: misuse of a language boundary, and faults of the
        /// library itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum ErrorKind {
            $($(#[$doc])* $variant = $code,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of the codes.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$variant,)*];

            /// The name of the kind in `snake_case`, as Python, the command and test suites spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A file or directory could not be read.
    Io = 100, "io";
    /// The input is larger, longer or more deeply nested than [`limits`](crate::limits) allow.
    LimitExceeded = 101, "limit_exceeded";
    /// Bytes that should be UTF-8 are not.
    NotUtf8 = 102, "not_utf8";
    /// A setting of the engine, a profile or a command is missing or contradicts another.
    Configuration = 103, "configuration";
    /// Cedar policy text or JSON that does not parse.
    PolicySyntax = 110, "policy_syntax";
    /// Two policies, templates or links carry the same id.
    PolicyDuplicate = 111, "policy_duplicate";
    /// A policy does not validate against the schema.
    PolicyInvalid = 112, "policy_invalid";
    /// A template link names an unknown template, or slots that the template has not.
    LinkInvalid = 113, "link_invalid";
    /// A policy uses a construct that this version cannot decide exactly as Cedar does.
    PolicyUnsupported = 114, "policy_unsupported";
    /// The id names no policy, template or link.
    PolicyUnknown = 115, "policy_unknown";
    /// A schema that does not parse.
    SchemaSyntax = 120, "schema_syntax";
    /// A schema that parses but contradicts itself, or annotations that do.
    SchemaInvalid = 121, "schema_invalid";
    /// An entity that does not conform to the schema or cannot be read.
    EntityInvalid = 130, "entity_invalid";
    /// Entities whose parents form a cycle.
    EntityCycle = 131, "entity_cycle";
    /// Two entities carry the same uid.
    EntityDuplicate = 132, "entity_duplicate";
    /// Text that is not JSON, or is JSON of another shape than expected.
    JsonInvalid = 140, "json_invalid";
    /// A JSON object names a member twice.
    JsonDuplicate = 141, "json_duplicate";
    /// A YAML test suite that cannot be read.
    SuiteInvalid = 150, "suite_invalid";
    /// A precompiled file is damaged, or is no precompiled file.
    ArtifactInvalid = 160, "artifact_invalid";
    /// A precompiled file was written by another version of the library.
    ArtifactVersion = 161, "artifact_version";

    /// A token that is not a compact JWS: wrong count of segments, wrong alphabet, non-canonical base64url, bad JSON.
    TokenMalformed = 200, "token_malformed";
    /// A token, or one of its segments, is longer, more deeply nested or more populous than the limit.
    TokenTooLarge = 201, "token_too_large";
    /// The header's algorithm is `none`, unknown, or not allowed by the profile or the key.
    TokenAlgorithm = 202, "token_algorithm";
    /// The header's `typ` is not one the profile accepts.
    TokenType = 203, "token_type";
    /// A header parameter that must not be trusted or is not understood (`crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`).
    TokenHeader = 204, "token_header";
    /// No key of the issuer has the header's `kid`.
    TokenUnknownKey = 205, "token_unknown_key";
    /// The signature does not verify.
    TokenSignature = 206, "token_signature";
    /// No profile is configured for the token's issuer.
    TokenIssuer = 207, "token_issuer";
    /// The token is meant for another audience.
    TokenAudience = 208, "token_audience";
    /// The token has expired.
    TokenExpired = 209, "token_expired";
    /// The token is not valid yet.
    TokenNotYetValid = 210, "token_not_yet_valid";
    /// A claim that the profile requires is missing.
    TokenClaimMissing = 211, "token_claim_missing";
    /// A claim has the wrong type or an impossible value.
    TokenClaimInvalid = 212, "token_claim_invalid";
    /// The token belongs to another tenant than the one requested.
    TokenTenant = 213, "token_tenant";
    /// The token is bound to a key or certificate (`cnf`) whose possession was not proven.
    TokenBinding = 214, "token_binding";
    /// A DPoP proof that is not one: malformed, of another type, or with a key that cannot be used or did not sign it.
    ProofInvalid = 220, "proof_invalid";
    /// A DPoP proof of another key, token, method or address than the request's.
    ProofMismatch = 221, "proof_mismatch";
    /// A DPoP proof that was not made within the window of time.
    ProofExpired = 222, "proof_expired";
    /// A DPoP proof without a current nonce of the server.
    ProofNonce = 223, "proof_nonce";
    /// A DPoP proof that was used before.
    ProofReplayed = 224, "proof_replayed";
    /// A DPoP proof that cannot be remembered, for too many were used of late.
    ProofUnrecorded = 225, "proof_unrecorded";
    /// An encrypted token that does not decrypt, whatever the reason.
    TokenDecryption = 230, "token_decryption";
    /// The token, or something that it descends from, was revoked.
    TokenRevoked = 231, "token_revoked";
    /// The issuer's status list says that the token is not valid.
    TokenStatus = 232, "token_status";
    /// The keys of the token's issuer could not be loaded, or not be refreshed for too long.
    KeysUnavailable = 233, "keys_unavailable";
    /// The token's status list could not be got, or nobody has said from where.
    StatusUnavailable = 234, "status_unavailable";
    /// The token's status list was got, but is malformed, forged, expired, too large, or another's.
    StatusListInvalid = 235, "status_list_invalid";
    /// The token's place lies outside of its status list.
    StatusIndex = 236, "status_index";
    /// A key or key set that cannot be used: malformed, weak, of an unknown type, or ambiguous.
    KeyInvalid = 250, "key_invalid";

    /// A request names an unknown action, a type the action does not apply to, or ill-typed values.
    RequestInvalid = 300, "request_invalid";
    /// A request to an OAuth endpoint was refused; the message begins with the registered error code.
    OAuthRefused = 350, "oauth_refused";

    /// The platform has nothing of this id.
    PlatformUnknown = 400, "platform_unknown";
    /// The state of the platform does not allow the change.
    PlatformConflict = 401, "platform_conflict";
    /// Whoever asks may not make the change.
    PlatformForbidden = 402, "platform_forbidden";
    /// A part of the change is malformed or has an impossible value.
    PlatformInvalid = 403, "platform_invalid";
    /// The change would give more than whoever gives it has, or than a ceiling leaves.
    PlatformExceeded = 404, "platform_exceeded";

    /// The store could not be read or written, or cannot be trusted after an earlier failure.
    StoreIo = 500, "store_io";
    /// The disk, or the quota of the store, is full; nothing was written.
    StoreFull = 501, "store_full";
    /// The store may only be read: a follower, or a file or directory without permission to write.
    StoreReadOnly = 502, "store_read_only";
    /// Another process, or another engine of this one, has the store open for writing.
    StoreLocked = 503, "store_locked";
    /// The store is damaged: a checksum does not match, or acknowledged changes are missing.
    StoreCorrupt = 504, "store_corrupt";
    /// The file is no store, or was written by a newer version.
    StoreVersion = 505, "store_version";
    /// The store has moved on since the revision that the change was made for; nothing was written.
    StoreConflict = 506, "store_conflict";
    /// The log no longer reaches back to the revision that is asked for.
    StoreCompacted = 507, "store_compacted";
    /// A sealed value was sealed under another key, for another place, or is damaged.
    SealInvalid = 508, "seal_invalid";
    /// An export that is incomplete, damaged, or of another version.
    ExportInvalid = 509, "export_invalid";
    /// A page token that was not issued for this listing.
    CursorInvalid = 510, "cursor_invalid";

    /// Audit records could not be written to their file.
    AuditIo = 600, "audit_io";

    /// A required argument is null.
    NullArgument = 900, "null_argument";
    /// An argument has an impossible value.
    ArgumentInvalid = 901, "argument_invalid";
    /// The library failed where it should not; the answer was a deny.
    Internal = 999, "internal";
}

impl ErrorKind {
    /// The number of this kind, the same in every language.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// True for everything a presented token can be refused for (2xx without the kinds that speak of keys).
    #[must_use]
    pub const fn is_token(self) -> bool {
        matches!(self.code(), 200..=249)
    }

    /// True for everything a change of the platform can be refused for (4xx).
    #[must_use]
    pub const fn is_platform(self) -> bool {
        matches!(self.code(), 400..=499)
    }

    /// True for everything that can be wrong with policies, schemas, links and entities (110 to 169).
    #[must_use]
    pub const fn is_policy(self) -> bool {
        matches!(self.code(), 110..=169)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place in a source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file, as the caller named it; empty for text that came from memory.
    pub file: PathBuf,
    /// Line, counted from 1; 0 when only the file is known.
    pub line: usize,
    /// Column in characters, counted from 1; 0 when only the file is known.
    pub column: usize,
    /// The line's text, cut to a readable length.
    pub excerpt: String,
    /// How many characters from `column` on the place covers within its line; at least 1.
    pub width: usize,
}

/// Longest excerpt that an error carries, in characters.
const EXCERPT_CHARS: usize = 160;

impl Location {
    /// A whole file.
    #[must_use]
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            line: 0,
            column: 0,
            excerpt: String::new(),
            width: 0,
        }
    }

    /// The place of a byte range within `text`; an offset beyond the end means the end.
    #[must_use]
    pub fn in_text(file: impl Into<PathBuf>, text: &str, offset: usize, len: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let (before, after) = text.split_at(offset);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        let rest = after.split('\n').next().unwrap_or("");
        let head = before.get(line_start..).unwrap_or("");
        let skip = head.chars().count().saturating_sub(EXCERPT_CHARS / 2);
        let excerpt: String = head
            .chars()
            .skip(skip)
            .chain(rest.chars())
            .take(EXCERPT_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let mut covered = len.min(rest.len());
        while !rest.is_char_boundary(covered) {
            covered -= 1;
        }
        let width = rest.get(..covered).unwrap_or("").chars().count().max(1);
        Self {
            file: file.into(),
            line,
            column,
            excerpt: excerpt.trim_end().to_owned(),
            width,
        }
    }

    /// The column within the excerpt, from 0, where a marker belongs.
    fn marker(&self) -> usize {
        (self.column.saturating_sub(1)).min(EXCERPT_CHARS / 2)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.as_os_str().is_empty() {
            f.write_str("<memory>")?;
        } else {
            write!(f, "{}", self.file.display())?;
        }
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// The error of every fallible operation.
///
/// [`Display`](fmt::Display) gives one line; [`Error::report`] adds the source excerpt, the help and the related
/// errors (a load reports everything that is wrong with it at once).
///
/// ```
/// use bailiwick::{Engine, ErrorKind};
///
/// let error = Engine::builder().policies("no/such/directory").err().ok_or("expected an error")?;
/// assert_eq!(error.kind(), ErrorKind::Io);
/// assert_eq!(error.kind().code(), 100);
/// assert!(error.to_string().contains("no/such/directory"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    location: Option<Location>,
    help: Option<String>,
    related: Vec<Error>,
}

impl Error {
    /// An error of a kind with a message: lower case, what was found and what was expected.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                location: None,
                help: None,
                related: vec![],
            }),
        }
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.inner.location = Some(location);
        self
    }

    /// Says what the user can do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.inner.help = Some(help.into());
        self
    }

    /// Adds errors that were found together with this one.
    #[must_use]
    pub fn with_related(mut self, related: impl IntoIterator<Item = Error>) -> Self {
        self.inner.related.extend(related);
        self
    }

    /// The first of several errors carrying the others, or nothing when there are none.
    pub(crate) fn first_of(errors: Vec<Error>) -> Option<Self> {
        let mut errors = errors.into_iter();
        errors.next().map(|first| first.with_related(errors))
    }

    /// An error of reading `path`.
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        let help = match error.kind() {
            std::io::ErrorKind::NotFound => "check the path; it is taken relative to the working directory",
            std::io::ErrorKind::PermissionDenied => "give the process permission to read it",
            _ => "make sure that it can be read",
        };
        Self::new(
            ErrorKind::Io,
            format!("cannot read {}: {}", path.display(), plain_io(error)),
        )
        .at(Location::file(path))
        .help(help)
    }

    /// The stable kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The message without place and help.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The place the error points at.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.inner.location.as_ref()
    }

    /// What the user can do.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.inner.help.as_deref()
    }

    /// Further errors found at the same time.
    #[must_use]
    pub fn related(&self) -> &[Error] {
        &self.inner.related
    }

    /// This error and its related ones, flattened, the first first.
    pub fn all(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(self).chain(self.inner.related.iter())
    }

    /// Several lines for a terminal or a log: message, source excerpt with a marker, help, related errors.
    #[must_use]
    pub fn report(&self) -> String {
        let mut out = String::new();
        for (index, error) in self.all().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            error.report_one(&mut out);
        }
        out
    }

    fn report_one(&self, out: &mut String) {
        use fmt::Write as _;
        let inner = &self.inner;
        // Writing to a String cannot fail.
        let _ = writeln!(out, "error[{}]: {}", inner.kind, inner.message);
        if let Some(location) = &inner.location {
            let _ = writeln!(out, "  --> {location}");
            if location.line > 0 && !location.excerpt.is_empty() {
                let gutter = location.line.to_string().len();
                let width = location.width.min(location.excerpt.chars().count().max(1));
                let _ = writeln!(out, "{:gutter$} |", "");
                let _ = writeln!(out, "{} | {}", location.line, location.excerpt);
                let _ = writeln!(
                    out,
                    "{:gutter$} | {:indent$}{}",
                    "",
                    "",
                    "^".repeat(width),
                    indent = location.marker()
                );
            }
        }
        if let Some(help) = &inner.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
}

/// The operating system's words without the "(os error N)" that differs between systems.
fn plain_io(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text.get(..end).unwrap_or(&text).to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.location {
            Some(location) if location.line > 0 => write!(f, "{location}: {}", self.inner.message)?,
            _ => f.write_str(&self.inner.message)?,
        }
        match self.inner.related.len() {
            0 => Ok(()),
            1 => f.write_str(" (and 1 more error)"),
            n => write!(f, " (and {n} more errors)"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("location", &self.inner.location)
            .field("help", &self.inner.help)
            .field("related", &self.inner.related)
            .finish()
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
