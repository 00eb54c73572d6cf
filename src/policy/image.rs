//! What a precompiled file says beside the policies: what the schema declares, and where each policy is written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::action_set::ActionSet;
use super::origin::{Entry, Origins};
use super::shape::{RecordShape, Shape};
use super::vocabulary::{Action, EntityShape, Parts, SessionAttributes, Vocabulary};
use crate::artifact::{self, damaged};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_SHAPE_DEPTH;
use crate::value::EntityUid;

/// The second part of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Image<'a> {
    has_schema: bool,
    #[serde(borrow)]
    parts: [Option<&'a str>; 5],
    /// In the order of their numbers.
    actions: Vec<ActionImage<'a>>,
    entities: Vec<(&'a str, EntityImage<'a>)>,
    files: Vec<String>,
    origins: Vec<(&'a str, Entry)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ActionImage<'a> {
    type_name: &'a str,
    id: &'a str,
    is_scope: bool,
    #[serde(borrow)]
    principals: Vec<&'a str>,
    resources: Vec<&'a str>,
    context: Vec<FlatShape<'a>>,
    covers: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntityImage<'a> {
    #[serde(borrow)]
    attributes: Vec<FlatShape<'a>>,
    tags: Option<Vec<FlatShape<'a>>>,
    ancestors: Vec<&'a str>,
    ids: Option<Vec<&'a str>>,
}

/// One step of building a type, innermost first.
#[derive(Debug, Serialize, Deserialize)]
enum FlatShape<'a> {
    Bool,
    Long,
    String,
    Entity(&'a str),
    Enumerated(&'a str, #[serde(borrow)] Vec<&'a str>),
    /// Of the type before it.
    Set,
    /// Of as many types as there are names; whether each is required.
    Record(Vec<(&'a str, bool)>),
    Ip,
    Decimal,
    Datetime,
    Duration,
}

/// What the second part of a file is about.
pub(super) struct Catalogue {
    pub(super) has_schema: bool,
    pub(super) vocabulary: Vocabulary,
    pub(super) origins: Origins,
}

/// Encodes what the schema declares and where policies are written.
pub(super) fn write(has_schema: bool, vocabulary: &Vocabulary, origins: &Origins) -> Result<Vec<u8>> {
    let Parts {
        tenant,
        project,
        user,
        service_account,
        app,
    } = &vocabulary.parts;
    let mut entities = Vec::with_capacity(vocabulary.entities.len());
    for (name, shape) in &vocabulary.entities {
        entities.push((&**name, EntityImage::of(shape)?));
    }
    entities.sort_unstable_by_key(|(name, _)| *name);
    let (files, origins) = origins.listed();
    artifact::encode(&Image {
        has_schema,
        parts: [tenant, project, user, service_account, app].map(Option::as_deref),
        actions: (vocabulary.actions.iter())
            .map(ActionImage::of)
            .collect::<Result<_>>()?,
        entities,
        files: files.iter().map(|file| file.display().to_string()).collect(),
        origins,
    })
}

/// Decodes that part; a file of plain Cedar has none.
pub(super) fn read(part: &[u8]) -> Result<Catalogue> {
    if part.is_empty() {
        return Ok(Catalogue {
            has_schema: false,
            vocabulary: Vocabulary::default(),
            origins: Origins::default(),
        });
    }
    let image: Image<'_> = artifact::decode(part)?;
    let [tenant, project, user, service_account, app] = image.parts.map(|part| part.map(str::to_owned));
    let mut vocabulary = Vocabulary {
        parts: Parts {
            tenant,
            project,
            user,
            service_account,
            app,
        },
        ..Vocabulary::default()
    };
    for action in &image.actions {
        vocabulary.actions.push(action.action(image.actions.len())?);
    }
    vocabulary.index_actions()?;
    for (name, entity) in &image.entities {
        vocabulary.entities.insert((*name).into(), entity.shape()?);
    }
    let files = image.files.into_iter().map(PathBuf::from).collect();
    let origins = Origins::of_listed(files, &image.origins);
    if !origins.are_plausible() {
        return Err(damaged("a policy stands where no text has room"));
    }
    Ok(Catalogue {
        has_schema: image.has_schema,
        vocabulary,
        origins,
    })
}

impl<'a> ActionImage<'a> {
    fn of(action: &'a Action) -> Result<Self> {
        Ok(Self {
            type_name: action.uid.type_name(),
            id: action.uid.id(),
            is_scope: action.is_scope,
            principals: names(&action.principals),
            resources: names(&action.resources),
            context: FlatShape::of_record(&action.context)?,
            covers: action.covers.words().to_vec(),
        })
    }

    /// `count` is how many actions there are.
    fn action(&self, count: usize) -> Result<Action> {
        let covers = ActionSet::of_words(&self.covers);
        if covers.highest().is_some_and(|highest| highest >= count) {
            return Err(damaged("an action covers one that is missing"));
        }
        let context = FlatShape::build_record(&self.context)?;
        Ok(Action {
            uid: EntityUid::new(self.type_name.to_owned(), self.id.to_owned()),
            is_scope: self.is_scope,
            principals: boxes(&self.principals),
            resources: boxes(&self.resources),
            declares: SessionAttributes::declared_by(&context),
            context,
            covers,
        })
    }
}

impl<'a> EntityImage<'a> {
    fn of(shape: &'a EntityShape) -> Result<Self> {
        Ok(Self {
            attributes: FlatShape::of_record(&shape.attributes)?,
            tags: shape.tags.as_ref().map(FlatShape::of).transpose()?,
            ancestors: names(&shape.ancestors),
            ids: shape.ids.as_deref().map(names),
        })
    }

    fn shape(&self) -> Result<EntityShape> {
        Ok(EntityShape {
            attributes: FlatShape::build_record(&self.attributes)?,
            tags: (self.tags.as_deref()).map(FlatShape::build).transpose()?,
            ancestors: boxes(&self.ancestors),
            ids: self.ids.as_deref().map(boxes),
        })
    }
}

fn names(names: &[Box<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

fn boxes(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| Box::from(*name)).collect()
}

impl<'a> FlatShape<'a> {
    fn of(shape: &'a Shape) -> Result<Vec<Self>> {
        let mut steps = Vec::new();
        push(shape, MAX_SHAPE_DEPTH, &mut steps)?;
        Ok(steps)
    }

    fn of_record(record: &'a RecordShape) -> Result<Vec<Self>> {
        let mut steps = Vec::new();
        push_record(record, MAX_SHAPE_DEPTH, &mut steps)?;
        Ok(steps)
    }

    fn build(steps: &[Self]) -> Result<Shape> {
        let mut built: Vec<(Shape, usize)> = Vec::new();
        for step in steps {
            let (shape, depth) = step.apply(&mut built)?;
            if depth > MAX_SHAPE_DEPTH {
                return Err(damaged("a type is nested too deeply"));
            }
            built.push((shape, depth));
        }
        match (built.pop(), built.as_slice()) {
            (Some((shape, _)), []) => Ok(shape),
            _ => Err(damaged("a type is incomplete")),
        }
    }

    fn build_record(steps: &[Self]) -> Result<RecordShape> {
        match Self::build(steps)? {
            Shape::Record(record) => Ok(record),
            _ => Err(damaged("a type stands where a record belongs")),
        }
    }

    /// The type that this step makes of those before it, and how deeply it is nested.
    fn apply(&self, built: &mut Vec<(Shape, usize)>) -> Result<(Shape, usize)> {
        let lacking = || damaged("a type lacks its parts");
        let shape = match self {
            FlatShape::Bool => Shape::Bool,
            FlatShape::Long => Shape::Long,
            FlatShape::String => Shape::String,
            FlatShape::Entity(name) => Shape::Entity((*name).into()),
            FlatShape::Enumerated(name, ids) => Shape::Enumerated((*name).into(), boxes(ids).into()),
            FlatShape::Ip => Shape::Ip,
            FlatShape::Decimal => Shape::Decimal,
            FlatShape::Datetime => Shape::Datetime,
            FlatShape::Duration => Shape::Duration,
            FlatShape::Set => {
                let (item, depth) = built.pop().ok_or_else(lacking)?;
                return Ok((Shape::Set(Box::new(item)), depth + 1));
            }
            FlatShape::Record(members) => {
                if members
                    .windows(2)
                    .any(|pair| pair.first().map(|it| it.0) >= pair.last().map(|it| it.0))
                {
                    return Err(damaged("the names of a record are out of order"));
                }
                let first = built.len().checked_sub(members.len()).ok_or_else(lacking)?;
                let parts = built.drain(first..);
                let deepest = parts.as_slice().iter().map(|(_, depth)| *depth).max();
                let attributes = members
                    .iter()
                    .zip(parts)
                    .map(|((name, required), (shape, _))| ((*name).to_owned(), shape, *required));
                let record = RecordShape::new(attributes);
                return Ok((Shape::Record(record), deepest.unwrap_or(0) + 1));
            }
        };
        Ok((shape, 0))
    }
}

fn push<'a>(shape: &'a Shape, depth: usize, steps: &mut Vec<FlatShape<'a>>) -> Result<()> {
    let step = match shape {
        Shape::Bool => FlatShape::Bool,
        Shape::Long => FlatShape::Long,
        Shape::String => FlatShape::String,
        Shape::Entity(name) => FlatShape::Entity(name),
        Shape::Enumerated(name, ids) => FlatShape::Enumerated(name, names(ids)),
        Shape::Ip => FlatShape::Ip,
        Shape::Decimal => FlatShape::Decimal,
        Shape::Datetime => FlatShape::Datetime,
        Shape::Duration => FlatShape::Duration,
        Shape::Set(item) => {
            push(item, deeper(depth)?, steps)?;
            FlatShape::Set
        }
        Shape::Record(record) => return push_record(record, depth, steps),
    };
    steps.push(step);
    Ok(())
}

fn push_record<'a>(record: &'a RecordShape, depth: usize, steps: &mut Vec<FlatShape<'a>>) -> Result<()> {
    let depth = deeper(depth)?;
    let mut members = Vec::new();
    for (name, shape, required) in record.iter() {
        push(shape, depth, steps)?;
        members.push((name, required));
    }
    steps.push(FlatShape::Record(members));
    Ok(())
}

fn deeper(depth: usize) -> Result<usize> {
    depth.checked_sub(1).ok_or_else(|| {
        Error::new(
            ErrorKind::LimitExceeded,
            format!("a type nested more than {MAX_SHAPE_DEPTH} levels deep cannot be precompiled"),
        )
        .help("flatten the common types of the schema")
    })
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
