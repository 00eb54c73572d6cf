//! Snapshots: rows packed into chunks, written beside the current one and then installed in one step.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::Result;

use super::super::Item;
use super::super::record::{Digest, GENESIS, Payloads, check_compaction, check_size, corrupt, link, pack};
use super::fault::Explain as _;
use super::read::{blob, chain_at};
use super::{digest, head, signed, unsigned};

/// Bytes of rows in one chunk, about: enough that reading is sequential, little enough to be held at once.
const CHUNK_BYTES: usize = 256 << 10;

/// Chunks written in one transaction: a change waits for no more than these.
const PIECE_CHUNKS: u32 = 32;

/// Numbers of chunks of one generation lie together: the generation times this, and on.
const GENERATION: u64 = 1 << 32;

const CHUNK: &str = "chunk";

/// What the log follows.
pub(super) struct Base {
    pub(super) revision: u64,
    /// The checksum of the transaction at the revision.
    pub(super) chain: Digest,
    generation: u64,
    chunks: u64,
    /// The checksum over all of this and the last chunk's.
    digest: Digest,
}

impl Base {
    fn sum(&self, last_chunk: &Digest) -> Digest {
        let mut content = self.chain.to_vec();
        content.extend_from_slice(&self.generation.to_le_bytes());
        content.extend_from_slice(&self.chunks.to_le_bytes());
        link("snapshot", last_chunk, self.revision, &content)
    }

    fn chunk_number(&self, index: u64) -> u64 {
        self.generation * GENERATION + index
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        connection
            .execute(
                "INSERT OR REPLACE INTO snapshot (one, generation, revision, chunks, chain, digest)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5)",
                params![
                    signed(self.generation),
                    signed(self.revision),
                    signed(self.chunks),
                    self.chain,
                    self.digest
                ],
            )
            .explain("write the snapshot")?;
        Ok(())
    }
}

/// The snapshot of a new store: nothing, at revision 0.
pub(super) fn write_first(connection: &Connection) -> Result<()> {
    let mut base = Base {
        revision: 0,
        chain: GENESIS,
        generation: 0,
        chunks: 0,
        digest: GENESIS,
    };
    base.digest = base.sum(&GENESIS);
    base.write(connection)
}

pub(super) fn base(connection: &Connection) -> Result<Base> {
    let mut statement = connection
        .prepare_cached("SELECT generation, revision, chunks, chain, digest FROM snapshot WHERE one = 1")
        .explain("read the snapshot")?;
    let mut rows = statement.query([]).explain("read the snapshot")?;
    let row = rows
        .next()
        .explain("read the snapshot")?
        .ok_or_else(|| corrupt("its snapshot is missing"))?;
    let number = |column: usize| unsigned(row.get(column).explain("read the snapshot")?);
    let base = Base {
        generation: number(0)?,
        revision: number(1)?,
        chunks: number(2)?,
        chain: digest(blob(row, 3)?)?,
        digest: digest(blob(row, 4)?)?,
    };
    // Bounds that keep the arithmetic of chunk numbers within range.
    if base.generation >= GENERATION / 2 || base.chunks >= GENERATION {
        return Err(corrupt("its snapshot has an impossible size"));
    }
    Ok(base)
}

/// Hands on the rows of the snapshot.
pub(super) fn read(connection: &Connection, each: &mut dyn FnMut(Item<'_>) -> Result<()>) -> Result<Base> {
    let base = base(connection)?;
    let mut statement = connection
        .prepare_cached(
            "SELECT number, rows, chain FROM chunk WHERE number >= ?1 AND number < ?2 ORDER BY number",
        )
        .explain("read the snapshot")?;
    let mut rows = statement
        .query(params![
            signed(base.chunk_number(0)),
            signed(base.chunk_number(base.chunks))
        ])
        .explain("read the snapshot")?;
    let (mut index, mut chain) = (0, GENESIS);
    while let Some(row) = rows.next().explain("read the snapshot")? {
        let number = unsigned(row.get(0).explain("read the snapshot")?)?;
        let packed = blob(row, 1)?;
        chain = link(CHUNK, &chain, number, packed);
        if number != base.chunk_number(index) || blob(row, 2)? != chain {
            return Err(corrupt(format_args!(
                "chunk {index} of its snapshot does not match its checksum"
            )));
        }
        for payload in Payloads::of(packed) {
            each(Item::Row(base.revision, payload))?;
        }
        index += 1;
    }
    if index != base.chunks || base.sum(&chain) != base.digest {
        return Err(corrupt("its snapshot does not match its checksum"));
    }
    Ok(base)
}

/// The last revision that the log and the snapshot hold, and its checksum.
pub(super) fn end_of_log(connection: &Connection) -> Result<(u64, Digest)> {
    let last = connection
        .query_row(
            "SELECT revision, chain FROM log ORDER BY revision DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)),
        )
        .optional()
        .explain("read the log")?;
    match last {
        Some((revision, chain)) => Ok((unsigned(revision)?, digest(&chain)?)),
        None => {
            let base = base(connection)?;
            Ok((base.revision, base.chain))
        }
    }
}

/// A snapshot that is being written.
pub(super) struct Fresh {
    generation: u64,
    chunks: u64,
    chain: Digest,
}

impl Fresh {
    pub(super) fn after(base: &Base) -> Self {
        Self {
            generation: base.generation + 1,
            chunks: 0,
            chain: GENESIS,
        }
    }

    /// Packs the next rows into chunks; none when there are no more rows.
    pub(super) fn gather(rows: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        let mut chunks = vec![];
        while chunks.len() < PIECE_CHUNKS as usize {
            let mut packed = Vec::with_capacity(CHUNK_BYTES);
            while packed.len() < CHUNK_BYTES {
                let Some(row) = rows.next() else { break };
                check_size("a row of a snapshot", row.len())?;
                pack(&mut packed, &row);
            }
            if packed.is_empty() {
                break;
            }
            chunks.push(packed);
        }
        Ok(chunks)
    }

    pub(super) fn write(&mut self, connection: &Connection, chunks: &[Vec<u8>]) -> Result<()> {
        let mut insert = connection
            .prepare_cached("INSERT INTO chunk (number, rows, chain) VALUES (?1, ?2, ?3)")
            .explain("write the snapshot")?;
        for packed in chunks {
            let number = self.generation * GENERATION + self.chunks;
            self.chain = link(CHUNK, &self.chain, number, packed);
            insert
                .execute(params![signed(number), packed, self.chain])
                .explain("write the snapshot")?;
            self.chunks += 1;
        }
        Ok(())
    }

    /// Makes it the snapshot of the store, and drops the log that it stands for.
    pub(super) fn install(&self, connection: &Connection, revision: u64, before: &Base) -> Result<()> {
        check_compaction(revision, before.revision, head::read(connection)?.revision)?;
        let mut base = Base {
            revision,
            chain: if revision == before.revision {
                before.chain
            } else {
                chain_at(connection, revision)?
            },
            generation: self.generation,
            chunks: self.chunks,
            digest: GENESIS,
        };
        base.digest = base.sum(&self.chain);
        base.write(connection)?;
        connection
            .execute("DELETE FROM log WHERE revision <= ?1", [signed(revision)])
            .explain("shorten the log")?;
        Ok(())
    }
}

/// Drops the chunks of every generation but the current one: of snapshots that were replaced or never finished.
pub(super) fn drop_orphans(connection: &mut Connection) -> Result<()> {
    let base = base(connection)?;
    loop {
        let dropped = connection
            .execute(
                "DELETE FROM chunk WHERE number IN
                     (SELECT number FROM chunk WHERE number < ?1 OR number >= ?2 LIMIT ?3)",
                params![
                    signed(base.chunk_number(0)),
                    signed(base.chunk_number(base.chunks)),
                    PIECE_CHUNKS
                ],
            )
            .explain("drop an old snapshot")?;
        if dropped == 0 {
            return Ok(());
        }
    }
}
