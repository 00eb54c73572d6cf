//! Each known way in which libraries of this kind have failed with tokens has a test here that is named after its number
//! in the list of them: `threat_06_07_…` is about the sixth and the seventh.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

/// The rows about tokens, keys, scopes and caches. The rows in between and beyond them are about stores and policies.
fn expected() -> impl Iterator<Item = u32> {
    (1..=48).chain(53..=56)
}

#[test]
fn every_known_way_to_fail_with_tokens_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for folder in ["src", "tests"] {
        read(&root.join(folder), &mut found);
    }
    let missing: Vec<_> = expected().filter(|row| !found.contains(row)).collect();
    assert!(missing.is_empty(), "no test named after {missing:?}");
}

/// Collects the numbers in the names of the tests below a folder.
fn read(folder: &Path, found: &mut BTreeSet<u32>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for name in text.split("\n#[test]\n").skip(1) {
                // An attribute may stand between, such as one that says why the test is run by hand.
                let name = name
                    .split("fn threat_")
                    .nth(1)
                    .filter(|_| name.find("fn threat_") == name.find("fn "));
                let rows = name.into_iter().flat_map(|name| name.split('_'));
                found.extend(rows.map_while(|part| part.parse::<u32>().ok()));
            }
        }
    }
}
