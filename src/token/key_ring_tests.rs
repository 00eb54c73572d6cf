use super::*;
use crate::token::fixture::NOW;
use crate::token::{Minter, NewToken, Profile, Verifier};

const ISSUER: &str = "https://auth.example.com";
const SIGN: KeyPurpose = KeyPurpose::Sign(Algorithm::EdDsa);
const ENCRYPT: KeyPurpose = KeyPurpose::Encrypt(Encryption::DirectA256Gcm);

fn world() -> (KeyRing, Minter, Verifier) {
    let ring = KeyRing::new();
    let minter = Minter::new(ISSUER, &ring);
    let verifier = Verifier::new([Profile::own(ISSUER, &ring).audience("api")]).unwrap();
    (ring, minter, verifier)
}

fn token(minter: &Minter) -> String {
    minter.sign(&new(), NOW).unwrap().token().to_owned()
}

fn new() -> NewToken<'static> {
    NewToken::new("ana", "dashboards").audience("api").tenant("acme")
}

fn stage(ring: &KeyRing, id: &str) -> KeyStage {
    ring.keys().into_iter().find(|key| key.id == id).unwrap().stage
}

#[test]
fn rotation_keeps_tokens_of_the_key_before_until_it_retires() {
    let (ring, minter, verifier) = world();
    let first = ring.rotate(SIGN, NOW).unwrap();
    let old = token(&minter);
    let second = ring.stage(KeyPurpose::Sign(Algorithm::Es256), NOW).unwrap();
    assert_eq!(
        verifier.verify(&token(&minter), NOW).unwrap().key_id(),
        Some(first.as_str())
    );
    ring.promote(&second, NOW).unwrap();
    let young = token(&minter);
    assert_eq!(
        verifier.verify(&young, NOW).unwrap().key_id(),
        Some(second.as_str())
    );
    assert!(verifier.verify(&old, NOW).is_ok());
    assert_eq!(ring.retire_after(660, NOW + 659).unwrap(), [""; 0]);
    assert_eq!(ring.retire_after(660, NOW + 660).unwrap(), [first.as_str()]);
    assert_eq!(
        verifier.verify(&old, NOW).unwrap_err().kind(),
        ErrorKind::TokenUnknownKey
    );
    assert!(verifier.verify(&young, NOW).is_ok());
    assert_eq!(stage(&ring, &first), KeyStage::Retired);
}

#[test]
fn a_compromised_keys_tokens_die_at_once_and_others_go_on() {
    let (ring, minter, verifier) = world();
    let first = ring.rotate(SIGN, NOW).unwrap();
    let old = token(&minter);
    ring.rotate(SIGN, NOW).unwrap();
    ring.rotate(ENCRYPT, NOW).unwrap();
    let young = token(&minter);
    let opaque = minter.encrypt(&new(), NOW).unwrap();
    ring.compromise(&first, NOW).unwrap();
    assert_eq!(
        verifier.verify(&old, NOW).unwrap_err().kind(),
        ErrorKind::TokenUnknownKey
    );
    assert!(verifier.verify(&young, NOW).is_ok());
    assert!(verifier.verify(opaque.token(), NOW).is_ok());
    assert!(!ring.jwks().contains(&first));
}

#[test]
fn a_compromised_signing_key_leaves_the_minter_without_one() {
    let (ring, minter, _) = world();
    let id = ring.rotate(SIGN, NOW).unwrap();
    ring.compromise(&id, NOW).unwrap();
    assert_eq!(
        minter.sign(&new(), NOW).unwrap_err().kind(),
        ErrorKind::KeysUnavailable
    );
    ring.rotate(SIGN, NOW).unwrap();
    assert!(minter.sign(&new(), NOW).is_ok());
}

#[test]
fn encryption_keys_rotate_by_id_and_are_never_published() {
    let (ring, minter, verifier) = world();
    let first = ring.rotate(ENCRYPT, NOW).unwrap();
    let old = minter.encrypt(&new(), NOW).unwrap();
    let second = ring
        .rotate(KeyPurpose::Encrypt(Encryption::WrappedA256Gcm), NOW)
        .unwrap();
    let young = minter.encrypt(&new(), NOW).unwrap();
    for (token, id) in [(&old, &first), (&young, &second)] {
        assert_eq!(
            verifier.verify(token.token(), NOW).unwrap().key_id(),
            Some(id.as_str())
        );
    }
    ring.compromise(&first, NOW).unwrap();
    assert_eq!(
        verifier.verify(old.token(), NOW).unwrap_err().kind(),
        ErrorKind::TokenDecryption
    );
    assert_eq!(ring.jwks(), r#"{"keys":[]}"#);
}

#[test]
fn ids_of_signing_keys_are_their_thumbprints_and_the_published_set_is_readable() {
    let (ring, ..) = world();
    let signing = ring.rotate(SIGN, NOW).unwrap();
    let staged = ring.stage(KeyPurpose::Sign(Algorithm::Es256), NOW).unwrap();
    let set = KeySet::from_jwks(ring.jwks().as_bytes()).unwrap();
    for (id, algorithm) in [(&signing, Algorithm::EdDsa), (&staged, Algorithm::Es256)] {
        assert_eq!(&set.select(Some(id), algorithm).unwrap().thumbprint(), id);
    }
}

#[test]
fn stages_are_passed_in_their_order_alone() {
    let (ring, ..) = world();
    let signing = ring.rotate(SIGN, NOW).unwrap();
    for error in [
        ring.promote(&signing, NOW).unwrap_err(),
        ring.retire(&signing, NOW).unwrap_err(),
        ring.promote("nobody", NOW).unwrap_err(),
        ring.compromise("nobody", NOW).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::ArgumentInvalid);
    }
    let staged = ring.stage(SIGN, NOW).unwrap();
    ring.retire(&staged, NOW).unwrap();
    assert!(ring.promote(&staged, NOW).is_err());
    assert!(ring.stage(KeyPurpose::Sign(Algorithm::Rs256), NOW).is_err());
    // A rotation takes the key that is staged already.
    let staged = ring.stage(SIGN, NOW).unwrap();
    assert_eq!(ring.rotate(SIGN, NOW).unwrap(), staged);
}

/// Not a cipher, but bound to its context and tamper-evident as one.
struct Fake;

impl Sealer for Fake {
    fn seal(&self, context: &[u8], secret: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = context.to_vec();
        sealed.push(0);
        sealed.extend(secret.iter().map(|byte| byte ^ 0x5a));
        Ok(sealed)
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let secret = sealed
            .strip_prefix(context)
            .and_then(|rest| rest.strip_prefix(&[0]))
            .ok_or_else(|| Error::new(ErrorKind::KeyInvalid, "sealed for something else"))?;
        Ok(Zeroizing::new(secret.iter().map(|byte| byte ^ 0x5a).collect()))
    }
}

#[test]
fn a_ring_comes_back_from_its_sealed_form_with_stages_and_keys() {
    let (ring, minter, _) = world();
    let gone = ring.rotate(SIGN, NOW).unwrap();
    ring.rotate(KeyPurpose::Sign(Algorithm::Es256), NOW).unwrap();
    ring.compromise(&gone, NOW + 1).unwrap();
    ring.rotate(ENCRYPT, NOW).unwrap();
    let (signed, opaque) = (token(&minter), minter.encrypt(&new(), NOW).unwrap());
    let text = serde_json::to_string(&ring.export(&Fake).unwrap()).unwrap();

    let (other, minter, verifier) = world();
    let stored: Vec<SealedKey> = serde_json::from_str(&text).unwrap();
    other.import(&stored, &Fake).unwrap();
    assert_eq!(other.keys(), ring.keys());
    assert!(verifier.verify(&signed, NOW).is_ok());
    assert!(verifier.verify(opaque.token(), NOW).is_ok());
    assert!(verifier.verify(&token(&minter), NOW).is_ok());
}

#[test]
fn stored_keys_that_were_swapped_or_doubled_are_refused() {
    let (ring, ..) = world();
    ring.rotate(SIGN, NOW).unwrap();
    ring.stage(SIGN, NOW).unwrap();
    let stored = ring.export(&Fake).unwrap();
    let refused = |change: &dyn Fn(&mut Vec<SealedKey>)| {
        let mut changed = stored.clone();
        change(&mut changed);
        let before = ring.keys();
        assert_eq!(
            ring.import(&changed, &Fake).unwrap_err().kind(),
            ErrorKind::KeyInvalid
        );
        assert_eq!(ring.keys(), before);
    };
    refused(&|keys| {
        let (one, two) = keys.split_at_mut(1);
        std::mem::swap(&mut one[0].sealed, &mut two[0].sealed);
    });
    refused(&|keys| keys[1].stage = KeyStage::Signing);
    refused(&|keys| keys.push(keys[0].clone()));
    refused(&|keys| keys[0].sealed = None);
    refused(&|keys| keys[0].stage = KeyStage::Retired);
    refused(&|keys| keys[0].purpose = "sign none".to_owned());
    ring.import(&stored, &Fake).unwrap();
}

#[test]
fn no_form_of_a_ring_shows_a_key() {
    let (ring, ..) = world();
    ring.rotate(SIGN, NOW).unwrap();
    ring.rotate(ENCRYPT, NOW).unwrap();
    let secrets: Vec<_> = ring
        .entries()
        .iter()
        .map(|entry| base64url::encode(entry.material.as_ref().unwrap().secret()))
        .collect();
    let shown = format!("{ring:?} {:?} {}", ring.export(&Fake).unwrap(), ring.jwks());
    assert!(secrets.iter().all(|secret| !shown.contains(&secret[30..])));
}
