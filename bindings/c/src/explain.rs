//! Explanations: every ceiling that was checked, every candidate policy with its conditions, and what came close.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use bailiwick::{Error, ErrorKind, Explanation, Result};

use crate::boundary::{ErrorOut, fallible, handle_out};
use crate::error::bw_status;
use crate::object::given;
use crate::request::{bw_request, given_request};
use crate::session::bw_session;
use crate::text::{bw_str, hand_out_string};

/// Where C wants a string that it will own: `char **out`.
pub(crate) type StringOut<'a> = Option<&'a mut MaybeUninit<*mut c_char>>;

fn explaining(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    request: Option<&bw_request>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
    write: impl FnOnce(&Explanation) -> Result<String>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let session = given(session)?;
        let asking = given_request(request)?;
        let explanation = session.explain(action.text("action")?, &asking.resource, &asking.context);
        hand_out_string(out, &write(&explanation)?);
        Ok(())
    })
}

/// Decides, and explains the decision as a tree for people. The string is freed with `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_explain(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    request: Option<&bw_request>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    explaining(session, action, request, out, err, |explanation| {
        Ok(explanation.to_string())
    })
}

/// Decides, and explains the decision as a JSON object for tools: `allowed`, `reason`, `message`, `principal`, `app`,
/// `action`, `resource`, `ceilings`, `policies`, `revision`. `policies.candidates` holds every policy whose scope matches, with
/// its `conditions`: `clause`, `expression`, `value`, `outcome`, `decided_by`, `seen` and `place`. The string is freed with
/// `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_explain_json(
    session: Option<&bw_session>,
    action: bw_str<'_>,
    request: Option<&bw_request>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    explaining(session, action, request, out, err, |explanation| {
        serde_json::to_string(explanation)
            .map_err(|_| Error::new(ErrorKind::Internal, "the explanation cannot be written as JSON"))
    })
}
