use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::token::fixture::{NOW, claims, key_set, profile};
use crate::token::{Profile, SigningKey, Verifier};

/// An issuer whose keys a test changes, and which counts how often it is asked.
struct Remote {
    keys: Mutex<Result<KeySet>>,
    asked: AtomicUsize,
}

impl Remote {
    fn new(keys: &[&SigningKey]) -> Arc<Self> {
        Arc::new(Self {
            keys: Mutex::new(Ok(key_set(keys))),
            asked: AtomicUsize::new(0),
        })
    }

    fn source(self: &Arc<Self>) -> KeySource {
        let remote = Arc::clone(self);
        KeySource::callback(move || {
            remote.asked.fetch_add(1, Ordering::SeqCst);
            remote.keys.lock().unwrap().clone()
        })
    }

    fn serve(&self, keys: &[&SigningKey]) {
        *self.keys.lock().unwrap() = Ok(key_set(keys));
    }

    fn fail(&self) {
        *self.keys.lock().unwrap() = Err(Error::new(ErrorKind::Io, "no route to host"));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn key(id: &str) -> SigningKey {
    SigningKey::generate_ed25519(id).unwrap()
}

fn token(key: &SigningKey) -> String {
    let mut claims = claims();
    claims["exp"] = (NOW + 100_000).into();
    key.sign(&claims, "at+jwt").unwrap()
}

fn verifier(source: &KeySource) -> Verifier {
    let profile: Profile = profile(&[&key("unused")]).keys(source.clone());
    Verifier::new([profile]).unwrap()
}

fn judged(verifier: &Verifier, token: &str, now: i64) -> Result<(), ErrorKind> {
    verifier
        .verify(token, now)
        .map(|_| ())
        .map_err(|error| error.kind())
}

#[test]
fn keys_of_a_callback_are_asked_for_when_the_first_token_comes_and_then_by_interval() {
    let k1 = key("k1");
    let remote = Remote::new(&[&k1]);
    let verifier = verifier(&remote.source().interval(300));
    assert_eq!(remote.asked(), 0);
    for (now, asked) in [
        (NOW, 1),
        (NOW + 299, 1),
        (NOW + 300, 2),
        (NOW + 301, 2),
        (NOW + 600, 3),
    ] {
        assert_eq!(judged(&verifier, &token(&k1), now), Ok(()));
        assert_eq!(remote.asked(), asked, "at {}", now - NOW);
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_refreshes() {
    let k1 = key("k1");
    let remote = Remote::new(&[&k1]);
    let source = remote.source();
    source.refresh(NOW + 1_000_000).unwrap();
    let verifier = verifier(&source);
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    assert_eq!(remote.asked(), 2);
}

#[test]
fn an_unknown_key_causes_one_refresh_per_interval_and_no_storm() {
    let (k1, k2, stranger) = (key("k1"), key("k2"), key("stranger"));
    let remote = Remote::new(&[&k1]);
    let verifier = verifier(&remote.source().interval(100_000).unknown_key_interval(30));
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    remote.serve(&[&k1, &k2]);
    assert_eq!(judged(&verifier, &token(&k2), NOW + 1), Ok(()));
    assert_eq!(remote.asked(), 2);
    for at in 1..31 {
        let refused = judged(&verifier, &token(&stranger), NOW + at);
        assert_eq!(refused, Err(ErrorKind::TokenUnknownKey));
    }
    assert_eq!(remote.asked(), 2);
    assert!(judged(&verifier, &token(&stranger), NOW + 31).is_err());
    assert_eq!(remote.asked(), 3);
}

#[test]
fn threads_that_meet_an_unknown_key_together_share_one_refresh() {
    let (k1, k2) = (key("k1"), key("k2"));
    let remote = Remote::new(&[&k1]);
    let verifier = verifier(&remote.source());
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    remote.serve(&[&k1, &k2]);
    let (token, barrier) = (token(&k2), Barrier::new(8));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(judged(&verifier, &token, NOW), Ok(()));
            });
        }
    });
    assert_eq!(remote.asked(), 2);
}

#[test]
fn threads_that_find_the_interval_over_cause_one_refresh() {
    let k1 = key("k1");
    let remote = Remote::new(&[&k1]);
    let verifier = verifier(&remote.source());
    let (token, barrier) = (token(&k1), Barrier::new(8));
    for round in 0..20 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    assert_eq!(judged(&verifier, &token, NOW + round * 300), Ok(()));
                });
            }
        });
        assert_eq!(remote.asked() as i64, round + 1);
    }
}

#[test]
fn invariant_28_a_failed_refresh_keeps_the_last_good_keys_and_tells_of_it() {
    let k1 = key("k1");
    let remote = Remote::new(&[&k1]);
    let source = remote.source().interval(300).unknown_key_interval(30);
    let verifier = verifier(&source);
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    remote.fail();
    assert_eq!(judged(&verifier, &token(&k1), NOW + 300), Ok(()));
    let status = source.status();
    assert_eq!(status.succeeded, Some(NOW));
    let (at, error) = status.failed.unwrap();
    assert_eq!((at, error.kind()), (NOW + 300, ErrorKind::Io));
    // It is tried again sooner than after the whole interval, and not at once.
    let asked = remote.asked();
    assert_eq!(judged(&verifier, &token(&k1), NOW + 329), Ok(()));
    assert_eq!(remote.asked(), asked);
    remote.serve(&[&k1]);
    assert_eq!(judged(&verifier, &token(&k1), NOW + 330), Ok(()));
    assert_eq!(remote.asked(), asked + 1);
    assert!(source.status().failed.is_none());
}

#[test]
fn keys_that_were_never_loaded_refuse_and_say_why_without_asking_each_time() {
    let k1 = key("k1");
    let remote = Remote::new(&[&k1]);
    remote.fail();
    let verifier = verifier(&remote.source());
    for _ in 0..10 {
        let error = verifier.verify(&token(&k1), NOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
        assert_eq!(error.related()[0].kind(), ErrorKind::Io);
    }
    assert_eq!(remote.asked(), 1);
    remote.serve(&[&k1]);
    assert_eq!(judged(&verifier, &token(&k1), NOW + 30), Ok(()));
}

#[test]
fn keys_beyond_their_greatest_age_refuse_and_recover() {
    let k1 = key("k1");
    let remote = Remote::new(&[&k1]);
    let verifier = verifier(&remote.source().interval(60).max_age(600));
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    remote.fail();
    assert_eq!(judged(&verifier, &token(&k1), NOW + 600), Ok(()));
    assert_eq!(
        judged(&verifier, &token(&k1), NOW + 601),
        Err(ErrorKind::KeysUnavailable)
    );
    remote.serve(&[&k1]);
    assert_eq!(judged(&verifier, &token(&k1), NOW + 700), Ok(()));
}

#[test]
fn a_key_that_the_issuer_withdraws_dies_with_the_refresh() {
    let (k1, k2) = (key("k1"), key("k2"));
    let remote = Remote::new(&[&k1, &k2]);
    let source = remote.source();
    let verifier = verifier(&source);
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    remote.serve(&[&k2]);
    assert!(source.refresh(NOW).unwrap());
    assert_eq!(
        judged(&verifier, &token(&k1), NOW),
        Err(ErrorKind::TokenUnknownKey)
    );
    assert_eq!(judged(&verifier, &token(&k2), NOW), Ok(()));
    // The same keys again are no change.
    let version = source.status().version;
    assert!(!source.refresh(NOW).unwrap());
    assert_eq!(source.status().version, version);
}

#[test]
fn a_callback_that_panics_is_a_failed_refresh() {
    let k1 = key("k1");
    let keys = key_set(&[&k1]);
    let panics = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&panics);
    let source = KeySource::callback(move || {
        assert!(count.fetch_add(1, Ordering::SeqCst) == 0, "out of order");
        Ok(keys.clone())
    });
    let verifier = verifier(&source);
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    assert_eq!(
        source.refresh(NOW).unwrap_err().kind(),
        ErrorKind::KeysUnavailable
    );
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    assert_eq!(panics.load(Ordering::SeqCst), 2);
}

#[test]
fn a_watched_file_is_read_again_when_it_changes_and_kept_when_it_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let (k1, k2) = (key("k1"), key("a-longer-id"));
    let replace = |text: &str| {
        let next = folder.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, &path).unwrap();
    };
    assert_eq!(KeySource::file(&path).unwrap_err().kind(), ErrorKind::Io);
    replace(&k1.jwks());
    let source = KeySource::file(&path).unwrap().interval(10);
    let verifier = verifier(&source);
    assert_eq!(judged(&verifier, &token(&k1), NOW), Ok(()));
    replace(&k2.jwks());
    assert_eq!(judged(&verifier, &token(&k1), NOW + 9), Ok(()));
    assert_eq!(
        judged(&verifier, &token(&k1), NOW + 10),
        Err(ErrorKind::TokenUnknownKey)
    );
    assert_eq!(judged(&verifier, &token(&k2), NOW + 10), Ok(()));
    replace("{\"keys\": [");
    assert_eq!(judged(&verifier, &token(&k2), NOW + 20), Ok(()));
    assert_eq!(source.status().failed.unwrap().1.kind(), ErrorKind::JsonInvalid);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(judged(&verifier, &token(&k2), NOW + 30), Ok(()));
    assert_eq!(source.refresh(NOW + 30).unwrap_err().kind(), ErrorKind::Io);
    replace(&k1.jwks());
    assert!(source.refresh(NOW + 30).unwrap());
    assert_eq!(judged(&verifier, &token(&k1), NOW + 30), Ok(()));
}

#[test]
fn readers_see_the_old_set_or_the_new_one_while_keys_are_replaced() {
    let (k1, k2) = (key("k1"), key("k2"));
    let (one, two) = (key_set(&[&k1]), key_set(&[&k2]));
    let source = KeySource::fixed(one.clone());
    let verifier = verifier(&source);
    let tokens = [token(&k1), token(&k2)];
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..500 {
                let set = if round % 2 == 0 { &two } else { &one };
                source.publish(set.clone(), vec![]);
            }
        });
        while !writer.is_finished() {
            for token in &tokens {
                let found = judged(&verifier, token, NOW);
                assert!(matches!(found, Ok(()) | Err(ErrorKind::TokenUnknownKey)));
            }
        }
    });
    assert_eq!(source.status().version, 500);
}
