//! `private_key_jwt`: a client proves itself with a JWT that it signed (RFC 7523 §2.2, §3).

use ring::digest::{Context, SHA256};

use crate::platform::{RevocationChange, TokenId};
use crate::token::{KeySet, Profile, Verifier, base64url};

use super::authentication::Authenticated;
use super::metadata::assertion_algorithms;
use super::server::Server;
use super::view::View;

/// The longest life of an assertion, in seconds: for that long its id must be remembered.
const MAX_LIFETIME: u32 = 300;

/// How much the clocks of a client and of this machine may differ, in seconds.
const LEEWAY: u32 = 30;

impl Server {
    /// Checks a client assertion and plans that its id is used up. The error is the id that was claimed.
    ///
    /// Issuer and subject are the client; the audience is this server alone, by its issuer name or its token endpoint;
    /// there is an expiry within five minutes, and an id that was never used before.
    pub(super) fn check_assertion<'s>(
        &self,
        view: &View<'s>,
        id: Option<&str>,
        assertion: &str,
    ) -> Result<Authenticated<'s>, String> {
        let payload = payload(assertion).unwrap_or_default();
        let text = |name: &str| payload.get(name).and_then(serde_json::Value::as_str);
        // Not yet believed: only which keys to try.
        let claimed = text("iss").unwrap_or_default();
        if id.is_some_and(|id| id != claimed) || text("sub") != Some(claimed) {
            return Err(claimed.to_owned());
        }
        let client = view.client(claimed);
        let verified = client
            .and_then(|client| client.jwks())
            .and_then(|jwks| self.verify_assertion(view, claimed, jwks, assertion));
        let (Some(client), Some((token, expires))) = (client, verified) else {
            return Err(claimed.to_owned());
        };
        // The audience is this server and nobody else, who could present the assertion here.
        let is_sole = match payload.get("aud") {
            Some(serde_json::Value::Array(audiences)) => audiences.len() == 1,
            Some(_) => true,
            None => false,
        };
        let used = used_up(claimed, &token);
        if !is_sole || view.state.is_token_revoked(used.as_str()) {
            return Err(claimed.to_owned());
        }
        let used = RevocationChange::TokenRevoked {
            token: used,
            expires,
            tenant: client.tenant().cloned(),
        };
        Ok(Authenticated {
            client,
            secret: None,
            is_confidential: true,
            changes: vec![used.into()],
        })
    }

    /// The assertion's id and the time until which it could be presented.
    fn verify_assertion(
        &self,
        view: &View<'_>,
        client: &str,
        jwks: &str,
        assertion: &str,
    ) -> Option<(String, i64)> {
        let keys = KeySet::from_jwks(jwks.as_bytes()).ok()?;
        let profile = Profile::issuer(client)
            .audience(&self.settings.issuer)
            .audience(self.token_endpoint())
            .jwks(keys)
            .algorithms(assertion_algorithms())
            .token_types(["JWT", "client-authentication+jwt"])
            .accept_untyped()
            .tenant_from_request()
            .leeway(LEEWAY)
            .require("jti");
        let claims = Verifier::new([profile]).ok()?.verify(assertion, view.now).ok()?;
        let is_short = claims.expires() <= view.now.saturating_add((MAX_LIFETIME + LEEWAY).into());
        let id = claims.token_id()?.to_owned();
        is_short.then(|| (id, claims.valid_until()))
    }
}

/// The claims of a JWT before anything is verified.
fn payload(assertion: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    let claims = assertion.split('.').nth(1)?;
    match crate::json::parse("client_assertion", &base64url::decode(claims).ok()?) {
        Ok(serde_json::Value::Object(claims)) => Some(claims),
        _ => None,
    }
}

/// The name under which an assertion is remembered: of fixed length, and no two clients share one.
fn used_up(client: &str, id: &str) -> TokenId {
    let mut hash = Context::new(&SHA256);
    hash.update(&client.len().to_be_bytes());
    hash.update(client.as_bytes());
    hash.update(id.as_bytes());
    format!("assertion-{}", base64url::encode(hash.finish())).into()
}

#[cfg(test)]
#[path = "assertion_tests.rs"]
mod tests;
