//! The resource of a request: stored in the engine, or brought along by the host.

use std::borrow::Cow;

use crate::value::{Entity, EntityRef, EntityUid, Value};

/// What an action targets.
///
/// A stored resource is one of the engine's entities. A resource that the host brings along, with its attributes and
/// parents, exists for this request only and takes the place of a stored entity of the same uid.
///
/// ```
/// use bailiwick::Resource;
///
/// let stored = Resource::stored("Rfi", "42");
/// let brought = Resource::new("Rfi", "43").parent("Project", "p1").attr("private", true).attr("state", "open");
/// assert_eq!(brought.uid().id, "43");
/// # let _ = stored;
/// ```
#[derive(Clone, Debug)]
pub struct Resource<'a> {
    target: Target<'a>,
}

#[derive(Clone, Debug)]
enum Target<'a> {
    Stored(EntityUid<'a>),
    /// The resource first, then whatever else the request brings along.
    Brought(Vec<Entity<'a>>),
    /// A stored resource with other entities brought along.
    Beside(EntityUid<'a>, Vec<Entity<'a>>),
}

impl<'a> Resource<'a> {
    /// A resource that the engine knows.
    #[must_use]
    pub fn stored(type_name: impl Into<Cow<'a, str>>, id: impl Into<Cow<'a, str>>) -> Self {
        Self::stored_uid(EntityUid::new(type_name, id))
    }

    /// The same by its uid.
    #[must_use]
    pub fn stored_uid(uid: EntityUid<'a>) -> Self {
        Self {
            target: Target::Stored(uid),
        }
    }

    /// A resource that the host brings along; add its parents and attributes.
    #[must_use]
    pub fn new(type_name: impl Into<Cow<'a, str>>, id: impl Into<Cow<'a, str>>) -> Self {
        Self::entity(Entity::new(type_name, id))
    }

    /// The same from an entity.
    #[must_use]
    pub fn entity(entity: Entity<'a>) -> Self {
        Self {
            target: Target::Brought(vec![entity]),
        }
    }

    /// Adds a parent to a resource that is brought along; a stored resource becomes one that is brought along.
    #[must_use]
    pub fn parent(self, type_name: impl Into<Cow<'a, str>>, id: impl Into<Cow<'a, str>>) -> Self {
        let parent = EntityUid::new(type_name, id);
        self.change(|entity| entity.parents_mut().push(parent))
    }

    /// Sets an attribute of a resource that is brought along; a stored resource becomes one that is brought along.
    #[must_use]
    pub fn attr(self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.change(|entity| {
            entity.attrs_mut().set(name, value);
        })
    }

    /// Brings a further entity along, such as a parent that the engine does not know.
    #[must_use]
    pub fn with(mut self, entity: Entity<'a>) -> Self {
        self.target = match self.target {
            Target::Stored(uid) => Target::Beside(uid, vec![entity]),
            Target::Brought(mut entities) => {
                entities.push(entity);
                Target::Brought(entities)
            }
            Target::Beside(uid, mut entities) => {
                entities.push(entity);
                Target::Beside(uid, entities)
            }
        };
        self
    }

    /// The uid.
    #[must_use]
    pub fn uid(&self) -> EntityRef<'_> {
        match &self.target {
            Target::Stored(uid) | Target::Beside(uid, _) => uid.as_ref(),
            // The vector of a brought resource is never empty.
            Target::Brought(entities) => entities
                .first()
                .map_or(EntityRef::new("", ""), |entity| entity.uid().as_ref()),
        }
    }

    /// Everything that the request brings along.
    #[must_use]
    pub fn entities(&self) -> &[Entity<'a>] {
        match &self.target {
            Target::Stored(_) => &[],
            Target::Brought(entities) | Target::Beside(_, entities) => entities,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Entity<'a>)) -> Self {
        self.target = match self.target {
            Target::Stored(uid) => Target::Brought(vec![Entity::with_uid(uid)]),
            Target::Beside(uid, mut others) => {
                others.insert(0, Entity::with_uid(uid));
                Target::Brought(others)
            }
            brought @ Target::Brought(_) => brought,
        };
        if let Target::Brought(entities) = &mut self.target
            && let Some(entity) = entities.first_mut()
        {
            change(entity);
        }
        self
    }
}

impl<'a> From<EntityUid<'a>> for Resource<'a> {
    fn from(uid: EntityUid<'a>) -> Self {
        Self::stored_uid(uid)
    }
}

impl<'a> From<Entity<'a>> for Resource<'a> {
    fn from(entity: Entity<'a>) -> Self {
        Self::entity(entity)
    }
}
