//! What an access token descends from.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::limits::MAX_NAME_BYTES;

use super::claim;
use super::json::{Json, Members};

/// What an access token of this platform descends from: whatever of it is revoked takes the token along, and so does an
/// epoch that has moved on since.
///
/// It travels as the claim `bailiwick`, an object, and is read from tokens of the platform's [own](super::Profile::own)
/// profile alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lineage {
    /// The installation through which an app acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
    /// The installation's epoch when the token was minted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation_epoch: Option<u64>,
    /// The service account that acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The account's epoch when the token was minted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_epoch: Option<u64>,
    /// The user's consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The chain of refresh tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The client secret with which the client proved itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The ids of the tokens that it was exchanged from (RFC 8693), the latest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// The only projects in which it is good; none for all that its installation or account may act in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
}

/// Most names in one list of a lineage.
pub(crate) const MAX_LISTED: usize = 64;

/// The claim that holds it.
pub(crate) const CLAIM: &str = "bailiwick";

impl Lineage {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the claim; absent means that nothing is known.
    pub(crate) fn read(claims: &Members<'_>) -> Result<Self> {
        let members = match claims.get(CLAIM) {
            None => return Ok(Self::default()),
            Some(Json::Object(members)) => members,
            Some(other) => return Err(claim::wrong_type(CLAIM, other, "an object")),
        };
        let text = |name: &str| -> Result<Option<String>> {
            match members.get(name) {
                None => Ok(None),
                Some(Json::Text(text)) if !text.is_empty() && text.len() <= MAX_NAME_BYTES => {
                    Ok(Some(text.as_ref().to_owned()))
                }
                Some(_) => Err(invalid(name)),
            }
        };
        let epoch = |name: &str| -> Result<Option<u64>> {
            match members.get(name) {
                None => Ok(None),
                Some(Json::Integer(epoch)) => u64::try_from(*epoch).map(Some).map_err(|_| invalid(name)),
                Some(_) => Err(invalid(name)),
            }
        };
        let list = |name: &str| -> Result<Option<Vec<String>>> {
            let items = match members.get(name) {
                None => return Ok(None),
                Some(Json::Array(items)) if items.len() <= MAX_LISTED => items,
                Some(_) => return Err(invalid(name)),
            };
            let texts = items.iter().map(|item| match item {
                Json::Text(text) if !text.is_empty() && text.len() <= MAX_NAME_BYTES => {
                    Ok(text.as_ref().to_owned())
                }
                _ => Err(invalid(name)),
            });
            texts.collect::<Result<Vec<_>>>().map(Some)
        };
        Ok(Self {
            installation: text("installation")?,
            installation_epoch: epoch("installation_epoch")?,
            account: text("account")?,
            account_epoch: epoch("account_epoch")?,
            grant: text("grant")?,
            family: text("family")?,
            secret: text("secret")?,
            parents: list("parents")?.unwrap_or_default(),
            projects: list("projects")?,
        })
    }
}

fn invalid(name: &str) -> crate::Error {
    claim::invalid(format!(
        "the claim `{CLAIM}` has a `{name}` that is empty, too long or of the wrong type"
    ))
}
