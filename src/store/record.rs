//! Transactions as bytes, and the checksums that chain them.

use ring::digest::{Context, SHA256};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_TRANSACTION_BYTES;

/// One change of the state as it is appended: its parts, and who made it and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    changes: Vec<u8>,
    audit: Option<Vec<u8>>,
}

impl Transaction {
    /// A transaction without changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a change; changes are handed back in this order.
    #[must_use]
    pub fn change(mut self, payload: impl AsRef<[u8]>) -> Self {
        pack(&mut self.changes, payload.as_ref());
        self
    }

    /// Sets the audit record.
    #[must_use]
    pub fn audit(mut self, record: Vec<u8>) -> Self {
        self.audit = Some(record);
        self
    }

    pub(super) fn packed(&self) -> &[u8] {
        &self.changes
    }

    pub(super) fn check_size(&self) -> Result<()> {
        check_size("a transaction", self.changes.len())?;
        check_size("an audit record", self.audit.as_ref().map_or(0, Vec::len))
    }

    pub(super) fn audit_record(&self) -> Option<&[u8]> {
        self.audit.as_deref()
    }
}

/// A transaction of the log.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    revision: u64,
    changes: &'a [u8],
}

impl<'a> Entry<'a> {
    pub(super) fn new(revision: u64, changes: &'a [u8]) -> Self {
        Self { revision, changes }
    }

    /// The number of the transaction.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Its changes, in the order in which they were added.
    #[must_use]
    pub fn changes(&self) -> Payloads<'a> {
        Payloads { rest: self.changes }
    }
}

/// Iterates over payloads that lie in one buffer.
#[derive(Clone, Debug)]
pub struct Payloads<'a> {
    rest: &'a [u8],
}

impl<'a> Payloads<'a> {
    pub(super) fn of(packed: &'a [u8]) -> Self {
        Self { rest: packed }
    }
}

impl<'a> Iterator for Payloads<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.rest.split_first_chunk::<4>()?;
        let (payload, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        self.rest = rest;
        Some(payload)
    }
}

pub(super) fn pack(buffer: &mut Vec<u8>, payload: &[u8]) {
    // A length that four bytes cannot hold is far beyond what `check_size` lets into a store.
    let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    buffer.extend_from_slice(&len.to_le_bytes());
    buffer.extend_from_slice(payload);
}

/// Refuses what is too large to be kept as one value.
pub(super) fn check_size(what: &str, bytes: usize) -> Result<()> {
    if bytes <= MAX_TRANSACTION_BYTES {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitExceeded,
        format!("{what} of {bytes} bytes; at most {MAX_TRANSACTION_BYTES} are kept as one"),
    )
    .help("split it"))
}

/// SHA-256, as it is stored.
pub(super) type Digest = [u8; 32];

/// What the first link of a chain follows.
pub(super) const GENESIS: Digest = [0; 32];

/// The checksum of one record and of all before it.
pub(super) fn link(purpose: &str, before: &Digest, number: u64, content: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(purpose.as_bytes());
    context.update(before);
    context.update(&number.to_le_bytes());
    context.update(content);
    let mut digest = GENESIS;
    // SHA-256 has 32 bytes; a difference would end in a digest that matches nothing.
    for (to, from) in digest.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    digest
}

/// Damage, and what to do about it.
pub(super) fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::StoreCorrupt, format!("the store is damaged: {what}")).help(
        "restore the file from a backup, or import the last export; nothing of this file may be trusted",
    )
}

/// The refusal of a change that was made for another revision.
pub(super) fn conflict(expected: u64, head: u64) -> Error {
    Error::new(
        ErrorKind::StoreConflict,
        format!("the change was made for revision {expected}, but the store is at {head}"),
    )
    .help("read the changes in between and decide again")
}

/// The refusal to read what compaction has dropped.
pub(super) fn compacted(revision: u64, base: u64) -> Error {
    Error::new(
        ErrorKind::StoreCompacted,
        format!("the log begins after revision {base}; {revision} is asked for"),
    )
    .help("load the snapshot again")
}

/// A reader has seen more than the store holds: its file was replaced by an older one.
pub(super) fn gone_back(revision: u64, head: u64) -> Error {
    corrupt(format_args!(
        "it is at revision {head}, but revision {revision} was read from it before"
    ))
}

/// A snapshot may replace the log between the last snapshot and the head, nothing else.
pub(super) fn check_compaction(revision: u64, base: u64, head: u64) -> Result<()> {
    if (base..=head).contains(&revision) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::ArgumentInvalid,
        format!(
            "a snapshot at revision {revision} does not lie between the last one ({base}) and the head ({head})"
        ),
    ))
}
