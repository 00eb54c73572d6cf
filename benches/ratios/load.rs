//! What it takes until 10,000 static policies can be decided: from their text, and from their precompiled form.

use std::str::FromStr as _;
use std::time::Instant;

use bailiwick::cedar::Authorizer;
use bailiwick::{Policies, Source};
use cedar_policy::PolicySet;

use crate::measure::{Row, median};

const POLICIES: usize = 10_000;

/// How often each text is loaded: seconds go into one.
const ROUNDS: usize = 3;

/// Policies as people write them: a scope of each kind, and a condition in two of three.
fn text() -> String {
    let policy = |number: usize| {
        let (group, project) = (number % 500, number % 1_000);
        let principal = match number % 3 {
            0 => format!("principal == User::\"user-{number}\""),
            1 => format!("principal in Group::\"group-{group}\""),
            _ => "principal is User".to_owned(),
        };
        let action = match number % 2 {
            0 => "action == Action::\"view\"",
            _ => "action in [Action::\"edit\", Action::\"comment\"]",
        };
        let condition = match number % 3 {
            0 => String::new(),
            1 => format!(
                "\n  when {{ resource.state == \"open\" && context.level > {} }}",
                number % 7
            ),
            _ => "\n  unless { resource has owner && resource.owner != principal }".to_owned(),
        };
        format!(
            "@id(\"rule-{number}\")\npermit ({principal}, {action}, resource in Project::\"project-{project}\"){condition};\n"
        )
    };
    (0..POLICIES).map(policy).collect()
}

/// `load/text` against the parse of cedar-policy alone, and `load/precompiled`, both until decisions can be made.
pub(crate) fn rows() -> Vec<Row> {
    let text = text();
    let timed = |run: &mut dyn FnMut() -> usize| {
        let start = Instant::now();
        assert_eq!(run(), POLICIES);
        start.elapsed().as_nanos() as f64
    };
    let load = || {
        let policies = Policies::load(Source::new().cedar("rules.cedar", text.as_str())).unwrap();
        policies.authorizer().clone()
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(&mut || load().policy_count()));
        theirs.push(timed(&mut || {
            PolicySet::from_str(&text).unwrap().policies().count()
        }));
    }
    let file = load().to_artifact().unwrap();
    let precompiled =
        (0..7 * ROUNDS).map(|_| timed(&mut || Authorizer::from_artifact(&file).unwrap().policy_count()));
    vec![
        Row::of_one("load/precompiled", median(precompiled.collect())),
        Row::of("load/text", median(ours), "cedar-policy's parse", median(theirs)),
    ]
}
