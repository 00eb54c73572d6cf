//! Tokens that come again: found in the cache, and more of them than the cache holds.

use std::hint::black_box;

use bailiwick::{Clock, Engine, KeySet, Profile, SigningKey, Tenant};

use crate::measure::{Row, Stream};
use crate::memory::resident;
use crate::token::{NOW, claims};

const ENTRIES: usize = 100_000;
const BYTES: usize = 512 << 20;
const WORKING_SET: usize = 300_000;

/// `verify/cached`: 1,000 tokens in rotation, all of them in the cache.
pub(crate) fn cached() -> Vec<Row> {
    let key = SigningKey::generate_ed25519("2026-01").unwrap();
    let engine = engine(&key, ENTRIES);
    let tokens = tokens(&key, 1_000);
    for token in &tokens {
        assert!(authenticates(&engine, token));
    }
    assert_eq!(engine.token_cache().entries, tokens.len());
    let mut stream = Stream::new(&tokens);
    let row = Row::alone("verify/cached", || {
        black_box(authenticates(&engine, black_box(stream.next())))
    });
    assert_eq!(engine.token_cache().entries, tokens.len());
    vec![row]
}

/// `verify/overflow`: three times as many tokens as the cache has room for, in turn, which is the worst order for it,
/// against an engine without a cache.
pub(crate) fn overflow() -> Vec<Row> {
    let key = SigningKey::generate_ed25519("2026-01").unwrap();
    let tokens = tokens(&key, WORKING_SET);
    let (cached, bare) = (engine(&key, ENTRIES), engine(&key, 0));
    let before = resident();
    for token in tokens.iter().take(ENTRIES + ENTRIES / 4) {
        assert!(authenticates(&cached, token));
    }
    let usage = cached.token_cache();
    // Shards fill unevenly: nearly all of them are full.
    assert!(
        usage.entries > ENTRIES - ENTRIES / 20 && usage.entries <= ENTRIES,
        "{usage:?}"
    );
    assert!(usage.bytes <= BYTES, "{usage:?}");
    let grown = resident() - before;
    assert!(grown <= BYTES as f64, "{grown} bytes for {usage:?}");

    let mut ours = Stream::new(&tokens);
    let mut theirs = Stream::new(&tokens);
    for _ in 0..ENTRIES + ENTRIES / 4 {
        ours.next();
    }
    let row = Row::measure(
        "verify/overflow",
        || black_box(authenticates(&cached, black_box(ours.next()))),
        "no cache",
        || black_box(authenticates(&bare, black_box(theirs.next()))),
    );
    let usage = cached.token_cache();
    assert!(usage.entries <= ENTRIES && usage.bytes <= BYTES, "{usage:?}");
    let grown = resident() - before;
    assert!(grown <= BYTES as f64, "{grown} bytes for {usage:?}");
    vec![row]
}

/// Tokens that differ in their ids alone.
fn tokens(key: &SigningKey, count: usize) -> Vec<String> {
    let mut claims = claims(key);
    let numbered = (0..count).map(|at| {
        claims["jti"] = format!("0198c9a2-7c3e-7d11-9a53-{at:012}").into();
        key.sign(&claims, "at+jwt").unwrap()
    });
    numbered.collect()
}

fn engine(key: &SigningKey, entries: usize) -> Engine {
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
    let profile = Profile::issuer("https://id.example.com")
        .audience("https://api.example.com")
        .jwks(keys);
    Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .issuer(profile)
        .token_cache(entries, BYTES)
        .clock(Clock::fixed(NOW))
        .build()
        .unwrap()
}

fn authenticates(engine: &Engine, token: &str) -> bool {
    engine.authenticate(token, Tenant::id("acme")).is_ok()
}
