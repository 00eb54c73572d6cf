//! Putting an engine together.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::oauth::{Server, Settings};
use crate::platform::{Pepper, State};
use crate::policy::{Policies, Source};
use crate::store::Store;
use crate::token::{Dpop, KeyRing, Profile, TokenCache, Verifier, cache};

use super::admin::{ChangeRecord, OnChange};
use super::durable::Durable;
use super::follower::Shared;
use super::keys::OwnKeys;
use super::snapshot::Snapshot;
use super::{Engine, Inner, administration};

/// Collects what an engine needs; made by [`Engine::builder`].
#[derive(Default)]
#[must_use = "an engine exists once `build` is called"]
pub struct EngineBuilder {
    policies: Option<Policies>,
    profiles: Vec<Profile>,
    dpop: Option<Dpop>,
    clock: Clock,
    token_cache: Option<(usize, usize)>,
    platform: Option<State>,
    store: Option<Box<dyn Store>>,
    audit: Option<Audit>,
    max_staleness: Option<u32>,
    host_key: Option<Zeroizing<[u8; 32]>>,
    oauth: Option<(Settings, KeyRing)>,
    on_change: Option<OnChange>,
}

impl EngineBuilder {
    /// Loads the policies of a directory, or a precompiled file; see [`Policies::open`].
    ///
    /// # Errors
    ///
    /// Those of [`Policies::open`].
    pub fn policies(self, path: impl AsRef<Path>) -> Result<Self> {
        Ok(self.loaded(Policies::open(path)?))
    }

    /// Loads precompiled policies from memory; see [`Policies::from_artifact`].
    ///
    /// # Errors
    ///
    /// Those of [`Policies::from_artifact`].
    pub fn artifact(self, bytes: &[u8]) -> Result<Self> {
        Ok(self.loaded(Policies::from_artifact(bytes)?))
    }

    /// Loads policies from memory.
    ///
    /// # Errors
    ///
    /// Those of [`Policies::load`].
    pub fn source(self, source: Source) -> Result<Self> {
        Ok(self.loaded(Policies::load(source)?))
    }

    /// Takes policies that are loaded already.
    pub fn loaded(mut self, policies: Policies) -> Self {
        self.policies = Some(policies);
        self
    }

    /// Trusts an issuer of tokens; call it once for each issuer.
    pub fn issuer(mut self, profile: Profile) -> Self {
        self.profiles.push(profile);
        self
    }

    /// Checks DPoP proofs by these settings, for tokens that are bound to a key; unless told, by those of [`Dpop::new`].
    pub fn dpop(mut self, dpop: Dpop) -> Self {
        self.dpop = Some(dpop);
        self
    }

    /// Takes the time from another clock than the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Bounds the cache of verified tokens: 100,000 entries and 512 MiB unless told; 0 entries turn it off.
    pub fn token_cache(mut self, entries: usize, bytes: usize) -> Self {
        self.token_cache = Some((entries, bytes));
        self
    }

    /// Begins with a state of the platform instead of an empty one.
    pub fn platform(mut self, state: State) -> Self {
        self.platform = Some(state);
        self
    }

    /// Keeps the state of the platform in a store, and begins with what it holds.
    ///
    /// A change is durable there before it counts. On a store that another process writes, see
    /// [`Engine::follow`].
    ///
    /// ```
    /// use bailiwick::store::Memory;
    /// use bailiwick::{Engine, Source};
    /// # let source = Source::new().schema("s.cedarschema", "entity User; action view;");
    ///
    /// let engine = Engine::builder().source(source)?.store(Memory::new()).build()?;
    /// engine.bootstrap("operator", "The operator", "olga")?;
    /// assert_eq!(engine.store().map(|store| store.head()).transpose()?, Some(1));
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Records decisions and changes, and counts usage. Without this nothing is recorded, at no cost.
    pub fn audit(mut self, audit: Audit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// Denies everything once the engine has not heard from its store for longer than this, in seconds, until it hears
    /// again; see [`Engine::confirm_fresh`].
    pub fn max_staleness(mut self, seconds: u32) -> Self {
        self.max_staleness = Some(seconds);
        self
    }

    /// The host's key: 32 random bytes that live outside of the store. Client secrets are hashed under a key derived from
    /// it; without it the engine draws one, which lies in the store, if there is one, and else lives as long as the engine.
    pub fn host_key(mut self, key: [u8; 32]) -> Self {
        self.host_key = Some(Zeroizing::new(key));
        self
    }

    /// Makes the engine an authorization server: it signs with the keys of `ring` and accepts the tokens that it issues.
    ///
    /// Give it a [`host_key`](Self::host_key) as well: without one, and without a store that keeps one, refresh tokens and
    /// client secrets are good for as long as the engine lives.
    ///
    /// Give it an empty ring to have the keys kept with the rest of the state, sealed under the host's key: the ring is
    /// filled from there and follows every [rotation](super::Admin::rotate_key). With a store that takes a
    /// [`host_key`](Self::host_key). Keys of a ring that has some are the host's to keep.
    pub fn oauth(mut self, settings: Settings, ring: &KeyRing) -> Self {
        self.oauth = Some((settings, ring.clone()));
        self
    }

    /// Calls this for every change of the platform once it is made: who changed what, and how it was before and after.
    /// The call is made while further changes wait, so it had better be quick.
    pub fn on_change(mut self, tell: impl Fn(&ChangeRecord) + Send + Sync + 'static) -> Self {
        self.on_change = Some(Box::new(tell));
        self
    }

    /// Makes the engine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] without policies, without a schema, or with two profiles of one issuer, and
    /// [`ErrorKind::PolicyUnsupported`] for a policy that cannot be compiled.
    pub fn build(mut self) -> Result<Engine> {
        let policies = self.policies.ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "an engine needs policies")
                .help("call policies(directory) or source(source) before build()")
        })?;
        let (entries, bytes) = self
            .token_cache
            .unwrap_or((cache::DEFAULT_ENTRIES, cache::DEFAULT_BYTES));
        let (durable, state) = match (self.store, self.platform) {
            (Some(_), Some(_)) => {
                return Err(Error::new(
                    ErrorKind::Configuration,
                    "the platform's state is given, and a store that holds one",
                )
                .help("begin with one of them"));
            }
            (Some(store), None) => {
                let (durable, state) = Durable::load(store)?;
                (Some(durable), state)
            }
            (None, state) => (None, state.unwrap_or_default()),
        };
        let keeps_keys = self
            .oauth
            .as_ref()
            .is_some_and(|(_, ring)| OwnKeys::are_kept(ring));
        if durable.is_some() && keeps_keys && self.host_key.is_none() {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the store is to keep the signing keys, and no host's key seals them",
            )
            .help("give a host_key, which is kept apart from the store, or a ring with keys that the host keeps"));
        }
        let host_key = match (&durable, self.host_key) {
            (Some(durable), key) => durable.host_key(key)?,
            (None, Some(key)) => key,
            (None, None) => {
                // Nobody else will ever have it.
                let mut key = Zeroizing::new([0; 32]);
                crate::random::fill(key.as_mut())?;
                key
            }
        };
        if let (Some(durable), Some(usage)) = (&durable, self.audit.as_ref().and_then(Audit::usage)) {
            usage.load(durable.store.as_ref())?;
        }
        let revision = 1 + durable.as_ref().map_or(0, Durable::at);
        let snapshot = Snapshot::of(checked(policies)?, revision)?
            .with_platform(&state, Some(administration::shipped()?))?;
        let mut keys = None;
        let oauth = match self.oauth {
            None => None,
            Some((settings, ring)) => {
                keys = OwnKeys::of(&ring, &host_key, &state)?;
                let server = Server::new(settings, &ring, &host_key)?;
                self.profiles.push(server.profile());
                Some(server)
            }
        };
        let inner = Inner {
            oauth,
            keys,
            snapshot: ArcSwap::from_pointee(snapshot),
            writer: std::sync::Mutex::new(()),
            verifier: if self.profiles.is_empty() {
                None
            } else {
                Some(Verifier::new(self.profiles)?.dpop(self.dpop.unwrap_or_default()))
            },
            cache: TokenCache::new(entries, bytes)?,
            pepper: Pepper::derive(&host_key),
            durable,
            audit: self.audit,
            on_change: self.on_change,
            heard: AtomicI64::new(self.clock.now()),
            unheard: std::sync::Mutex::default(),
            max_staleness: self.max_staleness.map(i64::from),
            clock: self.clock,
        };
        Ok(Engine {
            inner: Arc::new(Shared::new(inner)),
        })
    }
}

/// An engine decides strictly, so it needs to know what is declared.
pub(super) fn checked(policies: Policies) -> Result<Policies> {
    if !policies.has_schema() {
        return Err(Error::new(
            ErrorKind::Configuration,
            "an engine needs a schema, and the policies came without one",
        )
        .help("add a *.cedarschema file; for Cedar without a schema use bailiwick::cedar::Authorizer"));
    }
    Ok(policies)
}
