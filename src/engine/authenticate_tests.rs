use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::clock::Simulated;
use crate::policy::{Policies, Source};
use crate::token::{
    Algorithm, KeyPurpose, KeyRing, KeySource, Lineage, Minter, NewToken, Profile, SigningKey,
};
use crate::{Clock, EngineBuilder};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://auth.example.com";
const SIGN: KeyPurpose = KeyPurpose::Sign(Algorithm::EdDsa);

fn source(scope: &str) -> Source {
    Source::new()
        .schema(
            "s.cedarschema",
            format!(
                r#"@bailiwick("tenant") entity Company; @bailiwick("user") entity User; @bailiwick("app") entity App;
                   @bailiwick("service_account") entity ServiceAccount; entity Rfi in [Company];
                   @bailiwick("scope") action "{scope}";
                   action "rfis.view" in ["{scope}"] appliesTo {{ principal: [User, ServiceAccount], resource: Rfi }};"#
            ),
        )
        .cedar("r.cedar", r#"@id("view") permit (principal, action, resource);"#)
}

struct World {
    clock: Clock,
    ring: KeyRing,
    minter: Minter,
    engine: Engine,
}

fn world() -> World {
    world_with(|builder| builder)
}

fn world_with(change: impl FnOnce(EngineBuilder) -> EngineBuilder) -> World {
    let (clock, ring) = (Clock::fixed(NOW), KeyRing::new());
    ring.rotate(SIGN, NOW).unwrap();
    let builder = Engine::builder()
        .source(source("rfis:read"))
        .unwrap()
        .clock(clock.clone())
        .issuer(Profile::own(ISSUER, &ring).audience("api"));
    World {
        clock,
        minter: Minter::new(ISSUER, &ring),
        engine: change(builder).build().unwrap(),
        ring,
    }
}

impl World {
    fn token(&self) -> String {
        let new = NewToken::new("ana", "dashboards").audience("api").tenant("acme");
        let minted = self.minter.sign(&new.scope("rfis:read"), NOW).unwrap();
        minted.token().to_owned()
    }

    fn authenticate(&self, token: &str, tenant: &'static str) -> Result<Session, ErrorKind> {
        let session = self.engine.authenticate(token, Tenant::id(tenant));
        session.map_err(|error| error.kind())
    }

    fn refusal(&self, token: &str, tenant: &'static str) -> ErrorKind {
        self.authenticate(token, tenant).unwrap_err()
    }
}

fn allows(session: &Session) -> bool {
    let rfi = crate::Resource::new("Rfi", "1").parent("Company", "acme");
    session.allows("rfis.view", &rfi)
}

#[test]
fn a_token_that_comes_again_makes_an_equal_session_from_the_cache() {
    let world = world();
    let token = world.token();
    let first = world.authenticate(&token, "acme").unwrap();
    assert_eq!(world.engine.token_cache().entries, 1);
    let again = world.authenticate(&token, "acme").unwrap();
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
    assert!(allows(&first) && allows(&again));
    assert_eq!(world.engine.token_cache().entries, 1);
}

#[test]
fn threat_48_a_hit_rechecks_expiry_with_the_leeway_of_verification() {
    let world = world();
    let token = world.token();
    world.authenticate(&token, "acme").unwrap();
    world.clock.advance(600 + 59);
    world.authenticate(&token, "acme").unwrap();
    world.clock.advance(1);
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenExpired);
    assert_eq!(world.engine.token_cache().entries, 0);
}

#[test]
fn a_hit_rechecks_the_beginning_when_the_clock_was_set_back() {
    let world = world();
    let token = world.token();
    world.authenticate(&token, "acme").unwrap();
    world.clock.advance(-60);
    world.authenticate(&token, "acme").unwrap();
    world.clock.advance(-1);
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenNotYetValid);
}

#[test]
fn threat_48_a_cached_token_is_refused_in_another_tenant_and_by_another_audience() {
    let world = world();
    let token = world.token();
    world.authenticate(&token, "acme").unwrap();
    assert_eq!(world.refusal(&token, "globex"), ErrorKind::TokenTenant);
    let other = Engine::builder()
        .source(source("rfis:read"))
        .unwrap()
        .clock(world.clock.clone())
        .issuer(Profile::own(ISSUER, &world.ring).audience("other"))
        .build()
        .unwrap();
    let refused = other.authenticate(&token, Tenant::id("acme")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TokenAudience);
}

#[test]
fn threat_48_a_compromised_key_ends_its_cached_tokens_at_once() {
    let world = world();
    let old = world.token();
    world.authenticate(&old, "acme").unwrap();
    let id = world.ring.keys()[0].id.clone();
    world.ring.rotate(SIGN, NOW).unwrap();
    let young = world.token();
    world.authenticate(&old, "acme").unwrap();
    world.ring.compromise(&id, NOW).unwrap();
    assert_eq!(world.refusal(&old, "acme"), ErrorKind::TokenUnknownKey);
    world.authenticate(&young, "acme").unwrap();
}

#[test]
fn a_key_that_its_issuer_withdraws_ends_its_cached_tokens_with_the_refresh() {
    let (k1, k2) = (
        SigningKey::generate_ed25519("k1").unwrap(),
        SigningKey::generate_ed25519("k2").unwrap(),
    );
    let sets = [&k1, &k2].map(|key| crate::KeySet::from_jwks(key.jwks().as_bytes()).unwrap());
    let asked = AtomicUsize::new(0);
    let source = KeySource::callback(move || Ok(sets[asked.fetch_add(1, Ordering::SeqCst).min(1)].clone()));
    let profile = Profile::issuer("https://id.example.com")
        .audience("api")
        .keys(source.interval(300));
    let world = world_with(|builder| builder.issuer(profile));
    let token = k1
        .sign(
            &json!({"iss": "https://id.example.com", "sub": "ana", "aud": "api", "tenant": "acme", "exp": NOW + 9_999}),
            "at+jwt",
        )
        .unwrap();
    world.authenticate(&token, "acme").unwrap();
    world.clock.advance(299);
    world.authenticate(&token, "acme").unwrap();
    world.clock.advance(1);
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenUnknownKey);
}

#[test]
fn a_cached_session_is_made_anew_when_the_schema_changes() {
    let world = world();
    let token = world.token();
    assert!(allows(&world.authenticate(&token, "acme").unwrap()));
    let renamed = source("rfis:write");
    world.engine.reload(Policies::load(renamed).unwrap()).unwrap();
    assert!(!allows(&world.authenticate(&token, "acme").unwrap()));
    let without_users = Source::new().schema("s.cedarschema", "entity Rfi;");
    world
        .engine
        .reload(Policies::load(without_users).unwrap())
        .unwrap();
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::Configuration);
}

#[test]
fn a_forgery_is_refused_the_same_way_again_and_never_cached_as_good() {
    let world = world();
    let token = world.token();
    let forged = format!("{}A", &token[..token.len() - 1]);
    let forged = if forged == token {
        format!("{}Q", &token[..token.len() - 1])
    } else {
        forged
    };
    let first = world
        .engine
        .authenticate(&forged, Tenant::id("acme"))
        .unwrap_err();
    let again = world
        .engine
        .authenticate(&forged, Tenant::id("acme"))
        .unwrap_err();
    assert_eq!(first.kind(), ErrorKind::TokenSignature);
    assert_eq!(first.to_string(), again.to_string());
    assert_eq!(world.engine.token_cache().entries, 0);
    world.authenticate(&token, "acme").unwrap();
}

#[test]
fn a_cache_of_no_entries_changes_nothing_but_the_time() {
    let world = world_with(|builder| builder.token_cache(0, 0));
    let token = world.token();
    for _ in 0..3 {
        assert!(allows(&world.authenticate(&token, "acme").unwrap()));
    }
    assert_eq!(world.engine.token_cache().entries, 0);
}

#[test]
fn the_engine_is_freed_although_it_remembers_sessions() {
    let world = world();
    let token = world.token();
    let session = world.authenticate(&token, "acme").unwrap();
    let weak = Arc::downgrade(&world.engine.inner);
    drop((world, session));
    assert!(weak.upgrade().is_none());
}

#[test]
fn invariant_24_cached_and_uncached_answers_agree_at_every_second_of_a_tokens_life() {
    let cached = world();
    let token = cached.token();
    let verifier = cached.engine.inner.verifier.clone().unwrap();
    for step in [0, -61, 1, 60, 300, 300, 59, 1, -700, -2, 3_600] {
        cached.clock.advance(step);
        let expected = verifier.verify(&token, cached.clock.now()).map(|_| ());
        let found = cached.engine.authenticate(&token, Tenant::id("acme")).map(|_| ());
        assert_eq!(
            found.map_err(|error| error.kind()),
            expected.map_err(|error| error.kind())
        );
    }
}

#[test]
fn lineage_reaches_the_claims_of_a_cached_token() {
    let world = world();
    let lineage = Lineage {
        grant: Some("g1".to_owned()),
        ..Lineage::default()
    };
    let new = NewToken::new("ana", "dashboards")
        .audience("api")
        .tenant("acme")
        .lineage(lineage.clone());
    let token = world.minter.sign(&new, NOW).unwrap();
    world.authenticate(token.token(), "acme").unwrap();
    let known = world.engine.inner.cache.get(token.token(), Some("acme")).unwrap();
    assert_eq!(known.claims.lineage(), &lineage);
}

#[test]
fn invariant_27_a_token_stays_expired_when_the_clock_is_set_back() {
    let machine = Simulated::new(NOW);
    for entries in [0, 100] {
        let world = world_with(|builder| builder.clock(machine.clock()).token_cache(entries, 1 << 20));
        machine.clock().believe_system();
        let now = machine.clock().now();
        let new = NewToken::new("ana", "dashboards").audience("api").tenant("acme");
        let minted = world.minter.sign(&new.scope("rfis:read"), now).unwrap();
        let session = world.authenticate(minted.token(), "acme").unwrap();
        assert!(allows(&session));
        machine.pass(600 + 60);
        assert_eq!(world.refusal(minted.token(), "acme"), ErrorKind::TokenExpired);
        machine.set(-600);
        assert_eq!(world.refusal(minted.token(), "acme"), ErrorKind::TokenExpired);
        assert!(!allows(&session));
    }
}

#[test]
fn a_token_lives_no_longer_when_the_clock_is_set_back_during_its_life() {
    let machine = Simulated::new(NOW);
    let world = world_with(|builder| builder.clock(machine.clock()));
    let token = world.token();
    let session = world.authenticate(&token, "acme").unwrap();
    machine.pass(300);
    machine.set(-3_600);
    machine.pass(359);
    assert!(allows(&session));
    world.authenticate(&token, "acme").unwrap();
    machine.pass(1);
    assert!(!allows(&session));
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenExpired);
}

/// A token of the ring that is bound as `cnf` says.
fn bound_token(world: &World, cnf: serde_json::Value) -> String {
    let new = NewToken::new("ana", "dashboards").audience("api").tenant("acme");
    let new = new.scope("rfis:read").claim("cnf", cnf);
    world.minter.sign(&new, NOW).unwrap().token().to_owned()
}

#[test]
fn a_cached_token_that_is_bound_to_a_certificate_needs_it_at_each_call() {
    let world = world();
    let der = b"the client's certificate";
    let thumbprint = crate::token::base64url::encode(ring::digest::digest(&ring::digest::SHA256, der));
    let token = bound_token(&world, json!({"x5t#S256": thumbprint}));
    let present = |proof: &Proof<'_>| {
        let session = world.engine.authenticate_bound(&token, Tenant::id("acme"), proof);
        session.map(drop).map_err(|error| error.kind())
    };
    // First without, then with, and again without once it is remembered.
    assert_eq!(present(&Proof::none()), Err(ErrorKind::TokenBinding));
    assert_eq!(world.engine.token_cache().entries, 0);
    assert_eq!(present(&Proof::certificate(der)), Ok(()));
    assert_eq!(world.engine.token_cache().entries, 1);
    assert_eq!(present(&Proof::none()), Err(ErrorKind::TokenBinding));
    assert_eq!(
        present(&Proof::certificate(b"another")),
        Err(ErrorKind::TokenBinding)
    );
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenBinding);
    assert_eq!(present(&Proof::certificate(der)), Ok(()));
}

#[test]
fn a_cached_token_that_is_bound_to_a_key_needs_a_fresh_proof_at_each_call() {
    let world = world();
    let client = SigningKey::generate_es256("client").unwrap();
    let token = bound_token(&world, json!({"jkt": client.thumbprint()}));
    let uri = "https://api.example.com/rfis/1";
    let proof = |id: &str, token: &str| {
        let ath = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
        let jwk: serde_json::Value = serde_json::from_str(&client.jwk()).unwrap();
        let claims = json!({"jti": id, "htm": "GET", "htu": uri, "iat": NOW,
            "ath": crate::token::base64url::encode(ath)});
        crate::token::fixture::write(
            &json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}).to_string(),
            &claims.to_string(),
            &client,
        )
    };
    let present = |proof: &str| {
        let proof = Proof::dpop(proof, "GET", uri);
        let session = world
            .engine
            .authenticate_bound(&token, Tenant::id("acme"), &proof);
        session.map(drop).map_err(|error| error.kind())
    };
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenBinding);
    assert_eq!(present(&proof("p1", &token)), Ok(()));
    assert_eq!(world.engine.token_cache().entries, 1);
    // Remembered, and yet refused without a proof, with one that is spent, and with one of another token.
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenBinding);
    assert_eq!(present(&proof("p1", &token)), Err(ErrorKind::ProofReplayed));
    assert_eq!(
        present(&proof("p2", &world.token())),
        Err(ErrorKind::ProofMismatch)
    );
    assert_eq!(present(&proof("p3", &token)), Ok(()));
}

#[test]
fn a_cached_token_is_refused_once_its_status_list_says_so() {
    let key = Arc::new(SigningKey::generate_ed25519("k1").unwrap());
    let (issuer, uri) = ("https://id.example.com", "https://id.example.com/lists/1");
    let (signer, is_revoked) = (Arc::clone(&key), Arc::new(AtomicUsize::new(0)));
    let state = Arc::clone(&is_revoked);
    let lists = crate::StatusLists::callback(move |_| {
        // One byte: all valid, and all invalid.
        let list = ["eJxjAAAAAQAB", "eJz7DwABAAEA"][state.load(Ordering::SeqCst)];
        let claims = json!({"sub": uri, "iat": NOW, "ttl": 60, "status_list": {"bits": 1, "lst": list}});
        signer.sign(&claims, "statuslist+jwt")
    });
    let keys = crate::KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
    let profile = Profile::issuer(issuer)
        .audience("api")
        .jwks(keys)
        .status_lists(lists);
    let world = world_with(|builder| builder.issuer(profile));
    let claims = json!({"iss": issuer, "sub": "ana", "aud": "api", "tenant": "acme", "exp": NOW + 9_999,
        "status": {"status_list": {"idx": 3, "uri": uri}}});
    let token = key.sign(&claims, "at+jwt").unwrap();
    world.authenticate(&token, "acme").unwrap();
    is_revoked.store(1, Ordering::SeqCst);
    world.clock.advance(29);
    world.authenticate(&token, "acme").unwrap();
    world.clock.advance(1);
    assert_eq!(world.refusal(&token, "acme"), ErrorKind::TokenStatus);
}
