//! The embedded store: one SQLite file in WAL mode, every commit synced to disk.
//!
//! One process writes; a lock file beside the database keeps a second writer out. Any number of processes follow, reading
//! only. The lock file also remembers the last acknowledged revision: a database that has lost it is not opened.

mod connection;
mod fault;
mod head;
mod lock;
mod read;
mod schema;
mod snapshot;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::{Error, ErrorKind, Result};

use super::record::{Digest, Entry, Transaction, check_compaction, conflict, corrupt, link};
use super::{EachPair, Item, Store, StoreId};

use connection::{Readers, check_pages, writer};
use fault::{Explain as _, is_clean, read_only};
use head::Head;
use lock::{Mark, WriterLock};

/// Keeps everything in one SQLite file.
///
/// ```
/// use bailiwick::store::{Sqlite, Store, Transaction};
///
/// # let directory = tempfile::tempdir().map_err(|e| bailiwick::Error::new(bailiwick::ErrorKind::Io, e.to_string()))?;
/// let path = directory.path().join("platform.db");
/// let store = Sqlite::open(&path)?;
/// assert_eq!(store.append(0, &[Transaction::new().change(b"first".to_vec())])?, 1);
///
/// let follower = Sqlite::follow(&path)?;       // in any process
/// assert_eq!(follower.head()?, 1);
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub struct Sqlite {
    path: PathBuf,
    id: StoreId,
    readers: Readers,
    /// None for a follower.
    writer: Option<Mutex<Writer>>,
    /// Held while a snapshot is written, so that only one is.
    compaction: Mutex<()>,
}

struct Writer {
    connection: Connection,
    lock: WriterLock,
    /// Set once a write has failed in a way that leaves unknown what the disk holds.
    broken: bool,
}

impl Sqlite {
    /// Opens the store for writing, and makes it where there is no file yet.
    ///
    /// A new file can be read by its owner alone. Structure and checksums of the head are verified here, everything
    /// else as it is read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreLocked`] while another writer has it open; [`ErrorKind::StoreCorrupt`] for damage, and for a
    /// file that is older than what was last acknowledged; [`ErrorKind::StoreVersion`] for another kind of file or one of
    /// a newer version; [`ErrorKind::StoreReadOnly`], [`ErrorKind::StoreFull`], [`ErrorKind::StoreIo`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), connection::Missing::Create)
    }

    /// Opens a store for writing that must exist.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`], and [`ErrorKind::StoreIo`] where there is no file.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), connection::Missing::Refuse)
    }

    /// Makes a store where no file may exist.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`], and [`ErrorKind::StoreIo`] where there is a file.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), connection::Missing::Require)
    }

    /// Opens the store for reading, while another process may write it. [`Store::head`] then tells what is new.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open_existing`], apart from [`ErrorKind::StoreLocked`].
    pub fn follow(path: impl AsRef<Path>) -> Result<Self> {
        let path = connection::resolved(path.as_ref())?;
        let readers = Readers::new(&path);
        let id = readers.with(|reader| {
            schema::check_readable(reader, &path)?;
            check_pages(reader)?;
            let transaction = reader.transaction().explain("begin to read")?;
            head::verify(&transaction)?;
            head::id(&transaction)
        })?;
        Ok(Self {
            path,
            id,
            readers,
            writer: None,
            compaction: Mutex::default(),
        })
    }

    fn open_as(path: &Path, missing: connection::Missing) -> Result<Self> {
        let existed = connection::ensure_file(path, missing)?;
        let path = connection::resolved(path)?;
        let lock = WriterLock::acquire(&path)?;
        let mark = lock.mark();
        let is_empty = !existed || connection::is_empty(&path);
        if let (true, Some(mark)) = (is_empty, &mark) {
            if !existed {
                // The file that was just made would hide the loss from the next look.
                let _ = std::fs::remove_file(&path);
            }
            return Err(lost(&path, mark, 0));
        }
        let mut connection = writer(&path)?;
        if is_empty {
            schema::create(&mut connection)?;
        } else {
            schema::check_readable_or_older(&connection, &path)?;
            check_pages(&connection)?;
            schema::migrate(&mut connection)?;
        }
        let (id, head) = {
            let transaction = connection.transaction().explain("begin to read")?;
            let head = head::verify(&transaction)?;
            (head::id(&transaction)?, head)
        };
        if let Some(mark) = mark
            && mark.id == id
            && mark.revision > head.revision
        {
            return Err(lost(&path, &mark, head.revision));
        }
        snapshot::drop_orphans(&mut connection)?;
        let mut writer = Writer {
            connection,
            lock,
            broken: false,
        };
        writer.lock.record(id, head.revision);
        Ok(Self {
            readers: Readers::new(&path),
            path,
            id,
            writer: Some(Mutex::new(writer)),
            compaction: Mutex::default(),
        })
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>> {
        let writer = self.writer.as_ref().ok_or_else(|| read_only(&self.path))?;
        // A panic in between rolls the open transaction back.
        let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.broken {
            return Err(Error::new(
                ErrorKind::StoreIo,
                "an earlier write failed, and nobody knows how much of it reached the disk",
            )
            .help("see to the disk, then open the store again"));
        }
        Ok(writer)
    }
}

/// What was acknowledged is gone.
fn lost(path: &Path, mark: &Mark, head: u64) -> Error {
    corrupt(format_args!(
        "{} is at revision {head}, but revision {} was acknowledged",
        path.display(),
        mark.revision
    ))
    .help(format!(
        "restore the newest backup; to go on without the lost changes, revocations among them, remove {}",
        lock::path_of(path).display()
    ))
}

impl Writer {
    /// Runs `work` in a transaction that is durable before this returns.
    fn commit<T>(&mut self, work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T>) -> Result<T> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .explain("begin to write")?;
        let result = match work(&transaction) {
            Ok(result) => result,
            Err(error) => {
                // A full disk has ended the transaction already.
                let rolled_back = transaction.rollback().is_ok() || self.connection.is_autocommit();
                self.broken |= !rolled_back;
                return Err(error);
            }
        };
        match transaction.commit() {
            Ok(()) => Ok(result),
            Err(error) => {
                self.broken |= !is_clean(&error);
                Err(fault::explain("commit", &error))
            }
        }
    }
}

impl Store for Sqlite {
    fn id(&self) -> StoreId {
        self.id
    }

    fn head(&self) -> Result<u64> {
        self.readers.with(|reader| Ok(head::read(reader)?.revision))
    }

    fn base(&self) -> Result<u64> {
        self.readers.with(|reader| Ok(snapshot::base(reader)?.revision))
    }

    fn append(&self, expected: u64, transactions: &[Transaction]) -> Result<u64> {
        transactions.iter().try_for_each(Transaction::check_size)?;
        let mut writer = self.writer()?;
        let head = writer.commit(|transaction| {
            let mut head = head::read(transaction)?;
            if head.revision != expected {
                return Err(conflict(expected, head.revision));
            }
            insert(transaction, &mut head, transactions)?;
            head::write(transaction, &head)?;
            Ok(head)
        })?;
        writer.lock.record(self.id, head.revision);
        Ok(head.revision)
    }

    fn load(&self, each: &mut dyn FnMut(Item<'_>) -> Result<()>) -> Result<u64> {
        self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            let base = snapshot::read(&transaction, each)?;
            read::entries(&transaction, &base, base.revision, &mut |entry| {
                each(Item::Entry(entry))
            })
        })
    }

    fn read_after(&self, revision: u64, each: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<u64> {
        self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            let base = snapshot::base(&transaction)?;
            read::entries(&transaction, &base, revision, each)
        })
    }

    fn compact(&self, revision: u64, rows: &mut dyn Iterator<Item = Vec<u8>>) -> Result<()> {
        let _only = self.compaction.lock().unwrap_or_else(PoisonError::into_inner);
        let (base, head) = self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            Ok((snapshot::base(&transaction)?, head::read(&transaction)?))
        })?;
        check_compaction(revision, base.revision, head.revision)?;
        snapshot::drop_orphans(&mut self.writer()?.connection)?;
        let mut fresh = snapshot::Fresh::after(&base);
        let written = loop {
            let piece = match snapshot::Fresh::gather(rows) {
                Ok(piece) => piece,
                Err(error) => break Err(error),
            };
            if piece.is_empty() {
                break self
                    .writer()
                    .and_then(|mut writer| writer.commit(|tx| fresh.install(tx, revision, &base)));
            }
            // The lock is given up between pieces, so that changes need not wait for the whole snapshot.
            let write = self
                .writer()
                .and_then(|mut writer| writer.commit(|tx| fresh.write(tx, &piece)));
            if let Err(error) = write {
                break Err(error);
            }
        };
        let mut writer = self.writer()?;
        // Whichever generation is not the current one goes: the old one, or what was written of the new one.
        snapshot::drop_orphans(&mut writer.connection)?;
        connection::truncate_log(&writer.connection);
        written
    }

    fn audit_after(&self, revision: u64, each: &mut dyn FnMut(u64, &[u8]) -> Result<bool>) -> Result<()> {
        self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            read::audit(&transaction, revision, each)
        })
    }

    fn drop_audit(&self, revision: u64) -> Result<u64> {
        self.writer()?.commit(|transaction| {
            let mut head = head::read(transaction)?;
            if let Some(chain) = read::audit_chain_at(transaction, revision)? {
                head.audit_base = chain;
            }
            let dropped = transaction
                .execute("DELETE FROM audit WHERE revision <= ?1", [signed(revision)])
                .explain("drop audit records")?;
            head::write(transaction, &head)?;
            Ok(dropped as u64)
        })
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            head::verify_meta(&transaction, &head::read(&transaction)?)?;
            head::meta(&transaction, name)
        })
    }

    fn each_meta(&self, each: &mut dyn FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
        self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            head::verify_meta(&transaction, &head::read(&transaction)?)?;
            head::each_meta(&transaction, each)
        })
    }

    fn set_meta(&self, name: &str, value: &[u8]) -> Result<()> {
        self.writer()?
            .commit(|transaction| head::set_meta(transaction, name, value))
    }

    fn usage(&self, each: &mut EachPair<'_>) -> Result<()> {
        self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            read::usage(&transaction, each)
        })
    }

    fn save_usage(&self, rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<()> {
        self.writer()?.commit(|transaction| {
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO usage (key, value, digest) VALUES (?1, ?2, ?3)")
                .explain("save usage")?;
            for (key, value) in rows {
                let digest = read::usage_digest(&key, &value);
                insert
                    .execute(params![key, value, digest])
                    .explain("save usage")?;
            }
            Ok(())
        })
    }

    fn check(&self) -> Result<()> {
        self.readers.with(|reader| check_pages(reader))?;
        self.load(&mut |_| Ok(()))?;
        self.audit_after(0, &mut |_, _| Ok(true))?;
        self.usage(&mut |_, _| Ok(()))?;
        self.readers.with(|reader| {
            let transaction = reader.transaction().explain("begin to read")?;
            head::verify(&transaction).map(|_| ())
        })
    }
}

fn insert(
    transaction: &rusqlite::Transaction<'_>,
    head: &mut Head,
    transactions: &[Transaction],
) -> Result<()> {
    let mut log = transaction
        .prepare_cached("INSERT INTO log (revision, changes, chain) VALUES (?1, ?2, ?3)")
        .explain("append")?;
    let mut audit = transaction
        .prepare_cached("INSERT INTO audit (revision, record, chain) VALUES (?1, ?2, ?3)")
        .explain("append")?;
    for appended in transactions {
        head.revision += 1;
        head.chain = link(LOG, &head.chain, head.revision, appended.packed());
        log.execute(params![signed(head.revision), appended.packed(), head.chain])
            .explain("append")?;
        if let Some(record) = appended.audit_record() {
            head.audit_chain = link(AUDIT, &head.audit_chain, head.revision, record);
            audit
                .execute(params![signed(head.revision), record, head.audit_chain])
                .explain("append")?;
        }
    }
    Ok(())
}

/// Purposes of the chains, so that no link of one passes for a link of another.
const LOG: &str = "log";
const AUDIT: &str = "audit";

/// SQLite's integers are signed; a revision beyond them is not reached by counting.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that a sound store cannot hold negative.
fn unsigned(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| corrupt("a revision is negative"))
}

/// A checksum of the right length.
fn digest(bytes: &[u8]) -> Result<Digest> {
    bytes
        .try_into()
        .map_err(|_| corrupt("a checksum has the wrong length"))
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.path)
            .field("id", &self.id)
            .field("writes", &self.writer.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
