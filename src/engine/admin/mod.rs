//! Administration: every change of the platform, made by somebody and decided by the same engine.

mod access;
mod accounts;
mod apps;
mod authority;
mod authorization;
mod installations;
mod operation;
mod oversight;
mod record;
mod target;
mod tenants;

pub use accounts::NewServiceAccount;
pub use apps::NewApp;
pub use installations::Consent;
pub use record::ChangeRecord;
pub use tenants::NewTenant;

pub(super) use record::{Actor, OnChange};

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{Change, State, TenantId, UserId};
use crate::value::Context;

use super::Engine;
use super::decision::Decision;
use super::session::Session;
use super::snapshot::Snapshot;

use target::Target;

/// Administration in the name of a session's caller. Made by [`Engine::act_as`].
///
/// Every method asks the policies of `policies/platform` first, in the session's tenant and within what its token may do.
/// It fails with [`ErrorKind::PlatformForbidden`] when they deny, and then with another kind of 4xx when the state does
/// not allow the change; nothing is changed then. What no policy may waive is checked beside them: nobody grants
/// authority that they lack.
///
/// ```
/// use bailiwick::{Engine, NewTenant, Principal, Source, Tenant};
/// # let source = Source::new().schema("s.cedarschema", r#"
/// #     @bailiwick("tenant") entity Company; @bailiwick("project") entity Project in [Company];
/// #     @bailiwick("user") entity User in [Company, Project]; @bailiwick("service_account") entity ServiceAccount;
/// #     entity Rfi in [Project];
/// #     action "rfis.view" appliesTo { principal: [User, ServiceAccount], resource: Rfi };"#)
/// #     .cedar("r.cedar", r#"@id("reader") permit (principal in ?principal, action, resource in ?resource);"#);
/// let engine = Engine::builder().source(source)?.build()?;
/// engine.bootstrap("operator", "The operator", "olga")?;
///
/// let olga = engine.session(Principal::user("olga"), Tenant::id("operator"))?;
/// engine.act_as(&olga).create_tenant("acme", NewTenant::named("Acme").admin("ana").role("reader"))?;
///
/// let ana = engine.session(Principal::user("ana"), Tenant::id("acme"))?;
/// engine.act_as(&ana).create_project("acme", "p1", "Harbour bridge")?;
/// assert!(engine.act_as(&olga).create_project("acme", "p2", "Not hers").is_err());
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub struct Admin<'e> {
    engine: &'e Engine,
    session: Session,
}

impl Engine {
    /// Administers the platform in the name of a session's caller.
    #[must_use]
    pub fn act_as(&self, session: &Session) -> Admin<'_> {
        Admin {
            engine: self,
            session: session.clone(),
        }
    }

    /// Founds the platform: the operator's tenant, and its first operator. Nobody has to allow it, because nobody is there
    /// yet; it works once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PlatformConflict`] when the platform is founded already, [`ErrorKind::PlatformInvalid`] for an id or
    /// name that cannot be one.
    pub fn bootstrap(
        &self,
        tenant: impl Into<TenantId>,
        name: &str,
        operator: impl Into<UserId>,
    ) -> Result<()> {
        let at = self.inner.clock.now();
        let (tenant, operator) = (tenant.into(), operator.into());
        self.inner.commit(Actor::Nobody("bootstrap"), |snapshot| {
            let changes = snapshot.platform.found(tenant, name, operator, at)?;
            Ok((changes, ()))
        })
    }
}

impl Admin<'_> {
    fn now(&self) -> i64 {
        self.engine.inner.clock.now()
    }

    /// Makes the changes that `plan` finds, if the caller may do `action` to `target`. Both see one state.
    fn change<T>(
        &self,
        action: &'static str,
        target: impl FnOnce(&State) -> Result<Target>,
        plan: impl FnOnce(&Snapshot) -> Result<(Vec<Change>, T)>,
    ) -> Result<T> {
        let actor = Actor::Session(&self.session, action);
        self.engine.inner.commit(actor, |snapshot| {
            self.authorize(snapshot, action, target(&snapshot.platform)?)?;
            plan(snapshot)
        })
    }

    /// The same for one change that needs no planning.
    fn make(
        &self,
        action: &'static str,
        target: impl FnOnce(&State) -> Result<Target>,
        change: impl Into<Change>,
    ) -> Result<()> {
        let change = change.into();
        self.change(action, target, |_| Ok((vec![change], ())))
    }

    /// What `read` finds, if the caller may do `action` to `target`.
    fn view<T>(
        &self,
        action: &'static str,
        target: impl FnOnce(&State) -> Result<Target>,
        read: impl FnOnce(&State) -> T,
    ) -> Result<T> {
        let snapshot = self.engine.inner.snapshot.load();
        self.authorize(&snapshot, action, target(&snapshot.platform)?)?;
        Ok(read(&snapshot.platform))
    }

    fn authorize(&self, snapshot: &Snapshot, action: &str, target: Target) -> Result<()> {
        let administration = snapshot.administration.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "the policies of the administration are missing",
            )
        })?;
        let session = self.session.as_administrator(administration)?;
        let (resource, context) = target.request(&snapshot.platform, &session);
        let name = format!("Bailiwick::Action::{action:?}");
        let outcome = session.judge_and_record(administration, &name, &resource, &context);
        let decision = Decision::on(std::sync::Arc::clone(administration), outcome);
        if decision.allowed() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PlatformForbidden,
            format!(
                "{} may not do {action} to {}: {}",
                session.principal(),
                resource.uid(),
                decision.message()
            ),
        )
        .help("ask somebody who administers it"))
    }
}

/// The context of a request that has nothing to add.
fn plain() -> Context<'static> {
    Context::new()
}
