//! What a flow looks at: the platform's state at one moment, the time, and what the scopes of the schema mean.

use crate::platform::{Caller, Issued, Provenance, Refusal, Scopes, Standing, State, TenantId};
use crate::policy::Vocabulary;

use super::error::{OAuthError, OAuthResult};

/// One moment of the platform.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
    /// The host's schema, and the one by which the platform is administered: a scope is one of either.
    pub(crate) vocabularies: [Option<&'a Vocabulary>; 2],
    /// Seconds since the Unix epoch.
    pub(crate) now: i64,
}

impl<'a> View<'a> {
    /// The names of all scopes.
    pub(super) fn scopes(&self) -> Vec<String> {
        let vocabularies = self.vocabularies.iter().flatten();
        let names = vocabularies.flat_map(|it| it.scopes().map(|(name, _)| name.to_owned()));
        names.collect()
    }

    /// Whether `scope` is among `scopes`, or covers no action that they do not cover together.
    pub(crate) fn covers(&self, scopes: &Scopes, scope: &str) -> bool {
        // Which schema knows the scope: there its actions are numbered.
        let mut vocabularies = self.vocabularies.iter().flatten();
        scopes.contains(scope) || vocabularies.any(|vocabulary| vocabulary.is_covered(scope, scopes.iter()))
    }

    /// Those of some scopes that the boundary of a tenant does not cover. The boundary caps each decision anyway: this
    /// tells of it before somebody relies on an approval.
    pub(crate) fn beyond_boundary<'s>(&self, tenant: &TenantId, scopes: &'s Scopes) -> Vec<&'s str> {
        let tenant = self.state.tenant(tenant.as_str());
        let Some(boundary) = tenant.and_then(|tenant| tenant.boundary.as_ref()) else {
            return Vec::new();
        };
        scopes
            .iter()
            .filter(|scope| !self.covers(boundary, scope))
            .collect()
    }

    pub(super) fn knows(&self, scope: &str) -> bool {
        let mut vocabularies = self.vocabularies.iter().flatten();
        vocabularies.any(|vocabulary| vocabulary.scope(scope).is_some())
    }

    /// The scopes of a new token: those that are asked for, which everything above must cover, or else as much of the
    /// usual ones as it covers.
    pub(super) fn choose(
        &self,
        asked: Option<Scopes>,
        usual: Option<&Scopes>,
        standing: &Standing<'_>,
    ) -> OAuthResult<Scopes> {
        let is_covered = |scope: &str| standing.caps.iter().all(|cap| self.covers(cap.scopes, scope));
        let Some(asked) = asked else {
            let usual = usual.ok_or_else(|| OAuthError::invalid_scope("scope is missing"))?;
            let covered = usual
                .iter()
                .filter(|scope| self.knows(scope) && is_covered(scope));
            return Scopes::new(covered).map_err(OAuthError::server);
        };
        for scope in asked.iter() {
            if !self.knows(scope) {
                return Err(OAuthError::invalid_scope(format!("there is no scope {scope}")));
            }
            if let Some(cap) = standing.caps.iter().find(|cap| !self.covers(cap.scopes, scope)) {
                let what = if cap.is_boundary { "boundary of the " } else { "" };
                return Err(OAuthError::invalid_scope(format!(
                    "the {what}{} does not cover {scope}",
                    cap.factor
                )));
            }
        }
        Ok(asked)
    }

    /// What a caller amounts to now, whose token would be issued at this moment.
    pub(super) fn standing(
        &self,
        mut caller: Caller,
        trim: impl FnOnce(&mut Provenance),
    ) -> Result<Standing<'a>, Refusal> {
        let mut provenance = Provenance::issued(Issued::Sequence(self.state.sequence()));
        trim(&mut provenance);
        caller.provenance = Some(provenance);
        self.state.standing(&caller)
    }
}
