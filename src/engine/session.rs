//! A session: one principal, acting in one tenant, perhaps through an app and within the scopes of a token.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use crate::audit::Actor;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NAME_BYTES;
use crate::platform::{AccountId, AppId, Caller, Issued, Provenance, TenantId, UserId};
use crate::policy::SessionAttributes;
use crate::token::Attribute;
use crate::value::{Context, EntityUid, Value};

use super::bound::{Bound, Supplied};
use super::decision::{Decision, Pinned};
use super::explain::Explanation;
use super::follower::Shared;
use super::identity::{Identity, Principal, Tenant, unplayed};
use super::resource::Resource;
use super::snapshot::Snapshot;

/// What an authenticated caller may ask. Cheap to clone, safe to share between threads.
///
/// A session follows the engine: a change of policies, entities or authority counts from the very next decision.
#[derive(Clone)]
pub struct Session {
    pub(super) engine: Arc<Shared>,
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
    pub(super) grant_type: Option<String>,
    expires: Option<i64>,
    pub(super) supplied: Supplied,
    /// The same in the words of the audit, once it is told of a decision.
    pub(super) actor: OnceLock<Arc<Actor>>,
    /// The same in the platform's words.
    pub(super) caller: Caller,
    /// What else the session adds to the context of actions that declare it; its own names are not among them.
    pub(super) attributes: Vec<Attribute>,
}

impl Session {
    pub(super) fn new(engine: Arc<Shared>, identity: Identity<'_>, tenant: Tenant<'_>) -> Result<Self> {
        let snapshot = engine.snapshot.load_full();
        Self::on(&snapshot, engine, identity, tenant)
    }

    /// A session in the words of a snapshot's vocabulary.
    pub(super) fn on(
        snapshot: &Snapshot,
        engine: Arc<Shared>,
        identity: Identity<'_>,
        tenant: Tenant<'_>,
    ) -> Result<Self> {
        let inner = SessionInner::new(snapshot, identity, tenant)?;
        let bound = Bound::first(snapshot, &inner);
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
    /// Checked in this order, the first that denies being the reason: expiry, staleness, whether the platform refuses the
    /// caller, validity of the request, tenant, permitted projects, scopes, what was approved and consented to,
    /// boundaries, policies.
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
        let outcome = self.judge_and_record(&snapshot, action, resource, context);
        let snapshot = Pinned::Current(snapshot);
        Decision { snapshot, outcome }
    }

    /// Decides and explains: which ceilings held, which policies applied, and which came close.
    #[must_use]
    pub fn explain(&self, action: &str, resource: &Resource<'_>, context: &Context<'_>) -> Explanation {
        Explanation::of(self, action, resource, context)
    }

    /// The same caller in the words of the administration's vocabulary.
    pub(super) fn as_administrator(&self, administration: &Snapshot) -> Result<Self> {
        let caller = &self.inner.caller;
        let principal = match (&caller.user, &caller.account) {
            (Some(user), _) => Principal::user(user.as_str()),
            (None, Some(account)) => Principal::service_account(account.as_str()),
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::PlatformForbidden,
                    format!("{} is neither a user nor a service account", self.inner.principal),
                ));
            }
        };
        let mut identity = Identity::first_party(principal);
        identity.app = caller.app.as_ref().map(|app| app.as_str().into());
        identity.grant_type = self.inner.grant_type.as_deref().map(Into::into);
        identity.expires = self.inner.expires;
        identity.provenance.clone_from(&caller.provenance);
        let scopes = self.inner.scopes.as_deref();
        identity.scopes = scopes.map(|scopes| scopes.iter().map(|scope| scope.as_str().into()).collect());
        let tenant = caller
            .tenant
            .as_ref()
            .map_or(Tenant::none(), |tenant| Tenant::id(tenant.as_str()));
        Self::on(administration, Arc::clone(&self.engine), identity, tenant)
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
    pub(super) fn resume(&self, engine: Arc<Shared>) -> Session {
        Session {
            engine,
            inner: Arc::clone(&self.inner),
            bound: Arc::clone(&self.bound),
        }
    }
}

impl SessionInner {
    fn new(snapshot: &Snapshot, identity: Identity<'_>, tenant: Tenant<'_>) -> Result<Self> {
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
        let reserved = [SessionAttributes::APP, SessionAttributes::GRANT_TYPE];
        let mut names = identity.attributes.iter().map(|(name, _)| name.as_ref());
        if names.any(|name| reserved.contains(&name)) {
            return Err(Error::new(
                ErrorKind::ArgumentInvalid,
                "`app` and `grant_type` are no free attributes of a session",
            )
            .help("say them by `.app(…)` and `.grant_type(…)`"));
        }
        let principal = identity.principal.resolve(vocabulary)?;
        let tenant = tenant.resolve(vocabulary)?;
        let is = |type_name: Option<&str>| type_name == Some(principal.type_name());
        // A token without provenance of its own still has to prove that it is new enough.
        let provenance = identity
            .provenance
            .or_else(|| scopes.is_some().then(|| Provenance::issued(Issued::Time(None))));
        let caller = Caller {
            tenant: tenant.as_ref().map(|uid| TenantId::from(uid.id())),
            user: is(vocabulary.user_type()).then(|| UserId::from(principal.id())),
            account: is(vocabulary.service_account_type()).then(|| AccountId::from(principal.id())),
            app: app.as_ref().map(|uid| AppId::from(uid.id())),
            provenance,
        };
        let inner = Self {
            actor: OnceLock::new(),
            principal,
            tenant,
            caller,
            supplied: Supplied::new(
                app.clone().map(Value::Entity),
                grant_type.clone().map(Value::from),
            ),
            app,
            scopes,
            grant_type,
            expires: identity.expires,
            attributes: identity.attributes,
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
        Ok(inner)
    }

    /// Boundaries cap what is done with the host's resources and through tokens. Whoever administers the platform on its
    /// own pages stands above them, or nobody could ever widen one again.
    pub(super) fn is_exempt_from_boundaries(&self, snapshot: &Snapshot) -> bool {
        self.scopes.is_none() && snapshot.is_administration()
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
