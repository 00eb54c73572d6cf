//! Installations: installed → configured ⇄ suspended → removed. Removal is final; installing again makes a new one.

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::change::Change;
use super::epoch::Epoch;
use super::grant::GrantChange;
use super::ids::{AppId, InstallationId, TenantId, UserId};
use super::install_request::{InstallRequestChange, RequestStatus};
use super::projects::Projects;
use super::refuse::{conflict, exceeded, taken, unknown};
use super::scopes::Scopes;
use super::state::{State, update};

/// Who suspends. Each lifts its own flag only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The tenant's admin.
    TenantAdmin,
    /// The app's developer.
    Developer,
    /// The platform's operator.
    Platform,
}

impl Side {
    /// Every side.
    pub const ALL: [Side; 3] = [Side::TenantAdmin, Side::Developer, Side::Platform];

    /// The name, as the change log and the command spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Side::TenantAdmin => "tenant_admin",
            Side::Developer => "developer",
            Side::Platform => "platform",
        }
    }
}

/// Which app in which tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct InstalledKey {
    pub(crate) tenant: TenantId,
    pub(crate) app: AppId,
}

/// An app installed in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Installation {
    /// Its id.
    pub id: InstallationId,
    /// The app.
    pub app: AppId,
    /// Where.
    pub tenant: TenantId,
    /// The version that was approved.
    pub version: u32,
    /// The scopes that were approved.
    pub scopes: Scopes,
    /// Where in the tenant.
    pub projects: Projects,
    /// The sides that have suspended it, sorted; it is in service when there is none.
    pub suspended: Vec<Side>,
    /// When it was last suspended.
    pub epoch: Epoch,
    /// Caps it further; none when only the approved scopes do.
    pub boundary: Option<Scopes>,
    /// The user whose consent installed it; none when an admin did.
    pub by_user: Option<UserId>,
    /// When it was installed, in seconds since the Unix epoch.
    pub installed: i64,
    /// Whether it was removed.
    pub removed: bool,
}

/// What can happen to an installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum InstallationChange {
    /// The app is in the tenant from now on.
    Installed {
        id: InstallationId,
        app: AppId,
        tenant: TenantId,
        version: u32,
        scopes: Scopes,
        projects: Projects,
        by_user: Option<UserId>,
        at: i64,
    },
    /// Other projects are permitted.
    ProjectsSet { id: InstallationId, projects: Projects },
    /// A later version, and what it may do at most. Projects stay.
    VersionApproved {
        id: InstallationId,
        version: u32,
        scopes: Scopes,
    },
    /// A side suspends it.
    Suspended { id: InstallationId, side: Side, at: i64 },
    /// A side lifts its own flag; tokens from before stay dead.
    Unsuspended { id: InstallationId, side: Side },
    /// It is gone for good.
    Removed { id: InstallationId },
}

/// An app that is to be installed.
pub(crate) struct NewInstallation<'a> {
    pub(crate) id: InstallationId,
    pub(crate) app: &'a AppId,
    pub(crate) tenant: &'a TenantId,
    pub(crate) scopes: Scopes,
    pub(crate) projects: Projects,
    /// The user who installs by consent.
    pub(crate) by_user: Option<UserId>,
    pub(crate) at: i64,
}

impl State {
    /// An installation, removed or not.
    #[must_use]
    pub fn installation(&self, id: &str) -> Option<&Installation> {
        self.installations.get(id).map(|it| &**it)
    }

    /// The installation of an app in a tenant, unless it was removed.
    #[must_use]
    pub fn installed(&self, tenant: &TenantId, app: &AppId) -> Option<&Installation> {
        let key = InstalledKey {
            tenant: tenant.clone(),
            app: app.clone(),
        };
        self.installation(self.installed.get(&key)?.as_str())
    }

    /// The installations in a tenant that are not removed, sorted by id.
    pub fn installations_in(&self, tenant: &str) -> impl Iterator<Item = &Installation> {
        let ids = self.installations_by_tenant.of(tenant);
        ids.into_iter().filter_map(|id| self.installation(id.as_str()))
    }

    /// The installations of an app that are not removed, sorted by id.
    pub fn installations_of(&self, app: &str) -> impl Iterator<Item = &Installation> {
        let ids = self.installations_by_app.of(app);
        ids.into_iter().filter_map(|id| self.installation(id.as_str()))
    }

    /// The published version that waits for an admin's approval, if any; it changes no decision until then.
    #[must_use]
    pub fn pending_version(&self, installation: &Installation) -> Option<&super::AppVersion> {
        let latest = self.app(installation.app.as_str())?.published()?;
        (latest.number > installation.version).then_some(latest)
    }

    /// The installation, which must not be removed.
    pub(crate) fn live_installation(&self, id: &InstallationId) -> Result<&Installation> {
        self.installation(id.as_str())
            .filter(|installation| !installation.removed)
            .ok_or_else(|| unknown(InstallationId::NOUN, id.as_str()))
    }

    /// The changes that install the latest version of an app; whoever has asked for the app has their answer.
    pub(crate) fn install(&self, new: NewInstallation<'_>) -> Result<Vec<Change>> {
        let version = (self.app(new.app.as_str()))
            .and_then(|app| app.published())
            .ok_or_else(|| unknown("published version of app", new.app.as_str()))?;
        let installed = InstallationChange::Installed {
            id: new.id,
            app: new.app.clone(),
            tenant: new.tenant.clone(),
            version: version.number,
            scopes: new.scopes,
            projects: new.projects,
            by_user: new.by_user,
            at: new.at,
        };
        let asked = self.install_requests_in(new.tenant.as_str());
        let answered = asked.filter(|request| request.app == *new.app).map(|request| {
            InstallRequestChange::Closed {
                id: request.id.clone(),
                status: RequestStatus::Approved,
            }
            .into()
        });
        Ok([installed.into()].into_iter().chain(answered).collect())
    }

    /// The changes that remove an installation: its grants are revoked and its service accounts deleted.
    pub fn uninstall(&self, id: &InstallationId, at: i64) -> Result<Vec<Change>> {
        self.live_installation(id)?;
        let mut changes: Vec<Change> = self
            .grants_of_installation(id.as_str())
            .filter(|grant| grant.revoked.is_none())
            .map(|grant| {
                GrantChange::Revoked {
                    id: grant.id.clone(),
                    at,
                }
                .into()
            })
            .collect();
        for account in self
            .accounts_of_installation(id.as_str())
            .filter(|it| !it.deleted)
        {
            changes.extend(self.delete_account(&account.id, at)?);
        }
        changes.push(InstallationChange::Removed { id: id.clone() }.into());
        Ok(changes)
    }

    /// What an installation may be given of a version: what its manifest asks for. That boundaries cap it is seen at
    /// each decision.
    fn check_approval(&self, app: &AppId, tenant: &TenantId, version: u32, scopes: &Scopes) -> Result<()> {
        let app = self.live_app(app)?;
        self.active_tenant(tenant)?;
        if app.blocked {
            return Err(conflict(format!("app `{}` is blocked by the platform", app.id)));
        }
        let version = app
            .version(version)
            .filter(|version| version.published.is_some())
            .ok_or_else(|| unknown("published version", &version.to_string()))?;
        let unasked = scopes.difference(&version.manifest.scopes);
        if !unasked.is_empty() {
            return Err(exceeded(format!(
                "version {} of app `{}` does not ask for {unasked}",
                version.number, app.id
            )));
        }
        Ok(())
    }

    pub(super) fn check_projects(&self, projects: &Projects, tenant: &TenantId) -> Result<()> {
        match projects {
            Projects::All => Ok(()),
            Projects::Listed(projects) => projects
                .iter()
                .try_for_each(|project| self.live_project(project, tenant).map(|_| ())),
        }
    }

    fn update_installation(
        &mut self,
        id: &InstallationId,
        change: impl FnOnce(&mut Installation) -> Result<()>,
    ) -> Result<()> {
        self.live_installation(id)?;
        update(&mut self.installations, id, change)
    }

    pub(super) fn apply_installation(&mut self, change: &InstallationChange) -> Result<()> {
        let sequence = self.sequence;
        match change {
            InstallationChange::Installed {
                id,
                app,
                tenant,
                version,
                scopes,
                projects,
                by_user,
                at,
            } => {
                id.check()?;
                self.check_approval(app, tenant, *version, scopes)?;
                self.check_projects(projects, tenant)?;
                if self.installation(id.as_str()).is_some() {
                    return Err(taken(InstallationId::NOUN, id.as_str()));
                }
                if self.installed(tenant, app).is_some() {
                    return Err(conflict(format!(
                        "app `{app}` is installed in tenant `{tenant}` already"
                    )));
                }
                let installation = Installation {
                    id: id.clone(),
                    app: app.clone(),
                    tenant: tenant.clone(),
                    version: *version,
                    scopes: scopes.clone(),
                    projects: projects.clone(),
                    suspended: Vec::new(),
                    epoch: Epoch::default(),
                    boundary: None,
                    by_user: by_user.clone(),
                    installed: *at,
                    removed: false,
                };
                self.index_installation(&installation);
                self.installations.insert(id.clone(), installation.into());
                Ok(())
            }
            InstallationChange::ProjectsSet { id, projects } => {
                let tenant = self.live_installation(id)?.tenant.clone();
                self.check_projects(projects, &tenant)?;
                self.update_installation(id, |installation| {
                    installation.projects = projects.clone();
                    Ok(())
                })
            }
            InstallationChange::VersionApproved { id, version, scopes } => {
                let installation = self.live_installation(id)?;
                if *version <= installation.version {
                    return Err(conflict(format!(
                        "version {} is approved for installation `{id}` already",
                        installation.version
                    )));
                }
                self.check_approval(&installation.app, &installation.tenant, *version, scopes)?;
                self.update_installation(id, |installation| {
                    installation.version = *version;
                    installation.scopes = scopes.clone();
                    Ok(())
                })
            }
            InstallationChange::Suspended { id, side, at } => self.update_installation(id, |installation| {
                let Err(place) = installation.suspended.binary_search(side) else {
                    return Err(conflict(format!(
                        "installation `{id}` is suspended by the {} already",
                        side.name()
                    )));
                };
                installation.suspended.insert(place, *side);
                installation.epoch = Epoch {
                    number: sequence,
                    at: *at,
                };
                Ok(())
            }),
            InstallationChange::Unsuspended { id, side } => self.update_installation(id, |installation| {
                let Ok(place) = installation.suspended.binary_search(side) else {
                    return Err(conflict(format!(
                        "installation `{id}` is not suspended by the {}",
                        side.name()
                    ))
                    .help("a flag is lifted by the side that set it"));
                };
                installation.suspended.remove(place);
                Ok(())
            }),
            InstallationChange::Removed { id } => {
                if self
                    .grants_of_installation(id.as_str())
                    .any(|it| it.revoked.is_none())
                    || self.accounts_of_installation(id.as_str()).any(|it| !it.deleted)
                {
                    return Err(conflict(format!(
                        "installation `{id}` still has grants or service accounts"
                    ))
                    .help("revoke and delete them in the same transaction"));
                }
                let installation = self.live_installation(id)?.clone();
                self.update_installation(id, |installation| {
                    installation.removed = true;
                    Ok(())
                })?;
                self.installed.remove(&InstalledKey {
                    tenant: installation.tenant.clone(),
                    app: installation.app.clone(),
                });
                self.installations_by_tenant.remove(&installation.tenant, id);
                self.installations_by_app.remove(&installation.app, id);
                Ok(())
            }
        }
    }

    pub(super) fn index_installation(&mut self, installation: &Installation) {
        let key = InstalledKey {
            tenant: installation.tenant.clone(),
            app: installation.app.clone(),
        };
        self.installed.insert(key, installation.id.clone());
        self.installations_by_tenant
            .insert(&installation.tenant, installation.id.clone());
        self.installations_by_app
            .insert(&installation.app, installation.id.clone());
    }
}
