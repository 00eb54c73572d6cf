/*
 * Bailiwick: embedded authorization. May the bearer of this token do this action to this resource, and why (not)?
 *
 * This header is the manual of the C interface. It is generated from bindings/c: do not edit it.
 *
 *     bw_engine *engine = NULL;
 *     bw_error *err = NULL;
 *     if (bw_engine_open(BW_STR("policies"), NULL, &engine, &err) != BW_OK) {
 *         fputs(bw_error_report(err), stderr);
 *         bw_error_free(err);
 *     }
 *
 *     bw_session *session = NULL;
 *     bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, NULL);
 *
 *     bw_request *request = NULL;
 *     bw_request_new(&request, NULL);
 *     bw_request_resource(request, BW_STR("Rfi"), BW_STR("42"));
 *     bw_request_context_bool(request, BW_STR("mfa"), true);
 *
 *     bw_decision decision = BW_DECISION_INIT;
 *     bw_decide(session, BW_STR("rfis.close"), request, &decision, NULL);
 *     if (decision.allowed) { ... } else { puts(bw_reason_name(decision.reason)); }
 *
 * What holds everywhere
 *
 * Failing.   Whatever goes wrong is a deny: outputs are written "deny" or NULL first, and a session that could not be made is
 *            a NULL session, with which every decision is a deny. A fallible function returns BW_OK or the kind of the error,
 *            and writes an error to its last argument, `bw_error **err`, unless that is NULL; on success it writes NULL there.
 *            It frees nothing that was there before. No function aborts the process, whatever it is passed short of invalid
 *            pointers: a fault of the library itself is BW_INTERNAL.
 * Ownership. What a function hands out through a `bw_x **` is freed with `bw_x_free`, a `char **` with `bw_string_free`, and
 *            everything else that it returns belongs to the object that it was asked of. `_free(NULL)` does nothing. Objects
 *            may be freed in any order: each keeps what it needs of the others. An object that has been freed must not be
 *            used; where the library can still tell, it answers BW_ARGUMENT_INVALID, and freeing twice does nothing.
 * Threads.   A function that takes a `const` object may be called from several threads with the same object. One that takes
 *            it without `const` needs the object for itself, and so does freeing.
 * Text.      `bw_str` by value, in UTF-8: see there. Names are compared byte by byte; nothing is folded or trimmed.
 * Versions.  Numbers of statuses and reasons never change their meaning, functions and fields do not change or disappear
 *            within one major version. Structs that may grow begin with their size, which the caller sets.
 */
#ifndef BAILIWICK_H
#define BAILIWICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ==========================================================================================================
 * Text in both directions: `bw_str`, and strings that C owns.
 * ========================================================================================================== */

/**
 * Text: `len` bytes of UTF-8 at `ptr`, not necessarily followed by a NUL. Passed by value; the library copies what it
 * keeps, so the bytes need to live only until the call returns.
 *
 * `ptr` may be NULL if `len` is 0. Where a function says that an argument may be absent, a NULL `ptr` means absent and
 * anything else means present, even when empty. `BW_STR("…")` makes one of a literal, `bw_cstr(s)` of a C string.
 *
 * Text that a function returns belongs to the object it was asked of, and lives as long as that.
 */
typedef struct bw_str {
    /**
     * The first byte.
     */
    const char *ptr;
    /**
     * Number of bytes.
     */
    size_t len;
} bw_str;

/**
 * Wipes and frees a string that the library handed out as `char **`; NULL is fine.
 */
void bw_string_free(char *string);

/** Text of a string literal. */
#ifdef __cplusplus
#define BW_STR(literal) (bw_str{("" literal), sizeof(literal) - 1})
#else
#define BW_STR(literal) ((bw_str){("" literal), sizeof(literal) - 1})
#endif

/** Text of a C string; absent for NULL. */
static inline bw_str bw_cstr(const char *string)
{
    bw_str text;
    text.ptr = string;
    text.len = string ? strlen(string) : 0;
    return text;
}

/** Absent text. */
static inline bw_str bw_none(void)
{
    return bw_cstr(NULL);
}

/* ==========================================================================================================
 * What library this is.
 * ========================================================================================================== */

/** The version of this header. */
#define BW_VERSION "0.1.0"

/**
 * The version of the library, such as `0.1.0`. A C string that lives forever. `BW_VERSION` is that of the header.
 */
const char *bw_version(void);

/**
 * Whether the library was built with a feature: `sqlite`, the store of `bw_config_store`. False for a name that it does not
 * know.
 */
bool bw_has_feature(bw_str name);

/* ==========================================================================================================
 * Errors. A call that fails returns the kind as its status and, unless `err` is NULL, an error that knows more.
 *
 * An error belongs to the caller, who frees it with `bw_error_free`. It never changes: every thread may read it. No error
 * holds a token, a key or a secret.
 * ========================================================================================================== */

/** Success. */
#define BW_OK UINT32_C(0)

/** A file or directory could not be read. */
#define BW_IO UINT32_C(100)

/** The input is larger, longer or more deeply nested than `limits` allow. */
#define BW_LIMIT_EXCEEDED UINT32_C(101)

/** Bytes that should be UTF-8 are not. */
#define BW_NOT_UTF8 UINT32_C(102)

/** A setting of the engine, a profile or a command is missing or contradicts another. */
#define BW_CONFIGURATION UINT32_C(103)

/** Cedar policy text or JSON that does not parse. */
#define BW_POLICY_SYNTAX UINT32_C(110)

/** Two policies, templates or links carry the same id. */
#define BW_POLICY_DUPLICATE UINT32_C(111)

/** A policy does not validate against the schema. */
#define BW_POLICY_INVALID UINT32_C(112)

/** A template link names an unknown template, or slots that the template has not. */
#define BW_LINK_INVALID UINT32_C(113)

/** A policy uses a construct that this version cannot decide exactly as Cedar does. */
#define BW_POLICY_UNSUPPORTED UINT32_C(114)

/** The id names no policy, template or link. */
#define BW_POLICY_UNKNOWN UINT32_C(115)

/** A schema that does not parse. */
#define BW_SCHEMA_SYNTAX UINT32_C(120)

/** A schema that parses but contradicts itself, or annotations that do. */
#define BW_SCHEMA_INVALID UINT32_C(121)

/** An entity that does not conform to the schema or cannot be read. */
#define BW_ENTITY_INVALID UINT32_C(130)

/** Entities whose parents form a cycle. */
#define BW_ENTITY_CYCLE UINT32_C(131)

/** Two entities carry the same uid. */
#define BW_ENTITY_DUPLICATE UINT32_C(132)

/** Text that is not JSON, or is JSON of another shape than expected. */
#define BW_JSON_INVALID UINT32_C(140)

/** A JSON object names a member twice. */
#define BW_JSON_DUPLICATE UINT32_C(141)

/** A YAML test suite that cannot be read. */
#define BW_SUITE_INVALID UINT32_C(150)

/** A precompiled file is damaged, or is no precompiled file. */
#define BW_ARTIFACT_INVALID UINT32_C(160)

/** A precompiled file was written by another version of the library. */
#define BW_ARTIFACT_VERSION UINT32_C(161)

/** A token that is not a compact JWS: wrong count of segments, wrong alphabet, non-canonical base64url, bad JSON. */
#define BW_TOKEN_MALFORMED UINT32_C(200)

/** A token, or one of its segments, is longer, more deeply nested or more populous than the limit. */
#define BW_TOKEN_TOO_LARGE UINT32_C(201)

/** The header's algorithm is `none`, unknown, or not allowed by the profile or the key. */
#define BW_TOKEN_ALGORITHM UINT32_C(202)

/** The header's `typ` is not one the profile accepts. */
#define BW_TOKEN_TYPE UINT32_C(203)

/** A header parameter that must not be trusted or is not understood (`crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`). */
#define BW_TOKEN_HEADER UINT32_C(204)

/** No key of the issuer has the header's `kid`. */
#define BW_TOKEN_UNKNOWN_KEY UINT32_C(205)

/** The signature does not verify. */
#define BW_TOKEN_SIGNATURE UINT32_C(206)

/** No profile is configured for the token's issuer. */
#define BW_TOKEN_ISSUER UINT32_C(207)

/** The token is meant for another audience. */
#define BW_TOKEN_AUDIENCE UINT32_C(208)

/** The token has expired. */
#define BW_TOKEN_EXPIRED UINT32_C(209)

/** The token is not valid yet. */
#define BW_TOKEN_NOT_YET_VALID UINT32_C(210)

/** A claim that the profile requires is missing. */
#define BW_TOKEN_CLAIM_MISSING UINT32_C(211)

/** A claim has the wrong type or an impossible value. */
#define BW_TOKEN_CLAIM_INVALID UINT32_C(212)

/** The token belongs to another tenant than the one requested. */
#define BW_TOKEN_TENANT UINT32_C(213)

/** The token is bound to a key or certificate (`cnf`) whose possession was not proven. */
#define BW_TOKEN_BINDING UINT32_C(214)

/** A DPoP proof that is not one: malformed, of another type, or with a key that cannot be used or did not sign it. */
#define BW_PROOF_INVALID UINT32_C(220)

/** A DPoP proof of another key, token, method or address than the request's. */
#define BW_PROOF_MISMATCH UINT32_C(221)

/** A DPoP proof that was not made within the window of time. */
#define BW_PROOF_EXPIRED UINT32_C(222)

/** A DPoP proof without a current nonce of the server. */
#define BW_PROOF_NONCE UINT32_C(223)

/** A DPoP proof that was used before. */
#define BW_PROOF_REPLAYED UINT32_C(224)

/** A DPoP proof that cannot be remembered, for too many were used of late. */
#define BW_PROOF_UNRECORDED UINT32_C(225)

/** An encrypted token that does not decrypt, whatever the reason. */
#define BW_TOKEN_DECRYPTION UINT32_C(230)

/** The token, or something that it descends from, was revoked. */
#define BW_TOKEN_REVOKED UINT32_C(231)

/** The issuer's status list says that the token is not valid. */
#define BW_TOKEN_STATUS UINT32_C(232)

/** The keys of the token's issuer could not be loaded, or not be refreshed for too long. */
#define BW_KEYS_UNAVAILABLE UINT32_C(233)

/** The token's status list could not be got, or nobody has said from where. */
#define BW_STATUS_UNAVAILABLE UINT32_C(234)

/** The token's status list was got, but is malformed, forged, expired, too large, or another's. */
#define BW_STATUS_LIST_INVALID UINT32_C(235)

/** The token's place lies outside of its status list. */
#define BW_STATUS_INDEX UINT32_C(236)

/** A key or key set that cannot be used: malformed, weak, of an unknown type, or ambiguous. */
#define BW_KEY_INVALID UINT32_C(250)

/** A request names an unknown action, a type the action does not apply to, or ill-typed values. */
#define BW_REQUEST_INVALID UINT32_C(300)

/** A request to an OAuth endpoint was refused; the message begins with the registered error code. */
#define BW_OAUTH_REFUSED UINT32_C(350)

/** The platform has nothing of this id. */
#define BW_PLATFORM_UNKNOWN UINT32_C(400)

/** The state of the platform does not allow the change. */
#define BW_PLATFORM_CONFLICT UINT32_C(401)

/** Whoever asks may not make the change. */
#define BW_PLATFORM_FORBIDDEN UINT32_C(402)

/** A part of the change is malformed or has an impossible value. */
#define BW_PLATFORM_INVALID UINT32_C(403)

/** The change would give more than whoever gives it has, or than a ceiling leaves. */
#define BW_PLATFORM_EXCEEDED UINT32_C(404)

/** The store could not be read or written, or cannot be trusted after an earlier failure. */
#define BW_STORE_IO UINT32_C(500)

/** The disk, or the quota of the store, is full; nothing was written. */
#define BW_STORE_FULL UINT32_C(501)

/** The store may only be read: a follower, or a file or directory without permission to write. */
#define BW_STORE_READ_ONLY UINT32_C(502)

/** Another process, or another engine of this one, has the store open for writing. */
#define BW_STORE_LOCKED UINT32_C(503)

/** The store is damaged: a checksum does not match, or acknowledged changes are missing. */
#define BW_STORE_CORRUPT UINT32_C(504)

/** The file is no store, or was written by a newer version. */
#define BW_STORE_VERSION UINT32_C(505)

/** The store has moved on since the revision that the change was made for; nothing was written. */
#define BW_STORE_CONFLICT UINT32_C(506)

/** The log no longer reaches back to the revision that is asked for. */
#define BW_STORE_COMPACTED UINT32_C(507)

/** A sealed value was sealed under another key, for another place, or is damaged. */
#define BW_SEAL_INVALID UINT32_C(508)

/** An export that is incomplete, damaged, or of another version. */
#define BW_EXPORT_INVALID UINT32_C(509)

/** A page token that was not issued for this listing. */
#define BW_CURSOR_INVALID UINT32_C(510)

/** Audit records could not be written to their file. */
#define BW_AUDIT_IO UINT32_C(600)

/** A required argument is null. */
#define BW_NULL_ARGUMENT UINT32_C(900)

/** An argument has an impossible value. */
#define BW_ARGUMENT_INVALID UINT32_C(901)

/** The library failed where it should not; the answer was a deny. */
#define BW_INTERNAL UINT32_C(999)

/**
 * An error: what went wrong, where, and what can be done about it.
 */
typedef struct bw_error bw_error;

/**
 * The outcome of a call: `BW_OK`, or the kind of the error. Numbers never change their meaning, and new ones may appear:
 * treat an unknown one as a failure.
 */
typedef uint32_t bw_status;

/**
 * The kind, the same number that the call returned; `BW_OK` for NULL.
 */
bw_status bw_error_code(const bw_error *error);

/**
 * What was found and what was expected, in one line. A C string that lives as long as the error; empty for NULL.
 */
const char *bw_error_message(const bw_error *error);

/**
 * Several lines for a log or a terminal: message, source excerpt with a marker, help, and related errors. A C string
 * that lives as long as the error; empty for NULL.
 */
const char *bw_error_report(const bw_error *error);

/**
 * What can be done about it; absent when there is no advice.
 */
bw_str bw_error_help(const bw_error *error);

/**
 * The file or text that the error points at; absent when it points at none.
 */
bw_str bw_error_file(const bw_error *error);

/**
 * The line within that text, counted from 1; 0 when the error points at no line.
 */
size_t bw_error_line(const bw_error *error);

/**
 * The column within that line in characters, counted from 1; 0 when the error points at no line.
 */
size_t bw_error_column(const bw_error *error);

/**
 * How many errors were found together with this one: a load reports everything that is wrong at once.
 */
size_t bw_error_related_count(const bw_error *error);

/**
 * The related error at `index`, which belongs to `error` and must not be freed; NULL beyond the last.
 */
const bw_error *bw_error_related(const bw_error *error, size_t index);

/**
 * Frees an error; NULL is fine.
 */
void bw_error_free(bw_error *error);

/**
 * The name of a status, such as `token_expired`; `ok` for `BW_OK` and `unknown` for a number without a meaning. A C
 * string that lives forever.
 */
const char *bw_status_name(bw_status status);

/* ==========================================================================================================
 * Clocks for tests. Without one an engine reads the system's clock.
 * ========================================================================================================== */

/**
 * A clock that stands still until it is moved. Engines that were given one share it, and it may be freed before them.
 */
typedef struct bw_clock bw_clock;

/**
 * Makes a clock that stands at `seconds` since the Unix epoch. Freed with `bw_clock_free`.
 */
bw_status bw_clock_fixed(int64_t seconds, bw_clock **out, bw_error **err);

/**
 * Moves the clock by `seconds`, backwards when negative. Any thread may do so at any time.
 */
bw_status bw_clock_advance(const bw_clock *clock, int64_t seconds);

/**
 * Frees a clock; NULL is fine.
 */
void bw_clock_free(bw_clock *clock);

/* ==========================================================================================================
 * Key rings: the platform's own signing keys, from staged to signing to verification only to gone. They sign what an
 * authorization server issues (`bw_config_oauth`) and what `bw_key_ring_mint` makes. Every function may be called from
 * several threads at once, except freeing. Private keys never leave a ring.
 * ========================================================================================================== */

/**
 * The signing keys of an issuer. Engines keep their own reference, so it may be freed before them.
 */
typedef struct bw_key_ring bw_key_ring;

/**
 * Makes a ring without keys. `clock` may be NULL: the system's. Freed with `bw_key_ring_free`.
 */
bw_status bw_key_ring_new(const bw_clock *clock, bw_key_ring **out, bw_error **err);

/**
 * Makes a key for `EdDSA` or `ES256` and publishes it; it signs nothing yet. `id` receives its id, freed with
 * `bw_string_free`.
 */
bw_status bw_key_ring_stage(const bw_key_ring *ring, bw_str algorithm, char **id, bw_error **err);

/**
 * Lets a staged key of this algorithm sign, or a fresh one if none is staged; the one before it verifies only. `id`
 * receives its id, freed with `bw_string_free`.
 */
bw_status bw_key_ring_rotate(const bw_key_ring *ring,
                             bw_str algorithm,
                             char **id,
                             bw_error **err);

/**
 * Lets a staged key sign. Fails with `BW_ARGUMENT_INVALID` for a key that the ring has not or that is not staged.
 */
bw_status bw_key_ring_promote(const bw_key_ring *ring,
                              bw_str key_id,
                              bw_error **err);

/**
 * Retires a key that signs nothing: nothing verifies with it from now on.
 */
bw_status bw_key_ring_retire(const bw_key_ring *ring, bw_str key_id, bw_error **err);

/**
 * Ends a key at once: what it signed is refused from the next call on.
 */
bw_status bw_key_ring_compromise(const bw_key_ring *ring, bw_str key_id, bw_error **err);

/**
 * Every key as a JSON array of objects with `id`, `purpose`, `stage` and `since`. The string is freed with
 * `bw_string_free`.
 */
bw_status bw_key_ring_keys_json(const bw_key_ring *ring, char **out, bw_error **err);

/**
 * The public keys as a JSON Web Key Set, to be published as it is. The string is freed with `bw_string_free`.
 */
bw_status bw_key_ring_jwks(const bw_key_ring *ring, char **out, bw_error **err);

/**
 * Makes a signed access token (RFC 9068) with the key that signs. `claims` is a JSON object with `issuer`, `subject`,
 * `client_id` and `audience` (an array), and perhaps `tenant`, `scopes` (an array), `lifetime` in seconds (900 unless told)
 * and further `claims` (an object). The token is a secret; the string is freed with `bw_string_free`, which wipes it.
 *
 * Fails with `BW_ARGUMENT_INVALID` for what is missing, unknown, reserved or too long, and with `BW_KEYS_UNAVAILABLE` when
 * no key signs.
 */
bw_status bw_key_ring_mint(const bw_key_ring *ring,
                           bw_str claims,
                           char **out,
                           bw_error **err);

/**
 * Frees a key ring; NULL is fine.
 */
void bw_key_ring_free(bw_key_ring *ring);

/* ==========================================================================================================
 * Key sets: an issuer's public keys or the secrets shared with it, read from a JSON Web Key Set (RFC 7517). Immutable, so
 * every thread may read them.
 * ========================================================================================================== */

/**
 * An issuer's public keys, or the secrets shared with it. Profiles keep their own reference, so it may be freed before them.
 */
typedef struct bw_keys bw_keys;

/**
 * Reads a JSON Web Key Set from memory. Freed with `bw_keys_free`.
 *
 * Fails with `BW_KEY_INVALID` for a set that is unacceptable or holds no usable key, and with the JSON kinds for text
 * that is no strict JSON. Keys of no use here are skipped; `bw_keys_warning` tells which.
 */
bw_status bw_keys_from_jwks(bw_str jwks,
                            bw_keys **out,
                            bw_error **err);

/**
 * Reads a JSON Web Key Set from a file; also fails with `BW_IO`. Freed with `bw_keys_free`.
 */
bw_status bw_keys_from_file(bw_str path, bw_keys **out, bw_error **err);

/**
 * Reads the secrets that an issuer shares (`HS256`, `HS384`, `HS512`) from a JSON Web Key Set of symmetric keys, each of which
 * names its `alg`. Freed with `bw_keys_free`.
 *
 * Also fails with `BW_KEY_INVALID` for a secret that is shorter than its hash or looks as if somebody had made it up.
 */
bw_status bw_keys_from_secret_jwks(bw_str jwks,
                                   bw_keys **out,
                                   bw_error **err);

/**
 * How many usable keys there are.
 */
size_t bw_keys_count(const bw_keys *keys);

/**
 * The id (`kid`) of the usable key at `index`; absent for a key without one, and beyond the last.
 */
bw_str bw_keys_id(const bw_keys *keys, size_t index);

/**
 * The algorithm of the usable key at `index`, such as `ES256`; absent beyond the last.
 */
bw_str bw_keys_algorithm(const bw_keys *keys, size_t index);

/**
 * How many keys were skipped.
 */
size_t bw_keys_warning_count(const bw_keys *keys);

/**
 * Which key was skipped and why, in a sentence; absent beyond the last.
 */
bw_str bw_keys_warning(const bw_keys *keys, size_t index);

/**
 * Frees a key set; NULL is fine.
 */
void bw_keys_free(bw_keys *keys);

/* ==========================================================================================================
 * Profiles: what to demand of one issuer's tokens, and how to read them.
 *
 * A profile is a builder: fill it, then pass it to `bw_config_issuer`. The first step that fails makes that call fail, so
 * the statuses of the steps need not be looked at. One thread at a time.
 * ========================================================================================================== */

/**
 * What to demand of one issuer's tokens. The defaults are those of RFC 9068: type `at+jwt`, `sub` as principal, `client_id`
 * or `azp` as client, `scope` or `scp` as scopes; the tenant is the claim `tenant`; clocks may differ by 60 seconds. `exp`
 * and `aud` are always required.
 */
typedef struct bw_profile bw_profile;

/**
 * Gets an issuer's keys: writes a key set of its own to `out`, which the library then frees, and returns `BW_OK`; any other
 * status means that it could not, and the last good keys stay in use. `out` begins as NULL. It may be called on any thread
 * that authenticates, by several at once, which wait for it; it must not call the engine, and must not unwind.
 */
typedef bw_status (*bw_keys_callback)(void *user_data, bw_keys **out);

/**
 * Begins a profile for the issuer whose tokens carry exactly this `iss`, byte by byte. Freed with `bw_profile_free`.
 */
bw_status bw_profile_new(bw_str issuer,
                         bw_profile **out,
                         bw_error **err);

/**
 * The same with the settings for the tokens of a provider: `rfc9068`, `auth0`, `keycloak`, `entra`, `okta`, `cognito` or
 * `spiffe`. What is set afterwards replaces them. `BW_CONFIGURATION` for another name. Freed with `bw_profile_free`.
 */
bw_status bw_profile_of(bw_str provider,
                        bw_str issuer,
                        bw_profile **out,
                        bw_error **err);

/**
 * Adds an audience. At least one is needed, and a token must name at least one of them in `aud`.
 */
bw_status bw_profile_audience(bw_profile *profile, bw_str audience);

/**
 * Sets the issuer's keys, of which the profile keeps a reference of its own.
 */
bw_status bw_profile_keys(bw_profile *profile, const bw_keys *keys);

/**
 * Gets the issuer's keys by a function of the host's: when the first token arrives, again every 300 seconds, and when a token
 * names an unknown key. `user_data` is passed on to it, and must be good on any thread until no profile, configuration,
 * engine and session is left. `BW_NULL_ARGUMENT` without a function.
 */
bw_status bw_profile_keys_callback(bw_profile *profile,
                                   bw_keys_callback get,
                                   void *user_data);

/**
 * Sets the issuer's keys from a JSON Web Key Set in memory. Fails as `bw_keys_from_jwks` does.
 */
bw_status bw_profile_jwks(bw_profile *profile, bw_str jwks);

/**
 * Sets the issuer's keys from a file that holds a JSON Web Key Set.
 */
bw_status bw_profile_jwks_file(bw_profile *profile, bw_str path);

/**
 * Also accepts tokens that are encrypted (JWE) with a key of this JSON Web Key Set of symmetric keys, each with `kid`, `alg`
 * (`dir`, `A128GCMKW` or `A256GCMKW`) and, for `dir`, `enc` (`A128GCM` or `A256GCM`). Whoever has such a key can make tokens
 * as well as read them. `BW_KEY_INVALID` for a key that is none.
 */
bw_status bw_profile_encryption_keys(bw_profile *profile,
                                     bw_str jwks);

/**
 * Accepts these algorithms alone (`EdDSA`, `ES256`, `RS256`, …). By default each key is good for the one it is bound to.
 * `BW_CONFIGURATION` for a name that is no algorithm this library verifies.
 */
bw_status bw_profile_algorithms(bw_profile *profile,
                                const bw_str *names,
                                size_t count);

/**
 * Accepts these header types (`typ`) alone, instead of `at+jwt`. Accept `JWT` only for issuers that know no `at+jwt`: it
 * lets every kind of token in that carries the right audience.
 */
bw_status bw_profile_token_types(bw_profile *profile,
                                 const bw_str *types,
                                 size_t count);

/**
 * Also accepts tokens whose header has no `typ`.
 */
bw_status bw_profile_accept_untyped(bw_profile *profile);

/**
 * How much clocks may differ, in seconds: 60 unless told, at most 300.
 */
bw_status bw_profile_leeway(bw_profile *profile, uint32_t seconds);

/**
 * The longest time from `iat` to `exp`, in seconds; makes `iat` required. Unlimited unless told.
 */
bw_status bw_profile_max_lifetime(bw_profile *profile, uint32_t seconds);

/**
 * Requires a claim, of whatever value but null: a name, or a path such as `/org/id`.
 */
bw_status bw_profile_require(bw_profile *profile, bw_str claim);

/**
 * The claim that names the principal: `sub` unless told.
 */
bw_status bw_profile_principal_claim(bw_profile *profile, bw_str claim);

/**
 * The claims that may name the client: `client_id` and `azp` unless told. If a token has several they must agree.
 */
bw_status bw_profile_client_claims(bw_profile *profile,
                                   const bw_str *claims,
                                   size_t count);

/**
 * The claim that names the tenant: a name, or a path such as `/org/id`. `tenant` unless told. Tokens without it are
 * refused.
 */
bw_status bw_profile_tenant_claim(bw_profile *profile,
                                  bw_str claim);

/**
 * The issuer's tokens name no tenant: they are good in whichever tenant the request is for.
 */
bw_status bw_profile_tenant_from_request(bw_profile *profile);

/**
 * The claims that may hold the scopes: `scope` and `scp` unless told. If a token has several they must agree.
 */
bw_status bw_profile_scope_claims(bw_profile *profile, const bw_str *claims, size_t count);

/**
 * The principal is a service account when this claim has this value (Auth0: `gty` is `client-credentials`; Entra: `idtyp`
 * is `app`), and a user otherwise. Unless told it is one when the principal and the client have the same name (RFC 9068
 * section 2.2); the issuer must then let no user choose a client's name as their own.
 */
bw_status bw_profile_service_account_when(bw_profile *profile,
                                          bw_str claim,
                                          bw_str value);

/**
 * Hands a claim on to the policies: as an attribute of the context of every action whose schema declares one of that name. A
 * request cannot set the attribute itself then. `claim` is a name, or a path such as `/org/id`; `expected` is what it must be:
 * `bool`, `long`, `string`, `strings`, `datetime`, or `contains:` and a text, which makes a boolean of whether the claim is or
 * holds that text. A claim of another type refuses the token. `BW_CONFIGURATION` for another `expected`.
 */
bw_status bw_profile_context_claim(bw_profile *profile,
                                   bw_str attribute,
                                   bw_str claim,
                                   bw_str expected);

/**
 * Frees a profile; NULL is fine.
 */
void bw_profile_free(bw_profile *profile);

/* ==========================================================================================================
 * Sources: policy texts, schema, entities and links in memory.
 *
 * A source is a builder: fill it, then pass it to `bw_engine_from_source` or `bw_engine_reload_source`. The first step that
 * fails makes that call fail. One thread at a time. The texts are parsed by the engine, not here.
 * ========================================================================================================== */

/**
 * Texts that make up an engine's policies. Each has a name that errors show.
 */
typedef struct bw_source bw_source;

/**
 * Makes a source without texts. Freed with `bw_source_free`.
 */
bw_status bw_source_new(bw_source **out, bw_error **err);

/**
 * Reads the texts of a directory, as `bw_engine_open` does, so that others can be added. Freed with `bw_source_free`.
 *
 * Fails with `BW_IO` when the directory or a file cannot be read, and with `BW_CONFIGURATION` when it holds no policies.
 */
bw_status bw_source_directory(bw_str path,
                              bw_source **out,
                              bw_error **err);

/**
 * Adds policies and templates in Cedar's language.
 */
bw_status bw_source_cedar(bw_source *source, bw_str name, bw_str text);

/**
 * Sets the schema, in Cedar's schema language.
 */
bw_status bw_source_schema(bw_source *source, bw_str name, bw_str text);

/**
 * Sets the schema, in Cedar's JSON form.
 */
bw_status bw_source_schema_json(bw_source *source, bw_str name, bw_str text);

/**
 * Adds entities, in Cedar's JSON form.
 */
bw_status bw_source_entities(bw_source *source, bw_str name, bw_str text);

/**
 * Adds template links: a JSON array of `{"template": …, "principal": …, "resource": …, "id": …}`.
 */
bw_status bw_source_links(bw_source *source, bw_str name, bw_str text);

/**
 * Frees a source; NULL is fine.
 */
void bw_source_free(bw_source *source);

/* ==========================================================================================================
 * Audits: records of decisions and changes, and counters of usage. Give one to an engine by `bw_config_audit`. Every
 * function may be called from several threads at once, except freeing.
 * ========================================================================================================== */

/**
 * Collects records and counters. Engines keep their own reference, so it may be freed before them.
 */
typedef struct bw_audit bw_audit;

/**
 * Takes a record: a JSON object with one member, `decision` or `change`, that lives until the function returns. It is called,
 * one record after the other, on a thread of the library's, on a thread that makes a change or flushes, and on the one that
 * lets go of the last handle. It must call nothing that changes, flushes or frees an engine or an audit, and must not unwind.
 */
typedef void (*bw_audit_sink)(void *user_data, bw_str record);

/**
 * Makes an audit. Denials and what administers the platform are always recorded.
 *
 * `settings` is absent or a JSON object: `records`, how many are kept in memory (4096 unless told); `counters`, for how many
 * different uses there are counters (16384; 0 for none); `sample_allows`, of how many ordinary allows one is recorded (1);
 * `file`, the path of a file of JSON lines that takes every record. `sink` takes every record too and may be NULL;
 * `user_data` is passed on to it, and must be good on any thread until no engine, configuration, session and audit is left.
 * Freed with `bw_audit_free`.
 */
bw_status bw_audit_new(bw_str settings,
                       bw_audit_sink sink,
                       void *user_data,
                       bw_audit **out,
                       bw_error **err);

/**
 * The counters of a tenant as a JSON array of objects with `party`, `project`, `action`, `calls`, `denies`, about how many
 * `users`, and when it was `first` and `last` done, in seconds since the Unix epoch. An empty `tenant` is a schema without
 * tenants. The string is freed with `bw_string_free`.
 */
bw_status bw_audit_usage_json(const bw_audit *audit,
                              bw_str tenant,
                              char **out,
                              bw_error **err);

/**
 * The latest records of decisions as a JSON array, the newest first: at most `limit` of administration and as many of
 * others. The string is freed with `bw_string_free`.
 */
bw_status bw_audit_recent_json(const bw_audit *audit,
                               size_t limit,
                               char **out,
                               bw_error **err);

/**
 * Carries everything recorded so far to the file and the sink before it returns.
 */
bw_status bw_audit_flush(const bw_audit *audit);

/**
 * How many records reached no sink, because they came faster than it took them or because it failed.
 */
uint64_t bw_audit_lost(const bw_audit *audit);

/**
 * Frees an audit; NULL is fine.
 */
void bw_audit_free(bw_audit *audit);

/* ==========================================================================================================
 * Configurations: what an engine needs besides its policies.
 *
 * A configuration is a builder: fill it, then pass it to `bw_engine_open` or `bw_engine_from_source`, as often as wanted.
 * The first step that fails makes that call fail. One thread at a time.
 * ========================================================================================================== */

/**
 * The issuers that an engine trusts, where it takes the time from, and where it keeps its state.
 */
typedef struct bw_config bw_config;

/**
 * Makes a configuration: no trusted issuer, the system's clock. Freed with `bw_config_free`.
 */
bw_status bw_config_new(bw_config **out, bw_error **err);

/**
 * Trusts an issuer of tokens; call it once for each. The profile is copied and may be freed.
 *
 * A profile without audience or keys, and two for one issuer, are found when the engine is made (`BW_CONFIGURATION`).
 */
bw_status bw_config_issuer(bw_config *config,
                           const bw_profile *profile);

/**
 * Takes the time from a clock that the host moves: for tests.
 */
bw_status bw_config_clock(bw_config *config, const bw_clock *clock);

/**
 * Keeps the platform's state in an SQLite file, which is made where there is none; one engine writes it at a time. With
 * `follow` another process writes it, and the engine reads: see `bw_engine_follow`. Without a store the state ends with the
 * engine. The file is opened when the engine is made, and what is wrong with it, a kind of 5xx, is found then.
 */
bw_status bw_config_store(bw_config *config,
                          bw_str path,
                          bool follow);

/**
 * Denies everything once the engine has not heard from its store for longer than this, in seconds.
 */
bw_status bw_config_max_staleness(bw_config *config, uint32_t seconds);

/**
 * The host's key: 32 random bytes that live outside of the store. Client secrets and refresh tokens are protected by it.
 * `BW_ARGUMENT_INVALID` for another number of bytes.
 */
bw_status bw_config_host_key(bw_config *config,
                             bw_str key);

/**
 * Makes the engine an authorization server, which signs with the keys of `ring` and accepts the tokens that it issues.
 *
 * `settings` is a JSON object: `issuer`, the `iss` of its tokens, a URL; `audience`, an array of whom they are for;
 * `endpoints`, the URL beneath which the host serves `/authorize`, `/token`, `/revoke`, `/introspect` and `/jwks` (the
 * issuer's `/oauth` unless told); the lifetimes `access_tokens` (900), `codes` (60), `refresh_tokens` (30 days) and
 * `refresh_grace` (30) in seconds; `documentation`, a URL. See `bw_oauth`.
 */
bw_status bw_config_oauth(bw_config *config,
                          bw_str settings,
                          const bw_key_ring *ring);

/**
 * Records decisions and changes in an audit. Without one nothing is recorded, at no cost.
 */
bw_status bw_config_audit(bw_config *config, const bw_audit *audit);

/**
 * Frees a configuration; NULL is fine.
 */
void bw_config_free(bw_config *config);

/* ==========================================================================================================
 * Engines: policies, entities and trusted issuers, ready to decide.
 *
 * Every function here may be called from several threads at once, except freeing. Readers never wait: a decision runs on
 * the state that is current when it begins, and a reload becomes the next state as a whole or not at all.
 * ========================================================================================================== */

/**
 * An engine. Sessions keep what they need of it alive, so it may be freed before them.
 */
typedef struct bw_engine bw_engine;

/**
 * Loads the policies of a directory: every `*.cedar`, `*.cedarschema` and `*.cedarschema.json`, `links.json` and
 * `entities.json`; or the file that `bailiwick build` made of one, without parsing. `config` may be NULL: then no issuer
 * is trusted, and no token. Freed with `bw_engine_free`.
 *
 * The policies are bounded, parsed, strictly validated and compiled; a schema is needed. Fails with `BW_IO`, the kinds of
 * policies, schemas, entities and links (110 to 169), `BW_LIMIT_EXCEEDED`, and `BW_CONFIGURATION`. The error reports all
 * that is wrong at once, the rest as related errors.
 */
bw_status bw_engine_open(bw_str directory,
                         const bw_config *config,
                         bw_engine **out,
                         bw_error **err);

/**
 * The same from texts in memory. The source may be freed.
 */
bw_status bw_engine_from_source(const bw_source *source,
                                const bw_config *config,
                                bw_engine **out,
                                bw_error **err);

/**
 * Replaces policies, schema and entities by those of a directory or precompiled file. Sessions go on with the new state
 * from their very next decision. `revision` receives the new revision and may be NULL.
 *
 * Fails as `bw_engine_open` does; the engine then stays as it was, and `revision` is 0.
 */
bw_status bw_engine_reload(const bw_engine *engine,
                           bw_str directory,
                           uint64_t *revision,
                           bw_error **err);

/**
 * The same from texts in memory.
 */
bw_status bw_engine_reload_source(const bw_engine *engine,
                                  const bw_source *source,
                                  uint64_t *revision,
                                  bw_error **err);

/**
 * The number of the current state, which only grows; 0 for NULL.
 */
uint64_t bw_engine_revision(const bw_engine *engine);

/**
 * Takes in what another process has written to the store since; the very next decision counts it. Nothing happens without a
 * store. Fails with a kind of 5xx; the engine then stays as it was.
 */
bw_status bw_engine_follow(const bw_engine *engine,
                           bw_error **err);

/**
 * Follows the store every so many milliseconds, on a thread of the library's. It ends with the engine and its last session:
 * freeing that one waits until a reading under way is done.
 */
bw_status bw_engine_follow_store(const bw_engine *engine,
                                 uint32_t milliseconds,
                                 bw_error **err);

/**
 * Carries audit records to their sinks, and counters of usage to the store. Freeing the last handle does it once more.
 */
bw_status bw_engine_flush(const bw_engine *engine,
                          bw_error **err);

/**
 * Frees an engine; NULL is fine.
 */
void bw_engine_free(bw_engine *engine);

/* ==========================================================================================================
 * Sessions: one principal, acting in one tenant, perhaps through an app and within the scopes of a token.
 *
 * A session never changes and may be shared between threads. It follows the engine: a reload counts from the very next
 * decision.
 *
 * `tenant` is the id of the tenant that the request is about. It may be absent for schemas without tenants, and only for
 * those. A token that belongs to another tenant is refused, and nothing is guessed from the resource.
 * ========================================================================================================== */

/** The end of a session that has none; see `bw_identity`. */
#define BW_NEVER INT64_MAX

/**
 * What an authenticated caller may ask.
 */
typedef struct bw_session bw_session;

/**
 * What a caller presents beside a token that is bound to a key or a certificate. Set `size` to `sizeof(bw_proof)` and leave
 * what is not needed zero.
 */
typedef struct bw_proof {
    /**
     * `sizeof(bw_proof)`.
     */
    size_t size;
    /**
     * The value of the request's one `DPoP` header (RFC 9449); absent when it has none. Refuse a request with two.
     */
    bw_str dpop;
    /**
     * The request's method; needed with `dpop`.
     */
    bw_str method;
    /**
     * The request's URI as the client sees it; needed with `dpop`.
     */
    bw_str uri;
    /**
     * The SHA-256 of the client's certificate in DER (RFC 8705), 32 bytes, whose possession the TLS handshake has shown;
     * absent without one.
     */
    bw_str certificate_sha256;
} bw_proof;

/**
 * A caller whom the host has authenticated itself. Set `size` to `sizeof(bw_identity)` and leave what is not needed zero:
 * an identity of zeroes has no scopes and has expired long ago.
 */
typedef struct bw_identity {
    /**
     * `sizeof(bw_identity)`.
     */
    size_t size;
    /**
     * The type of the principal's entity, with its namespace. Absent: the type that the schema annotates as the user.
     */
    bw_str principal_type;
    /**
     * The id of the principal's entity.
     */
    bw_str principal_id;
    /**
     * The app that acts for the principal; absent when none does.
     */
    bw_str app;
    /**
     * How the token was obtained, for policies that read `context.grant_type`; absent when unknown.
     */
    bw_str grant_type;
    /**
     * The scopes, `scope_count` of them. None at all covers nothing, unless `first_party` is set.
     */
    const bw_str *scopes;
    /**
     * How many scopes there are.
     */
    size_t scope_count;
    /**
     * When the session ends, in seconds since the Unix epoch; `BW_NEVER` when it does not.
     */
    int64_t expires;
    /**
     * The principal acts by itself on the platform's own pages: no scopes limit it. There must be none then.
     */
    bool first_party;
} bw_identity;

/**
 * Verifies a bearer token and makes a session of it. Freed with `bw_session_free`.
 *
 * Fails with a kind of 2xx for everything that is wrong with the token, among them `BW_TOKEN_TENANT` when it belongs to
 * another tenant. The error never holds the token. `token` is the token itself, without `Bearer `.
 */
bw_status bw_authenticate(const bw_engine *engine,
                          bw_str token,
                          bw_str tenant,
                          bw_session **out,
                          bw_error **err);

/**
 * The same as `bw_authenticate` for a token that is bound, with the proof that its bearer holds what it is bound to. Also
 * fails with the kinds of proofs, and with `BW_ARGUMENT_INVALID` for a `size` that no version has, a field that this one does
 * not know, and a SHA-256 of another length.
 */
bw_status bw_authenticate_bound(const bw_engine *engine,
                                bw_str token,
                                bw_str tenant,
                                const bw_proof *proof,
                                bw_session **out,
                                bw_error **err);

/**
 * A first-party session of a user (an entity of the type annotated `@bailiwick("user")`): no token, no limit by scopes.
 * Freed with `bw_session_free`. Fails with `BW_CONFIGURATION` when the schema has no such type, or has tenants and none is
 * named, and with `BW_ARGUMENT_INVALID` for an empty id.
 */
bw_status bw_session_user(const bw_engine *engine,
                          bw_str id,
                          bw_str tenant,
                          bw_session **out,
                          bw_error **err);

/**
 * The same for a principal of any type.
 */
bw_status bw_session_principal(const bw_engine *engine,
                               bw_str type_name,
                               bw_str id,
                               bw_str tenant,
                               bw_session **out,
                               bw_error **err);

/**
 * A session for a caller whom the host has authenticated itself. Freed with `bw_session_free`. Fails as
 * `bw_session_user` does, and with `BW_ARGUMENT_INVALID` for a `size` that no version has, a field that this one does not
 * know, and scopes of a first-party identity.
 */
bw_status bw_session_identity(const bw_engine *engine,
                              const bw_identity *identity,
                              bw_str tenant,
                              bw_session **out,
                              bw_error **err);

/**
 * The type of the principal's entity.
 */
bw_str bw_session_principal_type(const bw_session *session);

/**
 * The id of the principal's entity.
 */
bw_str bw_session_principal_id(const bw_session *session);

/**
 * The id of the tenant; absent when the schema has no tenants.
 */
bw_str bw_session_tenant(const bw_session *session);

/**
 * The id of the app that acts for the principal; absent when none does.
 */
bw_str bw_session_app(const bw_session *session);

/**
 * How the token was obtained; absent when unknown.
 */
bw_str bw_session_grant_type(const bw_session *session);

/**
 * Whether scopes do not limit the session: it was made without a token.
 */
bool bw_session_is_first_party(const bw_session *session);

/**
 * How many scopes the session has.
 */
size_t bw_session_scope_count(const bw_session *session);

/**
 * The scope at `index`; absent beyond the last.
 */
bw_str bw_session_scope(const bw_session *session, size_t index);

/**
 * When the session ends, in seconds since the Unix epoch; `BW_NEVER` when it does not, 0 for NULL.
 */
int64_t bw_session_expires(const bw_session *session);

/**
 * Frees a session; NULL is fine.
 */
void bw_session_free(bw_session *session);

/* ==========================================================================================================
 * Requests: the resource of a decision, its context, and the entities that come along.
 *
 * A request is a builder that is used again and again: `bw_request_clear` empties it and keeps its memory, so that neither
 * filling it nor deciding allocates once it has grown to its usual size. All texts are copied.
 *
 * The statuses of the steps need not be looked at: after a step has failed, every decision with the request is a deny
 * with `BW_REASON_INVALID_REQUEST` until it is cleared, and every further step fails with the same status.
 *
 * One thread at a time may change a request. Deciding does not change it: several threads may decide with one request.
 * ========================================================================================================== */

/**
 * A request in the making.
 */
typedef struct bw_request bw_request;

/**
 * Makes a request. Freed with `bw_request_free`; it is tied to no engine.
 */
bw_status bw_request_new(bw_request **out, bw_error **err);

/**
 * Empties the request and keeps its memory; also forgets a step that failed.
 */
bw_status bw_request_clear(bw_request *request);

/**
 * Sets an attribute of the context, which policies read as `context.name`; setting it again replaces it.
 */
bw_status bw_request_context_bool(bw_request *request, bw_str name, bool value);

/**
 * The same for a 64-bit integer (`Long`).
 */
bw_status bw_request_context_long(bw_request *request, bw_str name, int64_t value);

/**
 * The same for a `String`.
 */
bw_status bw_request_context_string(bw_request *request, bw_str name, bw_str value);

/**
 * The same for a reference to an entity.
 */
bw_status bw_request_context_entity(bw_request *request, bw_str name, bw_str type_name, bw_str id);

/**
 * The same for an `ipaddr`: an address or range, such as `10.0.0.0/8`.
 */
bw_status bw_request_context_ip(bw_request *request, bw_str name, bw_str value);

/**
 * The same for a `decimal`: a number with one to four decimal places, such as `12.50`.
 */
bw_status bw_request_context_decimal(bw_request *request, bw_str name, bw_str value);

/**
 * The same for a `datetime`, in milliseconds since the Unix epoch.
 */
bw_status bw_request_context_datetime(bw_request *request, bw_str name, int64_t millis);

/**
 * The same for a `duration`, in milliseconds.
 */
bw_status bw_request_context_duration(bw_request *request, bw_str name, int64_t millis);

/**
 * The same for a value in Cedar's JSON form, sets and records among them. Allocates.
 */
bw_status bw_request_context_json(bw_request *request, bw_str name, bw_str json);

/**
 * Sets every member of a JSON object in the context. Allocates.
 */
bw_status bw_request_context_object(bw_request *request, bw_str json);

/**
 * Frees a request; NULL is fine.
 */
void bw_request_free(bw_request *request);

/* ==========================================================================================================
 * The resource of a request, and further entities that the host brings along.
 *
 * `bw_request_resource` names one that the engine knows. What lies in the host's database is brought along instead, with
 * its parents, attributes and tags: it exists for this request only, and takes the place of a stored entity of the same
 * uid. `bw_request_parent`, `bw_request_attr_…` and `bw_request_tag_…` speak of the entity that was named last.
 * ========================================================================================================== */

/**
 * Names the resource: an entity that the engine knows. It becomes one that is brought along when a parent, attribute or tag
 * is added. Whatever the request brought along before is forgotten; the context stays.
 */
bw_status bw_request_resource(bw_request *request,
                              bw_str type_name,
                              bw_str id);

/**
 * Names the resource and brings it along, even when no parent, attribute or tag is added.
 */
bw_status bw_request_bring_resource(bw_request *request, bw_str type_name, bw_str id);

/**
 * Brings a further entity along, such as a parent that the engine does not know. Name the resource first.
 */
bw_status bw_request_bring_entity(bw_request *request, bw_str type_name, bw_str id);

/**
 * Names the resource and brings it along, from Cedar's JSON form (`uid`, `attrs`, `parents`, `tags`). Allocates.
 */
bw_status bw_request_bring_resource_json(bw_request *request,
                                         bw_str json);

/**
 * Brings a further entity along, from Cedar's JSON form. Allocates. Name the resource first.
 */
bw_status bw_request_bring_entity_json(bw_request *request, bw_str json);

/**
 * Adds a parent: the entity becomes a member of it and of all its ancestors.
 */
bw_status bw_request_parent(bw_request *request, bw_str type_name, bw_str id);

/**
 * Sets an attribute of the entity; setting it again replaces it.
 */
bw_status bw_request_attr_bool(bw_request *request, bw_str name, bool value);

/**
 * The same for a 64-bit integer (`Long`).
 */
bw_status bw_request_attr_long(bw_request *request, bw_str name, int64_t value);

/**
 * The same for a `String`.
 */
bw_status bw_request_attr_string(bw_request *request, bw_str name, bw_str value);

/**
 * The same for a reference to an entity.
 */
bw_status bw_request_attr_entity(bw_request *request, bw_str name, bw_str type_name, bw_str id);

/**
 * The same for an `ipaddr`: an address or range, such as `10.0.0.0/8`.
 */
bw_status bw_request_attr_ip(bw_request *request, bw_str name, bw_str value);

/**
 * The same for a `decimal`: a number with one to four decimal places, such as `12.50`.
 */
bw_status bw_request_attr_decimal(bw_request *request, bw_str name, bw_str value);

/**
 * The same for a `datetime`, in milliseconds since the Unix epoch.
 */
bw_status bw_request_attr_datetime(bw_request *request, bw_str name, int64_t millis);

/**
 * The same for a `duration`, in milliseconds.
 */
bw_status bw_request_attr_duration(bw_request *request, bw_str name, int64_t millis);

/**
 * The same for a value in Cedar's JSON form, sets and records among them. Allocates.
 */
bw_status bw_request_attr_json(bw_request *request, bw_str name, bw_str json);

/**
 * Sets a tag of the entity that is a `String`; setting it again replaces it.
 */
bw_status bw_request_tag_string(bw_request *request, bw_str name, bw_str value);

/**
 * The same for a value in Cedar's JSON form. Allocates.
 */
bw_status bw_request_tag_json(bw_request *request, bw_str name, bw_str json);

/* ==========================================================================================================
 * Deciding. Nothing here allocates as long as the decision is not an error.
 * ========================================================================================================== */

/** Denied: the library failed where it should not. */
#define BW_REASON_INTERNAL UINT32_C(0)

/** Allowed: at least one permit matches and no forbid does. */
#define BW_REASON_PERMITTED UINT32_C(1)

/** Denied: no permit matches. */
#define BW_REASON_NOT_PERMITTED UINT32_C(2)

/** Denied: a forbid matches. */
#define BW_REASON_FORBIDDEN UINT32_C(3)

/** Denied: the evaluation of a forbid failed, so nobody knows whether it would have matched. */
#define BW_REASON_POLICY_ERROR UINT32_C(4)

/** Denied: the token's scopes do not cover the action. */
#define BW_REASON_SCOPE UINT32_C(10)

/** Denied: what was approved for the installation does not cover the action. */
#define BW_REASON_INSTALLATION UINT32_C(11)

/** Denied: what the user consented to does not cover the action. */
#define BW_REASON_GRANT UINT32_C(12)

/** Denied: a boundary above the principal or the resource does not cover the action. */
#define BW_REASON_BOUNDARY UINT32_C(13)

/** Denied: the resource lies in none of the permitted projects. */
#define BW_REASON_PROJECT UINT32_C(14)

/** Denied: the resource belongs to another tenant than the session. */
#define BW_REASON_TENANT UINT32_C(20)

/** Denied: the resource belongs to no tenant, or to several. */
#define BW_REASON_NO_TENANT UINT32_C(21)

/** Denied: the session has expired. */
#define BW_REASON_EXPIRED UINT32_C(30)

/** Denied: the installation is suspended, or its app is blocked. */
#define BW_REASON_SUSPENDED UINT32_C(31)

/** Denied: the token, or something it came from, is revoked, removed or deleted. */
#define BW_REASON_REVOKED UINT32_C(32)

/** Denied: the tenant, the user or the service account is switched off. */
#define BW_REASON_DISABLED UINT32_C(33)

/** Denied: the token is older than the last time that something it came from was out of service. */
#define BW_REASON_OUTDATED UINT32_C(34)

/** Denied: the platform does not know the tenant, the app or what the token came from. */
#define BW_REASON_UNKNOWN UINT32_C(35)

/** Denied: the engine has not heard from its store for longer than it may. */
#define BW_REASON_STALE UINT32_C(36)

/** Denied: the action is unknown, does not apply to these types, or the context or an entity does not conform. */
#define BW_REASON_INVALID_REQUEST UINT32_C(40)

/**
 * Why a decision came out as it did. Numbers never change their meaning, and new ones may appear: trust `allowed` alone.
 */
typedef uint32_t bw_reason;

/**
 * The outcome of a decision: a plain struct without anything to free. Make it with `bw_decision d = BW_DECISION_INIT;`.
 */
typedef struct bw_decision {
    /**
     * `sizeof(bw_decision)`, as the caller was compiled.
     */
    uint32_t size;
    /**
     * Whether the action may be done. False whatever goes wrong.
     */
    bool allowed;
    /**
     * Why: `BW_REASON_…`.
     */
    bw_reason reason;
    /**
     * The revision of the engine that was decided on; 0 when none was.
     */
    uint64_t revision;
} bw_decision;

/**
 * Decides whether the session may do the action to the request's resource in the request's context.
 *
 * `BW_OK` means that a decision was made, allow or deny: read `decision->allowed`. Anything else means that none could be
 * made; `decision` then says deny all the same, with `BW_REASON_INVALID_REQUEST` (or `BW_REASON_INTERNAL`). It is enough
 * to look at `decision->allowed`.
 *
 * The first of these that denies is the reason: expiry of the session, validity of the request against the schema,
 * tenant, scopes, policies. `action` is the id of an action, such as `rfis.view`, or its full uid. Any number of threads
 * may decide with the same session and the same request.
 */
bw_status bw_decide(const bw_session *session,
                    bw_str action,
                    const bw_request *request,
                    bw_decision *decision,
                    bw_error **err);

/**
 * The same as a plain answer: true when the decision is an allow, false for everything else.
 */
bool bw_allows(const bw_session *session, bw_str action, const bw_request *request);

/**
 * The name of a reason, such as `not_permitted`; `unknown` for a number without a meaning. A C string that lives forever.
 */
const char *bw_reason_name(bw_reason reason);

/**
 * Whether a reason means that the action lies outside of what the session may do at all, whatever the policies say.
 */
bool bw_reason_is_outside_bailiwick(bw_reason reason);

/** A decision that says deny; every decision starts as one. */
#define BW_DECISION_INIT { sizeof(bw_decision), false, BW_REASON_INTERNAL, 0 }

/* ==========================================================================================================
 * The details of a decision: the policies that determined it, those that failed, and the reason in a sentence.
 *
 * Details belong to the caller, who frees them with `bw_details_free`. They never change: every thread may read them.
 * ========================================================================================================== */

/**
 * What a decision was made of.
 */
typedef struct bw_details bw_details;

/**
 * Decides as `bw_decide` does, and hands out the details, which are freed with `bw_details_free`. When no decision could
 * be made there are none (`*out` is NULL).
 */
bw_status bw_decide_detailed(const bw_session *session,
                             bw_str action,
                             const bw_request *request,
                             bw_decision *decision,
                             bw_details **out,
                             bw_error **err);

/**
 * The reason in a sentence that names what is missing. A C string that lives as long as the details; empty for NULL.
 */
const char *bw_details_message(const bw_details *details);

/**
 * How many policies determined the decision: the permits of an allow, the forbids of a deny; none when no policy decided.
 */
size_t bw_details_policy_count(const bw_details *details);

/**
 * The id of the determining policy at `index`, in the order of the ids; absent beyond the last.
 */
bw_str bw_details_policy(const bw_details *details, size_t index);

/**
 * How many policies could not be evaluated.
 */
size_t bw_details_failed_count(const bw_details *details);

/**
 * The id of the policy at `index` that could not be evaluated, in the order of the ids; absent beyond the last.
 */
bw_str bw_details_failed_policy(const bw_details *details,
                                size_t index);

/**
 * What failed in the policy at `index`, in Cedar's words; absent beyond the last.
 */
bw_str bw_details_failed_message(const bw_details *details, size_t index);

/**
 * Frees details; NULL is fine.
 */
void bw_details_free(bw_details *details);

/* ==========================================================================================================
 * Many decisions in one call: the same action of the same session, on one request after the other.
 * ========================================================================================================== */

/**
 * Decides for `count` requests, as `bw_decide` does for one. `decisions` has room for as many, and `decision_size` is
 * `sizeof(bw_decision)`; they need no initialisation.
 *
 * A request that is NULL, or one with a failed step, is a deny with `BW_REASON_INVALID_REQUEST`, and the others are decided
 * all the same. When the call fails, every decision is a deny. A reload may come between two decisions; each says its
 * revision.
 */
bw_status bw_decide_many(const bw_session *session,
                         bw_str action,
                         const bw_request *const *requests,
                         size_t count,
                         bw_decision *decisions,
                         size_t decision_size,
                         bw_error **err);

/**
 * Tells which of `count` requests are allowed: `allowed[i]` for `requests[i]`, and in `allowed_count`, which may be NULL,
 * how many are. Everything that cannot be decided is false.
 */
bw_status bw_filter(const bw_session *session,
                    bw_str action,
                    const bw_request *const *requests,
                    size_t count,
                    bool *allowed,
                    size_t *allowed_count,
                    bw_error **err);

/* ==========================================================================================================
 * Explanations: every ceiling that was checked, every candidate policy with its conditions, and what came close.
 * ========================================================================================================== */

/**
 * Decides, and explains the decision as a tree for people. The string is freed with `bw_string_free`.
 */
bw_status bw_explain(const bw_session *session,
                     bw_str action,
                     const bw_request *request,
                     char **out,
                     bw_error **err);

/**
 * Decides, and explains the decision as a JSON object for tools: `allowed`, `reason`, `message`, `principal`, `app`,
 * `action`, `resource`, `ceilings`, `policies`, `revision`. `policies.candidates` holds every policy whose scope matches, with
 * its `conditions`: `clause`, `expression`, `value`, `outcome`, `decided_by`, `seen` and `place`. The string is freed with
 * `bw_string_free`.
 */
bw_status bw_explain_json(const bw_session *session,
                          bw_str action,
                          const bw_request *request,
                          char **out,
                          bw_error **err);

/* ==========================================================================================================
 * Administration: tenants, projects, members, apps, installations, service accounts, roles and boundaries, always in the
 * name of a session's caller, whom the policies of the administration judge. Every function may be called from several
 * threads at once.
 *
 * One function carries out every operation. The request is a JSON object with the operation in `do` and its parameters by
 * name; what it does not know is an error. The answer is `null`, an object with the `id` of what was made and, once, its
 * `secret`, or an array of records. Times are seconds since the Unix epoch.
 *
 * | `do` | parameters | answer |
 * | --- | --- | --- |
 * | `create_tenant` | `id`, `name`, `admin`, `roles`? | null |
 * | `allow_user_installs` | `tenant`, `allowed` | null |
 * | `disable_tenant`, `enable_tenant` | `tenant` | null |
 * | `create_project` | `tenant`, `id`, `name` | null |
 * | `remove_project` | `project` | null |
 * | `add_member`, `add_guest`, `remove_member`, `deactivate_user`, `reactivate_user` | `tenant`, `user` | null |
 * | `add_to_project`, `remove_from_project` | `tenant`, `user`, `project` | null |
 * | `register_app` | `owner`, `name`, `id`?, `developers`? | id |
 * | `draft_version` | `app`, `manifest`: `{"scopes": […], "redirect_uris": […], "grant_types": […]}` | id: the number |
 * | `publish_version` | `app`, `number` | null |
 * | `set_developer` | `app`, `user`, `is_behind` | null |
 * | `block_app`, `unblock_app`, `retire_app` | `app` | null |
 * | `install` | `tenant`, `app`, `scopes`, `projects` | id |
 * | `consent` | `app`, `scopes` | `{"given": id}` or `{"requested": id}` |
 * | `request_install` | `app`, `scopes` | id |
 * | `decline_request` | `request` | null |
 * | `configure_projects` | `installation`, `projects` | null |
 * | `approve_version` | `installation`, `version`, `scopes` | null |
 * | `suspend`, `unsuspend` | `installation`, `side`: `tenant_admin`, `developer` or `platform` | null |
 * | `uninstall` | `installation` | null |
 * | `revoke_grant` | `grant` | null |
 * | `installations`, `install_requests`, `service_accounts` | `tenant` | list |
 * | `connected_apps` | | list |
 * | `create_service_account` | `tenant`, `name`, `projects`?, `installation`? | id, secret |
 * | `create_secret` | `owner` | id, secret |
 * | `rotate_secret` | `owner`, `overlap` in seconds | id, secret |
 * | `revoke_secret` | `secret`: its id, `with_tokens` | null |
 * | `set_account_projects` | `account`, `projects` | null |
 * | `disable_account`, `enable_account`, `delete_account` | `account` | null |
 * | `assign_role`, `assign_administration` | `assignee`, `role`, `place` | id |
 * | `withdraw_role` | `assignment` | null |
 * | `roles_at` | `place` | list |
 * | `set_boundary` | `on`, `scopes`: a list, or null for no boundary | null |
 * | `end_family` | `family` | null |
 * | `revoke_account_token` | `account`, `token`: its id, `expires` | null |
 * | `projects`, `members` | `tenant` | list |
 * | `stage_key`, `rotate_key` | `purpose`: `sign EdDSA`, `sign ES256` or `encrypt dir A256GCM` | id |
 * | `signing_keys` | | list |
 * | `promote_key`, `retire_key`, `mark_key_compromised` | `key` | null |
 * | `usage` | `tenant` | list |
 * | `recent_decisions` | `tenant`, `limit`? | list |
 * | `changes` | `tenant`, `after`?: a revision of the store, `limit`? | list of `[revision, record]` |
 *
 * `projects` is a list of ids, or `"all"`; `owner` is `{"service_account": id}` or `{"app": id}`; `assignee` is `{"user": id}`
 * or `{"service_account": id}`; `place` is `"platform"`, `{"tenant": id}` or `{"project": id}`; `on` is one of `tenant`,
 * `project`, `installation` and `service_account` with an id, as `{"tenant": id}`. Times are seconds since the Unix epoch.
 * ========================================================================================================== */

/**
 * Founds the platform: the operator's tenant, its name, and its first operator. It works once, and fails with
 * `BW_PLATFORM_CONFLICT` ever after.
 */
bw_status bw_engine_bootstrap(const bw_engine *engine,
                              bw_str tenant,
                              bw_str name,
                              bw_str operator_id,
                              bw_error **err);

/**
 * Carries out an operation of the administration in the name of the session's caller. The answer may hold a secret; the
 * string is freed with `bw_string_free`, which wipes it.
 *
 * Fails with `BW_ARGUMENT_INVALID` for what is no operation, with `BW_PLATFORM_FORBIDDEN` when the caller may not, and with
 * another kind of 4xx when the state does not allow the change. Nothing is changed then.
 */
bw_status bw_administer(const bw_engine *engine,
                        const bw_session *session,
                        bw_str request,
                        char **out,
                        bw_error **err);

/* ==========================================================================================================
 * OAuth 2.0: the endpoints of an authorization server whose HTTP the host serves, for an engine that was configured with
 * `bw_config_oauth`. Every function may be called from several threads at once, except freeing.
 * ========================================================================================================== */

/**
 * A valid request to the authorization endpoint: what to ask the signed-in user.
 */
typedef struct bw_authorization bw_authorization;

/**
 * An HTTP response, to be sent as it is. It may hold tokens: keep it out of logs.
 */
typedef struct bw_reply bw_reply;

/**
 * Answers a request to an endpoint: `token` (RFC 6749), `revoke` (RFC 7009), `introspect` (RFC 7662), `jwks` (RFC 7517) or
 * `metadata` (RFC 8414). `authorization` is the request's `Authorization` header, absent when it has none; `body` is its
 * body, a form, of any bytes. What is wrong with the request is a reply, not an error. Freed with `bw_reply_free`.
 *
 * Fails with `BW_ARGUMENT_INVALID` for another endpoint, and with `BW_NOT_UTF8` or `BW_LIMIT_EXCEEDED` for a header that is
 * no text or a body beyond all bounds: answer those with status 400.
 */
bw_status bw_oauth(const bw_engine *engine,
                   bw_str endpoint,
                   bw_str authorization,
                   bw_str body,
                   bw_reply **out,
                   bw_error **err);

/**
 * Checks the query of a request to the authorization endpoint. One of the two outputs is set: `request`, and then the host
 * asks the user and answers with `bw_authorization_consent` or `bw_authorization_decline`; or `refused`, to be sent
 * instead. Freed with `bw_authorization_free` and `bw_reply_free`.
 */
bw_status bw_authorize(const bw_engine *engine,
                       bw_str query,
                       bw_authorization **request,
                       bw_reply **refused,
                       bw_error **err);

/**
 * The app that asks.
 */
bw_str bw_authorization_app(const bw_authorization *request);

/**
 * What people call the app.
 */
bw_str bw_authorization_app_name(const bw_authorization *request);

/**
 * Where the answer goes.
 */
bw_str bw_authorization_redirect_uri(const bw_authorization *request);

/**
 * How many scopes it asks for; 0 when it asks for all that was approved.
 */
size_t bw_authorization_scope_count(const bw_authorization *request);

/**
 * The scope at `index`; absent beyond the last.
 */
bw_str bw_authorization_scope(const bw_authorization *request, size_t index);

/**
 * The user of a first-party session consents: the reply sends the browser back to the app with a code, or says why not.
 * Freed with `bw_reply_free`.
 */
bw_status bw_authorization_consent(const bw_authorization *request,
                                   const bw_engine *engine,
                                   const bw_session *session,
                                   bw_reply **out,
                                   bw_error **err);

/**
 * The user declines: the reply tells the app so. Freed with `bw_reply_free`.
 */
bw_status bw_authorization_decline(const bw_authorization *request,
                                   const bw_engine *engine,
                                   bw_reply **out,
                                   bw_error **err);

/**
 * Frees an authorization request; NULL is fine.
 */
void bw_authorization_free(bw_authorization *request);

/**
 * The status code; 0 for NULL.
 */
uint32_t bw_reply_status(const bw_reply *reply);

/**
 * How many headers there are.
 */
size_t bw_reply_header_count(const bw_reply *reply);

/**
 * The name of the header at `index`; absent beyond the last.
 */
bw_str bw_reply_header_name(const bw_reply *reply, size_t index);

/**
 * The value of the header at `index`; absent beyond the last.
 */
bw_str bw_reply_header_value(const bw_reply *reply, size_t index);

/**
 * The body; empty for none.
 */
bw_str bw_reply_body(const bw_reply *reply);

/**
 * Frees a reply; NULL is fine.
 */
void bw_reply_free(bw_reply *reply);

/* ==========================================================================================================
 * Signing keys: for hosts that issue tokens themselves, and for tests.
 *
 * A signing key never changes and may be shared between threads. Its private half is never printed.
 * ========================================================================================================== */

/**
 * A private key that signs tokens.
 */
typedef struct bw_signing_key bw_signing_key;

/**
 * Makes a fresh Ed25519 key (`EdDSA`). Freed with `bw_signing_key_free`.
 */
bw_status bw_signing_key_generate_ed25519(bw_str key_id, bw_signing_key **out, bw_error **err);

/**
 * Makes a fresh P-256 key (`ES256`). Freed with `bw_signing_key_free`.
 */
bw_status bw_signing_key_generate_es256(bw_str key_id, bw_signing_key **out, bw_error **err);

/**
 * The public half as a JSON Web Key Set, for `bw_keys_from_jwks`. The string is freed with `bw_string_free`.
 */
bw_status bw_signing_key_jwks(const bw_signing_key *key, char **out, bw_error **err);

/**
 * Signs claims (a JSON object) as a compact JWS with the header type `token_type`, such as `at+jwt`. The token is freed
 * with `bw_string_free`.
 */
bw_status bw_signing_key_sign(const bw_signing_key *key,
                              bw_str claims,
                              bw_str token_type,
                              char **out,
                              bw_error **err);

/**
 * Frees a signing key and wipes it from memory; NULL is fine.
 */
void bw_signing_key_free(bw_signing_key *key);

#ifdef __cplusplus
}
#endif

#endif /* BAILIWICK_H */
