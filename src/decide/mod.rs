//! Program × entities × request → response, with exactly Cedar's answers; and the explanation of each.

mod authorizer;
mod batch;
mod edit;
mod fault;
mod image;
mod import;
mod machine;
mod near;
mod operators;
mod reach;
mod reading;
mod request;
mod response;
mod sets;
mod snapshot;
mod trace;
mod val;

pub(crate) use crate::entities::graph::{EntityType, TypeId};
pub(crate) use crate::entities::overlay::Above;
pub use authorizer::Authorizer;
pub use edit::Edit;
pub use fault::{EvalError, EvalErrorKind};
pub(crate) use machine::Layers;
pub(crate) use reach::KeptPrincipal;
pub use request::Request;
pub(crate) use response::Verdict;
pub use response::{PolicyRef, Response};
pub(crate) use snapshot::{Kept, Version};
pub use snapshot::{Object, Subject};
pub use trace::{
    Clause, ClosePolicy, ConditionOutcome, ConditionTrace, Deciding, Place, PolicyOutcome, PolicyTrace, Seen,
    Trace,
};
