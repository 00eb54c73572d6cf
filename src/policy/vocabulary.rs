//! What a schema says of actions, scopes, and the parts that entity types play, and the checks of requests against it.

use hashbrown::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NAME_BYTES;
use crate::value::{Context, Entity, EntityRef, EntityUid, shorten};

use super::action_set::{ActionIndex, ActionSet};
use super::shape::{RecordShape, Shape};

/// What the schema says of actions, scopes, and the parts that entity types play (`@bailiwick("tenant")` and so on).
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    pub(super) parts: Parts,
    pub(super) actions: Vec<Action>,
    /// Actions by bare id and by full uid; a bare id that two namespaces use is not a name.
    pub(super) names: HashMap<Box<str>, Option<ActionIndex>>,
    /// Scopes by the id of their action.
    pub(super) scopes: HashMap<Box<str>, ActionIndex>,
    pub(super) entities: HashMap<Box<str>, EntityShape>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) tenant: Option<String>,
    pub(super) project: Option<String>,
    pub(super) user: Option<String>,
    pub(super) service_account: Option<String>,
    pub(super) app: Option<String>,
}

/// The attributes of a context that come from the session, where the schema declares them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionAttributes {
    /// `app`, of the type annotated `@bailiwick("app")`.
    pub(crate) app: bool,
    /// `grant_type`, a string.
    pub(crate) grant_type: bool,
}

impl SessionAttributes {
    pub(crate) const APP: &'static str = "app";
    pub(crate) const GRANT_TYPE: &'static str = "grant_type";

    pub(super) fn declared_by(context: &RecordShape) -> Self {
        Self {
            app: context.attribute(Self::APP).is_some(),
            grant_type: context.attribute(Self::GRANT_TYPE).is_some(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) uid: EntityUid<'static>,
    pub(super) is_scope: bool,
    pub(super) principals: Vec<Box<str>>,
    pub(super) resources: Vec<Box<str>>,
    pub(super) context: RecordShape,
    /// Which of the attributes that a session supplies the context declares.
    pub(super) declares: SessionAttributes,
    /// The action itself and every member of its group, nested groups included.
    pub(super) covers: ActionSet,
}

impl Action {
    fn can_be_asked_for(&self) -> bool {
        !self.principals.is_empty() && !self.resources.is_empty()
    }
}

/// What the schema declares of an entity type.
#[derive(Clone, Debug, Default)]
pub(crate) struct EntityShape {
    pub(super) attributes: RecordShape,
    pub(super) tags: Option<Shape>,
    pub(super) ancestors: Vec<Box<str>>,
    pub(super) ids: Option<Vec<Box<str>>>,
}

impl Vocabulary {
    /// Gives the actions, once they are all there, their names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SchemaInvalid`] when two scopes have one name.
    pub(super) fn index_actions(&mut self) -> Result<()> {
        for (action, index) in self.actions.iter().zip((0..).map(ActionIndex)) {
            self.names.insert(action.uid.to_string().into(), Some(index));
            if action.is_scope
                && let Some(other) = self.scopes.insert(action.uid.id().into(), index)
            {
                let other = self
                    .actions
                    .get(other.number())
                    .map(|other| other.uid.to_string());
                return Err(Error::new(
                    ErrorKind::SchemaInvalid,
                    format!(
                        "both {} and {} are the scope `{}`",
                        other.unwrap_or_default(),
                        action.uid,
                        action.uid.id()
                    ),
                )
                .help("a token names a scope without its namespace, so scopes need ids of their own"));
            }
            self.names
                .entry(action.uid.id().into())
                .and_modify(|known| *known = None)
                .or_insert(Some(index));
        }
        Ok(())
    }

    /// The entity type annotated `@bailiwick("tenant")`.
    #[must_use]
    pub fn tenant_type(&self) -> Option<&str> {
        self.parts.tenant.as_deref()
    }

    /// The entity type annotated `@bailiwick("project")`.
    #[must_use]
    pub fn project_type(&self) -> Option<&str> {
        self.parts.project.as_deref()
    }

    /// The entity type annotated `@bailiwick("user")`.
    #[must_use]
    pub fn user_type(&self) -> Option<&str> {
        self.parts.user.as_deref()
    }

    /// The entity type annotated `@bailiwick("service_account")`.
    #[must_use]
    pub fn service_account_type(&self) -> Option<&str> {
        self.parts.service_account.as_deref()
    }

    /// The entity type annotated `@bailiwick("app")`.
    #[must_use]
    pub fn app_type(&self) -> Option<&str> {
        self.parts.app.as_deref()
    }

    /// An action by its id (`rfis.view`) or its full uid (`Platform::Action::"rfis.view"`).
    #[must_use]
    pub fn action(&self, name: &str) -> Option<ActionIndex> {
        self.names.get(name).copied().flatten()
    }

    /// The uid of an action.
    #[must_use]
    pub fn action_uid(&self, action: ActionIndex) -> Option<&EntityUid<'static>> {
        self.actions.get(action.number()).map(|action| &action.uid)
    }

    /// Every action with its uid, scopes included.
    pub fn actions(&self) -> impl Iterator<Item = (ActionIndex, &EntityUid<'static>)> {
        (0..)
            .map(ActionIndex)
            .zip(self.actions.iter().map(|action| &action.uid))
    }

    /// The scopes: actions annotated `@bailiwick("scope")`, with what each of them covers.
    pub fn scopes(&self) -> impl Iterator<Item = (&str, &ActionSet)> {
        self.actions
            .iter()
            .filter(|action| action.is_scope)
            .map(|action| (action.uid.id(), &action.covers))
    }

    /// What a scope covers; none when it is not a scope of this schema. Compared byte by byte.
    #[must_use]
    pub fn scope(&self, name: &str) -> Option<&ActionSet> {
        let scope = self.scopes.get(name)?;
        self.actions.get(scope.number()).map(|action| &action.covers)
    }

    /// What some scopes cover together; names that are no scopes of this schema cover nothing.
    pub(crate) fn covered_by<'s>(&self, scopes: impl Iterator<Item = &'s str>) -> ActionSet {
        let mut covered = ActionSet::new();
        for actions in scopes.filter_map(|scope| self.scope(scope)) {
            covered.union_with(actions);
        }
        covered
    }

    /// Whether a scope of this schema covers no action beyond those that other scopes cover together. A group that nobody
    /// can ask for is no action.
    pub(crate) fn is_covered<'s>(&self, scope: &str, by: impl Iterator<Item = &'s str>) -> bool {
        let Some(wanted) = self.scope(scope) else {
            return false;
        };
        let covered = self.covered_by(by);
        let mut wanted = (self.actions().zip(&self.actions))
            .filter(|((index, _), action)| wanted.contains(*index) && action.can_be_asked_for())
            .peekable();
        wanted.peek().is_some() && wanted.all(|((index, _), _)| covered.contains(index))
    }

    /// The names of the scopes that cover an action, sorted.
    #[must_use]
    pub fn scopes_covering(&self, action: ActionIndex) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .scopes()
            .filter(|(_, covers)| covers.contains(action))
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        names
    }

    /// Whether an action can be asked for with these types of principal and resource.
    #[must_use]
    pub fn applies(&self, action: ActionIndex, principal_type: &str, resource_type: &str) -> bool {
        self.actions.get(action.number()).is_some_and(|action| {
            action.principals.iter().any(|name| **name == *principal_type)
                && action.resources.iter().any(|name| **name == *resource_type)
        })
    }

    /// The types of principal and of resource to which an action applies.
    #[must_use]
    pub fn applies_to(&self, action: ActionIndex) -> (&[Box<str>], &[Box<str>]) {
        self.actions.get(action.number()).map_or((&[], &[]), |action| {
            (action.principals.as_slice(), action.resources.as_slice())
        })
    }

    /// The declared context of an action.
    #[must_use]
    pub fn context(&self, action: ActionIndex) -> Option<&RecordShape> {
        self.actions.get(action.number()).map(|action| &action.context)
    }

    /// What the action wants to know of the session.
    pub(crate) fn session_attributes(&self, action: ActionIndex) -> SessionAttributes {
        self.actions
            .get(action.number())
            .map_or_else(SessionAttributes::default, |action| action.declares)
    }

    /// The types whose ids the schema enumerates.
    pub(crate) fn enumerated(&self) -> impl Iterator<Item = &str> {
        let shapes = self.entities.iter();
        shapes
            .filter(|(_, shape)| shape.ids.is_some())
            .map(|(name, _)| &**name)
    }

    /// Whether a context conforms to the action's declaration.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RequestInvalid`], naming the attribute.
    pub fn check_context(&self, action: ActionIndex, context: &Context<'_>) -> Result<()> {
        self.check_layers(action, context, &Context::new())
    }

    /// The same for a context in two parts that share no name.
    pub(crate) fn check_layers(
        &self,
        action: ActionIndex,
        given: &Context<'_>,
        added: &Context<'_>,
    ) -> Result<()> {
        let Some(action) = self.actions.get(action.number()) else {
            return Err(Error::new(
                ErrorKind::RequestInvalid,
                "the action is not of this schema",
            ));
        };
        action.context.check_layers(given, added).map_err(|mismatch| {
            Error::new(
                ErrorKind::RequestInvalid,
                format!("the context does not fit {}: {mismatch}", action.uid.id()),
            )
            .help("give the context that the schema declares for this action")
        })
    }

    /// Whether a uid can be one of the schema's: a declared type, and an id that is neither empty nor overlong, nor
    /// missing where the schema enumerates the ids.
    pub(crate) fn check_uid(&self, uid: EntityRef<'_>) -> Result<&EntityShape> {
        let invalid = |problem: String, help: &str| Error::new(ErrorKind::RequestInvalid, problem).help(help);
        let shape = self.entities.get(uid.type_name).ok_or_else(|| {
            let problem = format!("`{}` is no entity type of the schema", shorten(uid.type_name));
            invalid(
                problem,
                "name a type with its namespace, as the schema declares it",
            )
        })?;
        if uid.id.is_empty() || uid.id.len() > MAX_NAME_BYTES {
            let problem = format!(
                "the id of a {} is empty or longer than {MAX_NAME_BYTES} bytes",
                uid.type_name
            );
            return Err(invalid(problem, "pass the entity's own id"));
        }
        match &shape.ids {
            Some(ids) if !ids.iter().any(|id| **id == *uid.id) => Err(invalid(
                format!("{uid} is not one of those that the schema enumerates"),
                "use an enumerated id",
            )),
            _ => Ok(shape),
        }
    }

    /// Whether an entity that a request brings along conforms to the schema.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RequestInvalid`], naming the entity and the attribute.
    pub fn check_entity(&self, entity: &Entity<'_>) -> Result<()> {
        let invalid = |problem: String| {
            Error::new(ErrorKind::RequestInvalid, format!("{}: {problem}", entity.uid()))
                .help("bring the entity as the schema declares its type")
        };
        let shape = self.check_uid(entity.uid().as_ref())?;
        shape
            .attributes
            .check(entity.attrs())
            .map_err(|mismatch| invalid(mismatch.to_string()))?;
        for (name, value) in entity.tags().iter() {
            match &shape.tags {
                None => {
                    return Err(invalid(format!(
                        "its type has no tags, but `{}` is given",
                        shorten(name)
                    )));
                }
                Some(tag) => tag
                    .check(value)
                    .map_err(|mismatch| invalid(format!("tag `{}` {mismatch}", shorten(name))))?,
            }
        }
        for parent in entity.parents() {
            if !shape.ancestors.iter().any(|name| **name == *parent.type_name()) {
                return Err(invalid(format!(
                    "it cannot be in {parent}: the schema does not declare that"
                )));
            }
            self.check_uid(parent.as_ref())?;
        }
        Ok(())
    }

    /// An action itself and every member of its group, nested groups included.
    #[must_use]
    pub fn covers(&self, action: ActionIndex) -> Option<&ActionSet> {
        self.actions.get(action.number()).map(|action| &action.covers)
    }

    /// Whether entities of a type can lie below entities of another.
    #[must_use]
    pub fn can_be_in(&self, type_name: &str, above: &str) -> bool {
        let shape = self.entities.get(type_name);
        shape.is_some_and(|shape| shape.ancestors.iter().any(|name| **name == *above))
    }

    /// Whether the schema declares this entity type.
    #[must_use]
    pub fn has_entity_type(&self, type_name: &str) -> bool {
        self.entities.contains_key(type_name)
    }

    /// The declared type of an attribute of an entity type.
    #[must_use]
    pub fn attributes(&self, type_name: &str) -> Option<&RecordShape> {
        self.entities.get(type_name).map(|shape| &shape.attributes)
    }
}
