use std::fs;

use super::*;
use crate::store::{export, import};

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("platform.db")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("platform.db{suffix}"))
    }

    /// A store with a snapshot, a log after it, audit records, named values and counters.
    fn filled(&self) -> Sqlite {
        let store = Sqlite::open(self.path()).unwrap();
        let batch: Vec<Transaction> = (1..=40).map(change).collect();
        store.append(0, &batch).unwrap();
        let rows = (0..300).map(|n| format!("row {n} {}", "r".repeat(40)).into_bytes());
        store.compact(20, &mut { rows }).unwrap();
        store.set_meta("pepper", b"0123456789abcdef").unwrap();
        let usage = (0..20).map(|n: u32| (n.to_le_bytes().to_vec(), vec![7; 20]));
        store.save_usage(&mut { usage }).unwrap();
        store.append(40, &[change(41)]).unwrap();
        store
    }
}

fn change(n: u64) -> Transaction {
    Transaction::new()
        .change(format!("change {n} {}", "c".repeat(40)))
        .audit(format!("audit {n}").into_bytes())
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// Everything in a store, as text.
fn content(store: &Sqlite) -> Result<Vec<u8>> {
    let mut text = vec![];
    export(store, &mut text)?;
    Ok(text)
}

/// Opens a file, reads all of it and tells what it holds.
fn reopened(path: &Path) -> Result<Vec<u8>> {
    let store = Sqlite::open(path)?;
    store.check()?;
    content(&store)
}

#[test]
fn a_reopened_store_holds_what_was_acknowledged() {
    let place = Place::new();
    let before = content(&place.filled()).unwrap();
    assert_eq!(reopened(&place.path()).unwrap(), before);
}

#[test]
fn every_commit_is_synced() {
    let place = Place::new();
    let store = place.filled();
    let writer = store.writer().unwrap();
    let pragma = |name: &str| -> String {
        writer
            .connection
            .query_row(&format!("PRAGMA {name}"), [], |row| {
                row.get::<_, rusqlite::types::Value>(0)
            })
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    assert_eq!(pragma("synchronous"), "Integer(2)");
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("fullfsync"), "Integer(1)");
}

#[test]
fn a_second_writer_is_refused_and_told_what_to_do() {
    let place = Place::new();
    let store = place.filled();
    let error = Sqlite::open(place.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreLocked);
    let holder = format!("process {}", std::process::id());
    assert!(error.message().contains(&holder), "{error}");
    assert!(error.help_text().unwrap().contains("follow"), "{error:?}");
    drop(store);
    Sqlite::open(place.path()).unwrap();
}

#[cfg(unix)]
#[test]
fn another_name_of_the_file_has_the_same_lock() {
    let place = Place::new();
    let _store = place.filled();
    let link = place.directory.path().join("link.db");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    assert_eq!(kind(Sqlite::open(&link)), Some(ErrorKind::StoreLocked));
}

#[cfg(unix)]
#[test]
fn a_new_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let _store = place.filled();
    for suffix in ["", "-lock", "-wal", "-shm"] {
        let mode = fs::metadata(place.beside(suffix)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[test]
fn a_follower_sees_each_change_and_makes_none() {
    let place = Place::new();
    let store = place.filled();
    let follower = Sqlite::follow(place.path()).unwrap();
    assert_eq!(follower.id(), store.id());
    assert_eq!(follower.head().unwrap(), 41);
    store.append(41, &[change(42), change(43)]).unwrap();
    assert_eq!(follower.head().unwrap(), 43);
    let mut seen = vec![];
    let reached = follower
        .read_after(41, &mut |entry| {
            seen.push(entry.revision());
            Ok(())
        })
        .unwrap();
    assert_eq!((reached, seen), (43, vec![42, 43]));

    let read_only = Some(ErrorKind::StoreReadOnly);
    assert_eq!(kind(follower.append(43, &[change(44)])), read_only);
    assert_eq!(kind(follower.compact(43, &mut std::iter::empty())), read_only);
    assert_eq!(kind(follower.set_meta("a", b"b")), read_only);
    assert_eq!(kind(follower.drop_audit(1)), read_only);
    assert_eq!(kind(follower.save_usage(&mut std::iter::empty())), read_only);
}

#[test]
fn a_follower_of_a_compacted_store_is_told_to_load_again() {
    let place = Place::new();
    let store = place.filled();
    let follower = Sqlite::follow(place.path()).unwrap();
    store.compact(41, &mut std::iter::empty()).unwrap();
    let error = follower.read_after(30, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreCompacted);
    assert_eq!(follower.load(&mut |_| Ok(())).unwrap(), 41);
}

#[test]
fn a_full_disk_refuses_the_change_and_takes_the_next() {
    let place = Place::new();
    let store = place.filled();
    let limit = |pages: u32| {
        let writer = store.writer().unwrap();
        let pragma = format!("PRAGMA max_page_count = {pages}");
        writer.connection.query_row(&pragma, [], |_| Ok(())).unwrap();
    };
    let before = content(&store).unwrap();
    limit(1);
    let large = Transaction::new().change(vec![7; 1 << 20]);
    let error = store.append(41, &[change(42), large.clone()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreFull);
    assert_eq!(content(&store).unwrap(), before);
    limit(u32::MAX - 1);
    assert_eq!(store.append(41, &[change(42), large]).unwrap(), 43);
    store.check().unwrap();
}

#[test]
fn a_snapshot_that_could_not_be_written_leaves_the_store_as_it_was() {
    let place = Place::new();
    let store = place.filled();
    let before = content(&store).unwrap();
    let row = |_| vec![7; 1 << 20];
    let oversized = std::iter::once(vec![0; crate::limits::MAX_TRANSACTION_BYTES + 1]);
    let error = store
        .compact(30, &mut (0..20).map(row).chain(oversized))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert_eq!(content(&store).unwrap(), before);
    let chunks = |store: &Sqlite| -> i64 {
        let writer = store.writer().unwrap();
        writer
            .connection
            .query_row("SELECT count(*) FROM chunk", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(chunks(&store), 1);
    store.compact(30, &mut (0..3).map(row)).unwrap();
    assert_eq!(chunks(&store), 3);
    store.check().unwrap();
}

#[test]
fn a_failed_write_of_unknown_extent_ends_all_writing() {
    let place = Place::new();
    let store = place.filled();
    store.writer().unwrap().broken = true;
    let error = store.append(41, &[change(42)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreIo);
    assert!(error.help_text().unwrap().contains("open the store again"));
}

#[test]
fn an_older_version_is_migrated_by_a_writer_and_refused_to_a_follower() {
    let place = Place::new();
    {
        let mut connection = Connection::open(place.path()).unwrap();
        schema::create_at(&mut connection, 1).unwrap();
    }
    assert_eq!(kind(Sqlite::follow(place.path())), Some(ErrorKind::StoreVersion));
    let store = Sqlite::open(place.path()).unwrap();
    store
        .save_usage(&mut std::iter::once((vec![1], vec![2])))
        .unwrap();
    store.check().unwrap();
    assert_eq!(Sqlite::follow(place.path()).unwrap().id(), store.id());
}

#[test]
fn a_newer_version_and_other_files_are_refused() {
    let place = Place::new();
    drop(place.filled());
    let set = |sql: &str| {
        let connection = Connection::open(place.path()).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    set("PRAGMA user_version = 99");
    let error = Sqlite::open(place.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreVersion);
    assert!(error.message().contains("99"), "{error}");
    assert_eq!(kind(Sqlite::follow(place.path())), Some(ErrorKind::StoreVersion));
    set("PRAGMA user_version = 2; PRAGMA application_id = 1");
    assert_eq!(kind(Sqlite::open(place.path())), Some(ErrorKind::StoreVersion));

    let other = place.beside(".txt");
    fs::write(&other, "not a database, only a text\n".repeat(100)).unwrap();
    assert_eq!(kind(Sqlite::open(&other)), Some(ErrorKind::StoreVersion));
    assert_eq!(
        fs::read_to_string(&other).unwrap(),
        "not a database, only a text\n".repeat(100)
    );
}

#[test]
fn opening_and_creating_say_what_they_expect() {
    let place = Place::new();
    let missing = Sqlite::open_existing(place.path()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::StoreIo);
    assert!(!place.path().exists());
    assert_eq!(kind(Sqlite::follow(place.path())), Some(ErrorKind::StoreIo));
    drop(Sqlite::create(place.path()).unwrap());
    let present = Sqlite::create(place.path()).unwrap_err();
    assert!(present.help_text().unwrap().contains("another path"));
    Sqlite::open_existing(place.path()).unwrap();
}

#[test]
fn a_lost_or_emptied_file_is_noticed() {
    for remove in [true, false] {
        let place = Place::new();
        drop(place.filled());
        if remove {
            fs::remove_file(place.path()).unwrap();
        } else {
            fs::write(place.path(), []).unwrap();
        }
        for _ in 0..2 {
            let error = Sqlite::open(place.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StoreCorrupt);
            assert!(error.help_text().unwrap().contains("-lock"), "{error:?}");
        }
        fs::remove_file(place.beside("-lock")).unwrap();
        assert_eq!(Sqlite::open(place.path()).unwrap().head().unwrap(), 0);
    }
}

#[test]
fn an_old_copy_in_place_of_the_store_is_noticed() {
    let place = Place::new();
    drop(place.filled());
    let copy = place.beside(".backup");
    fs::copy(place.path(), &copy).unwrap();
    let store = Sqlite::open(place.path()).unwrap();
    store.append(41, &[change(42)]).unwrap();
    drop(store);
    fs::copy(&copy, place.path()).unwrap();
    let error = Sqlite::open(place.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreCorrupt);
    assert!(error.message().contains("42"), "{error}");
}

#[test]
fn another_store_may_take_the_place() {
    let (place, other) = (Place::new(), Place::new());
    drop(place.filled());
    let empty = Sqlite::open(other.path()).unwrap();
    let id = empty.id();
    drop(empty);
    fs::copy(other.path(), place.path()).unwrap();
    assert_eq!(Sqlite::open(place.path()).unwrap().id(), id);
}

#[test]
fn an_import_into_a_file_gives_the_same_content() {
    let (place, other) = (Place::new(), Place::new());
    let text = content(&place.filled()).unwrap();
    let copy = Sqlite::create(other.path()).unwrap();
    assert_eq!(import(&copy, &text[..]).unwrap(), 41);
    copy.check().unwrap();
    let lines = |text: &[u8]| -> Vec<String> {
        let text = String::from_utf8(text.to_vec()).unwrap();
        text.lines()
            .skip(1)
            .filter(|line| !line.contains("sha256"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(lines(&content(&copy).unwrap()), lines(&text));
}

/// A copy of a directory's files, so that each damage begins with a sound store.
fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-lock", "-wal"] {
        let name = format!("platform.db{suffix}");
        match fs::read(from.join(&name)) {
            Ok(bytes) => fs::write(to.join(&name), bytes).unwrap(),
            Err(_) => drop(fs::remove_file(to.join(&name))),
        }
    }
    let _ = fs::remove_file(to.join("platform.db-shm"));
}

/// Damages a file in many ways; each must be noticed, or else the content is what it was.
fn damage(file: &str, close: bool) -> (usize, usize) {
    let (sound, victim) = (Place::new(), Place::new());
    let store = sound.filled();
    let before = content(&store).unwrap();
    let kept = Place::new();
    if close {
        drop(store);
        copy(sound.directory.path(), kept.directory.path());
    } else {
        // As a killed process leaves it: the log not yet moved into the database.
        copy(sound.directory.path(), kept.directory.path());
    }
    let bytes = fs::read(kept.directory.path().join(file)).unwrap();
    assert!(!bytes.is_empty());
    let mut rng = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        rng ^= rng << 13;
        rng ^= rng >> 7;
        rng ^= rng << 17;
        (rng % below as u64) as usize
    };
    let (mut noticed, mut harmless) = (0, 0);
    for round in 0..400 {
        let mut damaged = bytes.clone();
        match round % 4 {
            0..3 => damaged[random(bytes.len())] ^= 1 << random(8),
            _ => damaged.truncate(random(bytes.len())),
        }
        copy(kept.directory.path(), victim.directory.path());
        fs::write(victim.directory.path().join(file), damaged).unwrap();
        match reopened(&victim.path()) {
            Ok(content) => {
                assert!(content == before, "round {round}: other content, and no error");
                harmless += 1;
            }
            Err(error) => {
                assert!((500..600).contains(&error.kind().code()), "{error:?}");
                noticed += 1;
            }
        }
    }
    (noticed, harmless)
}

#[test]
fn a_damaged_database_is_noticed_or_harmless() {
    let (noticed, harmless) = damage("platform.db", true);
    assert!(noticed > 100, "noticed {noticed}, harmless {harmless}");
}

#[test]
fn a_damaged_write_ahead_log_is_noticed_or_harmless() {
    let (noticed, harmless) = damage("platform.db-wal", false);
    assert!(noticed > 100, "noticed {noticed}, harmless {harmless}");
}
