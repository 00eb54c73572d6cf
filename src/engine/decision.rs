//! The outcome of a decision: allowed or not, why, and by which policies.

use std::fmt;
use std::sync::Arc;

use arc_swap::Guard;

use crate::decide::{EvalError, PolicyRef, Verdict};
use crate::error::Error;
use crate::policy::ActionIndex;

use super::note::Note;
use super::snapshot::Snapshot;

/// Why a decision came out as it did. The numbers are the same in C and Python and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u32)]
pub enum Reason {
    /// Denied: the library failed where it should not.
    Internal = 0,
    /// Allowed: at least one permit matches and no forbid does.
    Permitted = 1,
    /// Denied: no permit matches.
    NotPermitted = 2,
    /// Denied: a forbid matches.
    Forbidden = 3,
    /// Denied: the evaluation of a forbid failed, so nobody knows whether it would have matched.
    PolicyError = 4,
    /// Denied: the token's scopes do not cover the action.
    Scope = 10,
    /// Denied: what was approved for the installation does not cover the action.
    Installation = 11,
    /// Denied: what the user consented to does not cover the action.
    Grant = 12,
    /// Denied: a boundary above the principal or the resource does not cover the action.
    Boundary = 13,
    /// Denied: the resource lies in none of the permitted projects.
    Project = 14,
    /// Denied: the resource belongs to another tenant than the session.
    OtherTenant = 20,
    /// Denied: the resource belongs to no tenant, or to several.
    NoTenant = 21,
    /// Denied: the session has expired.
    Expired = 30,
    /// Denied: the installation is suspended, or its app is blocked.
    Suspended = 31,
    /// Denied: the token, or something it came from, is revoked, removed or deleted.
    Revoked = 32,
    /// Denied: the tenant, the user or the service account is switched off.
    Disabled = 33,
    /// Denied: the token is older than the last time that something it came from was out of service.
    Outdated = 34,
    /// Denied: the platform does not know the tenant, the app or what the token came from.
    Unknown = 35,
    /// Denied: the engine has not heard from its store for longer than it may.
    Stale = 36,
    /// Denied: the action is unknown, does not apply to these types, or the context or an entity does not conform.
    InvalidRequest = 40,
}

impl Reason {
    /// Every reason, in the order of the numbers.
    pub const ALL: &'static [Reason] = &[
        Reason::Internal,
        Reason::Permitted,
        Reason::NotPermitted,
        Reason::Forbidden,
        Reason::PolicyError,
        Reason::Scope,
        Reason::Installation,
        Reason::Grant,
        Reason::Boundary,
        Reason::Project,
        Reason::OtherTenant,
        Reason::NoTenant,
        Reason::Expired,
        Reason::Suspended,
        Reason::Revoked,
        Reason::Disabled,
        Reason::Outdated,
        Reason::Unknown,
        Reason::Stale,
        Reason::InvalidRequest,
    ];

    /// The stable number.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The name, as suites, C, Python and the command spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Internal => "internal",
            Reason::Permitted => "permitted",
            Reason::NotPermitted => "not_permitted",
            Reason::Forbidden => "forbidden",
            Reason::PolicyError => "policy_error",
            Reason::Scope => "scope",
            Reason::Installation => "installation",
            Reason::Grant => "grant",
            Reason::Boundary => "boundary",
            Reason::Project => "project",
            Reason::OtherTenant => "tenant",
            Reason::NoTenant => "no_tenant",
            Reason::Expired => "expired",
            Reason::Suspended => "suspended",
            Reason::Revoked => "revoked",
            Reason::Disabled => "disabled",
            Reason::Outdated => "outdated",
            Reason::Unknown => "unknown",
            Reason::Stale => "stale",
            Reason::InvalidRequest => "invalid_request",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }

    /// True when the action lies outside of what the session may do at all, whatever the policies say.
    #[must_use]
    pub const fn is_outside_bailiwick(self) -> bool {
        matches!(self.code(), 10..=29)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A policy whose evaluation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault<'a> {
    /// The policy.
    pub policy: &'a str,
    /// What failed, in Cedar's words.
    pub message: String,
}

/// The outcome of one decision. Dropping it is cheap; keeping it keeps the revision it was made on.
#[must_use = "a decision that nobody reads protects nothing"]
pub struct Decision {
    pub(super) snapshot: Pinned,
    pub(super) outcome: Outcome,
}

// It is handed from function to function; up to this size that takes a few instructions and no call.
const _: () = assert!(size_of::<Decision>() <= 128);

/// The snapshot that a decision was made on: the engine's, without counting references, or another.
pub(super) enum Pinned {
    Current(Guard<Arc<Snapshot>>),
    Other(Arc<Snapshot>),
}

impl std::ops::Deref for Pinned {
    type Target = Snapshot;

    #[inline]
    fn deref(&self) -> &Snapshot {
        match self {
            Pinned::Current(snapshot) => snapshot,
            Pinned::Other(snapshot) => snapshot,
        }
    }
}

/// A decision without the revision it was made on.
pub(super) struct Outcome {
    pub(super) reason: Reason,
    pub(super) action: Option<ActionIndex>,
    pub(super) verdict: Verdict,
    /// What there is to say about a deny besides.
    pub(super) note: Option<Note>,
}

impl Outcome {
    pub(super) fn allowed(&self) -> bool {
        self.reason == Reason::Permitted
    }

    pub(super) fn denied(reason: Reason, action: Option<ActionIndex>) -> Self {
        Self {
            reason,
            action,
            verdict: Verdict::default(),
            note: None,
        }
    }

    pub(super) fn refused(reason: Reason, note: Note, action: Option<ActionIndex>) -> Self {
        let mut outcome = Self::denied(reason, action);
        outcome.note = Some(note);
        outcome
    }

    /// For a session that may not ask at all.
    pub(super) fn unadmitted(reason: Reason, note: Option<Note>) -> Self {
        let mut outcome = Self::denied(reason, None);
        outcome.note = note;
        outcome
    }

    pub(super) fn invalid(error: Error) -> Self {
        let mut outcome = Self::denied(Reason::InvalidRequest, None);
        outcome.note = Some(Note::Invalid(Arc::new(error)));
        outcome
    }
}

impl Decision {
    /// A decision of a snapshot that is not the engine's current one.
    pub(super) fn on(snapshot: Arc<Snapshot>, outcome: Outcome) -> Self {
        let snapshot = Pinned::Other(snapshot);
        Self { snapshot, outcome }
    }

    /// Whether the action may be done.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.outcome.allowed()
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.outcome.reason
    }

    /// The determining policies: the permits of an allow, the forbids of a deny, sorted; none when no policy decided.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        let rules = match self.outcome.reason {
            Reason::Permitted => self.outcome.verdict.permits.as_slice(),
            Reason::Forbidden => self.outcome.verdict.forbids.as_slice(),
            _ => &[],
        };
        let mut ids: Vec<&str> = rules
            .iter()
            .map(|rule| self.snapshot.authorizer.policy(*rule).id())
            .collect();
        ids.sort_unstable();
        ids.into_iter()
    }

    /// The policies whose evaluation failed, sorted.
    pub fn errors(&self) -> impl Iterator<Item = PolicyFault<'_>> {
        faults(&self.snapshot, &self.outcome).into_iter()
    }

    /// The revision of the engine's state that was decided on.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.snapshot.revision
    }

    /// The reason in a sentence that names what is missing.
    #[must_use]
    pub fn message(&self) -> String {
        let vocabulary = &self.snapshot.vocabulary;
        let action = self
            .outcome
            .action
            .and_then(|action| vocabulary.action_uid(action))
            .map_or("", |uid| uid.id());
        let list = |ids: Vec<&str>| ids.join(", ");
        match self.outcome.reason {
            Reason::Permitted => format!("permitted by {}", list(self.policies().collect())),
            Reason::NotPermitted => "no policy permits it".to_owned(),
            Reason::Forbidden => format!("forbidden by {}", list(self.policies().collect())),
            Reason::PolicyError => {
                let faults: Vec<String> = self
                    .errors()
                    .map(|fault| format!("{} ({})", fault.policy, fault.message))
                    .collect();
                format!("a forbid could not be evaluated: {}", faults.join("; "))
            }
            Reason::Scope => {
                let covering = self
                    .outcome
                    .action
                    .map_or_else(Vec::new, |action| vocabulary.scopes_covering(action));
                match covering.as_slice() {
                    [] => format!("outside bailiwick: no scope covers {action}"),
                    names => format!(
                        "outside bailiwick: {action} needs scope {}; the token's scopes do not cover it",
                        names.join(" or ")
                    ),
                }
            }
            Reason::OtherTenant => "outside bailiwick: the resource belongs to another tenant".to_owned(),
            Reason::NoTenant => {
                "outside bailiwick: the resource belongs to no tenant; bring its parents along".to_owned()
            }
            Reason::Expired => "the session has expired".to_owned(),
            Reason::Stale => {
                "the engine has not heard from its store for longer than it may; see to the connection"
                    .to_owned()
            }
            Reason::Installation | Reason::Grant | Reason::Boundary | Reason::Project => {
                let note = self.outcome.note.as_ref();
                let note = note.map_or_else(|| "a ceiling denies".to_owned(), Note::to_string);
                let covering = self
                    .outcome
                    .action
                    .map_or_else(Vec::new, |action| vocabulary.scopes_covering(action));
                match (self.outcome.reason, covering.as_slice()) {
                    (Reason::Project, _) | (_, []) => format!("outside bailiwick: {note}"),
                    (_, names) => format!(
                        "outside bailiwick: {action} needs scope {}; {note}",
                        names.join(" or ")
                    ),
                }
            }
            Reason::Suspended | Reason::Revoked | Reason::Disabled | Reason::Outdated | Reason::Unknown => {
                let note = self.outcome.note.as_ref();
                note.map_or_else(|| "the platform refuses the caller".to_owned(), Note::to_string)
            }
            Reason::InvalidRequest => self.request_error().map_or_else(
                || "invalid request".to_owned(),
                |error| error.message().to_owned(),
            ),
            Reason::Internal => "the library failed; the answer is a deny".to_owned(),
        }
    }

    /// What is wrong with the request, when the reason is [`Reason::InvalidRequest`].
    #[must_use]
    pub fn request_error(&self) -> Option<&Error> {
        match &self.outcome.note {
            Some(Note::Invalid(error)) => Some(error),
            _ => None,
        }
    }
}

/// The policies whose evaluation failed, sorted.
pub(super) fn faults<'s>(snapshot: &'s Snapshot, outcome: &Outcome) -> Vec<PolicyFault<'s>> {
    let response = snapshot.authorizer.response(outcome.verdict.clone());
    let mut faults: Vec<PolicyFault<'s>> = response
        .erring()
        .map(|(policy, error)| fault(policy, &error))
        .collect();
    faults.sort_unstable_by_key(|fault| fault.policy);
    faults
}

fn fault<'s>(policy: PolicyRef<'s>, error: &EvalError<'s>) -> PolicyFault<'s> {
    PolicyFault {
        policy: policy.id(),
        message: error.to_string(),
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("allowed", &self.allowed())
            .field("reason", &self.reason())
            .field("policies", &self.policies().collect::<Vec<_>>())
            .field("errors", &self.errors().collect::<Vec<_>>())
            .field("revision", &self.revision())
            .finish()
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}",
            if self.allowed() { "allow" } else { "deny" },
            self.message()
        )
    }
}
