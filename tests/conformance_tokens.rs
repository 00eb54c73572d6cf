//! The tokens of `tests/conformance`: what each of them says, how it is signed, and what was done to it afterwards.
//!
//! A suite names its token by the case; this file holds the recipe. After a change here, or with a new case whose
//! `token` is still `""`, write the tokens into the suites again:
//!
//! ```console
//! $ cargo test --test conformance_tokens -- --ignored
//! ```
//!
//! The keys are for these files alone and protect nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::manual_is_multiple_of,
    reason = "a test fails by panicking"
)]

#[path = "support/conformance.rs"]
mod conformance;
#[path = "support/shaped_tokens.rs"]
mod shaped_tokens;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bailiwick::{Algorithm, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair};
use ring::{hmac, signature::KeyPair as _};
use serde_json::{Value as Json, json};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.example.com";

const SEED_A: &[u8; 32] = b"bailiwick conformance test key A";
const SEED_B: &[u8; 32] = b"bailiwick conformance test key B";
const P256: &[u8] = include_bytes!("data/p256.test-key.pk8");
const P384: &[u8] = include_bytes!("data/p384.test-key.pk8");
const RSA: &[u8] = include_bytes!("data/rsa-2048.test-key.pk8");

/// Everything of an Ed25519 key in PKCS#8 version 1 (RFC 8410 §7) before its 32 bytes.
const ED25519_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Who signs.
#[derive(Clone, Copy)]
enum Signer {
    /// `ed-1` of the first issuer.
    A,
    /// `ed-1` of the second issuer: the same name, another key.
    B,
    Es,
    Es384,
    Rs,
    Ps256,
    Ps512,
}

impl Signer {
    fn sign(self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Signer::A => Ed25519KeyPair::from_seed_unchecked(SEED_A)
                .unwrap()
                .sign(message)
                .as_ref()
                .to_vec(),
            Signer::B => Ed25519KeyPair::from_seed_unchecked(SEED_B)
                .unwrap()
                .sign(message)
                .as_ref()
                .to_vec(),
            Signer::Es => {
                EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, P256, &random)
                    .unwrap()
                    .sign(&random, message)
                    .unwrap()
                    .as_ref()
                    .to_vec()
            }
            Signer::Es384 => {
                EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, P384, &random)
                    .unwrap()
                    .sign(&random, message)
                    .unwrap()
                    .as_ref()
                    .to_vec()
            }
            Signer::Rs => with_rsa(&signature::RSA_PKCS1_SHA256, message),
            Signer::Ps256 => with_rsa(&signature::RSA_PSS_SHA256, message),
            Signer::Ps512 => with_rsa(&signature::RSA_PSS_SHA512, message),
        }
    }

    fn header(self) -> Json {
        let (algorithm, key_id) = match self {
            Signer::A | Signer::B => ("EdDSA", "ed-1"),
            Signer::Es => ("ES256", "es-1"),
            Signer::Es384 => ("ES384", "es-384"),
            Signer::Rs => ("RS256", "rs-1"),
            Signer::Ps256 => ("PS256", "ps-256"),
            Signer::Ps512 => ("PS512", "ps-512"),
        };
        json!({"alg": algorithm, "kid": key_id, "typ": "at+jwt"})
    }

    /// The public half as a JSON Web Key.
    fn jwk(self) -> Json {
        let (algorithm, pkcs8) = match self {
            Signer::A => (Algorithm::EdDsa, [&ED25519_PREFIX[..], SEED_A].concat()),
            Signer::B => (Algorithm::EdDsa, [&ED25519_PREFIX[..], SEED_B].concat()),
            Signer::Es => (Algorithm::Es256, P256.to_vec()),
            Signer::Es384 => (Algorithm::Es384, P384.to_vec()),
            Signer::Rs => (Algorithm::Rs256, RSA.to_vec()),
            Signer::Ps256 => (Algorithm::Ps256, RSA.to_vec()),
            Signer::Ps512 => (Algorithm::Ps512, RSA.to_vec()),
        };
        let key_id = self.header()["kid"].as_str().unwrap().to_owned();
        serde_json::from_str(&SigningKey::from_pkcs8(algorithm, &key_id, &pkcs8).unwrap().jwk()).unwrap()
    }
}

fn with_rsa(encoding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
    let key = rsa::KeyPair::from_pkcs8(RSA).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(encoding, &SystemRandom::new(), message, &mut signature)
        .unwrap();
    signature
}

/// A token in the making: header and claims as text, so that they can be wrong in every way.
#[derive(Clone)]
struct Token {
    header: String,
    claims: String,
}

impl Token {
    /// An honest token but for these claims; null removes one.
    fn new(signer: Signer, claims: Json) -> Self {
        let mut all = json!({
            "iss": ISSUER, "aud": "api", "sub": "ana", "client_id": "dashboards", "tenant": "acme",
            "scope": "rfis:read", "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 600, "jti": "t1",
        });
        merge(&mut all, claims);
        Self {
            header: signer.header().to_string(),
            claims: all.to_string(),
        }
    }

    /// The same with these header parameters; null removes one.
    fn header(mut self, parameters: Json) -> Self {
        let mut header: Json = serde_json::from_str(&self.header).unwrap();
        merge(&mut header, parameters);
        self.header = header.to_string();
        self
    }

    fn raw_header(mut self, change: impl Fn(&str) -> String) -> Self {
        self.header = change(&self.header);
        self
    }

    fn raw_claims(mut self, change: impl Fn(&str) -> String) -> Self {
        self.claims = change(&self.claims);
        self
    }

    fn message(&self) -> String {
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    fn signed(&self, signer: Signer) -> String {
        self.signed_with(|message| signer.sign(message))
    }

    fn signed_with(&self, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let message = self.message();
        format!("{message}.{}", encode(sign(message.as_bytes())))
    }
}

fn merge(object: &mut Json, changes: Json) {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

/// Writes a member at the beginning of the text of an object, beside one of the same name.
fn with_first(text: &str, member: &str) -> String {
    text.replacen('{', &format!("{{{member},"), 1)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn honest(signer: Signer, claims: Json) -> String {
    Token::new(signer, claims).signed(signer)
}

/// An honest token of the first key, its header but for these parameters.
fn headed(parameters: Json) -> String {
    Token::new(Signer::A, json!({}))
        .header(parameters)
        .signed(Signer::A)
}

fn segments(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// Another letter of the alphabet in the place of one.
fn with_other_letter(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

/// The last character changed in bits that carry nothing.
fn with_spare_bits(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert!(text.len() % 4 != 0, "every bit carries something");
    let last = text.bytes().last().unwrap();
    let value = ALPHABET.iter().position(|letter| *letter == last).unwrap();
    format!("{}{}", &text[..text.len() - 1], char::from(ALPHABET[value | 1]))
}

/// Every token by suite and case.
type Recipes = BTreeMap<(&'static str, &'static str), String>;

fn recipes() -> Recipes {
    let mut recipes = Recipes::new();
    for (suite, tokens) in [
        ("tokens_accepted", accepted()),
        ("tokens_bound", shaped_tokens::bound()),
        ("tokens_by_profile", by_profile()),
        ("tokens_by_provider", shaped_tokens::by_provider()),
        ("tokens_by_secret", shaped_tokens::by_secret()),
        ("tokens_encrypted", shaped_tokens::encrypted()),
        ("tokens_with_context", shaped_tokens::with_context()),
        ("tokens_refused_by_form", refused_by_form()),
        ("tokens_refused_by_header", refused_by_header()),
        ("tokens_refused_by_claims", refused_by_claims()),
        ("construction_tokens", construction()),
    ] {
        for (case, token) in tokens {
            assert!(
                recipes.insert((suite, case), token).is_none(),
                "two recipes for `{case}`"
            );
        }
    }
    recipes
}

type Named = Vec<(&'static str, String)>;

fn accepted() -> Named {
    let first =
        "{\"alg\":\"EdDSA\",\"kid\":\"ed-1\",\"typ\":\"at+jwt\",\"x5t\":\"AAAA\",\"nonce\":{\"a\":[1]}}";
    vec![
        ("EdDSA: a user through an app", honest(Signer::A, json!({}))),
        ("ES256", honest(Signer::Es, json!({}))),
        ("ES384", honest(Signer::Es384, json!({}))),
        ("RS256", honest(Signer::Rs, json!({}))),
        ("PS256", honest(Signer::Ps256, json!({}))),
        ("PS512", honest(Signer::Ps512, json!({}))),
        ("EdDSA under its newer name", headed(json!({"alg": "Ed25519"}))),
        (
            "another issuer whose key has the same name",
            honest(Signer::B, json!({"iss": "https://login.example.org"})),
        ),
        (
            "no key named, and one alone fits",
            Token::new(Signer::Es, json!({}))
                .header(json!({"kid": null}))
                .signed(Signer::Es),
        ),
        (
            "the type with its prefix",
            headed(json!({"typ": "application/at+jwt"})),
        ),
        (
            "header parameters that mean nothing here",
            Token::new(Signer::A, json!({}))
                .raw_header(|_| first.to_owned())
                .signed(Signer::A),
        ),
        (
            "the policies see the app of the token",
            honest(Signer::A, json!({"client_id": "gadget"})),
        ),
        (
            "the app by another claim",
            honest(Signer::A, json!({"client_id": null, "azp": "gadget"})),
        ),
        (
            "two claims that agree about the app",
            honest(Signer::A, json!({"client_id": "gadget", "azp": "gadget"})),
        ),
        (
            "a user without an app",
            honest(Signer::A, json!({"client_id": null})),
        ),
        (
            "a service account is the client of its own token",
            honest(Signer::A, json!({"sub": "erp-sync", "client_id": "erp-sync"})),
        ),
        (
            "a service account is not the user of that name",
            honest(Signer::A, json!({"sub": "ana", "client_id": "ana"})),
        ),
        (
            "a scope among several",
            honest(Signer::A, json!({"scope": "files:read rfis:write openid"})),
        ),
        (
            "scopes in an array",
            honest(Signer::A, json!({"scope": null, "scp": ["openid", "rfis:read"]})),
        ),
        (
            "scopes in a string of the other claim",
            honest(Signer::A, json!({"scope": null, "scp": "rfis:read"})),
        ),
        (
            "scopes in both claims, alike",
            honest(Signer::A, json!({"scp": ["rfis:read"]})),
        ),
        (
            "scopes with spaces around them",
            honest(Signer::A, json!({"scope": "  openid   rfis:read "})),
        ),
        ("a scope that is too narrow", honest(Signer::A, json!({}))),
        (
            "a token without scopes",
            honest(Signer::A, json!({"scope": null})),
        ),
        (
            "a token with an empty scope",
            honest(Signer::A, json!({"scope": ""})),
        ),
        (
            "a token with an empty array of scopes",
            honest(Signer::A, json!({"scope": null, "scp": []})),
        ),
        (
            "scopes that a tab separates",
            honest(Signer::A, json!({"scope": "rfis:read\trfis:write"})),
        ),
        (
            "scopes that a no-break space separates",
            honest(Signer::A, json!({"scope": "rfis:read\u{a0}rfis:write"})),
        ),
        (
            "one audience of several",
            honest(Signer::A, json!({"aud": ["https://other.example.com", "api"]})),
        ),
        (
            "the second audience of the profile",
            honest(Signer::A, json!({"aud": "https://api.example.com"})),
        ),
        (
            "expired for 59 seconds, which the leeway covers",
            honest(Signer::A, json!({"exp": NOW - 59})),
        ),
        (
            "valid in 60 seconds, which the leeway covers",
            honest(Signer::A, json!({"nbf": NOW + 60})),
        ),
        (
            "issued in 60 seconds, which the leeway covers",
            honest(Signer::A, json!({"iat": NOW + 60})),
        ),
        (
            "without times of beginning",
            honest(Signer::A, json!({"iat": null, "nbf": null})),
        ),
        (
            "times with fractions",
            honest(Signer::A, json!({"exp": 1_799_999_941.5, "nbf": 1_800_000_059.5})),
        ),
        (
            "a time with an exponent",
            Token::new(Signer::A, json!({"exp": null}))
                .raw_claims(|text| with_first(text, "\"exp\":1.8000006e9"))
                .signed(Signer::A),
        ),
        (
            "a session lasts as long as its token and the leeway",
            honest(Signer::A, json!({})),
        ),
        ("and not a second longer", honest(Signer::A, json!({}))),
        (
            "claims with escapes",
            Token::new(Signer::A, json!({"sub": null}))
                .raw_claims(|text| with_first(text, "\"s\\u0075b\":\"\\u0061na\""))
                .signed(Signer::A),
        ),
        (
            "claims that mean nothing here",
            honest(
                Signer::A,
                json!({"roles": ["admin"], "act": {"sub": "x"}, "tenants": ["globex"], "is_admin": true}),
            ),
        ),
        ("a resource of another tenant", honest(Signer::A, json!({}))),
    ]
}

fn by_profile() -> Named {
    let nested = |org: Json| {
        honest(
            Signer::A,
            json!({"iss": "https://nested.example.com", "tenant": null, "org": org}),
        )
    };
    let open = || {
        honest(
            Signer::A,
            json!({"iss": "https://open.example.com", "tenant": null}),
        )
    };
    let machines = |claims: Json| {
        let mut all = json!({"iss": "https://machines.example.com", "sub": null, "client_id": null});
        merge(&mut all, claims);
        let mut token = Token::new(Signer::A, json!({"sub": null, "client_id": null}));
        token = token.raw_claims(|text| {
            let mut claims: Json = serde_json::from_str(text).unwrap();
            merge(&mut claims, all.clone());
            claims.to_string()
        });
        token.signed(Signer::A)
    };
    let strict = |claims: Json| {
        let mut all = json!({"iss": "https://strict.example.com", "exp": NOW + 590});
        merge(&mut all, claims);
        Token::new(Signer::Es, removing(all)).signed(Signer::Es)
    };
    let typed = |claims: Json, header: Json| {
        let mut all = json!({"iss": "https://typed.example.com"});
        merge(&mut all, claims);
        Token::new(Signer::A, all).header(header).signed(Signer::A)
    };
    let untyped = |typ: Json| {
        Token::new(Signer::A, json!({"iss": "https://untyped.example.com"}))
            .header(json!({"typ": typ}))
            .signed(Signer::A)
    };
    let permissions = |claims: Json| {
        let mut all = json!({"iss": "https://permissions.example.com"});
        merge(&mut all, claims);
        Token::new(Signer::A, all).signed(Signer::A)
    };
    vec![
        ("a tenant within an object", nested(json!({"id": "acme"}))),
        (
            "a tenant within an object, another one",
            nested(json!({"id": "globex"})),
        ),
        ("an object without the tenant", nested(json!({"name": "acme"}))),
        ("no object for the tenant", nested(Json::Null)),
        ("a text where the object should be", nested(json!("acme"))),
        (
            "a tenant within an object that is a number",
            nested(json!({"id": 1})),
        ),
        ("the tenant of the request", open()),
        ("the same token in another tenant", open()),
        ("a request that names no tenant", open()),
        (
            "a machine by the claim that says so",
            machines(json!({"uid": "erp-sync", "gty": "client-credentials"})),
        ),
        (
            "no machine without the claim",
            machines(json!({"uid": "ana", "azp": "ana"})),
        ),
        (
            "no machine with another value",
            machines(json!({"uid": "ana", "azp": "gadget", "gty": "password"})),
        ),
        (
            "a claim about machines that is no text",
            machines(json!({"uid": "erp-sync", "gty": true})),
        ),
        (
            "a principal's claim that is missing",
            machines(json!({"sub": "ana"})),
        ),
        (
            "a claim about the client that is not asked",
            machines(json!({"uid": "ana", "client_id": "gadget"})),
        ),
        (
            "no leeway: a second before the end",
            strict(json!({"exp": NOW + 1})),
        ),
        ("no leeway: the end", strict(json!({"exp": NOW}))),
        ("no leeway: the beginning", strict(json!({"nbf": NOW}))),
        (
            "no leeway: a second before the beginning",
            strict(json!({"nbf": NOW + 1})),
        ),
        (
            "the longest life",
            strict(json!({"iat": NOW - 10, "exp": NOW + 590})),
        ),
        (
            "a second longer",
            strict(json!({"iat": NOW - 10, "exp": NOW + 591})),
        ),
        ("a life without a beginning", strict(json!({"iat": "-"}))),
        ("a required claim that is missing", strict(json!({"jti": "-"}))),
        (
            "an algorithm that the profile does not accept",
            Token::new(
                Signer::A,
                json!({"iss": "https://strict.example.com", "exp": NOW + 590}),
            )
            .signed(Signer::A),
        ),
        ("another type of token", typed(json!({}), json!({"typ": "JWT"}))),
        (
            "the usual type, where another is expected",
            typed(json!({}), json!({})),
        ),
        (
            "an ID token by its hash of an access token",
            typed(json!({"at_hash": "AAAA"}), json!({"typ": "JWT"})),
        ),
        (
            "an ID token by its use",
            typed(json!({"token_use": "id"}), json!({"typ": "JWT"})),
        ),
        (
            "an access token by its use",
            typed(json!({"token_use": "access"}), json!({"typ": "JWT"})),
        ),
        ("no type of token", untyped(Json::Null)),
        ("the usual type beside none", untyped(json!("at+jwt"))),
        ("a wrong type is not none", untyped(json!("JWT"))),
        (
            "scopes in a claim of the profile",
            permissions(json!({"permissions": ["rfis:read"], "scope": null})),
        ),
        (
            "the usual claim for scopes is not asked then",
            permissions(json!({})),
        ),
    ]
}

/// `"-"` as the value of a claim removes it.
fn removing(mut claims: Json) -> Json {
    for value in claims.as_object_mut().unwrap().values_mut() {
        if value == "-" {
            *value = Json::Null;
        }
    }
    claims
}

fn refused_by_form() -> Named {
    let token = honest(Signer::A, json!({}));
    let other = honest(Signer::A, json!({"sub": "ben"}));
    let [header, claims, signature] = segments(&token);
    let [_, other_claims, other_signature] = segments(&other);
    let join = |parts: &[&str]| parts.join(".");
    let claiming = |text: &str| {
        Token {
            header: Signer::A.header().to_string(),
            claims: text.to_owned(),
        }
        .signed(Signer::A)
    };
    let bytes = |claims: &[u8]| {
        let message = format!("{header}.{}", encode(claims));
        format!("{message}.{}", encode(Signer::A.sign(message.as_bytes())))
    };
    let raw = Token::new(Signer::A, json!({}));
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    let many: Vec<String> = (0..129).map(|number| format!("\"c{number}\":1")).collect();
    let standard = {
        let long = Token::new(Signer::A, json!({"note": "\u{3ff}\u{3ff}\u{3bf}\u{3ff}>>>???"}));
        let claims = STANDARD_NO_PAD.encode(&long.claims);
        assert!(claims.contains(['+', '/']), "the alphabets differ in these two");
        let message = format!("{}.{claims}", encode(&long.header));
        format!("{message}.{}", encode(Signer::A.sign(message.as_bytes())))
    };
    let padded = {
        let shorter = ["a", "aa", "aaa"].map(|text| Token::new(Signer::A, json!({"note": text})));
        let token = shorter
            .into_iter()
            .find(|token| token.claims.len() % 3 != 0)
            .unwrap();
        let message = format!("{}.{}", encode(&token.header), URL_SAFE.encode(&token.claims));
        assert!(message.ends_with('='), "the claims need padding");
        format!("{message}.{}", encode(Signer::A.sign(message.as_bytes())))
    };
    let spare_claims = {
        let token = ["a", "aa", "aaa"]
            .map(|text| Token::new(Signer::A, json!({"note": text})).message())
            .into_iter()
            .find(|message| message.split('.').nth(1).unwrap().len() % 4 != 0)
            .unwrap();
        let message = with_spare_bits(&token);
        format!("{message}.{}", encode(Signer::A.sign(message.as_bytes())))
    };
    vec![
        ("nothing", String::new()),
        ("a word", "token".to_owned()),
        ("two segments", join(&[header, claims])),
        ("four segments", join(&[header, claims, signature, signature])),
        (
            "five segments, as an encrypted token has",
            join(&[header, "", claims, signature, signature]),
        ),
        ("three dots", "...".to_owned()),
        ("two dots", "..".to_owned()),
        (
            "the JSON serialization",
            json!({"protected": header, "payload": claims, "signature": signature}).to_string(),
        ),
        ("the scheme before the token", format!("Bearer {token}")),
        ("a line break behind the token", format!("{token}\n")),
        ("a line break within the token", token.replacen('.', ".\r\n", 1)),
        ("a space before the token", format!(" {token}")),
        ("padding behind the claims", padded),
        ("padding behind the signature", format!("{token}==")),
        (
            "spare bits in the signature",
            join(&[header, claims, &with_spare_bits(signature)]),
        ),
        ("spare bits in the claims", spare_claims),
        ("the other alphabet of base64", standard),
        ("more than 16 KiB", "A".repeat(16_385)),
        (
            "a header of more than 2 KiB",
            raw.clone()
                .header(json!({"x": "x".repeat(2_048)}))
                .signed(Signer::A),
        ),
        (
            "a header of more than 16 members",
            raw.clone()
                .raw_header(|text| {
                    (0..14).fold(text.to_owned(), |text, number| {
                        with_first(&text, &format!("\"x{number}\":1"))
                    })
                })
                .signed(Signer::A),
        ),
        (
            "more than 128 claims",
            claiming(&format!("{{{}}}", many.join(","))),
        ),
        (
            "claims nested 34 levels deep",
            raw.clone()
                .raw_claims(|text| with_first(text, &format!("\"deep\":{deep}")))
                .signed(Signer::A),
        ),
        ("claims that are not JSON", claiming("sub=ana")),
        ("claims that are no object", claiming("[]")),
        ("claims that are nothing", claiming("")),
        (
            "claims with something behind them",
            raw.clone()
                .raw_claims(|text| format!("{text}{{}}"))
                .signed(Signer::A),
        ),
        ("claims that are not UTF-8", bytes(b"{\"iss\":\"\xff\"}")),
        (
            "a header that is no object",
            raw.clone()
                .raw_header(|_| "\"EdDSA\"".to_owned())
                .signed(Signer::A),
        ),
        (
            "a header that is not JSON",
            raw.clone().raw_header(|_| "alg".to_owned()).signed(Signer::A),
        ),
        (
            "a member of the header named twice",
            raw.clone()
                .raw_header(|text| with_first(text, "\"alg\":\"none\""))
                .signed(Signer::A),
        ),
        (
            "a member of the header named twice, alike",
            raw.clone()
                .raw_header(|text| with_first(text, "\"alg\":\"EdDSA\""))
                .signed(Signer::A),
        ),
        (
            "a claim named twice",
            raw.clone()
                .raw_claims(|text| with_first(text, "\"sub\":\"root\""))
                .signed(Signer::A),
        ),
        (
            "a claim named twice, once with an escape",
            raw.clone()
                .raw_claims(|text| with_first(text, "\"\\u0073ub\":\"root\""))
                .signed(Signer::A),
        ),
        (
            "a member of a nested object named twice",
            raw.raw_claims(|text| with_first(text, "\"org\":{\"id\":1,\"id\":2}"))
                .signed(Signer::A),
        ),
        ("another claim than was signed", {
            let altered = Token::new(Signer::A, json!({"sub": "root"}));
            join(&[header, &encode(&altered.claims), signature])
        }),
        ("another header than was signed", {
            let altered = Token::new(Signer::A, json!({})).header(json!({"x": 1}));
            join(&[&encode(&altered.header), claims, signature])
        }),
        (
            "another letter in the signature",
            join(&[header, claims, &with_other_letter(signature, 10)]),
        ),
        (
            "the signature of another token",
            join(&[header, claims, other_signature]),
        ),
        (
            "the claims of another token",
            join(&[header, other_claims, signature]),
        ),
        ("no signature", join(&[header, claims, ""])),
        (
            "a signature that is too short",
            join(&[header, claims, &encode(&Signer::A.sign(b"")[..63])]),
        ),
        (
            "a signature that is too long",
            join(&[
                header,
                claims,
                &encode([Signer::A.sign(format!("{header}.{claims}").as_bytes()), vec![0]].concat()),
            ]),
        ),
    ]
}

fn refused_by_header() -> Named {
    let unsigned = |algorithm: &str| {
        let token = Token::new(Signer::A, json!({})).header(json!({"alg": algorithm}));
        format!("{}.", token.message())
    };
    let hashed = |secret: &[u8]| {
        let token = Token::new(Signer::Rs, json!({})).header(json!({"alg": "HS256"}));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        token.signed_with(|message| hmac::sign(&key, message).as_ref().to_vec())
    };
    let public = rsa::KeyPair::from_pkcs8(RSA)
        .unwrap()
        .public_key()
        .as_ref()
        .to_vec();
    let ed25519 = Ed25519KeyPair::from_seed_unchecked(SEED_A)
        .unwrap()
        .public_key()
        .as_ref()
        .to_vec();
    let pem = format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
        base64::engine::general_purpose::STANDARD.encode(&public)
    );
    let es = |sign: &dyn Fn(&[u8]) -> Vec<u8>| Token::new(Signer::Es, json!({})).signed_with(sign);
    let der = |message: &[u8]| {
        let random = SystemRandom::new();
        let key =
            EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, P256, &random).unwrap();
        key.sign(&random, message).unwrap().as_ref().to_vec()
    };
    // The order of the group of P-256, and so zero for a signature.
    let order: Vec<u8> = (0..64)
        .step_by(2)
        .map(|at| {
            u8::from_str_radix(
                &"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"[at..at + 2],
                16,
            )
            .unwrap()
        })
        .collect();
    let brought = |parameter: Json| {
        Token::new(Signer::A, json!({}))
            .header(parameter)
            .signed(Signer::B)
    };
    vec![
        ("alg none, without a signature", unsigned("none")),
        ("alg None", unsigned("None")),
        ("alg NONE", unsigned("NONE")),
        ("alg nOnE", unsigned("nOnE")),
        ("an empty alg", unsigned("")),
        ("alg none, with a signature", headed(json!({"alg": "none"}))),
        ("no alg", headed(json!({"alg": null}))),
        ("an alg that is no text", headed(json!({"alg": 5}))),
        ("an alg in lower case", headed(json!({"alg": "eddsa"}))),
        ("an alg with a space", headed(json!({"alg": "EdDSA "}))),
        ("HS256 with the Ed25519 key as secret", hashed(&ed25519)),
        ("HS256 with the RSA key as secret, DER", hashed(&public)),
        ("HS256 with the RSA key as secret, PEM", hashed(pem.as_bytes())),
        (
            "HS256 with the RSA key as secret, JWK",
            hashed(Signer::Rs.jwk().to_string().as_bytes()),
        ),
        ("HS256 with an empty secret", hashed(b"")),
        (
            "PS256 for a key of RS256",
            Token::new(Signer::Rs, json!({}))
                .header(json!({"alg": "PS256"}))
                .signed(Signer::Ps256),
        ),
        (
            "ES384 for a key of P-256",
            Token::new(Signer::Es, json!({}))
                .header(json!({"alg": "ES384"}))
                .signed(Signer::Es),
        ),
        (
            "ES512, which nobody verifies here",
            Token::new(Signer::Es, json!({}))
                .header(json!({"alg": "ES512"}))
                .signed(Signer::Es),
        ),
        (
            "HS256 for a key of its name that is public",
            Token::new(Signer::A, json!({}))
                .header(json!({"alg": "HS256"}))
                .signed(Signer::A),
        ),
        ("RS256 for a key of Ed25519", headed(json!({"alg": "RS256"}))),
        (
            "EdDSA for a key of P-256",
            Token::new(Signer::Es, json!({}))
                .header(json!({"alg": "EdDSA"}))
                .signed(Signer::A),
        ),
        (
            "RS512 for a key of RS256",
            Token::new(Signer::Rs, json!({}))
                .header(json!({"alg": "RS512"}))
                .signed(Signer::Rs),
        ),
        ("a key in the header", brought(json!({"jwk": Signer::B.jwk()}))),
        (
            "the right key in the header",
            headed(json!({"jwk": Signer::A.jwk()})),
        ),
        (
            "the address of a key set in the header",
            brought(json!({"jku": "https://evil.example.com/jwks.json"})),
        ),
        (
            "the address of a certificate in the header",
            brought(json!({"x5u": "https://evil.example.com/cert.pem"})),
        ),
        ("a certificate in the header", brought(json!({"x5c": ["MIIB"]}))),
        ("crit", headed(json!({"crit": ["exp"], "exp": NOW + 600}))),
        ("an empty crit", headed(json!({"crit": []}))),
        (
            "claims that are not encoded",
            headed(json!({"b64": false, "crit": ["b64"]})),
        ),
        (
            "claims that are not encoded, without crit",
            headed(json!({"b64": false})),
        ),
        (
            "claims that are encoded, said aloud",
            headed(json!({"b64": true})),
        ),
        ("no type", headed(json!({"typ": null}))),
        ("an empty type", headed(json!({"typ": ""}))),
        ("another type", headed(json!({"typ": "JWT"}))),
        ("the type of a logout token", headed(json!({"typ": "logout+jwt"}))),
        ("a type with a space", headed(json!({"typ": "at+jwt "}))),
        ("a type that is no text", headed(json!({"typ": ["at+jwt"]}))),
        ("an unknown key", headed(json!({"kid": "ed-9"}))),
        ("a key in other case", headed(json!({"kid": "ED-1"}))),
        ("a key as a path", headed(json!({"kid": "../../keys/ed-1"}))),
        ("a key with a NUL", headed(json!({"kid": "ed-1\u{0}"}))),
        ("a key with a quote", headed(json!({"kid": "ed-1' OR '1'='1"}))),
        ("an empty key", headed(json!({"kid": ""}))),
        ("a key that is no text", headed(json!({"kid": 1}))),
        (
            "a key that the set has but nobody can use",
            headed(json!({"kid": "pq-1"})),
        ),
        (
            "no key named, and none fits",
            Token::new(Signer::Rs, json!({}))
                .header(json!({"alg": "RS384", "kid": null}))
                .signed(Signer::Rs),
        ),
        (
            "the key of that name at another issuer",
            Token::new(Signer::A, json!({})).signed(Signer::B),
        ),
        (
            "the other way round",
            Token::new(Signer::B, json!({"iss": "https://login.example.org"})).signed(Signer::A),
        ),
        (
            "a key that another issuer has",
            Token::new(Signer::Es, json!({"iss": "https://login.example.org"})).signed(Signer::Es),
        ),
        ("a signature of zeros", es(&|_| vec![0; 64])),
        (
            "a signature of the order of the group",
            es(&|_| [order.clone(), order.clone()].concat()),
        ),
        ("a signature in the other encoding", es(&der)),
    ]
}

fn refused_by_claims() -> Named {
    let with = |claims: Json| honest(Signer::A, claims);
    let raw = |name: &str, value: &str| {
        let member = format!("\"{name}\":{value}");
        Token::new(Signer::A, json!({name: null}))
            .raw_claims(|text| with_first(text, &member))
            .signed(Signer::A)
    };
    let many: Vec<String> = (0..257).map(|number| format!("s{number}")).collect();
    vec![
        (
            "an unknown issuer",
            with(json!({"iss": "https://evil.example.com"})),
        ),
        (
            "an issuer with a slash more",
            with(json!({"iss": "https://id.example.com/"})),
        ),
        (
            "the beginning of an issuer",
            with(json!({"iss": "https://id.example"})),
        ),
        (
            "an issuer in other case",
            with(json!({"iss": "https://ID.example.com"})),
        ),
        ("no issuer", with(json!({"iss": null}))),
        ("an issuer that is no text", with(json!({"iss": [ISSUER]}))),
        ("another audience", with(json!({"aud": "billing"}))),
        ("other audiences", with(json!({"aud": ["billing", "mail"]}))),
        ("no audience", with(json!({"aud": null}))),
        ("an empty array of audiences", with(json!({"aud": []}))),
        ("an audience that is no text", with(json!({"aud": 1}))),
        (
            "an audience among what is no text",
            with(json!({"aud": ["api", 1]})),
        ),
        ("an audience in other case", with(json!({"aud": "API"}))),
        ("the beginning of an audience", with(json!({"aud": "ap"}))),
        ("two audiences in one text", with(json!({"aud": "api billing"}))),
        ("expired for long", with(json!({"exp": NOW - 3600}))),
        (
            "expired for 60 seconds, which the leeway does not cover",
            with(json!({"exp": NOW - 60})),
        ),
        (
            "expired for 60 seconds less a fraction",
            with(json!({"exp": 1_799_999_940.5})),
        ),
        ("no expiry", with(json!({"exp": null}))),
        ("an expiry of null", raw("exp", "null")),
        ("an expiry that is a word", with(json!({"exp": "never"}))),
        (
            "an expiry that is a number in a text",
            with(json!({"exp": "1800000600"})),
        ),
        ("an expiry that is a boolean", with(json!({"exp": true}))),
        ("an expiry in an array", with(json!({"exp": [NOW + 600]}))),
        ("an expiry before 1970", with(json!({"exp": -1}))),
        ("an expiry of 0", with(json!({"exp": 0}))),
        ("an expiry of 2^63", raw("exp", "9223372036854775808")),
        ("an expiry of 1e308", raw("exp", "1e308")),
        ("an expiry beyond every number", raw("exp", "1e400")),
        (
            "an expiry in milliseconds",
            with(json!({"exp": (NOW + 600) * 1000})),
        ),
        ("valid in 61 seconds", with(json!({"nbf": NOW + 61}))),
        (
            "valid in 60 seconds and a fraction",
            with(json!({"nbf": 1_800_000_060.5})),
        ),
        ("a beginning that is an array", with(json!({"nbf": []}))),
        ("a beginning of null", raw("nbf", "null")),
        ("issued in 61 seconds", with(json!({"iat": NOW + 61}))),
        ("issued on a word", with(json!({"iat": "yesterday"}))),
        ("no subject", with(json!({"sub": null}))),
        ("a subject of null", raw("sub", "null")),
        ("an empty subject", with(json!({"sub": ""}))),
        ("a subject that is a number", with(json!({"sub": 42}))),
        ("a subject of 4097 bytes", with(json!({"sub": "x".repeat(4_097)}))),
        ("no tenant", with(json!({"tenant": null}))),
        ("an empty tenant", with(json!({"tenant": ""}))),
        ("a tenant that is a number", with(json!({"tenant": 1}))),
        ("tenants in an array", with(json!({"tenant": ["acme"]}))),
        ("another tenant", with(json!({"tenant": "globex"}))),
        ("a tenant in other case", with(json!({"tenant": "Acme"}))),
        ("a token with a tenant, a request without", with(json!({}))),
        ("a client that is a number", with(json!({"client_id": 7}))),
        ("an empty client", with(json!({"client_id": ""}))),
        (
            "two claims that disagree about the client",
            with(json!({"azp": "gadget"})),
        ),
        ("a scope that is a number", with(json!({"scope": 1}))),
        ("a scope that is a boolean", with(json!({"scope": true}))),
        ("a scope of null", raw("scope", "null")),
        (
            "scopes that are numbers",
            with(json!({"scope": null, "scp": [1]})),
        ),
        (
            "an array with two scopes in one text",
            with(json!({"scope": null, "scp": ["rfis:read rfis:write"]})),
        ),
        (
            "an array with an empty scope",
            with(json!({"scope": null, "scp": ["rfis:read", ""]})),
        ),
        (
            "two claims that disagree about the scopes",
            with(json!({"scp": ["rfis:read", "rfis:write"]})),
        ),
        ("more than 256 scopes", with(json!({"scope": many.join(" ")}))),
        ("a token bound to a key", with(json!({"cnf": {"jkt": "AAAA"}}))),
        ("an ID token by its hash", with(json!({"at_hash": "AAAA"}))),
        ("an ID token by the other hash", with(json!({"c_hash": "AAAA"}))),
        ("a name of the token that is a number", with(json!({"jti": 1}))),
    ]
}

fn construction() -> Named {
    let user = |subject: &str, app: &str, scope: &str, tenant: &str| {
        honest(
            Signer::A,
            json!({"sub": subject, "client_id": app, "scope": scope, "tenant": tenant}),
        )
    };
    let account = |name: &str, scope: &str, tenant: &str| user(name, name, scope, tenant);
    vec![
        (
            "a standard user closes an RFI through an app",
            user("ana", "dashboards", "rfis:write", "acme"),
        ),
        (
            "an app that may only read cannot close on her behalf",
            user("ana", "dashboards", "rfis:read", "acme"),
        ),
        (
            "an app that may write cannot do more than its user",
            user("dan", "dashboards", "rfis:write", "acme"),
        ),
        (
            "an admin's app that may only read cannot write",
            user("cleo", "dashboards", "rfis:read", "acme"),
        ),
        (
            "an app that is not certified keeps off the budget",
            user("dan", "dashboards", "budget:read", "acme"),
        ),
        (
            "a certified app reads the budget",
            user("dan", "ledger", "budget:read", "acme"),
        ),
        (
            "no app exports the directory, however wide its scopes",
            user("gita", "fieldlink", "directory:admin", "borealis"),
        ),
        (
            "a service account without roles may do nothing",
            account("new-bot", "rfis:read", "acme"),
        ),
        (
            "a service account writes where it has the role",
            account("erp-sync", "rfis:write", "acme"),
        ),
        (
            "a service account does not write elsewhere",
            account("erp-sync", "rfis:write", "acme"),
        ),
        (
            "a service account deletes nothing unattended",
            account("erp-sync", "documents:admin", "acme"),
        ),
        (
            "a service account signs no log",
            account("daily-bot", "daily_log:write", "acme"),
        ),
        (
            "a service account in its network",
            account("drawing-robot", "drawings:write", "borealis"),
        ),
        (
            "a service account outside of its network",
            account("drawing-robot", "drawings:write", "borealis"),
        ),
        (
            "a service account that does not say where it is",
            account("drawing-robot", "drawings:write", "borealis"),
        ),
        (
            "a deactivated user is nobody through every app",
            user("kim", "fieldlink", "rfis:read", "borealis"),
        ),
        (
            "a token of one company in another",
            user("gita", "fieldlink", "rfis:read", "acme"),
        ),
        (
            "a token of one company for a resource of another",
            user("gita", "fieldlink", "rfis:read", "acme"),
        ),
        (
            "a person of two companies, in the one",
            user("gita", "fieldlink", "rfis:read", "acme"),
        ),
        (
            "an unknown person",
            user("nobody", "fieldlink", "rfis:read", "acme"),
        ),
    ]
}

#[test]
fn every_token_is_what_its_recipe_says() {
    let mut recipes = recipes();
    for suite in conformance::names() {
        for case in conformance::read(&suite).cases {
            let Some(found) = case.token else { continue };
            let key = recipes
                .keys()
                .copied()
                .find(|(of, name)| *of == suite && *name == case.name)
                .unwrap_or_else(|| panic!("{suite}.json: no recipe for `{}`", case.name));
            let token = recipes.remove(&key).unwrap();
            // A signature by ECDSA or PSS is another one each time.
            let same = match (token.rsplit_once('.'), found.rsplit_once('.')) {
                (Some((made, _)), Some((read, _))) if is_randomised(made) => made == read,
                _ => token == found,
            };
            assert!(same, "{suite}.json: the token of `{}` is out of date", case.name);
        }
    }
    assert!(recipes.is_empty(), "recipes without a case: {:?}", recipes.keys());
}

fn is_randomised(message: &str) -> bool {
    let header = message
        .split('.')
        .next()
        .and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    header.is_some_and(|header| {
        let header = String::from_utf8_lossy(&header);
        header.contains("\"ES") || header.contains("\"PS")
    })
}

#[test]
fn every_proof_is_what_its_recipe_says() {
    let proofs = shaped_tokens::bound_proofs();
    let certificates = shaped_tokens::certificates();
    let mut found = 0;
    for case in conformance::read("tokens_bound").cases {
        let Some(proof) = case.proof else { continue };
        if let Some(certificate) = proof.certificate {
            assert!(certificates.contains(&certificate), "{}", case.name);
        }
        if let Some(dpop) = proof.dpop {
            let (_, made) = proofs.iter().find(|(name, _)| *name == case.name).unwrap();
            assert!(*made == dpop, "the proof of `{}` is out of date", case.name);
            found += 1;
        }
    }
    assert_eq!(found, proofs.len());
}

#[test]
fn the_issuers_hold_the_symmetric_keys() {
    let [secrets, seals] = shaped_tokens::symmetric_keys();
    let issuer = |suite: &str| conformance::read(suite).issuers.remove(0);
    assert_eq!(issuer("tokens_by_secret").secrets, Some(secrets));
    assert_eq!(issuer("tokens_encrypted").encryption_keys, Some(seals));
}

#[test]
fn the_issuers_hold_the_public_halves_of_the_keys() {
    let known = [
        Signer::A,
        Signer::B,
        Signer::Es,
        Signer::Es384,
        Signer::Rs,
        Signer::Ps256,
        Signer::Ps512,
    ]
    .map(|signer| signer.jwk()["x"].clone());
    for suite in conformance::names() {
        for issuer in conformance::read(&suite).issuers {
            let keys = issuer.jwks.map(|jwks| jwks["keys"].clone());
            let keys = keys.iter().flat_map(|keys| keys.as_array()).flatten();
            for key in keys.filter(|key| key["kty"] == "OKP") {
                assert!(
                    known.contains(&key["x"]),
                    "{suite}.json: {} has a key of somebody else's",
                    issuer.issuer
                );
            }
        }
    }
}

/// Writes each token and each proof into the line that holds the old one; all else stays as it is.
#[test]
#[ignore = "writes into tests/conformance"]
fn write_the_tokens_again() {
    let recipes = recipes();
    let proofs = shaped_tokens::bound_proofs();
    for suite in conformance::names() {
        let path = conformance::path(&suite);
        let (mut out, mut case) = (String::new(), String::new());
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let member = line.trim().trim_end_matches(',');
            if let Some(name) = member.strip_prefix("\"name\": ") {
                case = serde_json::from_str(name).unwrap();
            }
            let token = recipes
                .iter()
                .find(|((of, name), _)| *of == suite && *name == case);
            let proof = proofs
                .iter()
                .find(|(name, _)| suite == "tokens_bound" && *name == case);
            let indent = &line[..line.len() - line.trim_start().len()];
            match token {
                Some((_, token)) if member.starts_with("\"token\": ") => {
                    writeln!(out, "{indent}\"token\": {},", json!(token)).unwrap();
                }
                _ if member.starts_with("\"dpop\": ") => {
                    let (_, proof) = proof.unwrap();
                    writeln!(out, "{indent}\"dpop\": {},", json!(proof)).unwrap();
                }
                _ => writeln!(out, "{line}").unwrap(),
            }
        }
        std::fs::write(&path, out).unwrap();
    }
}

/// Shows the keys, for the `jwks`, `secrets` and `encryption_keys` of an issuer, and the certificates.
#[test]
#[ignore = "prints"]
fn show_the_keys() {
    for signer in [
        Signer::A,
        Signer::B,
        Signer::Es,
        Signer::Es384,
        Signer::Rs,
        Signer::Ps256,
        Signer::Ps512,
    ] {
        println!("{}", signer.jwk());
    }
    for keys in shaped_tokens::symmetric_keys() {
        println!("{keys}");
    }
    for certificate in shaped_tokens::certificates() {
        println!("{certificate}");
    }
}
