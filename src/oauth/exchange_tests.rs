use super::super::test_world::{NOW, World};
use super::super::{ClientCredentials, Reply};
use super::*;
use crate::platform::{InstallationChange, ServiceAccountChange, Side};

fn parent(world: &World) -> String {
    world.tokens().access_token().to_owned()
}

fn ask(world: &World, client: &str, token: &str) -> Exchange {
    Exchange::new(world.client(client), token)
}

fn refused(world: &World, request: &Exchange) -> OAuthErrorCode {
    world.exchange(request).unwrap_err().code()
}

#[test]
fn a_token_is_exchanged_for_one_that_may_do_less() {
    let world = World::new();
    let token = parent(&world);
    world.wait(100);
    let request = ask(&world, "erp", &token).scope("rfis:read").audience("files");
    let response = world.exchange(&request).unwrap();
    assert_eq!((response.scope(), response.refresh_token()), ("rfis:read", None));
    assert_eq!(response.expires_in(), 800);
    let child = world
        .server
        .read_token(response.access_token(), world.now())
        .unwrap();
    assert_eq!((child.claims.subject(), child.client_id()), ("ana", "dashboards"));
    assert_eq!(child.audiences, ["files"]);
    assert_eq!(child.act, Some(json!({"sub": "erp"})));
    let body: Value = serde_json::from_str(Reply::from(response).body()).unwrap();
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
}

#[test]
fn actors_stand_behind_one_another_up_to_a_bound() {
    let world = World::new();
    let mut token = parent(&world);
    for _ in 0..MAX_ACTORS {
        token = world
            .exchange(&ask(&world, "erp", &token))
            .unwrap()
            .access_token()
            .to_owned();
    }
    let act = world.server.read_token(&token, NOW).unwrap().act.unwrap();
    assert_eq!(act["act"]["act"]["act"]["sub"], "erp");
    assert_eq!(
        refused(&world, &ask(&world, "erp", &token)),
        OAuthErrorCode::InvalidGrant
    );
}

#[test]
fn threat_54_a_child_never_has_what_its_parent_lacks() {
    let world = World::new();
    let narrow = world.exchange(
        &ask(&world, "erp", &parent(&world))
            .scope("rfis:read")
            .audience("api"),
    );
    let narrow = narrow.unwrap().access_token().to_owned();
    for scope in ["rfis:write", "rfis:read rfis:write", "drawings:read", "nonsense"] {
        let request = ask(&world, "erp", &narrow).scope(scope);
        assert_eq!(refused(&world, &request), OAuthErrorCode::InvalidScope, "{scope}");
    }
    let request = ask(&world, "erp", &narrow).audience("files");
    assert_eq!(refused(&world, &request), OAuthErrorCode::InvalidTarget);
    let same = world.exchange(&ask(&world, "erp", &narrow)).unwrap();
    assert_eq!(same.scope(), "rfis:read");
    assert_eq!(
        world
            .server
            .read_token(same.access_token(), NOW)
            .unwrap()
            .audiences,
        ["api"]
    );
}

#[test]
fn a_scope_within_another_is_a_narrowing() {
    let world = World::new();
    let request = ClientCredentials::new(world.client("erp")).scope("rfis:write");
    let token = world
        .client_credentials(&request)
        .unwrap()
        .access_token()
        .to_owned();
    let narrowed = world
        .exchange(&ask(&world, "erp", &token).scope("rfis:read"))
        .unwrap();
    assert_eq!(narrowed.scope(), "rfis:read");
    let request = ask(&world, "erp", narrowed.access_token()).scope("rfis:write");
    assert_eq!(refused(&world, &request), OAuthErrorCode::InvalidScope);
}

#[test]
fn threat_30_an_expired_foreign_altered_or_revoked_token_is_not_exchanged() {
    let world = World::new();
    let token = parent(&world);
    let elsewhere = World::new();
    for wrong in [
        &parent(&elsewhere),
        &token[..token.len() - 1],
        "",
        "a.b.c",
        &first_refresh(&world),
    ] {
        assert_eq!(
            refused(&world, &ask(&world, "erp", wrong)),
            OAuthErrorCode::InvalidGrant
        );
    }
    world.revoke("dashboards", &token).unwrap();
    assert_eq!(
        refused(&world, &ask(&world, "erp", &token)),
        OAuthErrorCode::InvalidGrant
    );
    let token = parent(&world);
    world.wait(900);
    assert_eq!(
        refused(&world, &ask(&world, "erp", &token)),
        OAuthErrorCode::InvalidGrant
    );
}

fn first_refresh(world: &World) -> String {
    world.tokens().refresh_token().unwrap().to_owned()
}

#[test]
fn a_token_of_another_tenant_is_not_exchanged() {
    let world = World::new();
    let token = parent(&world);
    for client in ["spy", "widgets"] {
        assert_eq!(
            refused(&world, &ask(&world, client, &token)),
            OAuthErrorCode::InvalidGrant,
            "{client}"
        );
    }
}

#[test]
fn what_ends_the_parent_ends_the_child() {
    let world = World::new();
    let tokens = world.tokens();
    let child = world
        .exchange(&ask(&world, "dashboards", tokens.access_token()))
        .unwrap();
    assert!(world.introspect("dashboards", child.access_token()).active);
    world
        .revoke("dashboards", tokens.refresh_token().unwrap())
        .unwrap();
    assert!(!world.introspect("dashboards", child.access_token()).active);
}

#[test]
fn a_disabled_account_and_a_suspended_app_exchange_nothing() {
    let world = World::new();
    let request = ClientCredentials::new(world.client("erp")).scope("rfis:read");
    let token = world
        .client_credentials(&request)
        .unwrap()
        .access_token()
        .to_owned();
    world.apply(InstallationChange::Suspended {
        id: "ins".into(),
        side: Side::Platform,
        at: NOW,
    });
    assert_eq!(
        refused(&world, &ask(&world, "dashboards", &token)),
        OAuthErrorCode::UnauthorizedClient
    );
    world.apply(ServiceAccountChange::Disabled {
        id: "erp".into(),
        at: NOW,
    });
    assert_eq!(
        refused(&world, &ask(&world, "erp", &token)),
        OAuthErrorCode::UnauthorizedClient
    );
    world.apply(ServiceAccountChange::Enabled { id: "erp".into() });
    // The account is back; the token from before is not.
    assert_eq!(
        refused(&world, &ask(&world, "erp", &token)),
        OAuthErrorCode::InvalidGrant
    );
}

#[test]
fn a_parent_revoked_by_its_id_takes_its_children_along() {
    let world = World::new();
    let token = parent(&world);
    let exchanged = |token: &str| {
        let response = world.exchange(&ask(&world, "erp", token)).unwrap();
        response.access_token().to_owned()
    };
    let child = exchanged(&token);
    let grandchild = exchanged(&child);
    let other = exchanged(&token);
    world.revoke("dashboards", &child).unwrap();
    let is_active = |token: &str| world.introspect("dashboards", token).active;
    assert_eq!(
        [&token, &child, &grandchild, &other].map(|it| is_active(it)),
        [true, false, false, true]
    );
    world.revoke("dashboards", &token).unwrap();
    assert!(!is_active(&other));
}

#[test]
fn projects_are_narrowed_and_never_widened() {
    let world = World::new();
    let token = parent(&world);
    let narrowed = world.exchange(&ask(&world, "erp", &token).project("p1")).unwrap();
    let narrowed = narrowed.access_token().to_owned();
    let projects = |token: &str| {
        let read = world.server.read_token(token, NOW).unwrap();
        read.claims.lineage().projects.clone()
    };
    assert_eq!(projects(&narrowed), Some(vec!["p1".to_owned()]));
    let same = world.exchange(&ask(&world, "erp", &narrowed)).unwrap();
    assert_eq!(projects(same.access_token()), Some(vec!["p1".to_owned()]));
    for wider in ["p2", "p1 ", "P1", "*"] {
        let request = ask(&world, "erp", &narrowed).project("p1").project(wider);
        assert_eq!(
            refused(&world, &request),
            OAuthErrorCode::InvalidTarget,
            "{wider}"
        );
    }
}
