use serde_json::{Value, json};

use super::*;

#[test]
fn the_document_says_what_rfc_8414_asks_for() {
    let settings = Settings::new("https://id.example.com/t/1").audience("api");
    let scopes = vec!["rfis:write".to_owned(), "rfis:read".to_owned()];
    let reply = Reply::from(ServerMetadata::new(&settings, scopes));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("Content-Type"), Some("application/json"));
    let body: Value = serde_json::from_str(reply.body()).unwrap();
    assert_eq!(body["issuer"], "https://id.example.com/t/1");
    assert_eq!(body["token_endpoint"], "https://id.example.com/t/1/oauth/token");
    assert_eq!(body["scopes_supported"], json!(["rfis:read", "rfis:write"]));
    assert_eq!(body["response_types_supported"], json!(["code"]));
    assert_eq!(body["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(
        body["authorization_response_iss_parameter_supported"],
        json!(true)
    );
    assert!(body.get("service_documentation").is_none());
    let algorithms = body["token_endpoint_auth_signing_alg_values_supported"]
        .as_array()
        .unwrap();
    assert!(algorithms.contains(&json!("EdDSA")));
    assert!(
        !algorithms
            .iter()
            .any(|name| name == "none" || name.as_str().unwrap().starts_with("HS"))
    );
}

#[test]
fn implicit_and_password_are_not_offered() {
    let settings = Settings::new("https://id.example.com").audience("api");
    let body = Reply::from(ServerMetadata::new(&settings, vec![]))
        .body()
        .to_owned();
    assert!(!body.contains("implicit") && !body.contains("password") && !body.contains("\"plain\""));
}

#[test]
fn keys_are_published_as_a_key_set() {
    let reply = jwks_reply(r#"{"keys":[]}"#.to_owned());
    assert_eq!(reply.header("Content-Type"), Some("application/jwk-set+json"));
    assert!(reply.header("Cache-Control").unwrap().contains("max-age"));
}
