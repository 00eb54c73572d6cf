//! Every case of `tests/conformance`, through the Rust interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/conformance.rs"]
mod conformance;

use std::collections::HashSet;

use bailiwick::{Clock, Engine, ErrorKind, Reason};
use conformance::{Case, Expect, ExpectedDecision, Suite};

/// One test for each suite, and one that no suite is left out.
macro_rules! suites {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_suite_is_run() {
            assert_eq!(conformance::names(), [$(stringify!($name)),*]);
        }
    };
}

suites! {
    brought_entities
    construction
    construction_tokens
    entities_refused
    errors_in_policies
    explanations
    extension_values
    issuers_refused
    namespaces
    operators
    permits_and_forbids
    policies_refused
    requests
    schema_in_json
    schemas_refused
    scopes
    sessions
    templates
    tenants
    tokens_accepted
    tokens_bound
    tokens_by_profile
    tokens_by_provider
    tokens_by_secret
    tokens_encrypted
    tokens_refused_by_claims
    tokens_refused_by_form
    tokens_refused_by_header
    tokens_with_context
    without_tenants
}

#[test]
fn there_are_at_least_120_cases() {
    let count = |name: &String| {
        let suite = conformance::read(name);
        suite.cases.len() + suite.loads.len()
    };
    let total: usize = conformance::names().iter().map(count).sum();
    assert!(total >= 120, "only {total} cases");
}

fn run(name: &str) {
    let suite = conformance::read(name);
    check_names(&suite);
    let failures = if suite.cases.is_empty() {
        run_loads(&suite)
    } else {
        run_cases(&suite)
    };
    assert!(
        failures.is_empty(),
        "{} of {} cases of {name}.json fail:\n{}",
        failures.len(),
        suite.cases.len() + suite.loads.len(),
        failures.join("\n")
    );
}

fn check_names(suite: &Suite) {
    let cases = suite.cases.iter().map(|case| &case.name);
    let mut seen = HashSet::new();
    for name in cases.chain(suite.loads.iter().map(|load| &load.name)) {
        assert!(seen.insert(name), "two cases are called `{name}`");
    }
}

fn run_loads(suite: &Suite) -> Vec<String> {
    let single = (suite.policies.as_ref())
        .zip(suite.load_error.as_ref())
        .map(|(policies, expected)| {
            (
                suite.description.as_str(),
                policies,
                suite.issuers.as_slice(),
                expected,
            )
        });
    let several = (suite.loads.iter()).map(|load| {
        (
            load.name.as_str(),
            &load.policies,
            load.issuers.as_slice(),
            &load.load_error,
        )
    });
    let mut count = 0;
    let failures = single
        .into_iter()
        .chain(several)
        .filter_map(|(name, policies, issuers, expected)| {
            count += 1;
            let expected = error_kind(expected);
            let found = conformance::engine(policies, issuers, suite.now).err();
            match found {
                Some(error) if error.kind() == expected && !error.message().is_empty() => None,
                Some(error) => Some(format!("- {name}: expected {expected}, got {}", error.report())),
                None => Some(format!("- {name}: expected {expected}, but it loads")),
            }
        })
        .collect();
    assert!(count > 0, "a suite has `cases`, `loads` or `load_error`");
    failures
}

fn run_cases(suite: &Suite) -> Vec<String> {
    assert!(
        suite.loads.is_empty() && suite.load_error.is_none(),
        "a suite with cases loads"
    );
    let policies = suite.policies.as_ref().expect("a suite with cases has policies");
    let (engine, clock) = conformance::engine(policies, &suite.issuers, suite.now)
        .unwrap_or_else(|error| panic!("{}", error.report()));
    let fails = |case: &Case| {
        let failure = check(&engine, &clock, case);
        clock.advance(suite.now - clock.now());
        failure.err().map(|what| format!("- {}: {what}", case.name))
    };
    suite.cases.iter().filter_map(fails).collect()
}

fn check(engine: &Engine, clock: &Clock, case: &Case) -> Result<(), String> {
    let expected = match (&case.expect, case.session(engine)) {
        (Expect::Error(expected), Err(error)) if error.kind() == error_kind(&expected.error) => {
            let asks = case.action.is_some() || case.resource.is_some() || case.context.is_some();
            let ends_here = if asks {
                Err("it asks, but its session never comes about".to_owned())
            } else {
                Ok(())
            };
            return ends_here;
        }
        (Expect::Error(expected), Err(error)) => {
            return Err(format!("expected {}, got {}", expected.error, error.report()));
        }
        (Expect::Error(expected), Ok(session)) => {
            return Err(format!("expected {}, got a session: {session:?}", expected.error));
        }
        (Expect::Decision(_), Err(error)) => return Err(format!("no session: {}", error.report())),
        (Expect::Decision(expected), Ok(session)) => (expected, session),
    };
    let (expected, session) = expected;
    if let Some(at) = case.at {
        clock.advance(at - clock.now());
    }
    let (resource, context) = (case.resource(), case.context());
    let action = case.action.as_deref().ok_or("it has no action")?;
    let decision = session.decide(action, &resource, &context);
    let found = Found {
        allowed: decision.allowed(),
        reason: decision.reason(),
        policies: decision.policies().map(str::to_owned).collect(),
        errors: decision.errors().map(|fault| fault.policy.to_owned()).collect(),
    };
    let explanation = session.explain(action, &resource, &context);
    if found != Found::expected(expected) {
        return Err(format!(
            "expected {:?}, got {found:?}\n{explanation}",
            Found::expected(expected)
        ));
    }
    if (explanation.allowed, explanation.reason) != (found.allowed, found.reason.name())
        || explanation.message != decision.message()
    {
        return Err(format!(
            "the decision says {decision}, its explanation:\n{explanation}"
        ));
    }
    let tree = explanation.to_string();
    if let Some(text) = expected.explained.iter().find(|text| !tree.contains(*text)) {
        return Err(format!("the explanation does not tell `{text}`:\n{tree}"));
    }
    if context.is_empty() && session.allows(action, &resource) != found.allowed {
        return Err("`allows` and `decide` differ".to_owned());
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Found {
    allowed: bool,
    reason: Reason,
    policies: Vec<String>,
    errors: Vec<String>,
}

impl Found {
    fn expected(expected: &ExpectedDecision) -> Self {
        let reason = Reason::from_name(&expected.reason)
            .unwrap_or_else(|| panic!("`{}` is no reason", expected.reason));
        assert!(
            expected.policies.is_sorted() && expected.errors.is_sorted(),
            "policies and errors are written sorted"
        );
        Self {
            allowed: expected.allowed,
            reason,
            policies: expected.policies.clone(),
            errors: expected.errors.clone(),
        }
    }
}

fn error_kind(name: &str) -> ErrorKind {
    let mut kinds = ErrorKind::ALL.iter().copied();
    kinds
        .find(|kind| kind.name() == name)
        .unwrap_or_else(|| panic!("`{name}` is no kind of error"))
}
