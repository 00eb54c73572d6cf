//! A token issued to a service account for its secret, against what cannot be saved: hashing the secret and signing.

use std::hint::black_box;

use bailiwick::oauth::{ClientCredentials, Settings};
use bailiwick::{
    Algorithm, Clock, Engine, KeyPurpose, KeyRing, NewServiceAccount, NewTenant, Principal, Tenant,
};
use ring::digest;
use ring::signature::Ed25519KeyPair;

use crate::measure::Row;

const NOW: i64 = 1_800_000_000;

/// `platform/client-credentials`.
pub(crate) fn rows() -> Vec<Row> {
    let ring = KeyRing::new();
    ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), NOW).unwrap();
    let engine = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .clock(Clock::fixed(NOW))
        .host_key([7; 32])
        .oauth(Settings::new("https://id.example.com").audience("api"), &ring)
        .build()
        .unwrap();
    engine.bootstrap("operator", "The operator", "olga").unwrap();
    let session = |user: &'static str, tenant: &'static str| {
        engine.session(Principal::user(user), Tenant::id(tenant)).unwrap()
    };
    let acme = NewTenant::named("Acme").admin("ana");
    engine
        .act_as(&session("olga", "operator"))
        .create_tenant("acme", acme)
        .unwrap();
    let admin = session("ana", "acme");
    let account = NewServiceAccount::named("ERP").all_projects();
    let (id, secret) = engine
        .act_as(&admin)
        .create_service_account("acme", account)
        .unwrap();
    let request = |secret: &str| {
        ClientCredentials::secret(id.as_str(), secret)
            .unwrap()
            .scope("rfis:read")
    };

    let right = request(secret.expose());
    let token = engine
        .client_credentials(&right)
        .unwrap()
        .access_token()
        .to_owned();
    assert!(engine.authenticate(&token, Tenant::id("acme")).is_ok());
    assert!(engine.client_credentials(&request("wrong")).is_err());

    let signed = token.rsplit_once('.').unwrap().0.to_owned();
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    vec![Row::measure(
        "platform/client-credentials",
        || {
            black_box(engine.client_credentials(black_box(&right)).is_ok());
        },
        "ring",
        || {
            black_box(digest::digest(
                &digest::SHA256,
                black_box(secret.expose().as_bytes()),
            ));
            black_box(key.sign(black_box(signed.as_bytes())));
        },
    )]
}
