//! Client secrets: active → retiring(until) → expired; any → revoked. At most two are usable at a time.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::limits::{MAX_SECRET_OVERLAP_SECONDS, MAX_USABLE_SECRETS};

use super::change::Change;
use super::ids::{AccountId, AppId, SecretId};
use super::refuse::{conflict, invalid, taken, unknown};
use super::secret::Digest;
use super::state::{State, update};

/// Whose secret it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretOwner {
    /// A service account.
    ServiceAccount(AccountId),
    /// An app.
    App(AppId),
}

impl SecretOwner {
    /// The owner's `client_id`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        match self {
            Self::ServiceAccount(id) => id.as_str(),
            Self::App(id) => id.as_str(),
        }
    }
}

/// How usable a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretStatus {
    /// Good until it is rotated or revoked.
    Active,
    /// Rotated: good until this time, in seconds since the Unix epoch, and not at it.
    Retiring {
        /// The deadline.
        until: i64,
    },
    /// No longer good, and perhaps nothing that was obtained with it is.
    Revoked {
        /// When, in seconds since the Unix epoch.
        at: i64,
        /// Whether the tokens that were obtained with it died too.
        with_tokens: bool,
    },
}

/// A credential. The secret itself is nowhere; only its keyed hash is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientSecret {
    /// Its id.
    pub id: SecretId,
    /// Whose it is.
    pub owner: SecretOwner,
    /// The keyed hash of the secret.
    pub digest: Digest,
    /// How usable it is.
    pub status: SecretStatus,
    /// When it was made, in seconds since the Unix epoch.
    pub created: i64,
}

impl ClientSecret {
    /// Whether it is good at a time.
    #[must_use]
    pub fn is_usable(&self, now: i64) -> bool {
        match self.status {
            SecretStatus::Active => true,
            SecretStatus::Retiring { until } => now < until,
            SecretStatus::Revoked { .. } => false,
        }
    }
}

/// What can happen to a client secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum ClientSecretChange {
    /// It is good from now on.
    Added {
        id: SecretId,
        owner: SecretOwner,
        digest: Digest,
        at: i64,
    },
    /// Another has taken its place; it is good until the deadline.
    Retiring { id: SecretId, until: i64, at: i64 },
    /// It is no longer good; with `with_tokens`, neither is any token that was obtained with it.
    Revoked {
        id: SecretId,
        at: i64,
        with_tokens: bool,
    },
}

impl State {
    /// A client secret.
    #[must_use]
    pub fn client_secret(&self, id: &str) -> Option<&ClientSecret> {
        self.secrets.get(id).map(|it| &**it)
    }

    /// The secrets of an owner, usable or not, sorted by id.
    pub fn secrets_of(&self, owner: &SecretOwner) -> impl Iterator<Item = &ClientSecret> {
        let ids = self.secrets_by_owner.of(owner);
        ids.into_iter().filter_map(|id| self.client_secret(id.as_str()))
    }

    /// The usable secret of an owner that has this keyed hash. The work is the same for no owner at all, for one without
    /// secrets, and for a wrong secret: always [`MAX_USABLE_SECRETS`] comparisons in constant time.
    #[must_use]
    pub fn matching_secret(
        &self,
        owner: Option<&SecretOwner>,
        digest: &Digest,
        now: i64,
    ) -> Option<&ClientSecret> {
        let nobody = Digest::nobody();
        let mut usable = owner
            .into_iter()
            .flat_map(|owner| self.secrets_of(owner))
            .filter(|secret| secret.is_usable(now));
        let mut found = None;
        for _ in 0..MAX_USABLE_SECRETS {
            let candidate = usable.next();
            let equal = candidate.map_or(&nobody, |secret| &secret.digest) == digest;
            if equal {
                found = candidate;
            }
        }
        found
    }

    /// The changes that rotate an owner's secrets: those that are active retire, and a new one is added.
    ///
    /// # Errors
    ///
    /// [`PlatformConflict`](crate::ErrorKind::PlatformConflict) while a secret still retires from an earlier rotation,
    /// which promised its users that it would work until then, unless the overlap is 0; [`PlatformInvalid`](crate::ErrorKind::PlatformInvalid) for an
    /// overlap that is negative or too long.
    pub fn rotate_secret(
        &self,
        owner: &SecretOwner,
        (id, digest): (SecretId, Digest),
        overlap: i64,
        at: i64,
    ) -> Result<Vec<Change>> {
        if !(0..=MAX_SECRET_OVERLAP_SECONDS).contains(&overlap) {
            return Err(invalid(format!(
                "an overlap of {overlap} seconds; expected 0 to {MAX_SECRET_OVERLAP_SECONDS}"
            )));
        }
        let until = at.saturating_add(overlap);
        let mut changes: Vec<Change> = self
            .secrets_of(owner)
            .filter(|secret| secret.status == SecretStatus::Active)
            .map(|secret| {
                let id = secret.id.clone();
                ClientSecretChange::Retiring { id, until, at }.into()
            })
            .collect();
        let owner = owner.clone();
        changes.push(
            ClientSecretChange::Added {
                id,
                owner,
                digest,
                at,
            }
            .into(),
        );
        Ok(changes)
    }

    fn check_owner(&self, owner: &SecretOwner) -> Result<()> {
        match owner {
            SecretOwner::ServiceAccount(id) => self.live_account(id).map(|_| ()),
            SecretOwner::App(id) => self.live_app(id).map(|_| ()),
        }
    }

    fn live_secret(&self, id: &SecretId) -> Result<&ClientSecret> {
        let secret = self
            .client_secret(id.as_str())
            .ok_or_else(|| unknown(SecretId::NOUN, id.as_str()))?;
        match secret.status {
            SecretStatus::Revoked { .. } => Err(conflict(format!("client secret `{id}` is revoked"))),
            _ => Ok(secret),
        }
    }

    /// Ends for good what had retired by a time: once another secret has its place, a clock that is set back must not
    /// bring it back as a third.
    fn end_retired(&mut self, owner: &SecretOwner, at: i64) -> Result<()> {
        let retired: Vec<(SecretId, i64)> = self
            .secrets_of(owner)
            .filter_map(|secret| match secret.status {
                SecretStatus::Retiring { until } if until <= at => Some((secret.id.clone(), until)),
                _ => None,
            })
            .collect();
        for (id, until) in retired {
            update(&mut self.secrets, &id, |secret| {
                secret.status = SecretStatus::Revoked {
                    at: until,
                    with_tokens: false,
                };
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(super) fn apply_client_secret(&mut self, change: &ClientSecretChange) -> Result<()> {
        match change {
            ClientSecretChange::Added {
                id,
                owner,
                digest,
                at,
            } => {
                id.check()?;
                self.check_owner(owner)?;
                if self.client_secret(id.as_str()).is_some() {
                    return Err(taken(SecretId::NOUN, id.as_str()));
                }
                let usable = self.secrets_of(owner).filter(|secret| secret.is_usable(*at));
                if usable.count() >= MAX_USABLE_SECRETS {
                    return Err(conflict(format!(
                        "`{}` has {MAX_USABLE_SECRETS} usable secrets already",
                        owner.client_id()
                    ))
                    .help("wait for the retiring one to expire, or revoke one"));
                }
                self.end_retired(owner, *at)?;
                let secret = ClientSecret {
                    id: id.clone(),
                    owner: owner.clone(),
                    digest: digest.clone(),
                    status: SecretStatus::Active,
                    created: *at,
                };
                self.secrets.insert(id.clone(), secret.into());
                self.secrets_by_owner.insert(owner, id.clone());
                Ok(())
            }
            ClientSecretChange::Retiring { id, until, at } => {
                let secret = self.live_secret(id)?;
                if secret.status != SecretStatus::Active || until < at {
                    return Err(conflict(format!("client secret `{id}` is retiring already")));
                }
                update(&mut self.secrets, id, |secret| {
                    secret.status = SecretStatus::Retiring { until: *until };
                    Ok(())
                })
            }
            ClientSecretChange::Revoked { id, at, with_tokens } => {
                let secret = self.client_secret(id.as_str());
                // A secret that turns out to have leaked may lose its tokens later than itself.
                let is_harsher = *with_tokens
                    && secret.is_some_and(|secret| {
                        matches!(
                            secret.status,
                            SecretStatus::Revoked {
                                with_tokens: false,
                                ..
                            }
                        )
                    });
                if !is_harsher {
                    self.live_secret(id)?;
                }
                update(&mut self.secrets, id, |secret| {
                    secret.status = SecretStatus::Revoked {
                        at: *at,
                        with_tokens: *with_tokens,
                    };
                    Ok(())
                })
            }
        }
    }
}
