//! What is asked.

use crate::value::{Context, Entity, EntityRef};

/// May this principal do this action to this resource?
///
/// ```
/// use bailiwick::cedar::Request;
/// use bailiwick::{Entity, EntityRef, context};
///
/// let context = context! { "mfa": true };
/// let rfi = [Entity::new("Rfi", "43").parent("Project", "p1").attr("state", "open")];
/// let request = Request::new(
///     EntityRef::new("User", "ana"),
///     EntityRef::new("Action", "rfis:close"),
///     EntityRef::new("Rfi", "43"),
///     &context,
/// )
/// .with_entities(&rfi);
/// assert_eq!(request.entities.len(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: EntityRef<'a>,
    /// What for; a uid such as `Action::"rfis:close"`.
    pub action: EntityRef<'a>,
    /// On what.
    pub resource: EntityRef<'a>,
    /// Under which circumstances.
    pub context: &'a Context<'a>,
    /// Entities that only this request knows, usually the resource. Each replaces the stored entity of the same uid,
    /// parents included; ancestors are the closure over both. Of two with the same uid the first counts.
    pub entities: &'a [Entity<'a>],
}

impl<'a> Request<'a> {
    /// A request without entities of its own.
    #[must_use]
    pub fn new(
        principal: EntityRef<'a>,
        action: EntityRef<'a>,
        resource: EntityRef<'a>,
        context: &'a Context<'a>,
    ) -> Self {
        Self {
            principal,
            action,
            resource,
            context,
            entities: &[],
        }
    }

    /// The same with entities that only this request knows.
    #[must_use]
    pub fn with_entities(self, entities: &'a [Entity<'a>]) -> Self {
        Self { entities, ..self }
    }
}
