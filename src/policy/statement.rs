//! Statements as Cedar's policies and templates: all of a text at once, or one by one where something is wrong.

use cedar_policy::pst::{self, PstConstructionError};
use cedar_policy::{ParseErrors, Policy, PolicyId, PolicySet, PolicySetError, Template};
use cedar_policy_core::ast::{self, PolicyID};
use cedar_policy_core::est;
use cedar_policy_core::parser::text_to_cst::parse_policies;

use super::bounds::Statement;
use super::source::Document;

/// A policy or template of a document.
pub(super) struct Parsed {
    form: Form,
    /// Its syntax tree as it was written.
    pub(super) tree: pst::Template,
    /// Where in the document the text begins that the places of Cedar's findings count from.
    pub(super) counted_from: usize,
}

enum Form {
    Policy(Policy),
    Template(Template),
}

/// What is wrong with a statement.
pub(super) enum Wrong {
    Syntax(Box<ParseErrors>),
    Unsupported(PstConstructionError),
}

impl From<ParseErrors> for Wrong {
    fn from(errors: ParseErrors) -> Self {
        Wrong::Syntax(Box::new(errors))
    }
}

impl From<PstConstructionError> for Wrong {
    fn from(error: PstConstructionError) -> Self {
        Wrong::Unsupported(error)
    }
}

/// Parses neighbouring statements, each with its number in the document.
///
/// Cedar's parser prepares its lexer anew for every text, which takes longer than a statement does: therefore they are
/// parsed as one text, unless something is wrong with it. Deep ones are always parsed one by one, which takes less stack.
pub(super) fn read(document: &Document, statements: &[(usize, &Statement)]) -> Vec<Result<Parsed, Wrong>> {
    let runs = statements.chunk_by(|(_, one), (_, next)| !one.deep && !next.deep);
    let mut read = Vec::with_capacity(statements.len());
    for run in runs {
        match together(document, run) {
            Some(parsed) => read.extend(parsed.into_iter().map(Ok)),
            None => read.extend(
                run.iter()
                    .map(|(index, statement)| alone(document, *index, statement)),
            ),
        }
    }
    read
}

/// The name of a policy without an id: its document and its number there.
fn fallback(document: &Document, index: usize) -> String {
    format!("{}#{}", document.stem(), index + 1)
}

fn together(document: &Document, statements: &[(usize, &Statement)]) -> Option<Vec<Parsed>> {
    let ((_, first), (_, last)) = (statements.first()?, statements.last()?);
    if first.deep {
        return None;
    }
    let nodes = parse_policies(document.text.get(first.start..last.end)?).ok()?;
    let nodes = &nodes.as_inner()?.0;
    if nodes.len() != statements.len() {
        return None;
    }
    let parsed = nodes.iter().zip(statements).map(|(node, (index, statement))| {
        let tree = est::Policy::try_from(node.as_inner()?.clone()).ok()?;
        let tree = pst::Template::try_from(tree).ok()?;
        let id = match tree.annotations.get("id") {
            Some(id) => id.to_string(),
            None => fallback(document, *index),
        };
        // Some things are found wrong only here.
        let template = node.to_policy_template(PolicyID::from_string(&id)).ok()?;
        let form = match statement.template {
            true => Form::Template(template.into()),
            false => Form::Policy(ast::StaticPolicy::try_from(template).ok()?.into()),
        };
        Some(Parsed {
            form,
            tree: tree.with_id(id.as_str().into()),
            counted_from: first.start,
        })
    });
    parsed.collect()
}

fn alone(document: &Document, index: usize, statement: &Statement) -> Result<Parsed, Wrong> {
    let text = statement.text(document);
    let id = Some(PolicyId::new(fallback(document, index)));
    let (form, tree) = if statement.template {
        let template = Template::parse(id, text)?;
        let tree = template.to_pst()?;
        (Form::Template(template), tree)
    } else {
        let policy = Policy::parse(id, text)?;
        let tree = match policy.to_pst()? {
            pst::Policy::Static(policy) => policy.body().clone(),
            pst::Policy::Linked(policy) => policy.into_static_policy()?.body().clone(),
        };
        (Form::Policy(policy), tree)
    };
    let mut parsed = Parsed {
        form,
        tree,
        counted_from: statement.start,
    };
    if let Some(id) = parsed.annotated_id() {
        let id = id.to_owned();
        parsed.rename(&id);
    }
    Ok(parsed)
}

impl Parsed {
    /// The value of the annotation `@id`.
    pub(super) fn annotated_id(&self) -> Option<&str> {
        self.tree.annotations.get("id").map(|id| id.as_str())
    }

    /// The value of the annotation, or else a name made of the document's.
    pub(super) fn id(&self) -> &str {
        let pst::PolicyID(id) = &self.tree.id;
        id
    }

    fn rename(&mut self, id: &str) {
        self.tree.id = id.into();
        let id = PolicyId::new(id);
        match &mut self.form {
            Form::Policy(policy) => *policy = policy.new_id(id),
            Form::Template(template) => *template = template.new_id(id),
        }
    }

    /// Adds it to a set; its syntax tree remains.
    pub(super) fn add_to(self, set: &mut PolicySet) -> Result<pst::Template, Box<PolicySetError>> {
        match self.form {
            Form::Policy(policy) => set.add(policy)?,
            Form::Template(template) => set.add_template(template)?,
        }
        Ok(self.tree)
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
