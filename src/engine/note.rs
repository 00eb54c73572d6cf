//! What a deny has to say besides its reason.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::platform::Factor;

/// What there is to say about a deny besides its reason. It is put into words when those are asked for: most denies are
/// never read.
#[derive(Clone, Debug)]
pub(super) enum Note {
    /// What is wrong with the request.
    Invalid(Arc<Error>),
    /// What refuses the caller whatever they ask for.
    Refusal(Arc<Box<str>>),
    /// The resource lies in none of the projects permitted to this.
    Projects(Factor),
    /// What was approved, or consented to.
    Cap(Factor),
    /// The boundary of this.
    Boundary(Factor),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Invalid(error) => f.write_str(error.message()),
            Note::Refusal(message) => f.write_str(message),
            Note::Projects(factor) => {
                write!(
                    f,
                    "the resource lies in none of the projects permitted to the {factor}"
                )
            }
            Note::Cap(Factor::Grant) => f.write_str("the user's consent does not cover it"),
            Note::Cap(_) => f.write_str("what was approved for the installation does not cover it"),
            Note::Boundary(factor) => write!(f, "the boundary of the {factor} does not cover it"),
        }
    }
}
