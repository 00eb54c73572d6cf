use super::*;
use crate::token::fixture::profile as honest;
use crate::{SigningKey, Verifier};

fn refusal(change: impl FnOnce(Profile) -> Profile) -> String {
    let key = SigningKey::generate_ed25519("k1").unwrap();
    let error = Verifier::new([change(honest(&[&key]))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.help_text().is_some());
    error.message().to_owned()
}

#[test]
fn threat_27_a_verifier_without_audience_cannot_be_built() {
    let key = SigningKey::generate_ed25519("k1").unwrap();
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
    let error = Verifier::new([Profile::issuer("https://id.example.com").jwks(keys)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("audience"));
    assert!(refusal(|profile| profile.audience("")).contains("audience"));
}

#[test]
fn a_verifier_without_keys_or_profiles_cannot_be_built() {
    let error = Verifier::new([Profile::issuer("https://id.example.com").audience("api")]).unwrap_err();
    assert!(error.message().contains("no keys"));
    assert_eq!(Verifier::new([]).unwrap_err().kind(), ErrorKind::Configuration);
}

#[test]
fn impossible_settings_are_refused() {
    assert!(refusal(|profile| profile.algorithms([])).contains("no algorithm"));
    assert!(refusal(|profile| profile.token_types::<&str>([])).contains("type"));
    assert!(refusal(|profile| profile.token_types([""])).contains("type"));
    assert!(refusal(|profile| profile.leeway(301)).contains("leeway"));
    assert!(refusal(|profile| profile.leeway(u32::MAX)).contains("leeway"));
    assert!(refusal(|profile| profile.max_lifetime(0)).contains("lifetime"));
    assert!(refusal(|profile| profile.scope_claims::<&str>([])).contains("scopes"));
    for path in ["", "/", "/org/", "//id"] {
        assert!(
            refusal(|profile| profile.tenant_claim(path)).contains("claim"),
            "{path}"
        );
        assert!(
            refusal(|profile| profile.require(path)).contains("claim"),
            "{path}"
        );
    }
}

#[test]
fn two_profiles_of_one_issuer_are_refused() {
    let key = SigningKey::generate_ed25519("k1").unwrap();
    let error = Verifier::new([honest(&[&key]), honest(&[&key]).audience("other")]).unwrap_err();
    assert!(error.message().contains("two profiles"));
}

#[test]
fn the_prefix_application_means_nothing_in_a_type() {
    for (name, expected) in [
        ("at+jwt", "at+jwt"),
        ("application/at+jwt", "at+jwt"),
        ("APPLICATION/at+jwt", "at+jwt"),
        ("application/", ""),
        ("application/a/b", "application/a/b"),
        ("text/at+jwt", "text/at+jwt"),
        ("äpplication/x", "äpplication/x"),
    ] {
        assert_eq!(media_type(name), expected);
    }
}
