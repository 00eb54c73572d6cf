use super::super::test_world::World;
use super::super::{ClientAuthentication, ClientCredentials, Reply, TokenQuery};
use super::*;

fn own_token(world: &World) -> String {
    let request = ClientCredentials::new(world.client("erp")).scope("rfis:read");
    world
        .client_credentials(&request)
        .unwrap()
        .access_token()
        .to_owned()
}

#[test]
fn an_access_token_goes_alone() {
    let world = World::new();
    let (token, other) = (own_token(&world), own_token(&world));
    let reply = Reply::from(world.revoke("erp", &token));
    assert_eq!((reply.status(), reply.body()), (200, ""));
    assert!(!world.introspect("erp", &token).active);
    assert!(world.introspect("erp", &other).active);
}

#[test]
fn a_refresh_token_takes_its_family_along() {
    let world = World::new();
    let (tokens, others) = (world.tokens(), world.tokens());
    world
        .revoke("dashboards", tokens.refresh_token().unwrap())
        .unwrap();
    assert!(!world.introspect("dashboards", tokens.access_token()).active);
    assert!(
        world
            .refresh(&world.refreshing(tokens.refresh_token().unwrap()))
            .is_err()
    );
    assert!(world.introspect("dashboards", others.access_token()).active);
}

#[test]
fn only_the_client_that_a_token_was_issued_to_revokes_it() {
    let world = World::new();
    let tokens = world.tokens();
    for token in [
        tokens.access_token(),
        tokens.refresh_token().unwrap(),
        &own_token(&world),
    ] {
        for client in ["widgets", "spy", "dash-bot"] {
            let error = world.revoke(client, token).unwrap_err();
            assert_eq!(error.code(), OAuthErrorCode::UnauthorizedClient, "{client}");
        }
    }
    assert!(world.introspect("dashboards", tokens.access_token()).active);
}

#[test]
fn an_app_revokes_what_its_own_account_got() {
    let world = World::new();
    let request = ClientCredentials::new(world.client("dashboards")).tenant("acme");
    let token = world
        .client_credentials(&request)
        .unwrap()
        .access_token()
        .to_owned();
    world.revoke("dashboards", &token).unwrap();
    assert!(!world.introspect("dash-bot", &token).active);
}

#[test]
fn what_is_no_token_needs_nothing_done_and_looks_the_same() {
    let world = World::new();
    let token = own_token(&world);
    world.revoke("erp", &token).unwrap();
    let before = world.state().sequence();
    for token in [token.as_str(), "nonsense", "bwr_x.1.y", "a.b.c"] {
        let reply = Reply::from(world.revoke("erp", token));
        assert_eq!((reply.status(), reply.body()), (200, ""));
    }
    assert_eq!(world.state().sequence(), before);
}

#[test]
fn a_caller_without_credentials_revokes_nothing() {
    let world = World::new();
    let token = own_token(&world);
    let client = ClientAuthentication::post("erp", "wrong").unwrap();
    let request = TokenQuery::new(client, &token);
    let result = world.commit(|view| world.server.revoke(view, &request));
    assert_eq!(result.unwrap_err().code(), OAuthErrorCode::InvalidClient);
    assert!(world.introspect("erp", &token).active);
}
