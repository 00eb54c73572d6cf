//! Deciding. Nothing here allocates as long as the decision is not an error.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use bailiwick::{Decision, Error, ErrorKind, Reason, Result};

use crate::boundary::{ErrorOut, fallible, null, total};
use crate::error::bw_status;
use crate::object::given;
use crate::request::{bw_request, given_request};
use crate::session::bw_session;
use crate::text::{bw_str, c_string};

/// Why a decision came out as it did. Numbers never change their meaning, and new ones may appear: trust `allowed` alone.
pub type bw_reason = u32;

/// The outcome of a decision: a plain struct without anything to free. Make it with `bw_decision d = BW_DECISION_INIT;`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct bw_decision {
    /// `sizeof(bw_decision)`, as the caller was compiled.
    size: u32,
    /// Whether the action may be done. False whatever goes wrong.
    allowed: bool,
    /// Why: `BW_REASON_…`.
    reason: bw_reason,
    /// The revision of the engine that was decided on; 0 when none was.
    revision: u64,
}

/// Size of the first version of `bw_decision`; callers compiled against it never pass less.
const FIRST_SIZE: usize = 24;

const _: () = assert!(size_of::<bw_decision>() >= FIRST_SIZE);

/// Where C wants a decision. It says "deny" from the beginning.
pub(crate) struct DecisionOut {
    place: *mut bw_decision,
}

impl DecisionOut {
    pub(crate) fn begin(place: *mut bw_decision) -> Result<Self> {
        if place.is_null() {
            return Err(null("decision"));
        }
        // SAFETY: by contract C passes NULL or a `bw_decision` of its own version, and every version begins with `size`
        // and `allowed`. Fields are written through the pointer: the rest may be uninitialised.
        let size = unsafe {
            (&raw mut (*place).allowed).write(false);
            (&raw const (*place).size).read() as usize
        };
        if size < FIRST_SIZE {
            return Err(Error::new(
                ErrorKind::ArgumentInvalid,
                format!(
                    "`size` of the decision is {size}, but a bw_decision has {}",
                    size_of::<bw_decision>()
                ),
            )
            .help("initialise it with BW_DECISION_INIT"));
        }
        let out = Self { place };
        out.write(false, Reason::Internal, 0);
        Ok(out)
    }

    /// The same for a place that need not be initialised; `size` is what the caller takes a decision for.
    pub(crate) fn fresh(place: *mut bw_decision, size: usize) -> Result<Self> {
        let size = u32::try_from(size).unwrap_or(0);
        // SAFETY: every version of the struct begins with `size` and `allowed`, and C has room for one.
        unsafe {
            (&raw mut (*place).size).write(size);
        }
        Self::begin(place)
    }

    pub(crate) fn write(&self, allowed: bool, reason: Reason, revision: u64) {
        // SAFETY: `begin` has found a `bw_decision` that holds at least the fields of the first version.
        unsafe {
            (&raw mut (*self.place).allowed).write(allowed);
            (&raw mut (*self.place).reason).write(reason.code());
            (&raw mut (*self.place).revision).write(revision);
        }
    }

    pub(crate) fn record(&self, decision: &Decision) {
        self.write(decision.allowed(), decision.reason(), decision.revision());
    }
}

/// Runs a call that decides; when it fails, the decision says that the request was invalid.
pub(crate) fn deciding(
    place: *mut bw_decision,
    err: ErrorOut<'_>,
    body: impl FnOnce(&DecisionOut) -> Result<()>,
) -> bw_status {
    // Before anything that could panic, so that a decision is a deny even then.
    let begun = DecisionOut::begin(place);
    fallible(err, || {
        let out = begun?;
        body(&out).inspect_err(|_| out.write(false, Reason::InvalidRequest, 0))
    })
}

/// Decides whether the session may do the action to the request's resource in the request's context.
///
/// `BW_OK` means that a decision was made, allow or deny: read `decision->allowed`. Anything else means that none could be
/// made; `decision` then says deny all the same, with `BW_REASON_INVALID_REQUEST` (or `BW_REASON_INTERNAL`). It is enough
/// to look at `decision->allowed`.
///
/// The first of these that denies is the reason: expiry of the session, validity of the request against the schema,
/// tenant, scopes, policies. `action` is the id of an action, such as `rfis.view`, or its full uid. Any number of threads
/// may decide with the same session and the same request.
#[unsafe(no_mangle)]
pub extern "C" fn bw_decide(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    request: Option<&bw_request>,
    decision: *mut bw_decision,
    err: ErrorOut<'_>,
) -> bw_status {
    deciding(decision, err, |out| {
        let session = given(session)?;
        let asking = given_request(request)?;
        out.record(&session.decide(action.text("action")?, &asking.resource, &asking.context));
        Ok(())
    })
}

/// The same as a plain answer: true when the decision is an allow, false for everything else.
#[unsafe(no_mangle)]
pub extern "C" fn bw_allows(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    request: Option<&bw_request>,
) -> bool {
    total(false, || {
        let session = given(session).ok()?;
        let asking = given_request(request).ok()?;
        let action = action.text("action").ok()?;
        Some(
            session
                .decide(action, &asking.resource, &asking.context)
                .allowed(),
        )
    })
}

/// The name of a reason, such as `not_permitted`; `unknown` for a number without a meaning. A C string that lives forever.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reason_name(reason: bw_reason) -> *const c_char {
    static NAMES: OnceLock<Vec<(u32, CString)>> = OnceLock::new();
    total(c"unknown".as_ptr(), || {
        let names = NAMES.get_or_init(|| {
            let reasons = Reason::ALL.iter();
            reasons
                .map(|reason| (reason.code(), c_string(reason.name())))
                .collect()
        });
        let (_, name) = names.iter().find(|(code, _)| *code == reason)?;
        Some(name.as_ptr())
    })
}

/// Whether a reason means that the action lies outside of what the session may do at all, whatever the policies say.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reason_is_outside_bailiwick(reason: bw_reason) -> bool {
    total(false, || {
        let known = Reason::ALL.iter().find(|known| known.code() == reason)?;
        Some(known.is_outside_bailiwick())
    })
}
