//! From Cedar text or JSON to a validated policy set. Parsing and validation are cedar-policy's; this floor reads the
//! files, bounds them before they are parsed, gives every finding its place, and reads what the schema says of the
//! platform's nouns. A precompiled file brings all of that without a text to parse.

mod action_set;
mod bounds;
mod entities;
mod image;
mod links;
mod origin;
mod schema;
mod schema_reader;
mod shape;
mod source;
mod statement;
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
pub(crate) use vocabulary::SessionAttributes;
pub use vocabulary::Vocabulary;

use std::fmt;
use std::path::Path;

use crate::artifact;
use crate::decide::Authorizer;
use crate::error::{Error, Location, Result};
use crate::limits::MAX_ARTIFACT_BYTES;
use crate::stack::on_parser_stack;

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
    authorizer: Authorizer,
    parsed: Option<Box<Parsed>>,
    has_schema: bool,
    vocabulary: Vocabulary,
    origins: origin::Origins,
    warnings: Vec<Error>,
}

/// What Cedar makes of the texts; there is none of precompiled policies.
#[derive(Clone)]
struct Parsed {
    set: cedar_policy::PolicySet,
    schema: Option<cedar_policy::Schema>,
    entities: cedar_policy::Entities,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyCounts {
    /// Policies without slots.
    pub static_policies: usize,
    /// Policies with slots.
    pub templates: usize,
    /// Templates with their slots filled.
    pub links: usize,
    /// Entities, without the actions of the schema.
    pub entities: usize,
}

impl Policies {
    /// Loads what lies at a path: a directory as [`from_directory`](Self::from_directory) does, a file as
    /// [`from_artifact`](Self::from_artifact) does.
    ///
    /// # Errors
    ///
    /// Those of the two.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if !path.is_file() {
            return Self::from_directory(path);
        }
        let bytes = source::read_bounded(path, MAX_ARTIFACT_BYTES)?;
        Self::from_artifact(&bytes).map_err(|error| error.at(Location::file(path)))
    }

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

    /// Loads a precompiled form without parsing anything.
    ///
    /// It was validated when it was built, and is checked for damage; but its digest is no signature, so load only files
    /// that nobody else can write. What a plain [`Authorizer`] wrote comes without a schema.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArtifactVersion`](crate::ErrorKind::ArtifactVersion) for another version's,
    /// [`ErrorKind::ArtifactInvalid`](crate::ErrorKind::ArtifactInvalid) for damaged ones, and those of the edits that
    /// would have led to its content.
    pub fn from_artifact(bytes: &[u8]) -> Result<Self> {
        let parts = artifact::open(bytes)?;
        let authorizer = Authorizer::from_program(parts.program)?;
        let catalogue = image::read(parts.catalogue)?;
        Ok(Self {
            authorizer,
            parsed: None,
            has_schema: catalogue.has_schema,
            vocabulary: catalogue.vocabulary,
            origins: catalogue.origins,
            warnings: Vec::new(),
        })
    }

    /// The precompiled form: policies, templates, links, entities, what the schema declares, and where each policy is
    /// written, in bytes that [`from_artifact`](Self::from_artifact) loads. The same sources give the same bytes.
    ///
    /// ```
    /// use bailiwick::{Policies, Source};
    ///
    /// let source = Source::new().cedar("rules.cedar", r#"@id("all") permit (principal, action, resource);"#);
    /// let file = Policies::load(source)?.to_artifact()?;
    /// let policies = Policies::from_artifact(&file)?;
    /// assert_eq!(policies.origin("all").map(|origin| origin.to_string()).as_deref(), Some("rules.cedar:1"));
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PolicyUnsupported`](crate::ErrorKind::PolicyUnsupported) for a policy that cannot be compiled, and
    /// [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) when there would be more than
    /// [`MAX_ARTIFACT_BYTES`] or a type is nested more than
    /// [`MAX_SHAPE_DEPTH`](crate::limits::MAX_SHAPE_DEPTH) levels deep.
    pub fn to_artifact(&self) -> Result<Vec<u8>> {
        let program = self.authorizer.to_program()?;
        let catalogue = on_parser_stack(|| image::write(self.has_schema, &self.vocabulary, &self.origins))??;
        artifact::seal(artifact::Parts {
            program: &program,
            catalogue: &catalogue,
        })
    }

    /// The policies, ready to be decided as plain Cedar.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// The policy set, template links included; none when it was precompiled. Its policies carry no texts: what Cedar
    /// prints of them means the same but may look different. Where they are written, [`origin`](Self::origin) tells.
    #[must_use]
    pub fn policy_set(&self) -> Option<&cedar_policy::PolicySet> {
        self.parsed.as_ref().map(|parsed| &parsed.set)
    }

    /// The schema as Cedar's; none when the source had none, or was precompiled.
    #[must_use]
    pub fn schema(&self) -> Option<&cedar_policy::Schema> {
        self.parsed.as_ref()?.schema.as_ref()
    }

    /// Whether there was a schema, so that requests can be checked against it.
    #[must_use]
    pub fn has_schema(&self) -> bool {
        self.has_schema
    }

    /// The seed entities as Cedar's; none when they were precompiled.
    #[must_use]
    pub fn entities(&self) -> Option<&cedar_policy::Entities> {
        self.parsed.as_ref().map(|parsed| &parsed.entities)
    }

    /// What the schema says of actions, scopes and the parts that entity types play.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Ids of static policies and links, sorted.
    pub fn policy_ids(&self) -> impl Iterator<Item = &str> {
        let mut ids: Vec<&str> = self.authorizer.policies().map(|policy| policy.id()).collect();
        ids.sort_unstable();
        ids.into_iter()
    }

    /// How many policies and entities there are.
    #[must_use]
    pub fn counts(&self) -> PolicyCounts {
        let authorizer = &self.authorizer;
        let links = authorizer
            .policies()
            .filter(|policy| policy.template_id().is_some());
        let links = links.count();
        PolicyCounts {
            static_policies: authorizer.policy_count() - links,
            templates: authorizer.template_count(),
            links,
            entities: authorizer.entity_count() - authorizer.actions().count(),
        }
    }

    /// Where a policy, template or link is written.
    #[must_use]
    pub fn origin(&self, id: &str) -> Option<Origin<'_>> {
        self.origins.get(id)
    }

    /// Findings that do not prevent loading: policies that can never apply, ids that are missing, and the like. None
    /// for precompiled policies: they were told when those were built.
    #[must_use]
    pub fn warnings(&self) -> &[Error] {
        &self.warnings
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policies").field(&self.counts()).finish()
    }
}

fn load(source: &Source) -> Result<Policies> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let mut origins = origin::Origins::default();

    // Without the schema every further finding would be a consequence of its absence.
    let (schema, vocabulary) = schema::load(source, &mut warnings)?;
    let text::Loaded { mut set, trees } = text::load(source, &mut origins, &mut errors, &mut warnings);
    links::load(source, &mut set, &mut origins, &mut errors);
    if let Some(schema) = &schema {
        validate::policies(source, schema, &set, &origins, &mut errors, &mut warnings);
    }
    let entities = entities::load(source, schema.as_ref(), &mut errors);
    if let Some(error) = Error::first_of(errors) {
        return Err(error);
    }
    let texts = origins.texts(source);
    let trees = trees.iter().map(|tree| {
        let cedar_policy::pst::PolicyID(id) = &tree.id;
        (tree, texts.get(id.as_str()).copied())
    });
    let authorizer = Authorizer::compile_trees(trees, &set, schema.as_ref())?.with_entities(&entities)?;
    Ok(Policies {
        authorizer,
        has_schema: schema.is_some(),
        parsed: Some(Box::new(Parsed {
            set,
            schema,
            entities,
        })),
        vocabulary,
        origins,
        warnings,
    })
}

#[cfg(test)]
mod tests;
