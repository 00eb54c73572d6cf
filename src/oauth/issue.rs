//! The last step of every flow: an access token is made.

use serde_json::Value;
use zeroize::Zeroizing;

use crate::platform::{FamilyId, Scopes};
use crate::token::{Lineage, NewToken};

use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::response::TokenResponse;
use super::server::Server;

/// A token that a flow has decided to issue.
pub(crate) struct Issuance {
    pub(super) subject: String,
    pub(super) client_id: String,
    pub(super) tenant: String,
    pub(super) scopes: Scopes,
    pub(super) audiences: Vec<String>,
    pub(super) lineage: Lineage,
    pub(super) grant_type: &'static str,
    /// When what the token derives from ends.
    pub(super) expires_by: Option<i64>,
    /// Who acts, if it is not the client alone (RFC 8693 §4.1).
    pub(super) act: Option<Value>,
    /// The refresh token that goes with it.
    pub(super) refresh: Option<(FamilyId, u32)>,
    pub(super) issued_token_type: Option<&'static str>,
}

impl Server {
    /// Makes the token. What it descends from was checked in the plan, and its changes are committed.
    pub(crate) fn issue(&self, issuance: &Issuance, now: i64) -> OAuthResult<TokenResponse> {
        let mut token = NewToken::new(&issuance.subject, &issuance.client_id)
            .tenant(&issuance.tenant)
            .scopes(issuance.scopes.iter())
            .lifetime(u32::try_from(self.settings.access_seconds).unwrap_or(u32::MAX))
            .lineage(issuance.lineage.clone())
            .claim("gty", issuance.grant_type);
        for audience in &issuance.audiences {
            token = token.audience(audience);
        }
        if let Some(expires) = issuance.expires_by {
            token = token.expires_by(expires);
        }
        if let Some(act) = &issuance.act {
            token = token.claim("act", act.clone());
        }
        let minted = self.minter.sign(&token, now).map_err(OAuthError::server)?;
        let refresh = issuance.refresh.as_ref();
        Ok(TokenResponse {
            access_token: Zeroizing::new(minted.token().to_owned()),
            token_type: "Bearer",
            expires_in: minted.expires().saturating_sub(now),
            refresh_token: refresh.map(|(family, generation)| self.refresh_key.token(family, *generation)),
            scope: issuance.scopes.to_string(),
            issued_token_type: issuance.issued_token_type,
        })
    }

    /// Whom a token is for: those that are asked for, each of which must be among `permitted`, or all of those.
    pub(super) fn choose_audiences(
        &self,
        asked: &[String],
        permitted: &[String],
    ) -> OAuthResult<Vec<String>> {
        if !asked.iter().all(|audience| permitted.contains(audience)) {
            return Err(OAuthError::new(
                OAuthErrorCode::InvalidTarget,
                "no token is issued here for one of the audiences that are asked for",
            ));
        }
        let chosen = if asked.is_empty() { permitted } else { asked };
        let mut once: Vec<String> = vec![];
        for audience in chosen {
            if !once.contains(audience) {
                once.push(audience.clone());
            }
        }
        Ok(once)
    }
}
