//! Options that come as one JSON object, for calls with many optional parameters.

use bailiwick::{Error, ErrorKind, Result};
use serde_json::Value as Json;

use crate::text::bw_str;

/// An object whose members are all known.
pub(crate) struct Options {
    what: &'static str,
    members: serde_json::Map<String, Json>,
}

impl Options {
    pub(crate) fn read(what: &'static str, text: bw_str<'_>, known: &[&str]) -> Result<Self> {
        let Json::Object(members) = bailiwick::json::parse(what, text.text(what)?.as_bytes())? else {
            return Err(invalid(format!("`{what}` is no JSON object")));
        };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(Self { what, members }),
            Some(_) => Err(invalid(format!("`{what}` has an unknown member"))
                .help(format!("known are {}", known.join(", ")))),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.members.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        self.get(name)
            .map(|value| value.as_str().ok_or_else(|| self.no(name, "string")))
            .transpose()
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        self.text(name)?
            .ok_or_else(|| invalid(format!("`{}` has no `{name}`", self.what)))
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>> {
        let Some(value) = self.get(name) else {
            return Ok(vec![]);
        };
        let items = value.as_array().ok_or_else(|| self.no(name, "array"))?;
        items
            .iter()
            .map(|item| item.as_str().ok_or_else(|| self.no(name, "array of strings")))
            .collect()
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>> {
        let number = |value: &Json| value.as_u64().and_then(|number| u32::try_from(number).ok());
        self.get(name)
            .map(|value| number(value).ok_or_else(|| self.no(name, "number of 32 bits")))
            .transpose()
    }

    fn no(&self, name: &str, kind: &str) -> Error {
        invalid(format!("`{name}` of `{}` is no {kind}", self.what))
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::ArgumentInvalid, message)
}
