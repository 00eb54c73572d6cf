//! The platform's own keys: kept sealed, back after a restart, followed, and dead at once when compromised.

use bailiwick::oauth::{ClientAuthentication, ClientCredentials, Settings};
use bailiwick::platform::Assignee;
use bailiwick::store::{Memory, Sqlite, Store};
use bailiwick::{
    Algorithm, Engine, ErrorKind, KeyPurpose, KeyRing, NewServiceAccount, Resource, Session, Tenant,
};

use super::support::{Directory, builder, found, p1, session};

const HOST_KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
const SIGN: KeyPurpose = KeyPurpose::Sign(Algorithm::EdDsa);

fn server(store: impl Store + 'static) -> Engine {
    let settings = Settings::new("https://id.example.com").audience("api");
    let builder = builder().store(store).host_key(HOST_KEY);
    builder.oauth(settings, &KeyRing::new()).build().unwrap()
}

fn rotate(engine: &Engine) -> String {
    let olga = session(engine, "olga", "operator");
    engine.act_as(&olga).rotate_key(SIGN).unwrap().to_string()
}

/// An account that may read in `p1`: its id and secret.
fn account(engine: &Engine) -> (String, String) {
    let ana = session(engine, "ana", "acme");
    let admin = engine.act_as(&ana);
    let new = NewServiceAccount::named("ERP sync").project("p1");
    let (id, secret) = admin.create_service_account("acme", new).unwrap();
    admin
        .assign_role(Assignee::ServiceAccount(id.clone()), "reader", p1())
        .unwrap();
    (id.to_string(), secret.expose().to_owned())
}

fn token(engine: &Engine, (id, secret): &(String, String)) -> String {
    let client = ClientAuthentication::post(id, secret).unwrap();
    let request = ClientCredentials::new(client).scope("rfis:read");
    let response = engine.client_credentials(&request).unwrap();
    response.access_token().to_owned()
}

fn authenticate(engine: &Engine, token: &str) -> bailiwick::Result<Session> {
    engine.authenticate(token, Tenant::id("acme"))
}

fn may_read(session: &Session) -> bool {
    session.allows("rfis.view", &Resource::new("Rfi", "42").parent("Project", "p1"))
}

#[test]
fn keys_and_secrets_survive_a_restart_and_lie_sealed_in_the_file() {
    let place = Directory::new();
    let engine = server(Sqlite::open(place.database()).unwrap());
    found(&engine);
    rotate(&engine);
    let account = account(&engine);
    let before = token(&engine, &account);
    engine.compact().unwrap();
    drop(engine);

    let engine = server(Sqlite::open(place.database()).unwrap());
    assert!(may_read(&authenticate(&engine, &before).unwrap()));
    let after = token(&engine, &account);
    assert!(may_read(&authenticate(&engine, &after).unwrap()));
    let kept = engine.platform();
    let key = kept.signing_keys().next().unwrap();
    assert!(!key.sealed.is_empty() && engine.jwks().unwrap().contains(key.id.as_str()));
    assert!(
        !engine.jwks().unwrap().contains(r#""d""#),
        "a private key is published"
    );
}

#[test]
fn a_follower_verifies_with_a_key_that_another_process_made_and_refuses_it_once_compromised() {
    let shared = Memory::new();
    let (writer, reader) = (server(shared.clone()), server(shared.clone()));
    found(&writer);
    let first = rotate(&writer);
    let account = account(&writer);
    let token = token(&writer, &account);
    assert!(authenticate(&reader, &token).is_err());
    reader.follow().unwrap();
    let held = authenticate(&reader, &token).unwrap();
    assert!(may_read(&held));

    let olga = session(&writer, "olga", "operator");
    writer.act_as(&olga).mark_key_compromised(first.as_str()).unwrap();
    reader.follow().unwrap();
    assert!(!may_read(&held), "the very next decision");
    assert!(authenticate(&reader, &token).is_err());
    let unsigned = ClientAuthentication::post(&account.0, &account.1).unwrap();
    assert!(
        writer
            .client_credentials(&ClientCredentials::new(unsigned).scope("rfis:read"))
            .is_err()
    );
    rotate(&writer);
    reader.follow().unwrap();
    let fresh = self::token(&writer, &account);
    assert!(may_read(&authenticate(&reader, &fresh).unwrap()));
}

#[test]
fn rotation_keeps_the_tokens_of_the_key_before_until_it_is_retired() {
    let engine = server(Memory::new());
    found(&engine);
    let first = rotate(&engine);
    let account = account(&engine);
    let old = token(&engine, &account);
    let olga = session(&engine, "olga", "operator");
    let admin = engine.act_as(&olga);
    let staged = admin.stage_key(SIGN).unwrap();
    assert_eq!(admin.rotate_key(SIGN).unwrap(), staged);
    assert!(may_read(&authenticate(&engine, &old).unwrap()));
    admin.retire_key(first.as_str()).unwrap();
    assert!(authenticate(&engine, &old).is_err());
    assert_eq!(admin.signing_keys().unwrap().len(), 2);
    let ana = session(&engine, "ana", "acme");
    let refused = engine.act_as(&ana).rotate_key(SIGN).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PlatformForbidden);
}

#[test]
fn a_ring_with_keys_stays_the_hosts() {
    let shared = Memory::new();
    let ring = KeyRing::new();
    ring.rotate(SIGN, 1_800_000_000).unwrap();
    let settings = Settings::new("https://id.example.com").audience("api");
    let given = || {
        let builder = builder().store(shared.clone()).host_key(HOST_KEY);
        builder.oauth(settings.clone(), &ring)
    };
    let engine = given().build().unwrap();
    found(&engine);
    let olga = session(&engine, "olga", "operator");
    let error = engine.act_as(&olga).rotate_key(SIGN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    drop((olga, engine));

    let keeping = builder()
        .store(shared.clone())
        .host_key(HOST_KEY)
        .oauth(settings.clone(), &KeyRing::new())
        .build()
        .unwrap();
    rotate(&keeping);
    assert_eq!(given().build().unwrap_err().kind(), ErrorKind::Configuration);
}

#[test]
fn a_store_keeps_no_key_that_nobody_seals() {
    let settings = || Settings::new("https://id.example.com").audience("api");
    let unsealed = builder().store(Memory::new()).oauth(settings(), &KeyRing::new());
    assert_eq!(unsealed.build().unwrap_err().kind(), ErrorKind::Configuration);
    // Keys that the host keeps are no business of the store's.
    let ring = KeyRing::new();
    ring.rotate(SIGN, 1_800_000_000).unwrap();
    assert!(
        builder()
            .store(Memory::new())
            .oauth(settings(), &ring)
            .build()
            .is_ok()
    );
}
