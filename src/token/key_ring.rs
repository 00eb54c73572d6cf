//! The platform's own keys: which one signs, which ones still verify, which are gone.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_KEYS;

use super::algorithm::Algorithm;
use super::base64url;
use super::encryption_key::{Encryption, EncryptionKey};
use super::key_set::KeySet;
use super::key_source::KeySource;
use super::signing_key::{SigningKey, no_randomness};

/// The platform's keys and their stages. Clones share them; a change counts from the very next token.
///
/// Signing keys are named by their thumbprint (RFC 7638), encryption keys by chance. One key signs and one encrypts at a
/// time. Rotation goes staged → signing → verify-only → retired: a staged key is published before it signs, so that
/// whoever keeps a copy of the key set knows it by then. A compromised key dies at once, with everything it signed.
///
/// ```
/// use bailiwick::{Algorithm, KeyPurpose, KeyRing, KeyStage};
///
/// let ring = KeyRing::new();
/// let first = ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), 1_800_000_000)?;
/// let second = ring.stage(KeyPurpose::Sign(Algorithm::EdDsa), 1_800_000_000)?;
/// assert!(ring.jwks().contains(&second));
/// ring.promote(&second, 1_800_086_400)?;
/// let stages: Vec<_> = ring.keys().into_iter().map(|key| (key.id, key.stage)).collect();
/// assert_eq!(stages, [(first, KeyStage::VerifyOnly), (second, KeyStage::Signing)]);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    entries: Mutex<Vec<Entry>>,
    current: ArcSwap<Current>,
    source: KeySource,
}

/// The keys that make tokens at the moment.
#[derive(Default)]
pub(crate) struct Current {
    pub(crate) signing: Option<Arc<Signer>>,
    pub(crate) encryption: Option<Arc<EncryptionKey>>,
}

#[derive(Clone)]
struct Entry {
    info: KeyInfo,
    /// None once retired or compromised.
    material: Option<Material>,
}

#[derive(Clone)]
enum Material {
    Signing(Arc<Signer>),
    Encryption(Arc<EncryptionKey>),
}

/// A signing key with the form in which it is kept.
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

/// What a key of the ring is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPurpose {
    /// Signing tokens: `EdDSA` or `ES256`.
    Sign(Algorithm),
    /// Encrypting tokens that only the platform reads.
    Encrypt(Encryption),
}

/// How far a key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeyStage {
    /// Published, and not in use yet.
    Staged,
    /// The one that makes new tokens of its purpose.
    Signing,
    /// Makes no more tokens; those it made are good until they expire.
    VerifyOnly,
    /// Gone in good order: nothing verifies with it.
    Retired,
    /// Gone at once: everything it made is refused.
    Compromised,
}

impl KeyStage {
    const fn is_usable(self) -> bool {
        matches!(self, KeyStage::Staged | KeyStage::Signing | KeyStage::VerifyOnly)
    }
}

/// What may be known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// Its `kid`.
    pub id: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// How far it has come.
    pub stage: KeyStage,
    /// Since when it is at this stage, in seconds since the Unix epoch.
    pub since: i64,
}

/// Seals secrets before they leave this library, and opens them again. The store implements it with the host's key.
pub trait Sealer {
    /// Encrypts `secret`; `context` must be authenticated along with it.
    ///
    /// # Errors
    ///
    /// Whatever keeps the sealer from sealing.
    fn seal(&self, context: &[u8], secret: &[u8]) -> Result<Vec<u8>>;

    /// Decrypts what [`seal`](Sealer::seal) made under the same context.
    ///
    /// # Errors
    ///
    /// Whatever keeps the sealer from opening; an altered secret or another context must.
    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>>;
}

/// A key as it may be stored: sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SealedKey {
    /// Its `kid`.
    pub id: String,
    /// `sign` or `encrypt`, and the names of the algorithm.
    pub purpose: String,
    /// How far it has come.
    pub stage: KeyStage,
    /// Since when it is at this stage, in seconds since the Unix epoch.
    pub since: i64,
    /// The sealed key; none once it is retired or compromised.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sealed: Option<Vec<u8>>,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyRing {
    /// A ring without keys.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            entries: Mutex::default(),
            current: ArcSwap::default(),
            source: KeySource::held(),
        }))
    }

    /// Makes a key and publishes it; it makes no tokens yet. Returns its id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for an algorithm that is not signed with here, [`ErrorKind::LimitExceeded`] for too many
    /// keys, [`ErrorKind::Internal`] if the system has no randomness.
    pub fn stage(&self, purpose: KeyPurpose, now: i64) -> Result<String> {
        self.change(|entries| add(entries, purpose, now))
    }

    /// Lets a staged key make the tokens of its purpose; the one that did so verifies from now on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentInvalid`] if the ring has no such key or it is not staged.
    pub fn promote(&self, id: &str, now: i64) -> Result<()> {
        self.change(|entries| promote(entries, id, now))
    }

    /// Lets a staged key of this purpose make the tokens, or a fresh one if none is staged. Returns its id.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage).
    pub fn rotate(&self, purpose: KeyPurpose, now: i64) -> Result<String> {
        self.change(|entries| {
            let staged = entries
                .iter()
                .find(|entry| entry.info.stage == KeyStage::Staged && entry.info.purpose == purpose)
                .map(|entry| entry.info.id.clone());
            let id = match staged {
                Some(id) => id,
                None => add(entries, purpose, now)?,
            };
            promote(entries, &id, now)?;
            Ok(id)
        })
    }

    /// Retires a key that makes no tokens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentInvalid`] if the ring has no such key, or it makes tokens or is gone already.
    pub fn retire(&self, id: &str, now: i64) -> Result<()> {
        self.change(|entries| {
            let entry = find(entries, id)?;
            if !matches!(entry.info.stage, KeyStage::Staged | KeyStage::VerifyOnly) {
                return Err(wrong_stage(
                    &entry.info,
                    "only a staged or verify-only key can be retired",
                ));
            }
            entry.end(KeyStage::Retired, now);
            Ok(())
        })
    }

    /// Retires the keys that have been verify-only for `seconds`: the longest lifetime of a token and the leeway.
    /// Returns their ids.
    ///
    /// # Errors
    ///
    /// None that the state of the ring could cause.
    pub fn retire_after(&self, seconds: u32, now: i64) -> Result<Vec<String>> {
        self.change(|entries| {
            let is_over = |info: &KeyInfo| {
                info.stage == KeyStage::VerifyOnly && now.saturating_sub(info.since) >= seconds.into()
            };
            let over = entries.iter_mut().filter(|entry| is_over(&entry.info));
            Ok(over
                .map(|entry| {
                    entry.end(KeyStage::Retired, now);
                    entry.info.id.clone()
                })
                .collect())
        })
    }

    /// Ends a key at once, at whatever stage: what it signed or encrypted is refused from the next call on. If it made
    /// tokens, none are made until another key is [promoted](Self::promote) or [made](Self::rotate).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentInvalid`] if the ring has no such key.
    pub fn compromise(&self, id: &str, now: i64) -> Result<()> {
        self.change(|entries| {
            find(entries, id)?.end(KeyStage::Compromised, now);
            Ok(())
        })
    }

    /// Every key of the ring, in the order in which they came.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyInfo> {
        self.entries().iter().map(|entry| entry.info.clone()).collect()
    }

    /// The public keys with which tokens of this platform verify, as a JSON Web Key Set (RFC 7517 §5) to be served as
    /// it is. Staged keys are among them; encryption keys never are.
    #[must_use]
    pub fn jwks(&self) -> String {
        jwks(&self.entries())
    }

    /// The keys for verification, which follow every change.
    #[must_use]
    pub fn source(&self) -> KeySource {
        self.0.source.clone()
    }

    /// Every key with its material sealed, to be stored.
    ///
    /// # Errors
    ///
    /// Those of the sealer.
    pub fn export(&self, sealer: &dyn Sealer) -> Result<Vec<SealedKey>> {
        let seal = |entry: &Entry| {
            let purpose = entry.info.purpose.to_string();
            let sealed = match &entry.material {
                None => None,
                Some(material) => Some(sealer.seal(&context(&entry.info.id, &purpose), material.secret())?),
            };
            Ok(SealedKey {
                id: entry.info.id.clone(),
                purpose,
                stage: entry.info.stage,
                since: entry.info.since,
                sealed,
            })
        };
        self.entries().iter().map(seal).collect()
    }

    /// Replaces all keys by stored ones, at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyInvalid`] for keys that contradict each other or themselves, and those of the sealer. The ring
    /// then stays as it was.
    pub fn import(&self, keys: &[SealedKey], sealer: &dyn Sealer) -> Result<()> {
        let mut imported: Vec<Entry> = vec![];
        for key in keys {
            let entry = Entry::open(key, sealer)?;
            let is_double = |other: &Entry| {
                other.info.id == entry.info.id
                    || entry.info.stage == KeyStage::Signing
                        && other.info.stage == KeyStage::Signing
                        && other.info.purpose.is_like(entry.info.purpose)
            };
            if imported.iter().any(is_double) {
                return Err(Error::new(
                    ErrorKind::KeyInvalid,
                    "two stored keys have one id, or both make the tokens of one purpose",
                ));
            }
            imported.push(entry);
        }
        self.change(|entries| {
            *entries = imported;
            Ok(())
        })
    }

    /// The keys that make tokens.
    pub(crate) fn current(&self) -> arc_swap::Guard<Arc<Current>> {
        self.0.current.load()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a copy, and publishes it if nothing failed.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Entry>) -> Result<T>) -> Result<T> {
        let mut entries = self.entries();
        let mut next = entries.clone();
        let outcome = change(&mut next)?;
        if next.len() > MAX_KEYS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("a key ring of more than {MAX_KEYS} keys"),
            ));
        }
        let mut current = Current::default();
        let mut decryption = vec![];
        for entry in next.iter() {
            let is_current = entry.info.stage == KeyStage::Signing;
            match &entry.material {
                Some(Material::Signing(signer)) if is_current => current.signing = Some(Arc::clone(signer)),
                Some(Material::Encryption(key)) => {
                    decryption.push(Arc::clone(key));
                    if is_current {
                        current.encryption = Some(Arc::clone(key));
                    }
                }
                _ => {}
            }
        }
        let has_public = next
            .iter()
            .any(|entry| matches!(entry.material, Some(Material::Signing(_))));
        let set = if has_public {
            KeySet::from_jwks(jwks(&next).as_bytes())?
        } else {
            KeySet::empty()
        };
        self.0.source.publish(set, decryption);
        self.0.current.store(Arc::new(current));
        *entries = next;
        Ok(outcome)
    }
}

fn add(entries: &mut Vec<Entry>, purpose: KeyPurpose, now: i64) -> Result<String> {
    let (id, material) = match purpose {
        KeyPurpose::Sign(algorithm) => {
            let pkcs8 = SigningKey::generate_pkcs8(algorithm)?;
            let id = SigningKey::from_pkcs8(algorithm, "unnamed", &pkcs8)?.thumbprint();
            let key = SigningKey::from_pkcs8(algorithm, &id, &pkcs8)?;
            (id, Material::Signing(Arc::new(Signer { key, pkcs8 })))
        }
        KeyPurpose::Encrypt(encryption) => {
            let mut id = [0; 16];
            SystemRandom::new().fill(&mut id).map_err(|_| no_randomness())?;
            let id = base64url::encode(id);
            let key = EncryptionKey::generate(encryption, &id)?;
            (id, Material::Encryption(Arc::new(key)))
        }
    };
    entries.push(Entry {
        info: KeyInfo {
            id: id.clone(),
            purpose,
            stage: KeyStage::Staged,
            since: now,
        },
        material: Some(material),
    });
    Ok(id)
}

fn promote(entries: &mut [Entry], id: &str, now: i64) -> Result<()> {
    let promoted = find(entries, id)?;
    if promoted.info.stage != KeyStage::Staged {
        return Err(wrong_stage(&promoted.info, "only a staged key can be promoted"));
    }
    let purpose = promoted.info.purpose;
    for entry in entries {
        if entry.info.id == id {
            (entry.info.stage, entry.info.since) = (KeyStage::Signing, now);
        } else if entry.info.stage == KeyStage::Signing && entry.info.purpose.is_like(purpose) {
            (entry.info.stage, entry.info.since) = (KeyStage::VerifyOnly, now);
        }
    }
    Ok(())
}

fn find<'e>(entries: &'e mut [Entry], id: &str) -> Result<&'e mut Entry> {
    entries
        .iter_mut()
        .find(|entry| entry.info.id == id)
        .ok_or_else(|| {
            Error::new(ErrorKind::ArgumentInvalid, "the ring has no key of this id")
                .help("see KeyRing::keys for the ids there are")
        })
}

fn wrong_stage(info: &KeyInfo, reason: &str) -> Error {
    Error::new(
        ErrorKind::ArgumentInvalid,
        format!("the key is {}; {reason}", info.stage),
    )
}

fn jwks(entries: &[Entry]) -> String {
    let keys: Vec<_> = entries
        .iter()
        .filter_map(|entry| match &entry.material {
            Some(Material::Signing(signer)) => Some(signer.key.public_jwk()),
            _ => None,
        })
        .collect();
    json!({ "keys": keys }).to_string()
}

/// What a sealed key is bound to: neither another id nor another purpose opens it.
fn context(id: &str, purpose: &str) -> Vec<u8> {
    format!("bailiwick key {} {id} {purpose}", id.len()).into_bytes()
}

impl Entry {
    fn end(&mut self, stage: KeyStage, now: i64) {
        (self.info.stage, self.info.since) = (stage, now);
        self.material = None;
    }

    fn open(key: &SealedKey, sealer: &dyn Sealer) -> Result<Self> {
        let invalid = |message: &str| Error::new(ErrorKind::KeyInvalid, message.to_owned());
        let purpose: KeyPurpose = key.purpose.parse()?;
        let material = match (&key.sealed, key.stage.is_usable()) {
            (None, false) => None,
            (Some(sealed), true) => {
                let secret = sealer.open(&context(&key.id, &key.purpose), sealed)?;
                Some(Material::of(purpose, &key.id, secret)?)
            }
            (None, true) => return Err(invalid("a stored key lacks its material")),
            (Some(_), false) => return Err(invalid("a stored key is gone, and yet has material")),
        };
        Ok(Self {
            info: KeyInfo {
                id: key.id.clone(),
                purpose,
                stage: key.stage,
                since: key.since,
            },
            material,
        })
    }
}

impl Material {
    fn of(purpose: KeyPurpose, id: &str, secret: Zeroizing<Vec<u8>>) -> Result<Self> {
        Ok(match purpose {
            KeyPurpose::Sign(algorithm) => {
                let key = SigningKey::from_pkcs8(algorithm, id, &secret)?;
                Material::Signing(Arc::new(Signer { key, pkcs8: secret }))
            }
            KeyPurpose::Encrypt(encryption) => {
                Material::Encryption(Arc::new(EncryptionKey::from_secret(encryption, id, &secret)?))
            }
        })
    }

    fn secret(&self) -> &[u8] {
        match self {
            Material::Signing(signer) => &signer.pkcs8,
            Material::Encryption(key) => key.secret(),
        }
    }
}

impl KeyPurpose {
    /// Whether only one of two such keys makes tokens at a time.
    const fn is_like(self, other: Self) -> bool {
        matches!(
            (self, other),
            (KeyPurpose::Sign(_), KeyPurpose::Sign(_)) | (KeyPurpose::Encrypt(_), KeyPurpose::Encrypt(_))
        )
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyPurpose::Sign(algorithm) => write!(f, "sign {algorithm}"),
            KeyPurpose::Encrypt(encryption) => {
                let (alg, enc) = encryption.names();
                write!(f, "encrypt {alg} {enc}")
            }
        }
    }
}

impl std::str::FromStr for KeyPurpose {
    type Err = Error;

    /// Reads what [`Display`](fmt::Display) writes, such as `sign EdDSA` and `encrypt dir A256GCM`.
    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<_> = text.split(' ').collect();
        match words.as_slice() {
            ["sign", name] => Algorithm::from_name(name).map(KeyPurpose::Sign),
            ["encrypt", alg, enc] => Encryption::from_names(alg, enc).map(KeyPurpose::Encrypt),
            _ => None,
        }
        .ok_or_else(|| {
            Error::new(ErrorKind::KeyInvalid, "a key of an unknown purpose")
                .help("expected for instance `sign EdDSA` or `encrypt dir A256GCM`")
        })
    }
}

impl fmt::Display for KeyStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyStage::Staged => "staged",
            KeyStage::Signing => "signing",
            KeyStage::VerifyOnly => "verify-only",
            KeyStage::Retired => "retired",
            KeyStage::Compromised => "compromised",
        })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedKey")
            .field("id", &self.id)
            .field("purpose", &self.purpose)
            .field("stage", &self.stage)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "key_ring_tests.rs"]
mod tests;
