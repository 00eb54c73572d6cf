//! The details of a decision: the policies that determined it, those that failed, and the reason in a sentence.
//!
//! Details belong to the caller, who frees them with `bw_details_free`. They never change: every thread may read them.

use std::ffi::{CString, c_char};

use bailiwick::Decision;

use crate::boundary::{ErrorOut, HandleOut, hand_out, handle_out, total};
use crate::decision::{bw_decision, deciding};
use crate::error::bw_status;
use crate::object::{Tagged, free, given, maybe, object};
use crate::request::{bw_request, given_request};
use crate::session::bw_session;
use crate::text::{bw_str, c_string};

/// What a decision was made of.
pub struct bw_details(Tagged<Findings>);

pub struct Findings {
    message: CString,
    policies: Vec<String>,
    failed: Vec<(String, String)>,
}

object!(bw_details of Findings, "details");

impl Findings {
    fn of(decision: &Decision) -> Self {
        let faults = decision.errors();
        Self {
            message: c_string(&decision.message()),
            policies: decision.policies().map(str::to_owned).collect(),
            failed: faults
                .map(|fault| (fault.policy.to_owned(), fault.message))
                .collect(),
        }
    }
}

/// Decides as `bw_decide` does, and hands out the details, which are freed with `bw_details_free`. When no decision could
/// be made there are none (`*out` is NULL).
#[unsafe(no_mangle)]
pub extern "C" fn bw_decide_detailed(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    request: Option<&bw_request>,
    decision: *mut bw_decision,
    out: HandleOut<'_, bw_details>,
    err: ErrorOut<'_>,
) -> bw_status {
    deciding(decision, err, |place| {
        let out = handle_out(out, "out")?;
        let session = given(session)?;
        let asking = given_request(request)?;
        let found = session.decide(action.text("action")?, &asking.resource, &asking.context);
        hand_out(out, Findings::of(&found).into());
        place.record(&found);
        Ok(())
    })
}

/// The reason in a sentence that names what is missing. A C string that lives as long as the details; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bw_details_message(details: Option<&bw_details>) -> *const c_char {
    total(c"".as_ptr(), || Some(maybe(details)?.message.as_ptr()))
}

/// How many policies determined the decision: the permits of an allow, the forbids of a deny; none when no policy decided.
#[unsafe(no_mangle)]
pub extern "C" fn bw_details_policy_count(details: Option<&bw_details>) -> usize {
    total(0, || Some(maybe(details)?.policies.len()))
}

/// The id of the determining policy at `index`, in the order of the ids; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_details_policy(details: Option<&bw_details>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        maybe(details)?.policies.get(index).map(|id| bw_str::lend(id))
    })
}

/// How many policies could not be evaluated.
#[unsafe(no_mangle)]
pub extern "C" fn bw_details_failed_count(details: Option<&bw_details>) -> usize {
    total(0, || Some(maybe(details)?.failed.len()))
}

/// The id of the policy at `index` that could not be evaluated, in the order of the ids; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_details_failed_policy(details: Option<&bw_details>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        let (id, _) = maybe(details)?.failed.get(index)?;
        Some(bw_str::lend(id))
    })
}

/// What failed in the policy at `index`, in Cedar's words; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_details_failed_message(details: Option<&bw_details>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        let (_, message) = maybe(details)?.failed.get(index)?;
        Some(bw_str::lend(message))
    })
}

/// Frees details; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_details_free(details: *mut bw_details) {
    free(details);
}
