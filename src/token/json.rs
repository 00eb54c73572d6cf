//! The JSON of a token: borrowed from the decoded segment, strict, and bounded in depth and members.
//!
//! [`crate::json`] reads documents into owned values and says where they are wrong. A token is read once per request,
//! its text may not be repeated in an error, and most of its members are never looked at: hence a second reader.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_JSON_DEPTH;

/// A JSON value that borrows what it can.
#[derive(PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// A fraction, or an integer beyond 64 bits.
    Fraction(f64),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Members<'a>),
}

impl Json<'_> {
    /// What a message calls a value of this type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Integer(_) | Json::Fraction(_) => "a number",
            Json::Text(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

/// The members of an object, each name once.
#[derive(Default, PartialEq)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Members<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        // Registered claims are of one length and begin alike, but no two end alike.
        let last = name.as_bytes().last();
        self.0
            .iter()
            .find(|(have, _)| have.len() == name.len() && have.as_bytes().last() == last && have == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    pub(crate) fn into_members(self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        self.0.into_iter()
    }
}

/// Reads the JSON object that `segment` ("header", "claims") consists of; each object may have `members` members.
pub(crate) fn object<'a>(segment: &str, bytes: &'a [u8], members: usize) -> Result<Members<'a>> {
    let malformed =
        |what: &str| Error::new(ErrorKind::TokenMalformed, format!("the token's {segment} {what}"));
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("is not UTF-8"))?;
    let fault = Cell::new(None);
    let reader = Reader {
        levels: MAX_JSON_DEPTH,
        members,
        fault: &fault,
    };
    let mut source = serde_json::Deserializer::from_str(text);
    let read = reader
        .deserialize(&mut source)
        .and_then(|value| source.end().map(|()| value));
    match (read, fault.get()) {
        (Ok(Json::Object(found)), _) => Ok(found),
        (Ok(other), _) => Err(malformed(&format!("is {}, not an object", other.type_name()))),
        (Err(_), None) => Err(malformed("is not valid JSON")),
        (Err(_), Some(Fault::Duplicate)) => Err(malformed("names a member twice")),
        (Err(_), Some(Fault::TooDeep)) => Err(too_large(format!(
            "the token's {segment} is nested deeper than {MAX_JSON_DEPTH} levels"
        ))),
        (Err(_), Some(Fault::TooMany)) => Err(too_large(format!(
            "the token's {segment} has an object of more than {members} members"
        ))),
    }
}

fn too_large(message: String) -> Error {
    Error::new(ErrorKind::TokenTooLarge, message)
}

/// Why this reader, not serde_json, refused.
#[derive(Clone, Copy)]
enum Fault {
    Duplicate,
    TooDeep,
    TooMany,
}

#[derive(Clone, Copy)]
struct Reader<'r> {
    levels: usize,
    members: usize,
    fault: &'r Cell<Option<Fault>>,
}

impl Reader<'_> {
    fn refuse<E: serde::de::Error>(&self, fault: Fault) -> E {
        self.fault.set(Some(fault));
        E::custom("refused")
    }

    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels, ..self }),
            None => Err(self.refuse(Fault::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Json<'de>, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "beyond 64 bits only the magnitude matters"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(value).map_or(Json::Fraction(value as f64), Json::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Fraction(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut members = Members(Vec::with_capacity(16));
        while let Some(name) = source.next_key_seed(Name)? {
            if members.get(&name).is_some() {
                return Err(self.refuse(Fault::Duplicate));
            }
            if members.0.len() >= self.members {
                return Err(self.refuse(Fault::TooMany));
            }
            let value = source.next_value_seed(inner)?;
            members.0.push((name, value));
        }
        Ok(Json::Object(members))
    }
}

/// A member's name; serde's own `Cow` always copies.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Cow<'de, str>, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
