//! Generated cases: what an explanation says is the answer, and what cedar-policy says of the expressions it shows.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use bailiwick::cedar::{
    Authorizer, ConditionOutcome, ConditionTrace, Effect, PolicyOutcome, PolicyTrace, Request as OurRequest,
    Trace,
};
use bailiwick::{Context, Entity};
use cedar_policy::{EvalResult, Expression};

use crate::check::describe;
use crate::compare::{Answer, Sides, our_uid};
use crate::generate::{Case, Generator, Request};
use crate::rng::Rng;
use crate::setting;

/// What Cedar says of an expression; nothing for one that is not shown whole.
enum Said {
    Nothing,
    Value(EvalResult),
    Error,
}

struct Cedar<'s> {
    request: cedar_policy::Request,
    entities: &'s cedar_policy::Entities,
    asked: u64,
}

impl Cedar<'_> {
    fn say(&mut self, expression: &str) -> Said {
        if expression.contains('…') || expression.contains("(hidden)") {
            return Said::Nothing;
        }
        let parsed: Expression = expression
            .parse()
            .unwrap_or_else(|error| panic!("what is shown is not Cedar: {expression}: {error}"));
        self.asked += 1;
        match cedar_policy::eval_expression(&self.request, self.entities, &parsed) {
            Ok(value) => Said::Value(value),
            Err(_) => Said::Error,
        }
    }

    /// An expression is shown with its value, or as one that cannot be evaluated to a truth value.
    fn check(&mut self, expression: &str, value: Option<bool>, is_whole: bool) {
        match (self.say(expression), value) {
            (Said::Nothing, _) | (Said::Error, None) => {}
            (Said::Value(EvalResult::Bool(said)), Some(value)) if said == value => {}
            // A condition must be a truth value.
            (Said::Value(said), None) if is_whole && !matches!(said, EvalResult::Bool(_)) => {}
            (Said::Value(said), value) => panic!("{expression} is {said}, but {value:?} is shown"),
            (Said::Error, value) => panic!("{expression} fails, but {value:?} is shown"),
        }
    }
}

fn explain(ours: &Authorizer, request: &Request) -> Trace {
    let context = Context::from_json(&request.context).unwrap();
    let brought: Vec<Entity<'_>> = request
        .brought
        .iter()
        .map(|entity| Entity::from_json(entity).unwrap())
        .collect();
    let uids = [&request.principal, &request.action, &request.resource].map(our_uid);
    let [principal, action, resource] = uids;
    ours.explain(&OurRequest::new(principal, action, resource, &context).with_entities(&brought))
}

/// The answer as the candidates tell it.
fn told(trace: &Trace) -> Answer {
    let ids = |wanted: &dyn Fn(&PolicyTrace) -> bool| -> BTreeSet<String> {
        let policies = trace.policies.iter().filter(|policy| wanted(policy));
        policies.map(|policy| policy.id.clone()).collect()
    };
    let of = |effect| ids(&|policy| policy.outcome == PolicyOutcome::Applies && policy.effect == effect);
    let (permits, forbids) = (of(Effect::Permit), of(Effect::Forbid));
    Answer {
        allowed: forbids.is_empty() && !permits.is_empty(),
        determining: if forbids.is_empty() { permits } else { forbids },
        erring: ids(&|policy| policy.outcome == PolicyOutcome::Fails),
    }
}

/// What became of a policy follows from what became of its conditions.
fn check_outcome(policy: &PolicyTrace) {
    let outcomes: Vec<ConditionOutcome> = policy
        .conditions
        .iter()
        .map(|condition| condition.outcome)
        .collect();
    let reached = outcomes
        .iter()
        .take_while(|outcome| **outcome != ConditionOutcome::NotReached)
        .count();
    let ends = match policy.outcome {
        PolicyOutcome::Applies => ConditionOutcome::Holds,
        PolicyOutcome::DoesNotApply => ConditionOutcome::DoesNotHold,
        PolicyOutcome::Fails => ConditionOutcome::Fails,
    };
    let (before, last) = match outcomes[..reached].split_last() {
        Some((last, before)) => (before, *last),
        None => (&[][..], ConditionOutcome::Holds),
    };
    assert!(
        last == ends
            && before.iter().all(|outcome| *outcome == ConditionOutcome::Holds)
            && outcomes[reached..]
                .iter()
                .all(|outcome| *outcome == ConditionOutcome::NotReached)
            && (ends != ConditionOutcome::Holds || reached == outcomes.len()),
        "{policy:?}"
    );
    assert_eq!(policy.error.is_some(), policy.outcome == PolicyOutcome::Fails);
}

fn check_condition(condition: &ConditionTrace, cedar: &mut Cedar<'_>) {
    if condition.outcome == ConditionOutcome::NotReached {
        assert!(condition.value.is_none() && condition.decided_by.is_none());
        return;
    }
    cedar.check(&condition.expression, condition.value, true);
    let deciding = condition.decided_by.as_ref().unwrap();
    let is_whole = deciding.expression == condition.expression;
    cedar.check(&deciding.expression, deciding.value, is_whole);
    for seen in &condition.seen {
        match (cedar.say(&seen.expression), cedar.say(&seen.value)) {
            (Said::Nothing, _) | (_, Said::Nothing) => {}
            (Said::Value(of), Said::Value(shown)) if of == shown => {}
            (Said::Value(_), Said::Value(_)) => {
                // Extension values are equal when Cedar says so.
                let equal = format!("{} == {}", seen.expression, seen.value);
                cedar.check(&equal, Some(true), true);
            }
            _ => panic!("{} was {}: one of them fails", seen.expression, seen.value),
        }
    }
}

/// Explains every request of one case; returns how many there were, and how many expressions Cedar was asked for.
fn check(seed: u64) -> [u64; 2] {
    let case: Case = Generator::case(&mut Rng::new(seed));
    let Some(sides) = Sides::new(&case, seed) else {
        return [0; 2];
    };
    let mut counts = [0; 2];
    for (number, request) in case.requests.iter().enumerate() {
        let context = || format!("seed {seed}\n{}", describe(&case, number));
        // The answer never depends on the caller's stack, nor does the explanation.
        let trace = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(64 << 10);
            let thread = thread
                .spawn_scoped(scope, || explain(&sides.compiled, request))
                .unwrap();
            thread.join().unwrap_or_else(|_| panic!("{}", context()))
        });
        let expected = sides.our_answers(request).remove(0).1;
        assert_eq!(trace.allowed, expected.allowed, "{}", context());
        assert_eq!(trace.left_out, 0, "{}", context());
        assert_eq!(told(&trace), expected, "{}", context());
        let (request, entities) = sides.cedar_question(&case, request);
        let mut cedar = Cedar {
            request,
            entities: &entities,
            asked: 0,
        };
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for policy in &trace.policies {
                check_outcome(policy);
                for condition in &policy.conditions {
                    check_condition(condition, &mut cedar);
                }
            }
        }));
        if let Err(panic) = checked {
            eprintln!("{}", context());
            std::panic::resume_unwind(panic);
        }
        counts[0] += 1;
        counts[1] += cedar.asked;
    }
    counts
}

#[test]
fn every_explanation_says_the_answer_and_what_cedar_says_of_its_expressions() {
    let wanted = setting("BAILIWICK_DIFFERENTIAL_CASES", 100_000) / 5;
    let next = AtomicU64::new(setting("BAILIWICK_DIFFERENTIAL_SEED", 1));
    let totals = [const { AtomicU64::new(0) }; 2];
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let threads = setting("BAILIWICK_DIFFERENTIAL_THREADS", cores as u64);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let work = || {
                while totals[0].load(Ordering::Relaxed) < wanted {
                    let counts = check(next.fetch_add(1, Ordering::Relaxed));
                    for (total, count) in totals.iter().zip(counts) {
                        total.fetch_add(count, Ordering::Relaxed);
                    }
                }
            };
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
    let [cases, asked] = totals.map(|total| total.load(Ordering::Relaxed));
    println!("{cases} requests explained, {asked} expressions compared");
    assert!(
        asked * 4 > cases,
        "many explanations show something to compare: {asked} of {cases}"
    );
}
