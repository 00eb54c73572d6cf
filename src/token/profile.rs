//! What an issuer's tokens must look like, and what their claims mean.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_LEEWAY_SECONDS, MAX_NUMERIC_DATE};

use super::algorithm::Algorithm;
use super::claim::ClaimPath;
use super::context::{self, ClaimType, ContextClaim};
use super::encryption_key::EncryptionKey;
use super::key_ring::KeyRing;
use super::key_set::KeySet;
use super::key_source::KeySource;
use super::spiffe;
use super::status_list::StatusLists;

/// The place of the client's name in a pattern.
const CLIENT: &str = "{client}";

/// What to demand of one issuer's tokens and how to read them. A [`Verifier`](super::Verifier) is built of profiles and
/// checks them then: without an audience or without keys none can be built.
///
/// The defaults are those of RFC 9068: type `at+jwt`, `sub` as principal, `client_id` (or `azp`) as client, `scope` (or
/// `scp`) as scopes; the tenant is the claim `tenant`; clocks may differ by 60 seconds. `exp` and `aud` are always
/// required.
///
/// ```
/// use bailiwick::{KeySet, Profile, SigningKey, Verifier};
///
/// let key = SigningKey::generate_ed25519("k1")?;
/// let profile = Profile::issuer("https://id.example.com")
///     .audience("api")
///     .jwks(KeySet::from_jwks(key.jwks().as_bytes())?)
///     .tenant_claim("/org/id");
/// let verifier = Verifier::new([profile])?;
///
/// let token = key.sign(
///     &serde_json::json!({
///         "iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "dashboards",
///         "org": {"id": "acme"}, "scope": "rfis:read", "exp": 1_800_000_600,
///     }),
///     "at+jwt",
/// )?;
/// let claims = verifier.verify(&token, 1_800_000_000)?;
/// assert_eq!(claims.subject(), "ana");
/// assert_eq!(claims.tenant(), Some("acme"));
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a profile does nothing until a verifier is built of it"]
pub struct Profile {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) keys: Option<KeySource>,
    /// For tokens that are encrypted to whoever uses this profile, beside those of a key ring.
    pub(crate) decryption: Vec<Arc<EncryptionKey>>,
    pub(crate) algorithms: Vec<Algorithm>,
    /// Lower case, without `application/`.
    pub(crate) token_types: Vec<String>,
    pub(crate) accepts_untyped: bool,
    pub(crate) leeway: u32,
    pub(crate) max_lifetime: Option<u32>,
    pub(crate) required: Vec<ClaimPath>,
    pub(crate) principal: ClaimPath,
    pub(crate) clients: Vec<ClaimPath>,
    pub(crate) tenant: Option<ClaimPath>,
    pub(crate) scopes: Vec<ClaimPath>,
    /// Where the scopes of service accounts lie, if elsewhere than those of users.
    pub(crate) service_account_scopes: Option<Vec<ClaimPath>>,
    pub(crate) requires_scopes: bool,
    /// The scopes of every token, whatever it says.
    pub(crate) fixed_scopes: Option<Vec<String>>,
    pub(crate) service_account: ServiceAccountRule,
    pub(crate) service_accounts_are_clients: bool,
    /// The claim that says whom the token is for.
    pub(crate) audience: ClaimPath,
    /// A claim that has one of these values in access tokens, and others in other tokens.
    pub(crate) use_claim: Option<(ClaimPath, Vec<String>)>,
    pub(crate) context: Vec<ContextClaim>,
    pub(crate) status: Option<StatusLists>,
    /// The tokens are JWT-SVIDs: the trust domain of the subject, not `iss`, says who issued them.
    pub(crate) is_spiffe: bool,
    /// The issuer is this platform itself: its tokens may be encrypted, and say what they descend from.
    pub(crate) own: bool,
}

/// How a token shows that a service account bears it.
#[derive(Clone, Debug)]
pub(crate) enum ServiceAccountRule {
    /// The principal and the client have one name.
    PrincipalIsClient,
    /// A claim has a value.
    Is(ClaimPath, String),
    /// A claim is the client's name between two texts.
    NamesClient(ClaimPath, String, String),
    /// Nobody else gets tokens.
    Always,
}

impl ServiceAccountRule {
    fn path(&self) -> Option<&ClaimPath> {
        match self {
            Self::Is(path, _) | Self::NamesClient(path, _, _) => Some(path),
            Self::PrincipalIsClient | Self::Always => None,
        }
    }
}

impl Profile {
    /// A profile for the issuer whose tokens carry exactly this `iss`, byte by byte.
    pub fn issuer(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![],
            keys: None,
            decryption: vec![],
            algorithms: Algorithm::ALL.to_vec(),
            token_types: vec!["at+jwt".to_owned()],
            accepts_untyped: false,
            leeway: 60,
            max_lifetime: None,
            required: vec![],
            principal: ClaimPath::new("sub"),
            clients: vec![ClaimPath::new("client_id"), ClaimPath::new("azp")],
            tenant: Some(ClaimPath::new("tenant")),
            scopes: vec![ClaimPath::new("scope"), ClaimPath::new("scp")],
            service_account_scopes: None,
            requires_scopes: false,
            fixed_scopes: None,
            service_account: ServiceAccountRule::PrincipalIsClient,
            service_accounts_are_clients: false,
            audience: ClaimPath::new("aud"),
            use_claim: None,
            context: vec![],
            status: None,
            is_spiffe: false,
            own: false,
        }
    }

    /// The platform's own profile: tokens that a [`Minter`](super::Minter) of this issuer name signs or encrypts with the
    /// keys of `ring`, as they are at the moment.
    ///
    /// It is this one alone that reads a token's [`Lineage`](super::Lineage).
    pub fn own(issuer: impl Into<String>, ring: &KeyRing) -> Self {
        Self {
            own: true,
            ..Self::issuer(issuer).keys(ring.source())
        }
    }

    /// Adds an audience. A token must name at least one of them in `aud`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The issuer's keys, which stay as they are.
    pub fn jwks(self, keys: KeySet) -> Self {
        self.keys(KeySource::fixed(keys))
    }

    /// The issuer's keys, from a file that is watched; see [`KeySource::file`].
    ///
    /// # Errors
    ///
    /// As [`KeySet::from_jwks_file`].
    pub fn jwks_file(self, path: impl AsRef<Path>) -> Result<Self> {
        Ok(self.keys(KeySource::file(path)?))
    }

    /// The issuer's keys, from a source that may change them. Keep a clone of it to refresh it and to learn its status.
    pub fn keys(mut self, source: KeySource) -> Self {
        self.keys = Some(source);
        self
    }

    /// Also accepts tokens that are encrypted (JWE) with one of these keys. Whoever has such a key can make tokens as well as
    /// read them: give it to nobody but the issuer.
    pub fn encryption_keys(mut self, keys: impl IntoIterator<Item = EncryptionKey>) -> Self {
        self.decryption.extend(keys.into_iter().map(Arc::new));
        self
    }

    /// Accepts these algorithms alone. By default a token may have any of [`Algorithm::ALL`]; since each key is bound
    /// to one of them, that already means the algorithms of the issuer's keys.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Accepts these header types (`typ`) alone, instead of `at+jwt`.
    ///
    /// Types are media types: compared without regard to ASCII case, and `application/` in front of them means nothing
    /// (RFC 7515 §4.1.9). Accepting `JWT` lets every kind of token in that carries the right audience; do it only for
    /// issuers that know no `at+jwt`. ID tokens are refused then as far as their claims give them away.
    pub fn token_types<T: AsRef<str>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.token_types = types
            .into_iter()
            .map(|name| media_type(name.as_ref()).to_ascii_lowercase())
            .collect();
        self
    }

    /// Also accepts tokens whose header has no `typ`.
    pub fn accept_untyped(mut self) -> Self {
        self.accepts_untyped = true;
        self
    }

    /// How much clocks may differ, in seconds: 60 unless told, at most
    /// [`MAX_LEEWAY_SECONDS`](crate::limits::MAX_LEEWAY_SECONDS).
    pub fn leeway(mut self, seconds: u32) -> Self {
        self.leeway = seconds;
        self
    }

    /// The longest time from `iat` to `exp`, in seconds; makes `iat` required. Unlimited unless told.
    pub fn max_lifetime(mut self, seconds: u32) -> Self {
        self.max_lifetime = Some(seconds);
        self
    }

    /// Refuses tokens without any of the claims that may hold their scopes, instead of granting them none: for issuers
    /// whose ID tokens differ in nothing else.
    pub fn require_scopes(mut self) -> Self {
        self.requires_scopes = true;
        self
    }

    /// Requires a claim, of whatever value but null: a name, or a path such as `/org/id`.
    pub fn require(mut self, claim: impl Into<String>) -> Self {
        self.required.push(ClaimPath::new(claim));
        self
    }

    /// The claim that names the principal: `sub` unless told.
    pub fn principal_claim(mut self, claim: impl Into<String>) -> Self {
        self.principal = ClaimPath::new(claim);
        self
    }

    /// The claims that may name the client: `client_id` and `azp` unless told. If a token has several they must agree.
    pub fn client_claims<T: Into<String>>(mut self, claims: impl IntoIterator<Item = T>) -> Self {
        self.clients = claims.into_iter().map(ClaimPath::new).collect();
        self
    }

    /// The claim that names the tenant: a name, or a path such as `/org/id`. `tenant` unless told. Tokens without it are
    /// refused.
    pub fn tenant_claim(mut self, claim: impl Into<String>) -> Self {
        self.tenant = Some(ClaimPath::new(claim));
        self
    }

    /// The issuer's tokens name no tenant: they are good in whichever tenant the request is for.
    pub fn tenant_from_request(mut self) -> Self {
        self.tenant = None;
        self
    }

    /// Where the issuer's status lists come from. Without it tokens that name a place in a list are refused, as nobody can
    /// tell whether they were revoked.
    pub fn status_lists(mut self, lists: StatusLists) -> Self {
        self.status = Some(lists);
        self
    }

    /// The claims that may hold the scopes: `scope` and `scp` unless told. If a token has several they must agree.
    pub fn scope_claims<T: Into<String>>(mut self, claims: impl IntoIterator<Item = T>) -> Self {
        self.scopes = claims.into_iter().map(ClaimPath::new).collect();
        self
    }

    /// The claims that hold the scopes of service accounts, if they lie elsewhere than those of users (Entra: `roles`).
    pub fn service_account_scope_claims<T: Into<String>>(
        mut self,
        claims: impl IntoIterator<Item = T>,
    ) -> Self {
        self.service_account_scopes = Some(claims.into_iter().map(ClaimPath::new).collect());
        self
    }

    /// Every token of this issuer has exactly these scopes, whatever it says: for issuers that know none.
    pub fn fixed_scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.fixed_scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// The principal is a service account when this claim has this value (Auth0: `gty` is `client-credentials`; Entra:
    /// `idtyp` is `app`), and a user otherwise.
    ///
    /// Unless told it is one when the principal and the client have the same name (RFC 9068 §2.2). The issuer must then
    /// let no user choose a client's name as their own (RFC 9068 §5).
    pub fn service_account_when(mut self, claim: impl Into<String>, value: impl Into<String>) -> Self {
        self.service_account = ServiceAccountRule::Is(ClaimPath::new(claim), value.into());
        self
    }

    /// The principal is a service account when this claim is the client's name, written into `pattern` in the place of
    /// `{client}` (Keycloak: `preferred_username` is `service-account-{client}`), and a user otherwise.
    ///
    /// The issuer must let no user choose such a name.
    pub fn service_account_named(mut self, claim: impl Into<String>, pattern: &str) -> Self {
        // Without the place for the client nothing could ever match: `check` refuses it.
        let (before, after) = pattern.split_once(CLIENT).unwrap_or((pattern, CLIENT));
        self.service_account =
            ServiceAccountRule::NamesClient(ClaimPath::new(claim), before.to_owned(), after.to_owned());
        self
    }

    /// The id of a service account is its client's, not what the [principal's claim](Self::principal_claim) says: for
    /// issuers that call it there by a name of their own.
    pub fn service_accounts_by_client(mut self) -> Self {
        self.service_accounts_are_clients = true;
        self
    }

    /// The claim that says whom a token is for: `aud` unless told. Cognito writes none; its tokens are for a `client_id`.
    pub fn audience_claim(mut self, claim: impl Into<String>) -> Self {
        self.audience = ClaimPath::new(claim);
        self
    }

    /// An access token has one of these values in this claim (Cognito: `token_use` is `access`; Keycloak: `typ` is
    /// `Bearer`). Without it, or with another one, a token is something else and is refused.
    pub fn access_token_when<T: Into<String>>(
        mut self,
        claim: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.use_claim = Some((ClaimPath::new(claim), values));
        self
    }

    /// Hands a claim on to the policies: as an attribute of the context of every action whose schema declares one of that
    /// name. A request cannot set the attribute itself then.
    ///
    /// A claim of another type refuses the token. A claim that is absent leaves the attribute out, but for
    /// [`ClaimType::contains`], which is false then.
    ///
    /// ```
    /// use bailiwick::{ClaimType, Profile};
    ///
    /// let profile = Profile::issuer("https://id.example.com")
    ///     .context_claim("mfa", "amr", ClaimType::contains("mfa"))
    ///     .context_claim("roles", "/realm_access/roles", ClaimType::Strings);
    /// ```
    pub fn context_claim(
        mut self,
        attribute: impl Into<String>,
        claim: impl Into<String>,
        expected: ClaimType,
    ) -> Self {
        self.context.push(ContextClaim {
            attribute: attribute.into().into(),
            path: ClaimPath::new(claim),
            expected,
        });
        self
    }

    /// Finds settings that are missing or impossible, and hands out the keys.
    pub(crate) fn check(&self) -> Result<&KeySource> {
        let problem = |what: &str, help: &str| {
            Error::new(
                ErrorKind::Configuration,
                format!(
                    "the profile of issuer `{}` {what}",
                    crate::value::shorten(&self.issuer)
                ),
            )
            .help(help)
        };
        if self.issuer.is_empty() {
            return Err(problem("has an empty name", "name the exact `iss` of its tokens"));
        }
        if self.is_spiffe && !spiffe::is_trust_domain(&self.issuer) {
            return Err(problem(
                "is no trust domain of SPIFFE",
                "write it as `spiffe://example.org`, in lower case and without a path",
            ));
        }
        if self.audiences.is_empty() || self.audiences.iter().any(String::is_empty) {
            return Err(problem(
                "has no audience, or an empty one",
                "say whom its tokens are for: `.audience(\"api\")`",
            ));
        }
        if self.algorithms.is_empty() {
            return Err(problem(
                "accepts no algorithm",
                "leave `.algorithms(…)` out or name some",
            ));
        }
        if self.token_types.iter().any(String::is_empty)
            || self.token_types.is_empty() && !self.accepts_untyped
        {
            return Err(problem(
                "accepts no type of token, or an empty one",
                "name the `typ` of its tokens",
            ));
        }
        if self.leeway > MAX_LEEWAY_SECONDS {
            return Err(problem(
                &format!(
                    "has a leeway of {} seconds; at most {MAX_LEEWAY_SECONDS} are accepted",
                    self.leeway
                ),
                "set the machines' clocks instead",
            ));
        }
        if self.max_lifetime == Some(0) {
            return Err(problem(
                "has a maximum lifetime of 0",
                "leave it out or give seconds",
            ));
        }
        if self.scopes.is_empty() {
            return Err(problem(
                "has no claim for scopes",
                "leave `.scope_claims(…)` out or name some",
            ));
        }
        let paths = (self.required.iter())
            .chain([&self.principal])
            .chain(&self.clients)
            .chain(&self.tenant)
            .chain(&self.scopes)
            .chain(self.service_account_scopes.iter().flatten())
            .chain(self.service_account.path())
            .chain([&self.audience])
            .chain(self.use_claim.as_ref().map(|(claim, _)| claim))
            .chain(self.context.iter().map(|claim| &claim.path));
        if !paths.into_iter().all(ClaimPath::is_valid) {
            return Err(problem(
                "names an empty claim",
                "write claims as `org_id` or `/org/id`",
            ));
        }
        if matches!(&self.service_account, ServiceAccountRule::NamesClient(_, _, after) if after == CLIENT) {
            return Err(problem(
                "has a pattern for service accounts that does not hold `{client}` once",
                "write it as `service-account-{client}`",
            ));
        }
        let ids: HashSet<_> = self.decryption.iter().map(|key| key.key_id()).collect();
        if ids.len() < self.decryption.len() {
            return Err(problem(
                "has two encryption keys of one id (`kid`)",
                "name each key by itself",
            ));
        }
        if let Some(attribute) = context::ambiguous(&self.context) {
            return Err(problem(
                &format!("maps no claim, or two, to the attribute `{attribute}` of the context"),
                "an attribute has one claim; `app` and `grant_type` come from the session",
            ));
        }
        self.keys.as_ref().ok_or_else(|| {
            problem(
                "has no keys",
                "give it the issuer's key set: `.jwks_file(\"jwks.json\")?`",
            )
        })
    }

    /// The latest `iat` and `nbf` that are accepted.
    pub(crate) fn latest_start(&self, now: i64) -> i64 {
        now.saturating_add(self.leeway.into())
    }

    /// The first second at which a token of this `exp` is no longer accepted.
    pub(crate) fn end(&self, expires: i64) -> i64 {
        expires.min(MAX_NUMERIC_DATE).saturating_add(self.leeway.into())
    }
}

/// A media type without the `application/` that RFC 7515 §4.1.9 lets writers leave out.
pub(crate) fn media_type(name: &str) -> &str {
    const PREFIX: &str = "application/";
    match name.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => name,
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
