//! Values from JSON, in Cedar's own JSON form.
//!
//! Strings, integers, booleans, arrays and objects mean themselves; `{"__entity": {"type": …, "id": …}}` is a reference
//! and `{"__extn": {"fn": "ip", "arg": "10.0.0.1"}}` an extension value. There is no null and no fraction in Cedar.

use std::str::FromStr as _;

use serde_json::Value as Json;

use super::{Datetime, Decimal, Duration, Entity, EntityUid, IpNet, Record, Value, uid};
use crate::error::{Error, ErrorKind, Result};

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::JsonInvalid, message)
}

impl Value<'static> {
    /// Reads a value in Cedar's JSON form.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::JsonInvalid`] for null, fractions, and malformed `__entity` or `__extn` objects.
    ///
    /// ```
    /// use bailiwick::Value;
    ///
    /// let value = Value::from_json(&serde_json::json!({"__extn": {"fn": "decimal", "arg": "1.25"}}))?;
    /// assert_eq!(value.type_name(), "decimal");
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    pub fn from_json(json: &Json) -> Result<Self> {
        Ok(match json {
            Json::Null => {
                return Err(invalid("null is not a Cedar value").help("leave the attribute out instead"));
            }
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Long(number.as_i64().ok_or_else(|| {
                invalid(format!("`{number}` is not a 64-bit integer"))
                    .help("write fractions as {\"__extn\": {\"fn\": \"decimal\", \"arg\": \"1.25\"}}")
            })?),
            Json::String(value) => Value::from(value.clone()),
            Json::Array(items) => Value::Set(items.iter().map(Value::from_json).collect::<Result<_>>()?),
            Json::Object(members) => match (members.get("__entity"), members.get("__extn")) {
                (Some(entity), None) if members.len() == 1 => Value::Entity(EntityUid::from_json(entity)?),
                (None, Some(call)) if members.len() == 1 => Value::from_extension_json(call)?,
                (None, None) => Value::Record(Record::from_json(json)?),
                _ => {
                    return Err(invalid(
                        "`__entity` and `__extn` must be the only member of their object",
                    ));
                }
            },
        })
    }

    fn from_extension_json(call: &Json) -> Result<Self> {
        let (name, arg) = match (
            call.get("fn").and_then(Json::as_str),
            call.get("arg").and_then(Json::as_str),
        ) {
            (Some(name), Some(arg)) => (name, arg),
            _ => return Err(invalid("`__extn` needs the strings `fn` and `arg`")),
        };
        Ok(match name {
            "ip" => Value::Ip(IpNet::from_str(arg)?),
            "decimal" => Value::Decimal(Decimal::from_str(arg)?),
            "datetime" => Value::Datetime(Datetime::from_str(arg)?),
            "duration" => Value::Duration(Duration::from_str(arg)?),
            _ => {
                return Err(
                    invalid(format!("`{}` is not an extension function", uid::shorten(name)))
                        .help("use ip, decimal, datetime or duration"),
                );
            }
        })
    }
}

impl EntityUid<'static> {
    /// Reads a uid from `{"type": …, "id": …}`, the same within `__entity`, or a string in Cedar's form.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::JsonInvalid`] or [`ErrorKind::EntityInvalid`] when it is none of these.
    pub fn from_json(json: &Json) -> Result<Self> {
        match json {
            Json::String(text) => text.parse(),
            Json::Object(members) => {
                if let (Some(inner), 1) = (members.get("__entity"), members.len()) {
                    return Self::from_pair(inner);
                }
                Self::from_pair(json)
            }
            _ => Err(invalid(
                "an entity uid is {\"type\": …, \"id\": …} or a string such as Rfi::\"42\"",
            )),
        }
    }

    fn from_pair(json: &Json) -> Result<Self> {
        let members = json.as_object().map_or(0, serde_json::Map::len);
        match (
            json.get("type").and_then(Json::as_str),
            json.get("id").and_then(Json::as_str),
        ) {
            (Some(type_name), Some(id)) if members == 2 => Ok(Self::new(type_name.to_owned(), id.to_owned())),
            _ => Err(invalid(
                "an entity uid needs the strings `type` and `id`, and nothing else",
            )),
        }
    }
}

impl Record<'static> {
    /// Reads a record, such as a context, from a JSON object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::JsonInvalid`] when it is no object or a member is no Cedar value; the message names the member.
    pub fn from_json(json: &Json) -> Result<Self> {
        let members = json
            .as_object()
            .ok_or_else(|| invalid("expected a JSON object"))?;
        let mut record = Record::with_capacity(members.len());
        for (name, value) in members {
            let value = Value::from_json(value).map_err(|error| within(name, &error))?;
            record.set(name.clone(), value);
        }
        Ok(record)
    }
}

impl Entity<'static> {
    /// Reads an entity in Cedar's JSON form: `uid`, `attrs`, `parents` and `tags`, all but `uid` optional.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::JsonInvalid`] or [`ErrorKind::EntityInvalid`]; the message names the member.
    pub fn from_json(json: &Json) -> Result<Self> {
        let members = json
            .as_object()
            .ok_or_else(|| invalid("an entity is a JSON object"))?;
        if let Some(name) = members
            .keys()
            .find(|name| !["uid", "attrs", "parents", "tags"].contains(&name.as_str()))
        {
            return Err(
                invalid(format!("an entity has no member `{}`", uid::shorten(name)))
                    .help("the members are uid, attrs, parents and tags"),
            );
        }
        let uid = members
            .get("uid")
            .ok_or_else(|| invalid("an entity needs a `uid`"))?;
        let record = |name: &str| match members.get(name) {
            None => Ok(Record::new()),
            Some(json) => Record::from_json(json).map_err(|error| within(name, &error)),
        };
        let parents = match members.get("parents") {
            None => Vec::new(),
            Some(Json::Array(items)) => items.iter().map(EntityUid::from_json).collect::<Result<_>>()?,
            Some(_) => return Err(invalid("`parents` is a JSON array of entity uids")),
        };
        Ok(Self {
            uid: EntityUid::from_json(uid)?,
            parents,
            attrs: record("attrs")?,
            tags: record("tags")?,
        })
    }
}

/// Names the member in which an error was found.
fn within(name: &str, error: &Error) -> Error {
    let outer = Error::new(
        error.kind(),
        format!("`{}`: {}", uid::shorten(name), error.message()),
    );
    match error.help_text() {
        Some(help) => outer.help(help),
        None => outer,
    }
}
