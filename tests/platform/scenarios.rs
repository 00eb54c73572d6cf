//! The scenarios of the domain that need no flow and no store.

use bailiwick::platform::{Assignee, Bounded, Place, Projects, SecretOwner, Side};
use bailiwick::{Consent, ErrorKind, NewServiceAccount, Reason};

use crate::world::{NOW, World, ask, item, reason, scopes};

fn project(id: &str) -> Place {
    Place::Project(id.into())
}

#[test]
fn a_new_service_account_without_roles_is_denied_everything() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let new = NewServiceAccount::named("ERP").project("p1");
    let (id, secret) = world
        .engine
        .act_as(&ana)
        .create_service_account("acme", new)
        .unwrap();
    assert!(secret.expose().starts_with("bws_"));
    let session = world.through_account(&id, world.issued_now());
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::NotPermitted);
}

#[test]
fn a_service_account_works_in_its_project_and_in_no_other() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let new = NewServiceAccount::named("ERP").project("p1");
    let (id, _) = world
        .engine
        .act_as(&ana)
        .create_service_account("acme", new)
        .unwrap();
    world.assign(
        Assignee::ServiceAccount(id.clone()),
        "rfis-standard",
        project("p1"),
    );
    let session = world.through_account(&id, world.issued_now());
    assert_eq!(reason(&session, "rfis.close", "p1"), Reason::Permitted);
    assert_eq!(reason(&session, "rfis.close", "p2"), Reason::Project);
}

#[test]
fn a_rotated_secret_fails_at_its_deadline_and_never_are_more_than_two_usable() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let (id, _) = admin
        .create_service_account("acme", NewServiceAccount::named("ERP"))
        .unwrap();
    let owner = SecretOwner::ServiceAccount(id);
    admin.rotate_secret(&owner, 86_400).unwrap();
    let usable = |at| {
        world
            .engine
            .platform()
            .secrets_of(&owner)
            .filter(|it| it.is_usable(at))
            .count()
    };
    assert_eq!(
        (usable(NOW), usable(NOW + 86_399), usable(NOW + 86_400)),
        (2, 2, 1)
    );
    let refused = admin.rotate_secret(&owner, 10).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PlatformConflict);
    world.clock.advance(86_400);
    admin.rotate_secret(&owner, 0).unwrap();
    assert_eq!(usable(NOW + 86_400), 1);
}

#[test]
fn a_secret_revoked_with_its_tokens_takes_only_those() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let new = NewServiceAccount::named("ERP").project("p1");
    let (id, _) = admin.create_service_account("acme", new).unwrap();
    world.assign(
        Assignee::ServiceAccount(id.clone()),
        "rfis-standard",
        project("p1"),
    );
    let owner = SecretOwner::ServiceAccount(id.clone());
    let (second, _) = admin.create_secret(owner.clone()).unwrap();
    let sessions: Vec<_> = world
        .engine
        .platform()
        .secrets_of(&owner)
        .map(|secret| {
            let mut provenance = world.issued_now();
            provenance.secret = Some(secret.id.clone());
            (secret.id.clone(), world.through_account(&id, provenance))
        })
        .collect();
    admin.revoke_secret(second.clone(), true).unwrap();
    for (secret, session) in &sessions {
        let expected = if *secret == second {
            Reason::Revoked
        } else {
            Reason::Permitted
        };
        assert_eq!(reason(session, "rfis.view", "p1"), expected);
    }
}

#[test]
fn a_disabled_account_is_denied_at_once_and_enabling_it_revives_no_token() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let new = NewServiceAccount::named("ERP").project("p1");
    let (id, _) = admin.create_service_account("acme", new).unwrap();
    world.assign(
        Assignee::ServiceAccount(id.clone()),
        "rfis-standard",
        project("p1"),
    );
    let old = world.through_account(&id, world.issued_now());
    assert_eq!(reason(&old, "rfis.view", "p1"), Reason::Permitted);
    admin.disable_account(id.clone()).unwrap();
    assert_eq!(reason(&old, "rfis.view", "p1"), Reason::Disabled);
    admin.enable_account(id.clone()).unwrap();
    assert_eq!(reason(&old, "rfis.view", "p1"), Reason::Outdated);
    let new = world.through_account(&id, world.issued_now());
    assert_eq!(reason(&new, "rfis.view", "p1"), Reason::Permitted);
}

#[test]
fn with_user_installs_off_a_consent_is_but_a_request() {
    let world = World::new();
    let dan = world.user("dan", "acme");
    let consent = world
        .engine
        .act_as(&dan)
        .consent("dashboards", scopes("rfis:read"))
        .unwrap();
    assert!(matches!(consent, Consent::Requested(_)));
    let state = world.engine.platform();
    assert_eq!(state.installations_in("acme").count(), 0);
    assert_eq!(state.grants_of_user(&"acme".into(), &"dan".into()).count(), 0);
    let ana = world.user("ana", "acme");
    assert_eq!(
        world.engine.act_as(&ana).install_requests("acme").unwrap().len(),
        1
    );
    assert_eq!(
        world
            .engine
            .act_as(&dan)
            .install_requests("acme")
            .unwrap_err()
            .kind(),
        ErrorKind::PlatformForbidden
    );
}

#[test]
fn a_user_install_beyond_the_tenants_boundary_is_refused_naming_the_scope() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    admin.allow_user_installs("acme", true).unwrap();
    let acme = Bounded::Tenant("acme".into());
    admin.set_boundary(&acme, Some(scopes("rfis:write"))).unwrap();
    let dan = world.user("dan", "acme");
    let wanted = scopes("budget:write rfis:read");
    let refused = world
        .engine
        .act_as(&dan)
        .consent("dashboards", wanted)
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PlatformExceeded);
    assert!(refused.message().contains("budget:write") && !refused.message().contains("rfis"));
    assert_eq!(world.engine.platform().installations_in("acme").count(), 0);
    world.consent("dan", "acme", "rfis:read");
    assert_eq!(world.engine.platform().installations_in("acme").count(), 1);
}

#[test]
fn an_app_exceeds_neither_its_user_nor_its_installation() {
    let world = World::new();
    world.install("acme", "ana", Projects::All);
    world.assign(Assignee::User("dan".into()), "rfis-read-only", project("p1"));
    world.consent("dan", "acme", "rfis:write");
    world.consent("ana", "acme", "rfis:read");
    let dan = world.through_app("dan", "acme", "rfis:write");
    assert_eq!(reason(&dan, "rfis.view", "p1"), Reason::Permitted);
    assert_eq!(reason(&dan, "rfis.close", "p1"), Reason::NotPermitted);
    let ana = world.through_app("ana", "acme", "rfis:write budget:write");
    assert_eq!(reason(&ana, "rfis.close", "p1"), Reason::Grant);
    let decision = ask(&ana, "budget.edit", &item("p1"));
    assert_eq!(decision.reason(), Reason::Installation);
    assert!(decision.message().contains("installation"));
}

#[test]
fn a_project_created_after_the_install_is_denied_unless_future_ones_are_permitted() {
    let world = World::new();
    let installation = world.install("acme", "ana", Projects::listed(["p1", "p2"]));
    world.consent("ana", "acme", "rfis:read");
    let session = world.through_app("ana", "acme", "rfis:read");
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    admin.create_project("acme", "p3", "Later").unwrap();
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Permitted);
    assert_eq!(reason(&session, "rfis.view", "p3"), Reason::Project);
    admin.configure_projects(installation, Projects::All).unwrap();
    assert_eq!(reason(&session, "rfis.view", "p3"), Reason::Permitted);
}

#[test]
fn a_pending_version_changes_nothing_until_it_is_approved_and_projects_stay() {
    let world = World::new();
    let listed = Projects::listed(["p1"]);
    let installation = world.install("acme", "ana", listed.clone());
    world.consent("ana", "acme", "rfis:read rfis:write");
    let version = world.publish("rfis:read rfis:write budget:write");
    let state = world.engine.platform();
    let known = state.installation(installation.as_str()).unwrap();
    assert_eq!(state.pending_version(known).unwrap().number, version);
    let session = world.through_app("ana", "acme", "rfis:read budget:write");
    assert_eq!(reason(&session, "budget.edit", "p1"), Reason::Installation);
    let ana = world.user("ana", "acme");
    let all = scopes("rfis:read rfis:write budget:write");
    world
        .engine
        .act_as(&ana)
        .approve_version(installation.clone(), version, all)
        .unwrap();
    world.consent("ana", "acme", "rfis:read budget:write");
    assert_eq!(reason(&session, "budget.edit", "p1"), Reason::Permitted);
    assert_eq!(reason(&session, "budget.edit", "p2"), Reason::Project);
    let state = world.engine.platform();
    assert_eq!(
        state.installation(installation.as_str()).unwrap().projects,
        listed
    );
}

#[test]
fn a_suspension_stands_while_any_side_keeps_it() {
    let world = World::new();
    let installation = world.install("acme", "ana", Projects::All);
    world.consent("ana", "acme", "rfis:read");
    let old = world.through_app("ana", "acme", "rfis:read");
    let (ana, dana) = (world.user("ana", "acme"), world.user("dana", "acme"));
    let (admin, developer) = (world.engine.act_as(&ana), world.engine.act_as(&dana));
    admin.suspend(installation.clone(), Side::TenantAdmin).unwrap();
    developer.suspend(installation.clone(), Side::Developer).unwrap();
    let meddling = admin
        .unsuspend(installation.clone(), Side::Developer)
        .unwrap_err();
    assert_eq!(meddling.kind(), ErrorKind::PlatformForbidden);
    admin.unsuspend(installation.clone(), Side::TenantAdmin).unwrap();
    let decision = ask(&old, "rfis.view", &item("p1"));
    assert_eq!(decision.reason(), Reason::Suspended);
    assert!(decision.message().contains("developer"));
    developer.unsuspend(installation, Side::Developer).unwrap();
    assert_eq!(reason(&old, "rfis.view", "p1"), Reason::Outdated);
    let new = world.through_app("ana", "acme", "rfis:read");
    assert_eq!(reason(&new, "rfis.view", "p1"), Reason::Permitted);
}

#[test]
fn an_uninstalled_app_is_gone_there_only_and_reinstalling_revives_nothing() {
    let world = World::new();
    let installation = world.install("acme", "ana", Projects::All);
    world.install("borealis", "ida", Projects::All);
    world.consent("ana", "acme", "rfis:read");
    world.consent("ida", "borealis", "rfis:read");
    let (here, there) = (
        world.through_app("ana", "acme", "rfis:read"),
        world.through_app("ida", "borealis", "rfis:read"),
    );
    let ana = world.user("ana", "acme");
    world.engine.act_as(&ana).uninstall(installation).unwrap();
    assert_eq!(reason(&here, "rfis.view", "p1"), Reason::Revoked);
    assert_eq!(reason(&there, "rfis.view", "b1"), Reason::Permitted);
    world.install("acme", "ana", Projects::All);
    world.consent("ana", "acme", "rfis:read");
    assert_eq!(reason(&here, "rfis.view", "p1"), Reason::Revoked);
}

#[test]
fn a_user_who_leaves_a_project_is_denied_at_the_next_decision() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    admin.add_to_project("acme", "dan", "p1").unwrap();
    world.assign(Assignee::User("dan".into()), "rfis-standard", project("p1"));
    let dan = world.user("dan", "acme");
    assert_eq!(reason(&dan, "rfis.view", "p1"), Reason::Permitted);
    admin.remove_from_project("acme", "dan", "p1").unwrap();
    assert_eq!(reason(&dan, "rfis.view", "p1"), Reason::NotPermitted);
}

#[test]
fn a_deactivated_user_takes_the_apps_that_act_for_them_along_and_nobody_else() {
    let world = World::new();
    world.install("acme", "ana", Projects::All);
    world.assign(Assignee::User("dan".into()), "rfis-standard", project("p1"));
    world.consent("dan", "acme", "rfis:read");
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let (id, _) = admin
        .create_service_account("acme", NewServiceAccount::named("ERP").project("p1"))
        .unwrap();
    world.assign(
        Assignee::ServiceAccount(id.clone()),
        "rfis-standard",
        project("p1"),
    );
    let app = world.through_app("dan", "acme", "rfis:read");
    let account = world.through_account(&id, world.issued_now());
    admin.deactivate_user("acme", "dan").unwrap();
    assert_eq!(reason(&app, "rfis.view", "p1"), Reason::Disabled);
    assert_eq!(reason(&account, "rfis.view", "p1"), Reason::Permitted);
}

#[test]
fn an_admin_administers_one_tenant_and_no_other() {
    let world = World::new();
    for tenant in ["acme", "borealis"] {
        let ana = world.user("ana", tenant);
        let refused = world
            .engine
            .act_as(&ana)
            .create_project("borealis", "x", "X")
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PlatformForbidden);
    }
    let dan = world.user("dan", "acme");
    let refused = world
        .engine
        .act_as(&dan)
        .create_project("acme", "x", "X")
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PlatformForbidden);
}

#[test]
fn nobody_assigns_a_role_that_gives_more_than_they_have() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let dan = Assignee::User("dan".into());
    world
        .engine
        .act_as(&ana)
        .assign_administration(dan.clone(), "project-admin", project("p1"))
        .unwrap();
    world.assign(dan.clone(), "rfis-standard", project("p1"));
    let session = world.user("dan", "acme");
    let admin = world.engine.act_as(&session);
    let eve = Assignee::User("eve".into());
    world.engine.act_as(&ana).add_member("acme", "eve").unwrap();
    admin
        .assign_role(eve.clone(), "rfis-read-only", project("p1"))
        .unwrap();
    let refused = admin
        .assign_role(dan, "company-admin", project("p1"))
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PlatformExceeded);
    let elsewhere = admin
        .assign_role(eve, "rfis-read-only", project("p2"))
        .unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::PlatformForbidden);
}

#[test]
fn a_boundary_caps_everything_beneath_it_and_names_itself() {
    let world = World::new();
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let p1 = Bounded::Project("p1".into());
    admin.set_boundary(&p1, Some(scopes("rfis:read"))).unwrap();
    let decision = ask(&ana, "rfis.close", &item("p1"));
    assert_eq!(decision.reason(), Reason::Boundary);
    assert!(decision.message().contains("boundary of the project"));
    assert_eq!(reason(&ana, "rfis.view", "p1"), Reason::Permitted);
    assert_eq!(reason(&ana, "rfis.close", "p2"), Reason::Permitted);
    admin.set_boundary(&p1, None).unwrap();
    assert_eq!(reason(&ana, "rfis.close", "p1"), Reason::Permitted);
}

#[test]
fn a_disabled_tenant_is_denied_until_the_operator_enables_it() {
    let world = World::new();
    let (ana, olga) = (world.user("ana", "acme"), world.user("olga", "operator"));
    world.engine.act_as(&olga).disable_tenant("acme").unwrap();
    assert_eq!(reason(&ana, "rfis.view", "p1"), Reason::Disabled);
    assert!(world.engine.act_as(&ana).add_member("acme", "eve").is_err());
    world.engine.act_as(&olga).enable_tenant("acme").unwrap();
    assert_eq!(reason(&ana, "rfis.view", "p1"), Reason::Permitted);
}

#[test]
fn a_blocked_app_does_nothing_anywhere() {
    let world = World::new();
    world.install("acme", "ana", Projects::All);
    world.consent("ana", "acme", "rfis:read");
    let session = world.through_app("ana", "acme", "rfis:read");
    let olga = world.user("olga", "devco");
    world.engine.act_as(&olga).block_app("dashboards").unwrap();
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Suspended);
    let ida = world.user("ida", "borealis");
    let refused = world
        .engine
        .act_as(&ida)
        .install("borealis", "dashboards", scopes("rfis:read"), Projects::All)
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PlatformForbidden);
}

#[test]
fn nobody_is_left_in_a_removed_project() {
    let world = World::new();
    let admin = world.user("ana", "acme");
    let admin = world.engine.act_as(&admin);
    admin.add_to_project("acme", "dan", "p1").unwrap();
    admin.remove_project("p1").unwrap();
    for member in admin.members("acme").unwrap() {
        assert!(!member.projects.contains("p1"), "{}", member.user);
    }
}
