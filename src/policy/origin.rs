//! Where each policy, template and link is written.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::limits::MAX_DOCUMENT_BYTES;

use super::source::{Document, Kind, Source};
use super::text::Spot;

/// The place of a policy. Displayed as file and line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The file, as the caller named it.
    pub file: &'a Path,
    /// The line of its first token, counted from 1.
    pub line: usize,
    /// The column of its first token in characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A place in a document, by byte offset.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) spot: Spot,
    pub(super) offset: usize,
    pub(super) len: usize,
    /// Where the text begins that the places of Cedar's findings count from; matters only while texts are loaded.
    #[serde(skip)]
    pub(super) counted_from: usize,
}

/// The same with the number of the document.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    file: usize,
    pub(super) written: Written,
}

/// All origins of a load.
#[derive(Clone, Default)]
pub(super) struct Origins {
    files: Vec<PathBuf>,
    entries: HashMap<String, Entry>,
}

impl Origins {
    /// Notes a document, whose entries follow.
    pub(super) fn begin(&mut self, document: &Document) {
        self.files.push(document.name.clone());
    }

    /// Notes where `id` is written in the document begun last; returns the earlier place when it is taken.
    pub(super) fn insert(&mut self, id: &str, written: Written) -> Option<Origin<'_>> {
        if self.entries.contains_key(id) {
            return self.get(id);
        }
        let entry = Entry {
            file: self.files.len().saturating_sub(1),
            written,
        };
        self.entries.insert(id.to_owned(), entry);
        None
    }

    pub(super) fn get(&self, id: &str) -> Option<Origin<'_>> {
        let (file, written) = self.written(id)?;
        Some(Origin {
            file,
            line: written.spot.line,
            column: written.spot.column,
        })
    }

    pub(super) fn written(&self, id: &str) -> Option<(&Path, Written)> {
        let entry = self.entries.get(id)?;
        Some((self.files.get(entry.file)?, entry.written))
    }

    /// The text of each policy and template.
    pub(super) fn texts<'t>(&'t self, source: &'t Source) -> HashMap<&'t str, &'t str> {
        let documents: HashMap<&Path, &Document> = (source.of(Kind::Cedar))
            .map(|document| (document.name.as_path(), document))
            .collect();
        let text = |entry: &Entry| {
            let document = documents.get(self.files.get(entry.file)?.as_path())?;
            let Written { offset, len, .. } = entry.written;
            document.text.get(offset..offset + len)
        };
        let entries = self.entries.iter();
        entries
            .filter_map(|(id, entry)| Some((id.as_str(), text(entry)?)))
            .collect()
    }

    /// Whether every place can be one of a document: others would overflow what is added to them.
    pub(super) fn are_plausible(&self) -> bool {
        self.entries.values().all(|entry| {
            let Written {
                spot, offset, len, ..
            } = entry.written;
            let Spot { line, column } = spot;
            let counts = [line, column, offset, len];
            let most = MAX_DOCUMENT_BYTES + 1;
            line > 0 && column > 0 && counts.iter().all(|count| *count <= most)
        })
    }

    /// The files, and all entries sorted by id.
    pub(super) fn listed(&self) -> (&[PathBuf], Vec<(&str, Entry)>) {
        let entries = self.entries.iter();
        let mut entries: Vec<_> = entries.map(|(id, entry)| (id.as_str(), *entry)).collect();
        entries.sort_unstable_by_key(|(id, _)| *id);
        (&self.files, entries)
    }

    /// What [`listed`](Self::listed) told.
    pub(super) fn of_listed(files: Vec<PathBuf>, entries: &[(&str, Entry)]) -> Self {
        Self {
            files,
            entries: entries
                .iter()
                .map(|(id, entry)| ((*id).to_owned(), *entry))
                .collect(),
        }
    }
}
