//! From a token to its claims: every check, in one order.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_TOKEN_CLAIMS, MAX_TOKEN_HEADER_BYTES};

use super::algorithm::Algorithm;
use super::claim;
use super::claims::{self, Claims};
use super::compact::Compact;
use super::dpop::Dpop;
use super::header::{self, Header};
use super::json::{self, Members};
use super::jwe;
use super::key_source::KeySource;
use super::profile::{Profile, media_type};
use super::proof::Proof;
use super::spiffe;
use super::status_list;

/// Verifies the tokens of the issuers it knows. Immutable; clones share everything; no call touches network or clock.
///
/// The order of checks: length, segments, header, claims as JSON, issuer, type, algorithm, key, signature, audience,
/// time, the mapping of claims, status list, and last the proof of possession. The first that fails decides the error's
/// kind.
///
/// ```
/// use bailiwick::{ErrorKind, KeySet, Profile, SigningKey, Verifier};
///
/// let key = SigningKey::generate_es256("k1")?;
/// let keys = KeySet::from_jwks(key.jwks().as_bytes())?;
/// let verifier = Verifier::new([Profile::issuer("https://id.example.com").audience("api").jwks(keys)])?;
///
/// let claims = serde_json::json!({
///     "iss": "https://id.example.com", "aud": "api", "sub": "erp-sync", "client_id": "erp-sync",
///     "tenant": "acme", "exp": 1_800_000_600,
/// });
/// let token = key.sign(&claims, "at+jwt")?;
/// assert_eq!(verifier.verify(&token, 1_800_000_000)?.tenant(), Some("acme"));
///
/// let late = verifier.verify(&token, 1_800_003_600).unwrap_err();
/// assert_eq!(late.kind(), ErrorKind::TokenExpired);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    issuers: Arc<[Issuer]>,
    dpop: Dpop,
    /// Whether any issuer is a trust domain of SPIFFE.
    has_spiffe: bool,
}

/// A profile that passed its checks.
#[derive(Debug)]
struct Issuer {
    name: Arc<str>,
    profile: Profile,
    keys: KeySource,
}

/// What the verification of a token rested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The place of the issuer's profile in the verifier.
    issuer: usize,
    /// The version of the issuer's keys.
    keys: u64,
}

impl Verifier {
    /// A verifier for these issuers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for a profile without audience, keys or algorithms, with a leeway beyond
    /// [`MAX_LEEWAY_SECONDS`](crate::limits::MAX_LEEWAY_SECONDS), for two profiles of one issuer, and for none at all.
    pub fn new(profiles: impl IntoIterator<Item = Profile>) -> Result<Self> {
        let mut issuers = Vec::new();
        for profile in profiles {
            let keys = profile.check()?.clone();
            let name = Arc::from(profile.issuer.as_str());
            issuers.push(Issuer { name, profile, keys });
        }
        if issuers.is_empty() {
            return Err(
                Error::new(ErrorKind::Configuration, "a verifier without any profile")
                    .help("add the profile of an issuer"),
            );
        }
        issuers.sort_by(|a, b| a.name.cmp(&b.name));
        for (one, next) in issuers.iter().zip(issuers.iter().skip(1)) {
            if one.name == next.name {
                return Err(Error::new(
                    ErrorKind::Configuration,
                    format!(
                        "two profiles for the issuer `{}`",
                        crate::value::shorten(&one.name)
                    ),
                )
                .help("give it one profile; a profile may have several audiences"));
            }
        }
        Ok(Self {
            has_spiffe: issuers.iter().any(|issuer| issuer.profile.is_spiffe),
            issuers: issuers.into(),
            dpop: Dpop::new(),
        })
    }

    /// Checks DPoP proofs by these settings; unless told, by those of [`Dpop::new`].
    #[must_use]
    pub fn dpop(mut self, dpop: Dpop) -> Self {
        self.dpop = dpop;
        self
    }

    /// The issuers whose tokens are accepted, sorted.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.issuers.iter().map(|issuer| issuer.name.as_ref())
    }

    /// Verifies a token in compact serialization at the time `now`, in seconds since the Unix epoch.
    ///
    /// A token is valid while `now < exp + leeway`, from `nbf - leeway` on.
    ///
    /// # Errors
    ///
    /// A kind of 200 to 249 for the first check that fails; [`ErrorKind::TokenBinding`] for a token that is bound to a key
    /// or certificate. No error repeats text of the token.
    pub fn verify(&self, token: &str, now: i64) -> Result<Claims> {
        self.verify_bound(token, &Proof::none(), now)
    }

    /// Verifies a token as [`verify`](Self::verify) does, together with the proof that its bearer holds what it is bound
    /// to. A DPoP proof is good for one call.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`ErrorKind::ProofInvalid`], [`ErrorKind::ProofMismatch`],
    /// [`ErrorKind::ProofExpired`], [`ErrorKind::ProofNonce`], [`ErrorKind::ProofReplayed`] and
    /// [`ErrorKind::ProofUnrecorded`] for what is wrong with a DPoP proof.
    pub fn verify_bound(&self, token: &str, proof: &Proof<'_>, now: i64) -> Result<Claims> {
        let (claims, mark) = self.verify_marked(token, now)?;
        self.check_use(&claims, mark, token, proof, now)?;
        Ok(claims)
    }

    /// Whether a verified token is still valid by its issuer's status list, and everything is proven that it demands.
    /// Every use of a token needs this, also of one whose claims are known already.
    pub(crate) fn check_use(
        &self,
        claims: &Claims,
        mark: Mark,
        token: &str,
        proof: &Proof<'_>,
        now: i64,
    ) -> Result<()> {
        if let Some(place) = claims.status() {
            let lists = (self.issuers.get(mark.issuer))
                .and_then(|issuer| Some((issuer, issuer.profile.status.as_ref()?)));
            let (issuer, lists) = lists.ok_or_else(|| {
                status_list::unavailable("the token names a status list, and its issuer's profile has none")
                    .help("say where they come from: `.status_lists(StatusLists::callback(…))`")
            })?;
            lists.check(place, &issuer.name, &issuer.keys, now)?;
        }
        proof.check(claims, token, &self.dpop, now)
    }

    /// Verifies everything that does not change from [use to use](Self::check_use), and marks what the result rests on.
    pub(crate) fn verify_marked(&self, token: &str, now: i64) -> Result<(Claims, Mark)> {
        if jwe::is_encrypted(token) {
            return self.decrypt(token, now);
        }
        let parts = Compact::split(token)?;
        let mut buffer = [0; MAX_TOKEN_HEADER_BYTES];
        let header = Header::parse(parts.header(&mut buffer)?)?;
        let decoded = parts.claims()?;
        let claims = json::object("claims", &decoded, MAX_TOKEN_CLAIMS)?;
        let (at, issuer) = self.issuer_of(&claims)?;
        issuer.check_type(header.token_type.as_deref())?;
        issuer.check_algorithm(header.algorithm)?;
        let key_id = header.key_id.as_deref();
        let mut keys = issuer.keys.current(now)?;
        if key_id.is_some_and(|id| !keys.set.has(id)) && issuer.keys.seek(keys.version, now) {
            keys = issuer.keys.current(now)?;
        }
        parts.verify(keys.set.select(key_id, header.algorithm)?)?;
        let claims = claims::check(&issuer.profile, &issuer.name, &claims, key_id, now)?;
        Ok((
            claims,
            Mark {
                issuer: at,
                keys: keys.version,
            },
        ))
    }

    /// A token that was encrypted to whoever reads it: its claims lie open once it is decrypted.
    fn decrypt(&self, token: &str, now: i64) -> Result<(Claims, Mark)> {
        let parts = jwe::Compact::split(token)?;
        let decrypts = |issuer: &Issuer| issuer.profile.own || !issuer.profile.decryption.is_empty();
        if !self.issuers.iter().any(decrypts) {
            return Err(Error::new(
                ErrorKind::TokenMalformed,
                "the token is encrypted (JWE), and no profile reads encrypted tokens",
            )
            .help("encrypted tokens are read by the platform's own profile, and by one with `.encryption_keys(…)`"));
        }
        let mut buffer = [0; MAX_TOKEN_HEADER_BYTES];
        let header = jwe::Header::parse(parts.header(&mut buffer)?)?;
        for (at, issuer) in self.issuers.iter().enumerate() {
            if !decrypts(issuer) {
                continue;
            }
            let keys = issuer.keys.current(now)?;
            // Two issuers may have named their keys alike.
            let opened = (keys.decryption.iter().chain(&issuer.profile.decryption))
                .filter(|key| header.key_id.as_deref() == Some(key.key_id()))
                .find_map(|key| Some((key.key_id(), parts.open(&header, key).ok()?)));
            let Some((key_id, plaintext)) = opened else {
                continue;
            };
            issuer.check_type(header.token_type.as_deref())?;
            let claims = json::object("claims", &plaintext, MAX_TOKEN_CLAIMS)?;
            let name = claim::registered(&claims, "iss")?.ok_or_else(|| claim::missing("iss"))?;
            if name != issuer.name.as_ref() {
                return Err(unknown_issuer());
            }
            let claims = claims::check(&issuer.profile, &issuer.name, &claims, Some(key_id), now)?;
            return Ok((
                claims,
                Mark {
                    issuer: at,
                    keys: keys.version,
                },
            ));
        }
        Err(jwe::undecryptable())
    }

    /// Whether what a verification rested on still stands: the profile is the same one as ever, its keys are of the
    /// same version, and they are not too old.
    pub(crate) fn stands(&self, mark: Mark, now: i64) -> bool {
        (self.issuers.get(mark.issuer))
            .is_some_and(|issuer| issuer.keys.version(now).is_ok_and(|it| it == mark.keys))
    }

    fn issuer_of(&self, claims: &Members<'_>) -> Result<(usize, &Issuer)> {
        let name = claim::registered(claims, "iss")?;
        if let Some(issuer) = name
            .and_then(|name| self.named(name))
            .filter(|(_, issuer)| !issuer.profile.is_spiffe)
        {
            return Ok(issuer);
        }
        if let Some(issuer) = self.trust_domain_of(claims)? {
            return Ok(issuer);
        }
        match name {
            None => Err(claim::missing("iss")),
            Some(_) => Err(unknown_issuer()),
        }
    }

    fn named(&self, name: &str) -> Option<(usize, &Issuer)> {
        let at = self
            .issuers
            .binary_search_by(|issuer| issuer.name.as_ref().cmp(name))
            .ok()?;
        Some((at, self.issuers.get(at)?))
    }

    /// The trust domain whose workload the subject is, if it is one that is trusted.
    fn trust_domain_of(&self, claims: &Members<'_>) -> Result<Option<(usize, &Issuer)>> {
        if !self.has_spiffe {
            return Ok(None);
        }
        let domain = claim::registered(claims, "sub")?.and_then(spiffe::trust_domain);
        Ok(domain
            .and_then(|domain| self.named(domain))
            .filter(|(_, issuer)| issuer.profile.is_spiffe))
    }
}

fn unknown_issuer() -> Error {
    Error::new(
        ErrorKind::TokenIssuer,
        "no profile for the token's issuer (`iss`)",
    )
    .help("issuers are compared byte by byte; mind a slash at the end")
}

impl Issuer {
    fn check_type(&self, token_type: Option<&str>) -> Result<()> {
        let accepted = match token_type {
            Some(name) => {
                let name = media_type(name);
                let mut types = self.profile.token_types.iter();
                types.any(|accepted| accepted.eq_ignore_ascii_case(name))
            }
            None => self.profile.accepts_untyped,
        };
        if !accepted {
            let found = match token_type {
                Some(name) if media_type(name).eq_ignore_ascii_case("JWT") => "`JWT`",
                Some(name) if media_type(name).eq_ignore_ascii_case("at+jwt") => "`at+jwt`",
                Some(_) => "another",
                None => "none",
            };
            return Err(Error::new(
                ErrorKind::TokenType,
                format!(
                    "the token's type (`typ`) is {found}; expected `{}`",
                    self.profile.token_types.join("` or `")
                ),
            )
            .help("if this issuer types its access tokens otherwise, say so with `.token_types(…)`"));
        }
        Ok(())
    }

    fn check_algorithm(&self, algorithm: Algorithm) -> Result<()> {
        if !self.profile.algorithms.contains(&algorithm) {
            return Err(Error::new(
                ErrorKind::TokenAlgorithm,
                format!(
                    "the token says {algorithm}; its issuer's profile accepts {}",
                    header::list(&self.profile.algorithms)
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
