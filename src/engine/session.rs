//! A session: one principal, acting in one tenant, perhaps through an app and within the scopes of a token.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NAME_BYTES;
use crate::value::{Context, EntityUid, Value};

use super::Inner;
use super::bound::{Bound, Supplied};
use super::decision::Decision;
use super::explain::Explanation;
use super::identity::{Identity, Tenant, unplayed};
use super::resource::Resource;

/// What an authenticated caller may ask. Cheap to clone, safe to share between threads.
///
/// A session follows the engine: a change of policies, entities or authority counts from the very next decision.
#[derive(Clone)]
pub struct Session {
    pub(super) engine: Arc<Inner>,
    pub(super) inner: Arc<SessionInner>,
    /// The session at the revision that was asked last, shared by all clones.
    pub(super) bound: Arc<ArcSwap<Bound>>,
}

pub(super) struct SessionInner {
    pub(super) principal: EntityUid<'static>,
    pub(super) tenant: Option<EntityUid<'static>>,
    app: Option<EntityUid<'static>>,
    /// None for a first-party session, which has no token.
    pub(super) scopes: Option<Vec<String>>,
    grant_type: Option<String>,
    expires: Option<i64>,
    pub(super) supplied: Supplied,
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
        let grant_type = identity.grant_type.map(|it| it.into_owned());
        let inner = SessionInner {
            principal: identity.principal.resolve(vocabulary)?,
            tenant: tenant.resolve(vocabulary)?,
            supplied: Supplied::new(
                app.clone().map(Value::Entity),
                grant_type.clone().map(Value::from),
            ),
            app,
            scopes,
            grant_type,
            expires: identity.expires,
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
        let bound = Bound::of(&snapshot, &inner);
        drop(snapshot);
        Ok(Self {
            engine,
            inner: Arc::new(inner),
            bound: Arc::new(ArcSwap::from_pointee(bound)),
        })
    }

    /// About how many bytes a session occupies besides the names in it.
    pub(super) const WEIGHT: usize = size_of::<SessionInner>() + size_of::<Bound>() + 128;

    /// What a cache within the engine may keep of the session: all but the engine.
    pub(super) fn keep(&self) -> KeptSession {
        KeptSession {
            inner: Arc::clone(&self.inner),
            bound: Arc::clone(&self.bound),
        }
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

    pub(super) fn is_expired(&self) -> bool {
        self.inner
            .expires
            .is_some_and(|expires| self.engine.clock.now() >= expires)
    }

    pub(super) fn now(&self) -> i64 {
        self.engine.clock.now()
    }
}

/// A session without its engine.
pub(super) struct KeptSession {
    inner: Arc<SessionInner>,
    bound: Arc<ArcSwap<Bound>>,
}

impl KeptSession {
    /// The session again, of the engine that it came from.
    pub(super) fn resume(&self, engine: Arc<Inner>) -> Session {
        Session {
            engine,
            inner: Arc::clone(&self.inner),
            bound: Arc::clone(&self.bound),
        }
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
