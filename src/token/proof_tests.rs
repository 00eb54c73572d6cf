use serde_json::json;

use super::*;
use crate::token::fixture::{Fixture, NOW, claims_with, encode};
use crate::{Claims, ErrorKind};

const CERTIFICATE: &[u8] = b"any bytes will do: the certificate is only hashed";

fn bound() -> serde_json::Value {
    claims_with("cnf", json!({"x5t#S256": encode(sha256(CERTIFICATE))}))
}

fn verify(claims: &serde_json::Value, proof: &Proof<'_>) -> Result<Claims, ErrorKind> {
    let fixture = Fixture::new();
    let token = fixture.key.sign(claims, "at+jwt").unwrap();
    let verified = fixture.verifier.verify_bound(&token, proof, NOW);
    verified.map_err(|error| error.kind())
}

#[test]
fn a_token_bound_to_a_certificate_needs_that_certificate() {
    assert!(
        verify(&bound(), &Proof::certificate(CERTIFICATE))
            .unwrap()
            .is_bound()
    );
    let thumbprint = Proof::certificate_thumbprint(sha256(CERTIFICATE));
    assert!(verify(&bound(), &thumbprint).is_ok());
    for proof in [
        Proof::none(),
        Proof::certificate(b"another"),
        Proof::certificate(b""),
        Proof::certificate_thumbprint([0; 32]),
    ] {
        assert_eq!(verify(&bound(), &proof), Err(ErrorKind::TokenBinding));
    }
}

#[test]
fn a_bearer_token_on_a_connection_with_a_certificate_stays_one() {
    let claims = verify(&crate::token::fixture::claims(), &Proof::certificate(CERTIFICATE)).unwrap();
    assert!(!claims.is_bound());
}

#[test]
fn a_confirmation_that_is_not_understood_is_not_proven() {
    let thumbprint = encode(sha256(CERTIFICATE));
    for cnf in [
        json!({}),
        json!(null),
        json!("x"),
        json!([]),
        json!({"x5t#S256": "AAAA"}),
        json!({"x5t#S256": format!("{thumbprint}=")}),
        json!({"x5t#S256": null}),
        json!({"x5t": thumbprint}),
        json!({"X5T#S256": thumbprint}),
        json!({"kid": "k1"}),
        json!({"jwk": {}}),
        json!({"x5t#S256": thumbprint, "kid": "k1"}),
    ] {
        let refused = verify(&claims_with("cnf", cnf.clone()), &Proof::certificate(CERTIFICATE));
        assert_eq!(refused, Err(ErrorKind::TokenBinding), "{cnf}");
    }
}
