//! Claims that are handed on to the policies, as attributes of the context.

use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_SCOPES;
use crate::policy::SessionAttributes;
use crate::value::{Datetime, Value};

use super::claim::{self, ClaimPath};
use super::json::{Json, Members};

/// What a claim must be, and what it becomes in the context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimType {
    /// A boolean becomes a `Bool`. Text and numbers are no booleans.
    Bool,
    /// An integer becomes a `Long`.
    Long,
    /// A string that is not empty becomes a `String`.
    String,
    /// An array of strings becomes a `Set<String>`; a string becomes a set of one.
    Strings,
    /// A NumericDate (RFC 7519 §2) becomes a `datetime`, a fraction cut off to milliseconds.
    Datetime,
    /// A string or an array of strings becomes a `Bool`: whether it is, or holds, this text. False if absent.
    Contains(String),
}

impl ClaimType {
    /// Whether the claim is, or holds, `value`: `amr` with `mfa`, say (RFC 8176).
    #[must_use]
    pub fn contains(value: impl Into<String>) -> Self {
        Self::Contains(value.into())
    }
}

/// As configuration files spell it: `bool`, `long`, `string`, `strings`, `datetime`, or `contains:` and the text.
///
/// ```
/// use bailiwick::ClaimType;
///
/// assert_eq!("strings".parse::<ClaimType>()?, ClaimType::Strings);
/// assert_eq!("contains:mfa".parse::<ClaimType>()?, ClaimType::contains("mfa"));
/// assert!("set".parse::<ClaimType>().is_err());
/// # Ok::<(), bailiwick::Error>(())
/// ```
impl FromStr for ClaimType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "bool" => Self::Bool,
            "long" => Self::Long,
            "string" => Self::String,
            "strings" => Self::Strings,
            "datetime" => Self::Datetime,
            _ => match text.strip_prefix("contains:") {
                Some(value) if !value.is_empty() => Self::contains(value),
                _ => {
                    return Err(Error::new(
                        ErrorKind::Configuration,
                        format!("`{}` is no type of a claim", crate::value::shorten(text)),
                    )
                    .help("use bool, long, string, strings, datetime, or contains:TEXT"));
                }
            },
        })
    }
}

/// A claim and the attribute that it becomes.
#[derive(Clone, Debug)]
pub(crate) struct ContextClaim {
    pub(crate) attribute: Arc<str>,
    pub(crate) path: ClaimPath,
    pub(crate) expected: ClaimType,
}

/// An attribute of the context that a token decides: its value, or none if the token leaves it out.
pub(crate) type Attribute = (Arc<str>, Option<Value<'static>>);

/// About how many bytes an attribute occupies.
pub(crate) fn weight((_, value): &Attribute) -> usize {
    size_of::<Attribute>() + value.as_ref().map_or(0, held)
}

/// What a value that a claim became occupies beside itself.
fn held(value: &Value<'_>) -> usize {
    match value {
        Value::String(text) => text.len() + 16,
        Value::Set(items) => {
            let items = items.iter().map(|item| size_of::<Value<'_>>() + held(item));
            16 + items.sum::<usize>()
        }
        _ => 0,
    }
}

impl ContextClaim {
    pub(crate) fn read(&self, claims: &Members<'_>) -> Result<Attribute> {
        let value = match self.path.find(claims)? {
            Some(found) => Some(self.value(found)?),
            None => matches!(self.expected, ClaimType::Contains(_)).then_some(Value::Bool(false)),
        };
        Ok((Arc::clone(&self.attribute), value))
    }

    fn value(&self, found: &Json<'_>) -> Result<Value<'static>> {
        let wrong = |expected: &str| claim::wrong_type(&self.path.to_string(), found, expected);
        match (&self.expected, found) {
            (ClaimType::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
            (ClaimType::Bool, _) => Err(wrong("a boolean")),
            (ClaimType::Long, Json::Integer(value)) => Ok(Value::Long(*value)),
            (ClaimType::Long, _) => Err(wrong("an integer")),
            (ClaimType::String, _) => {
                let text = claim::text(&self.path.to_string(), found)?;
                Ok(Value::String(text.to_owned().into()))
            }
            (ClaimType::Strings, _) => {
                let texts = self.strings(found)?.into_iter();
                Ok(Value::Set(
                    texts.map(|text| Value::String(text.to_owned().into())).collect(),
                ))
            }
            (ClaimType::Datetime, _) => {
                let millis = claim::millis(&self.path.to_string(), found)?;
                Ok(Value::Datetime(Datetime::from_millis(millis)))
            }
            (ClaimType::Contains(value), _) => {
                Ok(Value::Bool(self.strings(found)?.contains(&value.as_str())))
            }
        }
    }

    fn strings<'c>(&self, found: &'c Json<'_>) -> Result<Vec<&'c str>> {
        let items = match found {
            Json::Array(items) => items.as_slice(),
            Json::Text(text) => return Ok(vec![text]),
            other => {
                let expected = "a string or an array of strings";
                return Err(claim::wrong_type(&self.path.to_string(), other, expected));
            }
        };
        if items.len() > MAX_SCOPES {
            return Err(claim::invalid(format!(
                "the claim `{}` holds more than {MAX_SCOPES} texts",
                self.path
            )));
        }
        items
            .iter()
            .map(|item| match item {
                Json::Text(text) => Ok(text.as_ref()),
                other => Err(claim::wrong_type(&self.path.to_string(), other, "strings")),
            })
            .collect()
    }
}

/// An attribute that is empty, comes from the session anyway, or has two claims.
pub(crate) fn ambiguous(claims: &[ContextClaim]) -> Option<&str> {
    let names = || claims.iter().map(|claim| claim.attribute.as_ref());
    let reserved = ["", SessionAttributes::APP, SessionAttributes::GRANT_TYPE];
    names()
        .enumerate()
        .find(|(at, name)| reserved.contains(name) || names().take(*at).any(|earlier| earlier == *name))
        .map(|(_, name)| name)
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
