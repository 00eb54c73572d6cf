//! Nobody grants authority they lack.
//!
//! Whoever assigns a role holds, at the same place or above it, either that role or roles without conditions that cover
//! all its actions together. Roles are compared by what their templates say, not by trial decisions: a role is handed on
//! for resources that do not exist yet. Authority that follows from static policies is not a role and cannot be handed
//! on. With a token, it covers those actions too.

use crate::compile::program::Effect;
use crate::compile::scope::{ActionScope, Scope, Target};
use crate::decide::Authorizer;
use crate::engine::session::Session;
use crate::engine::snapshot::Snapshot;
use crate::entities::handles::Handle;
use crate::error::{Error, ErrorKind, Result};
use crate::platform::{Assignee, Place, RoleAssignment, RoleSet, State, exceeded, unknown};
use crate::policy::{ActionIndex, ActionSet, Vocabulary};
use crate::value::shorten;

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
        let authorizer = &plane.authorizer;
        let template = authorizer.template(name).ok_or_else(missing)?;
        if !template.principal.is_slot() || !template.resource.is_slot() {
            return Err(missing());
        }
        let is_permit = template.effect == Effect::Permit;
        Ok(Self {
            // A forbid gives nothing.
            actions: if is_permit {
                actions(&plane.vocabulary, authorizer, &template.action)
            } else {
                ActionSet::new()
            },
            is_whole: is_permit
                && template.resource == Scope::In(Target::Slot)
                && template.condition.is_none(),
        })
    }
}

/// The actions of a template's scope; all of them when it cannot be told, so that nobody gets by with less.
fn actions(vocabulary: &Vocabulary, authorizer: &Authorizer, scope: &ActionScope) -> ActionSet {
    let named = |handle: &Handle| {
        let uid = authorizer.uid(*handle)?;
        vocabulary.action(&uid.to_string())
    };
    let listed: Option<Vec<ActionIndex>> = match scope {
        ActionScope::Any => None,
        ActionScope::Eq(_) | ActionScope::In(_) => scope.handles().iter().map(named).collect(),
    };
    let all = || vocabulary.actions().map(|(action, _)| action).collect();
    let mut set = ActionSet::new();
    for action in listed.unwrap_or_else(all) {
        set.insert(action);
        if let Some(covered) = vocabulary.covers(action) {
            set.union_with(covered);
        }
    }
    set
}
