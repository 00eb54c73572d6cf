//! The tables, and how a file of an older version gets those of this one.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Error, ErrorKind, Result};

use super::super::StoreId;
use super::super::record::GENESIS;
use super::fault::Explain as _;
use super::head;

/// `BWK1`: tells the file from other SQLite databases.
const APPLICATION_ID: i64 = 0x4257_4B31;

/// What makes each version out of the one before; a step that was released is never changed.
const STEPS: &[&str] = &[
    // The log and what shortens it. Each table is keyed by an integer, so that there is no index which could disagree.
    "CREATE TABLE head (
         one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, chain BLOB NOT NULL,
         audit_base BLOB NOT NULL, audit_chain BLOB NOT NULL, meta_digest BLOB NOT NULL
     ) STRICT;
     CREATE TABLE log (revision INTEGER PRIMARY KEY, changes BLOB NOT NULL, chain BLOB NOT NULL) STRICT;
     CREATE TABLE audit (revision INTEGER PRIMARY KEY, record BLOB NOT NULL, chain BLOB NOT NULL) STRICT;
     CREATE TABLE snapshot (
         one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, revision INTEGER NOT NULL,
         chunks INTEGER NOT NULL, chain BLOB NOT NULL, digest BLOB NOT NULL
     ) STRICT;
     CREATE TABLE chunk (number INTEGER PRIMARY KEY, rows BLOB NOT NULL, chain BLOB NOT NULL) STRICT;
     CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    // Counters of usage.
    "CREATE TABLE usage (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID;",
];

/// The version that this library writes.
const VERSION: i64 = STEPS.len() as i64;

/// Makes the tables of a new store in an empty file, all of them or none.
pub(super) fn create(connection: &mut Connection) -> Result<()> {
    create_at(connection, VERSION)
}

pub(super) fn create_at(connection: &mut Connection, version: i64) -> Result<()> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .explain("create the store")?;
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .explain("create the store")?;
    run_steps(&transaction, 0, version)?;
    transaction
        .execute(
            "INSERT INTO head (one, revision, chain, audit_base, audit_chain, meta_digest) VALUES (1, 0, ?1, ?1, ?1, ?1)",
            [GENESIS],
        )
        .explain("create the store")?;
    super::snapshot::write_first(&transaction)?;
    head::set_meta(&transaction, head::ID, StoreId::generate()?.as_bytes())?;
    transaction.commit().explain("create the store")
}

fn run_steps(transaction: &Connection, from: i64, to: i64) -> Result<()> {
    for (version, step) in (1..)
        .zip(STEPS)
        .filter(|(version, _)| (from + 1..=to).contains(version))
    {
        transaction.execute_batch(step).explain("migrate the store")?;
        transaction
            .pragma_update(None, "user_version", version)
            .explain("migrate the store")?;
    }
    Ok(())
}

/// Brings a store of an older version to this one, all the way or not at all.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let version = version(connection)?;
    if version == VERSION {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .explain("migrate the store")?;
    run_steps(&transaction, version, VERSION)?;
    transaction.commit().explain("migrate the store")
}

fn version(connection: &Connection) -> Result<i64> {
    pragma(connection, "user_version")
}

fn pragma(connection: &Connection, name: &str) -> Result<i64> {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .explain("open")
}

/// Refuses files that are no store, and stores of newer versions.
pub(super) fn check_readable_or_older(connection: &Connection, path: &Path) -> Result<()> {
    let refusal = |message: String| Error::new(ErrorKind::StoreVersion, message);
    if pragma(connection, "application_id")? != APPLICATION_ID {
        return Err(
            refusal(format!("{} is a database of something else", path.display()))
                .help("name the file of a store, or a path where there is none yet"),
        );
    }
    match version(connection)? {
        1..=VERSION => Ok(()),
        found => Err(refusal(format!(
            "{} has version {found}; this library knows versions 1 to {VERSION}",
            path.display()
        ))
        .help("use the library that wrote it, or a newer one")),
    }
}

/// Refuses stores that must be migrated as well, for a follower cannot do that.
pub(super) fn check_readable(connection: &Connection, path: &Path) -> Result<()> {
    check_readable_or_older(connection, path)?;
    match version(connection)? {
        VERSION => Ok(()),
        found => Err(Error::new(
            ErrorKind::StoreVersion,
            format!(
                "{} has version {found} and must be migrated to {VERSION}",
                path.display()
            ),
        )
        .help("open it for writing once, with this library")),
    }
}
