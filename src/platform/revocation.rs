//! Revoked access tokens, each kept until it would have expired anyway, and the forgetting of what has had its time.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::ids::TokenId;
use super::state::State;

/// What can happen to access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum RevocationChange {
    /// One token is good no longer; it would have expired at this time, in seconds since the Unix epoch.
    TokenRevoked { token: TokenId, expires: i64 },
    /// Everything that expired before this time is forgotten: revoked tokens, authorization codes, token families.
    Forgotten { before: i64 },
}

impl State {
    /// Whether an access token was revoked by its id.
    #[must_use]
    pub fn is_token_revoked(&self, token: &str) -> bool {
        self.revoked_tokens.get(token).is_some()
    }

    pub(super) fn apply_revocation(&mut self, change: &RevocationChange) -> Result<()> {
        match change {
            RevocationChange::TokenRevoked { token, expires } => {
                token.check()?;
                // Revoking twice is no error (RFC 7009 §2.2); the later expiry counts.
                let known = self.revoked_tokens.get(token.as_str()).copied();
                let expires = known.map_or(*expires, |known| known.max(*expires));
                self.revoked_tokens.insert(token.clone(), expires);
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
