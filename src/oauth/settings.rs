//! What an authorization server is called, where its endpoints are, and how long what it issues lives.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_CODE_LIFETIME_SECONDS, MAX_REFRESH_GRACE_SECONDS, MAX_TOKEN_LIFETIME_SECONDS};
use crate::token::{KeyRing, Profile};

/// Settings of the authorization server.
///
/// Unless told, endpoints lie beneath the issuer under `/oauth/`, access tokens live for 15 minutes, authorization codes
/// for one, a chain of refresh tokens for 30 days, and a refresh that is tried again within 30 seconds gets the same
/// successor.
///
/// ```
/// use bailiwick::oauth::Settings;
///
/// let settings = Settings::new("https://id.example.com").audience("https://api.example.com").access_tokens(600);
/// assert_eq!(settings.issuer(), "https://id.example.com");
/// ```
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until an engine is built with them"]
pub struct Settings {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) endpoints: String,
    pub(crate) access_seconds: i64,
    pub(crate) code_seconds: i64,
    pub(crate) refresh_seconds: i64,
    pub(crate) grace_seconds: i64,
    pub(crate) documentation: Option<String>,
}

impl Settings {
    /// Settings for the issuer of this name: the `iss` of its tokens, a URL without query and fragment (RFC 8414 §2).
    pub fn new(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self {
            endpoints: format!("{}/oauth", issuer.trim_end_matches('/')),
            issuer,
            audiences: vec![],
            access_seconds: 900,
            code_seconds: 60,
            refresh_seconds: 30 * 24 * 3_600,
            grace_seconds: 30,
            documentation: None,
        }
    }

    /// Adds an audience: whom the tokens are for (`aud`). A client may ask for fewer of them, and for no other.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The URL beneath which the host serves `/authorize`, `/token`, `/revoke`, `/introspect` and `/jwks`.
    pub fn endpoints(mut self, url: impl Into<String>) -> Self {
        self.endpoints = url.into();
        self
    }

    /// How long access tokens live, in seconds: 900 unless told, at most
    /// [`MAX_TOKEN_LIFETIME_SECONDS`](crate::limits::MAX_TOKEN_LIFETIME_SECONDS).
    pub fn access_tokens(mut self, seconds: u32) -> Self {
        self.access_seconds = seconds.into();
        self
    }

    /// How long authorization codes live, in seconds: 60 unless told, at most
    /// [`MAX_CODE_LIFETIME_SECONDS`](crate::limits::MAX_CODE_LIFETIME_SECONDS).
    pub fn codes(mut self, seconds: u32) -> Self {
        self.code_seconds = seconds.into();
        self
    }

    /// How long a chain of refresh tokens lives, in seconds, however often it is refreshed: 30 days unless told.
    pub fn refresh_tokens(mut self, seconds: u32) -> Self {
        self.refresh_seconds = seconds.into();
        self
    }

    /// For how long a refresh token that was replaced still gets its successor, in seconds: 30 unless told, at most
    /// [`MAX_REFRESH_GRACE_SECONDS`](crate::limits::MAX_REFRESH_GRACE_SECONDS). With 0 every second use ends the chain.
    pub fn refresh_grace(mut self, seconds: u32) -> Self {
        self.grace_seconds = seconds.into();
        self
    }

    /// Where developers read about the server (`service_documentation`).
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the tokens look like that this server issues. It knows its own clock, so there is no leeway.
    pub(crate) fn profile(&self, ring: &KeyRing) -> Profile {
        let profile = Profile::own(&self.issuer, ring).leeway(0);
        let audiences = self.audiences.iter();
        audiences.fold(profile, |profile, audience| profile.audience(audience))
    }

    /// Finds settings that are missing or impossible.
    pub(crate) fn check(&self) -> Result<()> {
        let problem = |what: String, help: &str| {
            Err(Error::new(
                ErrorKind::Configuration,
                format!("the authorization server {what}"),
            )
            .help(help))
        };
        for (what, url) in [("issuer", &self.issuer), ("endpoint address", &self.endpoints)] {
            if !is_plain_url(url) {
                return problem(
                    format!("has an {what} that is no https URL without query and fragment"),
                    "write it as https://id.example.com; plain http is for 127.0.0.1, [::1] and localhost",
                );
            }
        }
        if self.audiences.is_empty() || self.audiences.iter().any(String::is_empty) {
            return problem(
                "has no audience, or an empty one".to_owned(),
                "say whom its tokens are for: `.audience(\"https://api.example.com\")`",
            );
        }
        for (what, seconds, longest) in [
            (
                "access tokens",
                self.access_seconds,
                MAX_TOKEN_LIFETIME_SECONDS.into(),
            ),
            (
                "authorization codes",
                self.code_seconds,
                MAX_CODE_LIFETIME_SECONDS,
            ),
            ("refresh tokens", self.refresh_seconds, u32::MAX.into()),
        ] {
            if !(1..=longest).contains(&seconds) {
                return problem(
                    format!("has {what} that live for {seconds} seconds; expected 1 to {longest}"),
                    "leave the setting out or give seconds within the range",
                );
            }
        }
        if self.grace_seconds > MAX_REFRESH_GRACE_SECONDS {
            return problem(
                format!(
                    "has a grace of {} seconds for refreshing again; at most {MAX_REFRESH_GRACE_SECONDS} are accepted",
                    self.grace_seconds
                ),
                "long enough for a lost response to be noticed is enough",
            );
        }
        Ok(())
    }
}

fn is_plain_url(url: &str) -> bool {
    const LOCAL: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];
    let printable = url.bytes().all(|byte| matches!(byte, 0x21..=0x7E));
    if !printable || url.contains(['?', '#', '\\', '"', '@']) {
        return false;
    }
    let authority = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
    match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => !authority(rest).is_empty(),
        (_, Some(rest)) => {
            let authority = authority(rest);
            LOCAL.iter().any(|host| {
                authority
                    .strip_prefix(host)
                    .is_some_and(|port| port.is_empty() || port.starts_with(':'))
            })
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
