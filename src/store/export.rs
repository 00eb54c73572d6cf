//! Export and import: a whole store as lines of JSON.
//!
//! The first line says what follows. Then come the audit records, the rows of the snapshot, the transactions after it,
//! named values and counters, and last a line with the number of lines and a checksum, so that a cut or changed export
//! is noticed. Payloads that are JSON objects are written as such and stay readable; others are written in base64. What
//! was sealed stays sealed: who imports it needs the sealing key of the exported store.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_TRANSACTION_BYTES;

use super::{Item, Store, Transaction};

/// The version of the form.
const VERSION: u32 = 1;

/// Longest line that is read: a transaction and its audit record in base64, and their frame.
const MAX_LINE_BYTES: u64 = (MAX_TRANSACTION_BYTES as u64) * 4;

/// Transactions that are imported as one durable batch.
const BATCH: usize = 1_000;

/// The named value that an import leaves to the new store.
const ID: &str = "id";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Bailiwick {
        version: u32,
        store: String,
        revision: u64,
        snapshot: u64,
    },
    Audit {
        revision: u64,
        record: Json,
    },
    Row(Json),
    Transaction {
        revision: u64,
        changes: Vec<Json>,
    },
    Meta {
        name: String,
        value: Json,
    },
    Usage {
        key: Json,
        value: Json,
    },
    End {
        lines: u64,
        sha256: String,
    },
}

/// A payload as JSON, such that [`bytes`] gives exactly the payload back.
fn written(payload: &[u8]) -> Json {
    if let Ok(value @ Json::Object(_)) = serde_json::from_slice::<Json>(payload)
        && as_base64(&value).is_none()
        && serde_json::to_vec(&value).is_ok_and(|again| again == payload)
    {
        return value;
    }
    json!({ "base64": STANDARD.encode(payload) })
}

fn as_base64(value: &Json) -> Option<&str> {
    let members = value.as_object()?;
    members
        .get("base64")
        .filter(|_| members.len() == 1)
        .and_then(Json::as_str)
}

fn bytes(value: &Json) -> Result<Vec<u8>> {
    let unreadable = || invalid("a payload cannot be read");
    match as_base64(value) {
        Some(text) => STANDARD.decode(text).map_err(|_| unreadable()),
        None => serde_json::to_vec(value).map_err(|_| unreadable()),
    }
}

/// Writes a whole store: one JSON object on each line.
///
/// The export is as confidential as the store itself. Private keys stay sealed under the host's key.
///
/// # Errors
///
/// Those of [`Store::load`]; [`ErrorKind::StoreConflict`] when the store is compacted meanwhile;
/// [`ErrorKind::StoreIo`] when `out` cannot be written.
///
/// ```
/// use bailiwick::store::{Memory, Store, Transaction, export, import};
///
/// let store = Memory::new();
/// store.append(0, &[Transaction::new().change(br#"{"tenant":"acme"}"#)])?;
/// let mut text = vec![];
/// export(&store, &mut text)?;
///
/// let copy = Memory::new();
/// assert_eq!(import(&copy, &text[..])?, 1);
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub fn export(store: &dyn Store, out: &mut dyn Write) -> Result<()> {
    let (snapshot, revision) = (store.base()?, store.head()?);
    let mut out = Writer::new(out);
    out.line(&Line::Bailiwick {
        version: VERSION,
        store: store.id().to_string(),
        revision,
        snapshot,
    })?;
    store.audit_after(0, &mut |number, record| {
        if number <= revision {
            out.line(&Line::Audit {
                revision: number,
                record: written(record),
            })?;
        }
        Ok(number < revision)
    })?;
    let mut reached = snapshot;
    store.load(&mut |item| match item {
        Item::Row(at, row) if at == snapshot => out.line(&Line::Row(written(row))),
        Item::Entry(entry) if entry.revision() > revision => Ok(()),
        Item::Entry(entry) if entry.revision() == reached + 1 => {
            reached = entry.revision();
            out.line(&Line::Transaction {
                revision: reached,
                changes: entry.changes().map(written).collect(),
            })
        }
        Item::Row(..) | Item::Entry(_) => Err(moved()),
    })?;
    if reached != revision {
        return Err(moved());
    }
    store.each_meta(&mut |name, value| match name {
        ID => Ok(()),
        _ => out.line(&Line::Meta {
            name: name.to_owned(),
            value: written(value),
        }),
    })?;
    store.usage(&mut |key, value| {
        out.line(&Line::Usage {
            key: written(key),
            value: written(value),
        })
    })?;
    out.end()
}

fn moved() -> Error {
    Error::new(
        ErrorKind::StoreConflict,
        "the store was compacted while it was exported",
    )
    .help("export it again")
}

struct Writer<'w> {
    out: &'w mut dyn Write,
    sum: Context,
    lines: u64,
}

impl<'w> Writer<'w> {
    fn new(out: &'w mut dyn Write) -> Self {
        Self {
            out,
            sum: Context::new(&SHA256),
            lines: 0,
        }
    }

    fn line(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line).map_err(|_| {
            Error::new(
                ErrorKind::Internal,
                "a line of the export cannot be written as JSON",
            )
        })?;
        text.push(b'\n');
        self.sum.update(&text);
        self.lines += 1;
        self.out.write_all(&text).map_err(|error| {
            Error::new(
                ErrorKind::StoreIo,
                format!("cannot write the export: {}", error.kind()),
            )
        })
    }

    fn end(mut self) -> Result<()> {
        let (lines, sha256) = (self.lines, hex(self.sum.clone()));
        self.line(&Line::End { lines, sha256 })
    }
}

fn hex(sum: Context) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in sum.finish().as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Reads an export into an empty store, which gets the revisions of the exported one; returns the head.
///
/// When it fails, the store holds a part of the export and must be discarded.
///
/// # Errors
///
/// [`ErrorKind::ArgumentInvalid`] when the store is not empty, [`ErrorKind::ExportInvalid`] for an export that is
/// incomplete, damaged or of another version, and those of [`Store::append`].
pub fn import(store: &dyn Store, text: impl BufRead) -> Result<u64> {
    if store.head()? != 0 || store.base()? != 0 {
        return Err(Error::new(
            ErrorKind::ArgumentInvalid,
            "the store to import into is not empty",
        )
        .help("create a new store for the import"));
    }
    let mut reader = Reader {
        text,
        sum: Context::new(&SHA256),
        lines: 0,
    };
    let Line::Bailiwick {
        version,
        revision,
        snapshot,
        ..
    } = reader.next()?
    else {
        return Err(invalid("its first line does not say what it is"));
    };
    if version != VERSION || snapshot > revision {
        return Err(invalid(format_args!(
            "it has version {version}; this library reads version {VERSION}"
        )));
    }
    let mut import = Import {
        store,
        audit: BTreeMap::new(),
        pending: vec![],
        queued: 0,
    };
    let mut line = reader.next()?;
    while let Line::Audit { revision: at, record } = line {
        import.audit.insert(at, bytes(&record)?);
        if at <= snapshot {
            import.pad(at)?;
        }
        line = reader.next()?;
    }
    import.pad(snapshot)?;
    import.flush()?;
    line = import_rows(store, snapshot, line, &mut reader)?;
    while let Line::Transaction {
        revision: at,
        changes,
    } = line
    {
        if at != import.queued + 1 {
            return Err(invalid(format_args!("revision {} is missing", import.queued + 1)));
        }
        let mut transaction = Transaction::new();
        for change in &changes {
            transaction = transaction.change(bytes(change)?);
        }
        import.queue(transaction)?;
        line = reader.next()?;
    }
    import.flush()?;
    while let Line::Meta { name, value } = line {
        if name == ID {
            return Err(invalid("it names the store's identity"));
        }
        store.set_meta(&name, &bytes(&value)?)?;
        line = reader.next()?;
    }
    line = import_usage(store, line, &mut reader)?;
    let head = store.head()?;
    match line {
        Line::End { .. } if head == revision && import.audit.is_empty() => Ok(head),
        _ => Err(invalid("its lines are not in order")),
    }
}

/// Makes the rows from `line` on the snapshot; returns the line after them.
fn import_rows(
    store: &dyn Store,
    snapshot: u64,
    line: Line,
    reader: &mut Reader<impl BufRead>,
) -> Result<Line> {
    let mut next = Ok(line);
    let mut rows = std::iter::from_fn(|| match &next {
        Ok(Line::Row(row)) => {
            let row = bytes(row);
            next = match &row {
                Ok(_) => reader.next(),
                Err(error) => Err(error.clone()),
            };
            row.ok()
        }
        _ => None,
    });
    if snapshot > 0 {
        store.compact(snapshot, &mut rows)?;
    }
    next
}

fn import_usage(store: &dyn Store, line: Line, reader: &mut Reader<impl BufRead>) -> Result<Line> {
    let mut next = Ok(line);
    let mut rows = std::iter::from_fn(|| match &next {
        Ok(Line::Usage { key, value }) => {
            let row = bytes(key).and_then(|key| Ok((key, bytes(value)?)));
            next = match &row {
                Ok(_) => reader.next(),
                Err(error) => Err(error.clone()),
            };
            row.ok()
        }
        _ => None,
    });
    store.save_usage(&mut rows)?;
    next
}

struct Import<'s> {
    store: &'s dyn Store,
    /// Audit records whose transactions have not come yet.
    audit: BTreeMap<u64, Vec<u8>>,
    pending: Vec<Transaction>,
    /// The revision of the last transaction in `pending`.
    queued: u64,
}

impl Import<'_> {
    fn queue(&mut self, transaction: Transaction) -> Result<()> {
        self.queued += 1;
        let transaction = match self.audit.remove(&self.queued) {
            Some(record) => transaction.audit(record),
            None => transaction,
        };
        self.pending.push(transaction);
        if self.pending.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    /// Counts up to the revision; what these transactions changed is in the snapshot.
    fn pad(&mut self, revision: u64) -> Result<()> {
        while self.queued < revision {
            self.queue(Transaction::new())?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let before = self.queued - self.pending.len() as u64;
        self.store.append(before, &self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

struct Reader<R> {
    text: R,
    sum: Context,
    lines: u64,
}

impl<R: BufRead> Reader<R> {
    fn next(&mut self) -> Result<Line> {
        let mut text = vec![];
        let read = self
            .text
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut text)
            .map_err(|error| {
                Error::new(
                    ErrorKind::StoreIo,
                    format!("cannot read the export: {}", error.kind()),
                )
            })?;
        let at = self.lines + 1;
        if read == 0 {
            return Err(invalid(format_args!("it ends after line {}", self.lines)));
        }
        let line: Line =
            serde_json::from_slice(&text).map_err(|_| invalid(format_args!("line {at} cannot be read")))?;
        if let Line::End { lines, sha256 } = &line
            && (*lines != self.lines || *sha256 != hex(self.sum.clone()))
        {
            return Err(invalid("it does not match its checksum"));
        }
        self.sum.update(&text);
        self.lines = at;
        Ok(line)
    }
}

fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::ExportInvalid,
        format!("the export is unusable: {what}"),
    )
    .help("export the store again, and import into a new one")
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
