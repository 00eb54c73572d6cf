//! Signing keys: staged → signing → verify-only → retired; any → compromised.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::change::Change;
use super::ids::KeyId;
use super::refuse::{conflict, taken, unknown};
use super::state::{State, update};

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// Published, so that verifiers know it before it signs.
    Staged,
    /// The one that signs.
    Signing,
    /// Signs no more; its tokens are still good.
    VerifyOnly,
    /// Its tokens have all expired; it is published no longer.
    Retired,
    /// Somebody else may have it: nothing it signed is good.
    Compromised,
}

impl KeyStatus {
    /// Whether tokens that the key signed are good.
    #[must_use]
    pub const fn verifies(self) -> bool {
        matches!(self, Self::Signing | Self::VerifyOnly)
    }

    /// The name, as the change log spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Signing => "signing",
            Self::VerifyOnly => "verify_only",
            Self::Retired => "retired",
            Self::Compromised => "compromised",
        }
    }
}

/// A key that makes access tokens. The private part is sealed under the host's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SigningKey {
    /// Its id (`kid`).
    pub id: KeyId,
    /// What it is for and the algorithms it is bound to (RFC 7518): `sign EdDSA`, `encrypt dir A256GCM`.
    pub purpose: String,
    /// The public part as a JWK Set (RFC 7517 §5), without keys for one that encrypts.
    pub public: String,
    /// The private part, sealed, in base64url; empty once nothing is verified with it any more.
    pub sealed: String,
    /// What it is good for.
    pub status: KeyStatus,
    /// When that began, in seconds since the Unix epoch.
    pub since: i64,
}

/// What can happen to a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum SigningKeyChange {
    /// It is published from now on.
    Staged {
        id: KeyId,
        purpose: String,
        public: String,
        sealed: String,
        at: i64,
    },
    /// It signs from now on; the one that signed before was taken out of use just before.
    Promoted { id: KeyId, at: i64 },
    /// It signs no more.
    Demoted { id: KeyId, at: i64 },
    /// It is published no longer.
    Retired { id: KeyId, at: i64 },
    /// Nothing it signed is good.
    Compromised { id: KeyId, at: i64 },
}

impl State {
    /// A signing key.
    #[must_use]
    pub fn signing_key(&self, id: &str) -> Option<&SigningKey> {
        self.keys.get(id).map(|it| &**it)
    }

    /// Every signing key, sorted by id.
    pub fn signing_keys(&self) -> impl Iterator<Item = &SigningKey> {
        self.keys.sorted().into_iter().map(|(_, it)| &**it)
    }

    /// The key that makes the tokens of a purpose now; of all algorithms that sign there is one, and of all that encrypt.
    #[must_use]
    pub fn current_key(&self, purpose: &str) -> Option<&SigningKey> {
        let wanted = kind(purpose);
        self.signing_keys()
            .find(|key| key.status == KeyStatus::Signing && kind(&key.purpose) == wanted)
    }

    /// The changes by which a staged key takes over.
    pub fn promote_key(&self, id: &KeyId, at: i64) -> Vec<Change> {
        let staged = self.signing_key(id.as_str());
        let current = staged.and_then(|staged| self.current_key(&staged.purpose));
        let current = current.map(|key| {
            let id = key.id.clone();
            SigningKeyChange::Demoted { id, at }.into()
        });
        let promoted = SigningKeyChange::Promoted { id: id.clone(), at }.into();
        current.into_iter().chain([promoted]).collect()
    }

    pub(super) fn apply_signing_key(&mut self, change: &SigningKeyChange) -> Result<()> {
        use KeyStatus::{Compromised, Retired, Signing, Staged, VerifyOnly};
        let (id, from, to, at): (_, &[KeyStatus], _, _) = match change {
            SigningKeyChange::Staged {
                id,
                purpose,
                public,
                sealed,
                at,
            } => {
                id.check()?;
                if self.signing_key(id.as_str()).is_some() {
                    return Err(taken(KeyId::NOUN, id.as_str()));
                }
                let key = SigningKey {
                    id: id.clone(),
                    purpose: purpose.clone(),
                    public: public.clone(),
                    sealed: sealed.clone(),
                    status: Staged,
                    since: *at,
                };
                self.keys.insert(id.clone(), key.into());
                return Ok(());
            }
            SigningKeyChange::Promoted { id, at } => (id, &[Staged], Signing, at),
            SigningKeyChange::Demoted { id, at } => (id, &[Signing], VerifyOnly, at),
            SigningKeyChange::Retired { id, at } => (id, &[Staged, VerifyOnly], Retired, at),
            SigningKeyChange::Compromised { id, at } => {
                (id, &[Staged, Signing, VerifyOnly, Retired], Compromised, at)
            }
        };
        let known = self
            .signing_key(id.as_str())
            .ok_or_else(|| unknown(KeyId::NOUN, id.as_str()))?;
        if let (Signing, Some(current)) = (to, self.current_key(&known.purpose)) {
            return Err(conflict(format!("key `{}` still signs", current.id)));
        }
        update(&mut self.keys, id, |key| {
            if !from.contains(&key.status) {
                let (found, wanted) = (key.status.name(), to.name());
                return Err(conflict(format!(
                    "key `{id}` is {found} and cannot become {wanted}"
                )));
            }
            key.status = to;
            key.since = *at;
            if matches!(to, Retired | Compromised) {
                key.sealed = String::new();
            }
            Ok(())
        })
    }
}

/// Signing or encrypting.
fn kind(purpose: &str) -> &str {
    purpose.split(' ').next().unwrap_or_default()
}
