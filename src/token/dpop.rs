//! DPoP proofs (RFC 9449 §4.3): the client signs method and address of each request with the key its token is bound to.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_TOKEN_CLAIMS, MAX_TOKEN_HEADER_BYTES, MAX_TOKEN_HEADER_MEMBERS};

use super::algorithm::Algorithm;
use super::base64url;
use super::claim;
use super::compact::Compact;
use super::json::{self, Members};
use super::jwk::{self, Jwk};
use super::key::Key;
use super::nonce::DpopNonces;
use super::profile::media_type;
use super::proof::{DpopProof, sha256};
use super::replay::ReplayStore;
use super::target_uri::TargetUri;

/// How DPoP proofs are checked. Clones share what they remember of the proofs that they have seen.
///
/// ```
/// use bailiwick::{Dpop, DpopNonces};
///
/// let nonces = DpopNonces::new(300)?;
/// let dpop = Dpop::new().window(30).nonces(nonces.clone());
/// # let _ = dpop;
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dpop {
    window: u32,
    leeway: u32,
    nonces: Option<DpopNonces>,
    seen: Arc<ReplayStore>,
}

/// How many proofs are remembered unless told.
const REMEMBERED: usize = 100_000;

impl Default for Dpop {
    fn default() -> Self {
        Self::new()
    }
}

impl Dpop {
    /// Accepts proofs for 60 seconds after they were made, from clocks up to 5 seconds ahead, and remembers 100,000 of
    /// them.
    #[must_use]
    pub fn new() -> Self {
        Self {
            window: 60,
            leeway: 5,
            nonces: None,
            seen: Arc::new(ReplayStore::new(REMEMBERED)),
        }
    }

    /// How old a proof may be, in seconds, by its `iat`.
    #[must_use]
    pub const fn window(mut self, seconds: u32) -> Self {
        self.window = seconds;
        self
    }

    /// How far ahead a client's clock may be, in seconds.
    #[must_use]
    pub const fn leeway(mut self, seconds: u32) -> Self {
        self.leeway = seconds;
        self
    }

    /// How many proofs are remembered so that none is used twice. Once so many were used within the window, further ones
    /// are refused: nothing is forgotten early.
    #[must_use]
    pub fn remember(mut self, proofs: usize) -> Self {
        self.seen = Arc::new(ReplayStore::new(proofs));
        self
    }

    /// Demands that proofs hold a nonce of these (RFC 9449 §8). A refusal of the kind
    /// [`ErrorKind::ProofNonce`] is answered with `use_dpop_nonce` and a fresh nonce.
    #[must_use]
    pub fn nonces(mut self, nonces: DpopNonces) -> Self {
        self.nonces = Some(nonces);
        self
    }

    /// Checks a proof for an access token that is bound to the key with this thumbprint.
    pub(super) fn check(
        &self,
        proof: &DpopProof<'_>,
        token: &str,
        thumbprint: &[u8; 32],
        now: i64,
    ) -> Result<()> {
        let parts = Compact::split(proof.token).map_err(about_proof)?;
        let mut buffer = [0; MAX_TOKEN_HEADER_BYTES];
        let key = header_key(parts.header(&mut buffer).map_err(about_proof)?)?;
        // Before the signature: a key that the token does not name is not worth the work.
        if key.thumbprint() != base64url::encode(thumbprint) {
            return Err(mismatch("its key is not the one that the token is bound to"));
        }
        let bytes = parts.claims().map_err(about_proof)?;
        let claims = json::object("claims", &bytes, MAX_TOKEN_CLAIMS).map_err(about_proof)?;
        parts.verify(&key).map_err(about_proof)?;
        check_request(proof, &claims)?;
        check_token(token, &claims)?;
        self.check_time(&claims, now)?;
        self.check_nonce(&claims, now)?;
        let id = required(&claims, "jti")?;
        // The longest time for which this very proof would still pass.
        let lifetime = i64::from(self.window) + 2 * i64::from(self.leeway) + 1;
        self.seen.record(&[thumbprint, id.as_bytes()], now, lifetime)
    }

    fn check_time(&self, claims: &Members<'_>, now: i64) -> Result<()> {
        let made = claim::date(claims, "iat")
            .map_err(about_proof)?
            .ok_or_else(|| invalid("it has no `iat`"))?;
        let (window, leeway) = (i64::from(self.window), i64::from(self.leeway));
        if made.ceil > now.saturating_add(leeway) || made.floor < now.saturating_sub(window) {
            return Err(proof_error(
                ErrorKind::ProofExpired,
                &format!("it was not made within the last {window} seconds"),
            )
            .help("make a proof for each request, with the current time as `iat`"));
        }
        Ok(())
    }

    fn check_nonce(&self, claims: &Members<'_>, now: i64) -> Result<()> {
        let Some(nonces) = &self.nonces else {
            return Ok(());
        };
        let found = claim::registered(claims, "nonce").map_err(about_proof)?;
        if found.is_some_and(|nonce| nonces.accepts(nonce, now)) {
            return Ok(());
        }
        let problem = match found {
            Some(_) => "its `nonce` is not a current one of this server",
            None => "it has no `nonce`, which this server demands",
        };
        Err(proof_error(ErrorKind::ProofNonce, problem)
            .help("answer with the error `use_dpop_nonce` and a fresh nonce in the header `DPoP-Nonce`"))
    }
}

/// The key of a proof's header, once the header is a proof's.
fn header_key(bytes: &[u8]) -> Result<Key> {
    // The header holds a JWK, so it is read as the document that it is, not as that of a token.
    let document = crate::json::parse("", bytes).map_err(|_| invalid("its header is not strict JSON"))?;
    let header = document
        .as_object()
        .filter(|header| header.len() <= MAX_TOKEN_HEADER_MEMBERS)
        .ok_or_else(|| invalid("its header is no object, or one of too many members"))?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if !text("typ").is_some_and(|name| media_type(name).eq_ignore_ascii_case("dpop+jwt")) {
        return Err(invalid("its type (`typ`) is not `dpop+jwt`"));
    }
    if let Some(name) = ["crit", "b64", "jku", "x5u", "x5c"]
        .iter()
        .find(|name| header.contains_key(**name))
    {
        return Err(invalid(&format!(
            "its header has `{name}`, which is never accepted"
        )));
    }
    let algorithm = text("alg")
        .and_then(Algorithm::from_name)
        .filter(|algorithm| !algorithm.is_symmetric())
        .ok_or_else(|| invalid("its algorithm is not one of those for signatures"))?;
    let jwk = header
        .get("jwk")
        .and_then(Value::as_object)
        .ok_or_else(|| invalid("its header has no key (`jwk`)"))?;
    let mut jwk: Map<String, Value> = jwk.clone();
    jwk.entry("alg").or_insert_with(|| algorithm.name().into());
    match jwk::read(&jwk) {
        Ok(Jwk::Usable(key)) if key.algorithm() == algorithm => Ok(key),
        Ok(Jwk::Usable(_)) => Err(invalid(
            "its key (`jwk`) is for another algorithm than its header says",
        )),
        Ok(Jwk::Skipped(reason)) | Err(reason) => Err(invalid(&format!("its key (`jwk`) {reason}"))),
    }
}

fn check_request(proof: &DpopProof<'_>, claims: &Members<'_>) -> Result<()> {
    if required(claims, "htm")? != proof.method {
        return Err(mismatch("it is for another method (`htm`) than the request's"));
    }
    let ours = TargetUri::parse(proof.uri).ok_or_else(|| {
        Error::new(
            ErrorKind::ArgumentInvalid,
            "the URI of the request is no absolute http or https URI",
        )
        .help("pass the whole URI as the client sees it: `https://api.example.com/rfis/42`")
    })?;
    let theirs = TargetUri::parse(required(claims, "htu")?);
    if theirs.as_ref() != Some(&ours) {
        return Err(mismatch("it is for another address (`htu`) than the request's"));
    }
    Ok(())
}

fn check_token(token: &str, claims: &Members<'_>) -> Result<()> {
    if required(claims, "ath")? != base64url::encode(sha256(token.as_bytes())) {
        return Err(mismatch("it is for another access token (`ath`)"));
    }
    Ok(())
}

fn required<'c>(claims: &'c Members<'_>, name: &str) -> Result<&'c str> {
    claim::registered(claims, name)
        .map_err(about_proof)?
        .ok_or_else(|| invalid(&format!("it has no `{name}`")))
}

/// A refusal in the words of tokens, said of a proof.
fn about_proof(error: Error) -> Error {
    let error_text = error.message().replace("the token", "the proof");
    Error::new(
        ErrorKind::ProofInvalid,
        format!("the DPoP proof is refused: {error_text}"),
    )
}

fn invalid(problem: &str) -> Error {
    proof_error(ErrorKind::ProofInvalid, problem)
}

fn mismatch(problem: &str) -> Error {
    proof_error(ErrorKind::ProofMismatch, problem)
}

fn proof_error(kind: ErrorKind, problem: &str) -> Error {
    Error::new(kind, format!("the DPoP proof is refused: {problem}"))
}

#[cfg(test)]
#[path = "dpop_tests.rs"]
mod tests;
