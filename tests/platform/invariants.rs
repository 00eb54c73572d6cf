//! The invariants of the platform as properties over drawn states.
//!
//! Others stand beside what they speak of, by the same names:
//!
//! - 3, 21, 22, 26, 27: `tests/oauth/invariants.rs`; 21, 22 and 26 are also what the conformance cases ask every face
//! - 9: `tests/store/engine.rs`; 16: `tests/store/secrets.rs`; 30: `tests/store/crash.rs`
//! - 17, 19, 20: `src/oauth` and `tests/oauth/threats.rs`; 20 and all of the platform's state: 29, `model.rs`
//! - 23, 25: `src/token/threat_tests.rs`; 24, 27: `src/engine/authenticate_tests.rs`; 28: `src/token/key_source_tests.rs`
//!
//! `tests/threats.rs` sees to it that none is missing.

use bailiwick::platform::{
    Assignee, Bounded, GrantId, Issued, Manifest, Place, Projects, Provenance, Scopes, SecretOwner, Side,
};
use bailiwick::{
    Consent, ErrorKind, Identity, NewServiceAccount, Principal, Reason, Resource, Session, Tenant,
};

use crate::model::Rng;
use crate::world::{NOW, World, ask, item, reason, scopes};

const SCOPES: [&str; 3] = ["rfis:read", "rfis:write", "budget:write"];
const ACTIONS: [&str; 3] = ["rfis.view", "rfis.close", "budget.edit"];
const PROJECTS: [&str; 2] = ["p1", "p2"];
const ROLES: [&str; 3] = ["rfis-read-only", "rfis-standard", "company-admin"];

fn drawn(rng: &mut Rng) -> Scopes {
    let bits = rng.below(8);
    let names = SCOPES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    Scopes::new(names.map(|(_, name)| *name)).unwrap()
}

fn both(a: &Scopes, b: &Scopes) -> Scopes {
    Scopes::new(
        SCOPES
            .iter()
            .copied()
            .filter(|name| a.contains(name) && b.contains(name)),
    )
    .unwrap()
}

/// What the schema says, in plain words.
fn covers(scopes: &Scopes, action: &str) -> bool {
    match action {
        "rfis.view" => scopes.contains("rfis:read") || scopes.contains("rfis:write"),
        "rfis.close" => scopes.contains("rfis:write"),
        _ => scopes.contains("budget:write"),
    }
}

fn role_permits(role: &str, action: &str) -> bool {
    match role {
        "rfis-read-only" => action == "rfis.view",
        "rfis-standard" => action.starts_with("rfis"),
        _ => true,
    }
}

fn text(scopes: &Scopes) -> String {
    let names: Vec<&str> = SCOPES
        .iter()
        .copied()
        .filter(|name| scopes.contains(name))
        .collect();
    names.join(" ")
}

/// Every decision that a session of the app for dan gets, in one order.
fn decisions(session: &Session) -> Vec<bool> {
    let questions = PROJECTS
        .iter()
        .flat_map(|project| ACTIONS.map(|action| (project, action)));
    questions
        .map(|(project, action)| ask(session, action, &item(project)).allowed())
        .collect()
}

/// dan with a role on p1, the app installed for p1 with drawn scopes.
struct Drawn {
    world: World,
    role: &'static str,
    installed: Scopes,
    installation: bailiwick::platform::InstallationId,
}

impl Drawn {
    fn new(rng: &mut Rng) -> Self {
        let world = World::new();
        let (role, installed) = (rng.of(&ROLES), drawn(rng));
        world.assign(Assignee::User("dan".into()), role, Place::Project("p1".into()));
        let ana = world.user("ana", "acme");
        let projects = Projects::listed(["p1"]);
        let installation = world
            .engine
            .act_as(&ana)
            .install("acme", "dashboards", installed.clone(), projects)
            .unwrap();
        Self {
            world,
            role,
            installed,
            installation,
        }
    }

    fn consent(&self, asked: Scopes) -> GrantId {
        let dan = self.world.user("dan", "acme");
        match self
            .world
            .engine
            .act_as(&dan)
            .consent("dashboards", asked)
            .unwrap()
        {
            Consent::Given(grant) => grant,
            Consent::Requested(_) => panic!("it is installed"),
        }
    }

    fn set_boundary(&self, boundary: Option<Scopes>) {
        let ana = self.world.user("ana", "acme");
        let on = Bounded::Tenant("acme".into());
        self.world
            .engine
            .act_as(&ana)
            .set_boundary(&on, boundary)
            .unwrap();
    }
}

#[test]
fn invariant_01_what_is_allowed_lies_in_every_factor() {
    let mut rng = Rng(1);
    let (mut allowed, mut asked) = (0, 0);
    for _ in 0..12 {
        let drawn_world = Drawn::new(&mut rng);
        for _ in 0..12 {
            let granted = both(&drawn(&mut rng), &drawn_world.installed);
            let grant = drawn_world.consent(granted.clone());
            let boundary = (rng.below(3) > 0).then(|| drawn(&mut rng));
            drawn_world.set_boundary(boundary.clone());
            let token = drawn(&mut rng);
            let session = drawn_world.world.through_app("dan", "acme", &text(&token));
            let mut found = decisions(&session).into_iter();
            for project in PROJECTS {
                for action in ACTIONS {
                    let factors = [
                        Some(&token),
                        Some(&drawn_world.installed),
                        Some(&granted),
                        boundary.as_ref(),
                    ];
                    let expected = project == "p1"
                        && role_permits(drawn_world.role, action)
                        && factors.into_iter().flatten().all(|factor| covers(factor, action));
                    assert_eq!(
                        found.next(),
                        Some(expected),
                        "{action} in {project} with {factors:?}"
                    );
                    allowed += usize::from(expected);
                    asked += 1;
                }
            }
            drawn_world.set_boundary(None);
            let dan = drawn_world.world.user("dan", "acme");
            drawn_world.world.engine.act_as(&dan).revoke_grant(grant).unwrap();
        }
    }
    assert!(allowed * 40 > asked, "{allowed} of {asked}");
}

#[test]
fn invariant_02_less_authority_never_allows_more() {
    let mut rng = Rng(2);
    for _ in 0..20 {
        let Drawn {
            world,
            role,
            installed,
            installation,
        } = Drawn::new(&mut rng);
        let ana = world.user("ana", "acme");
        let admin = world.engine.act_as(&ana);
        let tenant = Bounded::Tenant("acme".into());
        world.consent("dan", "acme", &text(&installed));
        let mut boundary = scopes("rfis:read rfis:write budget:write");
        let session = world.through_app("dan", "acme", "rfis:read rfis:write budget:write");
        let mut before = decisions(&session);
        let allowed_at_first = before.iter().any(|allowed| *allowed);
        let mut steps = vec![0, 1, 1, 1, 2, 3];
        while !steps.is_empty() {
            match steps.swap_remove(rng.below(steps.len())) {
                0 => admin
                    .configure_projects(installation.clone(), Projects::none())
                    .unwrap(),
                1 => {
                    boundary = both(&boundary, &drawn(&mut rng));
                    admin.set_boundary(&tenant, Some(boundary.clone())).unwrap();
                }
                2 => {
                    let place = Place::Project("p1".into());
                    let roles = admin.roles_at(&place).unwrap();
                    for assignment in roles.into_iter().filter(|it| it.role == role) {
                        admin.withdraw_role(assignment.id).unwrap();
                    }
                }
                _ => admin.suspend(installation.clone(), Side::TenantAdmin).unwrap(),
            }
            let after = decisions(&session);
            let grew = before.iter().zip(&after).any(|(before, after)| *after && !before);
            assert!(!grew, "{before:?} became {after:?}");
            before = after;
        }
        assert!(!before.contains(&true), "all of it was taken away");
        assert_eq!(
            allowed_at_first,
            ACTIONS
                .iter()
                .any(|action| covers(&installed, action) && role_permits(role, action))
        );
    }
}

#[test]
fn invariant_04_without_user_installs_a_consent_installs_nothing() {
    let mut rng = Rng(4);
    let world = World::new();
    let dan = world.user("dan", "acme");
    for _ in 0..40 {
        let consented = world.engine.act_as(&dan).consent("dashboards", drawn(&mut rng));
        assert!(!matches!(consented, Ok(Consent::Given(_))));
        let state = world.engine.platform();
        assert!(state.installations_in("acme").next().is_none());
        let session = world.through_app("dan", "acme", "rfis:read rfis:write");
        assert!(!decisions(&session).contains(&true));
    }
    let ana = world.user("ana", "acme");
    assert!(
        !world
            .engine
            .act_as(&ana)
            .install_requests("acme")
            .unwrap()
            .is_empty()
    );
}

#[test]
fn invariant_05_nobody_grants_authority_that_they_lack() {
    let mut rng = Rng(5);
    let world = World::new();
    world.assign(
        Assignee::User("dan".into()),
        "rfis-standard",
        Place::Project("p1".into()),
    );
    let count = || {
        let state = world.engine.platform();
        let places = [
            Place::Tenant("acme".into()),
            Place::Project("p1".into()),
            Place::Project("p2".into()),
        ];
        places
            .iter()
            .map(|place| state.assignments_at(place).count())
            .sum::<usize>()
    };
    let before = count();
    for (user, tenant) in [("dan", "acme"), ("ida", "borealis"), ("dana", "devco")] {
        let session = world.user(user, tenant);
        let admin = world.engine.act_as(&session);
        for _ in 0..40 {
            let place = match rng.below(3) {
                0 => Place::Tenant("acme".into()),
                1 => Place::Project("p1".into()),
                _ => Place::Project("p2".into()),
            };
            let to = rng.of(&["dan", "ida", "ana", "nobody"]);
            let refused = admin
                .assign_role(Assignee::User(to.into()), rng.of(&ROLES), place)
                .unwrap_err();
            assert!(refused.kind().is_platform(), "{refused:?}");
            let new = NewServiceAccount::named("Mine").all_projects();
            assert!(admin.create_service_account("acme", new).is_err());
            assert!(
                admin
                    .install("acme", "dashboards", drawn(&mut rng), Projects::All)
                    .is_err()
            );
        }
    }
    assert_eq!(count(), before);
}

#[test]
fn invariants_06_and_07_a_version_changes_nothing_until_approved_and_projects_roles_and_scopes_stay() {
    let mut rng = Rng(6);
    let Drawn {
        world,
        installed,
        installation,
        ..
    } = Drawn::new(&mut rng);
    world.consent("dan", "acme", &text(&installed));
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let new = NewServiceAccount::named("ERP").project("p2");
    let (account, _) = admin.create_service_account("acme", new).unwrap();
    world.assign(
        Assignee::ServiceAccount(account.clone()),
        "rfis-standard",
        Place::Project("p2".into()),
    );
    let owner = SecretOwner::ServiceAccount(account.clone());
    let dana = world.user("dana", "devco");
    let developer = world.engine.act_as(&dana);
    let session = world.through_app("dan", "acme", "rfis:read rfis:write budget:write");
    let by_account = world.through_account(&account, world.issued_now());
    let standing = || {
        let state = world.engine.platform();
        let it = state.installation(installation.as_str()).unwrap();
        let roles = state
            .assignments_of(&Assignee::ServiceAccount(account.clone()))
            .count();
        let projects = state.account(account.as_str()).unwrap().projects.clone();
        (it.projects.clone(), projects, roles)
    };
    let (before, kept) = ((decisions(&session), decisions(&by_account)), standing());
    for round in 0..12 {
        let manifest = Manifest::new(drawn(&mut rng)).redirect_uri("https://dashboards.example/cb");
        let number = developer.draft_version("dashboards", manifest).unwrap();
        assert_eq!((decisions(&session), decisions(&by_account)), before, "drafted");
        developer.publish_version("dashboards", number).unwrap();
        assert_eq!((decisions(&session), decisions(&by_account)), before, "published");
        admin.rotate_secret(&owner, rng.of(&[0, 10])).unwrap();
        world.clock.advance(20);
        assert_eq!(
            (decisions(&session), decisions(&by_account)),
            before,
            "rotated in round {round}"
        );
        assert_eq!(standing(), kept);
    }
    let number = world.publish("rfis:read rfis:write budget:write");
    admin
        .approve_version(installation.clone(), number, scopes("rfis:read"))
        .unwrap();
    assert_eq!(standing(), kept, "an approval changes what is asked, not where");
}

/// What takes authority away, and what denies then.
#[test]
fn invariant_08_what_is_revoked_is_denied_at_the_very_next_decision() {
    let mut rng = Rng(8);
    for round in 0..24 {
        let world = World::new();
        world.assign(
            Assignee::User("dan".into()),
            "rfis-standard",
            Place::Project("p1".into()),
        );
        let installation = world.install("acme", "ana", Projects::All);
        let grant = world.consent("dan", "acme", "rfis:read");
        let (ana, dan) = (world.user("ana", "acme"), world.user("dan", "acme"));
        let (admin, user) = (world.engine.act_as(&ana), world.engine.act_as(&dan));
        let (account, _) = admin
            .create_service_account("acme", NewServiceAccount::named("ERP").project("p1"))
            .unwrap();
        world.assign(
            Assignee::ServiceAccount(account.clone()),
            "rfis-standard",
            Place::Project("p1".into()),
        );
        let secret = world.engine.platform();
        let owner = SecretOwner::ServiceAccount(account.clone());
        let secret = secret.secrets_of(&owner).next().unwrap().id.clone();
        let mut provenance = world.issued_now();
        provenance.secret = Some(secret.clone());
        provenance.token = Some("t1".into());
        let by_account = world.through_account(&account, provenance);
        let by_app = world.through_app("dan", "acme", "rfis:read");
        let sessions = [&by_account, &by_app];
        // Warm or cold: a session that has decided before must notice as well.
        if rng.below(2) == 0 {
            for session in sessions {
                assert_eq!(reason(session, "rfis.view", "p1"), Reason::Permitted);
            }
        }
        // The app's session names no grant: the user's active one is looked for, and then there is none.
        let (dead, expected) = match round % 8 {
            0 => (&by_app, user.revoke_grant(grant).map(|()| Reason::Unknown)),
            1 => (&by_app, admin.uninstall(installation).map(|()| Reason::Revoked)),
            2 => (
                &by_app,
                admin
                    .suspend(installation, Side::TenantAdmin)
                    .map(|()| Reason::Suspended),
            ),
            3 => (
                &by_app,
                admin.deactivate_user("acme", "dan").map(|()| Reason::Disabled),
            ),
            4 => (
                &by_account,
                admin.disable_account(account).map(|()| Reason::Disabled),
            ),
            5 => (
                &by_account,
                admin.delete_account(account).map(|()| Reason::Revoked),
            ),
            6 => (
                &by_account,
                admin.revoke_secret(secret, true).map(|()| Reason::Revoked),
            ),
            _ => (
                &by_account,
                admin
                    .revoke_account_token(account, "t1", NOW + 600)
                    .map(|()| Reason::Revoked),
            ),
        };
        assert_eq!(
            reason(dead, "rfis.view", "p1"),
            expected.unwrap(),
            "round {round}"
        );
        let alive = if std::ptr::eq(dead, &raw const by_app) {
            &by_account
        } else {
            &by_app
        };
        assert_eq!(
            reason(alive, "rfis.view", "p1"),
            Reason::Permitted,
            "round {round}"
        );
    }
}

#[test]
fn invariants_10_and_11_disabling_denies_and_enabling_revives_nothing() {
    let mut rng = Rng(10);
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let (account, _) = admin
        .create_service_account("acme", NewServiceAccount::named("ERP").project("p1"))
        .unwrap();
    world.assign(
        Assignee::ServiceAccount(account.clone()),
        "rfis-standard",
        Place::Project("p1".into()),
    );
    // Each session with the number of times the account had been disabled when it began.
    let (mut sessions, mut disabled, mut times) = (Vec::new(), false, 0);
    for _ in 0..120 {
        match rng.below(4) {
            0 if disabled => {
                admin.enable_account(account.clone()).unwrap();
                disabled = false;
            }
            1 if !disabled => {
                admin.disable_account(account.clone()).unwrap();
                (disabled, times) = (true, times + 1);
            }
            _ if !disabled && sessions.len() < 40 => {
                sessions.push((times, world.through_account(&account, world.issued_now())));
            }
            _ => {}
        }
        for (since, session) in &sessions {
            let expected = match (disabled, *since == times) {
                (true, _) => Reason::Disabled,
                (false, true) => Reason::Permitted,
                (false, false) => Reason::Outdated,
            };
            assert_eq!(reason(session, "rfis.view", "p1"), expected);
        }
    }
    assert!(times > 5 && sessions.len() > 20);
}

/// Tokens of another issuer name neither consent nor installation: only their age tells what they came from.
#[test]
fn invariant_11_neither_a_new_consent_nor_coming_back_revives_tokens_of_another_issuer() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let token = |at: i64, app: Option<&'static str>| {
        let mut identity = Identity::token(Principal::user("dan"), ["rfis:read"]).expires(NOW + 100_000);
        identity = identity.provenance(Provenance::issued(Issued::Time(Some(at))));
        if let Some(app) = app {
            identity = identity.app(app);
        }
        world.engine.session_of(identity, Tenant::id("acme")).unwrap()
    };
    let assign = || {
        let dan = Assignee::User("dan".into());
        world.assign(dan, "rfis-standard", Place::Project("p1".into()));
    };
    assign();
    let mut installation = world.install("acme", "ana", Projects::All);
    let mut grant = world.consent("dan", "acme", "rfis:read");
    let (mut of_app, mut of_user) = (Vec::new(), Vec::new());
    for round in 0..6 {
        let now = world.clock.now();
        of_app.push(token(now, Some("dashboards")));
        of_user.push(token(now, None));
        world.clock.advance(10);
        // Those of this round are good, those of earlier ones are not.
        let check = |sessions: &[Session]| {
            let (last, earlier) = sessions.split_last().unwrap();
            assert_eq!(
                reason(last, "rfis.view", "p1"),
                Reason::Permitted,
                "round {round}"
            );
            for session in earlier {
                assert_eq!(
                    reason(session, "rfis.view", "p1"),
                    Reason::Outdated,
                    "round {round}"
                );
            }
        };
        check(&of_app);
        match round % 3 {
            0 => admin.revoke_grant(grant.clone()).unwrap(),
            1 => {
                admin.uninstall(installation.clone()).unwrap();
                installation = world.install("acme", "ana", Projects::All);
            }
            _ => {
                admin.remove_member("acme", "dan").unwrap();
                assert_eq!(reason(&of_user[round], "rfis.view", "p1"), Reason::Outdated);
                admin.add_member("acme", "dan").unwrap();
                assign();
                for session in &of_user {
                    assert_eq!(reason(session, "rfis.view", "p1"), Reason::Outdated);
                }
            }
        }
        world.clock.advance(10);
        grant = world.consent("dan", "acme", "rfis:read");
    }
}

#[test]
fn invariant_12_a_suspension_stands_while_any_side_keeps_it_and_only_its_side_lifts_it() {
    let mut rng = Rng(12);
    let world = World::new();
    let installation = world.install("acme", "ana", Projects::All);
    world.assign(
        Assignee::User("dan".into()),
        "rfis-standard",
        Place::Project("p1".into()),
    );
    world.consent("dan", "acme", "rfis:read");
    // Each in a session of the tenant where it is installed.
    let people = [
        ("ana", "acme", Side::TenantAdmin),
        ("dana", "acme", Side::Developer),
        ("olga", "acme", Side::Platform),
    ];
    let mut flags: Vec<Side> = Vec::new();
    for _ in 0..100 {
        let ((user, tenant, own), side) = (rng.of(&people), rng.of(&Side::ALL));
        let session = world.user(user, tenant);
        let admin = world.engine.act_as(&session);
        let is_lifting = rng.below(2) == 0;
        let done = if is_lifting {
            admin.unsuspend(installation.clone(), side)
        } else {
            admin.suspend(installation.clone(), side)
        };
        let expected = own == side && flags.contains(&side) == is_lifting;
        assert_eq!(done.is_ok(), expected, "{user} {side:?} {is_lifting}: {done:?}");
        if expected {
            flags.retain(|flag| *flag != side);
            flags.extend((!is_lifting).then_some(side));
        }
        let fresh = world.through_app("dan", "acme", "rfis:read");
        let expected = if flags.is_empty() {
            Reason::Permitted
        } else {
            Reason::Suspended
        };
        assert_eq!(reason(&fresh, "rfis.view", "p1"), expected);
    }
}

#[test]
fn invariants_13_and_14_an_uninstalled_app_is_gone_there_alone_and_no_tenant_reaches_into_another() {
    let mut rng = Rng(13);
    let world = World::new();
    for (tenant, admin, project) in [("acme", "ana", "p1"), ("borealis", "ida", "b1")] {
        world.install(tenant, admin, Projects::All);
        world.consent(admin, tenant, "rfis:read");
        let by_app = world.through_app(admin, tenant, "rfis:read");
        assert_eq!(reason(&by_app, "rfis.view", project), Reason::Permitted);
    }
    let (a, b) = (
        world.through_app("ana", "acme", "rfis:read"),
        world.through_app("ida", "borealis", "rfis:read"),
    );
    let ask_all = |session: &Session, rng: &mut Rng| -> Vec<Reason> {
        let places = ["p1", "p2", "b1", "nowhere"];
        let mut reasons: Vec<Reason> = places
            .iter()
            .map(|place| reason(session, "rfis.view", place))
            .collect();
        let lost = Resource::new("Item", format!("i{}", rng.below(9)));
        reasons.push(ask(session, "rfis.view", &lost).reason());
        reasons
    };
    for uninstalled in [false, true] {
        for _ in 0..20 {
            let (mine, other, none) = (Reason::Permitted, Reason::OtherTenant, Reason::NoTenant);
            let gone = if uninstalled {
                vec![Reason::Revoked; 5]
            } else {
                vec![mine, mine, other, none, none]
            };
            assert_eq!(ask_all(&a, &mut rng), gone);
            assert_eq!(ask_all(&b, &mut rng), [other, other, mine, none, none]);
        }
        if !uninstalled {
            let ana = world.user("ana", "acme");
            let installed = world.engine.act_as(&ana).installations("acme").unwrap();
            world
                .engine
                .act_as(&ana)
                .uninstall(installed[0].id.clone())
                .unwrap();
        }
    }
}

#[test]
fn invariant_15_one_id_in_two_tenants_shares_nothing() {
    let mut rng = Rng(15);
    let world = World::new();
    let ida = world.user("ida", "borealis");
    let elsewhere = world.engine.act_as(&ida);
    elsewhere.add_member("borealis", "ana").unwrap();
    world.install("acme", "ana", Projects::All);
    world.install("borealis", "ida", Projects::All);
    world.consent("ana", "acme", "rfis:read rfis:write");
    world.consent("ana", "borealis", "rfis:read");
    let place = Place::Project("b1".into());
    let role = elsewhere
        .assign_role(Assignee::User("ana".into()), "rfis-read-only", place)
        .unwrap();
    let sessions = [
        ("p1", world.user("ana", "acme"), [true, true]),
        ("p1", world.through_app("ana", "acme", "rfis:write"), [true, true]),
        ("b1", world.user("ana", "borealis"), [true, false]),
        (
            "b1",
            world.through_app("ana", "borealis", "rfis:write"),
            [true, false],
        ),
    ];
    for step in 0..200 {
        if step == 100 {
            elsewhere.withdraw_role(role.clone()).unwrap();
        }
        let at = rng.below(sessions.len());
        let (project, session, [view, close]) = &sessions[at];
        let view = *view && (*project == "p1" || step < 100);
        assert_eq!(
            ask(session, "rfis.view", &item(project)).allowed(),
            view,
            "step {step}, session {at}"
        );
        assert_eq!(
            ask(session, "rfis.close", &item(project)).allowed(),
            *close,
            "step {step}, session {at}"
        );
        let other = if *project == "p1" { "b1" } else { "p1" };
        assert_eq!(reason(session, "rfis.view", other), Reason::OtherTenant);
    }
}

#[test]
fn invariant_18_a_retiring_secret_fails_at_its_deadline_and_two_are_usable_at_most() {
    let mut rng = Rng(18);
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let (account, _) = admin
        .create_service_account("acme", NewServiceAccount::named("ERP"))
        .unwrap();
    let owner = SecretOwner::ServiceAccount(account);
    let mut deadlines: Vec<(String, i64)> = Vec::new();
    for _ in 0..60 {
        let overlap = rng.of(&[0, 1, 60, 3_600]);
        let now = world.clock.now();
        let active: Vec<String> = (world.engine.platform().secrets_of(&owner))
            .filter(|it| it.is_usable(i64::MAX))
            .map(|it| it.id.to_string())
            .collect();
        match admin.rotate_secret(&owner, overlap) {
            Ok(_) => deadlines.extend(active.into_iter().map(|id| (id, now + overlap))),
            Err(error) => assert_eq!(error.kind(), ErrorKind::PlatformConflict),
        }
        let state = world.engine.platform();
        for (id, deadline) in &deadlines {
            let secret = state.client_secret(id).unwrap();
            assert!(!secret.is_usable(*deadline), "{id} at its deadline");
            // What had retired when another secret came is not brought back by a clock that is set back.
            assert!(
                *deadline <= now || secret.is_usable(deadline - 1),
                "{id} a second before"
            );
        }
        assert!((-4_000..4_000).all(|later| {
            state
                .secrets_of(&owner)
                .filter(|it| it.is_usable(now + later))
                .count()
                <= 2
        }));
        world.clock.advance(rng.of(&[0, 1, 59, 60, 4_000]));
    }
    assert!(deadlines.len() > 10);
}
