//! The parameters of a request: `application/x-www-form-urlencoded`, read strictly.

use std::fmt;

use zeroize::Zeroizing;

use crate::limits::{MAX_FORM_BYTES, MAX_FORM_PARAMETERS};

use super::error::{OAuthError, OAuthResult};

/// The parameters of a request, each once and never empty.
///
/// A parameter that is given twice makes the request invalid, whatever its name: otherwise two readers could each take
/// another one (RFC 6749 §3.1, §3.2). One without a value counts as absent (the same sections). `audience` and `resource`
/// alone may be repeated (RFC 8693 §2.1, RFC 8707 §2). Values are wiped from memory when dropped and never printed.
///
/// ```
/// use bailiwick::oauth::Parameters;
///
/// let form = Parameters::parse("grant_type=client_credentials&scope=rfis%3Aread+drawings%3Aread&state=")?;
/// assert_eq!(form.get("scope"), Some("rfis:read drawings:read"));
/// assert_eq!(form.get("state"), None);
/// assert!(Parameters::parse("scope=a&scope=b").is_err());
/// # Ok::<(), bailiwick::oauth::OAuthError>(())
/// ```
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, Zeroizing<String>)>);

/// Parameters that name targets, of which there may be several.
const REPEATABLE: [&str; 2] = ["audience", "resource"];

impl Parameters {
    /// Reads a form's body, or the query of a URL without its question mark.
    ///
    /// # Errors
    ///
    /// `invalid_request` for more than [`MAX_FORM_BYTES`] or [`MAX_FORM_PARAMETERS`], for text that is not
    /// `application/x-www-form-urlencoded`, for values that are not UTF-8 or hold control characters, and for a parameter
    /// given twice.
    pub fn parse(text: impl AsRef<[u8]>) -> OAuthResult<Self> {
        let text = text.as_ref();
        check_size(text.len())?;
        let mut parameters = Self::default();
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => {
                    let (name, value) = pair.split_at(at);
                    (name, value.get(1..).unwrap_or_default())
                }
                None => (pair, [].as_slice()),
            };
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(OAuthError::invalid_request(
                    "the parameters are not application/x-www-form-urlencoded UTF-8",
                ));
            };
            parameters.add(&name, value)?;
        }
        Ok(parameters)
    }

    /// Takes parameters that the host's framework has decoded, in the order and number in which they came.
    ///
    /// Use [`Parameters::parse`] where the framework drops repeated names.
    ///
    /// # Errors
    ///
    /// As [`Parameters::parse`].
    pub fn from_pairs<N: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> OAuthResult<Self> {
        let (mut parameters, mut size) = (Self::default(), 0_usize);
        for (name, value) in pairs {
            let value = Zeroizing::new(value.into());
            size = size
                .saturating_add(name.as_ref().len())
                .saturating_add(value.len());
            check_size(size)?;
            parameters.add(name.as_ref(), value)?;
        }
        Ok(parameters)
    }

    fn add(&mut self, name: &str, value: Zeroizing<String>) -> OAuthResult<()> {
        if name.is_empty()
            || [name, value.as_str()]
                .iter()
                .any(|text| text.chars().any(char::is_control))
        {
            return Err(OAuthError::invalid_request(
                "a parameter has no name, or holds control characters",
            ));
        }
        if self.0.len() >= MAX_FORM_PARAMETERS {
            return Err(OAuthError::invalid_request(format!(
                "more than {MAX_FORM_PARAMETERS} parameters"
            )));
        }
        if !REPEATABLE.contains(&name) && self.0.iter().any(|(known, _)| known == name) {
            // The name is the caller's own text: repeated only where it is a registered one.
            let shown = registered(name).unwrap_or("a parameter");
            return Err(OAuthError::invalid_request(format!(
                "{shown} is given more than once"
            )));
        }
        self.0.push((name.to_owned(), value));
        Ok(())
    }

    /// The value of a parameter, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a parameter that may be repeated.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.iter().filter(move |(known, _)| known == name);
        values
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter that the request must have.
    pub(crate) fn require(&self, name: &'static str) -> OAuthResult<&str> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
    }
}

fn check_size(size: usize) -> OAuthResult<()> {
    if size > MAX_FORM_BYTES {
        return Err(OAuthError::invalid_request(format!(
            "the parameters are longer than {MAX_FORM_BYTES} bytes"
        )));
    }
    Ok(())
}

/// Names that the specifications define, as a message may show them.
fn registered(name: &str) -> Option<&'static str> {
    const NAMES: [&str; 22] = [
        "grant_type",
        "scope",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "code_challenge",
        "code_challenge_method",
        "refresh_token",
        "response_type",
        "response_mode",
        "state",
        "subject_token",
        "subject_token_type",
        "actor_token",
        "actor_token_type",
        "requested_token_type",
        "token",
        "token_type_hint",
    ];
    NAMES.into_iter().find(|known| *known == name)
}

/// Undoes the encoding of a form (WHATWG URL §5.1, what RFC 6749 Appendix B asks for), once and strictly: `%` is followed
/// by two hexadecimal digits, and what a writer must encode is encoded.
pub(crate) fn decode(text: &[u8]) -> Option<Zeroizing<String>> {
    // Reserved up front, so that no copy of a secret is left behind by growing.
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            0x21..=0x7E => byte,
            _ => return None,
        });
    }
    let text = std::str::from_utf8(&decoded).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| registered(name).unwrap_or("…"));
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
#[path = "parameters_tests.rs"]
mod tests;
