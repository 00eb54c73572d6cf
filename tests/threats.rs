//! Each known way in which libraries of this kind have failed has a test here that is named after its number in the list of
//! them, and each invariant one after its own: `threat_06_07_…` is about the sixth and the seventh, `threat_68_invariant_16_…`
//! about both.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

/// The rows about tokens, keys, scopes, caches, flows and stores. The rows in between are about policies and their
/// evaluation, which is compared with Cedar's.
fn threats() -> impl Iterator<Item = u32> {
    (1..=57).chain(66..=69)
}

#[test]
fn every_known_way_to_fail_and_every_invariant_has_its_test() {
    let mut names = vec![];
    for folder in ["src", "tests"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut names);
    }
    let missing = |words: &[&str], wanted: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
        let found: BTreeSet<u32> = names.iter().flat_map(|name| numbers(name, words)).collect();
        wanted.filter(|number| !found.contains(number)).collect()
    };
    let threats = missing(&["threat"], &mut threats());
    assert!(threats.is_empty(), "no test named after the threats {threats:?}");
    let invariants = missing(&["invariant", "invariants"], &mut (1..=30));
    assert!(
        invariants.is_empty(),
        "no test named after the invariants {invariants:?}"
    );
}

/// The numbers in a name behind one of some words, with `and` between them or nothing.
fn numbers(name: &str, words: &[&str]) -> Vec<u32> {
    let parts = name.split('_').skip_while(|part| !words.contains(part)).skip(1);
    let parts = parts.filter(|part| *part != "and");
    parts.map_while(|part| part.parse().ok()).collect()
}

/// Collects the names of the tests below a folder.
fn read(folder: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, names);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // An attribute may stand between, such as one that says why the test is run by hand.
            let tests = text.split("\n#[test]\n").skip(1);
            let heads = tests.filter_map(|test| test.split("fn ").nth(1)?.split('(').next());
            names.extend(heads.map(str::to_owned));
        }
    }
}
