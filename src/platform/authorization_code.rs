//! Authorization codes: issued → redeemed. Single use; what a replayed code yielded dies.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::limits::MAX_CODE_LIFETIME_SECONDS;

use super::change::Change;
use super::ids::{CodeId, FamilyId, GrantId};
use super::refuse::{conflict, exceeded, invalid, taken, unknown};
use super::scopes::Scopes;
use super::state::{State, update};
use super::token_family::{EndReason, TokenFamilyChange};

/// What a code stands for until it is redeemed (RFC 6749 §4.1.2, RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationCode {
    /// The keyed hash of the code.
    pub id: CodeId,
    /// The consent behind it.
    pub grant: GrantId,
    /// What the token may do at most.
    pub scopes: Scopes,
    /// The redirect URI of the authorization request, byte by byte.
    pub redirect_uri: String,
    /// The PKCE challenge, method S256.
    pub challenge: String,
    /// From this time on it is good for nothing, in seconds since the Unix epoch.
    pub expires: i64,
    /// The family that its redemption opened.
    pub redeemed: Option<FamilyId>,
}

/// What can happen to a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum AuthorizationCodeChange {
    /// It can be redeemed from now on.
    Issued {
        id: CodeId,
        grant: GrantId,
        scopes: Scopes,
        redirect_uri: String,
        challenge: String,
        expires: i64,
        at: i64,
    },
    /// It is used up. The family is opened in the same transaction, before.
    Redeemed { id: CodeId, family: FamilyId, at: i64 },
}

impl State {
    /// An authorization code by its keyed hash.
    #[must_use]
    pub fn code(&self, id: &str) -> Option<&AuthorizationCode> {
        self.codes.get(id).map(|it| &**it)
    }

    /// The changes that follow from presenting a code again: the family that it opened ends, if it has not yet.
    pub fn replayed_code(&self, id: &CodeId, at: i64) -> Vec<Change> {
        self.code(id.as_str())
            .and_then(|code| code.redeemed.as_ref())
            .and_then(|family| self.family(family.as_str()))
            .filter(|family| family.ended.is_none())
            .map(|family| {
                let reason = EndReason::CodeReplayed;
                TokenFamilyChange::Ended {
                    id: family.id.clone(),
                    reason,
                    at,
                }
                .into()
            })
            .into_iter()
            .collect()
    }

    pub(super) fn apply_authorization_code(&mut self, change: &AuthorizationCodeChange) -> Result<()> {
        match change {
            AuthorizationCodeChange::Issued {
                id,
                grant,
                scopes,
                redirect_uri,
                challenge,
                expires,
                at,
            } => {
                id.check()?;
                let outside = scopes.difference(&self.live_grant(grant)?.scopes);
                if !outside.is_empty() {
                    return Err(exceeded(format!("the grant does not cover {outside}")));
                }
                if self.code(id.as_str()).is_some() {
                    return Err(taken(CodeId::NOUN, "…"));
                }
                let lifetime = expires.saturating_sub(*at);
                if !(1..=MAX_CODE_LIFETIME_SECONDS).contains(&lifetime) {
                    return Err(invalid(format!(
                        "a code that lives for {lifetime} seconds; expected 1 to {MAX_CODE_LIFETIME_SECONDS}"
                    )));
                }
                let code = AuthorizationCode {
                    id: id.clone(),
                    grant: grant.clone(),
                    scopes: scopes.clone(),
                    redirect_uri: redirect_uri.clone(),
                    challenge: challenge.clone(),
                    expires: *expires,
                    redeemed: None,
                };
                self.codes.insert(id.clone(), code.into());
                Ok(())
            }
            AuthorizationCodeChange::Redeemed { id, family, at } => {
                let family_grant = self.family(family.as_str()).map(|family| family.grant.clone());
                update(&mut self.codes, id, |code| {
                    if code.redeemed.is_some() {
                        return Err(conflict("the code was redeemed already"));
                    }
                    if *at >= code.expires {
                        return Err(conflict("the code has expired"));
                    }
                    if family_grant.as_ref() != Some(&code.grant) {
                        return Err(unknown(FamilyId::NOUN, family.as_str()));
                    }
                    code.redeemed = Some(family.clone());
                    Ok(())
                })
            }
        }
    }
}
