//! A token minted, against ring's part of it alone: the randomness, and the signature or encryption of the same bytes.

use std::hint::black_box;

use bailiwick::{Algorithm, Encryption, KeyPurpose, KeyRing, MintedToken, Minter, NewToken};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::Ed25519KeyPair;

use crate::measure::Row;
use crate::token::NOW;

/// `mint/EdDSA` and `mint/JWE`.
pub(crate) fn rows() -> Vec<Row> {
    let ring = KeyRing::new();
    ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), NOW).unwrap();
    ring.rotate(KeyPurpose::Encrypt(Encryption::DirectA256Gcm), NOW)
        .unwrap();
    let minter = Minter::new("https://auth.example.com", &ring);
    vec![signed(&minter), encrypted(&minter)]
}

/// A token as a flow makes it.
fn new() -> NewToken<'static> {
    NewToken::new("5b1f8c0e-4c2f-4a7e-9d57-3a0f7e8b2c11", "dashboards-prod")
        .audience("https://api.example.com")
        .tenant("acme")
        .scopes(["rfis:read", "rfis:write", "drawings:read", "budget:read"])
        .lifetime(600)
}

fn signed(minter: &Minter) -> Row {
    let new = new();
    let mint = || minter.sign(black_box(&new), NOW).unwrap();
    let minted = mint();
    let (message, _) = minted.token().rsplit_once('.').unwrap();
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    Row::measure("mint/EdDSA", mint, "ring", || {
        // The token's id.
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).unwrap();
        (id, pair.sign(black_box(message.as_bytes())))
    })
}

fn encrypted(minter: &Minter) -> Row {
    let new = new();
    let mint = || minter.encrypt(black_box(&new), NOW).unwrap();
    let (header, plaintext) = parts(&mint());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let mut buffer = plaintext;
    Row::measure("mint/JWE", mint, "ring", || {
        // The token's id and the nonce.
        let mut chance = [0; 28];
        SystemRandom::new().fill(&mut chance).unwrap();
        let (id, nonce) = chance.split_at(16);
        let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
        let aad = Aad::from(black_box(header.as_bytes()));
        let tag = key.seal_in_place_separate_tag(nonce, aad, &mut buffer).unwrap();
        (id.to_vec(), tag)
    })
}

/// The header of an encrypted token, and a plaintext of the length of its claims.
fn parts(minted: &MintedToken) -> (String, Vec<u8>) {
    let mut segments = minted.token().split('.');
    let header = segments.next().unwrap().to_owned();
    let ciphertext = URL_SAFE_NO_PAD.decode(segments.nth(2).unwrap()).unwrap();
    (header, ciphertext)
}
