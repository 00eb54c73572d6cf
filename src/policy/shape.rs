//! Types that a schema declares, and whether a value from a request conforms to them.
//!
//! Cedar compares values of different types without an error (`"true" == true` is false), so an ill-typed attribute
//! would silently switch a forbid off. Values that come with a request are therefore checked before they are used.

use std::fmt;

use crate::value::{Record, Value};

/// A declared type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `Bool`
    Bool,
    /// `Long`
    Long,
    /// `String`
    String,
    /// A reference to an entity of this type.
    Entity(Box<str>),
    /// A reference to an entity of a type whose ids the schema enumerates.
    Enumerated(Box<str>, Box<[Box<str>]>),
    /// `Set<…>`
    Set(Box<Shape>),
    /// A record.
    Record(RecordShape),
    /// `ipaddr`
    Ip,
    /// `decimal`
    Decimal,
    /// `datetime`
    Datetime,
    /// `duration`
    Duration,
}

/// A declared record: its attributes and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordShape {
    /// Sorted by name.
    attributes: Box<[Attribute]>,
    required: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    name: Box<str>,
    shape: Shape,
    required: bool,
}

/// What does not conform: the path to it, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    path: Vec<String>,
    problem: String,
}

impl Mismatch {
    fn new(problem: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            problem: problem.into(),
        }
    }

    fn within(mut self, name: &str) -> Self {
        self.path.insert(0, crate::value::shorten(name));
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.problem);
        }
        write!(f, "`{}` {}", self.path.join("."), self.problem)
    }
}

impl Shape {
    /// Whether a value is of this type.
    ///
    /// # Errors
    ///
    /// The path to the first part that is not, and what was expected there.
    pub fn check(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        match (self, value) {
            (Shape::Bool, Value::Bool(_))
            | (Shape::Long, Value::Long(_))
            | (Shape::String, Value::String(_))
            | (Shape::Ip, Value::Ip(_))
            | (Shape::Decimal, Value::Decimal(_))
            | (Shape::Datetime, Value::Datetime(_))
            | (Shape::Duration, Value::Duration(_)) => Ok(()),
            (Shape::Entity(type_name), Value::Entity(uid)) if **type_name == *uid.type_name() => Ok(()),
            (Shape::Enumerated(type_name, ids), Value::Entity(uid)) if **type_name == *uid.type_name() => {
                if ids.iter().any(|id| **id == *uid.id()) {
                    return Ok(());
                }
                Err(Mismatch::new(format!(
                    "refers to {uid}, which the schema does not enumerate"
                )))
            }
            (Shape::Entity(_) | Shape::Enumerated(..), Value::Entity(uid)) => Err(Mismatch::new(format!(
                "is a {}, but should be {self}",
                crate::value::shorten(uid.type_name())
            ))),
            (Shape::Set(item), Value::Set(items)) => items.iter().try_for_each(|value| item.check(value)),
            (Shape::Record(shape), Value::Record(record)) => shape.check(record),
            (_, _) => Err(Mismatch::new(format!(
                "is of type {}, but should be {self}",
                value.type_name()
            ))),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Bool => f.write_str("Bool"),
            Shape::Long => f.write_str("Long"),
            Shape::String => f.write_str("String"),
            Shape::Entity(type_name) | Shape::Enumerated(type_name, _) => f.write_str(type_name),
            Shape::Set(item) => write!(f, "Set<{item}>"),
            Shape::Record(_) => f.write_str("a record"),
            Shape::Ip => f.write_str("ipaddr"),
            Shape::Decimal => f.write_str("decimal"),
            Shape::Datetime => f.write_str("datetime"),
            Shape::Duration => f.write_str("duration"),
        }
    }
}

impl RecordShape {
    /// A record of these attributes: name, type, whether it must be present.
    pub(super) fn new(attributes: impl IntoIterator<Item = (String, Shape, bool)>) -> Self {
        let mut attributes: Vec<Attribute> = attributes
            .into_iter()
            .map(|(name, shape, required)| Attribute {
                name: name.into(),
                shape,
                required,
            })
            .collect();
        attributes.sort_by(|a, b| a.name.cmp(&b.name));
        let required = attributes.iter().filter(|attribute| attribute.required).count();
        Self {
            attributes: attributes.into(),
            required,
        }
    }

    /// The declared type of an attribute, and whether it must be present.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<(&Shape, bool)> {
        let found = self
            .attributes
            .iter()
            .find(|attribute| *attribute.name == *name)?;
        Some((&found.shape, found.required))
    }

    /// Every declared attribute with its type, and whether it must be present; sorted by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Shape, bool)> {
        let attributes = self.attributes.iter();
        attributes.map(|attribute| (&*attribute.name, &attribute.shape, attribute.required))
    }

    /// The names of all declared attributes, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|attribute| &*attribute.name)
    }

    /// Whether a record has every required attribute, no undeclared one, and values of the declared types.
    ///
    /// # Errors
    ///
    /// The first attribute that does not conform.
    pub fn check(&self, record: &Record<'_>) -> Result<(), Mismatch> {
        self.check_layers(record, &Record::new())
    }

    /// The same for a record in two parts that share no name.
    pub(super) fn check_layers(&self, given: &Record<'_>, added: &Record<'_>) -> Result<(), Mismatch> {
        let mut required = 0;
        for (name, value) in given.iter().chain(added.iter()) {
            let Some((shape, is_required)) = self.attribute(name) else {
                return Err(Mismatch::new("is not declared in the schema").within(name));
            };
            shape.check(value).map_err(|mismatch| mismatch.within(name))?;
            required += usize::from(is_required);
        }
        if required == self.required {
            return Ok(());
        }
        let missing = self
            .attributes
            .iter()
            .find(|it| it.required && given.get(&it.name).is_none() && added.get(&it.name).is_none());
        Err(Mismatch::new("is missing").within(missing.map_or("", |attribute| &attribute.name)))
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
