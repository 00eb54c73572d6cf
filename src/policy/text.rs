//! Cedar policy text: statements, their ids, and the places of what is wrong with them.

use cedar_policy::{PolicySet, pst};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::limits::{MAX_NAME_BYTES, MAX_POLICIES};
use crate::stack::runs_in_parallel;
use crate::value::shorten;

use super::bounds::{self, Statement};
use super::origin::{Origins, Written};
use super::source::{Document, Kind, Source};
use super::statement::{self, Parsed, Wrong};

/// Policies and templates: as Cedar takes them, and the syntax tree of each.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) set: PolicySet,
    pub(super) trees: Vec<pst::Template>,
}

/// Parses every policy document; what is wrong goes to `errors`.
pub(super) fn load(
    source: &Source,
    origins: &mut Origins,
    errors: &mut Vec<Error>,
    warnings: &mut Vec<Error>,
) -> Loaded {
    let mut loaded = Loaded::default();
    let mut count = 0_usize;
    for document in source.of(Kind::Cedar) {
        origins.begin(document);
        let statements = match bounds::statements(document) {
            Ok(statements) => statements,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        count += statements.len();
        if count > MAX_POLICIES {
            let message = format!("more than {MAX_POLICIES} policies");
            errors.push(Error::new(ErrorKind::LimitExceeded, message).at(document.place(0, 0)));
            return loaded;
        }
        let indexed: Vec<_> = statements.iter().enumerate().collect();
        let parsed = match runs_in_parallel(&indexed, |run| statement::read(document, run)) {
            Ok(parsed) => parsed,
            Err(error) => {
                errors.push(error);
                return loaded;
            }
        };
        let mut lines = Lines::new(&document.text);
        for ((_, statement), parsed) in indexed.into_iter().zip(parsed) {
            let spot = lines.spot_of(statement.start);
            let before = Place {
                document,
                statement,
                spot,
            };
            before.load(parsed, &mut loaded, origins, errors, warnings);
        }
    }
    loaded
}

/// One statement at its place.
struct Place<'a> {
    document: &'a Document,
    statement: &'a Statement,
    spot: Spot,
}

impl Place<'_> {
    fn load(
        &self,
        parsed: Result<Parsed, Wrong>,
        loaded: &mut Loaded,
        origins: &mut Origins,
        errors: &mut Vec<Error>,
        warnings: &mut Vec<Error>,
    ) {
        let Statement { start, end, .. } = *self.statement;
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(Wrong::Syntax(found)) => {
                errors.extend(found.iter().map(|error| self.syntax(error)));
                return;
            }
            Err(Wrong::Unsupported(error)) => {
                errors.push(self.finding(
                    ErrorKind::PolicyUnsupported,
                    &error.to_string(),
                    "write it differently",
                ));
                return;
            }
        };
        let id = parsed.id();
        match parsed.annotated_id() {
            Some("") => {
                errors.push(self.finding(
                    ErrorKind::PolicySyntax,
                    "the @id of a policy is empty",
                    "give it a name",
                ));
                return;
            }
            Some(id) if id.len() > MAX_NAME_BYTES => {
                let message = format!(
                    "an @id of {} bytes; at most {MAX_NAME_BYTES} are accepted",
                    id.len()
                );
                errors.push(self.finding(ErrorKind::LimitExceeded, &message, "shorten it"));
                return;
            }
            Some(_) => {}
            None => {
                let message = format!("policy without @id; it is called `{id}` until the file changes");
                warnings.push(self.finding(ErrorKind::PolicyInvalid, &message, "give it a name: @id(\"…\")"));
            }
        }
        let written = Written {
            spot: self.spot,
            offset: start,
            len: end - start,
            counted_from: parsed.counted_from,
        };
        if let Some(taken) = origins.insert(id, written) {
            let message = format!("the id `{}` is used twice: here and at {taken}", shorten(id));
            errors.push(self.finding(
                ErrorKind::PolicyDuplicate,
                &message,
                "give every policy an @id of its own",
            ));
            return;
        }
        match parsed.add_to(&mut loaded.set) {
            Ok(tree) => loaded.trees.push(tree),
            Err(error) => {
                errors.push(self.finding(ErrorKind::PolicyInvalid, &error.to_string(), "check the @id"));
            }
        }
    }

    fn finding(&self, kind: ErrorKind, message: &str, help: &str) -> Error {
        let first_line = self.statement.text(self.document);
        let len = first_line.find('\n').unwrap_or(first_line.len());
        Error::new(kind, message)
            .at(self.document.place(self.statement.start, len))
            .help(help)
    }

    fn syntax(&self, found: &dyn Diagnostic) -> Error {
        let label = found.labels().and_then(|mut labels| labels.next());
        let (offset, len) = label
            .as_ref()
            .map_or((0, 1), |label| (label.offset(), label.len()));
        let help = found
            .help()
            .map(|help| help.to_string())
            .or_else(|| label.as_ref().and_then(|label| label.label().map(str::to_owned)))
            .unwrap_or_else(|| "see https://docs.cedarpolicy.com/policies/syntax-grammar.html".to_owned());
        Error::new(ErrorKind::PolicySyntax, found.to_string())
            .at(self.document.place(self.statement.start + offset, len))
            .help(help)
    }
}

/// Lines and columns of growing offsets, counted once over the text.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    spot: Spot,
}

/// A line and a column, in characters; both from 1.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Spot {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            spot: Spot { line: 1, column: 1 },
        }
    }

    /// The spot of an offset that is not before the one asked last.
    pub(super) fn spot_of(&mut self, offset: usize) -> Spot {
        let passed = self.text.get(self.at..offset).unwrap_or_default();
        if let Some((before, last)) = passed.rsplit_once('\n') {
            self.spot.line += before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            self.spot.column = last.chars().count() + 1;
        } else {
            self.spot.column += passed.chars().count();
        }
        self.at = offset.max(self.at);
        self.spot
    }
}
