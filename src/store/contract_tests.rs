//! What every store promises, asked of each.

use super::*;
use crate::error::{Error, ErrorKind};

/// A store and what must live as long as it.
struct Subject {
    store: Box<dyn Store>,
    _directory: Option<tempfile::TempDir>,
}

fn subjects() -> Vec<Subject> {
    let mut subjects = vec![Subject {
        store: Box::new(Memory::new()),
        _directory: None,
    }];
    #[cfg(feature = "sqlite")]
    {
        let directory = tempfile::tempdir().unwrap();
        subjects.push(Subject {
            store: Box::new(Sqlite::open(directory.path().join("platform.db")).unwrap()),
            _directory: Some(directory),
        });
    }
    subjects
}

/// Runs a test on every kind of store.
fn on_each(test: impl Fn(&dyn Store)) {
    for subject in subjects() {
        test(subject.store.as_ref());
    }
}

fn change(text: &str) -> Transaction {
    Transaction::new().change(text)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Everything that a store gives back, in a form that can be compared.
fn loaded(store: &dyn Store) -> Vec<String> {
    let mut items = vec![];
    let head = store
        .load(&mut |item| {
            items.push(match item {
                Item::Row(at, row) => format!("row@{at} {}", text(row)),
                Item::Entry(entry) => {
                    let changes: Vec<String> = entry.changes().map(text).collect();
                    format!("{} {}", entry.revision(), changes.join("+"))
                }
            });
            Ok(())
        })
        .unwrap();
    assert_eq!(head, store.head().unwrap());
    items
}

fn after(store: &dyn Store, revision: u64) -> Result<Vec<u64>> {
    let mut revisions = vec![];
    store.read_after(revision, &mut |entry| {
        revisions.push(entry.revision());
        Ok(())
    })?;
    Ok(revisions)
}

fn audited(store: &dyn Store, revision: u64) -> Vec<(u64, String)> {
    let mut records = vec![];
    store
        .audit_after(revision, &mut |number, record| {
            records.push((number, text(record)));
            Ok(true)
        })
        .unwrap();
    records
}

#[test]
fn a_new_store_is_empty_at_revision_0() {
    on_each(|store| {
        assert_eq!(store.head().unwrap(), 0);
        assert_eq!(loaded(store), Vec::<String>::new());
        store.check().unwrap();
    });
}

#[test]
fn transactions_come_back_in_order_with_their_changes() {
    on_each(|store| {
        let first = change("a").change("").change("b");
        assert_eq!(store.append(0, &[first, Transaction::new()]).unwrap(), 2);
        assert_eq!(store.append(2, &[change("c")]).unwrap(), 3);
        assert_eq!(loaded(store), ["1 a++b", "2 ", "3 c"]);
        assert_eq!(after(store, 1).unwrap(), [2, 3]);
        assert_eq!(after(store, 3).unwrap(), Vec::<u64>::new());
        store.check().unwrap();
    });
}

#[test]
fn an_empty_batch_changes_nothing() {
    on_each(|store| {
        assert_eq!(store.append(0, &[]).unwrap(), 0);
        assert_eq!(store.append(3, &[]).unwrap_err().kind(), ErrorKind::StoreConflict);
    });
}

#[test]
fn a_change_for_another_revision_is_refused_and_leaves_nothing() {
    on_each(|store| {
        store.append(0, &[change("a")]).unwrap();
        for expected in [0, 2, u64::MAX] {
            let error = store.append(expected, &[change("b")]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StoreConflict);
        }
        assert_eq!(loaded(store), ["1 a"]);
        assert_eq!(store.append(1, &[change("b")]).unwrap(), 2);
    });
}

#[test]
fn an_oversized_transaction_is_refused_with_its_batch() {
    on_each(|store| {
        let large = vec![0; crate::limits::MAX_TRANSACTION_BYTES + 1];
        let batch = [change("a"), Transaction::new().audit(large)];
        assert_eq!(
            store.append(0, &batch).unwrap_err().kind(),
            ErrorKind::LimitExceeded
        );
        assert_eq!(store.head().unwrap(), 0);
    });
}

#[test]
fn a_snapshot_takes_the_place_of_the_log_before_it() {
    on_each(|store| {
        let batch: Vec<Transaction> = (1..=5).map(|n| change(&n.to_string())).collect();
        store.append(0, &batch).unwrap();
        let rows = ["x", "", "y"].map(|row| row.as_bytes().to_vec());
        store.compact(3, &mut rows.into_iter()).unwrap();
        assert_eq!(store.base().unwrap(), 3);
        assert_eq!(loaded(store), ["row@3 x", "row@3 ", "row@3 y", "4 4", "5 5"]);
        assert_eq!(after(store, 2).unwrap_err().kind(), ErrorKind::StoreCompacted);
        assert_eq!(after(store, 3).unwrap(), [4, 5]);
        store.append(5, &[change("6")]).unwrap();
        store.compact(6, &mut std::iter::once(b"z".to_vec())).unwrap();
        assert_eq!(loaded(store), ["row@6 z"]);
        store.append(6, &[change("7")]).unwrap();
        assert_eq!(loaded(store), ["row@6 z", "7 7"]);
        store.check().unwrap();
    });
}

#[test]
fn a_snapshot_outside_of_the_log_is_refused() {
    on_each(|store| {
        store.append(0, &[change("a"), change("b"), change("c")]).unwrap();
        store.compact(2, &mut std::iter::empty()).unwrap();
        for revision in [1, 4] {
            let error = store.compact(revision, &mut std::iter::empty()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ArgumentInvalid);
        }
        assert_eq!(loaded(store), ["3 c"]);
    });
}

#[test]
fn a_snapshot_of_many_chunks_comes_back_whole() {
    on_each(|store| {
        store.append(0, &[change("a")]).unwrap();
        let row = |n: u32| format!("{n}{}", "-".repeat(1_000)).into_bytes();
        store.compact(1, &mut (0..12_000).map(row)).unwrap();
        let mut next = 0;
        store
            .load(&mut |item| {
                let Item::Row(1, bytes) = item else {
                    return Err(Error::new(ErrorKind::Internal, "not a row"));
                };
                assert_eq!(bytes, row(next));
                next += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(next, 12_000);
        store.check().unwrap();
    });
}

#[test]
fn reading_beyond_the_head_says_that_the_store_has_gone_back() {
    on_each(|store| {
        store.append(0, &[change("a")]).unwrap();
        assert_eq!(after(store, 2).unwrap_err().kind(), ErrorKind::StoreCorrupt);
    });
}

#[test]
fn an_error_of_the_reader_ends_the_reading() {
    on_each(|store| {
        store.append(0, &[change("a"), change("b")]).unwrap();
        let mut seen = 0;
        let error = store
            .load(&mut |_| {
                seen += 1;
                Err(Error::new(ErrorKind::ArgumentInvalid, "enough"))
            })
            .unwrap_err();
        assert_eq!((error.kind(), seen), (ErrorKind::ArgumentInvalid, 1));
        assert_eq!(loaded(store).len(), 2);
    });
}

#[test]
fn a_reader_may_use_the_store() {
    on_each(|store| {
        store.append(0, &[change("a")]).unwrap();
        store
            .load(&mut |_| {
                assert_eq!(store.head().unwrap(), 1);
                store.append(1, &[change("b")]).map(|_| ())
            })
            .unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(loaded(store), ["1 a", "2 b"]);
    });
}

#[test]
fn audit_records_outlive_compaction_and_go_when_dropped() {
    on_each(|store| {
        let batch = [
            change("a").audit(b"A".to_vec()),
            change("b"),
            change("c").audit(b"C".to_vec()),
            change("d").audit(b"D".to_vec()),
        ];
        store.append(0, &batch).unwrap();
        store.compact(4, &mut std::iter::empty()).unwrap();
        let record = |revision, text: &str| (revision, text.to_owned());
        assert_eq!(
            audited(store, 0),
            [record(1, "A"), record(3, "C"), record(4, "D")]
        );
        assert_eq!(audited(store, 1), [record(3, "C"), record(4, "D")]);
        assert_eq!(store.drop_audit(2).unwrap(), 1);
        assert_eq!(audited(store, 0), [record(3, "C"), record(4, "D")]);
        store.check().unwrap();
        assert_eq!(store.drop_audit(9).unwrap(), 2);
        assert_eq!(store.drop_audit(9).unwrap(), 0);
        store.append(4, &[change("e").audit(b"E".to_vec())]).unwrap();
        assert_eq!(audited(store, 0), [record(5, "E")]);
        store.check().unwrap();
    });
}

#[test]
fn an_audit_listing_ends_when_its_reader_has_enough() {
    on_each(|store| {
        let batch: Vec<Transaction> = (0..9).map(|_| Transaction::new().audit(vec![])).collect();
        store.append(0, &batch).unwrap();
        let mut seen = vec![];
        store
            .audit_after(2, &mut |revision, _| {
                seen.push(revision);
                Ok(revision < 4)
            })
            .unwrap();
        assert_eq!(seen, [3, 4]);
    });
}

#[test]
fn named_values_and_counters_are_replaced_by_name() {
    on_each(|store| {
        assert_eq!(store.meta("pepper").unwrap(), None);
        store.set_meta("pepper", b"one").unwrap();
        store.set_meta("pepper", b"two").unwrap();
        assert_eq!(store.meta("pepper").unwrap(), Some(b"two".to_vec()));
        assert_eq!(store.meta("' OR 1=1 --").unwrap(), None);

        let row = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        store
            .save_usage(&mut [row("a", "1"), row("b", "1")].into_iter())
            .unwrap();
        store.save_usage(&mut std::iter::once(row("a", "2"))).unwrap();
        let mut usage = vec![];
        store
            .usage(&mut |key, value| {
                usage.push((text(key), text(value)));
                Ok(())
            })
            .unwrap();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(usage, [pair("a", "2"), pair("b", "1")]);
        store.check().unwrap();
    });
}

#[test]
fn of_writers_racing_for_a_revision_one_wins() {
    on_each(|store| {
        let wins = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..20)
                            .filter(|at| store.append(*at, &[change("x")]).is_ok())
                            .count()
                    })
                })
                .collect();
            racers
                .into_iter()
                .map(|racer| racer.join().unwrap())
                .sum::<usize>()
        });
        assert_eq!(wins as u64, store.head().unwrap());
        assert_eq!(loaded(store).len(), wins);
    });
}

#[test]
fn two_stores_have_two_identities() {
    let ids: Vec<StoreId> = subjects()
        .iter()
        .chain(&subjects())
        .map(|it| it.store.id())
        .collect();
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids.iter().skip(index + 1).any(|other| other == id));
    }
}
