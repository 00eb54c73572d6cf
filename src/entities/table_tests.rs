use std::collections::BTreeMap;

use super::*;

#[derive(Clone, Debug, PartialEq)]
struct Pair(u64, u32);

impl Slot for Pair {
    fn hash(&self) -> u64 {
        self.0
    }
}

/// A cheap generator: the tests need variety, not quality.
fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state ^ (*state >> 33)
}

fn contents(table: &Table<Pair>) -> BTreeMap<(u64, u32), usize> {
    let mut seen = BTreeMap::new();
    table.for_each(&mut |pair| *seen.entry((pair.0, pair.1)).or_default() += 1);
    seen
}

#[test]
fn a_table_holds_what_a_map_holds_through_any_changes() {
    let mut state = 7;
    // Few distinct hashes make long clusters, many make deep trees.
    for spread in [3, 300, u64::MAX] {
        let mut table = Table::new();
        let mut model: BTreeMap<(u64, u32), usize> = BTreeMap::new();
        for step in 0..20_000_u32 {
            let hash = (next(&mut state) % spread).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let value = u32::try_from(next(&mut state) % 8).unwrap();
            if step % 5 < 3 && step < 15_000 {
                table.insert(Pair(hash, value));
                *model.entry((hash, value)).or_default() += 1;
            } else if let Some((&(hash, value), _)) = model.range((hash, value)..).next() {
                assert_eq!(
                    table.remove(hash, |pair| pair.1 == value),
                    Some(Pair(hash, value))
                );
                match model.get_mut(&(hash, value)) {
                    Some(1) => drop(model.remove(&(hash, value))),
                    Some(count) => *count -= 1,
                    None => {}
                }
            }
            assert_eq!(table.len(), model.values().sum::<usize>());
        }
        assert_eq!(contents(&table), model);
        for &(hash, value) in model.keys() {
            assert!(table.find(hash, |pair| *pair == Pair(hash, value)).is_some());
        }
        assert!(table.find(1, |pair| pair.0 == 1).is_none());
    }
}

#[test]
fn a_clone_does_not_see_later_changes() {
    let mut table = Table::new();
    for value in 0..5_000_u32 {
        table.insert(Pair(u64::from(value).wrapping_mul(0x9E37_79B9_7F4A_7C15), value));
    }
    let before = table.clone();
    let expected = contents(&before);
    for value in 0..5_000_u32 {
        table.remove(u64::from(value).wrapping_mul(0x9E37_79B9_7F4A_7C15), |_| true);
    }
    assert_eq!(table.len(), 0);
    assert_eq!(contents(&before), expected);
    assert!(matches!(table.root, Node::Leaf { .. }), "memory comes back");
}
