use serde_json::{Value, json};

use super::*;
use crate::limits::MAX_NAME_BYTES;
use crate::token::ClaimType;
use crate::token::fixture::{Fixture, NOW, claims, claims_with, claims_without};

const INVALID: Result<Claims, ErrorKind> = Err(ErrorKind::TokenClaimInvalid);
const MISSING: Result<Claims, ErrorKind> = Err(ErrorKind::TokenClaimMissing);

fn scopes_of(value: Value) -> Result<Vec<String>, ErrorKind> {
    let claims = Fixture::new().verify(&claims_with("scope", value))?;
    Ok(claims.scopes().to_vec())
}

#[test]
fn an_honest_token_is_mapped_whole() {
    let claims = Fixture::new().verify(&claims()).unwrap();
    assert_eq!(claims.issuer(), "https://id.example.com");
    assert_eq!(claims.principal_kind(), PrincipalKind::User);
    assert_eq!(claims.subject(), "ana");
    assert_eq!(claims.client_id(), Some("dashboards"));
    assert_eq!(claims.tenant(), Some("acme"));
    assert_eq!(claims.scopes(), ["rfis:read", "drawings:read"]);
    assert_eq!(claims.expires(), NOW + 600);
    assert_eq!(claims.valid_until(), NOW + 660);
    assert_eq!(claims.issued_at(), Some(NOW - 10));
    assert_eq!(claims.not_before(), Some(NOW - 10));
    assert_eq!(claims.token_id(), Some("t1"));
    assert_eq!(claims.key_id(), Some("k1"));
}

#[test]
fn a_token_is_expired_from_exp_plus_leeway_on() {
    for leeway in [0_u32, 60, 300] {
        let fixture = Fixture::profiled(|profile| profile.leeway(leeway));
        let leeway = i64::from(leeway);
        let at = |exp: i64| fixture.verify(&claims_with("exp", json!(exp))).map(drop);
        assert_eq!(at(NOW - leeway + 1), Ok(()));
        assert_eq!(at(NOW - leeway), Err(ErrorKind::TokenExpired));
        assert_eq!(at(0), Err(ErrorKind::TokenExpired));
    }
}

#[test]
fn a_token_is_not_valid_before_nbf_or_iat_less_leeway() {
    for leeway in [0_u32, 60] {
        let fixture = Fixture::profiled(|profile| profile.leeway(leeway));
        for claim in ["nbf", "iat"] {
            let at = |when: i64| fixture.verify(&claims_with(claim, json!(when))).map(drop);
            assert_eq!(at(NOW + i64::from(leeway)), Ok(()), "{claim}");
            assert_eq!(
                at(NOW + i64::from(leeway) + 1),
                Err(ErrorKind::TokenNotYetValid),
                "{claim}"
            );
        }
    }
}

#[test]
fn fractions_of_seconds_shorten_a_token_never_lengthen_it() {
    let fixture = Fixture::profiled(|profile| profile.leeway(0));
    let with = |name: &str, text: &str| {
        let text = claims_with(name, json!(777)).to_string().replace("777", text);
        fixture.verify_text(&text)
    };
    assert_eq!(
        with("exp", "1800000000.9").map(drop),
        Err(ErrorKind::TokenExpired)
    );
    assert_eq!(with("exp", "1800000001.9").unwrap().expires(), NOW + 1);
    assert_eq!(with("exp", "1.8000001e9").unwrap().expires(), NOW + 100);
    assert_eq!(
        with("nbf", "1800000000.1").map(drop),
        Err(ErrorKind::TokenNotYetValid)
    );
    assert_eq!(with("nbf", "1799999999.1").unwrap().not_before(), Some(NOW));
    assert_eq!(with("iat", "1799999999.9").unwrap().issued_at(), Some(NOW - 1));
}

#[test]
fn extreme_clocks_neither_panic_nor_accept() {
    let fixture = Fixture::new();
    let token = fixture.key.sign(&claims(), "at+jwt").unwrap();
    for (now, kind) in [
        (i64::MIN, ErrorKind::TokenNotYetValid),
        (-1, ErrorKind::TokenNotYetValid),
        (i64::MAX, ErrorKind::TokenExpired),
    ] {
        assert_eq!(fixture.verifier.verify(&token, now).unwrap_err().kind(), kind);
    }
}

#[test]
fn a_longer_lifetime_than_the_profile_allows_is_refused() {
    let fixture = Fixture::profiled(|profile| profile.max_lifetime(610));
    assert!(fixture.verify(&claims()).is_ok());
    assert_eq!(fixture.verify(&claims_with("exp", json!(NOW + 601))), INVALID);
    assert_eq!(fixture.verify(&claims_without("iat")), MISSING);
}

#[test]
fn a_required_claim_must_be_there_and_not_null() {
    let fixture = Fixture::profiled(|profile| profile.require("jti").require("/org/id"));
    assert_eq!(fixture.verify(&claims()), MISSING);
    assert_eq!(fixture.verify(&claims_with("org", json!({"id": null}))), MISSING);
    assert!(fixture.verify(&claims_with("org", json!({"id": 7}))).is_ok());
}

#[test]
fn principal_and_tenant_are_never_guessed() {
    let fixture = Fixture::new();
    assert_eq!(fixture.verify(&claims_without("sub")), MISSING);
    assert_eq!(fixture.verify(&claims_without("tenant")), MISSING);
    for value in [
        json!(""),
        json!(null),
        json!(["acme"]),
        json!(7),
        json!("x".repeat(4_097)),
    ] {
        assert_eq!(fixture.verify(&claims_with("tenant", value.clone())), INVALID);
        assert_eq!(fixture.verify(&claims_with("sub", value)), INVALID);
    }
}

#[test]
fn the_tenant_comes_from_a_nested_claim_or_from_the_request() {
    let nested = Fixture::profiled(|profile| profile.tenant_claim("/org/id"));
    let claims = nested
        .verify(&claims_with("org", json!({"id": "globex"})))
        .unwrap();
    assert_eq!(claims.tenant(), Some("globex"));
    assert_eq!(nested.verify(&claims_with("org", json!({}))), MISSING);
    assert_eq!(nested.verify(&claims_with("org", json!("globex"))), INVALID);

    let request = Fixture::profiled(|profile| profile.tenant_from_request());
    assert_eq!(request.verify(&claims_without("tenant")).unwrap().tenant(), None);
}

#[test]
fn a_claim_named_like_a_url_or_with_escapes_is_found() {
    let namespaced = Fixture::profiled(|profile| profile.tenant_claim("https://example.com/tenant"));
    let claims = claims_with("https://example.com/tenant", json!("globex"));
    assert_eq!(namespaced.verify(&claims).unwrap().tenant(), Some("globex"));

    let escaped = Fixture::profiled(|profile| profile.tenant_claim("/a~1b/~0c"));
    let claims = claims_with("a/b", json!({"~c": "globex"}));
    assert_eq!(escaped.verify(&claims).unwrap().tenant(), Some("globex"));
}

#[test]
fn a_service_account_is_a_client_that_acts_for_itself() {
    let fixture = Fixture::new();
    let own = fixture.verify(&claims_with("sub", json!("dashboards"))).unwrap();
    assert_eq!(own.principal_kind(), PrincipalKind::ServiceAccount);

    let mapped = Fixture::profiled(|profile| profile.service_account_when("gty", "client-credentials"));
    let kind = |claims: &Value| mapped.verify(claims).map(|claims| claims.principal_kind());
    assert_eq!(
        kind(&claims_with("sub", json!("dashboards"))),
        Ok(PrincipalKind::User)
    );
    assert_eq!(
        kind(&claims_with("gty", json!("client-credentials"))),
        Ok(PrincipalKind::ServiceAccount)
    );
    assert_eq!(
        kind(&claims_with("gty", json!(true))),
        Err(ErrorKind::TokenClaimInvalid)
    );
}

#[test]
fn the_client_is_found_in_either_claim_and_contradictions_are_refused() {
    let fixture = Fixture::new();
    let mut claims = claims_without("client_id");
    assert_eq!(fixture.verify(&claims).unwrap().client_id(), None);
    claims["azp"] = json!("mobile");
    assert_eq!(fixture.verify(&claims).unwrap().client_id(), Some("mobile"));
    claims["client_id"] = json!("mobile");
    assert_eq!(fixture.verify(&claims).unwrap().client_id(), Some("mobile"));
    claims["client_id"] = json!("dashboards");
    assert_eq!(fixture.verify(&claims), INVALID);
}

#[test]
fn scopes_are_read_from_a_string_or_an_array() {
    assert_eq!(scopes_of(json!("a b a")).unwrap(), ["a", "b"]);
    assert_eq!(scopes_of(json!(["a", "b"])).unwrap(), ["a", "b"]);
    assert_eq!(scopes_of(json!(" a  b ")).unwrap(), ["a", "b"]);

    let fixture = Fixture::new();
    let mut claims = claims_without("scope");
    claims["scp"] = json!(["a"]);
    assert_eq!(fixture.verify(&claims).unwrap().scopes(), ["a"]);
    claims["scope"] = json!("a");
    assert_eq!(fixture.verify(&claims).unwrap().scopes(), ["a"]);
    claims["scope"] = json!("a b");
    assert_eq!(fixture.verify(&claims), INVALID);
}

#[test]
fn scopes_of_wrong_type_or_too_many_are_refused() {
    for value in [
        json!(null),
        json!(7),
        json!(true),
        json!({"a": true}),
        json!(["a", 7]),
        json!(["a b"]),
        json!([""]),
        json!("a ".repeat(0) + &(0..=MAX_SCOPES).map(|at| format!("s{at} ")).collect::<String>()),
    ] {
        assert_eq!(scopes_of(value), Err(ErrorKind::TokenClaimInvalid));
    }
}

#[test]
fn a_bound_token_without_its_proof_is_refused() {
    let fixture = Fixture::new();
    for confirmation in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!(null)] {
        let bound = fixture.verify(&claims_with("cnf", confirmation));
        assert_eq!(bound, Err(ErrorKind::TokenBinding));
    }
}

#[test]
fn a_name_may_be_as_long_as_the_limit_and_no_longer() {
    let fixture = Fixture::new();
    for (len, is_accepted) in [(MAX_NAME_BYTES, true), (MAX_NAME_BYTES + 1, false)] {
        let verified = fixture.verify(&claims_with("client_id", json!("x".repeat(len))));
        assert_eq!(verified.is_ok(), is_accepted, "{len}");
    }
}

#[test]
fn an_error_names_the_path_of_the_claim() {
    let fixture = Fixture::profiled(|profile| profile.tenant_claim("/org/id"));
    let error = |org: Value| {
        let token = fixture.key.sign(&claims_with("org", org), "at+jwt").unwrap();
        fixture.verifier.verify(&token, NOW).unwrap_err().to_string()
    };
    for (org, expected) in [
        (json!({}), "`/org/id`"),
        (json!("acme"), "`/org/id` leads through a string"),
        (json!({"id": ""}), "`/org/id` is empty"),
    ] {
        let message = error(org);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn everything_that_a_token_says_counts_toward_its_weight() {
    let fixture = Fixture::profiled(|profile| {
        let profile = profile.context_claim("text", "text", ClaimType::String);
        profile.context_claim("texts", "texts", ClaimType::Strings)
    });
    let weight = |claims: &Value| {
        let token = fixture.key.sign(claims, "at+jwt").unwrap();
        let (claims, _) = fixture.verifier.verify_marked(&token, NOW).unwrap();
        claims.weight()
    };
    let plain = weight(&claims());
    let long = "x".repeat(3_000);
    let many: Vec<String> = (0..200).map(|at| format!("group-of-people-{at}")).collect();
    for (name, value, least) in [
        ("client_id", json!(long), 2_900),
        ("scope", json!(many), 200 * 30),
        ("text", json!(long), 3_000),
        ("texts", json!(many), 200 * 30),
        ("status", json!({"status_list": {"idx": 0, "uri": long}}), 3_000),
    ] {
        let heavy = weight(&claims_with(name, value));
        assert!(heavy >= plain + least, "{name}: {heavy} after {plain}");
    }
}
