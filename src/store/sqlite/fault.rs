//! SQLite's errors in the words of a store.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::{Error, ErrorKind, Result};

use super::super::record::corrupt;

/// Turns an error of SQLite into one of the store; `doing` says what failed.
pub(super) trait Explain<T> {
    fn explain(self, doing: &str) -> Result<T>;
}

impl<T> Explain<T> for rusqlite::Result<T> {
    fn explain(self, doing: &str) -> Result<T> {
        self.map_err(|error| explain(doing, &error))
    }
}

pub(super) fn explain(doing: &str, error: &rusqlite::Error) -> Error {
    use rusqlite::Error as Sql;
    let code = match error {
        Sql::SqliteFailure(failure, _) => failure.code,
        Sql::QueryReturnedNoRows => return corrupt("a row is missing"),
        Sql::InvalidColumnType(..) | Sql::FromSqlConversionFailure(..) | Sql::IntegralValueOutOfRange(..) => {
            return corrupt("a value has the wrong type");
        }
        _ => ErrorCode::Unknown,
    };
    let words = plain(error);
    let failed = |kind| Error::new(kind, format!("cannot {doing}: {words}"));
    match code {
        ErrorCode::DatabaseCorrupt => corrupt(words),
        ErrorCode::NotADatabase => failed(ErrorKind::StoreVersion).help(
            "name the file of a store; if this is one, its header is damaged: restore it from a backup",
        ),
        ErrorCode::DiskFull => failed(ErrorKind::StoreFull)
            .help("free some space and try again; nothing of the change was written"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => failed(ErrorKind::StoreReadOnly)
            .help("give the process permission to write the file and its directory"),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => failed(ErrorKind::StoreLocked)
            .help("let the other program that uses the file finish, then try again"),
        // A damaged schema names tables and columns that are not there.
        ErrorCode::Unknown => corrupt(words),
        _ => failed(ErrorKind::StoreIo).help("see to the disk, then open the store again"),
    }
}

/// True for failures after which the disk certainly holds nothing of the transaction.
pub(super) fn is_clean(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::ReadOnly)
    )
}

/// SQLite's words alone: the error of a statement also shows its text.
fn plain(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(failure, None) => failure.to_string(),
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

pub(super) fn read_only(path: &Path) -> Error {
    Error::new(
        ErrorKind::StoreReadOnly,
        format!("{} is followed and may only be read", path.display()),
    )
    .help("make the change through the process that has the store open for writing")
}
