use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::token::fixture::{NOW, decode};
use crate::token::{Algorithm, Encryption, KeyPurpose, KeySet, PrincipalKind, Profile, Verifier};

const ISSUER: &str = "https://auth.example.com";

fn minter() -> Minter {
    let ring = KeyRing::new();
    ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), NOW).unwrap();
    ring.rotate(KeyPurpose::Encrypt(Encryption::DirectA256Gcm), NOW)
        .unwrap();
    Minter::new(ISSUER, &ring)
}

fn new<'a>() -> NewToken<'a> {
    NewToken::new("ana", "dashboards")
        .audience("api")
        .tenant("acme")
        .scopes(["rfis:read", "drawings:read"])
}

fn verifier(minter: &Minter) -> Verifier {
    Verifier::new([Profile::own(ISSUER, minter.ring()).audience("api")]).unwrap()
}

#[test]
fn a_signed_token_has_the_shape_of_rfc_9068() {
    let minter = minter();
    let minted = minter.sign(&new(), NOW).unwrap();
    let parts: Vec<_> = minted.token().split('.').collect();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let claims: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
    let key = &minter.ring().keys()[0];
    assert_eq!(header, json!({"alg": "EdDSA", "typ": "at+jwt", "kid": key.id}));
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER, "sub": "ana", "aud": "api", "exp": NOW + 600, "iat": NOW, "jti": minted.token_id(),
            "client_id": "dashboards", "scope": "rfis:read drawings:read", "tenant": "acme",
        })
    );
}

#[test]
fn both_algorithms_verify_against_the_published_keys_alone() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let minter = minter();
        minter.ring().rotate(KeyPurpose::Sign(algorithm), NOW).unwrap();
        let keys = KeySet::from_jwks(minter.ring().jwks().as_bytes()).unwrap();
        let foreign = Verifier::new([Profile::issuer(ISSUER).audience("api").jwks(keys)]).unwrap();
        let token = minter.sign(&new(), NOW).unwrap();
        assert_eq!(foreign.verify(token.token(), NOW).unwrap().scopes().len(), 2);
    }
}

#[test]
fn lineage_and_private_claims_travel_in_both_forms() {
    let minter = minter();
    let lineage = Lineage {
        installation: Some("i1".to_owned()),
        installation_epoch: Some(3),
        account: Some("a1".to_owned()),
        account_epoch: Some(0),
        grant: Some("g1".to_owned()),
        family: Some("f1".to_owned()),
        secret: Some("s1".to_owned()),
        parents: vec!["t1".into()],
        projects: Some(vec!["p1".into()]),
    };
    let new = new()
        .lineage(lineage.clone())
        .claim("https://example.com/plan", "gold");
    let verifier = verifier(&minter);
    for minted in [
        minter.sign(&new, NOW).unwrap(),
        minter.encrypt(&new, NOW).unwrap(),
    ] {
        let claims = verifier.verify(minted.token(), NOW).unwrap();
        assert_eq!(claims.lineage(), &lineage);
        assert_eq!(claims.expires(), minted.expires());
    }
    let signed = minter.sign(&new, NOW).unwrap();
    let claims: Value = serde_json::from_slice(&decode(signed.token().split('.').nth(1).unwrap())).unwrap();
    assert_eq!(claims["https://example.com/plan"], "gold");
}

#[test]
fn the_lists_of_a_lineage_count_toward_the_weight_of_a_token() {
    let minter = minter();
    let verifier = verifier(&minter);
    let weight = |lineage: Lineage| {
        let token = minter.sign(&new().lineage(lineage), NOW).unwrap();
        verifier.verify(token.token(), NOW).unwrap().weight()
    };
    let plain = weight(Lineage::default());
    let names = || (0..64).map(|at| format!("a-project-of-some-name-{at}")).collect();
    let projects = weight(Lineage {
        projects: Some(names()),
        ..Lineage::default()
    });
    let parents = weight(Lineage {
        parents: names(),
        ..Lineage::default()
    });
    assert!(projects >= plain + 64 * 40, "{projects} after {plain}");
    assert!(parents >= plain + 64 * 40, "{parents} after {plain}");
}

#[test]
fn lineage_of_foreign_issuers_means_nothing() {
    let minter = minter();
    let lineage = Lineage {
        grant: Some("g1".to_owned()),
        ..Lineage::default()
    };
    let token = minter.sign(&new().lineage(lineage), NOW).unwrap();
    let keys = minter.ring().source().keys();
    let foreign = Verifier::new([Profile::issuer(ISSUER).audience("api").jwks(keys)]).unwrap();
    assert!(foreign.verify(token.token(), NOW).unwrap().lineage().is_empty());
}

#[test]
fn a_lineage_of_the_wrong_type_is_refused() {
    let minter = minter();
    let verifier = verifier(&minter);
    let current = minter.ring().current();
    let key = &current.signing.as_ref().unwrap().key;
    for wrong in [
        json!("g1"),
        json!({"grant": 1}),
        json!({"grant": ""}),
        json!({"account_epoch": -1}),
    ] {
        let claims = json!({"iss": ISSUER, "sub": "ana", "aud": "api", "exp": NOW + 60, "tenant": "acme",
                            "bailiwick": wrong});
        let token = key.sign(&claims, "at+jwt").unwrap();
        assert_eq!(
            verifier.verify(&token, NOW).unwrap_err().kind(),
            ErrorKind::TokenClaimInvalid
        );
    }
}

#[test]
fn a_service_account_is_its_own_client() {
    let minter = minter();
    let token = minter
        .encrypt(&NewToken::new("erp", "erp").audience("api").tenant("acme"), NOW)
        .unwrap();
    let claims = verifier(&minter).verify(token.token(), NOW).unwrap();
    assert_eq!(claims.principal_kind(), PrincipalKind::ServiceAccount);
    assert!(claims.scopes().is_empty());
}

#[test]
fn names_with_any_characters_come_back_as_they_went() {
    let minter = minter();
    let verifier = verifier(&minter);
    for name in [
        "quote\" and \\ and /",
        "line\nfeed, tab\t and \u{0} and \u{1f}",
        "\u{7f}\u{80}\u{2028}\u{2603}\u{1f512}",
    ] {
        let new = NewToken::new(name, name)
            .audience("api")
            .tenant(name)
            .scope("a!b[c]d~");
        for minted in [
            minter.sign(&new, NOW).unwrap(),
            minter.encrypt(&new, NOW).unwrap(),
        ] {
            let claims = verifier.verify(minted.token(), NOW).unwrap();
            assert_eq!(claims.subject(), name);
            assert_eq!(claims.client_id(), Some(name));
            assert_eq!(claims.tenant(), Some(name));
            assert_eq!(claims.scopes(), ["a!b[c]d~"]);
        }
    }
    let several = new().audience("other \"api\"");
    let minted = minter.sign(&several, NOW).unwrap();
    let claims: Value = serde_json::from_slice(&decode(minted.token().split('.').nth(1).unwrap())).unwrap();
    assert_eq!(claims["aud"], json!(["api", "other \"api\""]));
}

#[test]
fn token_ids_are_128_bits_of_chance() {
    let minter = minter();
    let ids: HashSet<_> = (0..500)
        .map(|_| minter.encrypt(&new(), NOW).unwrap().token_id().to_owned())
        .collect();
    assert_eq!(ids.len(), 500);
    assert!(ids.iter().all(|id| decode(id).len() == 16));
    let ones: u32 = ids.iter().flat_map(|id| decode(id)).map(u8::count_ones).sum();
    assert!((30_000..34_000).contains(&ones), "{ones} of 64,000 bits");
}

#[test]
fn lifetimes_are_bounded_by_the_minter_and_by_what_the_token_derives_from() {
    let minter = minter().max_lifetime(900);
    let expires = |new: NewToken<'_>| {
        minter
            .sign(&new, NOW)
            .map(|it| it.expires())
            .map_err(|it| it.kind())
    };
    assert_eq!(expires(new().lifetime(900)), Ok(NOW + 900));
    assert_eq!(expires(new().lifetime(901)), Err(ErrorKind::ArgumentInvalid));
    assert_eq!(expires(new().lifetime(0)), Err(ErrorKind::ArgumentInvalid));
    assert_eq!(expires(new().expires_by(NOW + 5)), Ok(NOW + 5));
    assert_eq!(expires(new().expires_by(NOW + 5_000)), Ok(NOW + 600));
    assert_eq!(expires(new().expires_by(NOW)), Err(ErrorKind::ArgumentInvalid));
    assert_eq!(
        minter.clone().max_lifetime(u32::MAX).max_lifetime,
        MAX_TOKEN_LIFETIME_SECONDS
    );
    for now in [-1, MAX_NUMERIC_DATE, i64::MAX] {
        assert!(minter.sign(&new(), now).is_err());
    }
}

#[test]
fn claims_that_would_mean_something_else_are_refused() {
    let minter = minter();
    let long = "x".repeat(MAX_NAME_BYTES + 1);
    for (what, refused) in [
        ("empty subject", NewToken::new("", "c").audience("api")),
        ("empty client", NewToken::new("ana", "").audience("api")),
        ("long subject", NewToken::new(&long, "c").audience("api")),
        ("no audience", NewToken::new("ana", "c")),
        ("empty audience", new().audience("")),
        ("empty tenant", new().tenant("")),
        ("two scopes in one", new().scope("rfis:read rfis:write")),
        ("empty scope", new().scope("")),
        ("no-break space", new().scope("rfis:read\u{a0}rfis:write")),
        ("quote", new().scope("rfis\"")),
        ("reserved", new().claim("exp", 1)),
        ("reserved", new().claim("scp", "all")),
        ("reserved", new().claim("bailiwick", json!({}))),
        ("twice", new().claim("a", 1).claim("a", 2)),
        ("too long", new().claim("a", "x".repeat(MAX_TOKEN_BYTES))),
    ] {
        for outcome in [minter.sign(&refused, NOW), minter.encrypt(&refused, NOW)] {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ArgumentInvalid, "{what}");
        }
    }
}

#[test]
fn a_minted_token_does_not_show_itself() {
    let minted = minter().sign(&new(), NOW).unwrap();
    let shown = format!("{minted:?}");
    assert!(!shown.contains(minted.token()));
    assert!(shown.contains(minted.token_id()));
}
