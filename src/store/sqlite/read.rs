//! Reading the log, the audit records and the counters, every checksum compared.

use rusqlite::{Connection, OptionalExtension as _};

use crate::error::Result;

use super::super::EachPair;
use super::super::record::{Digest, Entry, GENESIS, compacted, corrupt, gone_back, link, pack};
use super::fault::Explain as _;
use super::snapshot::Base;
use super::{AUDIT, LOG, digest, head, signed, unsigned};

/// Hands on the entries after `revision`; the log begins after `base`.
pub(super) fn entries(
    connection: &Connection,
    base: &Base,
    revision: u64,
    each: &mut dyn FnMut(Entry<'_>) -> Result<()>,
) -> Result<u64> {
    let head = head::read(connection)?;
    if revision < base.revision {
        return Err(compacted(revision, base.revision));
    }
    if revision > head.revision {
        return Err(gone_back(revision, head.revision));
    }
    let mut chain = if revision == base.revision {
        base.chain
    } else {
        chain_at(connection, revision)?
    };
    let mut number = revision;
    let mut statement = connection
        .prepare_cached("SELECT revision, changes, chain FROM log WHERE revision > ?1 ORDER BY revision")
        .explain("read the log")?;
    let mut rows = statement.query([signed(revision)]).explain("read the log")?;
    while let Some(row) = rows.next().explain("read the log")? {
        number += 1;
        if unsigned(row.get(0).explain("read the log")?)? != number {
            return Err(corrupt(format_args!("revision {number} of its log is missing")));
        }
        let changes = blob(row, 1)?;
        chain = link(LOG, &chain, number, changes);
        if blob(row, 2)? != chain {
            return Err(corrupt(format_args!(
                "revision {number} of its log does not match its checksum"
            )));
        }
        each(Entry::new(number, changes))?;
    }
    if (number, chain) != (head.revision, head.chain) {
        return Err(corrupt(format_args!(
            "its log ends at revision {number}, before its head {}",
            head.revision
        )));
    }
    Ok(number)
}

/// The checksum of one transaction of the log.
pub(super) fn chain_at(connection: &Connection, revision: u64) -> Result<Digest> {
    let chain: Vec<u8> = connection
        .query_row(
            "SELECT chain FROM log WHERE revision = ?1",
            [signed(revision)],
            |row| row.get(0),
        )
        .explain("read the log")?;
    digest(&chain)
}

/// Hands on the audit records after `revision` until `each` returns false.
pub(super) fn audit(
    connection: &Connection,
    revision: u64,
    each: &mut dyn FnMut(u64, &[u8]) -> Result<bool>,
) -> Result<()> {
    let head = head::read(connection)?;
    let mut chain = audit_chain_at(connection, revision)?.unwrap_or(head.audit_base);
    let mut statement = connection
        .prepare_cached("SELECT revision, record, chain FROM audit WHERE revision > ?1 ORDER BY revision")
        .explain("read the audit records")?;
    let mut rows = statement
        .query([signed(revision)])
        .explain("read the audit records")?;
    while let Some(row) = rows.next().explain("read the audit records")? {
        let number = unsigned(row.get(0).explain("read the audit records")?)?;
        let record = blob(row, 1)?;
        chain = link(AUDIT, &chain, number, record);
        if blob(row, 2)? != chain {
            return Err(corrupt(format_args!(
                "the audit record of revision {number} does not follow the one before"
            )));
        }
        if !each(number, record)? {
            return Ok(());
        }
    }
    if chain == head.audit_chain {
        Ok(())
    } else {
        Err(corrupt("the last audit records are missing"))
    }
}

/// The checksum of the last audit record up to a revision.
pub(super) fn audit_chain_at(connection: &Connection, revision: u64) -> Result<Option<Digest>> {
    connection
        .query_row(
            "SELECT chain FROM audit WHERE revision <= ?1 ORDER BY revision DESC LIMIT 1",
            [signed(revision)],
            |row| row.get::<_, Vec<u8>>(0),
        )
        .optional()
        .explain("read the audit records")?
        .map(|chain| digest(&chain))
        .transpose()
}

pub(super) fn usage(connection: &Connection, each: &mut EachPair<'_>) -> Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT key, value, digest FROM usage ORDER BY key")
        .explain("read the usage")?;
    let mut rows = statement.query([]).explain("read the usage")?;
    while let Some(row) = rows.next().explain("read the usage")? {
        let (key, value) = (blob(row, 0)?, blob(row, 1)?);
        if blob(row, 2)? != usage_digest(key, value) {
            return Err(corrupt("a counter of usage does not match its checksum"));
        }
        each(key, value)?;
    }
    Ok(())
}

pub(super) fn usage_digest(key: &[u8], value: &[u8]) -> Digest {
    let mut packed = vec![];
    pack(&mut packed, key);
    pack(&mut packed, value);
    link("usage", &GENESIS, 0, &packed)
}

pub(super) fn blob<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<&'r [u8]> {
    row.get_ref(column)
        .explain("read a row")?
        .as_blob()
        .map_err(|_| corrupt("a value has the wrong type"))
}
