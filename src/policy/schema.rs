//! The schema: parsing it, and what cedar-policy finds wrong with it, at its place.

use cedar_policy::{Schema, SchemaFragment};
use miette::Diagnostic;

use crate::error::{Error, ErrorKind, Location, Result};
use crate::json;

use super::bounds;
use super::schema_reader::Reader;
use super::source::{Document, Kind, Source};
use super::vocabulary::Vocabulary;

/// Parses the schema documents of a source.
pub(super) fn load(source: &Source, warnings: &mut Vec<Error>) -> Result<(Option<Schema>, Vocabulary)> {
    let mut fragments = Vec::new();
    let mut json = Vec::new();
    let mut errors = Vec::new();
    for document in source.of(Kind::Schema).chain(source.of(Kind::SchemaJson)) {
        match fragment(document, warnings) {
            Ok(fragment) => {
                let value = fragment
                    .clone()
                    .to_json_value()
                    .map_err(|error| located(document, &error))?;
                json.push((document, value));
                fragments.push((document, fragment));
            }
            Err(error) => errors.push(error),
        }
    }
    if let Some(error) = Error::first_of(errors) {
        return Err(error);
    }
    let Some((first, _)) = fragments.first() else {
        return Ok((None, Vocabulary::default()));
    };
    let first = *first;
    let schema = Schema::from_schema_fragments(fragments.iter().map(|(_, fragment)| fragment.clone()))
        .map_err(|error| located(first, &error))?;
    let vocabulary = Reader::new(&schema, &json).read()?;
    Ok((Some(schema), vocabulary))
}

fn fragment(document: &Document, warnings: &mut Vec<Error>) -> Result<SchemaFragment> {
    if document.kind == Kind::SchemaJson {
        let value = json::parse(&document.label(), document.text.as_bytes())?;
        return SchemaFragment::from_json_value(value).map_err(|error| {
            located(document, &error).help("see https://docs.cedarpolicy.com/schema/json-schema.html")
        });
    }
    bounds::schema(document)?;
    match SchemaFragment::from_cedarschema_str(&document.text) {
        Ok((fragment, found)) => {
            warnings.extend(found.map(|warning| {
                Error::new(ErrorKind::SchemaInvalid, warning.to_string()).at(document.place(0, 0))
            }));
            Ok(fragment)
        }
        Err(error) => Err(located(document, &error)),
    }
}

/// An error of cedar-policy about a schema, at its place.
fn located(document: &Document, error: &(impl Diagnostic + ?Sized)) -> Error {
    let text = error.to_string();
    let is_syntax = text.starts_with("error parsing schema") && !text.contains("declared twice")
        // serde's words for JSON of another shape.
        || ["invalid type", "missing field", "unknown field"].iter().any(|words| text.starts_with(words));
    let kind = if is_syntax {
        ErrorKind::SchemaSyntax
    } else {
        ErrorKind::SchemaInvalid
    };
    let label = error.labels().and_then(|mut labels| labels.next());
    let place = match &label {
        Some(label) => document.place(label.offset(), label.len()),
        None => Location::file(&document.name),
    };
    let help = error
        .help()
        .map(|help| help.to_string())
        .or_else(|| label.as_ref().and_then(|label| label.label().map(str::to_owned)))
        .unwrap_or_else(|| "see https://docs.cedarpolicy.com/schema/human-readable-schema.html".to_owned());
    Error::new(kind, text).at(place).help(help)
}
