//! The records: one decision, or one change.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::error::{Error, ErrorKind, Result};
use crate::value::EntityRef;

use super::actor::Party;

/// A decision as it is handed to the audit; everything is borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// The revision that was decided on.
    pub revision: u64,
    /// The action, as the caller named it.
    pub action: &'a str,
    /// True when the action is one of the schema: others are counted together.
    pub action_is_known: bool,
    /// The resource.
    pub resource: EntityRef<'a>,
    /// The project that the resource lies in; empty for none.
    pub project: &'a str,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The name of the reason.
    pub reason: &'static str,
    /// True for actions that administer the platform.
    pub administration: bool,
}

/// A decision that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionRecord {
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// The revision that was decided on.
    pub revision: u64,
    /// The tenant; empty where the schema has none.
    pub tenant: String,
    /// Who acted.
    pub principal: String,
    /// Through what.
    pub party: Party,
    /// How the token was obtained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The action, as the caller named it.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The name of the reason.
    pub reason: &'static str,
    /// True for actions that administer the platform.
    pub administration: bool,
}

/// A change of the platform's state, as the store keeps it and sinks see it.
///
/// `before` and `after` are what an admin may read; secrets and keys are no part of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// The revision that the change led to; 0 until it is known.
    #[serde(default)]
    pub revision: u64,
    /// The tenant that the change belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Who made it.
    pub actor: String,
    /// The app through which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The action of `policies/platform` by which it was decided.
    pub action: String,
    /// What was changed.
    pub subject: String,
    /// What it was before.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub before: Json,
    /// What it is now.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub after: Json,
}

impl ChangeRecord {
    /// The record as a store keeps it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] if it cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self)
            .map_err(|_| Error::new(ErrorKind::Internal, "an audit record cannot be written as JSON"))
    }

    /// Reads a record of a store, which was made at `revision`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StoreCorrupt`] for bytes that are no such record.
    pub fn from_bytes(revision: u64, bytes: &[u8]) -> Result<Self> {
        let record: Self = serde_json::from_slice(bytes).map_err(|_| {
            Error::new(
                ErrorKind::StoreCorrupt,
                format!("the audit record of revision {revision} cannot be read"),
            )
            .help("read the store with the version of the library that wrote it, or a newer one")
        })?;
        Ok(Self { revision, ..record })
    }
}

/// What a sink is handed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record {
    /// A decision.
    Decision(DecisionRecord),
    /// A change.
    Change(ChangeRecord),
}

impl Record {
    /// The record as a JSON object with one member, `decision` or `change`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Record::Decision(record) => json!({ "decision": record }),
            Record::Change(record) => json!({ "change": record }),
        }
    }
}
