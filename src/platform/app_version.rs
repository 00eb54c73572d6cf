//! Versions of apps: drafted → published. A version's manifest never changes; a change is the next version.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::limits::MAX_REDIRECT_URIS;

use super::ids::AppId;
use super::refuse::{conflict, invalid, unknown};
use super::scopes::Scopes;
use super::state::State;

/// How an app may obtain tokens (RFC 6749, RFC 8693).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// With a user's consent: RFC 6749 §4.1, always with PKCE.
    AuthorizationCode,
    /// Refreshing what a consent gave: RFC 6749 §6.
    RefreshToken,
    /// For itself, through its own service account of an installation: RFC 6749 §4.4.
    ClientCredentials,
    /// Narrowing a token that it holds: RFC 8693.
    TokenExchange,
}

impl GrantType {
    /// The `grant_type` parameter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

/// What a version asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The scopes it asks for.
    pub scopes: Scopes,
    /// Where authorization codes may be sent; compared exactly, apart from the port of a loopback address.
    pub redirect_uris: Vec<String>,
    /// How it obtains tokens.
    pub grant_types: BTreeSet<GrantType>,
}

impl Manifest {
    /// A manifest that asks for scopes and nothing else; add redirect URIs and grant types.
    #[must_use]
    pub fn new(scopes: Scopes) -> Self {
        Self {
            scopes,
            redirect_uris: Vec::new(),
            grant_types: BTreeSet::new(),
        }
    }

    /// Adds a redirect URI, and with it the authorization code grant and its refreshing.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self.grant_types
            .extend([GrantType::AuthorizationCode, GrantType::RefreshToken]);
        self
    }

    /// Adds a grant type.
    #[must_use]
    pub fn grant_type(mut self, grant_type: GrantType) -> Self {
        self.grant_types.insert(grant_type);
        self
    }

    fn check(&self) -> Result<()> {
        if self.redirect_uris.len() > MAX_REDIRECT_URIS {
            return Err(invalid(format!("more than {MAX_REDIRECT_URIS} redirect uris")));
        }
        self.redirect_uris
            .iter()
            .try_for_each(|uri| check_redirect(uri))?;
        if self.grant_types.contains(&GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(invalid("the authorization code grant needs a redirect uri"));
        }
        Ok(())
    }
}

/// An absolute URI without fragment (RFC 6749 §3.1.2); plain `http` on a loopback address only (RFC 8252 §7.3).
fn check_redirect(uri: &str) -> Result<()> {
    let fail = |problem: &str| {
        invalid(format!("a redirect uri {problem}"))
            .help("use https://…, http://127.0.0.1/… or a private scheme such as com.example.app:/…")
    };
    if uri.len() > 2_048 || !uri.bytes().all(|byte| matches!(byte, 0x21..=0x7E)) {
        return Err(fail(
            "is longer than 2048 bytes or has other characters than printable ASCII",
        ));
    }
    if uri.contains(['#', '\\', '*', '"', '<', '>']) {
        return Err(fail(
            "has a fragment, a wildcard or a character that URIs do not have",
        ));
    }
    let (scheme, rest) = uri.split_once(':').ok_or_else(|| fail("has no scheme"))?;
    let authority = rest.strip_prefix("//").map(|rest| {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    });
    match (scheme, authority) {
        (_, Some(authority)) if authority.contains('@') => Err(fail("has user information")),
        ("https", Some(authority)) if !authority.is_empty() => Ok(()),
        ("http", Some(authority)) => {
            let host = match authority.strip_prefix('[') {
                Some(rest) => rest.split(']').next().unwrap_or_default(),
                None => authority.split(':').next().unwrap_or_default(),
            };
            if matches!(host, "127.0.0.1" | "::1") {
                Ok(())
            } else {
                Err(fail("uses plain http on another host than a loopback address"))
            }
        }
        // RFC 8252 §7.1: a private scheme is a reversed domain name, so it has a dot.
        (scheme, _) if scheme.contains('.') => Ok(()),
        _ => Err(fail("has an unsuitable scheme")),
    }
}

/// A version of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AppVersion {
    /// Its number, from 1.
    pub number: u32,
    /// What it asks for.
    pub manifest: Manifest,
    /// When it was published, in seconds since the Unix epoch; none for a draft.
    pub published: Option<i64>,
}

/// What can happen to a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum AppVersionChange {
    /// It exists from now on, and nobody can install it yet.
    Drafted {
        app: AppId,
        number: u32,
        manifest: Manifest,
    },
    /// It can be installed, and waits for approval where the app is installed already.
    Published { app: AppId, number: u32, at: i64 },
}

impl State {
    pub(super) fn apply_app_version(&mut self, change: &AppVersionChange) -> Result<()> {
        match change {
            AppVersionChange::Drafted {
                app,
                number,
                manifest,
            } => {
                manifest.check()?;
                self.update_app(app, |it| {
                    let next = it.versions.last().map_or(1, |last| last.number.saturating_add(1));
                    if *number != next {
                        return Err(conflict(format!(
                            "the next version of app `{app}` is {next}, not {number}"
                        )));
                    }
                    it.versions.push(AppVersion {
                        number: next,
                        manifest: manifest.clone(),
                        published: None,
                    });
                    Ok(())
                })
            }
            AppVersionChange::Published { app, number, at } => self.update_app(app, |it| {
                if it.blocked {
                    return Err(conflict(format!("app `{app}` is blocked")));
                }
                if it.published().is_some_and(|latest| latest.number >= *number) {
                    return Err(conflict(format!(
                        "version {number} of app `{app}` is published already, or a later one is"
                    )));
                }
                let version = it
                    .versions
                    .iter_mut()
                    .find(|version| version.number == *number)
                    .ok_or_else(|| unknown("version", &number.to_string()))?;
                version.published = Some(*at);
                Ok(())
            }),
        }
    }
}
