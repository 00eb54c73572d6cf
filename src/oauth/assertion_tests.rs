use serde_json::{Value, json};

use super::super::test_world::{ISSUER, NOW, World};
use super::super::{
    ClientAuthentication, ClientCredentials, Exchange, OAuthErrorCode, OAuthResult, Refresh, TokenResponse,
};
use crate::platform::ServiceAccountChange;
use crate::token::SigningKey;

fn world() -> (World, SigningKey) {
    let (world, key) = (World::new(), SigningKey::generate_es256("k1").unwrap());
    world.apply(ServiceAccountChange::KeysSet {
        id: "erp".into(),
        jwks: Some(key.jwks()),
    });
    (world, key)
}

fn claims() -> Value {
    json!({"iss": "erp", "sub": "erp", "aud": ISSUER, "jti": "a1", "iat": NOW, "exp": NOW + 60})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn present(world: &World, assertion: &str) -> OAuthResult<TokenResponse> {
    let client = ClientAuthentication::private_key_jwt(assertion)?;
    world.client_credentials(&ClientCredentials::new(client).scope("rfis:read"))
}

fn signed(world: &World, key: &SigningKey, claims: &Value) -> OAuthResult<TokenResponse> {
    present(world, &key.sign(claims, "JWT").unwrap())
}

#[test]
fn a_client_proves_itself_with_a_jwt_that_it_signed() {
    let (world, key) = world();
    assert!(signed(&world, &key, &claims()).is_ok());
    let endpoint = format!("{ISSUER}/oauth/token");
    assert!(
        signed(
            &world,
            &key,
            &json!({"iss": "erp", "sub": "erp", "aud": [endpoint], "jti": "a2", "exp": NOW + 60})
        )
        .is_ok()
    );
    let typed = key
        .sign(&with("jti", json!("a3")), "client-authentication+jwt")
        .unwrap();
    assert!(present(&world, &typed).is_ok());
}

#[test]
fn an_assertion_is_used_once_even_by_many_threads() {
    let (world, key) = world();
    let assertion = key.sign(&claims(), "JWT").unwrap();
    let won = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| present(&world, &assertion).is_ok()))
            .collect();
        threads
            .into_iter()
            .filter(|_| true)
            .map(|it| it.join().unwrap())
            .filter(|won| *won)
            .count()
    });
    assert_eq!(won, 1);
    world.wait(60);
    assert!(present(&world, &assertion).is_err());
}

#[test]
fn two_clients_may_use_the_same_id() {
    let (world, key) = world();
    world.apply(ServiceAccountChange::KeysSet {
        id: "spy".into(),
        jwks: Some(key.jwks()),
    });
    assert!(signed(&world, &key, &claims()).is_ok());
    let mut other = claims();
    other["iss"] = json!("spy");
    other["sub"] = json!("spy");
    assert!(signed(&world, &key, &other).is_ok());
}

#[test]
fn an_assertion_is_for_this_server_alone_short_lived_and_of_its_own_client() {
    let (world, key) = world();
    for wrong in [
        with("aud", json!("https://other.example.com")),
        with("aud", json!([ISSUER, "https://other.example.com"])),
        with("aud", json!([])),
        with("aud", Value::Null),
        with("iss", json!("spy")),
        with("sub", json!("spy")),
        with("exp", json!(NOW + 3_600)),
        with("exp", json!(NOW - 60)),
        with("exp", Value::Null),
        with("jti", Value::Null),
        with("jti", json!("")),
        with("nbf", json!(NOW + 3_600)),
    ] {
        let error = signed(&world, &key, &wrong).unwrap_err();
        let expected = [
            OAuthErrorCode::InvalidClient,
            OAuthErrorCode::TemporarilyUnavailable,
        ];
        assert!(expected.contains(&error.code()), "{wrong} {error}");
    }
    assert!(signed(&world, &key, &claims()).is_ok());
}

#[test]
fn another_key_no_key_and_no_signature_are_refused() {
    let (world, key) = world();
    let stranger = SigningKey::generate_es256("k1").unwrap();
    assert!(signed(&world, &stranger, &claims()).is_err());
    let assertion = key.sign(&claims(), "JWT").unwrap();
    let (unsigned, _) = assertion.rsplit_once('.').unwrap();
    let access_token = key.sign(&claims(), "at+jwt").unwrap();
    for wrong in [
        format!("{unsigned}."),
        unsigned.to_owned(),
        access_token,
        String::new(),
        "..".into(),
    ] {
        assert!(present(&world, &wrong).is_err());
    }
    world.apply(ServiceAccountChange::KeysSet {
        id: "erp".into(),
        jwks: None,
    });
    let error = signed(&world, &key, &with("jti", json!("b1"))).unwrap_err();
    assert_eq!(error.code(), OAuthErrorCode::InvalidClient);
}

#[test]
fn a_refused_assertion_changes_nothing() {
    let (world, key) = world();
    let before = world.state().sequence();
    assert!(signed(&world, &key, &with("aud", json!("x"))).is_err());
    assert_eq!(world.state().sequence(), before);
}

#[test]
fn an_assertion_is_used_up_by_a_request_that_is_refused_later() {
    let (world, key) = world();
    let refused: [fn(&World, ClientAuthentication) -> OAuthErrorCode; 3] = [
        |world, client| {
            let request = ClientCredentials::new(client).scope("no:such");
            world.client_credentials(&request).unwrap_err().code()
        },
        |world, client| {
            let request = Exchange::new(client, "no.access.token");
            world.exchange(&request).unwrap_err().code()
        },
        |world, client| {
            let request = Refresh::new(client, "bwr_no.token");
            world.refresh(&request).unwrap_err().code()
        },
    ];
    for (number, refuse) in refused.iter().enumerate() {
        let assertion = key
            .sign(&with("jti", json!(format!("refused-{number}"))), "JWT")
            .unwrap();
        let code = refuse(&world, ClientAuthentication::private_key_jwt(&assertion).unwrap());
        assert_ne!(code, OAuthErrorCode::InvalidClient, "{number}");
        let again = present(&world, &assertion).unwrap_err();
        assert_eq!(again.code(), OAuthErrorCode::InvalidClient, "{number}");
    }
}
