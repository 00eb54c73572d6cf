//! Making access tokens: signed ones in the shape of RFC 9068, and encrypted ones that only the platform reads.

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    MAX_NAME_BYTES, MAX_NUMERIC_DATE, MAX_SCOPES, MAX_TOKEN_BYTES, MAX_TOKEN_CLAIMS,
    MAX_TOKEN_LIFETIME_SECONDS,
};

use super::base64url;
use super::eight_bytes::{above, any_byte, below, equal};
use super::jwe;
use super::key_ring::KeyRing;
use super::lineage::{self, Lineage};
use super::signing_key::{ACCESS_TOKEN_TYPE, no_randomness};
use super::wiped::{Wiped, WipedText};

/// Makes access tokens of one issuer name with the keys of a ring. A [`Profile::own`](super::Profile::own) of the same
/// name and ring accepts them.
///
/// ```
/// use bailiwick::{Algorithm, KeyPurpose, KeyRing, Minter, NewToken, Profile, Verifier};
///
/// let now = 1_800_000_000;
/// let ring = KeyRing::new();
/// ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), now)?;
/// let minter = Minter::new("https://auth.example.com", &ring);
/// let minted = minter.sign(
///     &NewToken::new("ana", "dashboards").audience("api").tenant("acme").scope("rfis:read").lifetime(600),
///     now,
/// )?;
/// let verifier = Verifier::new([Profile::own("https://auth.example.com", &ring).audience("api")])?;
/// let claims = verifier.verify(minted.token(), now)?;
/// assert_eq!(claims.token_id(), Some(minted.token_id()));
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Minter {
    issuer: String,
    ring: KeyRing,
    max_lifetime: u32,
}

/// The longest life of a token unless the minter is told otherwise, in seconds.
const DEFAULT_MAX_LIFETIME: u32 = 3_600;
/// How long a token lives unless it is told otherwise, in seconds.
const DEFAULT_LIFETIME: u32 = 600;
const TOKEN_ID_LEN: usize = 16;
const NONCE_LEN: usize = 12;

/// The claims of a token to be made.
#[derive(Clone, Debug)]
#[must_use = "a minter makes the token"]
pub struct NewToken<'a> {
    subject: &'a str,
    client_id: &'a str,
    audiences: Vec<&'a str>,
    tenant: Option<&'a str>,
    scopes: Vec<&'a str>,
    lifetime: u32,
    expires_by: Option<i64>,
    lineage: Lineage,
    claims: Vec<(&'a str, Value)>,
}

/// A token that was made. `Debug` does not show the token itself.
pub struct MintedToken {
    token: WipedText,
    token_id: String,
    issued_at: i64,
    expires: i64,
}

/// Claims that have a place of their own here, or would make the token something else.
const RESERVED: [&str; 15] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "azp",
    "scope",
    "scp",
    "tenant",
    "at_hash",
    "c_hash",
    lineage::CLAIM,
];

impl<'a> NewToken<'a> {
    /// A token for this principal (`sub`) through this client; of the same name for a service account. It lives for 600
    /// seconds unless told.
    pub fn new(subject: &'a str, client_id: &'a str) -> Self {
        Self {
            subject,
            client_id,
            audiences: vec![],
            tenant: None,
            scopes: vec![],
            lifetime: DEFAULT_LIFETIME,
            expires_by: None,
            lineage: Lineage::default(),
            claims: vec![],
        }
    }

    /// Adds an audience; a token has at least one.
    pub fn audience(mut self, audience: &'a str) -> Self {
        self.audiences.push(audience);
        self
    }

    /// The tenant in which the token is good.
    pub fn tenant(mut self, tenant: &'a str) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Adds a scope.
    pub fn scope(mut self, scope: &'a str) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Adds scopes.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// How long the token lives, in seconds; at most what the minter allows.
    pub fn lifetime(mut self, seconds: u32) -> Self {
        self.lifetime = seconds;
        self
    }

    /// Lets the token expire at this time at the latest, in seconds since the Unix epoch: when what it derives from
    /// does.
    pub fn expires_by(mut self, time: i64) -> Self {
        self.expires_by = Some(time);
        self
    }

    /// What the token descends from.
    pub fn lineage(mut self, lineage: Lineage) -> Self {
        self.lineage = lineage;
        self
    }

    /// Adds a claim of the host's own, such as `act`, `cnf` or one in the form of a URL.
    pub fn claim(mut self, name: &'a str, value: impl Into<Value>) -> Self {
        self.claims.push((name, value.into()));
        self
    }

    fn check(&self) -> Result<()> {
        let invalid = |message: String| Err(Error::new(ErrorKind::ArgumentInvalid, message));
        let names = [("subject", self.subject), ("client", self.client_id)]
            .into_iter()
            .chain(self.tenant.map(|tenant| ("tenant", tenant)))
            .chain(self.audiences.iter().map(|audience| ("audience", *audience)));
        for (what, name) in names {
            if name.is_empty() || name.len() > MAX_NAME_BYTES {
                return invalid(format!(
                    "the {what} of a token is empty or longer than {MAX_NAME_BYTES} bytes"
                ));
            }
        }
        if self.audiences.is_empty() {
            return invalid("a token without audience".to_owned());
        }
        if self.scopes.len() > MAX_SCOPES {
            return invalid(format!("a token of more than {MAX_SCOPES} scopes"));
        }
        // RFC 6749 §3.3.
        let is_scope = |scope: &str| {
            let strange = |it| below(it, 0x21) | equal(it, b'"') | equal(it, b'\\') | above(it, 0x7e);
            !scope.is_empty() && !any_byte(scope, strange)
        };
        if !self.scopes.iter().all(|scope| is_scope(scope)) {
            return invalid("a scope that is empty or has a character which no scope may have".to_owned());
        }
        if self.claims.len() + RESERVED.len() > MAX_TOKEN_CLAIMS {
            return invalid("a token with too many claims".to_owned());
        }
        for (index, (name, _)) in self.claims.iter().enumerate() {
            let is_double = self.claims.iter().take(index).any(|(other, _)| other == name);
            if name.is_empty() || is_double || RESERVED.contains(name) {
                return invalid(format!(
                    "the claim `{}` is reserved, empty or named twice",
                    crate::value::shorten(name)
                ));
            }
        }
        Ok(())
    }
}

impl Minter {
    /// A minter whose tokens carry this `iss` and live for 3,600 seconds at most.
    #[must_use]
    pub fn new(issuer: impl Into<String>, ring: &KeyRing) -> Self {
        Self {
            issuer: issuer.into(),
            ring: ring.clone(),
            max_lifetime: DEFAULT_MAX_LIFETIME,
        }
    }

    /// The longest life of a token, in seconds: at most
    /// [`MAX_TOKEN_LIFETIME_SECONDS`](crate::limits::MAX_TOKEN_LIFETIME_SECONDS).
    #[must_use]
    pub fn max_lifetime(mut self, seconds: u32) -> Self {
        self.max_lifetime = seconds.min(MAX_TOKEN_LIFETIME_SECONDS);
        self
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Makes a signed token (RFC 9068 §2).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentInvalid`] for claims that are missing, reserved or too long, or a lifetime beyond the bound;
    /// [`ErrorKind::KeysUnavailable`] when no key of the ring signs; [`ErrorKind::Internal`] if the system has no
    /// randomness.
    pub fn sign(&self, new: &NewToken<'_>, now: i64) -> Result<MintedToken> {
        let (times, random, claims) = self.claims(new, now)?;
        let current = self.ring.current();
        let signer = current.signing.as_ref().ok_or_else(|| no_key("signs"))?;
        let token = signer.key.sign_encoded(&claims, ACCESS_TOKEN_TYPE)?;
        minted(token, times, random)
    }

    /// Makes an encrypted token: opaque to everybody but the platform.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn encrypt(&self, new: &NewToken<'_>, now: i64) -> Result<MintedToken> {
        let (times, random, claims) = self.claims(new, now)?;
        let current = self.ring.current();
        let key = current.encryption.as_ref().ok_or_else(|| no_key("encrypts"))?;
        let token = jwe::seal(key, claims, random.nonce)?;
        minted(token, times, random)
    }

    fn claims(&self, new: &NewToken<'_>, now: i64) -> Result<(Times, Random, Wiped)> {
        new.check()?;
        if new.lifetime == 0 || new.lifetime > self.max_lifetime {
            return Err(Error::new(
                ErrorKind::ArgumentInvalid,
                format!(
                    "a token that lives for {} seconds; 1 to {} are allowed",
                    new.lifetime, self.max_lifetime
                ),
            ));
        }
        let longest = now.saturating_add(new.lifetime.into());
        let expires = new.expires_by.map_or(longest, |by| by.min(longest));
        if !(0..=MAX_NUMERIC_DATE).contains(&now) || expires <= now || expires > MAX_NUMERIC_DATE {
            return Err(Error::new(
                ErrorKind::ArgumentInvalid,
                "a token that would have expired when it is made",
            ));
        }
        let random = Random::draw()?;
        let times = Times {
            issued_at: now,
            expires,
        };
        match self.written(new, times, &random.token_id) {
            Ok(claims) => Ok((times, random, claims)),
            Err(_) => Err(Error::new(ErrorKind::Internal, "the claims have no JSON form")),
        }
    }

    /// The claims as JSON.
    fn written(&self, new: &NewToken<'_>, times: Times, token_id: &str) -> serde_json::Result<Wiped> {
        let mut object = Object(Wiped::new(Vec::with_capacity(1_024)));
        object.text("{\"iss\":", &self.issuer)?;
        object.text(",\"sub\":", new.subject)?;
        match new.audiences.as_slice() {
            [audience] => object.text(",\"aud\":", audience)?,
            several => object.value(",\"aud\":", several)?,
        }
        object.value(",\"exp\":", &times.expires)?;
        object.value(",\"iat\":", &times.issued_at)?;
        object.text(",\"jti\":", token_id)?;
        object.text(",\"client_id\":", new.client_id)?;
        if !new.scopes.is_empty() {
            object.scopes(&new.scopes);
        }
        if let Some(tenant) = new.tenant {
            object.text(",\"tenant\":", tenant)?;
        }
        if !new.lineage.is_empty() {
            object.member(lineage::CLAIM, &new.lineage)?;
        }
        for (name, value) in &new.claims {
            object.member(name, value)?;
        }
        Ok(object.end())
    }
}

fn no_key(does: &str) -> Error {
    Error::new(
        ErrorKind::KeysUnavailable,
        format!("no key of the ring {does} tokens"),
    )
    .help("make one with KeyRing::rotate")
}

fn minted(token: String, times: Times, random: Random) -> Result<MintedToken> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Error::new(
            ErrorKind::ArgumentInvalid,
            format!("the claims make a token longer than {MAX_TOKEN_BYTES} bytes"),
        ));
    }
    Ok(MintedToken {
        token: WipedText::new(token),
        token_id: random.token_id,
        issued_at: times.issued_at,
        expires: times.expires,
    })
}

#[derive(Clone, Copy)]
struct Times {
    issued_at: i64,
    expires: i64,
}

/// All the chance that a token needs, drawn at once: asking the system is what costs.
struct Random {
    token_id: String,
    nonce: [u8; NONCE_LEN],
}

impl Random {
    fn draw() -> Result<Self> {
        let mut bytes = [0; TOKEN_ID_LEN + NONCE_LEN];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| no_randomness())?;
        let (id, rest) = bytes.split_at(TOKEN_ID_LEN);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(rest);
        Ok(Self {
            token_id: base64url::encode(id),
            nonce,
        })
    }
}

/// A JSON object in the making, from its first member on. Most of what a token says needs no escapes, and is copied.
struct Object(Wiped);

impl Object {
    /// A further member.
    fn member(&mut self, name: &str, value: &impl Serialize) -> serde_json::Result<()> {
        self.0.push(b',');
        self.string(name)?;
        self.value(":", value)
    }

    /// A value behind what leads to it.
    fn value(&mut self, before: &str, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
        self.0.extend_from_slice(before.as_bytes());
        serde_json::to_writer(&mut *self.0, value)
    }

    /// A text, likewise.
    fn text(&mut self, before: &str, text: &str) -> serde_json::Result<()> {
        self.0.extend_from_slice(before.as_bytes());
        self.string(text)
    }

    /// Scopes have no character that JSON escapes.
    fn scopes(&mut self, scopes: &[&str]) {
        self.0.extend_from_slice(b",\"scope\":");
        for (at, scope) in scopes.iter().enumerate() {
            self.0.push(if at == 0 { b'"' } else { b' ' });
            self.0.extend_from_slice(scope.as_bytes());
        }
        self.0.push(b'"');
    }

    fn string(&mut self, text: &str) -> serde_json::Result<()> {
        // RFC 8259 §7.
        if any_byte(text, |it| below(it, 0x20) | equal(it, b'"') | equal(it, b'\\')) {
            return serde_json::to_writer(&mut *self.0, text);
        }
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
        Ok(())
    }

    fn end(mut self) -> Wiped {
        self.0.push(b'}');
        self.0
    }
}

impl MintedToken {
    /// The token itself: a secret.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Its id (`jti`): 128 bits of chance as base64url.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// When it was made, in seconds since the Unix epoch.
    #[must_use]
    pub fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// When it expires, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires(&self) -> i64 {
        self.expires
    }
}

impl std::fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MintedToken")
            .field("token_id", &self.token_id)
            .field("issued_at", &self.issued_at)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "minter_tests.rs"]
mod tests;
