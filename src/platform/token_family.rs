//! Token families: open → ended. A family is a chain of refresh tokens, each replacing the one before.
//!
//! A refresh token is derived from family and generation under the store's key, so that a retry within the grace gets
//! the same successor, and the store holds nothing that could be presented.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::ids::{FamilyId, GrantId};
use super::refuse::{conflict, exceeded, taken, unknown};
use super::scopes::Scopes;
use super::state::{State, update};

/// Why a family ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// Somebody revoked it (RFC 7009).
    Revoked,
    /// A refresh token was presented after its grace.
    RefreshReplayed,
    /// The authorization code that opened it was presented again.
    CodeReplayed,
}

/// The end of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// When, in seconds since the Unix epoch.
    pub at: i64,
}

/// The chain of refresh tokens that descend from one redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenFamily {
    /// Its id.
    pub id: FamilyId,
    /// The consent behind it.
    pub grant: GrantId,
    /// What its tokens may do at most.
    pub scopes: Scopes,
    /// The number of the current refresh token, from 1.
    pub generation: u32,
    /// When the current refresh token replaced the one before, in seconds since the Unix epoch.
    pub rotated: i64,
    /// From this time on nothing of it is good, in seconds since the Unix epoch.
    pub expires: i64,
    /// Its end, if it has come.
    pub ended: Option<Ended>,
}

/// What can happen to a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum TokenFamilyChange {
    /// Its first refresh token is good from now on.
    Opened {
        id: FamilyId,
        grant: GrantId,
        scopes: Scopes,
        expires: i64,
        at: i64,
    },
    /// The refresh token of this generation replaces the one before.
    Rotated { id: FamilyId, generation: u32, at: i64 },
    /// Nothing of it is good any more.
    Ended {
        id: FamilyId,
        reason: EndReason,
        at: i64,
    },
}

impl State {
    /// A token family, ended or not.
    #[must_use]
    pub fn family(&self, id: &str) -> Option<&TokenFamily> {
        self.families.get(id).map(|it| &**it)
    }

    /// The families of a grant, sorted by id.
    pub fn families_of(&self, grant: &str) -> impl Iterator<Item = &TokenFamily> {
        let ids = self.families_by_grant.of(grant);
        ids.into_iter().filter_map(|id| self.family(id.as_str()))
    }

    fn update_family(
        &mut self,
        id: &FamilyId,
        change: impl FnOnce(&mut TokenFamily) -> Result<()>,
    ) -> Result<()> {
        update(&mut self.families, id, |family| {
            if family.ended.is_some() {
                return Err(conflict("the token family has ended"));
            }
            change(family)
        })
    }

    pub(super) fn apply_token_family(&mut self, change: &TokenFamilyChange) -> Result<()> {
        match change {
            TokenFamilyChange::Opened {
                id,
                grant,
                scopes,
                expires,
                at,
            } => {
                id.check()?;
                let outside = scopes.difference(&self.live_grant(grant)?.scopes);
                if !outside.is_empty() {
                    return Err(exceeded(format!("the grant does not cover {outside}")));
                }
                if self.family(id.as_str()).is_some() {
                    return Err(taken(FamilyId::NOUN, id.as_str()));
                }
                let family = TokenFamily {
                    id: id.clone(),
                    grant: grant.clone(),
                    scopes: scopes.clone(),
                    generation: 1,
                    rotated: *at,
                    expires: *expires,
                    ended: None,
                };
                self.families.insert(id.clone(), family.into());
                self.families_by_grant.insert(grant, id.clone());
                Ok(())
            }
            TokenFamilyChange::Rotated { id, generation, at } => {
                let family = self
                    .family(id.as_str())
                    .ok_or_else(|| unknown(FamilyId::NOUN, id.as_str()))?;
                self.live_grant(&family.grant.clone())?;
                self.update_family(id, |family| {
                    if *generation != family.generation.saturating_add(1) || *at >= family.expires {
                        return Err(conflict("the refresh token was replaced already, or has expired"));
                    }
                    family.generation = *generation;
                    family.rotated = *at;
                    Ok(())
                })
            }
            TokenFamilyChange::Ended { id, reason, at } => self.update_family(id, |family| {
                family.ended = Some(Ended {
                    reason: *reason,
                    at: *at,
                });
                Ok(())
            }),
        }
    }
}
