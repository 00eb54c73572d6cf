//! A session: one principal, acting in one tenant, perhaps through an app and within the scopes of a token.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::decide::Request;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_NAME_BYTES, MAX_REQUEST_ENTITIES};
use crate::policy::{ActionIndex, ActionSet, SessionAttributes};
use crate::value::{Context, Entity, EntityUid, Value, shorten};

use super::Inner;
use super::decision::{Decision, Outcome, Reason};
use super::explain::Explanation;
use super::identity::{Identity, Tenant, unplayed};
use super::resource::Resource;
use super::snapshot::Snapshot;

/// What an authenticated caller may ask. Cheap to clone, safe to share between threads.
///
/// A session follows the engine: a change of policies, entities or authority counts from the very next decision.
#[derive(Clone)]
pub struct Session {
    engine: Arc<Inner>,
    inner: Arc<SessionInner>,
}

struct SessionInner {
    principal: EntityUid<'static>,
    tenant: Option<EntityUid<'static>>,
    app: Option<EntityUid<'static>>,
    /// None for a first-party session, which has no token.
    scopes: Option<Vec<String>>,
    grant_type: Option<String>,
    expires: Option<i64>,
    bound: ArcSwap<Bound>,
}

/// What the session amounts to at one revision.
struct Bound {
    revision: u64,
    /// The actions that the scopes cover; none when nothing limits them.
    bailiwick: Option<ActionSet>,
}

impl Session {
    pub(super) fn new(engine: Arc<Inner>, identity: Identity<'_>, tenant: Tenant<'_>) -> Result<Self> {
        let snapshot = engine.snapshot.load();
        let vocabulary = &snapshot.vocabulary;
        let app = match identity.app {
            None => None,
            Some(id) => {
                let type_name = vocabulary.app_type().ok_or_else(|| unplayed("app"))?;
                Some(EntityUid::new(type_name.to_owned(), id.into_owned()))
            }
        };
        let scopes: Option<Vec<String>> = identity
            .scopes
            .map(|scopes| scopes.into_iter().map(|scope| scope.into_owned()).collect());
        let bound = Bound::of(&snapshot, scopes.as_deref());
        let inner = SessionInner {
            principal: identity.principal.resolve(vocabulary)?,
            tenant: tenant.resolve(vocabulary)?,
            app,
            scopes,
            grant_type: identity.grant_type.map(|it| it.into_owned()),
            expires: identity.expires,
            bound: ArcSwap::from_pointee(bound),
        };
        for uid in [Some(&inner.principal), inner.tenant.as_ref(), inner.app.as_ref()]
            .into_iter()
            .flatten()
        {
            if uid.id().is_empty() || uid.id().len() > MAX_NAME_BYTES {
                let message = format!(
                    "the id of a {} is empty or longer than {MAX_NAME_BYTES} bytes",
                    uid.type_name()
                );
                return Err(Error::new(ErrorKind::ArgumentInvalid, message));
            }
        }
        drop(snapshot);
        Ok(Self {
            engine,
            inner: Arc::new(inner),
        })
    }

    /// Who acts.
    #[must_use]
    pub fn principal(&self) -> &EntityUid<'static> {
        &self.inner.principal
    }

    /// In which tenant; none when the schema has no tenants.
    #[must_use]
    pub fn tenant(&self) -> Option<&EntityUid<'static>> {
        self.inner.tenant.as_ref()
    }

    /// Through which app.
    #[must_use]
    pub fn app(&self) -> Option<&EntityUid<'static>> {
        self.inner.app.as_ref()
    }

    /// Within which scopes; none for a first-party session.
    #[must_use]
    pub fn scopes(&self) -> Option<&[String]> {
        self.inner.scopes.as_deref()
    }

    /// How the token was obtained, where that is known.
    #[must_use]
    pub fn grant_type(&self) -> Option<&str> {
        self.inner.grant_type.as_deref()
    }

    /// When the session ends, in seconds since the Unix epoch; none for a first-party session.
    #[must_use]
    pub fn expires(&self) -> Option<i64> {
        self.inner.expires
    }

    /// Whether the action may be done to the resource, with an empty context.
    #[must_use]
    pub fn allows(&self, action: &str, resource: &Resource<'_>) -> bool {
        self.decide(action, resource, &Context::new()).allowed()
    }

    /// Decides, and says why. Never fails: whatever is wrong is a deny with a reason.
    ///
    /// Checked in this order, the first that denies being the reason: expiry, validity of the request, tenant, scopes,
    /// policies.
    ///
    /// ```
    /// # use bailiwick::{context, Engine, Principal, Reason, Resource, Source, Tenant};
    /// # let engine = Engine::builder().source(Source::new().schema("s.cedarschema", r#"
    /// #     @bailiwick("tenant") entity Company; @bailiwick("user") entity User; entity Rfi in [Company];
    /// #     action "rfis.view" appliesTo { principal: User, resource: Rfi, context: { mfa?: Bool } };"#)
    /// #     .cedar("r.cedar", r#"@id("view") permit (principal, action, resource);"#))?.build()?;
    /// let session = engine.session(Principal::user("ana"), Tenant::id("acme"))?;
    /// let rfi = Resource::new("Rfi", "43").parent("Company", "acme");
    /// let decision = session.decide("rfis.view", &rfi, &context! { "mfa": true });
    /// assert!(decision.allowed());
    /// assert_eq!(decision.reason(), Reason::Permitted);
    /// # Ok::<(), bailiwick::Error>(())
    /// ```
    pub fn decide(&self, action: &str, resource: &Resource<'_>, context: &Context<'_>) -> Decision {
        let snapshot = self.engine.snapshot.load();
        let outcome = self.judge(&snapshot, action, resource, context);
        Decision { snapshot, outcome }
    }

    /// Decides and explains: which ceilings held, which policies applied, and which came close.
    #[must_use]
    pub fn explain(&self, action: &str, resource: &Resource<'_>, context: &Context<'_>) -> Explanation {
        Explanation::of(self, action, resource, context)
    }

    fn judge(
        &self,
        snapshot: &Snapshot,
        action: &str,
        resource: &Resource<'_>,
        context: &Context<'_>,
    ) -> Outcome {
        if self.is_expired() {
            return Outcome::denied(Reason::Expired, None);
        }
        let asked = match self.validate(snapshot, action, resource, context) {
            Ok(asked) => asked,
            Err(error) => return Outcome::invalid(error),
        };
        if let Err(reason) = self.check_tenant(snapshot, resource) {
            return Outcome::denied(reason, Some(asked.action));
        }
        if !self.covers(snapshot, asked.action) {
            return Outcome::denied(Reason::Scope, Some(asked.action));
        }
        match self.ask_policies(snapshot, &asked) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::invalid(error),
        }
    }

    pub(super) fn is_expired(&self) -> bool {
        self.inner
            .expires
            .is_some_and(|expires| self.engine.clock.now() >= expires)
    }

    pub(super) fn now(&self) -> i64 {
        self.engine.clock.now()
    }

    /// Everything that is wrong with a request whatever the policies say.
    pub(super) fn validate<'r>(
        &'r self,
        snapshot: &Snapshot,
        name: &str,
        resource: &'r Resource<'r>,
        context: &'r Context<'r>,
    ) -> Result<Asked<'r>> {
        let invalid = |message: String| Error::new(ErrorKind::RequestInvalid, message);
        let vocabulary = &snapshot.vocabulary;
        let action = vocabulary.action(name).ok_or_else(|| {
            invalid(format!("`{}` is no action of the schema", shorten(name)))
                .help("name an action by its id, or by its full uid when two namespaces share the id")
        })?;
        let (principal, uid) = (self.inner.principal.as_ref(), resource.uid());
        vocabulary.check_uid(principal)?;
        vocabulary.check_uid(uid)?;
        if !vocabulary.applies(action, principal.type_name, uid.type_name) {
            return Err(invalid(format!(
                "`{name}` does not apply to a {} acting on a {}",
                principal.type_name, uid.type_name
            ))
            .help("see the action's appliesTo in the schema"));
        }
        let context = self.joined_context(vocabulary.session_attributes(action), context)?;
        vocabulary.check_context(action, &context)?;
        let entities = resource.entities();
        if entities.len() > MAX_REQUEST_ENTITIES {
            return Err(invalid(format!(
                "the request brings more than {MAX_REQUEST_ENTITIES} entities along"
            )));
        }
        for (index, entity) in entities.iter().enumerate() {
            vocabulary.check_entity(entity)?;
            if entities
                .iter()
                .take(index)
                .any(|earlier| earlier.uid() == entity.uid())
            {
                return Err(
                    invalid(format!("the request brings {} along twice", entity.uid()))
                        .help("bring each entity along once"),
                );
            }
        }
        check_cycles(snapshot, entities)?;
        Ok(Asked {
            action,
            resource,
            context,
        })
    }

    /// The request's context with what the session adds to it where the action declares it.
    fn joined_context<'r>(
        &'r self,
        declared: SessionAttributes,
        context: &'r Context<'r>,
    ) -> Result<Cow<'r, Context<'r>>> {
        let mut joined = Cow::Borrowed(context);
        let supplied = [
            (
                declared.app,
                SessionAttributes::APP,
                self.inner
                    .app
                    .as_ref()
                    .map(|app| Value::Entity(EntityUid::new(app.type_name(), app.id()))),
            ),
            (
                declared.grant_type,
                SessionAttributes::GRANT_TYPE,
                self.inner.grant_type.as_deref().map(Value::from),
            ),
        ];
        for (is_declared, name, value) in supplied {
            if !is_declared {
                continue;
            }
            if context.get(name).is_some() {
                return Err(Error::new(
                    ErrorKind::RequestInvalid,
                    format!("`{name}` of the context comes from the session"),
                )
                .help("leave it out of the request's context"));
            }
            if let Some(value) = value {
                joined.to_mut().set(name, value);
            }
        }
        Ok(joined)
    }

    pub(super) fn check_tenant(&self, snapshot: &Snapshot, resource: &Resource<'_>) -> Result<(), Reason> {
        let (Some(tenant), Some(type_name)) = (&self.inner.tenant, snapshot.vocabulary.tenant_type()) else {
            // A schema that has gained tenants since the session was made denies all of its requests.
            return if snapshot.vocabulary.tenant_type().is_some() {
                Err(Reason::NoTenant)
            } else {
                Ok(())
            };
        };
        let object = snapshot.authorizer.object(resource.uid(), resource.entities());
        let mut owners = object.ancestors_of_type(type_name);
        match (owners.next(), owners.next()) {
            (Some(owner), None) if owner == tenant.as_ref() => Ok(()),
            (Some(_), None) => Err(Reason::OtherTenant),
            _ => Err(Reason::NoTenant),
        }
    }

    pub(super) fn covers(&self, snapshot: &Snapshot, action: ActionIndex) -> bool {
        let bound = self.inner.bound.load();
        if bound.revision == snapshot.revision {
            return bound.covers(action);
        }
        let fresh = Bound::of(snapshot, self.inner.scopes.as_deref());
        let covers = fresh.covers(action);
        self.inner.bound.store(Arc::new(fresh));
        covers
    }

    pub(super) fn ask_policies(&self, snapshot: &Snapshot, asked: &Asked<'_>) -> Result<Outcome> {
        let uid = snapshot
            .vocabulary
            .action_uid(asked.action)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "an action without a uid"))?;
        let response = snapshot.authorizer.is_authorized(&Request {
            principal: self.inner.principal.as_ref(),
            action: uid.as_ref(),
            resource: asked.resource.uid(),
            context: &asked.context,
            entities: asked.resource.entities(),
        });
        let forbidden = !response.verdict.forbids.is_empty();
        let reason = match (response.allowed(), response.has_erring_forbid()) {
            (_, _) if forbidden => Reason::Forbidden,
            (_, true) => Reason::PolicyError,
            (true, false) => Reason::Permitted,
            (false, false) => Reason::NotPermitted,
        };
        Ok(Outcome {
            reason,
            action: Some(asked.action),
            verdict: response.verdict,
            error: None,
        })
    }
}

/// Entities of a request that would stand above themselves, with the stored ones or without.
fn check_cycles(snapshot: &Snapshot, entities: &[Entity<'_>]) -> Result<()> {
    for entity in entities {
        let uid = entity.uid().as_ref();
        // An entity that nothing else knows can be nobody's ancestor.
        let is_known = entities.len() > 1 || snapshot.authorizer.object(uid, &[]).exists();
        for parent in entity.parents() {
            let above = parent == entity.uid()
                || is_known && snapshot.authorizer.object(parent.as_ref(), entities).is_in(uid);
            if above {
                return Err(Error::new(
                    ErrorKind::RequestInvalid,
                    format!("{uid}: its parents form a cycle"),
                )
                .help("bring parents that are not members of the entity"));
            }
        }
    }
    Ok(())
}

/// A request that is valid.
pub(super) struct Asked<'r> {
    pub(super) action: ActionIndex,
    resource: &'r Resource<'r>,
    context: Cow<'r, Context<'r>>,
}

impl Bound {
    fn of(snapshot: &Snapshot, scopes: Option<&[String]>) -> Self {
        let bailiwick = scopes.map(|scopes| {
            let mut covered = ActionSet::new();
            // A scope that the schema does not know covers nothing.
            for actions in scopes.iter().filter_map(|scope| snapshot.vocabulary.scope(scope)) {
                covered.union_with(actions);
            }
            covered
        });
        Self {
            revision: snapshot.revision,
            bailiwick,
        }
    }

    fn covers(&self, action: ActionIndex) -> bool {
        self.bailiwick
            .as_ref()
            .is_none_or(|covered| covered.contains(action))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("principal", &self.inner.principal)
            .field("tenant", &self.inner.tenant)
            .field("app", &self.inner.app)
            .field("scopes", &self.inner.scopes)
            .field("expires", &self.inner.expires)
            .finish_non_exhaustive()
    }
}
