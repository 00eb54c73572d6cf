//! Nobody grants authority they lack.
//!
//! Whoever assigns a role holds, at the same place or above it, either that role or roles without conditions that cover
//! all its actions together. Roles are compared by what their templates say, not by trial decisions: a role is handed on
//! for resources that do not exist yet. Authority that follows from static policies is not a role and cannot be handed
//! on. With a token, it covers those actions too.

use serde_json::Value as Json;

use crate::engine::session::Session;
use crate::engine::snapshot::Snapshot;
use crate::error::{Error, ErrorKind, Result};
use crate::platform::{Assignee, Place, RoleAssignment, RoleSet, State, exceeded, unknown};
use crate::policy::{ActionIndex, ActionSet, Vocabulary};
use crate::value::{EntityUid, shorten};

/// Whether the caller may hand this role on.
pub(super) fn check(snapshot: &Snapshot, session: &Session, wanted: &RoleAssignment) -> Result<()> {
    let administration = snapshot.administration.as_deref();
    let (plane, session) = match (wanted.set, administration) {
        (RoleSet::Host, _) => (snapshot, session.clone()),
        (RoleSet::Administration, Some(plane)) => (plane, session.as_administrator(plane)?),
        (RoleSet::Administration, None) => return Err(Error::new(ErrorKind::Internal, "no administration")),
    };
    let role = Role::read(plane, &wanted.role)?;
    let caller = &session.inner.caller;
    let caller = match (&caller.user, &caller.account) {
        (Some(user), _) => Assignee::User(user.clone()),
        (None, Some(account)) => Assignee::ServiceAccount(account.clone()),
        (None, None) => return Err(exceeded("whoever acts here holds no roles")),
    };
    let mut held = ActionSet::new();
    let mut holds_it = false;
    for assignment in snapshot.platform.assignments_of(&caller) {
        if assignment.set != wanted.set || !reaches(&snapshot.platform, &assignment.place, &wanted.place) {
            continue;
        }
        holds_it |= assignment.role == wanted.role;
        let other = Role::read(plane, &assignment.role)?;
        if other.is_whole {
            held.union_with(&other.actions);
        }
    }
    let bound = session.bound(plane);
    for (action, uid) in plane.vocabulary.actions() {
        if !role.actions.contains(action) {
            continue;
        }
        let within_token =
            session.scopes().is_none() || bound.covers(action) && bound.ceilings.leaves(action);
        if !(within_token && (holds_it || held.contains(action))) {
            return Err(exceeded(format!(
                "role `{}` gives {}, which whoever assigns it lacks there",
                shorten(&wanted.role),
                uid.id()
            ))
            .help("let somebody assign it who holds it, or assign a smaller role"));
        }
    }
    Ok(())
}

/// Whether what is held at a place is held at another.
fn reaches(state: &State, held: &Place, wanted: &Place) -> bool {
    match held {
        Place::Platform => true,
        Place::Tenant(tenant) => state.tenant_of(wanted) == Some(tenant),
        Place::Project(_) => held == wanted,
    }
}

/// What a role's template says.
struct Role {
    actions: ActionSet,
    /// A permit without conditions, for everything beneath its place.
    is_whole: bool,
}

impl Role {
    fn read(plane: &Snapshot, name: &str) -> Result<Self> {
        let missing = || unknown("role", name).help("a role is a template of the policies");
        let template = plane
            .policies
            .policy_set()
            .template(&cedar_policy::PolicyId::new(name))
            .ok_or_else(missing)?;
        let json = template
            .to_json()
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let has_slot = |side: &str| json.pointer(&format!("/{side}/slot")).is_some();
        if !has_slot("principal") || !has_slot("resource") {
            return Err(missing());
        }
        let text = |pointer: &str| json.pointer(pointer).and_then(Json::as_str);
        let is_permit = text("/effect") == Some("permit");
        let conditions = json.get("conditions").and_then(Json::as_array);
        Ok(Self {
            // A forbid gives nothing.
            actions: if is_permit {
                actions(&plane.vocabulary, json.get("action"))
            } else {
                ActionSet::new()
            },
            is_whole: is_permit
                && text("/resource/op") == Some("in")
                && conditions.is_some_and(Vec::is_empty),
        })
    }
}

/// The actions of a template's scope; all of them when it cannot be told, so that nobody gets by with less.
fn actions(vocabulary: &Vocabulary, scope: Option<&Json>) -> ActionSet {
    let all = || vocabulary.actions().map(|(action, _)| action).collect::<Vec<_>>();
    let named = |entity: &Json| -> Option<ActionIndex> {
        let uid = EntityUid::new(entity.get("type")?.as_str()?, entity.get("id")?.as_str()?);
        vocabulary.action(&uid.to_string())
    };
    let listed: Option<Vec<ActionIndex>> = scope.and_then(|scope| {
        match (
            scope.get("entity"),
            scope.get("entities").and_then(Json::as_array),
        ) {
            (Some(entity), _) => Some(vec![named(entity)?]),
            (None, Some(entities)) => entities.iter().map(named).collect(),
            (None, None) => None,
        }
    });
    let mut set = ActionSet::new();
    for action in listed.unwrap_or_else(all) {
        set.insert(action);
        if let Some(covered) = vocabulary.covers(action) {
            set.union_with(covered);
        }
    }
    set
}
