use serde_json::json;

use super::*;
use crate::ErrorKind;
use crate::token::fixture::{Fixture, claims, claims_with};

fn mapped(expected: ClaimType, claim: serde_json::Value) -> Result<Option<Value<'static>>, ErrorKind> {
    let fixture = Fixture::profiled(|profile| profile.context_claim("attribute", "claim", expected));
    let claims = fixture.verify(&claims_with("claim", claim))?;
    Ok(claims.attributes().next().map(|(name, value)| {
        assert_eq!(name, "attribute");
        value.clone()
    }))
}

#[test]
fn claims_become_values_of_the_type_that_is_expected() {
    let strings = |texts: &[&'static str]| Value::from(texts.to_vec());
    for (expected, claim, value) in [
        (ClaimType::Bool, json!(true), Value::Bool(true)),
        (ClaimType::Bool, json!(false), Value::Bool(false)),
        (ClaimType::Long, json!(-7), Value::Long(-7)),
        (ClaimType::String, json!("eu"), Value::from("eu")),
        (ClaimType::Strings, json!(["a", "b"]), strings(&["a", "b"])),
        (ClaimType::Strings, json!("a b"), strings(&["a b"])),
        (ClaimType::Strings, json!([]), strings(&[])),
        (
            ClaimType::Datetime,
            json!(1_800_000_000.5),
            Value::Datetime(Datetime::from_millis(1_800_000_000_500)),
        ),
        (
            ClaimType::Datetime,
            json!(1_800_000_000),
            Value::Datetime(Datetime::from_millis(1_800_000_000_000)),
        ),
        (
            ClaimType::contains("mfa"),
            json!(["pwd", "mfa"]),
            Value::Bool(true),
        ),
        (ClaimType::contains("mfa"), json!("mfa"), Value::Bool(true)),
        (ClaimType::contains("mfa"), json!("pwd mfa"), Value::Bool(false)),
        (ClaimType::contains("mfa"), json!(["MFA"]), Value::Bool(false)),
    ] {
        assert_eq!(mapped(expected.clone(), claim), Ok(Some(value)), "{expected:?}");
    }
}

#[test]
fn a_claim_of_another_type_refuses_the_token() {
    for (expected, claim) in [
        (ClaimType::Bool, json!("true")),
        (ClaimType::Bool, json!(1)),
        (ClaimType::Long, json!(1.5)),
        (ClaimType::Long, json!("1")),
        (ClaimType::String, json!("")),
        (ClaimType::String, json!(["a"])),
        (ClaimType::Strings, json!([1])),
        (ClaimType::Strings, json!({"a": 1})),
        (ClaimType::Datetime, json!("2027-01-15")),
        (ClaimType::Datetime, json!(-1)),
        (ClaimType::Datetime, json!(-0.5)),
        (ClaimType::Datetime, json!(1e15)),
        (ClaimType::contains("mfa"), json!(true)),
        (ClaimType::contains("mfa"), json!(null)),
        (ClaimType::Strings, json!(vec!["a"; MAX_SCOPES + 1])),
    ] {
        let refused = mapped(expected.clone(), claim);
        assert_eq!(refused, Err(ErrorKind::TokenClaimInvalid), "{expected:?}");
    }
}

#[test]
fn an_absent_claim_leaves_its_attribute_out_but_contains_nothing() {
    let fixture = Fixture::profiled(|profile| {
        profile
            .context_claim("department", "/org/department", ClaimType::String)
            .context_claim("mfa", "amr", ClaimType::contains("mfa"))
    });
    let claims = fixture.verify(&claims()).unwrap();
    assert_eq!(
        claims.attributes().collect::<Vec<_>>(),
        [("mfa", &Value::Bool(false))]
    );
    assert_eq!(claims.all_attributes().len(), 2);
}

#[test]
fn an_attribute_is_mapped_once_and_not_over_the_sessions_own() {
    let refused = |profile: crate::Profile| {
        let key = crate::SigningKey::generate_ed25519("k").unwrap();
        let keys = crate::KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
        crate::Verifier::new([profile.audience("api").jwks(keys)])
            .unwrap_err()
            .kind()
    };
    for names in [["app", "a"], ["grant_type", "a"], ["", "a"], ["a", "a"]] {
        let profile = names
            .into_iter()
            .fold(crate::Profile::issuer("i"), |profile, name| {
                profile.context_claim(name, "claim", ClaimType::Bool)
            });
        assert_eq!(refused(profile), ErrorKind::Configuration, "{names:?}");
    }
}
