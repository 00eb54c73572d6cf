//! The keys of one issuer.

use std::collections::HashSet;
use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Location, Result};
use crate::limits::{MAX_DOCUMENT_BYTES, MAX_KEYS};

use super::algorithm::Algorithm;
use super::jwk::{self, Jwk};
use super::key::Key;
use super::pem;

/// An issuer's keys: public ones from a JSON Web Key Set (RFC 7517 §5) or PEM, or else shared secrets. Immutable; clones
/// share the keys.
///
/// Each key is bound to one algorithm: the one it names (`alg`), or else the one its type implies: `EdDSA` for
/// Ed25519, `ES256` for P-256, `ES384` for P-384, `RS256` for RSA. An RSA key for another algorithm must say so. Secrets
/// never lie beside public keys: that keeps a public key from ever being taken for a secret.
///
/// Keys of no use here are skipped with a [warning](KeySet::warnings): other types, curves and algorithms, `use` other
/// than `sig`, `key_ops` without `verify`. Everything suspicious refuses the whole set: two keys with one `kid`,
/// symmetric secrets, private key material, an algorithm that contradicts the key, RSA below 2,048 bits or with an
/// exponent below 65,537 or with the ROCA fingerprint, points off the curve or of small order.
///
/// ```
/// use bailiwick::{Algorithm, KeySet, SigningKey};
///
/// let key = SigningKey::generate_ed25519("2026-01")?;
/// let keys = KeySet::from_jwks(key.jwks().as_bytes())?;
/// assert_eq!(keys.iter().collect::<Vec<_>>(), [(Some("2026-01"), Algorithm::EdDsa)]);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone)]
pub struct KeySet(Arc<Keys>);

struct Keys {
    /// Those with an id first, in the order of their ids; those without behind.
    sorted: Vec<Key>,
    named: usize,
    warnings: Vec<String>,
}

impl KeySet {
    /// Reads a JWKS: a JSON object with an array `keys`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for a set that is unacceptable or holds no usable key; the kinds of JSON
    /// ([`ErrorKind::JsonInvalid`], [`ErrorKind::JsonDuplicate`], [`ErrorKind::LimitExceeded`],
    /// [`ErrorKind::NotUtf8`]) for text that is no strict JSON. No error repeats key material.
    pub fn from_jwks(jwks: &[u8]) -> Result<Self> {
        Self::read("", jwks, jwk::read)
    }

    /// Reads a JWKS from a file.
    ///
    /// # Errors
    ///
    /// As [`KeySet::from_jwks`], and [`ErrorKind::Io`] when the file cannot be read.
    pub fn from_jwks_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut bytes = Vec::new();
        // One byte more than may be, so that the limit is noticed.
        let limit = MAX_DOCUMENT_BYTES as u64 + 1;
        std::fs::File::open(path)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|error| Error::io(path, &error))?;
        Self::read(&path.display().to_string(), &bytes, jwk::read).map_err(|error| match error.location() {
            Some(_) => error,
            None => error.at(Location::file(path)),
        })
    }

    /// Reads a set of one public key in PEM: `PUBLIC KEY` or `RSA PUBLIC KEY`.
    ///
    /// With a key id, the key is for tokens that name it; without, for those that name none.
    ///
    /// ```
    /// use bailiwick::{Algorithm, KeySet};
    ///
    /// let pem = "-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
    /// -----END PUBLIC KEY-----";
    /// let keys = KeySet::from_pem(Algorithm::EdDsa, Some("2026-01"), pem)?;
    /// assert_eq!(keys.iter().count(), 1);
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for text that holds no such key, or a private key, a certificate or several keys, for a
    /// key that is weak or does not fit the algorithm, and for an id that is empty or overlong.
    pub fn from_pem(algorithm: Algorithm, key_id: Option<&str>, pem: &str) -> Result<Self> {
        let material =
            pem::read(algorithm, pem).map_err(|reason| invalid(format!("the PEM text {reason}")))?;
        Ok(Self::of(
            vec![Key::new(algorithm, checked(key_id)?, material)],
            vec![],
        ))
    }

    /// A set of one shared secret for `HS256`, `HS384` or `HS512`: the bytes as the issuer uses them.
    ///
    /// Many issuers hand a secret out as text. Whether that text is the secret or its base64 is theirs to say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for another algorithm, for a secret shorter than the algorithm's hash or one that looks
    /// made up by a person (words, repetition, sequences, few different bytes), and for an id that is empty or overlong.
    pub fn from_secret(algorithm: Algorithm, key_id: Option<&str>, secret: &[u8]) -> Result<Self> {
        if !algorithm.is_symmetric() {
            return Err(invalid(format!("{algorithm} needs a public key, not a secret")));
        }
        let key = Key::from_secret(algorithm, checked(key_id)?, secret)
            .map_err(|reason| invalid(format!("the secret {reason}")).help(RANDOM_SECRET))?;
        Ok(Self::of(vec![key], vec![]))
    }

    /// Reads a JWKS of shared secrets: keys of type `oct` alone, each with its `alg`.
    ///
    /// Such a set is itself a secret. A set of public keys is never read by this, nor a secret by
    /// [`KeySet::from_jwks`].
    ///
    /// # Errors
    ///
    /// As [`KeySet::from_jwks`] and [`KeySet::from_secret`].
    pub fn from_secret_jwks(jwks: &[u8]) -> Result<Self> {
        Self::read("", jwks, jwk::read_secret)
    }

    /// Reads the bundle of a SPIFFE trust domain: its keys for JWT-SVIDs (`use` is `jwt-svid`), each with its `kid`.
    ///
    /// # Errors
    ///
    /// As [`KeySet::from_jwks`].
    pub fn from_spiffe_bundle(bundle: &[u8]) -> Result<Self> {
        Self::read("", bundle, jwk::read_svid)
    }

    /// Several sets as one, for an issuer whose keys come one by one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] if two keys have one id, if secrets lie beside public keys, and for more than
    /// [`MAX_KEYS`] keys.
    pub fn merged(sets: impl IntoIterator<Item = KeySet>) -> Result<Self> {
        let (mut keys, mut warnings) = (Vec::<Key>::new(), Vec::new());
        for set in sets {
            keys.extend_from_slice(&set.0.sorted);
            warnings.extend_from_slice(&set.0.warnings);
        }
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(invalid(format!(
                "a set of {} keys; 1 to {MAX_KEYS} are accepted",
                keys.len()
            )));
        }
        let secrets = keys.iter().filter(|key| key.algorithm().is_symmetric()).count();
        if secrets != 0 && secrets != keys.len() {
            return Err(invalid("shared secrets cannot lie beside public keys"));
        }
        let set = Self::of(keys, warnings);
        let (named, _) = set.0.sorted.split_at(set.0.named);
        for (one, next) in named.iter().zip(named.iter().skip(1)) {
            if let Some(id) = one.id().filter(|id| next.id() == Some(*id)) {
                let id = crate::value::shorten(id);
                return Err(invalid(format!("two keys carry the `kid` `{id}`")));
            }
        }
        Ok(set)
    }

    /// No keys at all: nothing verifies.
    pub(crate) fn empty() -> Self {
        Self(Arc::new(Keys {
            sorted: vec![],
            named: 0,
            warnings: vec![],
        }))
    }

    /// Whether both are known to hold the same keys under the same ids for the same algorithms. Of shared secrets, which
    /// are not kept, nothing is known.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let marks = |keys: &Self| -> Option<Vec<_>> {
            let mark = |key: &Key| {
                let is_known = !key.algorithm().is_symmetric();
                is_known.then(|| (key.id().map(str::to_owned), key.algorithm(), key.thumbprint()))
            };
            keys.0.sorted.iter().map(mark).collect()
        };
        Arc::ptr_eq(&self.0, &other.0) || marks(self).is_some_and(|it| Some(it) == marks(other))
    }

    /// What was skipped and why, one sentence for each key.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.0.warnings
    }

    /// The usable keys: id and algorithm.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, Algorithm)> {
        self.0.sorted.iter().map(|key| (key.id(), key.algorithm()))
    }

    fn read(file: &str, bytes: &[u8], read: Reader) -> Result<Self> {
        let listed = entries(file, bytes)?;
        let mut ids = HashSet::new();
        let mut keys = Vec::new();
        let mut warnings = Vec::new();
        for (index, jwk) in listed.iter().enumerate() {
            let id = jwk::id(jwk).ok().flatten();
            let about = |what: String| match id {
                Some(id) => format!("key {} (`{}`) {what}", index + 1, crate::value::shorten(id)),
                None => format!("key {} {what}", index + 1),
            };
            let read = read(jwk).map_err(|reason| invalid(about(reason)))?;
            if id.is_some_and(|id| !ids.insert(id)) {
                return Err(invalid(about("carries the `kid` of an earlier key".to_owned())));
            }
            match read {
                Jwk::Usable(key) => keys.push(key),
                Jwk::Skipped(reason) => warnings.push(format!("{}; it is skipped", about(reason))),
            }
        }
        if keys.is_empty() {
            return Err(
                invalid("the set holds no key that could verify a token").with_related(
                    warnings
                        .into_iter()
                        .map(|warning| Error::new(ErrorKind::KeyInvalid, warning)),
                ),
            );
        }
        Ok(Self::of(keys, warnings))
    }

    fn of(mut keys: Vec<Key>, warnings: Vec<String>) -> Self {
        keys.sort_by(|a, b| (a.id().is_none(), a.id()).cmp(&(b.id().is_none(), b.id())));
        let named = keys.partition_point(|key| key.id().is_some());
        Self(Arc::new(Keys {
            sorted: keys,
            named,
            warnings,
        }))
    }

    /// The key with which a token of this header must verify: exactly the one with its `kid`; without a `kid`, the
    /// only key of its algorithm.
    pub(crate) fn select(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Key> {
        let Some(id) = id else {
            return self.only(algorithm);
        };
        let key = self.named(id).ok_or_else(|| {
            Error::new(
                ErrorKind::TokenUnknownKey,
                "no key of the issuer has the token's key id (`kid`)",
            )
            .help("load the issuer's current key set; it may have changed keys")
        })?;
        if key.algorithm() == algorithm {
            return Ok(key);
        }
        Err(Error::new(
            ErrorKind::TokenAlgorithm,
            format!(
                "the token says {algorithm}, but its key is bound to {}",
                key.algorithm()
            ),
        ))
    }

    /// Whether a key has this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.named(id).is_some()
    }

    fn named(&self, id: &str) -> Option<&Key> {
        let (named, _) = self.0.sorted.split_at(self.0.named);
        let at = named.binary_search_by(|key| key.id().cmp(&Some(id))).ok()?;
        named.get(at)
    }

    fn only(&self, algorithm: Algorithm) -> Result<&Key> {
        let mut suitable = self.0.sorted.iter().filter(|key| key.algorithm() == algorithm);
        match (suitable.next(), suitable.next()) {
            (Some(key), None) => Ok(key),
            (found, _) => Err(Error::new(
                ErrorKind::TokenUnknownKey,
                format!(
                    "the token names no key (`kid`), and the issuer has {} for {algorithm}",
                    if found.is_some() { "several keys" } else { "no key" }
                ),
            )),
        }
    }
}

/// The keys that a JSON Web Key Set lists, each as it is written.
pub(crate) fn entries(file: &str, bytes: &[u8]) -> Result<Vec<Map<String, Value>>> {
    let document = crate::json::parse(file, bytes).map_err(without_excerpt)?;
    let listed = match document {
        Value::Object(mut members) => members.remove("keys"),
        _ => None,
    };
    let Some(Value::Array(listed)) = listed else {
        return Err(invalid("a key set is an object with an array `keys`"));
    };
    if listed.len() > MAX_KEYS {
        return Err(invalid(format!(
            "a set of {} keys; at most {MAX_KEYS} are accepted",
            listed.len()
        )));
    }
    let entries = listed.into_iter().enumerate().map(|(index, entry)| match entry {
        Value::Object(jwk) => Ok(jwk),
        _ => Err(invalid(format!("key {} of the set is not an object", index + 1))),
    });
    entries.collect()
}

/// How a key of a set is read: for sets of public keys, or for sets of secrets.
type Reader = fn(&Map<String, Value>) -> Result<Jwk, String>;

const RANDOM_SECRET: &str = "take at least as many random bytes as the hash has: `openssl rand -base64 64`";

fn checked(key_id: Option<&str>) -> Result<Option<&str>> {
    jwk::checked_id(key_id).map_err(|reason| invalid(format!("the key {reason}")))
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("keys", &self.0.sorted)
            .field("warnings", &self.0.warnings)
            .finish()
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::KeyInvalid, message)
}

/// The excerpt of a broken key file may show a private key.
fn without_excerpt(error: Error) -> Error {
    let location = error.location().cloned().map(|location| Location {
        excerpt: String::new(),
        ..location
    });
    match location {
        Some(location) => error.at(location),
        None => error,
    }
}

#[cfg(test)]
#[path = "key_set_tests.rs"]
mod tests;
