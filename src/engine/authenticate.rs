//! From a bearer token to a session, the second time without verifying it again.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::token::{Claims, Mark, Proof, TokenCacheUsage};

use super::identity::Tenant;
use super::session::{KeptSession, Session};
use super::{Engine, identity_of};

/// What is known of a token that was verified.
pub(super) struct Known {
    claims: Claims,
    /// What the verification rested on.
    mark: Mark,
    /// The revision at which the session was made.
    revision: u64,
    session: KeptSession,
}

impl Engine {
    /// Verifies a bearer token and makes a session of it, in the tenant that the request is about.
    ///
    /// A token that comes again in the same tenant is found in a cache, and its signature is not checked again. Its times
    /// are, at each call; and the session is made anew when the engine's state has changed, and the token verified anew
    /// when its issuer's keys have.
    ///
    /// # Errors
    ///
    /// A kind of 2xx for everything that is wrong with the token ([`ErrorKind::is_token`]), among them
    /// [`ErrorKind::TokenTenant`] when it belongs to another tenant, and [`ErrorKind::Configuration`] when the schema has
    /// no type for what the token names. The error never holds the token.
    pub fn authenticate(&self, token: &str, tenant: Tenant<'_>) -> Result<Session> {
        self.authenticate_bound(token, tenant, &Proof::none())
    }

    /// The same for a token that is bound to a key or a certificate, with the proof that its bearer holds it. The proof is
    /// checked at each call, also of a token that is found in the cache.
    ///
    /// # Errors
    ///
    /// As [`Engine::authenticate`], and the kinds of [`Verifier::verify_bound`](crate::Verifier::verify_bound).
    pub fn authenticate_bound(&self, token: &str, tenant: Tenant<'_>, proof: &Proof<'_>) -> Result<Session> {
        let inner = &self.inner;
        let verifier = inner.verifier.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::TokenIssuer, "the engine trusts no issuer of tokens")
                .help("add the issuer's profile when building the engine")
        })?;
        let now = inner.clock.now();
        if let Some(known) = inner.cache.get(token, tenant.as_id()) {
            if known.claims.is_timely(now) && verifier.stands(known.mark, now) {
                verifier.check_use(&known.claims, known.mark, token, proof, now)?;
                if known.revision == self.revision() {
                    return Ok(known.session.resume(Arc::clone(inner)));
                }
                return self.admit(token, tenant, known.claims.clone(), known.mark);
            }
            inner.cache.remove(token, tenant.as_id());
        }
        if let Some(error) = inner.cache.refused(token, now) {
            return Err(error);
        }
        let (claims, mark) = verifier.verify_marked(token, now).inspect_err(|error| {
            if error.kind() == ErrorKind::TokenSignature {
                inner.cache.refuse(token, error, now);
            }
        })?;
        if let Some(owner) = claims.tenant()
            && tenant.as_id() != Some(owner)
        {
            inner.note_foreign(&claims, tenant.as_id().unwrap_or_default());
            return Err(Error::new(
                ErrorKind::TokenTenant,
                "the token belongs to another tenant than the request",
            )
            .help("use a token that was issued for this tenant"));
        }
        verifier.check_use(&claims, mark, token, proof, now)?;
        self.admit(token, tenant, claims, mark)
    }

    /// How full the cache of verified tokens is.
    #[must_use]
    pub fn token_cache(&self) -> TokenCacheUsage {
        self.inner.cache.usage()
    }

    /// Makes a session of verified claims, and remembers both.
    fn admit(&self, token: &str, tenant: Tenant<'_>, claims: Claims, mark: Mark) -> Result<Session> {
        // Taken first: a change that comes in between makes the session anew at the next call.
        let revision = self.revision();
        let session = self.session_of(identity_of(&claims), tenant.clone())?;
        // The session repeats most names in the words of the schema and in those of the platform.
        let weight = claims.weight() * 3 + Session::WEIGHT;
        let known = Known {
            claims,
            mark,
            revision,
            session: session.keep(),
        };
        let cache = &self.inner.cache;
        cache.insert(token, tenant.as_id(), Arc::new(known), weight);
        Ok(session)
    }
}

#[cfg(test)]
#[path = "authenticate_tests.rs"]
mod tests;
