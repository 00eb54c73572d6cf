//! Many decisions in one call: the same action of the same session, on one request after the other.

use bailiwick::{Error, ErrorKind, Reason, Result};

use crate::boundary::{ErrorOut, fallible, null};
use crate::decision::{DecisionOut, bw_decision};
use crate::error::bw_status;
use crate::object::given;
use crate::request::{bw_request, given_request};
use crate::session::bw_session;
use crate::text::bw_str;

/// The requests of a batch.
fn items(requests: *const Option<&bw_request>, count: usize) -> Result<&[Option<&bw_request>]> {
    match (requests.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(null("requests")),
        (false, 1..=MAX_BATCH) => {
            // SAFETY: C promises `count` readable pointers at `requests` for the time of the call, each NULL or a request.
            Ok(unsafe { std::slice::from_raw_parts(requests, count) })
        }
        (false, _) => Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("a batch of {count} requests; at most {MAX_BATCH} are accepted"),
        )),
    }
}

/// Most requests of one batch: far more than fit into memory as requests.
const MAX_BATCH: usize = 1 << 30;

/// Decides for `count` requests, as `bw_decide` does for one. `decisions` has room for as many, and `decision_size` is
/// `sizeof(bw_decision)`; they need no initialisation.
///
/// A request that is NULL, or one with a failed step, is a deny with `BW_REASON_INVALID_REQUEST`, and the others are decided
/// all the same. When the call fails, every decision is a deny. A reload may come between two decisions; each says its
/// revision.
#[unsafe(no_mangle)]
pub extern "C" fn bw_decide_many(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    requests: *const Option<&bw_request>,
    count: usize,
    decisions: *mut bw_decision,
    decision_size: usize,
    err: ErrorOut<'_>,
) -> bw_status {
    // Denies come before anything that could panic.
    let denied = deny_all(decisions, decision_size, count);
    fallible(err, || {
        denied?;
        let session = given(session)?;
        let action = action.text("action")?;
        let requests = items(requests, count)?;
        for (request, place) in requests.iter().zip(places(decisions, decision_size, count)) {
            let out = DecisionOut::begin(place)?;
            match given_request(*request) {
                Ok(asking) => out.record(&session.decide(action, &asking.resource, &asking.context)),
                Err(_) => out.write(false, Reason::InvalidRequest, 0),
            }
        }
        Ok(())
    })
}

/// Where the decisions of a batch lie.
fn places(first: *mut bw_decision, size: usize, count: usize) -> impl Iterator<Item = *mut bw_decision> {
    (0..count).map(move |at| first.wrapping_byte_add(at.wrapping_mul(size)))
}

fn deny_all(first: *mut bw_decision, size: usize, count: usize) -> Result<()> {
    if count > 0 && first.is_null() {
        return Err(null("decisions"));
    }
    places(first, size, count).try_for_each(|place| DecisionOut::fresh(place, size).map(|_| ()))
}

/// Tells which of `count` requests are allowed: `allowed[i]` for `requests[i]`, and in `allowed_count`, which may be NULL,
/// how many are. Everything that cannot be decided is false.
#[unsafe(no_mangle)]
pub extern "C" fn bw_filter(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    requests: *const Option<&bw_request>,
    count: usize,
    allowed: *mut bool,
    allowed_count: Option<&mut std::mem::MaybeUninit<usize>>,
    err: ErrorOut<'_>,
) -> bw_status {
    let total = allowed_count.map(|it| it.write(0));
    // Denies come before anything that could panic.
    for at in 0..if allowed.is_null() { 0 } else { count } {
        // SAFETY: by contract `allowed` has room for `count` answers.
        unsafe { allowed.add(at).write(false) };
    }
    fallible(err, || {
        if count > 0 && allowed.is_null() {
            return Err(null("allowed"));
        }
        let session = given(session)?;
        let action = action.text("action")?;
        let mut found = 0;
        for (at, request) in items(requests, count)?.iter().enumerate() {
            let Ok(asking) = given_request(*request) else {
                continue;
            };
            if session
                .decide(action, &asking.resource, &asking.context)
                .allowed()
            {
                // SAFETY: as above; `at` is below `count`.
                unsafe { allowed.add(at).write(true) };
                found += 1;
            }
        }
        if let Some(total) = total {
            *total = found;
        }
        Ok(())
    })
}
