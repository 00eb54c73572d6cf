//! Putting an engine together.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::policy::{Policies, Source};
use crate::token::{Profile, TokenCache, Verifier, cache};

use super::snapshot::Snapshot;
use super::{Engine, Inner};

/// Collects what an engine needs; made by [`Engine::builder`].
#[derive(Default)]
#[must_use = "an engine exists once `build` is called"]
pub struct EngineBuilder {
    policies: Option<Policies>,
    profiles: Vec<Profile>,
    clock: Clock,
    token_cache: Option<(usize, usize)>,
}

impl EngineBuilder {
    /// Loads the policies of a directory; see [`Policies::from_directory`].
    ///
    /// # Errors
    ///
    /// Those of [`Policies::from_directory`].
    pub fn policies(self, directory: impl AsRef<Path>) -> Result<Self> {
        Ok(self.loaded(Policies::from_directory(directory)?))
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

    /// Takes the time from another clock than the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Bounds the cache of verified tokens: 100,000 entries and 256 MiB unless told; 0 entries turn it off.
    pub fn token_cache(mut self, entries: usize, bytes: usize) -> Self {
        self.token_cache = Some((entries, bytes));
        self
    }

    /// Makes the engine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] without policies, without a schema, or with two profiles of one issuer, and
    /// [`ErrorKind::PolicyUnsupported`] for a policy that cannot be compiled.
    pub fn build(self) -> Result<Engine> {
        let policies = self.policies.ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "an engine needs policies")
                .help("call policies(directory) or source(source) before build()")
        })?;
        let (entries, bytes) = self
            .token_cache
            .unwrap_or((cache::DEFAULT_ENTRIES, cache::DEFAULT_BYTES));
        let inner = Inner {
            snapshot: ArcSwap::from_pointee(Snapshot::of(checked(policies)?, 1)?),
            writer: std::sync::Mutex::new(()),
            verifier: if self.profiles.is_empty() {
                None
            } else {
                Some(Verifier::new(self.profiles)?)
            },
            cache: TokenCache::new(entries, bytes)?,
            clock: self.clock,
        };
        Ok(Engine {
            inner: Arc::new(inner),
        })
    }
}

/// An engine decides strictly, so it needs to know what is declared.
pub(super) fn checked(policies: Policies) -> Result<Policies> {
    if policies.schema().is_none() {
        return Err(Error::new(
            ErrorKind::Configuration,
            "an engine needs a schema, and the policies came without one",
        )
        .help("add a *.cedarschema file; for Cedar without a schema use bailiwick::cedar::Authorizer"));
    }
    Ok(policies)
}
