//! Statements as Cedar's policies and templates: all of a text at once, or one by one where something is wrong.

use std::str::FromStr as _;

use cedar_policy::pst::{self, StaticPolicy};
use cedar_policy::{ParseErrors, Policy, PolicyId, PolicySet, Template};
use cedar_policy_core::ast::PolicyID;
use cedar_policy_core::parser::parse_policyset_to_ests_and_pset;

use super::bounds::Statement;
use super::source::Document;

/// A policy or template of a document.
pub(super) enum Parsed {
    Policy(Policy),
    Template(Template),
}

/// The name of a policy without an id: its document and its number there.
pub(super) fn fallback(document: &Document, index: usize) -> String {
    format!("{}#{}", document.stem(), index + 1)
}

/// Parses neighbouring statements, each with its number in the document.
///
/// Cedar's parser prepares its lexer anew for every text, which takes longer than a statement does: therefore they are
/// parsed as one text. Cedar's lossless trees come out of that, and the policies are made of them; they carry no places,
/// so that something wrong is looked for one by one. So are deep trees read, for making them of others takes more stack.
pub(super) fn read(
    document: &Document,
    statements: &[(usize, &Statement)],
) -> Vec<Result<Parsed, Box<ParseErrors>>> {
    let runs = statements.chunk_by(|(_, one), (_, next)| !one.deep && !next.deep);
    let mut read = Vec::with_capacity(statements.len());
    for run in runs {
        match together(document, run) {
            Some(parsed) => read.extend(parsed.into_iter().map(Ok)),
            None => read.extend(run.iter().map(|(index, statement)| {
                Parsed::read(
                    statement.text(document),
                    statement.template,
                    &fallback(document, *index),
                )
            })),
        }
    }
    read
}

fn together(document: &Document, statements: &[(usize, &Statement)]) -> Option<Vec<Parsed>> {
    let ((_, first), (_, last)) = (statements.first()?, statements.last()?);
    if first.deep {
        return None;
    }
    let text = document.text.get(first.start..last.end)?;
    let (mut trees, _) = parse_policyset_to_ests_and_pset(text).ok()?;
    if trees.len() != statements.len() {
        return None;
    }
    let parsed = statements.iter().enumerate().map(|(at, (index, statement))| {
        // This is what Cedar calls the statements of a text.
        let tree = trees.remove(&PolicyID::from_string(format!("policy{at}")))?;
        let tree = pst::Template::try_from(tree).ok()?;
        let id = match tree.annotations.get("id") {
            Some(id) => id.to_string(),
            None => fallback(document, *index),
        };
        let tree = tree.with_id(id.as_str().into());
        if statement.template {
            return Template::from_pst(tree).ok().map(Parsed::Template);
        }
        let policy = pst::Policy::Static(StaticPolicy::try_from(tree).ok()?);
        Policy::from_pst(policy).ok().map(Parsed::Policy)
    });
    parsed.collect()
}

impl Parsed {
    /// Parses one statement by itself: with the places of what is wrong, counted from its beginning.
    pub(super) fn read(text: &str, template: bool, id: &str) -> Result<Self, Box<ParseErrors>> {
        let id = Some(PolicyId::new(id));
        let parsed = if template {
            Template::parse(id, text).map(Parsed::Template)
        } else {
            Policy::parse(id, text).map(Parsed::Policy)
        };
        parsed.map_err(Box::new)
    }

    /// The value of the annotation `@id`.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Parsed::Policy(policy) => policy.annotation("id"),
            Parsed::Template(template) => template.annotation("id"),
        }
    }

    /// Adds it under an id.
    pub(super) fn add_to(self, set: &mut PolicySet, id: &str) -> Result<(), Box<dyn std::error::Error>> {
        // A PolicyId is any string; its parser never refuses.
        let id = PolicyId::from_str(id)?;
        match self {
            Parsed::Policy(policy) if *policy.id() == id => set.add(policy)?,
            Parsed::Policy(policy) => set.add(policy.new_id(id))?,
            Parsed::Template(template) if *template.id() == id => set.add_template(template)?,
            Parsed::Template(template) => set.add_template(template.new_id(id))?,
        }
        Ok(())
    }
}
