//! Strict validation against the schema, with the place of every finding.

use std::collections::BTreeSet;

use cedar_policy::{
    PolicyId, PolicySet, Schema, ValidationError, ValidationMode, ValidationWarning, Validator,
};
use miette::Diagnostic;

use crate::error::{Error, ErrorKind, Location};

use super::origin::{Entry, Origins};
use super::source::{Document, Kind, Source};
use super::statement::Parsed;

pub(super) fn policies(
    source: &Source,
    schema: &Schema,
    set: &PolicySet,
    origins: &Origins,
    errors: &mut Vec<Error>,
    warnings: &mut Vec<Error>,
) {
    let places = Places { source, origins };
    let validator = Validator::new(schema.clone());
    let result = validator.validate(set, ValidationMode::Strict);
    let (found, doubts): (Vec<_>, Vec<_>) = (
        result.validation_errors().map(Finding::of).collect(),
        result.validation_warnings().map(Finding::of).collect(),
    );
    // Policies that were parsed together carry no places: those that something is said of are parsed by themselves.
    let mut alone = PolicySet::new();
    let named: BTreeSet<&PolicyId> = found.iter().chain(&doubts).map(|it| it.policy).collect();
    for id in named {
        places.parse_alone(id.as_ref(), &mut alone);
    }
    let result = validator.validate(&alone, ValidationMode::Strict);
    let exact_errors = result.validation_errors().map(Finding::of).collect();
    let exact_warnings = result.validation_warnings().map(Finding::of).collect();
    errors.append(&mut places.tell(found, exact_errors));
    warnings.append(&mut places.tell(doubts, exact_warnings));
}

/// What Cedar says of a policy.
struct Finding<'r> {
    policy: &'r PolicyId,
    said: &'r dyn Diagnostic,
}

impl<'r> Finding<'r> {
    fn of<F: Diagnostic + OfPolicy>(finding: &'r F) -> Self {
        Self {
            policy: finding.of_policy(),
            said: finding,
        }
    }
}

/// The policy that something is said of.
trait OfPolicy {
    fn of_policy(&self) -> &PolicyId;
}

impl OfPolicy for ValidationError {
    fn of_policy(&self) -> &PolicyId {
        self.policy_id()
    }
}

impl OfPolicy for ValidationWarning {
    fn of_policy(&self) -> &PolicyId {
        self.policy_id()
    }
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
    /// Parses the statement of a policy by itself. What is no statement, as a link, is left alone.
    fn parse_alone(&self, id: &str, set: &mut PolicySet) {
        let Some((document, entry)) = self.document(id) else {
            return;
        };
        if document.kind != Kind::Cedar {
            return;
        }
        let text = document.text.get(entry.offset..entry.offset + entry.len);
        let parsed = [false, true].map(|template| Parsed::read(text.unwrap_or_default(), template, id));
        if let Some(parsed) = parsed.into_iter().find_map(Result::ok) {
            // It has been added to a set once already: nothing can be wrong with its id.
            let _ = parsed.add_to(set, id);
        }
    }

    /// All findings, sorted by place; what was found once more, with its place, instead of what was found first.
    fn tell(&self, found: Vec<Finding<'_>>, exact: Vec<Finding<'_>>) -> Vec<Error> {
        let again: BTreeSet<&PolicyId> = exact.iter().map(|finding| finding.policy).collect();
        let found = found
            .into_iter()
            .filter(|finding| !again.contains(finding.policy))
            .chain(exact);
        let mut told: Vec<Error> = found.map(|it| self.finding(it.said, it.policy)).collect();
        // Cedar reports in the order of a hash map.
        told.sort_by_key(sort_key);
        told
    }

    fn document(&self, id: &str) -> Option<(&Document, Entry)> {
        let (file, entry) = self.origins.entry(id)?;
        Some((self.source.by_name(file)?, entry))
    }

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

    /// Cedar counts offsets from the beginning of the statement it was given.
    fn place(&self, id: &str, span: Option<(usize, usize)>) -> Option<Location> {
        let (document, entry) = self.document(id)?;
        // A span that reaches beyond the statement belongs to the template behind a link.
        let (offset, len) = match span {
            Some((offset, len)) if offset + len <= entry.len => (entry.offset + offset, len),
            _ => (entry.offset, entry.len),
        };
        Some(document.place(offset, len))
    }
}
