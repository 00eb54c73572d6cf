//! JSON read by the types that a schema declares: where an entity or an extension value is expected, a plain string
//! will do.

use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Context, Entity, EntityUid, Record, Value, shorten};

use super::action_set::ActionIndex;
use super::shape::{RecordShape, Shape};
use super::vocabulary::Vocabulary;

impl Vocabulary {
    /// Reads the context of an action from a JSON object. Cedar's escapes are understood, and where the schema declares
    /// an entity, an `ipaddr`, `decimal`, `datetime` or `duration`, a plain string is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::JsonInvalid`] for what is no Cedar value. Whether the context conforms is checked when it is used.
    pub fn context_from_json(&self, action: ActionIndex, json: &Json) -> Result<Context<'static>> {
        match self.context(action) {
            Some(shape) => shape.read(json),
            None => Record::from_json(json),
        }
    }

    /// Reads an entity from Cedar's JSON form (`uid`, `attrs`, `parents`, `tags`), or the short form `type`, `id`,
    /// `attrs`, `parents`, with values as in [`Vocabulary::context_from_json`].
    ///
    /// # Errors
    ///
    /// As [`Entity::from_json`].
    pub fn entity_from_json(&self, json: &Json) -> Result<Entity<'static>> {
        let mut plain = json.clone();
        let Some(members) = plain.as_object_mut() else {
            return Entity::from_json(json);
        };
        if let (Some(type_name), Some(id)) = (members.get("type"), members.get("id")) {
            let uid = serde_json::json!({ "type": type_name, "id": id });
            members.remove("type");
            members.remove("id");
            if members.insert("uid".to_owned(), uid).is_some() {
                return Err(Error::new(
                    ErrorKind::JsonInvalid,
                    "an entity has either `uid` or `type` and `id`",
                ));
            }
        }
        let attrs = members.remove("attrs");
        let mut entity = Entity::from_json(&plain)?;
        if let Some(attrs) = attrs {
            *entity.attrs_mut() = match self.attributes(entity.uid().type_name()) {
                Some(shape) => shape.read(&attrs)?,
                None => Record::from_json(&attrs)?,
            };
        }
        Ok(entity)
    }
}

impl RecordShape {
    /// Reads a record from JSON by the declared types; an undeclared attribute is read as it stands.
    fn read(&self, json: &Json) -> Result<Record<'static>> {
        let members = json
            .as_object()
            .ok_or_else(|| Error::new(ErrorKind::JsonInvalid, "expected a JSON object"))?;
        let mut record = Record::with_capacity(members.len());
        for (name, json) in members {
            let value = match self.attribute(name) {
                Some((shape, _)) => shape.read(json),
                None => Value::from_json(json),
            };
            let value = value.map_err(|error| {
                Error::new(error.kind(), format!("`{}`: {}", shorten(name), error.message())).help(
                    error
                        .help_text()
                        .unwrap_or("write the value as the schema declares it")
                        .to_owned(),
                )
            })?;
            record.set(name.clone(), value);
        }
        Ok(record)
    }
}

impl Shape {
    /// A string that is no value of the declared type stays a string, which the check of the request then refuses.
    fn read(&self, json: &Json) -> Result<Value<'static>> {
        match (self, json) {
            (_, Json::String(text)) => Ok(self.read_text(text).unwrap_or_else(|| Value::from(text.clone()))),
            (Shape::Entity(_) | Shape::Enumerated(..), Json::Object(members))
                if members.contains_key("type") =>
            {
                Ok(Value::Entity(EntityUid::from_json(json)?))
            }
            (Shape::Set(item), Json::Array(items)) => Ok(Value::Set(
                items.iter().map(|json| item.read(json)).collect::<Result<_>>()?,
            )),
            (Shape::Record(shape), Json::Object(_)) => Ok(Value::Record(shape.read(json)?)),
            _ => Value::from_json(json),
        }
    }

    fn read_text(&self, text: &str) -> Option<Value<'static>> {
        match self {
            Shape::Entity(_) | Shape::Enumerated(..) => text.parse().ok().map(Value::Entity),
            Shape::Ip => text.parse().ok().map(Value::Ip),
            Shape::Decimal => text.parse().ok().map(Value::Decimal),
            Shape::Datetime => text.parse().ok().map(Value::Datetime),
            Shape::Duration => text.parse().ok().map(Value::Duration),
            _ => None,
        }
    }
}
