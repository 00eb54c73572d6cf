//! Scenarios of administration and tokens, end to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bailiwick::{
    Clock, Context, Engine, ErrorKind, KeySet, Profile, Reason, Resource, SigningKey, Source, Tenant,
};
use serde_json::json;

use super::world::{NOW, SCHEMA, World, reason, rfi};

#[test]
fn scenario_02_a_role_in_one_project_is_worth_nothing_in_another() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let session = world.session(&world.token(&account, "rfis:write"));
    assert_eq!(reason(&session, "rfis.close", "p1"), Reason::Permitted);
    assert_eq!(reason(&session, "rfis.close", "p2"), Reason::NotPermitted);
}

#[test]
fn scenario_15_after_a_reinstall_the_old_tokens_are_refused() {
    let world = World::new();
    let installation = world.install();
    let tokens = world.redeem(&world.code("ana")).unwrap();
    let held = world.session(tokens.access_token());
    assert_eq!(reason(&held, "rfis.view", "p1"), Reason::Permitted);
    world.admin(|admin| admin.uninstall(installation).unwrap());
    world.install();
    let old = tokens.refresh_token().unwrap();
    assert!(world.refresh(old).is_err());
    assert_ne!(reason(&held, "rfis.view", "p1"), Reason::Permitted);
    let fresh = world.redeem(&world.code("ana")).unwrap();
    assert!(world.refresh(old).is_err());
    assert_eq!(
        reason(&world.session(fresh.access_token()), "rfis.view", "p1"),
        Reason::Permitted
    );
    assert_ne!(reason(&held, "rfis.view", "p1"), Reason::Permitted);
}

#[test]
fn scenario_18_a_token_of_one_tenant_is_denied_in_another_and_leaves_a_record() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let token = world.token(&account, "rfis:read");
    let elsewhere = world.engine.authenticate(&token, Tenant::id("borealis"));
    assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::TokenTenant);
    // And from its own tenant it reaches nothing of the other.
    assert_eq!(
        reason(&world.session(&token), "rfis.view", "b1"),
        Reason::OtherTenant
    );
    let records = world.engine.audit().unwrap().recent(100);
    let denied = records.iter().find(|record| record.reason == "tenant").unwrap();
    assert_eq!((denied.tenant.as_str(), denied.allowed), ("acme", false));
    assert!(denied.principal.contains(account.id.as_str()));
    let refused = records
        .iter()
        .find(|record| record.reason == "token_tenant")
        .unwrap();
    assert_eq!((refused.tenant.as_str(), refused.allowed), ("borealis", false));
}

fn external(audience: &str) -> (Engine, SigningKey, Clock) {
    let (key, clock) = (SigningKey::generate_ed25519("k1").unwrap(), Clock::fixed(NOW));
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
    let source = Source::new()
        .schema("s.cedarschema", SCHEMA)
        .cedar("r.cedar", r#"@id("all") permit (principal, action, resource);"#);
    let engine = Engine::builder()
        .source(source)
        .unwrap()
        .clock(clock.clone())
        .issuer(
            Profile::issuer("https://idp.example.com")
                .audience(audience)
                .jwks(keys),
        )
        .build()
        .unwrap();
    (engine, key, clock)
}

fn claims() -> serde_json::Value {
    json!({
        "iss": "https://idp.example.com", "aud": "api", "sub": "ana", "client_id": "web", "tenant": "acme",
        "scope": "rfis:read", "iat": NOW, "exp": NOW + 600, "jti": "t1",
    })
}

#[test]
fn scenario_21_forged_headers_are_refused_without_panic() {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let (engine, key, _) = external("api");
    let genuine = key.sign(&claims(), "at+jwt").unwrap();
    assert!(engine.authenticate(&genuine, Tenant::id("acme")).is_ok());
    let payload = encode(claims().to_string().as_bytes());
    let public: serde_json::Value = serde_json::from_str(&key.jwks()).unwrap();
    let jwk = &public["keys"][0];
    let hmac = |header: &str| {
        // The public key, as whoever has it would use it for a secret.
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, jwk.to_string().as_bytes());
        let signed = format!("{}.{payload}", encode(header.as_bytes()));
        let tag = ring::hmac::sign(&secret, signed.as_bytes());
        format!("{signed}.{}", encode(tag.as_ref()))
    };
    let bare = |header: &str| format!("{}.{payload}.", encode(header.as_bytes()));
    let stranger = SigningKey::generate_ed25519("k1").unwrap();
    let forged = stranger.sign(&claims(), "at+jwt").unwrap();
    let stranger_jwk: serde_json::Value = serde_json::from_str(&stranger.jwks()).unwrap();
    let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "k1", "jwk": stranger_jwk["keys"][0] });
    let signature = forged.rsplit_once('.').unwrap().1;
    for token in [
        hmac(r#"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#),
        hmac(r#"{"alg":"HS256","typ":"at+jwt"}"#),
        bare(r#"{"alg":"none","typ":"at+jwt"}"#),
        bare(r#"{"alg":"NONE","typ":"at+jwt","kid":"k1"}"#),
        forged.clone(),
        format!("{}.{payload}.{signature}", encode(header.to_string().as_bytes())),
    ] {
        let error = engine.authenticate(&token, Tenant::id("acme")).unwrap_err();
        assert!(error.kind().is_token(), "{error}");
    }
}

#[test]
fn scenario_22_a_token_cached_for_one_audience_is_refused_at_another() {
    let (engine, key, clock) = external("api");
    let token = key.sign(&claims(), "at+jwt").unwrap();
    for _ in 0..2 {
        assert!(engine.authenticate(&token, Tenant::id("acme")).is_ok());
    }
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
    let other = Engine::builder()
        .loaded(bailiwick::Policies::clone(&engine.policies()))
        .clock(clock.clone())
        .issuer(
            Profile::issuer("https://idp.example.com")
                .audience("files")
                .jwks(keys),
        )
        .build()
        .unwrap();
    let refused = other.authenticate(&token, Tenant::id("acme")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TokenAudience);
    // The cached token is looked at again whenever it is presented.
    clock.advance(661);
    let expired = engine.authenticate(&token, Tenant::id("acme")).unwrap_err();
    assert_eq!(expired.kind(), ErrorKind::TokenExpired);
}

#[test]
fn scenario_23_a_forbid_that_reads_a_missing_attribute_denies_and_is_named() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let session = world.session(&world.token(&account, "rfis:read"));
    let rule = || bailiwick::Value::Entity(bailiwick::EntityUid::new("Rule", "r1"));
    let ruled = rfi("p1").attr("rule", rule());
    let decision = session.decide("rfis.print", &ruled, &Context::new());
    assert_eq!(decision.reason(), Reason::PolicyError);
    let fault = decision.errors().next().unwrap();
    assert_eq!(fault.policy, "nobody-prints-what-is-urgent");
    assert!(fault.message.contains("urgent"), "{}", fault.message);
    let known = bailiwick::Entity::new("Rule", "r1").attr("urgent", false);
    let calm = rfi("p1").attr("rule", rule()).with(known);
    assert!(session.allows("rfis.print", &calm));
}

#[test]
fn scenario_24_a_store_out_of_reach_denies_as_stale_and_recovers_by_itself() {
    let (engine, key, clock) = external("api");
    let engine = Engine::builder()
        .loaded(bailiwick::Policies::clone(&engine.policies()))
        .clock(clock.clone())
        .max_staleness(30)
        .issuer(
            Profile::issuer("https://idp.example.com")
                .audience("api")
                .jwks(KeySet::from_jwks(key.jwks().as_bytes()).unwrap()),
        )
        .build()
        .unwrap();
    let token = key.sign(&claims(), "at+jwt").unwrap();
    let session = engine.authenticate(&token, Tenant::id("acme")).unwrap();
    let rfi = || {
        Resource::new("Rfi", "42")
            .parent("Project", "p1")
            .with(bailiwick::Entity::new("Project", "p1").parent("Company", "acme"))
    };
    let reason = || session.decide("rfis.view", &rfi(), &Context::new()).reason();
    let is_reachable = Arc::new(AtomicBool::new(false));
    let poll = || {
        if is_reachable.load(Ordering::SeqCst) {
            engine.confirm_fresh();
        }
    };
    clock.advance(30);
    poll();
    assert_eq!(reason(), Reason::Permitted);
    clock.advance(1);
    poll();
    assert_eq!(reason(), Reason::Stale);
    is_reachable.store(true, Ordering::SeqCst);
    poll();
    assert_eq!(reason(), Reason::Permitted);
}
