use super::super::test_world::{ISSUER, NOW, World};
use super::super::{ClientAuthentication, ClientCredentials, OAuthErrorCode, Reply};
use super::*;
use crate::platform::{ClientSecretChange, FoundingChange, ServiceAccountChange};

fn own_token(world: &World) -> String {
    let request = ClientCredentials::new(world.client("erp")).scope("rfis:read");
    world
        .client_credentials(&request)
        .unwrap()
        .access_token()
        .to_owned()
}

#[test]
fn a_good_token_is_described_to_the_client_it_was_issued_to() {
    let world = World::new();
    let token = own_token(&world);
    let response = world.introspect("erp", &token);
    assert!(response.active);
    assert_eq!(
        (response.client_id.as_deref(), response.sub.as_deref()),
        (Some("erp"), Some("erp"))
    );
    assert_eq!(
        (response.scope.as_deref(), response.tenant.as_deref()),
        (Some("rfis:read"), Some("acme"))
    );
    assert_eq!((response.exp, response.iat), (Some(NOW + 900), Some(NOW)));
    assert_eq!(
        (response.iss.as_deref(), response.token_type),
        (Some(ISSUER), Some("Bearer"))
    );
    assert_eq!(response.aud.unwrap(), ["api", "files"]);
}

#[test]
fn anything_else_is_inactive_and_nothing_more_is_said() {
    let world = World::new();
    let (token, tokens) = (own_token(&world), world.tokens());
    let rotated = world.tokens().refresh_token().unwrap().to_owned();
    world.refresh(&world.refreshing(&rotated)).unwrap();
    let foreign = World::new();
    for (client, token) in [
        ("spy", token.as_str()),
        ("dashboards", &token),
        ("erp", tokens.access_token()),
        ("widgets", tokens.refresh_token().unwrap()),
        ("dashboards", &rotated),
        ("erp", "nonsense"),
        ("erp", &own_token(&foreign)),
    ] {
        let reply = Reply::from(world.introspect(client, token));
        assert_eq!(
            (reply.status(), reply.body()),
            (200, r#"{"active":false}"#),
            "{client}"
        );
    }
    world.wait(900);
    assert!(!world.introspect("erp", &token).active);
}

#[test]
fn a_refresh_token_is_described_as_well() {
    let world = World::new();
    let tokens = world.tokens();
    let response = world.introspect("dashboards", tokens.refresh_token().unwrap());
    assert!(response.active);
    assert_eq!(
        (response.sub.as_deref(), response.token_type),
        (Some("ana"), None)
    );
}

#[test]
fn callers_authenticate() {
    let world = World::new();
    let token = own_token(&world);
    for client in [
        ClientAuthentication::post("erp", "wrong").unwrap(),
        ClientAuthentication::public("erp").unwrap(),
        ClientAuthentication::public("dashboards").unwrap(),
    ] {
        let request = TokenQuery::new(client, &token);
        let result = world.commit(|view| world.server.introspect(view, &request));
        assert_eq!(result.unwrap_err().code(), OAuthErrorCode::InvalidClient);
    }
}

#[test]
fn a_revocation_counts_at_the_very_next_look() {
    let world = World::new();
    let token = own_token(&world);
    world.apply(ServiceAccountChange::Disabled {
        id: "erp".into(),
        at: NOW,
    });
    assert!(!world.introspect("erp", &token).active);
    world.apply(ServiceAccountChange::Enabled { id: "erp".into() });
    assert!(!world.introspect("erp", &token).active);
    assert!(world.introspect("erp", &own_token(&world)).active);
}

#[test]
fn a_secret_revoked_with_its_tokens_takes_them_and_no_others() {
    let world = World::new();
    let (token, tokens) = (own_token(&world), world.tokens());
    world.apply(FoundingChange::Founded {
        operator: "globex".into(),
        at: NOW,
    });
    assert!(
        world.introspect("spy", &token).active,
        "the operator's accounts see every token"
    );
    world.apply(ClientSecretChange::Revoked {
        id: "sec-erp".into(),
        at: NOW,
        with_tokens: true,
    });
    assert!(!world.introspect("spy", &token).active);
    assert!(world.introspect("spy", tokens.access_token()).active);
}
