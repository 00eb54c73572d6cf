//! Bodies of tokens as the providers document and send them; the names are invented.

use serde_json::{Value, json};

use super::*;
use crate::token::fixture::{NOW, key_set, write};
use crate::{ClaimType, Claims, Error, ErrorKind, KeySet, PrincipalKind, SigningKey, Verifier};

struct Issuer {
    key: SigningKey,
    verifier: Verifier,
}

impl Issuer {
    fn new(profile: Profile) -> Self {
        let rsa = include_bytes!("../../tests/data/rsa-2048.test-key.pk8");
        let key = SigningKey::from_pkcs8(Algorithm::Rs256, "k1", rsa).unwrap();
        let verifier = Verifier::new([profile.jwks(key_set(&[&key]))]).unwrap();
        Self { key, verifier }
    }

    /// Verifies a token with these claims and this type; null leaves the type out.
    fn read(&self, token_type: Value, claims: &Value) -> Result<Claims, Error> {
        let mut header = json!({"alg": "RS256", "kid": "k1", "typ": token_type});
        if token_type.is_null() {
            header.as_object_mut().unwrap().remove("typ");
        }
        let token = write(&header.to_string(), &claims.to_string(), &self.key);
        self.verifier.verify(&token, NOW)
    }

    fn refusal(&self, token_type: Value, claims: &Value) -> ErrorKind {
        self.read(token_type, claims).unwrap_err().kind()
    }
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Kind of principal, its id, client, tenant and scopes.
fn summary(claims: &Claims) -> (PrincipalKind, &str, Option<&str>, Option<&str>, Vec<&str>) {
    (
        claims.principal_kind(),
        claims.subject(),
        claims.client_id(),
        claims.tenant(),
        claims.scopes().iter().map(String::as_str).collect(),
    )
}

#[test]
fn names_of_providers_are_read_back() {
    for provider in Provider::ALL {
        assert_eq!(Provider::from_name(provider.name()), Some(*provider));
    }
}

#[test]
fn tokens_of_our_own_shape_are_read() {
    let issuer = Issuer::new(Profile::of(Provider::Rfc9068, "https://id.example.com").audience("api"));
    let claims = json!({
        "iss": "https://id.example.com", "sub": "5ba552d67", "aud": "api", "exp": NOW + 600, "iat": NOW,
        "client_id": "s6BhdRkqt3", "jti": "dbe39bf3a3ba4238a513f51d6e1691c4", "scope": "rfis:read rfis:write",
        "tenant": "acme",
    });
    let read = issuer.read(json!("at+jwt"), &claims).unwrap();
    let scopes = vec!["rfis:read", "rfis:write"];
    assert_eq!(
        summary(&read),
        (
            PrincipalKind::User,
            "5ba552d67",
            Some("s6BhdRkqt3"),
            Some("acme"),
            scopes
        )
    );
    assert_eq!(issuer.refusal(json!("JWT"), &claims), ErrorKind::TokenType);
}

#[test]
fn auth0_tokens_are_read() {
    let issuer = Issuer::new(
        Profile::of(Provider::Auth0, "https://acme.eu.auth0.com/")
            .audience("https://api.example.com")
            .context_claim("permissions", "permissions", ClaimType::Strings),
    );
    let user = json!({
        "iss": "https://acme.eu.auth0.com/", "sub": "auth0|65f2c1a0b3",
        "aud": ["https://api.example.com", "https://acme.eu.auth0.com/userinfo"], "iat": NOW - 5, "exp": NOW + 86_400,
        "scope": "openid profile rfis:read", "azp": "AbCdEf123", "org_id": "org_9ybsU1dN2dKfDkBi",
        "permissions": ["rfis:read"],
    });
    let read = issuer.read(json!("JWT"), &user).unwrap();
    let scopes = vec!["openid", "profile", "rfis:read"];
    let expected = (
        PrincipalKind::User,
        "auth0|65f2c1a0b3",
        Some("AbCdEf123"),
        Some("org_9ybsU1dN2dKfDkBi"),
        scopes,
    );
    assert_eq!(summary(&read), expected);
    assert_eq!(read.attributes().count(), 1);

    let mut machine = with(user.clone(), "sub", json!("AbCdEf123@clients"));
    machine["gty"] = json!("client-credentials");
    machine["aud"] = json!("https://api.example.com");
    let read = issuer.read(json!("JWT"), &machine).unwrap();
    assert_eq!(summary(&read).0, PrincipalKind::ServiceAccount);
    assert_eq!(read.subject(), "AbCdEf123");
    // Its other dialect, RFC 9068.
    let dialect = with(without(user.clone(), "azp"), "client_id", json!("AbCdEf123"));
    assert_eq!(
        issuer.read(json!("at+jwt"), &dialect).unwrap().client_id(),
        Some("AbCdEf123")
    );

    let id_token = json!({
        "iss": "https://acme.eu.auth0.com/", "sub": "auth0|65f2c1a0b3", "aud": "AbCdEf123", "iat": NOW, "exp": NOW + 60,
        "nonce": "n", "org_id": "org_9ybsU1dN2dKfDkBi",
    });
    assert_eq!(issuer.refusal(json!("JWT"), &id_token), ErrorKind::TokenAudience);
    assert_eq!(
        issuer.refusal(json!("JWT"), &without(user, "org_id")),
        ErrorKind::TokenClaimMissing
    );
}

#[test]
fn keycloak_tokens_are_read() {
    let issuer = Issuer::new(
        Profile::of(Provider::Keycloak, "https://sso.example.com/realms/acme")
            .audience("rfi-api")
            .tenant_claim("/organization/acme/id")
            .context_claim("roles", "/realm_access/roles", ClaimType::Strings)
            .context_claim(
                "editor",
                "/resource_access/rfi-api/roles",
                ClaimType::contains("editor"),
            ),
    );
    let user = json!({
        "exp": NOW + 300, "iat": NOW, "auth_time": NOW - 60, "jti": "onrtac:6e1b5a7e", "typ": "Bearer",
        "iss": "https://sso.example.com/realms/acme", "aud": ["rfi-api", "account"], "azp": "dashboards",
        "sub": "f2c9a8e0-4b7d-4f0a-9d3e-1c2b3a4d5e6f", "sid": "0b1c", "acr": "1", "scope": "openid rfis:read email",
        "realm_access": {"roles": ["offline_access", "site-manager"]},
        "resource_access": {"rfi-api": {"roles": ["editor"]}, "account": {"roles": ["view-profile"]}},
        "organization": {"acme": {"id": "42"}}, "preferred_username": "ana", "email_verified": true,
    });
    let read = issuer.read(json!("JWT"), &user).unwrap();
    let expected = (
        PrincipalKind::User,
        "f2c9a8e0-4b7d-4f0a-9d3e-1c2b3a4d5e6f",
        Some("dashboards"),
        Some("42"),
        vec!["openid", "rfis:read", "email"],
    );
    assert_eq!(summary(&read), expected);
    let attributes: Vec<_> = read.attributes().collect();
    let roles = crate::Value::from(vec!["offline_access", "site-manager"]);
    assert_eq!(attributes, [("roles", &roles), ("editor", &true.into())]);

    let mut machine = with(
        user.clone(),
        "preferred_username",
        json!("service-account-erp-sync"),
    );
    machine["azp"] = json!("erp-sync");
    let read = issuer.read(json!("JWT"), &machine).unwrap();
    assert_eq!(summary(&read).0, PrincipalKind::ServiceAccount);
    assert_eq!(read.subject(), "erp-sync");
    // The service account of another client than the one that presents itself.
    let odd = with(machine, "azp", json!("dashboards"));
    assert_eq!(
        issuer.read(json!("JWT"), &odd).unwrap().principal_kind(),
        PrincipalKind::User
    );

    for kind in ["ID", "Refresh", "Logout", "Offline"] {
        let other = with(user.clone(), "typ", json!(kind));
        assert_eq!(
            issuer.refusal(json!("JWT"), &other),
            ErrorKind::TokenType,
            "{kind}"
        );
    }
    assert_eq!(
        issuer.refusal(json!("JWT"), &without(user, "typ")),
        ErrorKind::TokenClaimMissing
    );
}

#[test]
fn entra_tokens_are_read() {
    let tenant = "9122040d-6c67-4c5b-b112-36a304b66dad";
    let address = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let issuer =
        Issuer::new(Profile::of(Provider::Entra, &address).audience("6e74172b-be56-4843-9ff4-e66a39bb12e3"));
    let user = json!({
        "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "iss": address, "iat": NOW, "nbf": NOW, "exp": NOW + 4_000,
        "aio": "AXQAi/8IAAAA", "azp": "abd5e5a0-1c2b-4d3e-8f90-a1b2c3d4e5f6", "azpacr": "0",
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "preferred_username": "ana@acme.example", "rh": "I",
        "roles": ["Site.Manager"], "scp": "access_as_user rfis:read", "sub": "HKZpfaHyWadeOouYlitjrI",
        "tid": tenant, "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0", "idtyp": "user",
    });
    let read = issuer.read(json!("JWT"), &user).unwrap();
    let expected = (
        PrincipalKind::User,
        "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        Some("abd5e5a0-1c2b-4d3e-8f90-a1b2c3d4e5f6"),
        Some(tenant),
        vec!["access_as_user", "rfis:read"],
    );
    assert_eq!(summary(&read), expected);

    let mut machine = with(without(user.clone(), "scp"), "idtyp", json!("app"));
    machine["roles"] = json!(["rfis:write"]);
    let read = issuer.read(json!("JWT"), &machine).unwrap();
    assert_eq!(summary(&read).0, PrincipalKind::ServiceAccount);
    assert_eq!(read.subject(), "abd5e5a0-1c2b-4d3e-8f90-a1b2c3d4e5f6");
    assert_eq!(read.scopes(), ["rfis:write"]);

    // An ID token for an API that signs its own users in has the same audience, type and keys.
    let id_token = with(without(user, "scp"), "nonce", json!("n"));
    assert_eq!(
        issuer.refusal(json!("JWT"), &id_token),
        ErrorKind::TokenClaimMissing
    );
}

#[test]
fn okta_tokens_are_read() {
    let issuer = Issuer::new(
        Profile::of(Provider::Okta, "https://acme.okta.com/oauth2/default")
            .audience("api://default")
            .tenant_claim("https://example.com/tenant"),
    );
    let user = json!({
        "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
        "iss": "https://acme.okta.com/oauth2/default", "aud": "api://default", "sub": "ana@acme.example",
        "iat": NOW, "exp": NOW + 3_600, "cid": "0oa5nx8rq", "uid": "00uixa271s6x7qt8I0h7", "scp": ["openid", "rfis:read"],
        "https://example.com/tenant": "acme", "auth_time": NOW - 60,
    });
    let read = issuer.read(Value::Null, &user).unwrap();
    let expected = (
        PrincipalKind::User,
        "00uixa271s6x7qt8I0h7",
        Some("0oa5nx8rq"),
        Some("acme"),
        vec!["openid", "rfis:read"],
    );
    assert_eq!(summary(&read), expected);

    let machine = with(without(user.clone(), "uid"), "sub", json!("0oa5nx8rq"));
    let read = issuer.read(Value::Null, &machine).unwrap();
    assert_eq!(summary(&read).0, PrincipalKind::ServiceAccount);

    let id_token = without(with(user, "at_hash", json!("x")), "cid");
    assert_eq!(issuer.refusal(Value::Null, &id_token), ErrorKind::TokenType);
    assert_eq!(
        issuer.refusal(Value::Null, &without(id_token, "at_hash")),
        ErrorKind::TokenClaimMissing
    );
}

#[test]
fn cognito_tokens_are_read() {
    let pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE";
    let issuer = Issuer::new(
        Profile::of(Provider::Cognito, pool)
            .audience("1h57kf5cpq17m0eml12")
            .tenant_from_request(),
    );
    let user = json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "cognito:groups": ["site-managers"], "iss": pool, "version": 2,
        "client_id": "1h57kf5cpq17m0eml12", "origin_jti": "o", "token_use": "access",
        "scope": "openid https://api.example.com/rfis:read", "auth_time": NOW, "exp": NOW + 3_600, "iat": NOW,
        "jti": "j", "username": "ana",
    });
    let read = issuer.read(Value::Null, &user).unwrap();
    let expected = (
        PrincipalKind::User,
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        Some("1h57kf5cpq17m0eml12"),
        None,
        vec!["openid", "https://api.example.com/rfis:read"],
    );
    assert_eq!(summary(&read), expected);

    let machine = with(user.clone(), "sub", json!("1h57kf5cpq17m0eml12"));
    assert_eq!(
        issuer.read(Value::Null, &machine).unwrap().principal_kind(),
        PrincipalKind::ServiceAccount
    );
    let foreign = with(user.clone(), "client_id", json!("another-client"));
    assert_eq!(issuer.refusal(Value::Null, &foreign), ErrorKind::TokenAudience);
    // An `aud` cannot stand in for the client.
    let both = with(foreign, "aud", json!("1h57kf5cpq17m0eml12"));
    assert_eq!(issuer.refusal(Value::Null, &both), ErrorKind::TokenAudience);
    let id_token = with(user.clone(), "token_use", json!("id"));
    assert_eq!(issuer.refusal(Value::Null, &id_token), ErrorKind::TokenType);
    assert_eq!(
        issuer.refusal(Value::Null, &without(user, "token_use")),
        ErrorKind::TokenClaimMissing
    );
}

fn svid() -> Value {
    json!({"sub": "spiffe://example.org/ns/prod/sa/erp", "aud": ["api"], "exp": NOW + 300, "iat": NOW})
}

fn trust_domain() -> (SigningKey, Verifier) {
    let key = SigningKey::generate_es256("svid-1").unwrap();
    let mut jwk: Value = serde_json::from_str(&key.jwk()).unwrap();
    jwk["use"] = json!("jwt-svid");
    jwk.as_object_mut().unwrap().remove("alg");
    let bundle = json!({
        "keys": [jwk, {"kty": "EC", "crv": "P-256", "use": "x509-svid", "x5c": ["MIIB"], "x": "AA", "y": "AA"}],
        "spiffe_sequence": 3, "spiffe_refresh_hint": 600,
    });
    let keys = KeySet::from_spiffe_bundle(bundle.to_string().as_bytes()).unwrap();
    let domain = Profile::spiffe("example.org")
        .audience("api")
        .fixed_scopes(["rfis:read"])
        .jwks(keys);
    let other = SigningKey::generate_ed25519("k1").unwrap();
    let oauth = crate::token::fixture::profile(&[&other]);
    (key, Verifier::new([domain, oauth]).unwrap())
}

#[test]
fn a_jwt_svid_is_judged_by_its_trust_domain() {
    let (key, verifier) = trust_domain();
    for token_type in ["JWT", "JOSE"] {
        for claims in [svid(), with(svid(), "iss", json!("https://oidc.example.org"))] {
            let token = key.sign(&claims, token_type).unwrap();
            let read = verifier.verify(&token, NOW).unwrap();
            let id = "spiffe://example.org/ns/prod/sa/erp";
            let expected = (PrincipalKind::ServiceAccount, id, None, None, vec!["rfis:read"]);
            assert_eq!(summary(&read), expected);
        }
    }
    let header = json!({"alg": "ES256", "kid": "svid-1"}).to_string();
    assert!(
        verifier
            .verify(&write(&header, &svid().to_string(), &key), NOW)
            .is_ok()
    );
}

#[test]
fn what_is_no_jwt_svid_of_a_trusted_domain_is_refused() {
    let (key, verifier) = trust_domain();
    let kind = |claims: &Value, token_type: &str| {
        let token = key.sign(claims, token_type).unwrap();
        verifier.verify(&token, NOW).unwrap_err().kind()
    };
    for subject in [
        "spiffe://example.com/ns/prod",
        "spiffe://example.org",
        "spiffe://example.org/../x",
        "spiffe://Example.org/x",
        "erp",
    ] {
        let claims = with(svid(), "sub", json!(subject));
        assert_eq!(kind(&claims, "JWT"), ErrorKind::TokenClaimMissing, "{subject}");
        let claims = with(claims, "iss", json!("spiffe://example.org"));
        assert_eq!(kind(&claims, "JWT"), ErrorKind::TokenIssuer, "{subject}");
    }
    assert_eq!(kind(&svid(), "at+jwt"), ErrorKind::TokenType);
    assert_eq!(
        kind(&with(svid(), "aud", json!("other")), "JWT"),
        ErrorKind::TokenAudience
    );
    assert_eq!(kind(&without(svid(), "aud"), "JWT"), ErrorKind::TokenClaimMissing);
    assert_eq!(kind(&without(svid(), "exp"), "JWT"), ErrorKind::TokenClaimMissing);
    // The name of another issuer is no way around that issuer's keys.
    let claims = with(svid(), "iss", json!(crate::token::fixture::ISSUER));
    assert_eq!(kind(&claims, "at+jwt"), ErrorKind::TokenUnknownKey);
}

#[test]
fn a_profile_for_what_is_no_trust_domain_cannot_be_used() {
    let key = SigningKey::generate_es256("k").unwrap();
    for name in ["", "Example.org", "example.org/x", "spiffe://example.org"] {
        let profile = Profile::spiffe(name).audience("api").jwks(key_set(&[&key]));
        assert_eq!(
            Verifier::new([profile]).unwrap_err().kind(),
            ErrorKind::Configuration,
            "{name}"
        );
    }
}
