//! The texts that make up a policy directory, from disk or from memory.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Location, Result};
use crate::limits::MAX_DOCUMENT_BYTES;

/// What a document of a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Cedar,
    Schema,
    SchemaJson,
    Entities,
    Links,
}

/// One text with the name that errors show.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) name: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Document {
    /// The place of a byte range of this document.
    pub(crate) fn place(&self, offset: usize, len: usize) -> Location {
        Location::in_text(&self.name, &self.text, offset, len)
    }

    /// The name as text.
    pub(crate) fn label(&self) -> String {
        self.name.display().to_string()
    }

    /// The file's name without its extension.
    pub(crate) fn stem(&self) -> String {
        self.name
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }
}

/// Policy texts, schema, entities and links, before they are parsed.
#[derive(Clone, Debug, Default)]
pub struct Source {
    documents: Vec<Document>,
}

impl Source {
    /// A source without documents.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a directory: `*.cedar`, `*.cedarschema`, `*.cedarschema.json`, `links.json` and `entities.json`; other
    /// files and subdirectories are left alone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the directory or a file cannot be read, [`ErrorKind::LimitExceeded`] for an oversized
    /// file, [`ErrorKind::NotUtf8`], and [`ErrorKind::Configuration`] when the directory holds no policy file.
    pub fn directory(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| Error::io(path, &error))? {
            let entry = entry.map_err(|error| Error::io(path, &error))?;
            names.extend(kind_of(&entry.file_name().to_string_lossy()).map(|kind| (entry.path(), kind)));
        }
        // The order of a directory listing differs between systems; the order of policies must not.
        names.sort();
        let mut source = Self::new();
        for (name, kind) in names {
            let text = read_document(&name)?;
            source.documents.push(Document { name, kind, text });
        }
        if !source
            .documents
            .iter()
            .any(|document| document.kind == Kind::Cedar)
        {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("no *.cedar file in {}", path.display()),
            )
            .at(Location::file(path))
            .help("point at the directory that holds the policy files"));
        }
        Ok(source)
    }

    /// Adds policy text.
    #[must_use]
    pub fn cedar(self, name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.with(name, Kind::Cedar, text)
    }

    /// Adds a schema in Cedar's own schema language.
    #[must_use]
    pub fn schema(self, name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.with(name, Kind::Schema, text)
    }

    /// Adds a schema in JSON.
    #[must_use]
    pub fn schema_json(self, name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.with(name, Kind::SchemaJson, text)
    }

    /// Adds entities in Cedar's JSON form.
    #[must_use]
    pub fn entities(self, name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.with(name, Kind::Entities, text)
    }

    /// Adds template links: a JSON array of `{"template": …, "principal": …, "resource": …, "id": …}`.
    #[must_use]
    pub fn links(self, name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.with(name, Kind::Links, text)
    }

    fn with(mut self, name: impl Into<PathBuf>, kind: Kind, text: impl Into<String>) -> Self {
        self.documents.push(Document {
            name: name.into(),
            kind,
            text: text.into(),
        });
        self
    }

    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Document> {
        self.documents
            .iter()
            .filter(move |document| document.kind == kind)
    }

    pub(crate) fn by_name(&self, name: &Path) -> Option<&Document> {
        self.documents.iter().find(|document| document.name == name)
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    match name {
        "entities.json" => Some(Kind::Entities),
        "links.json" => Some(Kind::Links),
        _ if name.starts_with('.') => None,
        _ if name.ends_with(".cedar") => Some(Kind::Cedar),
        _ if name.ends_with(".cedarschema") => Some(Kind::Schema),
        _ if name.ends_with(".cedarschema.json") => Some(Kind::SchemaJson),
        _ => None,
    }
}

/// Reads a file of bounded size; the bound is applied while reading, so that an endless file ends too.
pub(super) fn read_bounded(path: &Path, most: usize) -> Result<Vec<u8>> {
    let file = fs::File::open(path).map_err(|error| Error::io(path, &error))?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(path, &error))?;
    if bytes.len() > most {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("{} is larger than {most} bytes", path.display()),
        )
        .at(Location::file(path))
        .help("split the file"));
    }
    Ok(bytes)
}

/// Reads a UTF-8 file of bounded size.
pub(crate) fn read_document(path: &Path) -> Result<String> {
    let bytes = read_bounded(path, MAX_DOCUMENT_BYTES)?;
    String::from_utf8(bytes).map_err(|error| {
        Error::new(
            ErrorKind::NotUtf8,
            format!(
                "{} is not UTF-8 at byte {}",
                path.display(),
                error.utf8_error().valid_up_to()
            ),
        )
        .at(Location::file(path))
        .help("save the file as UTF-8")
    })
}
