//! Looking up claims: where they lie, and that they have the type they must have.
//!
//! A claim of the wrong type is refused, never treated as absent.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_NAME_BYTES, MAX_NUMERIC_DATE};

use super::json::{Json, Members};

/// Where a claim lies: a name at the top, or a path into nested objects.
///
/// Text that begins with `/` is a path in the notation of JSON Pointer (RFC 6901): `/org/id`, with `~1` for a slash
/// and `~0` for a tilde within a name. Any other text is a name, so `https://example.com/tenant` is one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClaimPath {
    written: String,
    steps: Vec<String>,
}

impl ClaimPath {
    pub(crate) fn new(written: impl Into<String>) -> Self {
        let written = written.into();
        let steps = match written.strip_prefix('/') {
            Some(path) => path
                .split('/')
                .map(|step| step.replace("~1", "/").replace("~0", "~"))
                .collect(),
            None => vec![written.clone()],
        };
        Self { written, steps }
    }

    /// False when a name on the way is empty.
    pub(crate) fn is_valid(&self) -> bool {
        self.steps.iter().all(|step| !step.is_empty())
    }

    /// The claim, if it is there; an error if the path leads through something that is not an object.
    pub(crate) fn find<'c, 'a>(&self, claims: &'c Members<'a>) -> Result<Option<&'c Json<'a>>> {
        let mut members = claims;
        let mut steps = self.steps.iter().peekable();
        while let Some(step) = steps.next() {
            let Some(value) = members.get(step) else {
                return Ok(None);
            };
            if steps.peek().is_none() {
                return Ok(Some(value));
            }
            match value {
                Json::Object(inner) => members = inner,
                other => {
                    return Err(invalid(format!(
                        "the claim `{self}` leads through {}",
                        other.type_name()
                    )));
                }
            }
        }
        Ok(None)
    }

    /// The claim as text that is not empty, if it is there.
    pub(crate) fn text<'c>(&self, claims: &'c Members<'_>) -> Result<Option<&'c str>> {
        self.find(claims)?
            .map(|value| text(&self.written, value))
            .transpose()
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}

/// A registered claim as text that is not empty, if it is there.
pub(crate) fn registered<'c>(claims: &'c Members<'_>, name: &str) -> Result<Option<&'c str>> {
    claims.get(name).map(|value| text(name, value)).transpose()
}

/// A value that must be text and not empty.
pub(crate) fn text<'c>(name: &str, value: &'c Json<'_>) -> Result<&'c str> {
    match value {
        Json::Text(text) if text.is_empty() => Err(invalid(format!("the claim `{name}` is empty"))),
        Json::Text(text) if text.len() > MAX_NAME_BYTES => Err(invalid(format!(
            "the claim `{name}` is longer than {MAX_NAME_BYTES} bytes"
        ))),
        Json::Text(text) => Ok(text),
        other => Err(wrong_type(name, other, "a string")),
    }
}

/// A NumericDate (RFC 7519 §2): seconds since the Unix epoch, an integer or a fraction.
#[derive(Clone, Copy)]
pub(crate) struct Date {
    /// The last whole second that is not later: what `exp` counts as.
    pub(crate) floor: i64,
    /// The first whole second that is not earlier: what `nbf` and `iat` count as.
    pub(crate) ceil: i64,
}

/// A registered claim that is a NumericDate, if it is there.
#[expect(
    clippy::cast_possible_truncation,
    reason = "within range the conversion is exact"
)]
pub(crate) fn date(claims: &Members<'_>, name: &str) -> Result<Option<Date>> {
    let (floor, ceil) = match claims.get(name) {
        None => return Ok(None),
        Some(Json::Integer(seconds)) if is_in_range(*seconds) => (*seconds, *seconds),
        Some(Json::Fraction(seconds)) if is_fraction_in_range(*seconds) => {
            (seconds.floor() as i64, seconds.ceil() as i64)
        }
        Some(other) => return Err(no_date(name, other)),
    };
    Ok(Some(Date { floor, ceil }))
}

/// The milliseconds since the Unix epoch of a claim that must be a NumericDate.
#[expect(
    clippy::cast_possible_truncation,
    reason = "within range the conversion is exact"
)]
pub(crate) fn millis(name: &str, value: &Json<'_>) -> Result<i64> {
    match value {
        Json::Integer(seconds) if is_in_range(*seconds) => Ok(seconds * 1_000),
        Json::Fraction(seconds) if is_fraction_in_range(*seconds) => Ok((seconds * 1_000.0).floor() as i64),
        other => Err(no_date(name, other)),
    }
}

fn is_in_range(seconds: i64) -> bool {
    (0..=MAX_NUMERIC_DATE).contains(&seconds)
}

#[expect(clippy::cast_precision_loss, reason = "the bound has fewer than 53 bits")]
fn is_fraction_in_range(seconds: f64) -> bool {
    (0.0..=MAX_NUMERIC_DATE as f64).contains(&seconds)
}

fn no_date(name: &str, found: &Json<'_>) -> Error {
    match found {
        Json::Integer(_) | Json::Fraction(_) => invalid(format!(
            "the claim `{name}` is not between 1970 and the year 9999"
        ))
        .help("a NumericDate counts seconds since 1970, not milliseconds"),
        other => wrong_type(name, other, "a number"),
    }
}

pub(crate) fn wrong_type(name: &str, found: &Json<'_>, expected: &str) -> Error {
    invalid(format!(
        "the claim `{name}` is {}; expected {expected}",
        found.type_name()
    ))
}

pub(crate) fn missing(name: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::TokenClaimMissing,
        format!("the token has no claim `{name}`"),
    )
}

pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::TokenClaimInvalid, message)
}
