//! Token status lists (draft-ietf-oauth-status-list): one compressed array for many tokens, signed by their issuer.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use hashbrown::{Equivalent, HashMap};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    MAX_STATUS_LIST_BYTES, MAX_STATUS_LIST_TOKEN_BYTES, MAX_STATUS_LISTS, MAX_TOKEN_CLAIMS,
    MAX_TOKEN_HEADER_BYTES,
};

use super::base64url;
use super::claim;
use super::compact::Compact;
use super::header::Header;
use super::json::{self, Json, Members};
use super::key_source::KeySource;
use super::profile::media_type;

/// Where an issuer's status lists come from, and those that are known.
///
/// A token that names a place in a list (its claim `status`) is accepted only while the list says that it is valid. Lists
/// are signed with the issuer's keys, and each is got when a token first names it and again when half of its `ttl` has
/// passed. It counts until its `ttl` or `exp` is over: if no newer one can be got by then, its tokens are refused.
///
/// Clones share the lists.
///
/// ```
/// use bailiwick::{ErrorKind, KeySet, Profile, SigningKey, StatusLists, Verifier};
/// use serde_json::json;
///
/// let (now, issuer, uri) = (1_800_000_000, "https://id.example.com", "https://id.example.com/statuslists/1");
/// let key = SigningKey::generate_ed25519("k1")?;
/// // Sixteen tokens; those of the places 0, 3, 4 and others are revoked.
/// let list = json!({"sub": uri, "iat": now, "ttl": 600, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}});
/// let list = key.sign(&list, "statuslist+jwt")?;
/// let keys = KeySet::from_jwks(key.jwks().as_bytes())?;
/// let profile = Profile::issuer(issuer)
///     .audience("api")
///     .jwks(keys)
///     .status_lists(StatusLists::callback(move |_uri| Ok(list.clone())));
/// let verifier = Verifier::new([profile])?;
/// let token = |idx: u32| {
///     let status = json!({"status_list": {"idx": idx, "uri": uri}});
///     key.sign(
///         &json!({"iss": issuer, "aud": "api", "sub": "ana", "tenant": "acme", "exp": now + 600, "status": status}),
///         "at+jwt",
///     )
/// };
/// assert!(verifier.verify(&token(1)?, now).is_ok());
/// assert_eq!(verifier.verify(&token(3)?, now).unwrap_err().kind(), ErrorKind::TokenStatus);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone)]
pub struct StatusLists(Arc<Inner>);

struct Inner {
    load: Box<Load>,
    known: RwLock<HashMap<Name, Arc<List>>>,
    /// When the lists were last asked for in vain, in seconds since the Unix epoch; held by the one thread that asks.
    failed: Mutex<Failed>,
}

type Failed = HashMap<Name, (i64, Error)>;

/// What a list is known by. An issuer whose keys do not verify a list must neither use it nor keep another from it, also
/// where both have their lists from one function.
#[derive(PartialEq, Eq, Hash)]
struct Name {
    issuer: Box<str>,
    uri: Box<str>,
}

/// The same, borrowed.
#[derive(Clone, Copy, Hash)]
struct NameRef<'a> {
    issuer: &'a str,
    uri: &'a str,
}

impl Equivalent<Name> for NameRef<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        *self.issuer == *name.issuer && *self.uri == *name.uri
    }
}

impl NameRef<'_> {
    fn to_owned(self) -> Name {
        Name {
            issuer: self.issuer.into(),
            uri: self.uri.into(),
        }
    }
}

type Load = dyn Fn(&str) -> Result<String> + Send + Sync;

/// A list that was verified.
struct List {
    bits: u32,
    bytes: Box<[u8]>,
    /// When a newer one is looked for.
    refresh: i64,
    /// The first second at which it no longer counts.
    end: i64,
}

/// How long a list without `ttl` counts, in seconds.
const DEFAULT_TTL: i64 = 300;
/// How long any list counts at most, in seconds (one day).
const MAX_TTL: i64 = 86_400;
/// The least time between two attempts to get the same list, in seconds.
const RETRY: i64 = 10;
const LIST_TYPE: &str = "statuslist+jwt";

/// A token's place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusReference {
    pub(crate) uri: Box<str>,
    pub(crate) index: u64,
}

impl StatusReference {
    /// The place that a token names, if it names one. Other ways to tell a status are not this library's.
    pub(crate) fn of(claims: &Members<'_>) -> Result<Option<Self>> {
        let Some(Json::Object(status)) = claims.get("status") else {
            return Ok(None);
        };
        let place = match status.get("status_list") {
            None => return Ok(None),
            Some(Json::Object(place)) => place,
            Some(other) => return Err(claim::wrong_type("status_list", other, "an object")),
        };
        let index = match place.get("idx") {
            Some(Json::Integer(index)) => u64::try_from(*index).ok(),
            _ => None,
        };
        let index =
            index.ok_or_else(|| claim::invalid("the status list's `idx` is not an integer from 0 on"))?;
        let uri = claim::registered(place, "uri")?.ok_or_else(|| claim::missing("status_list/uri"))?;
        Ok(Some(Self {
            uri: uri.into(),
            index,
        }))
    }
}

impl StatusLists {
    /// Lists that a function gets by their URI: the body of the response, a JWT of the type `statuslist+jwt`.
    ///
    /// The URI comes from a token whose signature holds; get it only from where the issuer's lists lie. The function must
    /// not block for long: the caller of one verification waits for it.
    pub fn callback(load: impl Fn(&str) -> Result<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            load: Box::new(load),
            known: RwLock::default(),
            failed: Mutex::default(),
        }))
    }

    /// Refuses the token of a place whose status is another than valid (0).
    pub(crate) fn check(
        &self,
        place: &StatusReference,
        issuer: &str,
        keys: &KeySource,
        now: i64,
    ) -> Result<()> {
        match self.list(place, issuer, keys, now)?.status(place.index) {
            None => Err(Error::new(
                ErrorKind::StatusIndex,
                "the token's place (`idx`) lies outside of its status list",
            )),
            Some(0) => Ok(()),
            Some(status) => {
                let meaning = match status {
                    1 => "invalid",
                    2 => "suspended",
                    _ => "of an application's own meaning",
                };
                Err(Error::new(
                    ErrorKind::TokenStatus,
                    format!("the token's status is {status} ({meaning}); expected 0 (valid)"),
                ))
            }
        }
    }

    fn list(&self, place: &StatusReference, issuer: &str, keys: &KeySource, now: i64) -> Result<Arc<List>> {
        let name = NameRef {
            issuer,
            uri: &place.uri,
        };
        let known = self.known(name).filter(|list| now < list.end);
        let mut failed = match known {
            Some(list) if now < list.refresh => return Ok(list),
            // Somebody asks for a newer one: go on with this one.
            Some(list) => match self.0.failed.try_lock() {
                Ok(failed) => failed,
                Err(_) => return Ok(list),
            },
            None => self.failed(),
        };
        // Whoever waited has the other's result.
        let known = self.known(name).filter(|list| now < list.end);
        if let Some(list) = &known
            && now < list.refresh
        {
            return Ok(Arc::clone(list));
        }
        let recent = (failed.get(&name))
            .filter(|(at, _)| now.saturating_sub(*at).unsigned_abs() < RETRY.unsigned_abs());
        let error = match recent {
            Some((_, error)) => error.clone(),
            None => match self.load(name, keys, now) {
                Ok(list) => {
                    failed.remove(&name);
                    self.keep(name, &list, now)?;
                    return Ok(list);
                }
                Err(error) => {
                    failed.retain(|_, (at, _)| now.saturating_sub(*at).unsigned_abs() < RETRY.unsigned_abs());
                    if failed.len() < MAX_STATUS_LISTS {
                        failed.insert(name.to_owned(), (now, error.clone()));
                    }
                    error
                }
            },
        };
        known.ok_or(error)
    }

    fn load(&self, name: NameRef<'_>, keys: &KeySource, now: i64) -> Result<Arc<List>> {
        let load = std::panic::AssertUnwindSafe(|| (self.0.load)(name.uri));
        let token = std::panic::catch_unwind(load)
            .unwrap_or_else(|_| Err(unavailable("the function that gets status lists panicked")))
            .map_err(|error| unavailable("the token's status list could not be got").with_related([error]))?;
        List::read(&token, name.uri, name.issuer, keys, now)
            .map(Arc::new)
            .map_err(|error| {
                Error::new(
                    ErrorKind::StatusListInvalid,
                    "the token's status list cannot be used",
                )
                .help("what is wrong with it is told along with this error")
                .with_related([error])
            })
    }

    fn keep(&self, name: NameRef<'_>, list: &Arc<List>, now: i64) -> Result<()> {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_STATUS_LISTS && !known.contains_key(&name) {
            known.retain(|_, list| now < list.end);
        }
        if known.len() >= MAX_STATUS_LISTS && !known.contains_key(&name) {
            return Err(unavailable(format!(
                "the issuer has more than {MAX_STATUS_LISTS} status lists in use"
            )));
        }
        known.insert(name.to_owned(), Arc::clone(list));
        Ok(())
    }

    fn known(&self, name: NameRef<'_>) -> Option<Arc<List>> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&name).cloned()
    }

    fn failed(&self) -> MutexGuard<'_, Failed> {
        self.0.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A status list that cannot be consulted.
pub(crate) fn unavailable(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::StatusUnavailable, message)
}

impl List {
    /// Verifies the token that a list comes in (section 8.3).
    fn read(token: &str, uri: &str, issuer: &str, keys: &KeySource, now: i64) -> Result<Self> {
        let parts = Compact::split_within(token, MAX_STATUS_LIST_TOKEN_BYTES)?;
        let mut buffer = [0; MAX_TOKEN_HEADER_BYTES];
        let header = Header::parse(parts.header(&mut buffer)?)?;
        let is_list = |name: &str| media_type(name).eq_ignore_ascii_case(LIST_TYPE);
        if !header.token_type.as_deref().is_some_and(is_list) {
            return Err(Error::new(
                ErrorKind::TokenType,
                format!("the list's type (`typ`) is another than `{LIST_TYPE}`"),
            ));
        }
        let current = keys.current(now)?;
        parts.verify(current.set.select(header.key_id.as_deref(), header.algorithm)?)?;
        let decoded = parts.claims()?;
        let claims = json::object("claims", &decoded, MAX_TOKEN_CLAIMS)?;
        if claim::registered(&claims, "sub")?.ok_or_else(|| claim::missing("sub"))? != uri {
            return Err(claim::invalid("the list is another (`sub`) than the token names"));
        }
        if claim::registered(&claims, "iss")?.is_some_and(|name| name != issuer) {
            return Err(Error::new(
                ErrorKind::TokenIssuer,
                "the list is another issuer's (`iss`)",
            ));
        }
        let issued = claim::date(&claims, "iat")?.ok_or_else(|| claim::missing("iat"))?;
        let expires = claim::date(&claims, "exp")?.map_or(i64::MAX, |date| date.floor);
        if now >= expires {
            return Err(Error::new(ErrorKind::TokenExpired, "the list has expired"));
        }
        // Clocks may differ by a minute.
        if issued.ceil > now.saturating_add(60) {
            return Err(Error::new(
                ErrorKind::TokenNotYetValid,
                "the list is from the future (`iat`)",
            ));
        }
        let ttl = match claims.get("ttl") {
            None => DEFAULT_TTL,
            Some(Json::Integer(ttl)) if *ttl > 0 => (*ttl).min(MAX_TTL),
            Some(Json::Fraction(ttl)) if *ttl >= 1.0 => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "what is beyond is cut to the bound"
                )]
                let ttl = *ttl as i64;
                ttl.min(MAX_TTL)
            }
            Some(_) => return Err(claim::invalid("the claim `ttl` is not a positive number")),
        };
        let list = match claims.get("status_list") {
            Some(Json::Object(list)) => list,
            Some(other) => return Err(claim::wrong_type("status_list", other, "an object")),
            None => return Err(claim::missing("status_list")),
        };
        let bits = match list.get("bits") {
            Some(Json::Integer(1)) => 1,
            Some(Json::Integer(2)) => 2,
            Some(Json::Integer(4)) => 4,
            Some(Json::Integer(8)) => 8,
            _ => return Err(claim::invalid("the list's `bits` are none of 1, 2, 4 and 8")),
        };
        let Some(Json::Text(compressed)) = list.get("lst") else {
            return Err(claim::invalid("the list's `lst` is not a string"));
        };
        Ok(Self {
            bits,
            bytes: inflate(compressed)?,
            refresh: now.saturating_add(ttl / 2).min(expires),
            end: now.saturating_add(ttl).min(expires),
        })
    }

    /// The status at a place (section 4.1): from the lowest bits of each byte up.
    fn status(&self, index: u64) -> Option<u8> {
        let first = index.checked_mul(self.bits.into())?;
        let byte = self.bytes.get(usize::try_from(first / 8).ok()?)?;
        let mask = u8::MAX >> (8 - self.bits);
        Some(byte >> (first % 8) & mask)
    }
}

/// The bytes of a list: zlib (RFC 1950) in base64url. What inflates beyond the bound is refused at the bound.
fn inflate(text: &str) -> Result<Box<[u8]>> {
    let compressed = base64url::decode(text)
        .map_err(|_| claim::invalid("the list's `lst` is not base64url without padding and spare bits"))?;
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&compressed, MAX_STATUS_LIST_BYTES)
        .map(Vec::into_boxed_slice)
        .map_err(|error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => Error::new(
                ErrorKind::TokenTooLarge,
                format!("the list inflates to more than {MAX_STATUS_LIST_BYTES} bytes"),
            ),
            _ => claim::invalid("the list's `lst` is not in the format of zlib"),
        })
}

impl fmt::Debug for StatusLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("StatusLists")
            .field("known", &known.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "status_list_tests.rs"]
mod tests;
