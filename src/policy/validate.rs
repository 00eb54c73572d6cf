//! Strict validation against the schema, with the place of every finding.

use cedar_policy::{PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;

use crate::error::{Error, ErrorKind, Location};

use super::origin::Origins;
use super::source::Source;

pub(super) fn policies(
    source: &Source,
    schema: &Schema,
    set: &PolicySet,
    origins: &Origins,
    errors: &mut Vec<Error>,
    warnings: &mut Vec<Error>,
) {
    let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    let places = Places { source, origins };
    let mut found: Vec<Error> = result
        .validation_errors()
        .map(|error| places.finding(error, error.policy_id()))
        .collect();
    let mut doubts: Vec<Error> = result
        .validation_warnings()
        .map(|warning| places.finding(warning, warning.policy_id()))
        .collect();
    // Cedar reports in the order of a hash map.
    found.sort_by_key(sort_key);
    doubts.sort_by_key(sort_key);
    errors.append(&mut found);
    warnings.append(&mut doubts);
}

fn sort_key(error: &Error) -> (std::path::PathBuf, usize, usize, String) {
    let (file, line, column) = error.location().map_or_else(
        || (std::path::PathBuf::new(), 0, 0),
        |at| (at.file.clone(), at.line, at.column),
    );
    (file, line, column, error.message().to_owned())
}

struct Places<'a> {
    source: &'a Source,
    origins: &'a Origins,
}

impl Places<'_> {
    fn finding(&self, found: &dyn Diagnostic, id: &PolicyId) -> Error {
        let label = found.labels().and_then(|mut labels| labels.next());
        let span = label.map(|label| (label.offset(), label.len()));
        let error = Error::new(ErrorKind::PolicyInvalid, found.to_string()).help(found.help().map_or_else(
            || "compare the policy with the schema".to_owned(),
            |help| help.to_string(),
        ));
        match self.place(id.as_ref(), span) {
            Some(location) => error.at(location),
            None => error,
        }
    }

    fn place(&self, id: &str, span: Option<(usize, usize)>) -> Option<Location> {
        let (file, written) = self.origins.written(id)?;
        let document = self.source.by_name(file)?;
        let whole = written.offset..written.offset + written.len;
        // A span that reaches beyond the statement belongs to the template behind a link.
        let (offset, len) = match span.map(|(offset, len)| (written.counted_from + offset, len)) {
            Some((offset, len)) if whole.contains(&offset) && offset + len <= whole.end => (offset, len),
            _ => (whole.start, written.len),
        };
        Some(document.place(offset, len))
    }
}
