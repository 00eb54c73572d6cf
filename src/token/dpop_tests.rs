use serde_json::{Value, json};

use super::*;
use crate::token::fixture::{Fixture, NOW, claims, claims_with, encode, keys, write, write_with};
use crate::{Proof, SigningKey, Verifier};

const METHOD: &str = "POST";
const ADDRESS: &str = "https://api.example.com/rfis/42/close";

/// A client with its key, and a token that is bound to it.
struct Client {
    key: SigningKey,
    token: String,
    verifier: Verifier,
}

impl Client {
    fn new() -> Self {
        Self::with(SigningKey::generate_es256("client").unwrap(), Dpop::new())
    }

    fn with(key: SigningKey, dpop: Dpop) -> Self {
        let fixture = Fixture::new();
        let bound = claims_with("cnf", json!({"jkt": key.thumbprint()}));
        let token = fixture.key.sign(&bound, "at+jwt").unwrap();
        let verifier = fixture.verifier.dpop(dpop);
        Self { key, token, verifier }
    }

    fn jwk(&self) -> Value {
        serde_json::from_str(&self.key.jwk()).unwrap()
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": self.key.algorithm().name(), "jwk": self.jwk()})
    }

    fn claims(&self) -> Value {
        let hash = encode(sha256(self.token.as_bytes()));
        json!({"jti": "p1", "htm": METHOD, "htu": ADDRESS, "iat": NOW, "ath": hash})
    }

    /// The proof with one member of its header changed; null removes it.
    fn headed(&self, name: &str, value: Value) -> String {
        write(
            &changed(self.header(), name, value),
            &self.claims().to_string(),
            &self.key,
        )
    }

    /// The proof with one claim changed; null removes it.
    fn claiming(&self, name: &str, value: Value) -> String {
        write(
            &self.header().to_string(),
            &changed(self.claims(), name, value),
            &self.key,
        )
    }

    fn proof(&self) -> String {
        write(&self.header().to_string(), &self.claims().to_string(), &self.key)
    }

    fn present(&self, proof: &str) -> Result<(), ErrorKind> {
        self.present_at(proof, METHOD, ADDRESS, NOW)
    }

    fn present_at(&self, proof: &str, method: &str, uri: &str, now: i64) -> Result<(), ErrorKind> {
        let proof = Proof::dpop(proof, method, uri);
        let verified = self.verifier.verify_bound(&self.token, &proof, now);
        verified.map(drop).map_err(|error| error.kind())
    }
}

fn changed(mut object: Value, name: &str, value: Value) -> String {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object.to_string()
}

#[test]
fn a_proof_by_each_algorithm_is_accepted_once() {
    for key in keys() {
        let client = Client::with(key, Dpop::new());
        let proof = client.proof();
        assert_eq!(client.present(&proof), Ok(()), "{}", client.key.algorithm());
        assert_eq!(client.present(&proof), Err(ErrorKind::ProofReplayed));
        assert_eq!(client.present(&client.claiming("jti", json!("p2"))), Ok(()));
    }
}

#[test]
fn a_bound_token_without_its_proof_is_refused() {
    let client = Client::new();
    for proof in [Proof::none(), Proof::certificate(b"x")] {
        let refused = client
            .verifier
            .verify_bound(&client.token, &proof, NOW)
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TokenBinding);
    }
    let refused = client.verifier.verify(&client.token, NOW).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TokenBinding);
}

#[test]
fn a_proof_beside_a_token_that_is_not_bound_is_refused() {
    let mut client = Client::new();
    let fixture = Fixture::new();
    client.token = fixture.key.sign(&claims(), "at+jwt").unwrap();
    client.verifier = fixture.verifier;
    assert_eq!(client.present(&client.proof()), Err(ErrorKind::TokenBinding));
}

#[test]
fn a_token_bound_to_key_and_certificate_needs_both() {
    let mut client = Client::new();
    let fixture = Fixture::new();
    let thumbprint = sha256(b"certificate");
    let cnf = json!({"jkt": client.key.thumbprint(), "x5t#S256": encode(thumbprint)});
    client.token = fixture.key.sign(&claims_with("cnf", cnf), "at+jwt").unwrap();
    client.verifier = fixture.verifier;
    let proof = client.proof();
    assert_eq!(client.present(&proof), Err(ErrorKind::TokenBinding));
    let certificate = Proof::certificate_thumbprint(thumbprint);
    assert!(
        client
            .verifier
            .verify_bound(&client.token, &certificate, NOW)
            .is_err()
    );
    let both = Proof::dpop(&proof, METHOD, ADDRESS).with_certificate(thumbprint);
    assert!(client.verifier.verify_bound(&client.token, &both, NOW).is_ok());
}

#[test]
fn a_proof_of_another_key_is_refused() {
    let client = Client::new();
    let thief = Client::new();
    let proof = write(
        &thief.header().to_string(),
        &client.claims().to_string(),
        &thief.key,
    );
    assert_eq!(client.present(&proof), Err(ErrorKind::ProofMismatch));
    // Before any work on its signature.
    let (message, _) = proof.rsplit_once('.').unwrap();
    let unsigned = format!("{message}.{}", "A".repeat(86));
    assert_eq!(client.present(&unsigned), Err(ErrorKind::ProofMismatch));
    // The client's key in the header, the thief's signature behind it.
    let forged = write(
        &client.header().to_string(),
        &client.claims().to_string(),
        &thief.key,
    );
    assert_eq!(client.present(&forged), Err(ErrorKind::ProofInvalid));
}

#[test]
fn a_proof_for_another_request_or_token_is_refused() {
    let client = Client::new();
    for (name, value) in [
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htu", json!("https://api.example.com/rfis/43/close")),
        ("htu", json!("http://api.example.com/rfis/42/close")),
        ("htu", json!("/rfis/42/close")),
        ("ath", json!(encode(sha256(b"another token")))),
        ("ath", json!(client.token)),
    ] {
        let refused = client.present(&client.claiming(name, value));
        assert_eq!(refused, Err(ErrorKind::ProofMismatch), "{name}");
    }
    for name in ["htm", "htu", "ath", "jti", "iat"] {
        for value in [Value::Null, json!(7.5e300), json!([]), json!("")] {
            let refused = client.present(&client.claiming(name, value));
            assert_eq!(refused, Err(ErrorKind::ProofInvalid), "{name}");
        }
    }
}

#[test]
fn the_address_is_compared_without_query_and_in_normal_form() {
    let client = Client::new();
    let at = |uri: &str| client.present_at(&client.claiming("jti", json!(uri)), METHOD, uri, NOW);
    for uri in [
        "HTTPS://API.example.com:443/rfis/42/close?force=1#x",
        "https://api.example.com/rfis/./42/%63lose",
    ] {
        assert_eq!(at(uri), Ok(()), "{uri}");
    }
    assert_eq!(
        at("https://api.example.com/rfis/42/close/"),
        Err(ErrorKind::ProofMismatch)
    );
    assert_eq!(at("/rfis/42/close"), Err(ErrorKind::ArgumentInvalid));
}

#[test]
fn a_proof_outside_of_its_window_is_refused() {
    let client = Client::with(
        SigningKey::generate_es256("c").unwrap(),
        Dpop::new().window(30).leeway(2),
    );
    for (at, expected) in [
        (NOW - 3, Err(ErrorKind::ProofExpired)),
        (NOW - 2, Ok(())),
        (NOW + 30, Err(ErrorKind::ProofReplayed)),
        (NOW + 31, Err(ErrorKind::ProofExpired)),
    ] {
        assert_eq!(
            client.present_at(&client.proof(), METHOD, ADDRESS, at),
            expected,
            "{at}"
        );
    }
}

#[test]
fn no_proof_is_accepted_twice_however_late_the_second_time() {
    for (window, leeway) in [(30, 2), (5, 60), (60, 60)] {
        // The second time comes as late as the window still lets it pass.
        let (window_end, made) = (i64::from(window), NOW + i64::from(leeway));
        for last in [made + window_end, made + window_end - 1, NOW + 1] {
            let client = Client::with(
                SigningKey::generate_ed25519("client").unwrap(),
                Dpop::new().window(window).leeway(leeway),
            );
            let proof = client.claiming("iat", json!(made));
            assert_eq!(client.present(&proof), Ok(()));
            let again = client.present_at(&proof, METHOD, ADDRESS, last);
            assert_eq!(again, Err(ErrorKind::ProofReplayed), "{window} {leeway} {last}");
        }
    }
}

#[test]
fn the_header_of_a_proof_is_read_strictly() {
    let client = Client::new();
    let mut private = client.jwk();
    private["d"] = json!("AAAA");
    let weak = json!({"kty": "OKP", "crv": "Ed25519", "x": encode([0; 32])});
    let symmetric = json!({"kty": "oct", "k": "AAAA"});
    for (name, value) in [
        ("typ", Value::Null),
        ("typ", json!("JWT")),
        ("typ", json!("at+jwt")),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES384")),
        ("alg", Value::Null),
        ("jwk", Value::Null),
        ("jwk", json!("key")),
        ("jwk", private),
        ("jwk", weak),
        ("jwk", symmetric),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("jku", json!("https://evil.test/")),
        ("x5u", json!("https://evil.test/")),
        ("x5c", json!(["MIIB"])),
    ] {
        let refused = client.present(&client.headed(name, value));
        assert_eq!(refused, Err(ErrorKind::ProofInvalid), "{name}");
    }
    assert_eq!(
        client.present(&client.headed("typ", json!("application/DPoP+jwt"))),
        Ok(())
    );
}

#[test]
fn a_malformed_proof_is_refused_without_repeating_it() {
    let client = Client::new();
    let proof = client.proof();
    let twice = client
        .header()
        .to_string()
        .replacen('{', "{\"typ\":\"dpop+jwt\",", 1);
    let unsigned = write_with(
        &client.header().to_string(),
        &client.claims().to_string(),
        |_| vec![],
    );
    for text in [
        String::new(),
        "a.b".to_owned(),
        format!("{proof}, {proof}"),
        format!("{proof}="),
        format!(" {proof}"),
        "A".repeat(20_000),
        write(&twice, &client.claims().to_string(), &client.key),
        write(&client.header().to_string(), "[]", &client.key),
        unsigned,
    ] {
        let presented = Proof::dpop(&text, METHOD, ADDRESS);
        let error = client
            .verifier
            .verify_bound(&client.token, &presented, NOW)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProofInvalid, "{text}");
        assert!(text.len() < 9 || !error.report().contains(&text));
    }
    for length in 0..proof.len() {
        assert_eq!(
            client.present(&proof[..length]),
            Err(ErrorKind::ProofInvalid),
            "{length}"
        );
    }
    assert!(!format!("{:?}", Proof::dpop(&proof, METHOD, ADDRESS)).contains(&proof[..20]));
}

#[test]
fn a_server_that_demands_a_nonce_takes_only_its_own() {
    let nonces = DpopNonces::new(60).unwrap();
    let dpop = Dpop::new().nonces(nonces.clone());
    let client = Client::with(SigningKey::generate_ed25519("c").unwrap(), dpop);
    let with = |nonce: Value| client.present(&client.claiming("nonce", nonce));
    assert_eq!(with(Value::Null), Err(ErrorKind::ProofNonce));
    assert_eq!(with(json!("guess")), Err(ErrorKind::ProofNonce));
    assert_eq!(with(json!(nonces.issue(NOW - 60))), Err(ErrorKind::ProofNonce));
    assert_eq!(
        with(json!(DpopNonces::new(60).unwrap().issue(NOW))),
        Err(ErrorKind::ProofNonce)
    );
    assert_eq!(with(json!(7)), Err(ErrorKind::ProofInvalid));
    assert_eq!(with(json!(nonces.issue(NOW))), Ok(()));
}

#[test]
fn a_full_store_of_proofs_denies() {
    let client = Client::with(
        SigningKey::generate_ed25519("c").unwrap(),
        Dpop::new().remember(16),
    );
    let refused = (0..200)
        .map(|at| client.present(&client.claiming("jti", json!(at.to_string()))))
        .find(Result::is_err);
    assert_eq!(refused, Some(Err(ErrorKind::ProofUnrecorded)));
}

#[test]
fn one_of_many_racing_uses_of_a_proof_wins() {
    let client = Client::new();
    let proof = client.proof();
    let won = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..25).filter(|_| client.present(&proof).is_ok()).count()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(won, 1);
}

#[test]
fn clones_share_what_they_have_seen() {
    let client = Client::new();
    let proof = client.proof();
    assert_eq!(client.present(&proof), Ok(()));
    let again = client.verifier.clone();
    let presented = Proof::dpop(&proof, METHOD, ADDRESS);
    let refused = again.verify_bound(&client.token, &presented, NOW).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ProofReplayed);
}
