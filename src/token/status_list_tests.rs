use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::token::fixture::{Fixture, ISSUER, NOW, claims_with, encode, profile, write};
use crate::{SigningKey, Verifier};

const URI: &str = "https://id.example.com/statuslists/1";
/// The examples of section 4.1: sixteen places of one bit, and twelve of two bits.
const ONE_BIT: &str = "eNrbuRgAAhcBXQ";
const TWO_BITS: &str = "eNo76fITAAPfAgc";

fn list() -> Value {
    json!({"sub": URI, "iss": ISSUER, "iat": NOW, "exp": NOW + 86_400, "ttl": 600,
        "status_list": {"bits": 1, "lst": ONE_BIT}})
}

fn list_with(name: &str, value: Value) -> Value {
    let mut list = list();
    list[name] = value;
    list
}

fn status(index: impl Into<Value>) -> Value {
    json!({"status_list": {"idx": index.into(), "uri": URI}})
}

/// An issuer, its key, and how often its list was asked for.
struct World {
    key: SigningKey,
    verifier: Verifier,
    asked: Arc<AtomicUsize>,
}

impl World {
    /// An issuer whose list is what the function answers.
    fn of(key: SigningKey, answer: impl Fn() -> Result<String> + Send + Sync + 'static) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let lists = StatusLists::callback(move |uri| {
            assert!(uri.starts_with(URI));
            count.fetch_add(1, Ordering::SeqCst);
            answer()
        });
        let verifier = Verifier::new([profile(&[&key]).status_lists(lists)]).unwrap();
        Self { key, verifier, asked }
    }

    /// An issuer that publishes these claims, signed well.
    fn publishing(claims: &Value) -> Self {
        Self::typed(claims, "statuslist+jwt")
    }

    fn typed(claims: &Value, token_type: &str) -> Self {
        let key = SigningKey::generate_ed25519("k1").unwrap();
        let token = key.sign(claims, token_type).unwrap();
        Self::of(key, move || Ok(token.clone()))
    }

    fn token(&self, status: Value) -> String {
        let mut claims = claims_with("status", status);
        claims["exp"] = (NOW + 1_000_000).into();
        self.key.sign(&claims, "at+jwt").unwrap()
    }

    fn verify_at(&self, status: Value, now: i64) -> Result<(), ErrorKind> {
        let verified = self.verifier.verify(&self.token(status), now);
        verified.map(drop).map_err(|error| error.kind())
    }

    fn verify(&self, index: impl Into<Value>) -> Result<(), ErrorKind> {
        self.verify_at(status(index), NOW)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[test]
fn the_lists_of_the_drafts_examples_are_read() {
    let world = World::publishing(&list());
    let statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    for (index, status) in statuses.into_iter().enumerate() {
        let expected = if status == 0 {
            Ok(())
        } else {
            Err(ErrorKind::TokenStatus)
        };
        assert_eq!(world.verify(index), expected, "{index}");
    }
    assert_eq!(world.asked(), 1);

    let world = World::publishing(&list_with("status_list", json!({"bits": 2, "lst": TWO_BITS})));
    let statuses = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    for (index, status) in statuses.into_iter().enumerate() {
        let expected = if status == 0 {
            Ok(())
        } else {
            Err(ErrorKind::TokenStatus)
        };
        assert_eq!(world.verify(index), expected, "{index}");
    }
    let refused = world.verifier.verify(&world.token(status(1)), NOW).unwrap_err();
    assert!(refused.to_string().contains("suspended"));
}

#[test]
fn a_place_outside_of_the_list_is_refused() {
    let world = World::publishing(&list());
    for index in [16, 17, 1 << 20, i64::MAX] {
        assert_eq!(world.verify(index), Err(ErrorKind::StatusIndex), "{index}");
    }
}

#[test]
fn a_status_that_names_no_place_is_refused() {
    let world = World::publishing(&list());
    for index in [
        json!(-1),
        json!("1"),
        json!(1.5),
        json!(null),
        json!(1e30),
        json!([1]),
    ] {
        assert_eq!(world.verify(index), Err(ErrorKind::TokenClaimInvalid));
    }
    for (status, kind) in [
        (json!({"status_list": {"idx": 1}}), ErrorKind::TokenClaimMissing),
        (
            json!({"status_list": {"idx": 1, "uri": ""}}),
            ErrorKind::TokenClaimInvalid,
        ),
        (
            json!({"status_list": {"idx": 1, "uri": 7}}),
            ErrorKind::TokenClaimInvalid,
        ),
        (json!({"status_list": "1"}), ErrorKind::TokenClaimInvalid),
        (json!({"status_list": {"uri": URI}}), ErrorKind::TokenClaimInvalid),
    ] {
        assert_eq!(world.verify_at(status, NOW), Err(kind));
    }
    assert_eq!(world.asked(), 0);
}

#[test]
fn a_status_of_another_kind_is_left_to_the_host() {
    let world = World::publishing(&list());
    for status in [json!("active"), json!({"mechanism": 1}), json!(true)] {
        assert_eq!(world.verify_at(status, NOW), Ok(()));
    }
}

#[test]
fn a_place_in_a_list_is_refused_where_no_lists_are_known() {
    let fixture = Fixture::new();
    let refused = fixture.verify(&claims_with("status", status(1))).map(drop);
    assert_eq!(refused, Err(ErrorKind::StatusUnavailable));
}

#[test]
fn a_list_that_is_not_what_it_must_be_is_refused() {
    for (name, value) in [
        ("sub", json!("https://id.example.com/statuslists/2")),
        ("sub", json!(null)),
        ("iss", json!("https://other.example.com")),
        ("iat", json!(NOW + 61)),
        ("iat", json!("now")),
        ("exp", json!(NOW)),
        ("exp", json!("never")),
        ("ttl", json!(0)),
        ("ttl", json!(-5)),
        ("ttl", json!("600")),
        ("status_list", json!([])),
        ("status_list", json!(null)),
        ("status_list", json!({"bits": 3, "lst": ONE_BIT})),
        ("status_list", json!({"bits": "1", "lst": ONE_BIT})),
        ("status_list", json!({"lst": ONE_BIT})),
        ("status_list", json!({"bits": 1})),
        ("status_list", json!({"bits": 1, "lst": 7})),
        ("status_list", json!({"bits": 1, "lst": "eNrbuRgAAhcBXQ="})),
        ("status_list", json!({"bits": 1, "lst": encode("no zlib")})),
        ("status_list", json!({"bits": 1, "lst": &ONE_BIT[..8]})),
    ] {
        let world = World::publishing(&list_with(name, value.clone()));
        assert_eq!(
            world.verify(1),
            Err(ErrorKind::StatusListInvalid),
            "{name}: {value}"
        );
    }
    for name in ["sub", "iat", "status_list"] {
        let mut without = list();
        without.as_object_mut().unwrap().remove(name);
        let world = World::publishing(&without);
        assert_eq!(world.verify(1), Err(ErrorKind::StatusListInvalid), "{name}");
    }
    for name in ["iss", "exp", "ttl"] {
        let mut without = list();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(World::publishing(&without).verify(1), Ok(()), "{name}");
    }
}

#[test]
fn a_list_of_another_type_or_signer_is_refused() {
    for token_type in ["at+jwt", "JWT", "statuslist+cwt"] {
        let world = World::typed(&list(), token_type);
        assert_eq!(world.verify(1), Err(ErrorKind::StatusListInvalid), "{token_type}");
    }
    assert_eq!(
        World::typed(&list(), "application/StatusList+JWT").verify(1),
        Ok(())
    );

    let forger = SigningKey::generate_ed25519("k1").unwrap();
    let forged = forger.sign(&list(), "statuslist+jwt").unwrap();
    let world = World::of(SigningKey::generate_ed25519("k1").unwrap(), move || {
        Ok(forged.clone())
    });
    assert_eq!(world.verify(1), Err(ErrorKind::StatusListInvalid));

    let key = SigningKey::generate_ed25519("k1").unwrap();
    let unsigned = write(
        r#"{"alg":"none","typ":"statuslist+jwt"}"#,
        &list().to_string(),
        &key,
    );
    let world = World::of(key, move || Ok(unsigned.clone()));
    assert_eq!(world.verify(1), Err(ErrorKind::StatusListInvalid));
}

#[test]
fn an_access_token_is_no_status_list_and_a_list_no_access_token() {
    let world = World::publishing(&list());
    let mut claims = claims_with("sub", json!(URI));
    claims["status_list"] = list()["status_list"].clone();
    let token = world.key.sign(&claims, "statuslist+jwt").unwrap();
    let refused = world.verifier.verify(&token, NOW).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TokenType);
}

#[test]
fn a_list_that_inflates_beyond_the_bound_is_refused_at_the_bound() {
    let compress = |length| miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; length], 9);
    let publish = |length| {
        let bomb = encode(compress(length));
        World::publishing(&list_with("status_list", json!({"bits": 1, "lst": bomb})))
    };
    let world = publish(MAX_STATUS_LIST_BYTES);
    let last = MAX_STATUS_LIST_BYTES as u64 * 8 - 1;
    assert_eq!(world.verify(last), Ok(()));
    assert_eq!(world.verify(last + 1), Err(ErrorKind::StatusIndex));
    let world = publish(MAX_STATUS_LIST_BYTES + 1);
    assert_eq!(world.verify(0), Err(ErrorKind::StatusListInvalid));

    let long = "x".repeat(MAX_STATUS_LIST_TOKEN_BYTES + 1);
    let world = World::of(SigningKey::generate_ed25519("k1").unwrap(), move || {
        Ok(long.clone())
    });
    assert_eq!(world.verify(0), Err(ErrorKind::StatusListInvalid));
}

#[test]
fn a_list_is_got_again_at_half_of_its_ttl_and_counts_to_the_end_of_it() {
    let key = SigningKey::generate_ed25519("k1").unwrap();
    let mut revoked = list_with(
        "status_list",
        json!({"bits": 1, "lst": encode(
        miniz_oxide::deflate::compress_to_vec_zlib(&[0xff, 0xff], 6))}),
    );
    revoked["iat"] = (NOW + 200).into();
    let answers = [&list(), &revoked].map(|claims| key.sign(claims, "statuslist+jwt").unwrap());
    let phase = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&phase);
    let world = World::of(key, move || match now.load(Ordering::SeqCst) {
        0 => Ok(answers[0].clone()),
        1 => Err(Error::new(ErrorKind::Io, "no network")),
        _ => Ok(answers[1].clone()),
    });
    let at = |seconds| world.verify_at(status(1), NOW + seconds);
    assert_eq!((at(0), at(299), world.asked()), (Ok(()), Ok(()), 1));
    // Its source fails: asked again after ten seconds, not at each token, and the list counts while its time lasts.
    phase.store(1, Ordering::SeqCst);
    assert_eq!((at(300), at(309), world.asked()), (Ok(()), Ok(()), 2));
    assert_eq!((at(310), at(599), world.asked()), (Ok(()), Ok(()), 4));
    assert_eq!(at(600), Err(ErrorKind::StatusUnavailable));
    phase.store(2, Ordering::SeqCst);
    assert_eq!(at(605), Err(ErrorKind::StatusUnavailable));
    assert_eq!(at(610), Err(ErrorKind::TokenStatus));
}

#[test]
fn a_list_ends_with_its_expiry_however_long_its_ttl() {
    let mut short = list_with("exp", json!(NOW + 100));
    short["ttl"] = json!(1e300);
    let world = World::publishing(&short);
    assert_eq!(world.verify_at(status(1), NOW + 99), Ok(()));
    assert_eq!(
        world.verify_at(status(1), NOW + 100),
        Err(ErrorKind::StatusListInvalid)
    );
}

#[test]
fn a_source_that_panics_is_a_source_that_fails() {
    let world = World::of(SigningKey::generate_ed25519("k1").unwrap(), || panic!("host"));
    assert_eq!(world.verify(1), Err(ErrorKind::StatusUnavailable));
}

#[test]
fn the_number_of_lists_is_bounded() {
    let key = Arc::new(SigningKey::generate_ed25519("k1").unwrap());
    let signer = Arc::clone(&key);
    let lists =
        StatusLists::callback(move |uri| signer.sign(&list_with("sub", json!(uri)), "statuslist+jwt"));
    let verifier = Verifier::new([profile(&[&key]).status_lists(lists)]).unwrap();
    let verify = |list: usize| {
        let status = json!({"status_list": {"idx": 1, "uri": format!("{URI}{list}")}});
        let token = key.sign(&claims_with("status", status), "at+jwt").unwrap();
        verifier
            .verify(&token, NOW)
            .map(drop)
            .map_err(|error| error.kind())
    };
    for list in 0..MAX_STATUS_LISTS {
        assert_eq!(verify(list), Ok(()));
    }
    assert_eq!(verify(MAX_STATUS_LISTS), Err(ErrorKind::StatusUnavailable));
    assert_eq!(verify(0), Ok(()));
}

#[test]
fn many_threads_ask_for_a_list_once() {
    let world = World::publishing(&list());
    let token = world.token(status(1));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(world.verifier.verify(&token, NOW).is_ok()));
        }
    });
    assert_eq!(world.asked(), 1);
}

#[test]
fn issuers_that_share_a_source_share_no_list() {
    let keys = [0, 1].map(|_| SigningKey::generate_ed25519("k1").unwrap());
    let mut published = list();
    published.as_object_mut().unwrap().remove("iss");
    let list = keys[0].sign(&published, "statuslist+jwt").unwrap();
    let lists = StatusLists::callback(move |_| Ok(list.clone()));
    let issuers = [ISSUER, "https://login.example.org"];
    let profiles = issuers.iter().zip(&keys).map(|(issuer, key)| {
        let keys = crate::KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
        let profile = crate::Profile::issuer(*issuer).audience("api").jwks(keys);
        profile.status_lists(lists.clone())
    });
    let verifier = Verifier::new(profiles).unwrap();
    let verify = |at: usize| {
        let mut claims = claims_with("status", status(1));
        claims["iss"] = issuers[at].into();
        let verified = verifier.verify(&keys[at].sign(&claims, "at+jwt").unwrap(), NOW);
        verified.map(drop).map_err(|error| error.kind())
    };
    // Another issuer's failure to use the list keeps nobody from it, and its success lends it to nobody.
    assert_eq!(verify(1), Err(ErrorKind::StatusListInvalid));
    assert_eq!(verify(0), Ok(()));
    assert_eq!(verify(1), Err(ErrorKind::StatusListInvalid));
}
