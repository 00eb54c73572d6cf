//! Running the cases of a suite and saying what differs.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value as Json;

use crate::engine::{Engine, Identity, Principal, Reason, Resource, Session, Tenant};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Context, EntityUid};

use super::model::{Case, Suite, Token};

/// How a suite came out.
#[derive(Clone, Debug, Serialize)]
pub struct SuiteReport {
    /// The suite's name.
    pub suite: String,
    /// The file it was read from.
    pub file: PathBuf,
    /// One outcome for each case, in the order of the file.
    pub cases: Vec<CaseOutcome>,
}

impl SuiteReport {
    /// Number of cases that came out otherwise than expected.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.cases.iter().filter(|case| !case.passed()).count()
    }
}

/// How a case came out.
#[derive(Clone, Debug, Serialize)]
pub struct CaseOutcome {
    /// The case's name.
    pub name: String,
    /// Its line in the file.
    pub line: usize,
    /// What differs from what was expected; empty when nothing does.
    pub failures: Vec<String>,
    /// The explanation of the decision, for a case that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

impl CaseOutcome {
    /// Whether everything came out as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

pub(super) fn run(engine: &Engine, file: &Path, suite: &Suite) -> SuiteReport {
    let cases = suite
        .cases
        .iter()
        .map(|case| {
            let (failures, explanation) = match Run::prepare(engine, suite, case) {
                Ok(Prepared::Question(run)) => run.compare(case),
                Ok(Prepared::OtherTenant) => (refused(case), None),
                Err(error) => (vec![with_help(&error)], None),
            };
            let line = usize::try_from(case.name.referenced.line()).unwrap_or(0);
            CaseOutcome {
                name: case.name.value.clone(),
                line,
                failures,
                explanation,
            }
        })
        .collect();
    SuiteReport {
        suite: suite.suite.clone(),
        file: file.to_owned(),
        cases,
    }
}

fn with_help(error: &Error) -> String {
    match error.help_text() {
        Some(help) => format!("{}; {help}", error.message()),
        None => error.message().to_owned(),
    }
}

/// What a case comes to.
enum Prepared {
    Question(Run),
    /// The token belongs to another tenant than the request: no session comes about.
    OtherTenant,
}

/// What differs from what was expected when a token of another tenant is refused.
fn refused(case: &Case) -> Vec<String> {
    let policies = case
        .policies
        .iter()
        .chain(&case.errors)
        .any(|ids| !ids.is_empty());
    match &case.deny {
        Some(name) if name == Reason::OtherTenant.name() && !policies => vec![],
        None if case.allow == Some(false) && !policies => vec![],
        _ => vec![
            "got deny: the token belongs to another tenant than the request, so no policy was asked"
                .to_owned(),
        ],
    }
}

/// A case turned into a question.
struct Run {
    session: Session,
    action: String,
    resource: Resource<'static>,
    context: Context<'static>,
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::SuiteInvalid, message)
}

impl Run {
    fn prepare(engine: &Engine, suite: &Suite, case: &Case) -> Result<Prepared> {
        let vocabulary = engine.vocabulary();
        let asked = case.tenant.as_ref().or(suite.tenant.as_ref());
        let tenant = || asked.map_or_else(Tenant::none, |id| Tenant::id(id.as_str()));
        let session = match (&case.principal, &case.token) {
            (Some(uid), None) => engine.session(Principal::uid(uid.parse()?), tenant())?,
            (None, Some(token)) => {
                if token.tenant.as_ref().is_some_and(|owner| Some(owner) != asked) {
                    return Ok(Prepared::OtherTenant);
                }
                engine.session_of(identity(token)?, tenant())?
            }
            _ => return Err(invalid("a case has either a `principal` or a `token`")),
        };
        let context = match (&case.context, vocabulary.action(&case.action)) {
            (None, _) => Context::new(),
            (Some(json), Some(action)) => vocabulary.context_from_json(action, json)?,
            (Some(json), None) => Context::from_json(json)?,
        };
        let mut resource = match &case.resource {
            Json::String(text) => Resource::stored_uid(text.parse::<EntityUid<'static>>()?),
            json => Resource::entity(vocabulary.entity_from_json(json)?),
        };
        for json in &case.entities {
            resource = resource.with(vocabulary.entity_from_json(json)?);
        }
        Ok(Prepared::Question(Self {
            session,
            action: case.action.clone(),
            resource,
            context,
        }))
    }

    /// What differs, and the explanation when something does.
    fn compare(&self, case: &Case) -> (Vec<String>, Option<String>) {
        let mut failures = Vec::new();
        let decision = self.session.decide(&self.action, &self.resource, &self.context);
        let expected = match (case.allow, &case.deny) {
            (Some(true), None) => Some(Reason::Permitted),
            (Some(false), None) if decision.allowed() => {
                failures.push("expected deny, got allow".to_owned());
                None
            }
            (Some(false), None) => None,
            (None, Some(name)) => match Reason::from_name(name) {
                Some(Reason::Permitted) | None => {
                    failures.push(format!(
                        "`{name}` is not a reason to deny; use one of {}",
                        reasons()
                    ));
                    None
                }
                reason => reason,
            },
            _ => {
                failures.push("a case has either `allow` or `deny`".to_owned());
                None
            }
        };
        if let Some(expected) = expected.filter(|expected| *expected != decision.reason()) {
            failures.push(format!("expected {}, got {decision}", described(expected)));
        }
        let lists = [
            (
                "policies",
                &case.policies,
                decision.policies().map(str::to_owned).collect::<Vec<_>>(),
            ),
            (
                "errors",
                &case.errors,
                decision.errors().map(|fault| fault.policy.to_owned()).collect(),
            ),
        ];
        for (what, expected, found) in lists {
            let Some(expected) = expected else { continue };
            let mut expected = expected.clone();
            expected.sort();
            if expected != found {
                failures.push(format!(
                    "expected {what} [{}], got [{}]",
                    expected.join(", "),
                    found.join(", ")
                ));
            }
        }
        let explanation = (!failures.is_empty()).then(|| {
            self.session
                .explain(&self.action, &self.resource, &self.context)
                .to_string()
        });
        (failures, explanation)
    }
}

fn described(reason: Reason) -> String {
    if reason == Reason::Permitted {
        "allow".to_owned()
    } else {
        format!("deny: {reason}")
    }
}

fn reasons() -> String {
    let names: Vec<&str> = Reason::ALL
        .iter()
        .filter(|reason| **reason != Reason::Permitted)
        .map(|reason| reason.name())
        .collect();
    names.join(", ")
}

fn identity(token: &Token) -> Result<Identity<'_>> {
    let principal = match (&token.user, &token.service_account) {
        (Some(id), None) => Principal::user(id.as_str()),
        (None, Some(id)) => Principal::service_account(id.as_str()),
        _ => return Err(invalid("a token has either a `user` or a `service_account`")),
    };
    let mut identity = Identity::token(principal, token.scopes.iter().map(String::as_str));
    if let Some(app) = &token.app {
        identity = identity.app(app.as_str());
    }
    if let Some(grant_type) = &token.grant_type {
        identity = identity.grant_type(grant_type.as_str());
    }
    Ok(identity)
}
