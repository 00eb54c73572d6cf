//! Files and connections: how they are opened, and with which settings.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, ErrorKind, Location, Result};

use super::super::record::corrupt;
use super::fault::Explain as _;

/// What to do where there is no file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Create,
    Refuse,
    /// Refuse where there is one.
    Require,
}

/// How long to wait for a lock of SQLite's own, such as a follower holds for an instant.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes sure that there is a file; true when there was one.
pub(super) fn ensure_file(path: &Path, missing: Missing) -> Result<bool> {
    if missing == Missing::Refuse {
        return match path.try_exists() {
            Ok(true) => Ok(true),
            Ok(false) => Err(io(path, "open", &io::ErrorKind::NotFound.into())),
            Err(error) => Err(io(path, "open", &error)),
        };
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && missing == Missing::Create => Ok(true),
        Err(error) => Err(io(path, "create", &error)),
    }
}

/// The one name of a file, so that two names of it share one lock.
pub(super) fn resolved(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| io(path, "open", &error))
}

pub(super) fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() == 0)
}

pub(super) fn io(path: &Path, doing: &str, error: &io::Error) -> Error {
    let (kind, help) = match error.kind() {
        io::ErrorKind::NotFound => (ErrorKind::StoreIo, "check the path, or create the store first"),
        io::ErrorKind::AlreadyExists => (
            ErrorKind::StoreIo,
            "choose another path, or open the store that is there",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            ErrorKind::StoreReadOnly,
            "give the process permission to write the file and its directory",
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::StoreFull, "free some space")
        }
        _ => (
            ErrorKind::StoreIo,
            "make sure that the file can be read and written",
        ),
    };
    let words = error.kind();
    Error::new(kind, format!("cannot {doing} {}: {words}", path.display()))
        .at(Location::file(path))
        .help(help)
}

/// The connection that writes.
pub(super) fn writer(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .explain("open")?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Error::new(
            ErrorKind::StoreIo,
            format!(
                "{} lies where SQLite cannot keep a write-ahead log",
                path.display()
            ),
        )
        .help("keep the store on a local file system"));
    }
    connection
        .execute_batch(
            // A commit is synced to the disk itself, on systems too that distinguish that from the disk's cache.
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
             PRAGMA journal_size_limit = 67108864;",
        )
        .explain("open")?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection> {
    // No SQLITE_OPEN_URI: a path is a path, whatever characters it has.
    let connection =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).explain("open")?;
    connection.busy_timeout(PATIENCE).explain("open")?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    ] {
        connection.set_db_config(setting, on).explain("open")?;
    }
    connection
        .execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;")
        .explain("open")?;
    Ok(connection)
}

/// SQLite's own look at every page.
pub(super) fn check_pages(connection: &Connection) -> Result<()> {
    let finding: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .explain("check the file")?;
    if finding == "ok" {
        return Ok(());
    }
    Err(corrupt(finding.lines().next_back().unwrap_or("its structure")))
}

/// Moves the write-ahead log into the database and empties it; a follower that reads just now prevents it, harmlessly.
pub(super) fn truncate_log(connection: &Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}

/// Connections for reading, as many as read at once.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::default(),
        }
    }

    /// Runs `work` with a connection of its own; others may read at the same time, in `work` too.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let idle = self.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let result = work(&mut connection);
        // A connection that has met an error is not used again.
        if result.is_ok() {
            self.lock().push(connection);
        }
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
