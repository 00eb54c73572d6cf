//! The platform's own keys where the state keeps them: sealed there under the host's key, opened into the ring that signs.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_KEYS;
use crate::platform::{Change, KeyId, KeyStatus, SigningKey, SigningKeyChange, State};
use crate::store::SealingKey;
use crate::token::{KeyPurpose, KeyRing, KeyStage, SealedKey, base64url};

/// A ring that shows what the state says of its keys, and nothing else.
pub(super) struct OwnKeys {
    ring: KeyRing,
    sealing: SealingKey,
}

impl OwnKeys {
    /// Whether the keys of a ring are to be kept with the state: the host gives an empty one then.
    pub(super) fn are_kept(ring: &KeyRing) -> bool {
        ring.keys().is_empty()
    }

    /// The keys of a state in an empty ring; none for a ring that the host fills itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when both have keys, and those of opening them.
    pub(super) fn of(ring: &KeyRing, host_key: &[u8; 32], state: &State) -> Result<Option<Self>> {
        let has_own = state.signing_keys().next().is_some();
        match (Self::are_kept(ring), has_own) {
            (false, true) => Err(Error::new(
                ErrorKind::Configuration,
                "a ring with keys is given, and the state has keys of its own",
            )
            .help("give an empty ring: it is filled with the keys that are kept")),
            (false, false) => Ok(None),
            (true, _) => {
                let own = Self {
                    ring: ring.clone(),
                    sealing: SealingKey::from_bytes(host_key)?,
                };
                if has_own {
                    own.show(state)?;
                }
                Ok(Some(own))
            }
        }
    }

    /// Makes the ring show the keys of a state.
    pub(super) fn show(&self, state: &State) -> Result<()> {
        self.fill(&self.ring, state)
    }

    /// Whether the ring could show the keys of a state, without doing so.
    ///
    /// # Errors
    ///
    /// What [`show`](Self::show) would fail with.
    pub(super) fn check(&self, state: &State) -> Result<()> {
        self.fill(&KeyRing::new(), state)
    }

    fn fill(&self, ring: &KeyRing, state: &State) -> Result<()> {
        let usable = state.signing_keys().filter(|key| stage(key.status).is_some());
        let keys = usable.map(sealed).collect::<Result<Vec<_>>>()?;
        ring.import(&keys, &self.sealing)
    }

    /// A fresh key that is published and makes no tokens yet.
    pub(super) fn stage(
        &self,
        state: &State,
        purpose: KeyPurpose,
        at: i64,
    ) -> Result<(KeyId, SigningKeyChange)> {
        let usable = state.signing_keys().filter(|key| stage(key.status).is_some());
        if usable.count() >= MAX_KEYS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("more than {MAX_KEYS} keys in use"),
            )
            .help("retire the keys whose tokens have expired"));
        }
        let ring = KeyRing::new();
        let id = KeyId::from(ring.stage(purpose, at)?);
        let key = ring.export(&self.sealing)?.pop();
        let key = key
            .and_then(|key| key.sealed)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "the new key could not be sealed"))?;
        let change = SigningKeyChange::Staged {
            id: id.clone(),
            purpose: purpose.to_string(),
            public: ring.jwks(),
            sealed: base64url::encode(key),
            at,
        };
        Ok((id, change))
    }
}

/// Whether changes are about keys.
pub(super) fn concern_keys(changes: &[Change]) -> bool {
    changes
        .iter()
        .any(|change| matches!(change, Change::SigningKey(_)))
}

/// The ring's word for a key that is good for something.
const fn stage(status: KeyStatus) -> Option<KeyStage> {
    match status {
        KeyStatus::Staged => Some(KeyStage::Staged),
        KeyStatus::Signing => Some(KeyStage::Signing),
        KeyStatus::VerifyOnly => Some(KeyStage::VerifyOnly),
        KeyStatus::Retired | KeyStatus::Compromised => None,
    }
}

fn sealed(key: &SigningKey) -> Result<SealedKey> {
    let sealed = base64url::decode(&key.sealed)
        .map_err(|_| Error::new(ErrorKind::KeyInvalid, "a stored key is not written in base64url"))?;
    Ok(SealedKey {
        id: key.id.to_string(),
        purpose: key.purpose.clone(),
        stage: stage(key.status).unwrap_or(KeyStage::Retired),
        since: key.since,
        sealed: Some(sealed),
    })
}
