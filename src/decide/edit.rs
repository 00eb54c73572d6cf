//! Changes: an edit collects them, a commit makes them the next authorizer.

use std::sync::Arc;

use cedar_policy::pst;

use super::authorizer::Authorizer;
use super::import;
use super::snapshot::{Snapshot, Version};
use crate::error::{Error, ErrorKind, Result};
use crate::stack::on_parser_stack;
use crate::value::{Entity, EntityRef, EntityUid};

/// A change in the making. Readers of the authorizer it came from see nothing of it.
///
/// Every operation either takes place or fails and leaves the edit as it was. Dropping the edit drops the change.
/// Adding or removing one link, policy, entity or parent copies a few kilobytes, however many there are.
///
/// ```
/// use bailiwick::cedar::{Authorizer, Request};
/// use bailiwick::{Context, Entity, EntityRef};
///
/// let template = r#"@id("viewer") permit(principal == ?principal, action, resource in ?resource);"#;
/// let mut edit = Authorizer::compile(&cedar_policy::PolicySet::new(), None)?.edit();
/// edit.add_template("viewer", template)?;
/// edit.upsert_entity(&Entity::new("Drawing", "d7").parent("Project", "p1"))?;
/// let (ana, p1) = (EntityRef::new("User", "ana"), EntityRef::new("Project", "p1"));
/// edit.link("viewer", "grant-1", Some(ana), Some(p1))?;
/// let authorizer = edit.commit();
///
/// let context = Context::new();
/// let request = Request::new(ana, EntityRef::new("Action", "view"), EntityRef::new("Drawing", "d7"), &context);
/// assert!(authorizer.is_authorized(&request).allowed());
///
/// let mut edit = authorizer.edit();
/// assert!(edit.remove_policy("grant-1")?);
/// assert!(!edit.commit().is_authorized(&request).allowed());
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub struct Edit {
    draft: Draft,
}

/// What a change makes of a snapshot. It can be changed only by saying so: whoever kept something beside a snapshot goes by
/// its version.
struct Draft {
    snapshot: Snapshot,
    changed: bool,
}

impl Draft {
    fn change(&mut self) -> &mut Snapshot {
        self.changed = true;
        &mut self.snapshot
    }
}

impl Edit {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            draft: Draft {
                snapshot,
                changed: false,
            },
        }
    }

    /// The changed authorizer.
    #[must_use]
    pub fn commit(self) -> Authorizer {
        let Draft {
            mut snapshot,
            changed,
        } = self.draft;
        if changed {
            snapshot.version = Version::new();
        }
        Authorizer {
            snapshot: Arc::new(snapshot),
        }
    }

    /// Adds an entity, or replaces the one of the same uid with its attributes, tags and parents.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::EntityCycle`] when it would become its own ancestor; [`ErrorKind::LimitExceeded`] for too many
    /// ancestors, too long names and too deeply nested values.
    pub fn upsert_entity(&mut self, entity: &Entity<'_>) -> Result<()> {
        self.draft.change().graph.upsert(entity)
    }

    /// Removes an entity; false when there was none. What lay below it stays below its uid, but no longer below what
    /// was above it.
    ///
    /// # Errors
    ///
    /// None today; the result leaves room for them.
    pub fn remove_entity(&mut self, uid: EntityRef<'_>) -> Result<bool> {
        self.draft.change().graph.remove(uid)
    }

    /// Puts an entity under one more parent; an unknown uid becomes an entity without attributes.
    ///
    /// # Errors
    ///
    /// As for [`upsert_entity`](Edit::upsert_entity).
    pub fn add_parent(&mut self, uid: EntityRef<'_>, parent: EntityRef<'_>) -> Result<()> {
        let mut parents = self.parents(uid);
        if parents.iter().any(|known| known.as_ref() == parent) {
            return Ok(());
        }
        parents.push(parent.to_uid().into_owned());
        self.set_parents(uid, &parents)
    }

    /// Takes an entity out from under a parent; false when it was not directly below it.
    ///
    /// # Errors
    ///
    /// None today; the result leaves room for them.
    pub fn remove_parent(&mut self, uid: EntityRef<'_>, parent: EntityRef<'_>) -> Result<bool> {
        let mut parents = self.parents(uid);
        let before = parents.len();
        parents.retain(|known| known.as_ref() != parent);
        if parents.len() == before {
            return Ok(false);
        }
        self.set_parents(uid, &parents).map(|()| true)
    }

    fn parents(&self, uid: EntityRef<'_>) -> Vec<EntityUid<'static>> {
        let graph = &self.draft.snapshot.graph;
        let parents = graph.find(uid).map_or(&[][..], |node| node.parents.as_slice());
        let nodes = parents.iter().filter_map(|parent| graph.node(*parent));
        nodes.map(|node| node.uid().to_uid().into_owned()).collect()
    }

    fn set_parents(&mut self, uid: EntityRef<'_>, parents: &[EntityUid<'static>]) -> Result<()> {
        let parents: Vec<EntityRef<'_>> = parents.iter().map(EntityUid::as_ref).collect();
        self.draft.change().graph.set_parents(uid, &parents)
    }

    /// Replaces all entities; the actions of the schema stay.
    ///
    /// # Errors
    ///
    /// As for [`upsert_entity`](Edit::upsert_entity), and [`ErrorKind::EntityInvalid`] for an attribute without a
    /// value.
    pub fn replace_entities(&mut self, entities: &cedar_policy::Entities) -> Result<()> {
        let fresh = import::read_entities(entities)?;
        let mut changed = self.draft.snapshot.clone();
        let old: Vec<EntityUid<'static>> = changed
            .graph
            .iter()
            .map(|node| node.uid().to_uid().into_owned())
            .collect();
        for uid in &old {
            changed.graph.remove(uid.as_ref())?;
        }
        let actions = Arc::clone(&changed.actions);
        for entity in actions.entities.iter().chain(&fresh) {
            changed.graph.upsert(entity)?;
        }
        *self.draft.change() = changed;
        Ok(())
    }

    /// Fills the slots of a template: adds a link under a new id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LinkInvalid`] for an unknown template, or values that do not fit its slots;
    /// [`ErrorKind::PolicyDuplicate`] when the id is taken.
    pub fn link(
        &mut self,
        template: &str,
        id: &str,
        principal: Option<EntityRef<'_>>,
        resource: Option<EntityRef<'_>>,
    ) -> Result<()> {
        let Snapshot { policies, graph, .. } = self.draft.change();
        policies
            .link(template, id, principal, resource, graph)
            .map(|_| ())
    }

    /// Removes a link, static policy or template; false when the id names nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LinkInvalid`] for a template that still has links.
    pub fn remove_policy(&mut self, id: &str) -> Result<bool> {
        let Snapshot { policies, graph, .. } = self.draft.change();
        policies.remove(id, graph)
    }

    /// Adds a static policy in Cedar's syntax.
    ///
    /// The text goes to Cedar's parser as it is: text from outside must be bounded first, as the loaders of this
    /// library do.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PolicySyntax`], [`ErrorKind::PolicyDuplicate`] and [`ErrorKind::PolicyUnsupported`].
    pub fn add_policy(&mut self, id: &str, text: &str) -> Result<()> {
        let id = Some(cedar_policy::PolicyId::new(id));
        self.add(text, move |text| {
            let policy = cedar_policy::Policy::parse(id, text).map_err(|error| syntax(&error))?;
            match policy.to_pst().map_err(|error| unsupported(&error))? {
                pst::Policy::Static(policy) => Ok(policy.body().clone()),
                _ => Err(Error::new(
                    ErrorKind::PolicyUnsupported,
                    "the policy is not static",
                )),
            }
        })
    }

    /// Adds a template in Cedar's syntax; [`link`](Edit::link) fills its slots.
    ///
    /// # Errors
    ///
    /// As for [`add_policy`](Edit::add_policy).
    pub fn add_template(&mut self, id: &str, text: &str) -> Result<()> {
        let id = Some(cedar_policy::PolicyId::new(id));
        self.add(text, move |text| {
            let template = cedar_policy::Template::parse(id, text).map_err(|error| syntax(&error))?;
            template.to_pst().map_err(|error| unsupported(&error))
        })
    }

    fn add(&mut self, text: &str, parse: impl FnOnce(&str) -> Result<pst::Template> + Send) -> Result<()> {
        let snapshot = self.draft.change();
        on_parser_stack(|| {
            let policy = parse(text)?;
            import::add_template(&policy, Some(text.to_owned()), snapshot)
        })?
    }

    /// Adds every policy, template and link of a set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PolicyDuplicate`] and [`ErrorKind::PolicyUnsupported`]; the edit is then as it was.
    pub fn add_policies(&mut self, policies: &cedar_policy::PolicySet) -> Result<()> {
        let mut changed = self.draft.snapshot.clone();
        import::add_policy_set(policies, &mut changed)?;
        *self.draft.change() = changed;
        Ok(())
    }
}

fn syntax(error: &impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::PolicySyntax, error.to_string())
}

fn unsupported(error: &impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::PolicyUnsupported, error.to_string())
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
