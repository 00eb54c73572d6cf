use super::super::test_world::{NOW, World, scopes};
use super::*;
use crate::platform::{
    AppChange, BoundaryChange, Bounded, InstallationChange, MembershipChange, Side, TenantChange,
};

fn user_installs(world: &World) {
    world.apply(TenantChange::UserInstallsSet {
        id: "acme".into(),
        allowed: true,
    });
}

#[test]
fn consent_gives_a_grant_and_a_code() {
    let world = World::new();
    let code = world
        .consent(&world.request("dashboards", "rfis:read"), "acme", "ana")
        .unwrap();
    assert!(code.starts_with("bwc_"));
    let state = world.state();
    let grant = state.consent_of(&"ana".into(), &"ins".into()).unwrap();
    assert_eq!(grant.scopes, scopes("rfis:read"));
    assert!(state.consent_of(&"bob".into(), &"ins".into()).is_none());
    // The store holds the code's hash alone.
    assert!(!format!("{:?}", state.code(world.server.code_id(&code).as_str()).unwrap()).contains(&code));
}

#[test]
fn with_user_installs_off_consent_installs_nothing_and_an_admin_sees_the_request() {
    let world = World::new();
    for _ in 0..2 {
        let error = world
            .consent(&world.request("widgets", "rfis:read"), "acme", "ana")
            .unwrap_err();
        assert_eq!(error.code(), OAuthErrorCode::AccessDenied);
    }
    let state = world.state();
    assert!(state.installed(&"acme".into(), &"widgets".into()).is_none());
    let requests: Vec<_> = state.install_requests_in("acme").collect();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].user.as_str(), requests[0].app.as_str()),
        ("ana", "widgets")
    );
}

#[test]
fn with_user_installs_on_consent_installs_the_app_for_what_it_asks_the_user() {
    let world = World::new();
    user_installs(&world);
    let code = world
        .consent(&world.request("widgets", "rfis:read"), "acme", "ana")
        .unwrap();
    assert!(!code.is_empty());
    let state = world.state();
    let installation = state.installed(&"acme".into(), &"widgets".into()).unwrap();
    assert_eq!(installation.by_user, Some("ana".into()));
    assert_eq!(installation.projects, Projects::All);
    assert_eq!(installation.scopes, scopes("rfis:read"));
}

#[test]
fn an_installation_by_consent_answers_whoever_has_asked_for_the_app() {
    let world = World::new();
    let request = world.request("widgets", "rfis:read");
    for user in ["ana", "bob"] {
        assert!(world.consent(&request, "acme", user).is_err());
    }
    assert_eq!(world.state().install_requests_in("acme").count(), 2);
    user_installs(&world);
    world.consent(&request, "acme", "ana").unwrap();
    assert_eq!(world.state().install_requests_in("acme").count(), 0);
}

#[test]
fn a_user_installs_nothing_beyond_the_tenants_boundary() {
    let world = World::new();
    user_installs(&world);
    world.apply(BoundaryChange::Set {
        on: Bounded::Tenant("acme".into()),
        scopes: Some(scopes("rfis:read rfis:write")),
    });
    let error = world
        .consent(
            &world.request("widgets", "rfis:read drawings:read"),
            "acme",
            "ana",
        )
        .unwrap_err();
    assert_eq!(error.code(), OAuthErrorCode::InvalidScope);
    assert!(error.description().contains("drawings:read"), "{error}");
    let state = world.state();
    assert!(state.installed(&"acme".into(), &"widgets".into()).is_none());
    assert!(
        state
            .grants_of_user(&"acme".into(), &"ana".into())
            .next()
            .is_none()
    );
}

#[test]
fn an_app_asks_for_no_more_than_was_approved() {
    let world = World::new();
    for (asked, named) in [
        ("rfis:read drawings:read", "drawings:read"),
        ("nonsense", "nonsense"),
    ] {
        let error = world
            .consent(&world.request("dashboards", asked), "acme", "ana")
            .unwrap_err();
        assert_eq!(error.code(), OAuthErrorCode::InvalidScope);
        assert!(error.description().contains(named), "{error}");
    }
}

#[test]
fn a_pending_version_changes_nothing_until_it_is_approved() {
    let world = World::new();
    world.publish("dashboards", 2, "budget:read drawings:read rfis:read rfis:write");
    let request = world.request("dashboards", "budget:read");
    assert!(world.consent(&request, "acme", "ana").is_err());
    world.apply(InstallationChange::VersionApproved {
        id: "ins".into(),
        version: 2,
        scopes: scopes("budget:read rfis:read rfis:write"),
    });
    assert!(world.consent(&request, "acme", "ana").is_ok());
}

#[test]
fn only_an_active_member_consents_and_only_in_their_tenant() {
    let world = World::new();
    let request = world.request("dashboards", "rfis:read");
    for (tenant, user) in [
        ("acme", "eve"),
        ("acme", "nobody"),
        ("globex", "ana"),
        ("nowhere", "ana"),
    ] {
        let error = world.consent(&request, tenant, user).unwrap_err();
        assert_eq!(error.code(), OAuthErrorCode::AccessDenied, "{user} in {tenant}");
    }
    world.apply(MembershipChange::Deactivated {
        tenant: "acme".into(),
        user: "ana".into(),
        at: NOW,
    });
    assert!(world.consent(&request, "acme", "ana").is_err());
}

#[test]
fn nothing_is_consented_to_while_the_app_is_blocked_or_suspended() {
    let world = World::new();
    let request = world.request("dashboards", "rfis:read");
    let (id, side) = ("ins", Side::TenantAdmin);
    world.apply(InstallationChange::Suspended {
        id: id.into(),
        side,
        at: NOW,
    });
    assert!(world.consent(&request, "acme", "ana").is_err());
    world.apply(InstallationChange::Unsuspended { id: id.into(), side });
    assert!(world.consent(&request, "acme", "ana").is_ok());
    world.apply(AppChange::Blocked {
        id: "dashboards".into(),
        at: NOW,
    });
    assert!(world.consent(&request, "acme", "ana").is_err());
}
