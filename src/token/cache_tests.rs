use super::*;
use crate::error::ErrorKind;

fn cache(entries: usize, bytes: usize) -> TokenCache<u32> {
    TokenCache::new(entries, bytes).unwrap()
}

#[test]
fn threat_47_what_was_kept_is_found_for_that_token_and_tenant_alone() {
    let cache = cache(100, 1 << 20);
    cache.insert("token", Some("acme"), 1, 0);
    cache.insert("token", Some("globex"), 2, 0);
    cache.insert("token", None, 3, 0);
    assert_eq!(cache.get("token", Some("acme")), Some(1));
    assert_eq!(cache.get("token", Some("globex")), Some(2));
    assert_eq!(cache.get("token", None), Some(3));
    for (token, tenant) in [
        ("toke", Some("nacme")),
        ("tokenacme", None),
        ("token", Some("")),
        ("tokena", Some("cme")),
        ("token", Some("ACME")),
        ("", Some("acme")),
    ] {
        assert_eq!(cache.get(token, tenant), None, "{token} {tenant:?}");
    }
    cache.insert("token", Some("acme"), 4, 0);
    assert_eq!(cache.get("token", Some("acme")), Some(4));
    cache.remove("token", Some("acme"));
    assert_eq!(cache.get("token", Some("acme")), None);
    assert_eq!(cache.usage().entries, 2);
}

#[test]
fn threat_46_tokens_that_differ_in_any_one_byte_are_different_entries() {
    let cache = cache(10_000, 100 << 20);
    let token = "e".repeat(800);
    cache.insert(&token, None, 1, 0);
    for at in 0..token.len() {
        let mut other = token.clone();
        other.replace_range(at..=at, "f");
        assert_eq!(cache.get(&other, None), None, "byte {at}");
        assert_eq!(cache.get(&token[..at], None), None, "prefix of {at} bytes");
    }
    assert_eq!(cache.get(&token, None), Some(1));
}

#[test]
fn entries_with_the_same_hash_are_told_apart_by_comparison() {
    let cache = cache(10, 1 << 20);
    let mut shard = cache.shards[0].write().unwrap();
    for (value, token) in ["one", "two", "three"].into_iter().enumerate() {
        shard.insert(Slot {
            hash: 42,
            token: Zeroizing::new(token.into()),
            tenant: None,
            value: value as u32,
            bytes: 1,
            visited: AtomicBool::new(false),
        });
    }
    for (value, token) in ["one", "two", "three"].into_iter().enumerate() {
        let at = shard.find(42, token, None).unwrap();
        assert_eq!(shard.slot(at).unwrap().value, value as u32);
    }
    assert_eq!(shard.find(42, "four", None), None);
}

#[test]
fn entries_and_bytes_never_exceed_their_bounds() {
    for (entries, bytes) in [
        (1_000, usize::MAX),
        (usize::MAX / 2, 1 << 20),
        (500, 200_000),
        (1, 10_000),
    ] {
        let cache = cache(entries, bytes);
        for at in 0..5_000_u32 {
            let token = format!("{at}.{}", "x".repeat((at % 700) as usize));
            cache.insert(&token, None, at, (at % 300) as usize);
            if at % 3 == 0 {
                cache.get(&token, None);
            }
            let usage = cache.usage();
            assert!(usage.entries <= entries && usage.bytes <= bytes, "{usage:?}");
        }
        assert!(cache.usage().entries > 0);
    }
}

#[test]
fn the_count_of_bytes_returns_to_nothing() {
    let cache = cache(1_000, 1 << 20);
    for at in 0..500 {
        cache.insert(&at.to_string(), Some("acme"), at, 100);
    }
    assert!(cache.usage().bytes > 50_000);
    for at in 0..500 {
        cache.remove(&at.to_string(), Some("acme"));
    }
    assert_eq!(cache.usage(), TokenCacheUsage::default());
}

#[test]
fn without_entries_or_bytes_nothing_is_kept() {
    for cache in [cache(0, 1 << 20), cache(100, 0), cache(100, 10)] {
        cache.insert("token", None, 1, 0);
        assert_eq!(cache.get("token", None), None);
        assert_eq!(cache.usage().entries, 0);
    }
}

#[test]
fn what_is_asked_for_often_survives_a_flood_of_tokens_seen_once() {
    let cache = cache(1_000, usize::MAX);
    let busy: Vec<_> = (0..200).map(|at| format!("busy {at}")).collect();
    for token in &busy {
        cache.insert(token, None, 0, 0);
    }
    let mut missed = 0;
    for at in 0..20_000 {
        let token = &busy[at % busy.len()];
        if cache.get(token, None).is_none() {
            missed += 1;
            cache.insert(token, None, 0, 0);
        }
        cache.insert(&format!("once {at}"), None, 0, 0);
    }
    assert!(missed < 200, "{missed} of 20,000");
}

#[test]
fn a_full_cache_keeps_a_token_from_its_second_time_on() {
    let cache = cache(100, usize::MAX);
    for at in 0..100 {
        cache.insert(&format!("old {at}"), None, at, 0);
    }
    cache.insert("new", None, 1, 0);
    assert_eq!(cache.get("new", None), None);
    cache.insert("new", None, 1, 0);
    assert_eq!(cache.get("new", None), Some(1));
    // What is there already is replaced at once.
    cache.insert("new", None, 2, 0);
    assert_eq!(cache.get("new", None), Some(2));
    assert_eq!(cache.usage().entries, 100);
}

#[test]
fn a_working_set_larger_than_the_cache_still_hits_when_it_comes_in_turn() {
    let cache = cache(1_000, usize::MAX);
    let mut hits = 0;
    for at in 0..30_000 {
        let token = (at % 3_000).to_string();
        if cache.get(&token, None).is_some() {
            hits += 1;
        } else {
            cache.insert(&token, None, 0, 0);
        }
    }
    assert!(hits > 2_000, "{hits} of 30,000");
}

#[test]
fn a_new_working_set_takes_the_place_of_an_old_one() {
    let cache = cache(1_000, usize::MAX);
    for at in 0..2_000 {
        cache.insert(&format!("old {}", at % 1_000), None, 0, 0);
    }
    let mut hits = 0;
    for at in 0..20_000 {
        let token = (at % 900).to_string();
        if cache.get(&token, None).is_some() {
            hits += 1;
        } else {
            cache.insert(&token, None, 0, 0);
        }
    }
    assert!(hits > 10_000, "{hits} of 20,000");
}

#[test]
fn a_refusal_is_remembered_for_its_moment_and_its_token_alone() {
    let cache = cache(100, 1 << 20);
    let error = Error::new(ErrorKind::TokenSignature, "no");
    cache.refuse("forged", &error, 100);
    assert_eq!(
        cache.refused("forged", 101).unwrap().kind(),
        ErrorKind::TokenSignature
    );
    assert!(cache.refused("forged", 102).is_none());
    assert!(cache.refused("forged", 98).is_none());
    assert!(cache.refused("forge", 100).is_none());
    cache.refuse(&"x".repeat(MAX_REFUSED_BYTES + 1), &error, 100);
    for at in 0..10_000 {
        cache.refuse(&format!("forged {at}"), &error, 100);
    }
    assert_eq!(cache.refusals.read().unwrap().len(), REFUSALS);
}

#[test]
fn threads_may_read_and_write_at_once() {
    let cache = cache(200, 1 << 20);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                for at in 0..4_000_u32 {
                    let name = at.wrapping_mul(31 + thread) % 500;
                    let token = name.to_string();
                    if let Some(found) = cache.get(&token, None) {
                        assert_eq!(found, name);
                    }
                    cache.insert(&token, None, name, 10);
                }
            });
        }
    });
    assert!(cache.usage().entries <= 200);
}
