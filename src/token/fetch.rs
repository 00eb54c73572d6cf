//! Key sets and status lists by HTTPS (feature `fetch`).

use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, StatusCode, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_FETCHED_KEYS_BYTES, MAX_STATUS_LIST_TOKEN_BYTES};

use super::key_set::KeySet;
use super::key_source::KeySource;
use super::status_list::StatusLists;

/// How to get an issuer's documents by HTTPS: with TLS on ring, and certificates checked against Mozilla's roots.
///
/// Only `https` addresses are asked, no redirect is followed, no proxy is used, and nothing is sent but a plain `GET`. The
/// whole exchange is bounded in time and size. Where that is not enough, use a callback with a client of your own.
///
/// ```no_run
/// use bailiwick::{Https, Profile};
///
/// let https = Https::new();
/// let profile = Profile::issuer("https://id.example.com")
///     .audience("api")
///     .keys(https.keys("https://id.example.com/jwks.json")?)
///     .status_lists(https.status_lists("https://id.example.com/statuslists/")?);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it gets keys and lists once a profile has them"]
pub struct Https {
    timeout: Duration,
    roots: RootCerts,
}

/// How long an exchange may take unless told, in seconds.
const TIMEOUT: u32 = 5;
/// The shortest and longest time for which a response's keys are kept, whatever it says, in seconds.
const LIFETIME: std::ops::RangeInclusive<u32> = 60..=86_400;
const KEYS_TYPE: &str = "application/jwk-set+json, application/json";
const LIST_TYPE: &str = "application/statuslist+jwt";

impl Default for Https {
    fn default() -> Self {
        Self::new()
    }
}

impl Https {
    /// Mozilla's roots, and 5 seconds for each exchange.
    pub fn new() -> Self {
        Self {
            timeout: Duration::from_secs(TIMEOUT.into()),
            roots: RootCerts::WebPki,
        }
    }

    /// How long an exchange may take from the look-up of the name to the last byte, in seconds.
    pub fn timeout(mut self, seconds: u32) -> Self {
        self.timeout = Duration::from_secs(seconds.max(1).into());
        self
    }

    /// Trusts these roots alone: certificates in PEM.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for text that is not PEM, or holds no certificate.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self> {
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                Ok(_) => {}
                Err(_) => return Err(configuration("the root certificates are not in PEM")),
            }
        }
        if certificates.is_empty() {
            return Err(configuration("no root certificate is given"));
        }
        self.roots = RootCerts::new_with_certs(&certificates);
        Ok(self)
    }

    /// The keys of an issuer, from the address of its JWKS.
    ///
    /// They are first got when a token of the issuer arrives, and again when the response's `Cache-Control: max-age` has
    /// passed, of which at least a minute and at most a day counts; without it every 300 seconds, or as
    /// [told](KeySource::interval). All else is as with [`KeySource::callback`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for an address that is not `https`, or names no host.
    pub fn keys(&self, uri: &str) -> Result<KeySource> {
        check_address(uri)?;
        let (agent, uri) = (self.agent(), uri.to_owned());
        Ok(KeySource::remote(move || {
            let (body, lifetime) = get(&agent, &uri, KEYS_TYPE, MAX_FETCHED_KEYS_BYTES)
                .map_err(|reason| Error::new(ErrorKind::KeysUnavailable, reason))?;
            Ok((KeySet::from_jwks(&body)?, lifetime))
        }))
    }

    /// The status lists of an issuer, all of which lie below one address: `https://id.example.com/statuslists/`. A list
    /// elsewhere is not asked for, whatever a token says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for an address that is not `https`, names no host, or does not end with a slash.
    pub fn status_lists(&self, below: &str) -> Result<StatusLists> {
        check_address(below)?;
        if !below.ends_with('/') {
            return Err(configuration(
                "the address of the status lists does not end with a slash",
            ));
        }
        let (agent, below) = (self.agent(), below.to_owned());
        Ok(StatusLists::callback(move |uri| {
            let unavailable = |reason: String| Error::new(ErrorKind::StatusUnavailable, reason);
            let rest = uri.strip_prefix(&below).unwrap_or_default();
            // One name below the address, and no way out of it.
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte);
            let leads_below = rest
                .split('/')
                .all(|name| !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_name));
            if !leads_below {
                return Err(unavailable(
                    "the token's status list does not lie where its issuer's lists do".to_owned(),
                ));
            }
            let (body, _) = get(&agent, uri, LIST_TYPE, MAX_STATUS_LIST_TOKEN_BYTES).map_err(unavailable)?;
            String::from_utf8(body).map_err(|_| unavailable("the response is not UTF-8".to_owned()))
        }))
    }

    fn agent(&self) -> Agent {
        let tls = TlsConfig::builder().root_certs(self.roots.clone()).build();
        Agent::config_builder()
            .https_only(true)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(self.timeout))
            .proxy(None)
            .max_idle_connections(0)
            .user_agent(concat!("bailiwick/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .into()
    }
}

/// The body of a response and how long it may be kept, or why there is none.
fn get(agent: &Agent, uri: &str, accept: &str, limit: usize) -> Result<(Vec<u8>, Option<u32>), String> {
    let mut response = agent
        .get(uri)
        .header(header::ACCEPT, accept)
        .call()
        .map_err(|error| format!("no answer by HTTPS: {error}"))?;
    let status = response.status();
    if status.is_redirection() {
        return Err("the answer is a redirect, and none is followed".to_owned());
    }
    if status != StatusCode::OK {
        return Err(format!("the answer is {}; expected 200", status.as_u16()));
    }
    let lifetime = lifetime(&response);
    let limit_in_full = u64::try_from(limit).unwrap_or(u64::MAX);
    let body = response
        .body_mut()
        .with_config()
        .limit(limit_in_full)
        .read_to_vec();
    match body {
        Ok(body) => Ok((body, lifetime)),
        Err(ureq::Error::BodyExceedsLimit(_)) => Err(format!("the answer is longer than {limit} bytes")),
        Err(error) => Err(format!("the answer broke off: {error}")),
    }
}

/// `max-age` of `Cache-Control` (RFC 9111 §5.2.2.1), within bounds.
fn lifetime<T>(response: &Response<T>) -> Option<u32> {
    let directives = response.headers().get(header::CACHE_CONTROL)?.to_str().ok()?;
    let mut names = directives.split(',').map(str::trim);
    let age = names.find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        name.eq_ignore_ascii_case("max-age")
            .then(|| value.trim_matches('"').parse::<u32>().ok())
            .flatten()
    })?;
    Some(age.clamp(*LIFETIME.start(), *LIFETIME.end()))
}

fn check_address(uri: &str) -> Result<()> {
    let host = uri
        .strip_prefix("https://")
        .and_then(|rest| rest.split('/').next());
    match host {
        Some(host) if !host.is_empty() && !host.contains(['@', '?', '#', '\\', ' ']) => Ok(()),
        _ => Err(configuration(
            "the address is not `https://` with a host, and without a user",
        )),
    }
}

fn configuration(message: &str) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
