//! What requests and entities are made of: entity uids, values, records and Cedar's extension values.
//!
//! Every type here may borrow from the host (`'a`), so that a request is decided without copying a string; owned data
//! has the lifetime `'static`.

mod extension;
mod json;
pub(crate) mod literal;
pub(crate) mod order;
mod same;
pub(crate) mod text;
mod uid;

use std::borrow::Cow;

pub use extension::{Datetime, Decimal, Duration, IpNet};
pub(crate) use same::{same_bytes, same_text};
pub(crate) use uid::shorten;
pub use uid::{EntityRef, EntityUid};

/// A Cedar value as a host gives it: in a context, or as an attribute or tag of an entity.
///
/// ```
/// use bailiwick::{EntityUid, Value};
///
/// let state = Value::from("open");
/// let amount = Value::from(12);
/// let assignees = Value::Set(vec![Value::Entity(EntityUid::new("User", "ana"))]);
/// assert_ne!(state, amount);
/// # let _ = assignees;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// A 64-bit signed integer.
    Long(i64),
    /// A string.
    String(Cow<'a, str>),
    /// A reference to an entity.
    Entity(EntityUid<'a>),
    /// A set; order and repetition carry no meaning.
    Set(Vec<Value<'a>>),
    /// A record.
    Record(Record<'a>),
    /// An IP address or range (`ip("10.0.0.0/8")`).
    Ip(IpNet),
    /// A number with four decimal places (`decimal("1.25")`).
    Decimal(Decimal),
    /// A point in time (`datetime("2026-01-31T12:00:00Z")`).
    Datetime(Datetime),
    /// A span of time (`duration("1h30m")`).
    Duration(Duration),
}

impl Value<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Bool(value) => Value::Bool(value),
            Value::Long(value) => Value::Long(value),
            Value::String(value) => Value::String(Cow::Owned(value.into_owned())),
            Value::Entity(uid) => Value::Entity(uid.into_owned()),
            Value::Set(items) => Value::Set(items.into_iter().map(Value::into_owned).collect()),
            Value::Record(record) => Value::Record(record.into_owned()),
            Value::Ip(value) => Value::Ip(value),
            Value::Decimal(value) => Value::Decimal(value),
            Value::Datetime(value) => Value::Datetime(value),
            Value::Duration(value) => Value::Duration(value),
        }
    }

    /// The name of the value's type as Cedar's schema spells it; `Entity` for every entity type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Bool(_) => "Bool",
            Value::Long(_) => "Long",
            Value::String(_) => "String",
            Value::Entity(_) => "Entity",
            Value::Set(_) => "Set",
            Value::Record(_) => "Record",
            Value::Ip(_) => "ipaddr",
            Value::Decimal(_) => "decimal",
            Value::Datetime(_) => "datetime",
            Value::Duration(_) => "duration",
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl<'a> From<$from> for Value<'a> {
            fn from(value: $from) -> Self {
                Value::$variant(value.into())
            }
        })*
    };
}

value_from! {
    bool => Bool, i64 => Long, i32 => Long, u32 => Long, &'a str => String, String => String,
    Cow<'a, str> => String, EntityUid<'a> => Entity, Record<'a> => Record, IpNet => Ip, Decimal => Decimal,
    Datetime => Datetime, Duration => Duration,
}

impl<'a, T: Into<Value<'a>>> From<Vec<T>> for Value<'a> {
    fn from(items: Vec<T>) -> Self {
        Value::Set(items.into_iter().map(Into::into).collect())
    }
}

/// Named values: a record, an entity's attributes, or the context of a request.
///
/// Names are unique; setting a name again replaces its value. A handful of entries is usual, so they lie in one
/// vector in the order they were first set, and a look-up compares names.
#[derive(Clone, Debug, Default)]
pub struct Record<'a> {
    entries: Vec<(Cow<'a, str>, Value<'a>)>,
}

/// The context of a request: a record whose attributes policies read as `context.name`.
///
/// ```
/// use bailiwick::context;
///
/// let context = context! { "mfa": true, "attempts": 2 };
/// assert_eq!(context.len(), 2);
/// ```
pub type Context<'a> = Record<'a>;

impl<'a> Record<'a> {
    /// An empty record.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// An empty record with room for `count` entries.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self {
            entries: Vec::with_capacity(count),
        }
    }

    /// A record of names that are known to be distinct.
    pub(crate) fn of_distinct(entries: impl Iterator<Item = (String, Value<'a>)>) -> Self {
        Self {
            entries: entries.map(|(name, value)| (Cow::Owned(name), value)).collect(),
        }
    }

    /// Sets `name`; returns the value it had before.
    #[inline]
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Option<Value<'a>> {
        let (name, value) = (name.into(), value.into());
        for (known, slot) in &mut self.entries {
            if same_text(known, &name) {
                return Some(std::mem::replace(slot, value));
            }
        }
        self.entries.push((name, value));
        None
    }

    /// Adds `name`, which the record does not have yet: for names that are distinct to begin with, such as the keys of a
    /// map. [`set`](Self::set) looks for the name first. Of two values of one name the first counts.
    #[inline]
    pub fn add(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        self.entries.push((name.into(), value.into()));
    }

    /// Sets `name` and returns the record, for building in one expression.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.set(name, value);
        self
    }

    /// The value of `name`.
    #[must_use]
    #[inline]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.entries
            .iter()
            .find(|(known, _)| same_text(known, name))
            .map(|(_, value)| value)
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes every entry and keeps the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Names and values in the order they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Record<'static> {
        Record {
            entries: self
                .entries
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                .collect(),
        }
    }
}

impl PartialEq for Record<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Value<'a>>> FromIterator<(N, V)> for Record<'a> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let mut record = Record::new();
        for (name, value) in entries {
            record.set(name, value);
        }
        record
    }
}

/// An entity as a host brings it along with a request, or loads it into an engine.
///
/// ```
/// use bailiwick::Entity;
///
/// let rfi = Entity::new("Rfi", "43").parent("Project", "p1").attr("private", true).attr("state", "open");
/// assert_eq!(rfi.uid().to_string(), r#"Rfi::"43""#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Entity<'a> {
    pub(crate) uid: EntityUid<'a>,
    pub(crate) parents: Vec<EntityUid<'a>>,
    pub(crate) attrs: Record<'a>,
    pub(crate) tags: Record<'a>,
}

impl<'a> Entity<'a> {
    /// An entity without attributes, tags and parents.
    #[must_use]
    pub fn new(type_name: impl Into<Cow<'a, str>>, id: impl Into<Cow<'a, str>>) -> Self {
        Self::with_uid(EntityUid::new(type_name, id))
    }

    /// The same for a uid that exists already.
    #[must_use]
    pub fn with_uid(uid: EntityUid<'a>) -> Self {
        Self {
            uid,
            parents: Vec::new(),
            attrs: Record::new(),
            tags: Record::new(),
        }
    }

    /// Adds a parent: the entity becomes a member of it and of all its ancestors.
    #[must_use]
    pub fn parent(mut self, type_name: impl Into<Cow<'a, str>>, id: impl Into<Cow<'a, str>>) -> Self {
        self.parents.push(EntityUid::new(type_name, id));
        self
    }

    /// Adds a parent by its uid.
    #[must_use]
    pub fn parent_uid(mut self, uid: EntityUid<'a>) -> Self {
        self.parents.push(uid);
        self
    }

    /// Sets an attribute.
    #[must_use]
    pub fn attr(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.attrs.set(name, value);
        self
    }

    /// Sets a tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.tags.set(name, value);
        self
    }

    /// The uid.
    #[must_use]
    pub fn uid(&self) -> &EntityUid<'a> {
        &self.uid
    }

    /// The parents named so far.
    #[must_use]
    pub fn parents(&self) -> &[EntityUid<'a>] {
        &self.parents
    }

    /// The attributes.
    #[must_use]
    pub fn attrs(&self) -> &Record<'a> {
        &self.attrs
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &Record<'a> {
        &self.tags
    }

    /// The attributes, to be changed in place.
    pub fn attrs_mut(&mut self) -> &mut Record<'a> {
        &mut self.attrs
    }

    /// The parents, to be changed in place.
    pub fn parents_mut(&mut self) -> &mut Vec<EntityUid<'a>> {
        &mut self.parents
    }

    /// The tags, to be changed in place.
    pub fn tags_mut(&mut self) -> &mut Record<'a> {
        &mut self.tags
    }

    /// Starts over under another uid, and keeps the memory.
    pub(crate) fn restart(&mut self, uid: EntityUid<'a>) {
        self.uid = uid;
        self.parents.clear();
        self.attrs.clear();
        self.tags.clear();
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Entity<'static> {
        Entity {
            uid: self.uid.into_owned(),
            parents: self.parents.into_iter().map(EntityUid::into_owned).collect(),
            attrs: self.attrs.into_owned(),
            tags: self.tags.into_owned(),
        }
    }
}

/// Builds a [`Context`] in place: `context! { "mfa": true, "attempts": 2 }`.
#[macro_export]
macro_rules! context {
    () => { $crate::Context::new() };
    ($($name:literal : $value:expr),+ $(,)?) => {{
        let mut context = $crate::Context::new();
        $(context.set($name, $value);)+
        context
    }};
}

#[cfg(test)]
mod tests;
