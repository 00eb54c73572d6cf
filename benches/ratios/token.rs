//! The token of the cases: 800 bytes, as an identity provider sends them.

use bailiwick::SigningKey;
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_800_000_000;
const TOKEN_BYTES: usize = 800;

/// What an identity provider sends, filled up with roles to the length.
pub(crate) fn token(key: &SigningKey) -> String {
    key.sign(&claims(key), "at+jwt").unwrap()
}

/// Its claims.
pub(crate) fn claims(key: &SigningKey) -> Value {
    let mut claims = json!({
        "iss": "https://id.example.com", "sub": "5b1f8c0e-4c2f-4a7e-9d57-3a0f7e8b2c11",
        "aud": ["https://api.example.com", "https://id.example.com/userinfo"],
        "client_id": "dashboards-prod", "tenant": "acme", "jti": "0198c9a2-7c3e-7d11-9a53-b1a2c3d4e5f6",
        "scope": "rfis:read rfis:write drawings:read budget:read", "iat": NOW - 10, "nbf": NOW - 10,
        "exp": NOW + 3_600, "roles": [],
    });
    while key.sign(&claims, "at+jwt").unwrap().len() < TOKEN_BYTES {
        let roles = claims.get_mut("roles").and_then(Value::as_array_mut).unwrap();
        roles.push(json!(format!("project-{}-standard", roles.len())));
    }
    claims
}
