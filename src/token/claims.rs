//! What a verified token says.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_SCOPES;
use crate::value::Value;

use super::claim::{self, ClaimPath, Date};
use super::confirmation::Confirmation;
use super::context::{self, Attribute};
use super::json::{Json, Members};
use super::lineage::Lineage;
use super::profile::{Profile, ServiceAccountRule};
use super::status_list::StatusReference;

/// Who bears a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// A person, possibly through a client.
    User,
    /// A service account: the client acts for itself.
    ServiceAccount,
}

/// What a token says once signature, type, audience and time were checked and its claims mapped by the issuer's
/// [`Profile`].
///
/// It is valid while `now` is less than [`expires`](Self::expires) plus the profile's leeway.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    issuer: Arc<str>,
    principal: PrincipalKind,
    subject: String,
    client_id: Option<String>,
    tenant: Option<String>,
    scopes: Vec<String>,
    expires: i64,
    valid_until: i64,
    /// The first second at which the token is accepted, the leeway taken off.
    valid_from: i64,
    not_before: Option<i64>,
    issued_at: Option<i64>,
    token_id: Option<String>,
    key_id: Option<String>,
    attributes: Vec<Attribute>,
    confirmation: Option<Confirmation>,
    lineage: Lineage,
    status: Option<StatusReference>,
}

impl Claims {
    /// The issuer (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether a user or a service account bears the token.
    #[must_use]
    pub fn principal_kind(&self) -> PrincipalKind {
        self.principal
    }

    /// The principal's id: `sub`, or the claim that the profile names. Never empty.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The client through which the principal acts.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The tenant for which the token is good. `None` only if the profile takes it
    /// [from the request](Profile::tenant_from_request).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The scopes in the token's order, each once. A token without scopes grants none.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// When the token expires (`exp`), in seconds since the Unix epoch; a fraction is cut off.
    #[must_use]
    pub fn expires(&self) -> i64 {
        self.expires
    }

    /// The first second at which the token is refused: [`expires`](Self::expires) plus the leeway.
    #[must_use]
    pub fn valid_until(&self) -> i64 {
        self.valid_until
    }

    /// When the token becomes valid (`nbf`), in seconds since the Unix epoch; a fraction counts as the next second.
    #[must_use]
    pub fn not_before(&self) -> Option<i64> {
        self.not_before
    }

    /// When the token was issued (`iat`), in seconds since the Unix epoch; a fraction is cut off.
    #[must_use]
    pub fn issued_at(&self) -> Option<i64> {
        self.issued_at
    }

    /// The token's id (`jti`).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// What the profile's [context claims](Profile::context_claim) amount to: names of attributes and their values, those
    /// left out that the token leaves out.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Value<'static>)> {
        let attributes = self.attributes.iter();
        attributes.filter_map(|(name, value)| value.as_ref().map(|value| (name.as_ref(), value)))
    }

    /// The same with those that are left out: a request cannot set them either.
    pub(crate) fn all_attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// True if the token is good only together with a [proof](super::Proof) of the key or certificate it is bound to.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.confirmation.is_some()
    }

    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    /// The token's place in a status list.
    pub(crate) fn status(&self) -> Option<&StatusReference> {
        self.status.as_ref()
    }

    /// The id of the key that signed the token (`kid` in its header).
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether `now` lies within the token's times, as verification judges it.
    pub(crate) fn is_timely(&self, now: i64) -> bool {
        (self.valid_from..self.valid_until).contains(&now)
    }

    /// About how many bytes the claims occupy.
    pub(crate) fn weight(&self) -> usize {
        let texts = [
            Some(&self.subject),
            self.client_id.as_ref(),
            self.tenant.as_ref(),
            self.token_id.as_ref(),
            self.key_id.as_ref(),
            self.lineage.installation.as_ref(),
            self.lineage.account.as_ref(),
            self.lineage.grant.as_ref(),
            self.lineage.family.as_ref(),
            self.lineage.secret.as_ref(),
        ];
        let held = |text: &String| text.capacity() + 16;
        let lists = (self.scopes.iter())
            .chain(&self.lineage.parents)
            .chain(self.lineage.projects.iter().flatten());
        let listed: usize = lists.map(|text| held(text) + size_of::<String>()).sum();
        let attributes: usize = self.attributes.iter().map(context::weight).sum();
        let uri = self.status.as_ref().map_or(0, |status| status.uri.len() + 16);
        size_of::<Self>() + uri + texts.into_iter().flatten().map(held).sum::<usize>() + listed + attributes
    }

    /// What the token descends from; empty unless the platform itself issued it.
    #[must_use]
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }
}

/// Checks the claims of a token whose signature holds, and maps them.
pub(crate) fn check(
    profile: &Profile,
    issuer: &Arc<str>,
    claims: &Members<'_>,
    key_id: Option<&str>,
    now: i64,
) -> Result<Claims> {
    check_audience(profile, claims)?;
    let times = check_times(profile, claims, now)?;
    check_kind_of_token(profile, claims)?;
    for path in &profile.required {
        if matches!(path.find(claims)?, None | Some(Json::Null)) {
            return Err(claim::missing(path));
        }
    }
    let client_id = client(&profile.clients, claims)?;
    let (principal, subject) = bearer(profile, claims, client_id)?;
    let tenant = match &profile.tenant {
        Some(path) => Some(path.text(claims)?.ok_or_else(|| {
            claim::missing(path).help("if the issuer's tokens name no tenant, say `.tenant_from_request()`")
        })?),
        None => None,
    };
    Ok(Claims {
        issuer: issuer.clone(),
        principal,
        subject: subject.to_owned(),
        client_id: client_id.map(str::to_owned),
        tenant: tenant.map(str::to_owned),
        scopes: match &profile.fixed_scopes {
            Some(fixed) => fixed.clone(),
            None => scopes(profile, principal, claims)?,
        },
        expires: times.expires.floor,
        valid_until: profile.end(times.expires.floor),
        valid_from: [times.not_before, times.issued_at]
            .into_iter()
            .flatten()
            .map(|date| date.ceil.saturating_sub(profile.leeway.into()))
            .max()
            .unwrap_or(i64::MIN),
        not_before: times.not_before.map(|date| date.ceil),
        issued_at: times.issued_at.map(|date| date.floor),
        token_id: claim::registered(claims, "jti")?.map(str::to_owned),
        key_id: key_id.map(str::to_owned),
        attributes: (profile.context.iter())
            .map(|mapped| mapped.read(claims))
            .collect::<Result<_>>()?,
        confirmation: Confirmation::of(claims)?,
        lineage: if profile.own {
            Lineage::read(claims)?
        } else {
            Lineage::default()
        },
        status: StatusReference::of(claims)?,
    })
}

fn check_audience(profile: &Profile, claims: &Members<'_>) -> Result<()> {
    let is_ours = |audience: &str| profile.audiences.iter().any(|ours| ours == audience);
    let mut found = false;
    let path = &profile.audience;
    let wrong = |found: &Json<'_>, expected: &str| claim::wrong_type(&path.to_string(), found, expected);
    match path.find(claims)? {
        None => return Err(claim::missing(path)),
        Some(Json::Text(audience)) => found = is_ours(audience),
        Some(Json::Array(audiences)) => {
            for audience in audiences {
                match audience {
                    Json::Text(audience) => found |= is_ours(audience),
                    other => return Err(wrong(other, "strings")),
                }
            }
        }
        Some(other) => return Err(wrong(other, "a string or an array of strings")),
    }
    if found {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::TokenAudience,
        format!(
            "the token is not for this audience; expected `{}`",
            profile.audiences.join("` or `")
        ),
    ))
}

struct Times {
    expires: Date,
    not_before: Option<Date>,
    issued_at: Option<Date>,
}

/// Valid from `nbf - leeway`, and from `iat - leeway`, until before `exp + leeway`.
fn check_times(profile: &Profile, claims: &Members<'_>, now: i64) -> Result<Times> {
    let times = Times {
        expires: claim::date(claims, "exp")?.ok_or_else(|| claim::missing("exp"))?,
        not_before: claim::date(claims, "nbf")?,
        issued_at: claim::date(claims, "iat")?,
    };
    let leeway = profile.leeway;
    if now >= profile.end(times.expires.floor) {
        let ago = now.saturating_sub(times.expires.floor);
        return Err(Error::new(
            ErrorKind::TokenExpired,
            format!("the token expired {ago} seconds ago; {leeway} are tolerated"),
        ));
    }
    for (what, date) in [("valid", times.not_before), ("issued", times.issued_at)] {
        if let Some(date) = date
            && date.ceil > profile.latest_start(now)
        {
            let ahead = date.ceil.saturating_sub(now);
            return Err(Error::new(
                ErrorKind::TokenNotYetValid,
                format!("the token is {what} only {ahead} seconds from now; {leeway} are tolerated"),
            )
            .help("compare the clocks of this machine and of the issuer"));
        }
    }
    if let Some(longest) = profile.max_lifetime {
        let issued = times.issued_at.ok_or_else(|| claim::missing("iat"))?.floor;
        let lifetime = times.expires.ceil.saturating_sub(issued);
        if lifetime > longest.into() {
            return Err(claim::invalid(format!(
                "the token lives for {lifetime} seconds; at most {longest} are accepted"
            )));
        }
    }
    Ok(times)
}

/// Refuses tokens that are something else than access tokens.
fn check_kind_of_token(profile: &Profile, claims: &Members<'_>) -> Result<()> {
    // OpenID Connect Core §3.1.3.6 and §3.3.2.11; Cognito says it in a claim of its own.
    let names_use = matches!(claims.get("token_use"), Some(Json::Text(purpose)) if purpose == "id");
    if names_use || claims.get("at_hash").is_some() || claims.get("c_hash").is_some() {
        return Err(Error::new(
            ErrorKind::TokenType,
            "the token is an ID token; expected an access token",
        ));
    }
    if let Some((path, accepted)) = &profile.use_claim {
        let found = path.text(claims)?.ok_or_else(|| claim::missing(path))?;
        if !accepted.iter().any(|accepted| accepted == found) {
            return Err(Error::new(
                ErrorKind::TokenType,
                format!(
                    "the token is no access token by its claim `{path}`; expected `{}`",
                    accepted.join("` or `")
                ),
            ));
        }
    }
    Ok(())
}

/// Who bears the token, and the principal's id.
fn bearer<'c>(
    profile: &'c Profile,
    claims: &'c Members<'_>,
    client_id: Option<&'c str>,
) -> Result<(PrincipalKind, &'c str)> {
    let named = || -> Result<&'c str> {
        let name = profile.principal.text(claims)?;
        name.ok_or_else(|| claim::missing(&profile.principal))
    };
    let is_service_account = match &profile.service_account {
        ServiceAccountRule::Is(path, value) => path.text(claims)? == Some(value),
        ServiceAccountRule::NamesClient(path, before, after) => {
            let name = path.text(claims)?;
            let name = name.and_then(|name| name.strip_prefix(before.as_str())?.strip_suffix(after.as_str()));
            name.is_some() && name == client_id
        }
        ServiceAccountRule::PrincipalIsClient => client_id == Some(named()?),
        ServiceAccountRule::Always => true,
    };
    if !is_service_account {
        return Ok((PrincipalKind::User, named()?));
    }
    let id = if profile.service_accounts_are_clients {
        client_id.ok_or_else(|| match profile.clients.first() {
            Some(path) => claim::missing(path),
            None => claim::missing("client_id"),
        })?
    } else {
        named()?
    };
    Ok((PrincipalKind::ServiceAccount, id))
}

fn client<'c>(paths: &[ClaimPath], claims: &'c Members<'_>) -> Result<Option<&'c str>> {
    let mut found = None;
    for path in paths {
        let next = path.text(claims)?;
        if found.is_some() && next.is_some() && found != next {
            return Err(disagree(paths, "client"));
        }
        found = found.or(next);
    }
    Ok(found)
}

fn scopes(profile: &Profile, principal: PrincipalKind, claims: &Members<'_>) -> Result<Vec<String>> {
    let paths = match (&profile.service_account_scopes, principal) {
        (Some(paths), PrincipalKind::ServiceAccount) => paths,
        _ => &profile.scopes,
    };
    let mut found: Option<Vec<String>> = None;
    for path in paths {
        let Some(value) = path.find(claims)? else {
            continue;
        };
        let next = scopes_of(path, value)?;
        match &found {
            Some(earlier) if *earlier != next => return Err(disagree(paths, "scopes")),
            _ => found = Some(next),
        }
    }
    match (found, paths.first()) {
        (None, Some(path)) if profile.requires_scopes => Err(claim::missing(path)),
        (found, _) => Ok(found.unwrap_or_default()),
    }
}

/// A string is split at single spaces (RFC 6749 §3.3), and nothing else is a separator. Spelling is compared byte by
/// byte later, so whatever is not a scope of the schema grants nothing.
fn scopes_of(path: &ClaimPath, value: &Json<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut add = |scope: &str| {
        if found.len() >= MAX_SCOPES {
            return Err(claim::invalid(format!(
                "the claim `{path}` holds more than {MAX_SCOPES} scopes"
            )));
        }
        if !found.iter().any(|have| have == scope) {
            found.push(scope.to_owned());
        }
        Ok(())
    };
    let expected = "a string or an array of strings";
    match value {
        Json::Text(scopes) => {
            let mut scopes = scopes.split(' ').filter(|scope| !scope.is_empty());
            scopes.try_for_each(add)?;
        }
        Json::Array(scopes) => {
            for scope in scopes {
                match scope {
                    // A space would make two scopes of one as soon as somebody joins them again.
                    Json::Text(scope) if scope.is_empty() || scope.contains(' ') => {
                        return Err(claim::invalid(format!(
                            "the claim `{path}` holds a scope that is empty or has a space"
                        )));
                    }
                    Json::Text(scope) => add(scope)?,
                    other => return Err(claim::wrong_type(&path.to_string(), other, expected)),
                }
            }
        }
        other => return Err(claim::wrong_type(&path.to_string(), other, expected)),
    }
    Ok(found)
}

fn disagree(paths: &[ClaimPath], about: &str) -> Error {
    let names: Vec<_> = paths.iter().map(ToString::to_string).collect();
    claim::invalid(format!(
        "the claims `{}` disagree about the {about}",
        names.join("`, `")
    ))
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
