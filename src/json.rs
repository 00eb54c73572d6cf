//! Strict JSON: every object names a member once, nesting is bounded, and nothing follows the value.
//!
//! serde_json keeps the last of two equal members; a context that says `role` twice would then mean whatever the
//! reader of the moment believes. All JSON that this crate reads comes through here.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Error, ErrorKind, Location, Result};
use crate::limits::{MAX_DOCUMENT_BYTES, MAX_JSON_DEPTH};

/// Reads one JSON value; `file` names the source in errors.
///
/// # Errors
///
/// [`ErrorKind::LimitExceeded`] for oversized or too deeply nested text, [`ErrorKind::JsonDuplicate`] for a member
/// named twice, [`ErrorKind::NotUtf8`] and [`ErrorKind::JsonInvalid`] for everything else that is not JSON.
///
/// ```
/// use bailiwick::{ErrorKind, json};
///
/// assert!(json::parse("context.json", br#"{"mfa": true}"#).is_ok());
/// let error = json::parse("context.json", br#"{"role": 1, "role": 2}"#).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::JsonDuplicate);
/// ```
pub fn parse(file: &str, bytes: &[u8]) -> Result<Value> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "JSON of {} bytes; at most {MAX_DOCUMENT_BYTES} are accepted",
                bytes.len()
            ),
        )
        .at(Location::file(file))
        .help("split the document"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Error::new(
            ErrorKind::NotUtf8,
            format!("JSON is not UTF-8 at byte {}", error.valid_up_to()),
        )
        .at(Location::file(file))
        .help("save the file as UTF-8")
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    Strict { depth: 0 }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| explain(file, text, &error))
}

/// Marks the messages of our own refusals, so that they are told from serde_json's.
const DUPLICATE: &str = "duplicate member";
const TOO_DEEP: &str = "nesting deeper than";

fn explain(file: &str, text: &str, error: &serde_json::Error) -> Error {
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full);
    let offset = offset_of(text, error.line(), error.column());
    let (kind, help) = if message.starts_with(DUPLICATE) {
        (ErrorKind::JsonDuplicate, "name each member of an object once")
    } else if message.starts_with(TOO_DEEP) || message.starts_with("recursion limit") {
        (ErrorKind::LimitExceeded, "flatten the value")
    } else {
        (ErrorKind::JsonInvalid, "correct the JSON text at this place")
    };
    Error::new(kind, message.to_owned())
        .at(Location::in_text(file, text, offset, 1))
        .help(help)
}

/// serde_json counts columns in bytes from 1, and points behind the last byte read.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    start + column.saturating_sub(1)
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_JSON_DEPTH {
            return Err(E::custom(format_args!("{TOO_DEEP} {MAX_JSON_DEPTH} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if out.contains_key(&name) {
                let shown = crate::value::shorten(&name);
                return Err(A::Error::custom(format_args!("{DUPLICATE} `{shown}`")));
            }
            let value = members.next_value_seed(inner)?;
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
