//! Scopes of policies: which principals, actions and resources a policy speaks of.

use cedar_policy::pst;
use serde::{Deserialize, Serialize};

use crate::entities::graph::{Graph, TypeId};
use crate::entities::handles::{Handle, MAX_HANDLES};
use crate::error::Result;
use crate::value::EntityRef;

/// The scope of a policy on its principal or resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scope {
    /// Anything.
    Any,
    /// `is T`
    Is(TypeId),
    /// `== entity`
    Eq(Target),
    /// `in entity`
    In(Target),
    /// `is T in entity`
    IsIn(TypeId, Target),
}

/// The entity of a scope: a literal, or what a link fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Target {
    Slot,
    Entity(Handle),
}

/// What the index files a rule under: any entity, any of a type, or one entity with everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u32);

impl Key {
    /// The key of rules that accept any entity.
    pub(crate) const ANY: Key = Key(u32::MAX);

    /// The key of rules that accept any entity of a type.
    pub(crate) fn of_type(id: TypeId) -> Self {
        Key(MAX_HANDLES | id)
    }

    /// The handle, unless this key is for a type or for any entity.
    pub(crate) fn handle(self) -> Option<Handle> {
        (self.0 < MAX_HANDLES).then_some(self.0)
    }

    pub(crate) fn class(self) -> KeyClass {
        match self {
            Key::ANY => KeyClass::Any,
            Key(raw) if raw < MAX_HANDLES => KeyClass::Entity,
            Key(_) => KeyClass::Type,
        }
    }
}

/// The three kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyClass {
    Any,
    Type,
    Entity,
}

impl Scope {
    /// The same with other numbers for its entity and type.
    pub(crate) fn renumbered<E>(
        self,
        handle: impl FnOnce(Handle) -> Result<Handle, E>,
        type_id: impl FnOnce(TypeId) -> Result<TypeId, E>,
    ) -> Result<Self, E> {
        let renumbered = |target| match target {
            Target::Slot => Ok(Target::Slot),
            Target::Entity(entity) => handle(entity).map(Target::Entity),
        };
        Ok(match self {
            Scope::Any => Scope::Any,
            Scope::Is(id) => Scope::Is(type_id(id)?),
            Scope::Eq(target) => Scope::Eq(renumbered(target)?),
            Scope::In(target) => Scope::In(renumbered(target)?),
            Scope::IsIn(id, target) => Scope::IsIn(type_id(id)?, renumbered(target)?),
        })
    }

    /// The entity literal, if there is one.
    pub(crate) fn target(self) -> Option<Handle> {
        match self {
            Scope::Eq(Target::Entity(handle))
            | Scope::In(Target::Entity(handle))
            | Scope::IsIn(_, Target::Entity(handle)) => Some(handle),
            _ => None,
        }
    }

    pub(crate) fn is_slot(self) -> bool {
        matches!(
            self,
            Scope::Eq(Target::Slot) | Scope::In(Target::Slot) | Scope::IsIn(_, Target::Slot)
        )
    }

    /// The key under which a rule with this scope is filed, `slot` filling the slot.
    pub(crate) fn key(self, slot: Handle) -> Key {
        match self {
            Scope::Any => Key::ANY,
            Scope::Is(id) => Key::of_type(id),
            Scope::Eq(target) | Scope::In(target) | Scope::IsIn(_, target) => match target {
                Target::Slot => Key(slot),
                Target::Entity(handle) => Key(handle),
            },
        }
    }

    /// Whether an entity is in the scope, given that the rule was found under one of the entity's own keys.
    #[inline]
    pub(crate) fn accepts(self, key: Key, own: Key, type_id: Option<TypeId>) -> bool {
        match self {
            Scope::Any | Scope::Is(_) | Scope::In(_) => true,
            Scope::Eq(_) => key == own,
            Scope::IsIn(id, _) => type_id == Some(id),
        }
    }
}

/// The scope of a policy on the action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ActionScope {
    /// Any action.
    Any,
    /// `== action`
    Eq([Handle; 1]),
    /// `in` any of these, sorted.
    In(Box<[Handle]>),
}

impl ActionScope {
    /// The actions that are named.
    pub(crate) fn handles(&self) -> &[Handle] {
        match self {
            ActionScope::Any => &[],
            ActionScope::Eq(one) => one,
            ActionScope::In(list) => list,
        }
    }

    #[inline]
    pub(crate) fn names(&self, handle: Handle) -> bool {
        let list = self.handles();
        if list.len() <= 8 {
            list.contains(&handle)
        } else {
            list.binary_search(&handle).is_ok()
        }
    }
}

/// A type or uid of cedar-policy's tree as text.
pub(crate) struct Text {
    pub(crate) type_name: String,
    pub(crate) id: String,
}

impl Text {
    pub(crate) fn new(uid: &pst::EntityUID) -> Self {
        Self {
            type_name: uid.ty.0.to_string(),
            id: uid.eid.to_string(),
        }
    }

    pub(crate) fn as_ref(&self) -> EntityRef<'_> {
        EntityRef::new(&self.type_name, &self.id)
    }
}

/// Scopes are read by this; it mentions every handle it finds and remembers them for the template.
pub(crate) struct Scopes<'g> {
    pub(crate) graph: &'g mut Graph,
    /// Handles mentioned so far.
    pub(crate) mentioned: Vec<Handle>,
}

impl Scopes<'_> {
    pub(crate) fn mention(&mut self, uid: &pst::EntityUID) -> Result<Handle> {
        let handle = self.graph.mention(Text::new(uid).as_ref())?;
        self.mentioned.push(handle);
        Ok(handle)
    }

    fn target(&mut self, entity: &pst::EntityOrSlot) -> Result<Target> {
        Ok(match entity {
            pst::EntityOrSlot::Slot(_) => Target::Slot,
            pst::EntityOrSlot::Entity(uid) => Target::Entity(self.mention(uid)?),
        })
    }

    fn type_id(&mut self, name: &pst::EntityType) -> TypeId {
        self.graph.intern_type(&name.0.to_string())
    }

    pub(crate) fn principal(&mut self, scope: &pst::PrincipalConstraint) -> Result<Scope> {
        use pst::PrincipalConstraint as P;
        Ok(match scope {
            P::Any => Scope::Any,
            P::Is(name) => Scope::Is(self.type_id(name)),
            P::Eq(entity) => Scope::Eq(self.target(entity)?),
            P::In(entity) => Scope::In(self.target(entity)?),
            P::IsIn(name, entity) => Scope::IsIn(self.type_id(name), self.target(entity)?),
        })
    }

    pub(crate) fn resource(&mut self, scope: &pst::ResourceConstraint) -> Result<Scope> {
        use pst::ResourceConstraint as R;
        Ok(match scope {
            R::Any => Scope::Any,
            R::Is(name) => Scope::Is(self.type_id(name)),
            R::Eq(entity) => Scope::Eq(self.target(entity)?),
            R::In(entity) => Scope::In(self.target(entity)?),
            R::IsIn(name, entity) => Scope::IsIn(self.type_id(name), self.target(entity)?),
        })
    }

    pub(crate) fn action(&mut self, scope: &pst::ActionConstraint) -> Result<ActionScope> {
        Ok(match scope {
            pst::ActionConstraint::Any => ActionScope::Any,
            pst::ActionConstraint::Eq(uid) => ActionScope::Eq([self.mention(uid)?]),
            pst::ActionConstraint::In(uids) => {
                let mut handles = uids
                    .iter()
                    .map(|uid| self.mention(uid))
                    .collect::<Result<Vec<_>>>()?;
                handles.sort_unstable();
                // A uid that is named twice is mentioned once.
                let mut last = None;
                handles.retain(|handle| {
                    let again = last == Some(*handle);
                    last = Some(*handle);
                    if again {
                        self.graph.release(*handle);
                    }
                    !again
                });
                self.mentioned
                    .retain(|handle| handles.binary_search(handle).is_err());
                self.mentioned.extend_from_slice(&handles);
                ActionScope::In(handles.into_boxed_slice())
            }
        })
    }
}
