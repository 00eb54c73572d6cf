use super::super::test_world::{NOW, World};
use super::super::{OAuthErrorCode, Reply};
use super::*;
use crate::platform::{BoundaryChange, Bounded, ClientSecretChange, ServiceAccountChange, Side};

fn request(world: &World, client: &str, scope: &str) -> ClientCredentials {
    ClientCredentials::new(world.client(client)).scope(scope)
}

fn code(result: OAuthResult<super::super::TokenResponse>) -> OAuthErrorCode {
    result.unwrap_err().code()
}

#[test]
fn a_service_account_gets_a_token_for_itself() {
    let world = World::new();
    let response = world
        .client_credentials(&request(&world, "erp", "rfis:read"))
        .unwrap();
    assert_eq!((response.token_type(), response.expires_in()), ("Bearer", 900));
    assert_eq!((response.scope(), response.refresh_token()), ("rfis:read", None));
    let claims = world
        .server
        .verifier
        .verify(response.access_token(), NOW)
        .unwrap();
    assert_eq!((claims.subject(), claims.client_id()), ("erp", Some("erp")));
    assert_eq!(
        (claims.tenant(), claims.scopes()),
        (Some("acme"), &["rfis:read".to_owned()][..])
    );
    assert_eq!(claims.lineage().secret.as_deref(), Some("sec-erp"));

    let reply = Reply::from(response);
    assert_eq!(
        (reply.status(), reply.header("Cache-Control")),
        (200, Some("no-store"))
    );
    let body: serde_json::Value = serde_json::from_str(reply.body()).unwrap();
    assert_eq!(body["token_type"], "Bearer");
    assert!(body.get("refresh_token").is_none() && body.get("issued_token_type").is_none());
}

#[test]
fn threat_36_an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    let world = World::new();
    let wrong = "bws_0000000000000000000000000000000000000000000000000";
    let replies = [
        ("nobody", wrong),
        ("erp", wrong),
        ("erp", world.secret("spy")),
        ("dashboards", "x"),
    ]
    .map(|(id, secret)| {
        let request = ClientCredentials::secret(id, secret).unwrap().scope("rfis:read");
        Reply::from(world.client_credentials(&request))
    });
    for reply in &replies {
        assert_eq!(reply, &replies[0]);
        assert_eq!(reply.status(), 401);
    }
}

#[test]
fn a_client_with_many_secrets_and_one_with_none_cost_the_same_comparisons() {
    let world = World::new();
    for at in 0..20 {
        let id = format!("old-{at}");
        let owner = crate::platform::SecretOwner::ServiceAccount("erp".into());
        let digest = crate::platform::Digest::nobody();
        world.apply(ClientSecretChange::Added {
            id: id.as_str().into(),
            owner,
            digest,
            at: NOW,
        });
        world.apply(ClientSecretChange::Revoked {
            id: id.as_str().into(),
            at: NOW,
            with_tokens: false,
        });
    }
    // What a secret is compared with where there is none is no way in.
    let request = ClientCredentials::secret("nobody", " ")
        .unwrap()
        .scope("rfis:read");
    assert_eq!(
        code(world.client_credentials(&request)),
        OAuthErrorCode::InvalidClient
    );
    assert!(
        world
            .client_credentials(&self::request(&world, "erp", "rfis:read"))
            .is_ok()
    );
}

#[test]
fn failures_are_slowed_and_the_owner_is_never_locked_out() {
    let world = World::new();
    let wrong = ClientCredentials::secret("erp", "wrong").unwrap();
    for _ in 0..10 {
        assert_eq!(
            code(world.client_credentials(&wrong)),
            OAuthErrorCode::InvalidClient
        );
    }
    for _ in 0..100 {
        let error = world.client_credentials(&wrong).unwrap_err();
        assert_eq!((error.status(), error.seconds_to_wait()), (429, Some(6)));
    }
    assert!(
        world
            .client_credentials(&request(&world, "erp", "rfis:read"))
            .is_ok()
    );
    assert!(
        world
            .client_credentials(&request(&world, "spy", "rfis:read"))
            .is_ok()
    );
    world.wait(6);
    assert_eq!(
        code(world.client_credentials(&wrong)),
        OAuthErrorCode::InvalidClient
    );
}

#[test]
fn scopes_are_named_known_and_covered() {
    let world = World::new();
    let ask = |client: &str, scope: &str| world.client_credentials(&request(&world, client, scope));
    for scope in [
        "nonsense",
        "rfis:read  rfis:write",
        "RFIS:READ",
        "rfis:read nonsense",
    ] {
        assert_eq!(code(ask("erp", scope)), OAuthErrorCode::InvalidScope, "{scope}");
    }
    let unnamed = ClientCredentials::new(world.client("erp"));
    assert_eq!(
        code(world.client_credentials(&unnamed)),
        OAuthErrorCode::InvalidScope
    );
    // An app's own account has at most what was approved, and that unless it asks for less.
    assert_eq!(
        code(ask("dash-bot", "drawings:read")),
        OAuthErrorCode::InvalidScope
    );
    let usual = ClientCredentials::new(world.client("dash-bot"));
    assert_eq!(
        world.client_credentials(&usual).unwrap().scope(),
        "rfis:read rfis:write"
    );
}

#[test]
fn a_boundary_caps_what_can_be_asked_for() {
    let world = World::new();
    world.apply(BoundaryChange::Set {
        on: Bounded::Tenant("acme".into()),
        scopes: Some("rfis:read".parse().unwrap()),
    });
    let error = world
        .client_credentials(&request(&world, "erp", "rfis:write"))
        .unwrap_err();
    assert_eq!(
        error.description(),
        "the boundary of the tenant does not cover rfis:write"
    );
    assert!(
        world
            .client_credentials(&request(&world, "erp", "rfis:read"))
            .is_ok()
    );
}

#[test]
fn a_disabled_account_gets_no_token_and_learns_why() {
    let world = World::new();
    world.apply(ServiceAccountChange::Disabled {
        id: "erp".into(),
        at: NOW,
    });
    let error = world
        .client_credentials(&request(&world, "erp", "rfis:read"))
        .unwrap_err();
    assert_eq!(error.description(), "the service account is disabled");
    let stranger = ClientCredentials::secret("erp", "wrong").unwrap();
    assert_eq!(
        code(world.client_credentials(&stranger)),
        OAuthErrorCode::InvalidClient
    );
    world.apply(ServiceAccountChange::Enabled { id: "erp".into() });
    assert!(
        world
            .client_credentials(&request(&world, "erp", "rfis:read"))
            .is_ok()
    );
}

#[test]
fn an_app_acts_for_itself_through_its_account_in_a_tenant() {
    let world = World::new();
    let ask = |app: &str| ClientCredentials::new(world.client(app)).scope("rfis:read");
    let response = world
        .client_credentials(&ask("dashboards").tenant("acme"))
        .unwrap();
    let claims = world
        .server
        .verifier
        .verify(response.access_token(), NOW)
        .unwrap();
    assert_eq!((claims.subject(), claims.tenant()), ("dash-bot", Some("acme")));
    for request in [ask("dashboards").tenant("globex"), ask("widgets").tenant("acme")] {
        assert_eq!(
            code(world.client_credentials(&request)),
            OAuthErrorCode::UnauthorizedClient
        );
    }
    assert_eq!(
        code(world.client_credentials(&ask("dashboards"))),
        OAuthErrorCode::InvalidRequest
    );
    let elsewhere = request(&world, "erp", "rfis:read").tenant("globex");
    assert_eq!(
        code(world.client_credentials(&elsewhere)),
        OAuthErrorCode::UnauthorizedClient
    );
}

#[test]
fn a_suspended_installation_gets_no_token() {
    let world = World::new();
    world.apply(crate::platform::InstallationChange::Suspended {
        id: "ins".into(),
        side: Side::Developer,
        at: NOW,
    });
    for request in [
        request(&world, "dash-bot", "rfis:read"),
        request(&world, "dashboards", "rfis:read").tenant("acme"),
    ] {
        assert_eq!(
            code(world.client_credentials(&request)),
            OAuthErrorCode::UnauthorizedClient
        );
    }
}

#[test]
fn both_secrets_work_until_the_old_ones_deadline_and_not_at_it() {
    let world = World::new();
    let old = request(&world, "erp", "rfis:read");
    world.apply(ClientSecretChange::Retiring {
        id: "sec-erp".into(),
        until: NOW + 86_400,
        at: NOW,
    });
    world.wait(86_399);
    assert!(world.client_credentials(&old).is_ok());
    world.wait(1);
    assert_eq!(
        code(world.client_credentials(&old)),
        OAuthErrorCode::InvalidClient
    );
}

#[test]
fn an_audience_is_one_of_the_servers() {
    let world = World::new();
    let ask = |audience: &str| {
        let request = request(&world, "erp", "rfis:read").audience(audience);
        world.client_credentials(&request)
    };
    assert!(ask("files").is_ok());
    assert_eq!(code(ask("elsewhere")), OAuthErrorCode::InvalidTarget);
}

#[test]
fn no_answer_holds_the_secret() {
    let world = World::new();
    let secret = world.secret("erp").to_owned();
    let request = request(&world, "erp", "nonsense");
    let error = world.client_credentials(&request).unwrap_err();
    let shown = format!(
        "{error:?} {error} {request:?} {:?} {:?}",
        world.server,
        world.state()
    );
    assert!(
        !shown.contains(&secret) && !shown.contains(&secret[4..20]),
        "{shown}"
    );
}
