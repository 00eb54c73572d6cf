//! What is told of each change: who made it, and what it changed.

use serde::Serialize;
use serde_json::Value as Json;

use crate::engine::session::Session;
use crate::engine::snapshot::Snapshot;
use crate::platform::{Change, State};

/// Told of every change once it is made.
pub(crate) type OnChange = Box<dyn Fn(&ChangeRecord) + Send + Sync>;

/// Who makes a change.
#[derive(Clone, Copy)]
pub(crate) enum Actor<'a> {
    /// The library itself, or the host beneath it; for what.
    Nobody(&'static str),
    /// A session's caller, doing an action of the administration.
    Session(&'a Session, &'static str),
}

/// One transaction: who changed what, and how it was before and after. Holds no secret in clear.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ChangeRecord {
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// The revision that the changes led to.
    pub revision: u64,
    /// Who: the uid of the principal; none for the library itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Through which app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// In which tenant the actor acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The tenants of what changed, where the records do not name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// What was asked for: an action of `policies/platform`.
    pub action: &'static str,
    /// What changed, in order.
    pub changes: Vec<Change>,
    /// The records that the changes are about as they were, in the order of the changes; null for what was not there.
    pub before: Vec<Json>,
    /// The same as they are now.
    pub after: Vec<Json>,
}

impl ChangeRecord {
    /// The record for the audit. It has the records before and after, not the changes in between: those may hold hashes
    /// and sealed keys.
    pub(in crate::engine) fn audited(&self) -> Json {
        let mut json = serde_json::to_value(self).unwrap_or(Json::Null);
        if let Some(members) = json.as_object_mut() {
            members.remove("changes");
        }
        json
    }

    pub(in crate::engine) fn new(
        actor: Actor<'_>,
        at: i64,
        before: &Snapshot,
        after: &Snapshot,
        changes: Vec<Change>,
    ) -> Self {
        let (session, action) = match actor {
            Actor::Nobody(action) => (None, action),
            Actor::Session(session, action) => (Some(session), action),
        };
        let caller = session.map(|session| &session.inner.caller);
        Self {
            at,
            revision: after.revision,
            actor: session.map(|session| session.principal().to_string()),
            app: caller
                .and_then(|caller| caller.app.as_ref())
                .map(ToString::to_string),
            tenant: caller
                .and_then(|caller| caller.tenant.as_ref())
                .map(ToString::to_string),
            tenants: tenants(&after.platform, &changes),
            action,
            before: changes
                .iter()
                .map(|change| before.platform.record_of(change))
                .collect(),
            after: changes
                .iter()
                .map(|change| after.platform.record_of(change))
                .collect(),
            changes,
        }
    }
}

fn tenants(state: &State, changes: &[Change]) -> Vec<String> {
    let mut tenants: Vec<String> = changes
        .iter()
        .filter_map(|change| state.tenant_behind(change))
        .map(ToString::to_string)
        .collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}
