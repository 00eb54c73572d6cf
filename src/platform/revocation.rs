//! Revoked access tokens, each kept until it would have expired anyway, and the forgetting of what has had its time.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::ids::{AccountId, TenantId, TokenId};
use super::state::State;

/// An access token of a service account, by the id that its issuer gave it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct AccountToken {
    pub(super) account: AccountId,
    pub(super) token: TokenId,
}

/// What can happen to access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum RevocationChange {
    /// One token is good no longer; it would have expired at this time, in seconds since the Unix epoch.
    /// The tenant is the one that the token is good in, for whoever reads the change.
    TokenRevoked {
        token: TokenId,
        expires: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tenant: Option<TenantId>,
    },
    /// The same for one of an account's tokens; a token of the same id is nobody else's business.
    AccountTokenRevoked {
        account: AccountId,
        token: TokenId,
        expires: i64,
    },
    /// Everything that expired before this time is forgotten: revoked tokens, authorization codes, token families.
    Forgotten { before: i64 },
}

impl State {
    /// Whether an access token was revoked by its id.
    #[must_use]
    pub fn is_token_revoked(&self, token: &str) -> bool {
        self.revoked_tokens.get(token).is_some()
    }

    /// Whether an access token of a service account was revoked by its id.
    #[must_use]
    pub fn is_account_token_revoked(&self, account: &AccountId, token: &TokenId) -> bool {
        let key = AccountToken {
            account: account.clone(),
            token: token.clone(),
        };
        self.revoked_account_tokens.get(&key).is_some()
    }

    pub(super) fn apply_revocation(&mut self, change: &RevocationChange) -> Result<()> {
        match change {
            RevocationChange::TokenRevoked { token, expires, .. } => {
                token.check()?;
                // Revoking twice is no error (RFC 7009 §2.2); the later expiry counts.
                let known = self.revoked_tokens.get(token.as_str()).copied();
                let expires = known.map_or(*expires, |known| known.max(*expires));
                self.revoked_tokens.insert(token.clone(), expires);
                Ok(())
            }
            RevocationChange::AccountTokenRevoked {
                account,
                token,
                expires,
            } => {
                token.check()?;
                self.live_account(account)?;
                let key = AccountToken {
                    account: account.clone(),
                    token: token.clone(),
                };
                let known = self.revoked_account_tokens.get(&key).copied();
                let expires = known.map_or(*expires, |known| known.max(*expires));
                self.revoked_account_tokens.insert(key, expires);
                Ok(())
            }
            RevocationChange::Forgotten { before } => {
                let mut tokens = Vec::new();
                self.revoked_tokens.for_each(&mut |token, expires| {
                    if *expires < *before {
                        tokens.push(token.clone());
                    }
                });
                for token in &tokens {
                    self.revoked_tokens.remove(token.as_str());
                }
                let mut tokens = Vec::new();
                self.revoked_account_tokens.for_each(&mut |token, expires| {
                    if *expires < *before {
                        tokens.push(token.clone());
                    }
                });
                for token in &tokens {
                    self.revoked_account_tokens.remove(token);
                }
                let mut codes = Vec::new();
                self.codes.for_each(&mut |id, code| {
                    if code.expires < *before {
                        codes.push(id.clone());
                    }
                });
                for code in &codes {
                    self.codes.remove(code.as_str());
                }
                let mut families = Vec::new();
                self.families.for_each(&mut |id, family| {
                    if family.expires < *before {
                        families.push((id.clone(), family.grant.clone()));
                    }
                });
                for (family, grant) in &families {
                    self.families.remove(family.as_str());
                    self.families_by_grant.remove(grant, family);
                }
                Ok(())
            }
        }
    }
}
