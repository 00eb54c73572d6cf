//! Tokens in shapes of their own: those of identity providers, those made with a secret, encrypted ones, and those that are
//! bound to a key or a certificate, with their proofs.

use bailiwick::SigningKey;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value as Json, json};

use super::{ED25519_PREFIX, NOW, Named, Signer, Token, encode, honest, merge, segments, with_other_letter};

/// A token of which nothing is taken from the honest one but what these say.
fn shaped(typ: Json, claims: &Json) -> String {
    let mut token = Token::new(Signer::A, json!({})).header(json!({"typ": typ}));
    token.claims = claims.to_string();
    token.signed(Signer::A)
}

fn with(mut claims: Json, changes: Json) -> Json {
    merge(&mut claims, changes);
    claims
}

pub(super) fn by_provider() -> Named {
    let mut named = auth0();
    named.extend(keycloak());
    named.extend(entra());
    named.extend(okta());
    named.extend(cognito());
    named
}

fn auth0() -> Named {
    let user = json!({
        "iss": "https://acme.eu.auth0.com/", "sub": "auth0|ana", "iat": NOW - 5, "exp": NOW + 86_400,
        "aud": ["https://api.example.com", "https://acme.eu.auth0.com/userinfo"],
        "scope": "openid profile rfis:read", "azp": "dashboards", "org_id": "acme",
    });
    let machine = json!({
        "iss": "https://acme.eu.auth0.com/", "sub": "erp-sync@clients", "aud": "https://api.example.com",
        "iat": NOW - 5, "exp": NOW + 86_400, "azp": "erp-sync", "gty": "client-credentials", "org_id": "acme",
        "scope": "rfis:read",
    });
    let jwt = |claims: Json| shaped(json!("JWT"), &claims);
    vec![
        ("Auth0: a user", jwt(user.clone())),
        (
            "Auth0: a user, in the dialect of RFC 9068",
            shaped(
                json!("at+jwt"),
                &with(user.clone(), json!({"azp": null, "client_id": "dashboards"})),
            ),
        ),
        (
            "Auth0: the app",
            jwt(with(user.clone(), json!({"azp": "gadget"}))),
        ),
        ("Auth0: a machine", jwt(machine.clone())),
        (
            "Auth0: a machine of another grant is a user",
            jwt(with(machine, json!({"gty": "password"}))),
        ),
        (
            "Auth0: an ID token",
            jwt(with(user.clone(), json!({"aud": "dashboards", "scope": null}))),
        ),
        (
            "Auth0: no organization",
            jwt(with(user.clone(), json!({"org_id": null}))),
        ),
        (
            "Auth0: an issuer without its slash",
            jwt(with(user.clone(), json!({"iss": "https://acme.eu.auth0.com"}))),
        ),
        ("Auth0: no type", shaped(Json::Null, &user)),
    ]
}

fn keycloak() -> Named {
    let user = json!({
        "exp": NOW + 300, "iat": NOW, "auth_time": NOW - 60, "jti": "onrtac:6e1b5a7e", "typ": "Bearer",
        "iss": "https://sso.example.com/realms/acme", "aud": ["rfi-api", "account"], "azp": "dashboards",
        "sub": "f2c9a8e0", "sid": "0b1c", "acr": "1", "scope": "openid rfis:read email",
        "realm_access": {"roles": ["offline_access", "site-manager"]}, "tenant": "acme",
        "preferred_username": "ana", "email_verified": true,
    });
    let machine = with(
        user.clone(),
        json!({"azp": "erp-sync", "preferred_username": "service-account-erp-sync"}),
    );
    let jwt = |claims: Json| shaped(json!("JWT"), &claims);
    let of_type = |name: &str| jwt(with(user.clone(), json!({"typ": name})));
    vec![
        ("Keycloak: a user", jwt(user.clone())),
        (
            "Keycloak: the app",
            jwt(with(user.clone(), json!({"azp": "gadget"}))),
        ),
        ("Keycloak: a machine", jwt(machine.clone())),
        (
            "Keycloak: the name of another client's machine is a user's",
            jwt(with(machine, json!({"azp": "dashboards"}))),
        ),
        ("Keycloak: an ID token", of_type("ID")),
        ("Keycloak: a refresh token", of_type("Refresh")),
        ("Keycloak: a logout token", of_type("Logout")),
        (
            "Keycloak: nothing says what it is",
            jwt(with(user.clone(), json!({"typ": null}))),
        ),
        (
            "Keycloak: the type is no text",
            jwt(with(user.clone(), json!({"typ": ["Bearer"]}))),
        ),
        (
            "Keycloak: another realm",
            jwt(with(
                user.clone(),
                json!({"iss": "https://sso.example.com/realms/globex"}),
            )),
        ),
    ]
}

fn entra() -> Named {
    let user = json!({
        "aud": "6e74172b", "iss": "https://login.microsoftonline.com/acme/v2.0", "iat": NOW, "nbf": NOW,
        "exp": NOW + 4_000, "aio": "AXQAi/8IAAAA", "azp": "dashboards", "azpacr": "0", "oid": "690222be",
        "preferred_username": "ana@acme.example", "roles": ["rfis:write"], "scp": "access_as_user rfis:read",
        "sub": "HKZpfaHyWadeOouYlitjrI", "tid": "acme", "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0", "idtyp": "user",
    });
    let machine = with(
        user.clone(),
        json!({"idtyp": "app", "azp": "erp-sync", "scp": null, "roles": ["rfis:read"]}),
    );
    let jwt = |claims: Json| shaped(json!("JWT"), &claims);
    vec![
        ("Entra ID: a user", jwt(user.clone())),
        ("Entra ID: a user's roles are no scopes", jwt(user.clone())),
        (
            "Entra ID: the app",
            jwt(with(user.clone(), json!({"azp": "gadget"}))),
        ),
        ("Entra ID: a machine", jwt(machine.clone())),
        (
            "Entra ID: a machine without roles",
            jwt(with(machine, json!({"roles": null}))),
        ),
        (
            "Entra ID: an ID token",
            jwt(with(user.clone(), json!({"scp": null, "nonce": "n"}))),
        ),
        (
            "Entra ID: no object id",
            jwt(with(user.clone(), json!({"oid": null}))),
        ),
        (
            "Entra ID: another tenant's directory",
            jwt(with(
                user,
                json!({"iss": "https://login.microsoftonline.com/globex/v2.0", "tid": "globex"}),
            )),
        ),
    ]
}

fn okta() -> Named {
    let user = json!({
        "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", "aud": "api://default",
        "iss": "https://acme.okta.com/oauth2/default", "sub": "ana@acme.example", "iat": NOW, "exp": NOW + 3_600,
        "cid": "dashboards", "uid": "00uixa271s6x7qt8I0h7", "scp": ["openid", "rfis:read"], "auth_time": NOW - 60,
        "tenant": "acme",
    });
    let machine = with(
        user.clone(),
        json!({"sub": "erp-sync", "cid": "erp-sync", "uid": null, "scp": ["rfis:read"]}),
    );
    let untyped = |claims: Json| shaped(Json::Null, &claims);
    vec![
        ("Okta: a user", untyped(user.clone())),
        (
            "Okta: the app",
            untyped(with(user.clone(), json!({"cid": "gadget"}))),
        ),
        ("Okta: a machine", untyped(machine)),
        (
            "Okta: a user without an id",
            untyped(with(user.clone(), json!({"uid": null}))),
        ),
        (
            "Okta: an ID token",
            untyped(with(user.clone(), json!({"at_hash": "x", "cid": null}))),
        ),
        (
            "Okta: no client",
            untyped(with(user.clone(), json!({"cid": null}))),
        ),
        (
            "Okta: the organization's own server",
            untyped(with(user, json!({"iss": "https://acme.okta.com"}))),
        ),
    ]
}

fn cognito() -> Named {
    let user = json!({
        "sub": "aaaaaaaa-bbbb", "cognito:groups": ["site-managers"], "version": 2, "client_id": "dashboards",
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE", "token_use": "access",
        "scope": "openid rfis:read", "auth_time": NOW, "exp": NOW + 3_600, "iat": NOW, "jti": "j", "username": "ana",
    });
    let untyped = |claims: Json| shaped(Json::Null, &claims);
    vec![
        ("Cognito: a user", untyped(user.clone())),
        (
            "Cognito: a machine",
            untyped(with(
                user.clone(),
                json!({"sub": "erp-sync", "client_id": "erp-sync"}),
            )),
        ),
        (
            "Cognito: another client",
            untyped(with(user.clone(), json!({"client_id": "gizmo"}))),
        ),
        (
            "Cognito: an audience in the client's place",
            untyped(with(
                user.clone(),
                json!({"client_id": "gizmo", "aud": "dashboards"}),
            )),
        ),
        (
            "Cognito: an ID token",
            untyped(with(
                user.clone(),
                json!({"token_use": "id", "aud": "dashboards"}),
            )),
        ),
        (
            "Cognito: nothing says what it is",
            untyped(with(user, json!({"token_use": null}))),
        ),
    ]
}

/// The secrets of the suite: what its issuer holds as `k`.
const SECRETS: [(&str, hmac::Algorithm, &[u8]); 3] = [
    ("hs-256", hmac::HMAC_SHA256, &SECRET),
    ("hs-384", hmac::HMAC_SHA384, &SECRET),
    ("hs-512", hmac::HMAC_SHA512, &SECRET),
];
const SECRET: [u8; 64] = {
    let mut secret = [0; 64];
    let mut state: u32 = 0x9e37_79b9;
    let mut at = 0;
    while at < secret.len() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        secret[at] = (state >> 24) as u8;
        at += 1;
    }
    secret
};

fn hashed(at: usize, header: Json, claims: Json) -> String {
    let (id, algorithm, secret) = SECRETS[at];
    let name = ["HS256", "HS384", "HS512"][at];
    Token::new(Signer::A, claims)
        .header(json!({"alg": name, "kid": id}))
        .header(header)
        .signed_with(|message| {
            hmac::sign(&hmac::Key::new(algorithm, secret), message)
                .as_ref()
                .to_vec()
        })
}

pub(super) fn by_secret() -> Named {
    let plain = |at| hashed(at, json!({}), json!({}));
    let token = plain(0);
    let [header, claims, mac] = segments(&token);
    let wrong = Token::new(Signer::A, json!({}))
        .header(json!({"alg": "HS256", "kid": "hs-256"}))
        .signed_with(|message| {
            let other = hmac::Key::new(hmac::HMAC_SHA256, &SECRET[1..]);
            hmac::sign(&other, message).as_ref().to_vec()
        });
    let unsigned = Token::new(Signer::A, json!({})).header(json!({"alg": "none", "kid": "hs-256"}));
    vec![
        ("HS256", plain(0)),
        ("HS384", plain(1)),
        ("HS512", plain(2)),
        (
            "no key named, and one alone is of the algorithm",
            hashed(0, json!({"kid": null}), json!({})),
        ),
        ("another secret", wrong),
        (
            "another letter in the hash",
            format!("{header}.{claims}.{}", with_other_letter(mac, 7)),
        ),
        ("half of the hash", format!("{header}.{claims}.{}", &mac[..20])),
        ("no hash", format!("{header}.{claims}.")),
        (
            "HS512 with a key of HS256",
            hashed(2, json!({"kid": "hs-256"}), json!({})),
        ),
        (
            "HS256 with a key of HS512",
            hashed(0, json!({"kid": "hs-512"}), json!({})),
        ),
        ("an unknown secret", hashed(0, json!({"kid": "hs-1"}), json!({}))),
        ("none in the place of a hash", format!("{}.", unsigned.message())),
        (
            "a signature where hashes are expected",
            honest(Signer::A, json!({})),
        ),
        ("expired", hashed(0, json!({}), json!({"exp": NOW - 60}))),
        ("another audience", hashed(0, json!({}), json!({"aud": "other"}))),
    ]
}

/// A way of encrypting, and the key of it that the suite's issuer holds.
#[derive(Clone, Copy)]
enum Seal {
    Direct128,
    Direct256,
    Wrapped128,
    Wrapped256,
}

impl Seal {
    fn header(self) -> Json {
        let (id, alg, enc) = match self {
            Seal::Direct128 => ("dir-128", "dir", "A128GCM"),
            Seal::Direct256 => ("dir-256", "dir", "A256GCM"),
            Seal::Wrapped128 => ("kw-128", "A128GCMKW", "A128GCM"),
            Seal::Wrapped256 => ("kw-256", "A256GCMKW", "A256GCM"),
        };
        json!({"alg": alg, "enc": enc, "typ": "at+jwt", "kid": id})
    }

    fn key(self) -> Vec<u8> {
        match self {
            Seal::Direct128 => (0..16).collect(),
            Seal::Direct256 => (16..48).collect(),
            Seal::Wrapped128 => (48..64).collect(),
            Seal::Wrapped256 => (64..96).collect(),
        }
    }

    fn is_wrapped(self) -> bool {
        matches!(self, Seal::Wrapped128 | Seal::Wrapped256)
    }
}

fn gcm(key: &[u8], nonce: [u8; 12], aad: &[u8], plaintext: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let algorithm = if key.len() == 16 {
        &AES_128_GCM
    } else {
        &AES_256_GCM
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let mut text = plaintext.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut text)
        .unwrap();
    (text, tag.as_ref().to_vec())
}

/// The five segments of a token, encrypted well under a header with these changes.
fn sealed(seal: Seal, header: Json, plaintext: &str) -> [String; 5] {
    let mut all = seal.header();
    let (mut content_key, mut encrypted_key) = (seal.key(), vec![]);
    if seal.is_wrapped() {
        content_key = (100..100 + seal.key().len()).map(|byte| byte as u8).collect();
        let (wrapped, tag) = gcm(&seal.key(), [3; 12], b"", &content_key);
        encrypted_key = wrapped;
        merge(&mut all, json!({"iv": encode([3; 12]), "tag": encode(tag)}));
    }
    merge(&mut all, header);
    let header = encode(all.to_string());
    let (ciphertext, tag) = gcm(&content_key, [5; 12], header.as_bytes(), plaintext.as_bytes());
    [
        header,
        encode(encrypted_key),
        encode([5; 12]),
        encode(ciphertext),
        encode(tag),
    ]
}

pub(super) fn encrypted() -> Named {
    let claims = |changes: Json| Token::new(Signer::A, changes).claims;
    let token = |seal: Seal| sealed(seal, json!({}), &claims(json!({}))).join(".");
    let headed = |header: Json| sealed(Seal::Direct256, header, &claims(json!({}))).join(".");
    let saying = |changes: Json| sealed(Seal::Direct256, json!({}), &claims(changes)).join(".");
    let changed = |seal: Seal, at: usize, change: &dyn Fn(&str) -> String| {
        let mut segments = sealed(seal, json!({}), &claims(json!({})));
        segments[at] = change(&segments[at]);
        segments.join(".")
    };
    let other_letter = |text: &str| with_other_letter(text, 5);
    let shorter = |text: &str| text[..text.len() - 2].to_owned();
    let nothing = |_: &str| String::new();
    vec![
        ("dir with A128GCM", token(Seal::Direct128)),
        ("dir with A256GCM", token(Seal::Direct256)),
        ("A128GCMKW with A128GCM", token(Seal::Wrapped128)),
        ("A256GCMKW with A256GCM", token(Seal::Wrapped256)),
        ("an unknown key", headed(json!({"kid": "dir-1"}))),
        ("no key named", headed(json!({"kid": null}))),
        (
            "the name of another key",
            headed(json!({"kid": "dir-128", "enc": "A128GCM"})),
        ),
        (
            "a key of another way of encrypting",
            headed(json!({"kid": "kw-256"})),
        ),
        (
            "another letter in the text",
            changed(Seal::Direct256, 3, &other_letter),
        ),
        (
            "another letter in the tag",
            changed(Seal::Direct256, 4, &other_letter),
        ),
        (
            "another letter in the nonce",
            changed(Seal::Direct256, 2, &other_letter),
        ),
        (
            "another letter in the wrapped key",
            changed(Seal::Wrapped256, 1, &other_letter),
        ),
        ("a shorter tag", changed(Seal::Direct256, 4, &shorter)),
        ("a shorter nonce", changed(Seal::Direct256, 2, &shorter)),
        ("no text", changed(Seal::Direct256, 3, &nothing)),
        ("no wrapped key", changed(Seal::Wrapped256, 1, &nothing)),
        (
            "a wrapped key where none belongs",
            changed(Seal::Direct256, 1, &|_| encode([1; 32])),
        ),
        (
            "the tag of the wrapped key cut short",
            sealed(
                Seal::Wrapped256,
                json!({"tag": encode([1; 12])}),
                &claims(json!({})),
            )
            .join("."),
        ),
        ("compressed claims", headed(json!({"zip": "DEF"}))),
        ("a token within the token", headed(json!({"cty": "JWT"}))),
        ("crit", headed(json!({"crit": ["exp"]}))),
        (
            "a key in the header",
            headed(json!({"jwk": {"kty": "oct", "k": "AAAA"}})),
        ),
        (
            "a password",
            headed(json!({"alg": "PBES2-HS256+A128KW", "p2c": 2_000_000_000, "p2s": "AAAA"})),
        ),
        ("RSA1_5", headed(json!({"alg": "RSA1_5"}))),
        ("RSA-OAEP", headed(json!({"alg": "RSA-OAEP"}))),
        ("ECDH-ES", headed(json!({"alg": "ECDH-ES"}))),
        ("A256KW", headed(json!({"alg": "A256KW"}))),
        ("A192GCM", headed(json!({"enc": "A192GCM"}))),
        ("A128CBC-HS256", headed(json!({"enc": "A128CBC-HS256"}))),
        (
            "a wrapped key of another length than the text's",
            headed(json!({"alg": "A128GCMKW"})),
        ),
        ("another type", headed(json!({"typ": "JWT"}))),
        ("expired", saying(json!({"exp": NOW - 60}))),
        ("another audience", saying(json!({"aud": "other"}))),
        (
            "another issuer's name",
            saying(json!({"iss": "https://login.example.org"})),
        ),
        ("another tenant", saying(json!({"tenant": "globex"}))),
        (
            "claims that are not JSON",
            sealed(Seal::Direct256, json!({}), "claims").join("."),
        ),
        (
            "a claim named twice",
            sealed(
                Seal::Direct256,
                json!({}),
                &super::with_first(&claims(json!({})), "\"aud\":\"api\""),
            )
            .join("."),
        ),
        (
            "five segments and one more",
            format!("{}.", token(Seal::Direct256)),
        ),
    ]
}

pub(super) fn with_context() -> Named {
    let saying = |claims: Json| honest(Signer::A, claims);
    vec![
        ("a boolean", saying(json!({"email_verified": true}))),
        (
            "a boolean that is false",
            saying(json!({"email_verified": false})),
        ),
        ("a text", saying(json!({"region": "eu"}))),
        ("another text", saying(json!({"region": "us"}))),
        (
            "a number within an object",
            saying(json!({"assurance": {"level": 3}})),
        ),
        (
            "a number that is too small",
            saying(json!({"assurance": {"level": 2}})),
        ),
        ("a set", saying(json!({"groups": ["site", "managers"]}))),
        (
            "a set of one, written as a text",
            saying(json!({"groups": "managers"})),
        ),
        ("a set without it", saying(json!({"groups": ["site"]}))),
        ("an empty set", saying(json!({"groups": []}))),
        ("a time", saying(json!({"auth_time": NOW - 60}))),
        ("a time before", saying(json!({"auth_time": NOW - 1_000}))),
        ("a text that is held", saying(json!({"amr": ["pwd", "mfa"]}))),
        ("a text that is not held", saying(json!({"amr": ["pwd"]}))),
        ("a text that is held nowhere", saying(json!({}))),
        ("no claim at all", saying(json!({}))),
        ("a request that sets it itself", saying(json!({}))),
        (
            "a request that sets it otherwise than the token",
            saying(json!({"email_verified": false})),
        ),
        (
            "a boolean that is a text",
            saying(json!({"email_verified": "true"})),
        ),
        ("a boolean that is a number", saying(json!({"email_verified": 1}))),
        (
            "a boolean that is null",
            saying(json!({"email_verified": null, "region": true})),
        ),
        ("a text that is empty", saying(json!({"region": ""}))),
        (
            "a number with a fraction",
            saying(json!({"assurance": {"level": 3.5}})),
        ),
        (
            "a number beyond 64 bits",
            saying(json!({"assurance": {"level": 1e30}})),
        ),
        ("no object on the way", saying(json!({"assurance": 3}))),
        ("a set with a number", saying(json!({"groups": ["managers", 1]}))),
        (
            "a set that is an object",
            saying(json!({"groups": {"managers": true}})),
        ),
        ("a time that is a text", saying(json!({"auth_time": "now"}))),
        ("methods that are no texts", saying(json!({"amr": [true]}))),
    ]
}

/// The seed of the client's key.
const CLIENT: &[u8; 32] = b"bailiwick conformance test key C";
/// The bytes of the client's certificate: only their hash matters.
const CERTIFICATE: &[u8] = b"the certificate of a client, as the TLS layer has verified it";

fn client(seed: &[u8]) -> SigningKey {
    let pkcs8 = [&ED25519_PREFIX[..], seed].concat();
    SigningKey::from_pkcs8(bailiwick::Algorithm::EdDsa, "client", &pkcs8).unwrap()
}

fn jwk() -> Json {
    let mut jwk: Json = serde_json::from_str(&client(CLIENT).jwk()).unwrap();
    merge(&mut jwk, json!({"kid": null, "use": null, "alg": null}));
    jwk
}

fn bound_to(confirmation: Json) -> String {
    honest(Signer::A, json!({ "cnf": confirmation }))
}

fn to_key() -> String {
    bound_to(json!({"jkt": client(CLIENT).thumbprint()}))
}

fn to_certificate() -> String {
    bound_to(json!({"x5t#S256": encode(digest(&SHA256, CERTIFICATE))}))
}

fn to_both() -> String {
    let certificate = encode(digest(&SHA256, CERTIFICATE));
    bound_to(json!({"jkt": client(CLIENT).thumbprint(), "x5t#S256": certificate}))
}

/// A proof for a token, its header and claims but for these; null removes one.
fn proof(token: &str, header: Json, claims: Json) -> String {
    proof_by(CLIENT, token, header, claims)
}

fn proof_by(seed: &[u8], token: &str, header: Json, claims: Json) -> String {
    let all = json!({
        "jti": "p1", "htm": "POST", "htu": "https://api.example.com/rfis/1/close", "iat": NOW,
        "ath": encode(digest(&SHA256, token.as_bytes())),
    });
    let header = with(json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk()}), header);
    let message = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(with(all, claims).to_string())
    );
    let key = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    format!("{message}.{}", encode(key.sign(message.as_bytes())))
}

pub(super) fn bound() -> Named {
    let mut named: Named = bound_proofs()
        .into_iter()
        .map(|(case, _)| (case, to_key()))
        .collect();
    for (case, token) in &mut named {
        match *case {
            "a key and a certificate" | "a key, and no certificate beside it" => *token = to_both(),
            "a proof beside a token that is not bound" => *token = honest(Signer::A, json!({})),
            _ => {}
        }
    }
    named.extend([
        ("a key, and no proof", to_key()),
        ("a key, and a certificate in the place of a proof", to_key()),
        ("a certificate", to_certificate()),
        ("another certificate", to_certificate()),
        ("no certificate", to_certificate()),
        ("a certificate, and no proof beside it", to_both()),
        (
            "a certificate beside a token that is not bound",
            honest(Signer::A, json!({})),
        ),
        (
            "bound in a way that nobody knows",
            bound_to(json!({"kid": "client"})),
        ),
        (
            "bound in a known way and in an unknown one",
            bound_to(json!({"x5t#S256": encode(digest(&SHA256, CERTIFICATE)), "jwe": "x"})),
        ),
        ("bound to nothing", bound_to(json!({}))),
        ("bound to a text", bound_to(json!("client"))),
        (
            "bound to a hash of another length",
            bound_to(json!({"x5t#S256": "AAAA"})),
        ),
    ]);
    named
}

/// The DPoP proofs by case.
pub(super) fn bound_proofs() -> Named {
    let token = to_key();
    let plain = || proof(&token, json!({}), json!({}));
    let headed = |header: Json| proof(&token, header, json!({}));
    let saying = |claims: Json| proof(&token, json!({}), claims);
    let mut private = jwk();
    private["d"] = json!(encode(CLIENT));
    let [header, claims, _] = segments(&plain()).map(str::to_owned);
    vec![
        ("a key", plain()),
        ("a key, and an address with a query", saying(json!({"jti": "p2"}))),
        (
            "a key, and an address in another form",
            saying(json!({"jti": "p3", "htu": "HTTPS://API.example.com:443/rfis/./1/cl%6fse#top"})),
        ),
        (
            "a proof from 60 seconds before",
            saying(json!({"jti": "p4", "iat": NOW - 60})),
        ),
        (
            "a proof from 5 seconds ahead",
            saying(json!({"jti": "p5", "iat": NOW + 5})),
        ),
        (
            "a key and a certificate",
            proof(&to_both(), json!({}), json!({"jti": "p6"})),
        ),
        (
            "a key, and no certificate beside it",
            proof(&to_both(), json!({}), json!({})),
        ),
        (
            "a proof beside a token that is not bound",
            proof(&honest(Signer::A, json!({})), json!({}), json!({})),
        ),
        ("a proof for another method", saying(json!({"htm": "GET"}))),
        (
            "a proof for the method in other case",
            saying(json!({"htm": "post"})),
        ),
        (
            "a proof for another address",
            saying(json!({"htu": "https://api.example.com/rfis/2/close"})),
        ),
        (
            "a proof for another host",
            saying(json!({"htu": "https://api.example.com.evil.test/rfis/1/close"})),
        ),
        (
            "a proof for the address without TLS",
            saying(json!({"htu": "http://api.example.com/rfis/1/close"})),
        ),
        (
            "a proof for another token",
            proof(&to_both(), json!({}), json!({})),
        ),
        ("a proof without a token", saying(json!({"ath": null}))),
        ("a proof without a name", saying(json!({"jti": null}))),
        ("a proof without a time", saying(json!({"iat": null}))),
        ("a proof without a method", saying(json!({"htm": null}))),
        ("a proof without an address", saying(json!({"htu": null}))),
        ("a proof from 61 seconds before", saying(json!({"iat": NOW - 61}))),
        ("a proof from 6 seconds ahead", saying(json!({"iat": NOW + 6}))),
        ("a proof from the year 9999 on", saying(json!({"iat": 1e300}))),
        (
            "a proof of another key",
            proof_by(
                b"bailiwick conformance test key D",
                &token,
                json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": other_x()}}),
                json!({}),
            ),
        ),
        (
            "a proof that another key has signed",
            proof_by(b"bailiwick conformance test key D", &token, json!({}), json!({})),
        ),
        ("a proof that nobody has signed", format!("{header}.{claims}.")),
        ("a proof of another type", headed(json!({"typ": "JWT"}))),
        ("a proof of no type", headed(json!({"typ": null}))),
        ("a proof of alg none", headed(json!({"alg": "none"}))),
        ("a proof by a secret", headed(json!({"alg": "HS256"}))),
        (
            "a proof by another algorithm than its key's",
            headed(json!({"alg": "ES256"})),
        ),
        ("a proof without a key", headed(json!({"jwk": null}))),
        ("a proof with a private key", headed(json!({ "jwk": private }))),
        (
            "a proof with a key that is not for signatures",
            headed(json!({"jwk": with(jwk(), json!({"use": "enc"}))})),
        ),
        ("a proof with crit", headed(json!({"crit": ["exp"]}))),
        (
            "a proof with an address of keys",
            headed(json!({"jku": "https://id.example.com/keys"})),
        ),
        ("a token in the place of a proof", to_key()),
        ("no proof in the header", String::new()),
    ]
}

fn other_x() -> String {
    let jwk: Json = serde_json::from_str(&client(b"bailiwick conformance test key D").jwk()).unwrap();
    jwk["x"].as_str().unwrap().to_owned()
}

/// The certificates of the suite, in base64: the client's, and another one.
pub(super) fn certificates() -> [String; 2] {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    [
        CERTIFICATE,
        b"another certificate than the client's, as long as it may be",
    ]
    .map(|der| STANDARD.encode(der))
}

/// What the suites' issuers hold: the secrets, and the keys that encrypt.
pub(super) fn symmetric_keys() -> [Json; 2] {
    let secrets: Vec<Json> = SECRETS
        .iter()
        .zip(["HS256", "HS384", "HS512"])
        .map(|((id, _, secret), name)| json!({"kty": "oct", "kid": id, "alg": name, "k": encode(secret)}))
        .collect();
    let seals = [Seal::Direct128, Seal::Direct256, Seal::Wrapped128, Seal::Wrapped256].map(|seal| {
        let header = seal.header();
        json!({"kty": "oct", "kid": header["kid"], "alg": header["alg"], "enc": header["enc"], "k": encode(seal.key())})
    });
    [json!({ "keys": secrets }), json!({ "keys": seals })]
}
