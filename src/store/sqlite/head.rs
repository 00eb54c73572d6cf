//! The one-row head: the counter of revisions and the ends of all chains. And the named values beside it.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::Result;

use super::super::StoreId;
use super::super::record::{Digest, GENESIS, corrupt, link, pack};
use super::fault::Explain as _;
use super::read::blob;
use super::{digest, signed, snapshot, unsigned};

/// Where the store's identity is kept.
pub(super) const ID: &str = "id";

pub(super) struct Head {
    pub(super) revision: u64,
    /// The checksum of the last transaction.
    pub(super) chain: Digest,
    /// The checksum of the last audit record that was dropped.
    pub(super) audit_base: Digest,
    /// The checksum of the last audit record.
    pub(super) audit_chain: Digest,
    /// The checksum of all named values.
    meta_digest: Digest,
}

pub(super) fn read(connection: &Connection) -> Result<Head> {
    let mut statement = connection
        .prepare_cached(
            "SELECT revision, chain, audit_base, audit_chain, meta_digest FROM head WHERE one = 1",
        )
        .explain("read the head")?;
    let mut rows = statement.query([]).explain("read the head")?;
    let row = rows
        .next()
        .explain("read the head")?
        .ok_or_else(|| corrupt("its head is missing"))?;
    let chain = |column: usize| {
        let bytes = row.get_ref(column).explain("read the head")?;
        digest(
            bytes
                .as_blob()
                .map_err(|_| corrupt("its head has a wrong type"))?,
        )
    };
    Ok(Head {
        revision: unsigned(row.get(0).explain("read the head")?)?,
        chain: chain(1)?,
        audit_base: chain(2)?,
        audit_chain: chain(3)?,
        meta_digest: chain(4)?,
    })
}

pub(super) fn write(connection: &Connection, head: &Head) -> Result<()> {
    let mut statement = connection
        .prepare_cached(
            "UPDATE head SET revision = ?1, chain = ?2, audit_base = ?3, audit_chain = ?4, meta_digest = ?5 WHERE one = 1",
        )
        .explain("write the head")?;
    let changed = statement
        .execute(params![
            signed(head.revision),
            head.chain,
            head.audit_base,
            head.audit_chain,
            head.meta_digest
        ])
        .explain("write the head")?;
    if changed == 1 {
        Ok(())
    } else {
        Err(corrupt("its head is missing"))
    }
}

/// Compares the head with what it is the head of.
pub(super) fn verify(connection: &Connection) -> Result<Head> {
    let head = read(connection)?;
    let (revision, chain) = snapshot::end_of_log(connection)?;
    if (revision, chain) != (head.revision, head.chain) {
        return Err(corrupt(format_args!(
            "its head is revision {}, but its log ends at {revision}",
            head.revision
        )));
    }
    let last_audit = super::read::audit_chain_at(connection, u64::MAX)?;
    if last_audit.unwrap_or(head.audit_base) != head.audit_chain {
        return Err(corrupt("the last audit records are missing"));
    }
    verify_meta(connection, &head)?;
    Ok(head)
}

pub(super) fn verify_meta(connection: &Connection, head: &Head) -> Result<()> {
    if meta_digest(connection)? == head.meta_digest {
        Ok(())
    } else {
        Err(corrupt("its named values do not match their checksum"))
    }
}

pub(super) fn id(connection: &Connection) -> Result<StoreId> {
    let bytes = meta(connection, ID)?.ok_or_else(|| corrupt("its identity is missing"))?;
    let bytes = bytes
        .try_into()
        .map_err(|_| corrupt("its identity has the wrong length"))?;
    Ok(StoreId::from_bytes(bytes))
}

pub(super) fn meta(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        .optional()
        .explain("read a named value")
}

pub(super) fn set_meta(connection: &Connection, name: &str, value: &[u8]) -> Result<()> {
    connection
        .execute(
            "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)",
            params![name, value],
        )
        .explain("write a named value")?;
    let head = Head {
        meta_digest: meta_digest(connection)?,
        ..read(connection)?
    };
    write(connection, &head)
}

/// Hands on all named values, in the order of their names.
pub(super) fn each_meta(
    connection: &Connection,
    each: &mut dyn FnMut(&str, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT name, value FROM meta ORDER BY name")
        .explain("read the named values")?;
    let mut rows = statement.query([]).explain("read the named values")?;
    while let Some(row) = rows.next().explain("read the named values")? {
        let name = row.get_ref(0).explain("read the named values")?;
        let name = name
            .as_str()
            .map_err(|_| corrupt("a named value has the wrong type"))?;
        each(name, blob(row, 1)?)?;
    }
    Ok(())
}

fn meta_digest(connection: &Connection) -> Result<Digest> {
    let mut packed = vec![];
    each_meta(connection, &mut |name, value| {
        pack(&mut packed, name.as_bytes());
        pack(&mut packed, value);
        Ok(())
    })?;
    Ok(link("meta", &GENESIS, 0, &packed))
}
