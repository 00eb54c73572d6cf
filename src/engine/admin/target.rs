//! What a change is about, as the entities of `policies/platform`, built from the state for one request.

use crate::engine::resource::Resource;
use crate::engine::session::Session;
use crate::error::Result;
use crate::platform::{
    AccountId, App, AppId, AppVersion, Bounded, ClientSecret, Grant, Installation, InstallationId, Place,
    Project, ProjectId, RoleAssignment, Scopes, SecretOwner, ServiceAccount, State, TenantId, unknown,
};
use crate::value::{Context, Entity, EntityUid, Value};

/// A resource of the administration with everything that its policies may look at.
pub(super) struct Target {
    /// The resource first, then what is above it or mentioned by it.
    entities: Vec<Entity<'static>>,
    /// The app whose developers the caller may be among.
    app: Option<AppId>,
    context: Context<'static>,
}

fn uid(noun: &str, id: &str) -> EntityUid<'static> {
    EntityUid::new(format!("Bailiwick::{noun}"), id.to_owned())
}

fn entity(noun: &str, id: &str) -> Entity<'static> {
    Entity::with_uid(uid(noun, id))
}

fn below(mut child: Entity<'static>, parent: EntityUid<'static>) -> Entity<'static> {
    child.parents_mut().push(parent);
    child
}

fn scope_set(scopes: &Scopes) -> Value<'static> {
    scopes
        .iter()
        .map(|name| Value::Entity(uid("Scope", name)))
        .collect::<Vec<_>>()
        .into()
}

impl Target {
    fn of(entity: Entity<'static>) -> Self {
        Self {
            entities: vec![entity],
            app: None,
            context: super::plain(),
        }
    }

    /// Brings along another target's entities.
    fn with(mut self, other: Self) -> Self {
        for entity in other.entities {
            if !self.entities.iter().any(|known| known.uid() == entity.uid()) {
                self.entities.push(entity);
            }
        }
        self.app = self.app.or(other.app);
        self
    }

    pub(super) fn tenant(state: &State, id: &TenantId) -> Result<Self> {
        let tenant = state
            .tenant(id.as_str())
            .ok_or_else(|| unknown("tenant", id.as_str()))?;
        let tenant_entity = entity("Tenant", id.as_str()).attr("user_installs", tenant.user_installs);
        Ok(Self::of(below(tenant_entity, uid("Platform", "main"))))
    }

    /// The operator's own tenant, where what concerns the whole platform is decided.
    pub(super) fn operator(state: &State) -> Result<Self> {
        let id = state.operator().ok_or_else(|| unknown("platform", "founded"))?;
        Self::tenant(state, id)
    }

    pub(super) fn project(state: &State, id: &ProjectId) -> Result<Self> {
        let project: &Project = state
            .project(id.as_str())
            .filter(|project| !project.removed)
            .ok_or_else(|| unknown("project", id.as_str()))?;
        let above = uid("Tenant", project.tenant.as_str());
        Ok(
            Self::of(below(entity("Project", id.as_str()), above))
                .with(Self::tenant(state, &project.tenant)?),
        )
    }

    pub(super) fn app(state: &State, id: &AppId) -> Result<Self> {
        let app: &App = state
            .app(id.as_str())
            .ok_or_else(|| unknown("app", id.as_str()))?;
        let app_entity = entity("App", id.as_str())
            .attr("developers", Value::Entity(uid("Developers", id.as_str())))
            .attr("blocked", app.blocked || app.retired);
        let mut target = Self::of(below(app_entity, uid("Tenant", app.owner.as_str())));
        target.app = Some(id.clone());
        Ok(target.with(Self::tenant(state, &app.owner)?))
    }

    pub(super) fn app_version(state: &State, id: &AppId, number: u32) -> Result<Self> {
        let app = state
            .app(id.as_str())
            .ok_or_else(|| unknown("app", id.as_str()))?;
        let version: &AppVersion = app
            .version(number)
            .ok_or_else(|| unknown("version", &number.to_string()))?;
        let version_entity = entity("AppVersion", &format!("{id}/{number}"))
            .attr("app", Value::Entity(uid("App", id.as_str())))
            .attr("scopes", scope_set(&version.manifest.scopes));
        Ok(Self::of(below(version_entity, uid("App", id.as_str()))).with(Self::app(state, id)?))
    }

    /// A tenant into which an app is to be installed.
    pub(super) fn install(state: &State, tenant: &TenantId, app: &AppId) -> Result<Self> {
        let mut target = Self::tenant(state, tenant)?.with(Self::app(state, app)?);
        target
            .context
            .set("target", Value::Entity(uid("App", app.as_str())));
        Ok(target)
    }

    pub(super) fn installation(state: &State, id: &InstallationId) -> Result<Self> {
        let installation: &Installation = state
            .installation(id.as_str())
            .filter(|installation| !installation.removed)
            .ok_or_else(|| unknown("installation", id.as_str()))?;
        let it = entity("Installation", id.as_str())
            .attr("app", Value::Entity(uid("App", installation.app.as_str())));
        Ok(Self::of(below(it, uid("Tenant", installation.tenant.as_str())))
            .with(Self::tenant(state, &installation.tenant)?)
            .with(Self::app(state, &installation.app)?))
    }

    pub(super) fn account(state: &State, id: &AccountId) -> Result<Self> {
        let account: &ServiceAccount = state
            .account(id.as_str())
            .filter(|account| !account.deleted)
            .ok_or_else(|| unknown("service account", id.as_str()))?;
        let it = entity("ServiceAccount", id.as_str());
        match &account.installation {
            None => Ok(Self::of(below(it, uid("Tenant", account.tenant.as_str())))
                .with(Self::tenant(state, &account.tenant)?)),
            Some(installation) => Ok(Self::of(below(it, uid("Installation", installation.as_str())))
                .with(Self::installation(state, installation)?)),
        }
    }

    pub(super) fn secret_owner(state: &State, owner: &SecretOwner) -> Result<Self> {
        match owner {
            SecretOwner::ServiceAccount(id) => Self::account(state, id),
            SecretOwner::App(id) => Self::app(state, id),
        }
    }

    pub(super) fn secret(state: &State, secret: &ClientSecret) -> Result<Self> {
        let it = entity("ClientSecret", secret.id.as_str());
        let it = match &secret.owner {
            SecretOwner::ServiceAccount(id) => below(it, uid("ServiceAccount", id.as_str())),
            SecretOwner::App(id) => {
                below(it, uid("App", id.as_str())).attr("app", Value::Entity(uid("App", id.as_str())))
            }
        };
        Ok(Self::of(it).with(Self::secret_owner(state, &secret.owner)?))
    }

    pub(super) fn grant(state: &State, grant: &Grant) -> Result<Self> {
        let it =
            entity("Grant", grant.id.as_str()).attr("user", Value::Entity(uid("User", grant.user.as_str())));
        Ok(
            Self::of(below(it, uid("Installation", grant.installation.as_str())))
                .with(Self::installation(state, &grant.installation)?),
        )
    }

    /// Tokens of a grant.
    pub(super) fn grant_tokens(state: &State, grant: &Grant, token: &str) -> Result<Self> {
        let it = entity("TokenFamily", token).attr("user", Value::Entity(uid("User", grant.user.as_str())));
        Ok(Self::of(below(it, uid("Grant", grant.id.as_str()))).with(Self::grant(state, grant)?))
    }

    /// A token of a service account.
    pub(super) fn account_token(state: &State, account: &AccountId, token: &str) -> Result<Self> {
        let it = entity("AccessToken", token);
        Ok(Self::of(below(it, uid("ServiceAccount", account.as_str()))).with(Self::account(state, account)?))
    }

    pub(super) fn role(state: &State, assignment: &RoleAssignment) -> Result<Self> {
        let it = entity("RoleAssignment", assignment.id.as_str())
            .attr("role", Value::Entity(uid("Role", &assignment.role)));
        match &assignment.place {
            // Nobody's tenant holds it, so nobody may: operators are appointed when the platform is founded.
            Place::Platform => Ok(Self::of(it)),
            Place::Tenant(id) => {
                Ok(Self::of(below(it, uid("Tenant", id.as_str()))).with(Self::tenant(state, id)?))
            }
            Place::Project(id) => {
                Ok(Self::of(below(it, uid("Project", id.as_str()))).with(Self::project(state, id)?))
            }
        }
    }

    pub(super) fn boundary(state: &State, on: &Bounded, scopes: &Scopes) -> Result<Self> {
        let (noun, id, above) = match on {
            Bounded::Tenant(id) => ("Tenant", id.as_str(), Self::tenant(state, id)?),
            Bounded::Project(id) => ("Project", id.as_str(), Self::project(state, id)?),
            Bounded::Installation(id) => ("Installation", id.as_str(), Self::installation(state, id)?),
            Bounded::ServiceAccount(id) => ("ServiceAccount", id.as_str(), Self::account(state, id)?),
        };
        let it = entity("Boundary", &format!("{noun}/{id}")).attr("scopes", scope_set(scopes));
        Ok(Self::of(below(it, uid(noun, id))).with(above))
    }

    pub(super) fn signing_key(state: &State, id: &str) -> Result<Self> {
        let operator = state.operator().ok_or_else(|| unknown("platform", "founded"))?;
        let it = below(entity("SigningKey", id), uid("Tenant", operator.as_str()));
        Ok(Self::of(it).with(Self::tenant(state, operator)?))
    }

    /// The request, with the caller's place among the entities brought along.
    pub(super) fn request(self, state: &State, session: &Session) -> (Resource<'static>, Context<'static>) {
        let principal = self.principal(state, session);
        let mut entities = self.entities.into_iter();
        let resource = entities
            .next()
            .map_or_else(|| Resource::stored_uid(uid("Platform", "main")), Resource::entity);
        let mut resource = entities.fold(resource, Resource::with);
        for entity in principal {
            if resource
                .entities()
                .iter()
                .all(|known| known.uid() != entity.uid())
            {
                resource = resource.with(entity);
            }
        }
        (resource, self.context)
    }

    /// The caller under whatever of the target's entities they belong to.
    fn principal(&self, state: &State, session: &Session) -> Vec<Entity<'static>> {
        let caller = &session.inner.caller;
        let mut found = Vec::new();
        if let Some(user) = &caller.user {
            let mut it = entity("User", user.as_str());
            for known in &self.entities {
                if known.uid().type_name() != "Bailiwick::Tenant" {
                    continue;
                }
                let tenant = TenantId::from(known.uid().id());
                match state.membership(&tenant, user) {
                    Some(member) if !member.guest => it.parents_mut().push(known.uid().clone()),
                    // A guest belongs to the tenant by way of a project.
                    Some(member) => {
                        let is_live = |project: &&ProjectId| {
                            let project = state.project(project.as_str());
                            project.is_some_and(|project| !project.removed)
                        };
                        if let Some(project) = member.projects.iter().find(is_live) {
                            it.parents_mut().push(uid("Project", project.as_str()));
                            found.push(below(entity("Project", project.as_str()), known.uid().clone()));
                        }
                    }
                    None => {}
                }
            }
            let app = self.app.as_ref().and_then(|id| state.app(id.as_str()));
            if let Some(app) = app.filter(|app| app.developers.contains(user)) {
                it.parents_mut().push(uid("Developers", app.id.as_str()));
            }
            found.insert(0, it);
        } else if let Some(account) = &caller.account
            && let Some(account) = state.account(account.as_str())
        {
            let it = entity("ServiceAccount", account.id.as_str());
            found.push(below(it, uid("Tenant", account.tenant.as_str())));
        }
        found
    }
}
