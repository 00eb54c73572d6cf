//! A process that writes is killed, again and again; what it had acknowledged is there, and nothing by half.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

use bailiwick::store::{Item, Sqlite, Store as _, Transaction};

use super::processes::{hear, say};
use super::support::{Directory, process};

const KILLS: u32 = 200;

/// Parts of one transaction: with any of them the others must be there.
const PARTS: usize = 3;

fn parts(revision: u64) -> [String; PARTS] {
    let length = (revision % 97) as usize * 40;
    std::array::from_fn(|part| format!("{revision}/{part} {}", "x".repeat(length)))
}

fn transaction(revision: u64) -> Transaction {
    parts(revision)
        .iter()
        .fold(Transaction::new(), Transaction::change)
        .audit(revision.to_string().into_bytes())
}

/// Writes until it is killed: single transactions, batches and snapshots. Says what was acknowledged.
pub(crate) fn write(database: &Path) {
    let store = Sqlite::open(database).unwrap();
    let mut head = store.head().unwrap();
    say(&head.to_string());
    loop {
        let batch = if head.is_multiple_of(5) { 20 } else { 1 };
        let transactions: Vec<Transaction> = (head + 1..=head + batch).map(transaction).collect();
        head = store.append(head, &transactions).unwrap();
        say(&head.to_string());
        if head.is_multiple_of(7) {
            let rows = (1..=head).map(|revision| revision.to_string().into_bytes());
            store.compact(head, &mut { rows }).unwrap();
        }
    }
}

/// Reads everything: the head, having found every transaction up to it whole.
fn verified(database: &Path) -> u64 {
    let store = Sqlite::open(database).unwrap();
    store.check().unwrap();
    let mut next = 1;
    let head = store
        .load(&mut |item| {
            match item {
                Item::Row(_, row) => assert_eq!(row, next.to_string().as_bytes()),
                Item::Entry(entry) => {
                    assert_eq!(entry.revision(), next);
                    assert!(entry.changes().eq(parts(next).iter().map(String::as_bytes)));
                }
            }
            next += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(next, head + 1);
    let mut audit = BTreeMap::new();
    store
        .audit_after(0, &mut |revision, record| {
            audit.insert(revision, record.to_vec());
            Ok(true)
        })
        .unwrap();
    assert_eq!(audit.len() as u64, head);
    head
}

/// DOMAIN invariant 30.
#[test]
fn threat_50_invariant_30_a_killed_writer_leaves_every_acknowledged_change_and_no_half_of_one() {
    let place = Directory::new();
    let database = place.database();
    drop(Sqlite::create(&database).unwrap());
    let mut delay = 0x2545_f491_4f6c_dd1d_u64;
    let (mut last, mut grown) = (0, 0);
    for _ in 0..KILLS {
        let mut writer = process("writes", &database);
        let mut out = BufReader::new(writer.stdout.take().unwrap());
        delay ^= delay << 13;
        delay ^= delay >> 7;
        delay ^= delay << 17;
        // Killed at an instant that has nothing to do with what it is doing: while it opens the store, or some commits
        // later.
        for _ in 0..delay % 4 {
            hear(&mut out.by_ref().lines());
        }
        std::thread::sleep(Duration::from_micros(delay / 4 % 8_000));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let mut said = vec![];
        out.read_to_end(&mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        // The last line may be cut; it then says less than was acknowledged.
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        let acknowledged = whole
            .lines()
            .filter_map(|line| line.strip_prefix("> ")?.parse().ok())
            .max()
            .unwrap_or(last);
        let head = verified(&database);
        assert!(
            head >= acknowledged,
            "{acknowledged} were acknowledged, {head} are there"
        );
        grown += u32::from(head > last);
        last = head;
    }
    assert!(grown > KILLS / 3, "only {grown} of {KILLS} writers got to write");
}
