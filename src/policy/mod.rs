//! From Cedar text or JSON to a validated policy set. Parsing and validation are cedar-policy's; this floor reads the
//! files, bounds them before they are parsed, gives every finding its place, and reads what the schema says of the
//! platform's nouns.

mod action_set;
mod bounds;
mod entities;
mod links;
mod origin;
mod schema;
mod schema_reader;
mod shape;
mod source;
mod stack;
mod text;
mod typed_json;
mod validate;
mod vocabulary;

pub use action_set::{ActionIndex, ActionSet};
pub use origin::Origin;

pub use shape::{Mismatch, RecordShape, Shape};
pub use source::Source;
#[cfg(feature = "suites")]
pub(crate) use source::read_document;
pub(crate) use stack::on_parser_stack;
pub(crate) use vocabulary::SessionAttributes;
pub use vocabulary::Vocabulary;

use std::path::Path;

use crate::error::{Error, Result};

/// Policies, templates and links with their schema and seed entities: read, bounded, parsed and strictly validated.
///
/// ```
/// use bailiwick::{Policies, Source};
///
/// let policies = Policies::load(
///     Source::new()
///         .schema("schema.cedarschema", "entity User; entity Photo; action view appliesTo { principal: User, resource: Photo };")
///         .cedar("rules.cedar", r#"@id("everyone-views") permit (principal, action == Action::"view", resource);"#),
/// )?;
/// assert_eq!(policies.policy_ids().collect::<Vec<_>>(), ["everyone-views"]);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone)]
pub struct Policies {
    set: cedar_policy::PolicySet,
    schema: Option<cedar_policy::Schema>,
    vocabulary: Vocabulary,
    entities: cedar_policy::Entities,
    origins: origin::Origins,
    warnings: Vec<Error>,
}

impl Policies {
    /// Loads a directory: every `*.cedar`, `*.cedarschema` and `*.cedarschema.json`, `links.json` and `entities.json`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files at once: the first finding, with the others as
    /// [related](Error::related). Nothing is loaded unless everything is right.
    pub fn from_directory(path: impl AsRef<Path>) -> Result<Self> {
        Self::load(Source::directory(path)?)
    }

    /// Loads texts from memory.
    ///
    /// # Errors
    ///
    /// As [`Policies::from_directory`].
    pub fn load(source: Source) -> Result<Self> {
        on_parser_stack(move || load(&source))?
    }

    /// The policy set, template links included.
    #[must_use]
    pub fn policy_set(&self) -> &cedar_policy::PolicySet {
        &self.set
    }

    /// The schema; none when the source had none.
    #[must_use]
    pub fn schema(&self) -> Option<&cedar_policy::Schema> {
        self.schema.as_ref()
    }

    /// The seed entities.
    #[must_use]
    pub fn entities(&self) -> &cedar_policy::Entities {
        &self.entities
    }

    /// What the schema says of actions, scopes and the parts that entity types play.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Ids of static policies and links, sorted.
    pub fn policy_ids(&self) -> impl Iterator<Item = &str> {
        let mut ids: Vec<&str> = self.set.policies().map(|policy| policy.id().as_ref()).collect();
        ids.sort_unstable();
        ids.into_iter()
    }

    /// Where a policy, template or link is written.
    #[must_use]
    pub fn origin(&self, id: &str) -> Option<Origin<'_>> {
        self.origins.get(id)
    }

    /// Findings that do not prevent loading: policies that can never apply, ids that are missing, and the like.
    #[must_use]
    pub fn warnings(&self) -> &[Error] {
        &self.warnings
    }
}

fn load(source: &Source) -> Result<Policies> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let mut origins = origin::Origins::default();

    // Without the schema every further finding would be a consequence of its absence.
    let (schema, vocabulary) = schema::load(source, &mut warnings)?;
    let mut set = text::load(source, &mut origins, &mut errors, &mut warnings);
    links::load(source, &mut set, &mut origins, &mut errors);
    if let Some(schema) = &schema {
        validate::policies(source, schema, &set, &origins, &mut errors, &mut warnings);
    }
    let entities = entities::load(source, schema.as_ref(), &mut errors);
    match Error::first_of(errors) {
        Some(error) => Err(error),
        None => Ok(Policies {
            set,
            schema,
            vocabulary,
            entities,
            origins,
            warnings,
        }),
    }
}

#[cfg(test)]
mod tests;
