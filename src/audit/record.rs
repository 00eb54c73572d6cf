//! The records: one decision, or one change.

use serde::Serialize;
use serde_json::{Value as Json, json};

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

/// What a sink is handed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record {
    /// A decision.
    Decision(DecisionRecord),
    /// A change of the platform: a [`ChangeRecord`](crate::ChangeRecord) without the changes in between.
    Change(Json),
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
