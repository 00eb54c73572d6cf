//! What the host sends back over HTTP.

use std::fmt;

use serde::Serialize;

use super::error::{OAuthError, OAuthErrorCode, OAuthResult};

/// An HTTP response, ready to be sent: status, headers and body.
///
/// Every flow's result becomes one, success and error alike. `Debug` leaves out the body, which may hold tokens.
///
/// ```
/// use bailiwick::oauth::{Parameters, Reply};
///
/// let refused = Parameters::parse("scope=a&scope=b").map(|_| Reply::empty());
/// let reply = Reply::from(refused);
/// assert_eq!(reply.status(), 400);
/// assert!(reply.headers().any(|header| header == ("Cache-Control", "no-store")));
/// assert!(reply.body().starts_with(r#"{"error":"invalid_request""#));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Reply {
    /// 200 without a body, as a revocation is answered (RFC 7009 §2.2).
    #[must_use]
    pub fn empty() -> Self {
        Self {
            status: 200,
            headers: no_store(),
            body: String::new(),
        }
    }

    /// A body of JSON that no cache keeps.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => {
                let mut headers = no_store();
                headers.push(("Content-Type", "application/json".to_owned()));
                Self {
                    status,
                    headers,
                    body,
                }
            }
            // No value of this crate fails to serialise; if one did, it would not be sent by half.
            Err(_) => Self {
                status: 500,
                headers: no_store(),
                body: String::new(),
            },
        }
    }

    /// A public document that caches may keep for this many seconds.
    pub(crate) fn document(content_type: &str, body: String, seconds: u32) -> Self {
        Self {
            status: 200,
            headers: vec![
                ("Cache-Control", format!("public, max-age={seconds}")),
                ("Content-Type", content_type.to_owned()),
            ],
            body,
        }
    }

    /// Sends the browser on to another place. The address may carry a code: it is not stored.
    pub(crate) fn redirect(location: String) -> Self {
        let mut headers = no_store();
        // The page that follows must not learn the address with the code in it.
        headers.push(("Referrer-Policy", "no-referrer".to_owned()));
        headers.push(("Location", location));
        // 303 makes a browser that came with a POST go on with a GET (RFC 9700 §4.12).
        Self {
            status: 303,
            headers,
            body: String::new(),
        }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers: names and values.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of a header, if the response has it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The body; empty for none.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// RFC 6749 §5.1; `Pragma` for caches of HTTP/1.0.
fn no_store() -> Vec<(&'static str, String)> {
    vec![
        ("Cache-Control", "no-store".to_owned()),
        ("Pragma", "no-cache".to_owned()),
    ]
}

impl From<&OAuthError> for Reply {
    fn from(error: &OAuthError) -> Self {
        let mut reply = Self::json(error.status(), error);
        if error.code() == OAuthErrorCode::InvalidClient {
            let challenge = "Basic realm=\"oauth\", charset=\"UTF-8\"".to_owned();
            reply.headers.push(("WWW-Authenticate", challenge));
        }
        if let Some(seconds) = error.seconds_to_wait() {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply
    }
}

impl From<OAuthError> for Reply {
    fn from(error: OAuthError) -> Self {
        Self::from(&error)
    }
}

impl<T: Into<Reply>> From<OAuthResult<T>> for Reply {
    fn from(result: OAuthResult<T>) -> Self {
        match result {
            Ok(response) => response.into(),
            Err(error) => error.into(),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
