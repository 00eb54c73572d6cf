//! The lock that keeps a second writer out, and the mark of what was acknowledged.
//!
//! The lock is the operating system's lock of a file beside the database; it ends with the process, however that ends.
//! The file is not the database itself, because closing any handle of that would give up SQLite's own locks.
//!
//! The mark catches what checksums cannot: a write-ahead log whose last transactions are damaged looks to SQLite as if
//! they had never been committed, and an old copy of the database is sound in itself. The mark is written after the
//! commit is durable and is not synced, so it can be behind the database but never ahead of it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

use super::super::StoreId;

pub(super) struct WriterLock {
    file: File,
}

/// The last acknowledged revision of a store.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: StoreId,
    pub(super) revision: u64,
    process: u32,
}

/// `platform.db` is locked by `platform.db-lock`.
pub(super) fn path_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-lock");
    PathBuf::from(name)
}

impl WriterLock {
    pub(super) fn acquire(database: &Path) -> Result<Self> {
        let path = path_of(database);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options
            .open(&path)
            .map_err(|error| super::connection::io(&path, "open", &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(locked(database, read_mark(&file))),
            Err(TryLockError::Error(error)) => Err(super::connection::io(&path, "lock", &error)),
        }
    }

    pub(super) fn mark(&self) -> Option<Mark> {
        read_mark(&self.file)
    }

    /// Writes the mark. Failing to is no failure of the commit that it follows: the mark then is merely behind.
    pub(super) fn record(&mut self, id: StoreId, revision: u64) {
        let text = format!("{id} {revision:020} {:010}\n", std::process::id());
        let _ = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(text.as_bytes()));
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // Closing the file is not enough where a process that was forked meanwhile has it open too.
        let _ = self.file.unlock();
    }
}

fn locked(database: &Path, mark: Option<Mark>) -> Error {
    let holder = mark.map_or_else(
        || "another process".to_owned(),
        |mark| format!("process {}", mark.process),
    );
    Error::new(
        ErrorKind::StoreLocked,
        format!("{} is open for writing in {holder}", database.display()),
    )
    .help("make the change through that process or end it first; to read alongside it, follow the store")
}

/// The mark, or nothing where none was written or it cannot be read.
fn read_mark(mut file: &File) -> Option<Mark> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(128).read_to_string(&mut text).ok()?;
    let mut fields = text.trim_end().split(' ');
    let id = u128::from_str_radix(fields.next()?, 16).ok()?;
    Some(Mark {
        id: StoreId::from_bytes(id.to_be_bytes()),
        revision: fields.next()?.parse().ok()?,
        process: fields.next()?.parse().ok()?,
    })
}
