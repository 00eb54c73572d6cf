//! The naive model of those who leave, of what is removed, narrowed or widened, and of who asks for an app.

use bailiwick::platform::{
    Assignee, Change, GrantChange, InstallRequestChange, InstallationChange, MembershipChange, Place,
    ProjectChange, Projects, RequestStatus, RoleAssignment, RoleChange, RoleSet, ServiceAccountChange,
};

use crate::model::{Model, ModelRequest, PROJECTS, Rng, Set, TENANTS, USERS, scopes};

const AT: i64 = 5;

/// Draws a change, makes it in the model, and says whether the model allows it.
pub(crate) fn step(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    match rng.below(10) {
        0 => leave_tenant(model, rng),
        1 => leave_project(model, rng),
        2 => remove_project(model, rng),
        3 | 4 => set_projects_of_installation(model, rng),
        5 => set_projects_of_account(model, rng),
        6 | 7 => set_scopes_of_grant(model, rng),
        8 => file_request(model, rng),
        _ => close_request(model, rng),
    }
}

/// The ids of the requests in a tenant that nobody has answered, sorted.
pub(crate) fn open_requests(model: &Model, tenant: &str) -> Vec<String> {
    let requests = model.requests.iter().enumerate();
    let mut open: Vec<String> = requests
        .filter(|(_, request)| request.open && request.tenant == tenant)
        .map(|(number, _)| request_id(number))
        .collect();
    open.sort();
    open
}

fn request_id(number: usize) -> String {
    format!("req{number}")
}

/// Mostly without what has to go first.
fn leave_tenant(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (tenant, user) = (rng.of(&TENANTS), rng.of(&USERS));
    let role = (user.to_owned(), tenant.to_owned());
    let of_user = |model: &Model, at: usize| {
        let grant = &model.grants[at];
        grant.user == user && !grant.revoked && model.installations[grant.installation].tenant == tenant
    };
    let grants: Vec<usize> = (0..model.grants.len()).filter(|at| of_user(model, *at)).collect();
    let is_member = model.members.contains_key(&(tenant, user));
    let is_whole = is_member && rng.below(4) == 0;
    let ok = is_whole || is_member && !model.roles.contains(&role) && grants.is_empty();
    let mut changes = Vec::new();
    if is_whole {
        if model.roles.contains(&role) {
            let (assignee, place) = (Assignee::User(user.into()), Place::Tenant(tenant.into()));
            let id = RoleAssignment::new(assignee, RoleSet::Host, "role", place).id;
            changes.push(RoleChange::Withdrawn { id }.into());
        }
        let revoked = |at: &usize| GrantChange::Revoked {
            id: format!("g{at}").into(),
            at: AT,
        };
        changes.extend(grants.iter().map(|at| Change::from(revoked(at))));
    }
    if ok {
        model.members.remove(&(tenant, user));
        model.roles.remove(&role);
        grants.iter().for_each(|at| model.grants[*at].revoked = true);
        model.outdate_user(tenant, user);
    }
    let (tenant, user) = (tenant.into(), user.into());
    changes.push(MembershipChange::Left { tenant, user, at: AT }.into());
    (changes, ok)
}

fn leave_project(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (tenant, user, project) = (rng.of(&TENANTS), rng.of(&USERS), rng.of(&PROJECTS));
    let member = model.members.get_mut(&(tenant, user));
    let ok = member.is_some_and(|member| member.projects.remove(project));
    let (tenant, user, project) = (tenant.into(), user.into(), project.into());
    (
        vec![
            MembershipChange::ProjectLeft {
                tenant,
                user,
                project,
            }
            .into(),
        ],
        ok,
    )
}

fn remove_project(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let id = rng.of(&PROJECTS);
    // Seldom, as its id is used up.
    if rng.below(3) > 0 {
        return (vec![ProjectChange::Removed { id: "none".into() }.into()], false);
    }
    let ok = model.projects.get(id).is_some_and(|(_, removed)| !removed);
    if let (true, Some((_, removed))) = (ok, model.projects.get_mut(id)) {
        *removed = true;
    }
    (vec![ProjectChange::Removed { id: id.into() }.into()], ok)
}

/// All projects, or a list of at most two.
fn draw_projects(rng: &mut Rng) -> Option<Set> {
    let listed = Set::from([rng.of(&PROJECTS), rng.of(&PROJECTS)]);
    match rng.below(4) {
        0 => None,
        1 => Some(Set::new()),
        _ => Some(listed),
    }
}

fn projects_of(listed: Option<Set>) -> Projects {
    listed.map_or(Projects::All, Projects::listed)
}

fn fit(model: &Model, listed: Option<&Set>, tenant: &str) -> bool {
    listed.is_none_or(|listed| listed.iter().all(|project| model.live_project(project, tenant)))
}

fn set_projects_of_installation(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (which, listed) = (rng.below(model.installations.len() + 1), draw_projects(rng));
    let known = model.installations.get(which).filter(|it| !it.removed);
    let ok = known.is_some_and(|it| fit(model, listed.as_ref(), it.tenant));
    if ok {
        model.installations[which].projects.clone_from(&listed);
    }
    let (id, projects) = (format!("ins{which}").into(), projects_of(listed));
    (vec![InstallationChange::ProjectsSet { id, projects }.into()], ok)
}

fn set_projects_of_account(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (which, listed) = (rng.below(model.accounts.len() + 1), draw_projects(rng));
    let known = model.accounts.get(which).filter(|it| !it.deleted);
    let ok = known.is_some_and(|it| fit(model, listed.as_ref(), it.tenant));
    if ok {
        model.accounts[which].projects.clone_from(&listed);
    }
    let (id, projects) = (format!("acc{which}").into(), projects_of(listed));
    (
        vec![ServiceAccountChange::ProjectsSet { id, projects }.into()],
        ok,
    )
}

fn set_scopes_of_grant(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (which, wanted) = (rng.below(model.grants.len() + 1), rng.scopes());
    let ok = model.grants.get(which).is_some_and(|grant| {
        let installation = &model.installations[grant.installation];
        let is_given = !grant.revoked && !installation.removed && model.live(installation.tenant);
        is_given && wanted.is_subset(&installation.scopes)
    });
    if ok {
        model.grants[which].scopes.clone_from(&wanted);
    }
    let (id, scopes) = (format!("g{which}").into(), scopes(&wanted));
    (vec![GrantChange::ScopesSet { id, scopes }.into()], ok)
}

fn file_request(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (tenant, user, wanted) = (rng.of(&TENANTS), rng.of(&USERS), rng.scopes());
    let is_open = |request: &ModelRequest| request.open && (request.tenant, request.user) == (tenant, user);
    let ok = model.live(tenant)
        && model.app.as_ref().is_some_and(|app| !app.retired)
        && model.members.contains_key(&(tenant, user))
        && model.installed(tenant).is_none()
        && !model.requests.iter().any(is_open);
    let id = request_id(model.requests.len()).into();
    if ok {
        model.requests.push(ModelRequest {
            tenant,
            user,
            open: true,
        });
    }
    let filed = InstallRequestChange::Filed {
        id,
        tenant: tenant.into(),
        app: "app".into(),
        user: user.into(),
        scopes: scopes(&wanted),
        at: AT,
    };
    (vec![filed.into()], ok)
}

fn close_request(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let which = rng.below(model.requests.len() + 1);
    let status = rng.of(&[
        RequestStatus::Approved,
        RequestStatus::Declined,
        RequestStatus::Open,
    ]);
    let ok = status != RequestStatus::Open && model.requests.get(which).is_some_and(|it| it.open);
    if ok {
        model.requests[which].open = false;
    }
    let id = request_id(which).into();
    (vec![InstallRequestChange::Closed { id, status }.into()], ok)
}
