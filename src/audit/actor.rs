//! Who acts, in which tenant and through what, as records and counters name it.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::value::{EntityUid, same_text};

/// Whose use of the platform is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Party {
    /// An app that acts for users.
    App(String),
    /// A service account.
    ServiceAccount(String),
    /// Users on the platform's own pages.
    FirstParty,
}

impl Party {
    /// The id of the app or account; empty for the first party.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Party::App(id) | Party::ServiceAccount(id) => id,
            Party::FirstParty => "",
        }
    }

    /// The same as `==`, sooner for short ids.
    #[inline]
    pub(super) fn is(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && same_text(self.id(), other.id())
    }
}

/// The caller of a session, shared by the records of all its decisions.
#[derive(Debug)]
pub struct Actor {
    pub(super) principal: EntityUid<'static>,
    pub(super) tenant: String,
    pub(super) party: Party,
    pub(super) grant_type: Option<String>,
    /// Tells principals apart where distinct ones are counted; the same in every process.
    pub(super) person: u64,
    /// Of tenant and party, so that a decision need not hash them.
    pub(super) hash: u64,
}

impl Actor {
    /// A principal acting in a tenant, which is empty where the schema has none.
    #[must_use]
    pub fn new(principal: EntityUid<'static>, tenant: impl Into<String>, party: Party) -> Self {
        let tenant = tenant.into();
        let person = digest(&SHA256, principal.to_string().as_bytes());
        let person = person.as_ref().first_chunk().copied().unwrap_or_default();
        Self {
            hash: Self::hash_of(&tenant, &party),
            principal,
            tenant,
            party,
            grant_type: None,
            person: u64::from_le_bytes(person),
        }
    }

    pub(super) fn hash_of(tenant: &str, party: &Party) -> u64 {
        FixedState::default().hash_one((tenant, party))
    }

    /// How the token was obtained.
    #[must_use]
    pub fn grant_type(mut self, grant_type: impl Into<String>) -> Self {
        self.grant_type = Some(grant_type.into());
        self
    }
}
