//! The authorization server: settings, keys, and what all flows share.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::error::Result;
use crate::platform::{Change, Pepper, RevocationChange};
use crate::token::{KeyRing, Minter, Profile, Verifier};

use super::metadata::ServerMetadata;
use super::refresh_token::RefreshKey;
use super::settings::Settings;
use super::throttle::Throttle;
use super::view::View;

/// Carries out the flows on a state that its caller holds: it plans changes and commits none.
pub(crate) struct Server {
    pub(super) settings: Settings,
    pub(super) minter: Minter,
    /// Reads the tokens that this server issued.
    pub(super) verifier: Verifier,
    pub(super) pepper: Pepper,
    pub(super) refresh_key: RefreshKey,
    pub(super) throttle: Throttle,
    /// When what had its time was last forgotten, in seconds since the Unix epoch.
    swept: AtomicI64,
}

/// What a flow wants: changes that are to be made in one transaction, and the answer once they are.
///
/// A refusal may carry changes as well: a replayed code ends what it yielded, and is refused.
pub(crate) struct Plan<T> {
    pub(crate) changes: Vec<Change>,
    pub(crate) outcome: super::OAuthResult<T>,
}

impl<T> Plan<T> {
    /// What comes of a request whose client is authenticated. Refused or not, what its credentials used up stays used up:
    /// otherwise a signed assertion could be presented until a request succeeds.
    pub(super) fn after(
        used_up: Vec<Change>,
        plan: impl FnOnce(Vec<Change>) -> super::OAuthResult<(Vec<Change>, T)>,
    ) -> Self {
        match plan(used_up.clone()) {
            Ok((changes, outcome)) => Self {
                changes,
                outcome: Ok(outcome),
            },
            Err(error) => Self::refused(used_up, error),
        }
    }

    pub(super) fn refused(changes: Vec<Change>, error: super::OAuthError) -> Self {
        Self {
            changes,
            outcome: Err(error),
        }
    }
}

impl Server {
    /// A server that signs with the keys of a ring and hashes secrets under the host's key.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) for settings that are missing or impossible.
    pub(crate) fn new(settings: Settings, ring: &KeyRing, host_key: &[u8; 32]) -> Result<Self> {
        settings.check()?;
        let lifetime = u32::try_from(settings.access_seconds).unwrap_or(u32::MAX);
        Ok(Self {
            minter: Minter::new(&settings.issuer, ring).max_lifetime(lifetime),
            verifier: Verifier::new([settings.profile(ring)])?,
            pepper: Pepper::derive(host_key),
            refresh_key: RefreshKey::derive(host_key),
            throttle: Throttle::new(),
            swept: AtomicI64::new(0),
            settings,
        })
    }

    /// What the tokens look like that this server issues.
    pub(crate) fn profile(&self) -> Profile {
        self.settings.profile(self.minter.ring())
    }

    /// The metadata document (RFC 8414).
    pub(crate) fn metadata(&self, view: &View<'_>) -> ServerMetadata {
        ServerMetadata::new(&self.settings, view.scopes())
    }

    /// The public keys as a key set (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> String {
        self.minter.ring().jwks()
    }

    /// What to commit of a plan, and what to answer then. Now and then what has had its time is forgotten along with it,
    /// so that used codes, assertions and revoked tokens do not pile up.
    pub(crate) fn settle<T>(&self, plan: Plan<T>, now: i64) -> (Vec<Change>, super::OAuthResult<T>) {
        let mut changes = plan.changes;
        if !changes.is_empty() {
            changes.extend(self.forgetting(now));
        }
        (changes, plan.outcome)
    }

    fn forgetting(&self, now: i64) -> Option<Change> {
        let due = |last: i64| (now.saturating_sub(last) >= SWEEP_SECONDS || now < last).then_some(now);
        let swept = self.swept.fetch_update(Ordering::AcqRel, Ordering::Acquire, due);
        swept.is_ok().then(|| {
            let before = now.saturating_sub(REMEMBERED_SECONDS);
            RevocationChange::Forgotten { before }.into()
        })
    }

    pub(super) fn token_endpoint(&self) -> String {
        format!("{}/token", self.settings.endpoints.trim_end_matches('/'))
    }
}

/// How long what was used up is remembered after its expiry, in seconds: a code that is replayed within it still ends
/// what it yielded.
pub(crate) const REMEMBERED_SECONDS: i64 = 24 * 3_600;

/// How often what has had its time is forgotten, in seconds.
const SWEEP_SECONDS: i64 = 600;

/// A fresh id behind a prefix that says of what.
pub(super) fn fresh_id(prefix: &str) -> super::OAuthResult<String> {
    crate::platform::fresh_id(prefix).map_err(super::OAuthError::server)
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("issuer", &self.settings.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
