//! A file of records, one JSON object on each line, that is put aside when it has grown.

use std::fs::{File, OpenOptions, rename};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Location, Result};

use super::record::Record;
use super::sink::Sink;

/// Size at which the file is put aside, unless another is asked for (64 MiB).
const MAX_BYTES: u64 = 64 << 20;

/// Most files that are kept aside: each is looked for when one more is put there.
const MAX_KEPT: u32 = 1_000;

/// Files that are kept aside, unless another number is asked for.
const KEPT: u32 = 8;

/// Appends records to a file.
///
/// When the file would grow beyond its size it becomes `audit.jsonl.1`, the one before `audit.jsonl.2` and so on, and the
/// oldest goes.
///
/// ```
/// use bailiwick::audit::{Audit, JsonLines};
///
/// # let directory = tempfile::tempdir().map_err(|e| bailiwick::Error::new(bailiwick::ErrorKind::Io, e.to_string()))?;
/// let file = JsonLines::open(directory.path().join("audit.jsonl"))?.rotate(1 << 20, 3);
/// let audit = Audit::builder().sink(file).build();
/// # let _ = audit;
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    out: BufWriter<File>,
    bytes: u64,
    max_bytes: u64,
    kept: u32,
}

impl JsonLines {
    /// Opens a file to append to, and makes it where there is none; its owner alone may read it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AuditIo`] when it cannot be opened.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let file = open(&path)?;
        let bytes = file
            .metadata()
            .map_err(|error| failed(&path, "open", &error))?
            .len();
        Ok(Self {
            out: BufWriter::new(file),
            path,
            bytes,
            max_bytes: MAX_BYTES,
            kept: KEPT,
        })
    }

    /// Puts the file aside before it grows beyond `max_bytes`, and keeps `kept` files that were put aside.
    #[must_use]
    pub fn rotate(mut self, max_bytes: u64, kept: u32) -> Self {
        self.max_bytes = max_bytes;
        self.kept = kept.min(MAX_KEPT);
        self
    }

    fn put_aside(&mut self) -> Result<()> {
        self.flush()?;
        for number in (0..self.kept).rev() {
            let (from, to) = (self.aside(number), self.aside(number + 1));
            if from.exists() {
                rename(&from, &to).map_err(|error| failed(&from, "put aside", &error))?;
            }
        }
        if self.kept == 0 {
            std::fs::remove_file(&self.path).map_err(|error| failed(&self.path, "remove", &error))?;
        }
        self.out = BufWriter::new(open(&self.path)?);
        self.bytes = 0;
        Ok(())
    }

    /// The file put aside before `number - 1` others; 0 for the file itself.
    fn aside(&self, number: u32) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|error| failed(path, "open", &error))
}

fn failed(path: &Path, doing: &str, error: &std::io::Error) -> Error {
    let words = error.kind();
    Error::new(
        ErrorKind::AuditIo,
        format!("cannot {doing} {}: {words}", path.display()),
    )
    .at(Location::file(path))
    .help("make sure that the directory exists, can be written and has space left")
}

impl Sink for JsonLines {
    fn write(&mut self, record: &Record) -> Result<()> {
        let mut line = record.to_json().to_string();
        line.push('\n');
        let len = line.len() as u64;
        if self.bytes > 0 && self.bytes + len > self.max_bytes {
            self.put_aside()?;
        }
        self.out
            .write_all(line.as_bytes())
            .map_err(|error| failed(&self.path, "write", &error))?;
        self.bytes += len;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.out
            .flush()
            .map_err(|error| failed(&self.path, "write", &error))
    }
}
