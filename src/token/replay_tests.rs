use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const NOW: i64 = 1_800_000_000;

fn kind(result: Result<()>) -> Result<(), ErrorKind> {
    result.map_err(|error| error.kind())
}

#[test]
fn a_second_use_is_refused_until_the_first_has_ended() {
    let store = ReplayStore::new(100);
    let record = |at| kind(store.record(&[b"key", b"id"], at, 60));
    assert_eq!(record(NOW), Ok(()));
    assert_eq!(record(NOW), Err(ErrorKind::ProofReplayed));
    assert_eq!(record(NOW + 59), Err(ErrorKind::ProofReplayed));
    assert_eq!(record(NOW + 60), Ok(()));
}

#[test]
fn names_of_other_parts_are_other_names() {
    let store = ReplayStore::new(100);
    for name in [[&b"ab"[..], b"c"], [b"a", b"bc"], [b"abc", b""], [b"", b"abc"]] {
        assert_eq!(kind(store.record(&name, NOW, 60)), Ok(()));
    }
}

#[test]
fn threat_31_32_one_of_a_thousand_racing_uses_wins() {
    let (store, won) = (ReplayStore::new(100), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..125 {
                    if store.record(&[b"key", b"id"], NOW, 60).is_ok() {
                        won.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(won.into_inner(), 1);
}

#[test]
fn a_full_store_refuses_instead_of_forgetting_and_recovers_with_time() {
    let store = ReplayStore::new(160);
    let record = |id: u32, at| kind(store.record(&[&id.to_be_bytes()], at, 60));
    let accepted: Vec<u32> = (0..10_000).filter(|id| record(*id, NOW).is_ok()).collect();
    assert!(accepted.len() <= 160 && store.len() == accepted.len());
    assert_eq!(record(20_000, NOW + 59), Err(ErrorKind::ProofUnrecorded));
    for id in accepted {
        assert_eq!(record(id, NOW + 59), Err(ErrorKind::ProofReplayed));
    }
    assert_eq!(record(20_000, NOW + 60), Ok(()));
    // Memory is given back shard by shard, as names come.
    for id in 30_000..40_000 {
        let _ = record(id, NOW + 200);
    }
    assert!(store.len() <= 160);
}
