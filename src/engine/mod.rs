//! The face of the library: an engine that authenticates tokens, makes sessions and lets them decide.

mod admin;
mod administration;
mod advance;
mod audited;
mod authenticate;
mod batch;
mod bound;
mod builder;
mod ceilings;
mod decision;
mod durable;
mod explain;
mod explain_text;
mod follower;
mod identity;
mod judge;
mod keys;
mod note;
mod oauth;
mod placement;
mod resource;
mod session;
mod snapshot;

pub use admin::{Admin, ChangeRecord, Consent, NewApp, NewServiceAccount, NewTenant};
pub use builder::EngineBuilder;
pub use decision::{Decision, PolicyFault, Reason};
pub use explain::{AppliedPolicy, Ceiling, Explanation, FailedPolicy, PolicyVerdict};
pub use identity::{Identity, Principal, Tenant};
pub use resource::Resource;
pub use session::Session;

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::oauth::{Server, provenance};
use crate::platform::{Change, Pepper, State};
use crate::policy::{Policies, Vocabulary};
use crate::token::{Claims, PrincipalKind, TokenCache, Verifier};

use admin::{Actor, OnChange};
use durable::Durable;
use follower::Shared;
use keys::OwnKeys;
use snapshot::Snapshot;

/// Decides for many sessions at once. Cheap to clone; every clone is the same engine.
///
/// Readers never wait: a decision runs on the snapshot that is current when it begins, and a change becomes the next
/// snapshot as a whole or not at all.
///
/// ```
/// use bailiwick::{Engine, Principal, Resource, Tenant};
///
/// let engine = Engine::builder().policies("policies/construction")?.build()?;
/// let session = engine.session(Principal::user("ana"), Tenant::id("acme"))?;
/// assert!(session.allows("rfis.view", &Resource::stored("Rfi", "42")));
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Shared>,
}

pub(crate) struct Inner {
    snapshot: ArcSwap<Snapshot>,
    /// Held while the next snapshot is made, so that no change is lost.
    writer: Mutex<()>,
    /// None when no issuer is trusted: then no token is.
    verifier: Option<Verifier>,
    cache: TokenCache<Arc<authenticate::Known>>,
    clock: Clock,
    /// None when the engine is no authorization server.
    oauth: Option<Server>,
    /// The server's keys, where the state keeps them.
    keys: Option<OwnKeys>,
    /// The key under which secrets are hashed.
    pepper: Pepper,
    /// Where changes are kept; none for a state that ends with the process.
    durable: Option<Durable>,
    audit: Option<Audit>,
    /// Told of every change that was made.
    on_change: Option<OnChange>,
    /// How long the engine may go without hearing from its store, in seconds; none when it has none to hear from.
    max_staleness: Option<i64>,
    /// When it last heard, in seconds since the Unix epoch.
    heard: AtomicI64,
    /// Why the last reading of the store failed; none if it did not.
    unheard: Mutex<Option<Error>>,
}

impl Inner {
    #[inline]
    fn is_stale(&self) -> bool {
        self.max_staleness.is_some_and(|longest| {
            let heard = self.heard.load(Ordering::Acquire);
            self.clock.now().saturating_sub(heard) > longest
        })
    }

    /// Makes changes the next snapshot, one writer at a time. What `plan` decides, it decides on the state that the
    /// changes are applied to. They are durable before they count, and count before this returns.
    fn commit<T>(
        &self,
        actor: Actor<'_>,
        plan: impl FnOnce(&Snapshot) -> Result<(Vec<Change>, T)>,
    ) -> Result<T> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.snapshot.load_full();
        let (changes, outcome) = plan(&current)?;
        if !changes.is_empty() {
            let next = Arc::new(current.after(&changes)?);
            let has_keys = keys::concern_keys(&changes);
            if let (Some(keys), true) = (&self.keys, has_keys) {
                // What cannot be shown fails here, before it is durable.
                keys.check(&next.platform)?;
            }
            let is_heard = self.durable.is_some() || self.audit.is_some() || self.on_change.is_some();
            if !is_heard {
                let _ = self.swap(next, has_keys);
                return Ok(outcome);
            }
            let record = ChangeRecord::new(actor, self.clock.now(), &current, &next, changes);
            let audited = record.audited();
            if let Some(durable) = &self.durable {
                durable.append(&record, &audited)?;
            }
            // The change is durable: whoever made it must not hear that it failed.
            let _ = self.swap(next, has_keys);
            if let Some(audit) = &self.audit {
                audit.changed(audited);
            }
            if let Some(tell) = &self.on_change {
                tell(&record);
            }
        }
        Ok(outcome)
    }

    /// Makes a snapshot the current one. Decisions go by what it says of keys, whatever the ring still holds.
    fn swap(&self, next: Arc<Snapshot>, has_keys: bool) -> Result<()> {
        self.snapshot.store(Arc::clone(&next));
        match &self.keys {
            Some(keys) if has_keys => keys.show(&next.platform),
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// Begins an engine.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// A first-party session: a principal acting by itself, without a token and so without limits by scopes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when the schema has no type for the principal or the tenant, or has tenants and none
    /// is named.
    pub fn session(&self, principal: Principal<'_>, tenant: Tenant<'_>) -> Result<Session> {
        self.session_of(Identity::first_party(principal), tenant)
    }

    /// A session for a caller whom the host has authenticated itself.
    ///
    /// # Errors
    ///
    /// As [`Engine::session`].
    pub fn session_of(&self, identity: Identity<'_>, tenant: Tenant<'_>) -> Result<Session> {
        Session::new(Arc::clone(&self.inner), identity, tenant)
    }

    /// Replaces policies, schema and entities as a whole; returns the new revision. Sessions go on with the new state.
    ///
    /// # Errors
    ///
    /// Those of [`EngineBuilder::build`]; the engine then stays as it was.
    pub fn reload(&self, policies: Policies) -> Result<u64> {
        let policies = builder::checked(policies)?;
        let _writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = self.inner.snapshot.load().revision + 1;
        let current = self.inner.snapshot.load_full();
        let next = Snapshot::of(policies, revision)?
            .with_platform(&current.platform, Some(administration::shipped()?))?;
        self.inner.snapshot.store(Arc::new(next));
        Ok(revision)
    }

    /// The platform's state: tenants, apps, installations, accounts, grants. A copy that stays as it is.
    #[must_use]
    pub fn platform(&self) -> State {
        self.inner.snapshot.load().platform.clone()
    }

    /// Says that the engine's state is as fresh as its source at this moment. Whoever follows a store calls it after each
    /// reading; see [`EngineBuilder::max_staleness`].
    pub fn confirm_fresh(&self) {
        self.inner.heard.store(self.inner.clock.now(), Ordering::Release);
    }

    /// The number of the current state; it only grows.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.inner.snapshot.load().revision
    }

    /// The actions, scopes and parts of the current schema.
    #[must_use]
    pub fn vocabulary(&self) -> Arc<Vocabulary> {
        Arc::clone(&self.inner.snapshot.load().vocabulary)
    }

    /// The policies that were loaded last.
    #[must_use]
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.inner.snapshot.load().policies)
    }
}

fn identity_of(claims: &Claims) -> Identity<'_> {
    let principal = match claims.principal_kind() {
        PrincipalKind::ServiceAccount => Principal::service_account(claims.subject()),
        _ => Principal::user(claims.subject()),
    };
    let scopes = claims.scopes().iter().map(String::as_str);
    let mut identity = Identity::token(principal, scopes)
        .expires(claims.valid_until())
        .provenance(provenance(claims));
    identity.attributes = claims.all_attributes().to_vec();
    match (claims.principal_kind(), claims.client_id()) {
        // A service account is its own client (RFC 9068 section 2.2): nobody else acts through it.
        (PrincipalKind::ServiceAccount, _) => identity.grant_type("client_credentials"),
        (_, Some(client)) => identity.app(client),
        (_, None) => identity,
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}
