//! One case, compared by every way that leads to an answer.

use crate::compare::{Answer, Sides};
use crate::generate::Case;

/// Asserts that every answer is Cedar's, and gives those; nothing when Cedar does not accept the policies. The seed
/// chooses what else is done to them.
pub fn check(case: &Case, seed: u64) -> Option<Vec<Answer>> {
    let sides = Sides::new(case, seed)?;
    let expected: Vec<Answer> = (case.requests.iter())
        .map(|request| sides.cedar_answer(case, request))
        .collect();
    // The deciding itself runs on a small stack.
    on_small_stack(|| {
        for (number, (request, expected)) in case.requests.iter().zip(&expected).enumerate() {
            for (way, answer) in sides.our_answers(request) {
                assert_eq!(
                    answer,
                    *expected,
                    "{way}, seed {seed}\n{}",
                    describe(case, number)
                );
            }
        }
        sides.batches_agree(case, seed);
    });
    Some(expected)
}

fn on_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let result = thread.spawn_scoped(scope, work).unwrap().join();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A case with one of its requests, as text.
pub fn describe(case: &Case, request: usize) -> String {
    let mut out = String::new();
    for policy in &case.policies {
        out.push_str(&format!("{}: {}\n", policy.id, policy.text));
    }
    for link in &case.links {
        out.push_str(&format!(
            "{} = {} {:?} {:?}\n",
            link.id, link.template, link.principal, link.resource
        ));
    }
    for entity in &case.entities {
        out.push_str(&format!("{entity}\n"));
    }
    let request = &case.requests[request];
    out.push_str(&format!(
        "{:?} {:?} {:?}\ncontext {}\n",
        request.principal, request.action, request.resource, request.context
    ));
    for entity in &request.brought {
        out.push_str(&format!("brought {entity}\n"));
    }
    out
}
