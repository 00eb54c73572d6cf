//! What a caller presents beside a token that is bound: a DPoP proof, a certificate, or both.

use ring::digest;

use crate::error::Result;

use super::claims::Claims;
use super::confirmation::unproven;
use super::dpop::Dpop;

/// The proof that the bearer of a token holds what the token is bound to.
///
/// ```
/// use bailiwick::Proof;
///
/// let der = b"the client's certificate, as the TLS layer has verified it";
/// let proof = Proof::certificate(der);
///
/// let header = "eyJ0eXAiOiJkcG9wK2p3dCIs…";
/// let proof = Proof::dpop(header, "GET", "https://api.example.com/rfis/42");
/// # let _ = proof;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Proof<'a> {
    pub(super) dpop: Option<DpopProof<'a>>,
    certificate: Option<[u8; 32]>,
}

/// The header `DPoP` and the request that it came with.
#[derive(Clone, Copy)]
pub(super) struct DpopProof<'a> {
    pub(super) token: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
}

impl<'a> Proof<'a> {
    /// No proof: the token is a bearer token, and one that is bound is refused.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            dpop: None,
            certificate: None,
        }
    }

    /// A DPoP proof (RFC 9449): the value of the request's one `DPoP` header, the request's method, and its URI as the
    /// client sees it, which a host behind a proxy knows and the library does not. Refuse a request with two such headers.
    #[must_use]
    pub const fn dpop(header: &'a str, method: &'a str, uri: &'a str) -> Self {
        let proof = DpopProof {
            token: header,
            method,
            uri,
        };
        Self {
            dpop: Some(proof),
            certificate: None,
        }
    }

    /// The client's certificate in DER (RFC 8705), whose possession the TLS handshake has shown.
    #[must_use]
    pub fn certificate(der: &[u8]) -> Self {
        Self::none().with_certificate_der(der)
    }

    /// The same by the SHA-256 of the DER, as many proxies pass it on.
    #[must_use]
    pub const fn certificate_thumbprint(sha256: [u8; 32]) -> Self {
        Self::none().with_certificate(sha256)
    }

    /// Adds the client's certificate in DER to a DPoP proof.
    #[must_use]
    pub fn with_certificate_der(self, der: &[u8]) -> Self {
        self.with_certificate(sha256(der))
    }

    /// Adds the SHA-256 of the client's certificate to a DPoP proof.
    #[must_use]
    pub const fn with_certificate(mut self, sha256: [u8; 32]) -> Self {
        self.certificate = Some(sha256);
        self
    }

    /// Checks that everything is proven that the token demands. A DPoP proof is spent by this.
    pub(super) fn check(&self, claims: &Claims, token: &str, dpop: &Dpop, now: i64) -> Result<()> {
        let confirmation = claims.confirmation();
        if let Some(expected) = confirmation.and_then(|confirmation| confirmation.certificate) {
            match self.certificate {
                Some(found) if found == expected => {}
                Some(_) => {
                    return Err(unproven(
                        "the token is bound to another certificate (`x5t#S256`) than the client's".to_owned(),
                    ));
                }
                None => {
                    return Err(unproven(
                        "the token is bound to a certificate (`x5t#S256`), and none came with it".to_owned(),
                    )
                    .help("pass the certificate of the TLS connection: `Proof::certificate(der)`"));
                }
            }
        }
        match (confirmation.and_then(|confirmation| confirmation.key), &self.dpop) {
            (Some(key), Some(proof)) => dpop.check(proof, token, &key, now),
            (Some(_), None) => Err(unproven(
                "the token is bound to a key (`jkt`), and no DPoP proof came with it".to_owned(),
            )
            .help("pass the header `DPoP` of the request: `Proof::dpop(…)`")),
            // RFC 9449 §7.1: whoever presents a proof expects it to protect the token.
            (None, Some(_)) => Err(unproven(
                "a DPoP proof came with the token, but the token is not bound to a key (`jkt`)".to_owned(),
            )),
            (None, None) => Ok(()),
        }
    }
}

impl std::fmt::Debug for DpopProof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DpopProof")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut out = [0; 32];
    out.iter_mut()
        .zip(digest.as_ref())
        .for_each(|(out, byte)| *out = *byte);
    out
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
