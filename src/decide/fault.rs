//! Errors of evaluation: what keeps a policy from having an answer.

use std::fmt;

use crate::compile::program::{Condition, Op, Template};

/// Why a condition could not be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EvalErrorKind {
    /// An operand has another type than its operator takes.
    TypeError,
    /// An entity or record has no such attribute.
    AttributeMissing,
    /// An entity has no such tag.
    TagMissing,
    /// There is no entity of that uid.
    EntityMissing,
    /// A number does not fit into 64 bits.
    Overflow,
    /// An extension function refuses its argument.
    Extension,
    /// A value is nested more deeply than [`limits::MAX_VALUE_DEPTH`](crate::limits::MAX_VALUE_DEPTH).
    TooDeep,
}

/// The same with the step at which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: EvalErrorKind,
    pub(crate) at: u32,
}

/// An error of evaluating one policy, as a response reports it.
///
/// ```
/// use bailiwick::cedar::{Authorizer, EvalErrorKind, Request};
/// use bailiwick::{Context, EntityRef};
///
/// let policies = "permit(principal, action, resource) when { context.level > 3 };".parse()?;
/// let authorizer = Authorizer::compile(&policies, None)?;
/// let ana = EntityRef::new("User", "ana");
/// let context = Context::new();
/// let response = authorizer.is_authorized(&Request::new(ana, ana, ana, &context));
/// let (policy, error) = response.erring().next().ok_or("no error")?;
/// assert_eq!(policy.id(), "policy0");
/// assert_eq!(error.kind(), EvalErrorKind::AttributeMissing);
/// assert_eq!(error.to_string(), "attribute `level` is missing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct EvalError<'s> {
    pub(crate) fault: Fault,
    pub(crate) template: Option<&'s Template>,
}

impl EvalError<'_> {
    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> EvalErrorKind {
        self.fault.kind
    }

    fn condition(&self) -> Option<&Condition> {
        self.template?.condition.as_ref()
    }

    /// The name that the failing step looked for.
    fn name(&self) -> Option<&str> {
        let condition = self.condition()?;
        match condition.code.get(self.fault.at as usize)? {
            Op::Attr(name) | Op::VarAttr(_, name) => condition.names.get(*name as usize).map(|name| &**name),
            _ => None,
        }
    }
}

impl fmt::Display for EvalError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.fault.kind, self.name()) {
            (EvalErrorKind::AttributeMissing, Some(name)) => write!(f, "attribute `{name}` is missing"),
            (EvalErrorKind::AttributeMissing, None) => f.write_str("an attribute is missing"),
            (EvalErrorKind::EntityMissing, Some(name)) => {
                write!(
                    f,
                    "the entity whose attribute `{name}` is asked for does not exist"
                )
            }
            (EvalErrorKind::EntityMissing, None) => f.write_str("an entity does not exist"),
            (EvalErrorKind::TypeError, _) => {
                f.write_str("an operand has another type than its operator takes")
            }
            (EvalErrorKind::TagMissing, _) => f.write_str("the entity has no such tag"),
            (EvalErrorKind::Overflow, _) => f.write_str("the result does not fit into 64 bits"),
            (EvalErrorKind::Extension, _) => f.write_str("an extension function refuses its argument"),
            (EvalErrorKind::TooDeep, _) => f.write_str("a value is nested too deeply"),
        }
    }
}

impl fmt::Debug for EvalError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvalError({:?}: {self})", self.fault.kind)
    }
}
