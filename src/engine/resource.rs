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
    /// The uid of a resource that the engine knows; none when the first of `entities` is the resource.
    stored: Option<EntityUid<'a>>,
    /// Everything that the request brings along.
    entities: Vec<Entity<'a>>,
    /// Entities of earlier requests, whose memory is used again.
    spare: Vec<Entity<'a>>,
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
            stored: Some(uid),
            entities: Vec::new(),
            spare: Vec::new(),
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
            stored: None,
            entities: vec![entity],
            spare: Vec::new(),
        }
    }

    /// Adds a parent to a resource that is brought along; a stored resource becomes one that is brought along.
    #[must_use]
    pub fn parent(mut self, type_name: impl Into<Cow<'a, str>>, id: impl Into<Cow<'a, str>>) -> Self {
        let parent = EntityUid::new(type_name, id);
        self.change(|entity| entity.parents_mut().push(parent));
        self
    }

    /// Sets an attribute of a resource that is brought along; a stored resource becomes one that is brought along.
    #[must_use]
    pub fn attr(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.change(|entity| {
            entity.attrs_mut().set(name, value);
        });
        self
    }

    /// Brings a further entity along, such as a parent that the engine does not know.
    #[must_use]
    pub fn with(mut self, entity: Entity<'a>) -> Self {
        self.entities.push(entity);
        self
    }

    /// Turns a stored resource into one that is brought along, the first of
    /// [`entities_mut`](Resource::entities_mut).
    pub fn bring_itself(&mut self) {
        if let Some(uid) = self.stored.take() {
            let own = self.fresh(uid);
            self.entities.insert(0, own);
        }
    }

    /// Brings a further entity along, the last of [`entities_mut`](Resource::entities_mut), to be filled in there.
    pub fn bring(&mut self, uid: EntityUid<'a>) {
        let entity = self.fresh(uid);
        self.entities.push(entity);
    }

    /// Everything that the request brings along, to be changed in place.
    pub fn entities_mut(&mut self) -> &mut [Entity<'a>] {
        &mut self.entities
    }

    /// Starts over with a stored resource, and keeps the memory of what was brought along: for hosts that build one
    /// request after the other in the same place.
    ///
    /// ```
    /// use bailiwick::{EntityUid, Resource};
    ///
    /// let mut resource = Resource::new("Rfi", "43").parent("Project", "p1");
    /// resource.restart(EntityUid::new("Rfi", "42"));
    /// assert_eq!(resource.uid().id, "42");
    /// assert!(resource.entities().is_empty());
    /// ```
    pub fn restart(&mut self, uid: EntityUid<'a>) {
        self.stored = Some(uid);
        for mut entity in self.entities.drain(..) {
            entity.restart(EntityUid::new("", ""));
            self.spare.push(entity);
        }
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Resource<'static> {
        Resource {
            stored: self.stored.map(EntityUid::into_owned),
            entities: self.entities.into_iter().map(Entity::into_owned).collect(),
            spare: Vec::new(),
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Entity<'a>)) {
        self.bring_itself();
        if let Some(entity) = self.entities.first_mut() {
            change(entity);
        }
    }

    fn fresh(&mut self, uid: EntityUid<'a>) -> Entity<'a> {
        match self.spare.pop() {
            Some(mut entity) => {
                entity.restart(uid);
                entity
            }
            None => Entity::with_uid(uid),
        }
    }

    /// The uid.
    #[must_use]
    pub fn uid(&self) -> EntityRef<'_> {
        match (&self.stored, self.entities.first()) {
            (Some(uid), _) => uid.as_ref(),
            (None, Some(entity)) => entity.uid().as_ref(),
            (None, None) => EntityRef::new("", ""),
        }
    }

    /// Everything that the request brings along.
    #[must_use]
    pub fn entities(&self) -> &[Entity<'a>] {
        &self.entities
    }
}

impl<'a> AsRef<Resource<'a>> for Resource<'a> {
    fn as_ref(&self) -> &Resource<'a> {
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
