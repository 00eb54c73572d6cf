//! Apps: registered → published(version) ⇄ blocked → retired.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::Result;

use super::app_version::AppVersion;
use super::epoch::Epoch;
use super::ids::{AppId, TenantId, UserId};
use super::refuse::{conflict, taken, unknown};
use super::state::{State, check_name, update};

/// A third-party application: an OAuth client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct App {
    /// Its id, which is its `client_id`.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// The developer's organisation.
    pub owner: TenantId,
    /// The people behind it, who administer it.
    pub developers: BTreeSet<UserId>,
    /// A blocked app does nothing anywhere; the platform blocks and unblocks.
    pub blocked: bool,
    /// A retired app does nothing anywhere, for good.
    pub retired: bool,
    /// When it was last blocked.
    pub epoch: Epoch,
    /// Public keys as a JWK set (RFC 7517) for `private_key_jwt`.
    pub jwks: Option<String>,
    /// The versions, numbered from 1 in this order.
    pub versions: Vec<AppVersion>,
    /// When it was registered, in seconds since the Unix epoch.
    pub registered: i64,
}

impl App {
    /// A version by its number.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&AppVersion> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The latest published version.
    #[must_use]
    pub fn published(&self) -> Option<&AppVersion> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.published.is_some())
    }
}

/// What can happen to an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the noun")]
#[non_exhaustive]
pub enum AppChange {
    /// It exists from now on.
    Registered {
        id: AppId,
        name: String,
        owner: TenantId,
        developers: BTreeSet<UserId>,
        at: i64,
    },
    /// Somebody more is behind it.
    DeveloperAdded { id: AppId, user: UserId },
    /// Somebody is behind it no longer.
    DeveloperRemoved { id: AppId, user: UserId },
    /// Its public keys for `private_key_jwt`.
    KeysSet { id: AppId, jwks: Option<String> },
    /// It does nothing anywhere.
    Blocked { id: AppId, at: i64 },
    /// It is back; tokens from before are not.
    Unblocked { id: AppId },
    /// It does nothing anywhere, for good.
    Retired { id: AppId },
}

impl State {
    /// An app.
    #[must_use]
    pub fn app(&self, id: &str) -> Option<&App> {
        self.apps.get(id).map(|it| &**it)
    }

    /// Every app, sorted by id.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.sorted().into_iter().map(|(_, it)| &**it)
    }

    /// The apps of a developer's organisation, sorted by id.
    pub fn apps_of(&self, owner: &str) -> impl Iterator<Item = &App> {
        let ids = self.apps_by_owner.of(owner);
        ids.into_iter().filter_map(|id| self.app(id.as_str()))
    }

    /// The app, which must not be retired.
    pub(crate) fn live_app(&self, id: &AppId) -> Result<&App> {
        let app = self
            .app(id.as_str())
            .ok_or_else(|| unknown(AppId::NOUN, id.as_str()))?;
        if app.retired {
            return Err(conflict(format!("app `{id}` is retired")));
        }
        Ok(app)
    }

    pub(super) fn update_app(
        &mut self,
        id: &AppId,
        change: impl FnOnce(&mut App) -> Result<()>,
    ) -> Result<()> {
        self.live_app(id)?;
        update(&mut self.apps, id, change)
    }

    pub(super) fn apply_app(&mut self, change: &AppChange) -> Result<()> {
        let sequence = self.sequence;
        match change {
            AppChange::Registered {
                id,
                name,
                owner,
                developers,
                at,
            } => {
                id.check()?;
                check_name(name)?;
                developers.iter().try_for_each(UserId::check)?;
                self.active_tenant(owner)?;
                // A service account's id is a `client_id` too.
                if self.app(id.as_str()).is_some() || self.account(id.as_str()).is_some() {
                    return Err(taken(AppId::NOUN, id.as_str()));
                }
                let app = App {
                    id: id.clone(),
                    name: name.clone(),
                    owner: owner.clone(),
                    developers: developers.clone(),
                    blocked: false,
                    retired: false,
                    epoch: Epoch::default(),
                    jwks: None,
                    versions: Vec::new(),
                    registered: *at,
                };
                self.apps.insert(id.clone(), app.into());
                self.apps_by_owner.insert(owner, id.clone());
                Ok(())
            }
            AppChange::DeveloperAdded { id, user } => {
                user.check()?;
                self.update_app(id, |app| {
                    if !app.developers.insert(user.clone()) {
                        return Err(conflict(format!(
                            "user `{user}` is a developer of app `{id}` already"
                        )));
                    }
                    Ok(())
                })
            }
            AppChange::DeveloperRemoved { id, user } => self.update_app(id, |app| {
                if !app.developers.remove(user) {
                    return Err(unknown("developer of the app", user.as_str()));
                }
                Ok(())
            }),
            AppChange::KeysSet { id, jwks } => self.update_app(id, |app| {
                app.jwks.clone_from(jwks);
                Ok(())
            }),
            AppChange::Blocked { id, at } => self.update_app(id, |app| {
                if app.blocked {
                    return Err(conflict(format!("app `{id}` is blocked already")));
                }
                app.blocked = true;
                app.epoch = Epoch {
                    number: sequence,
                    at: *at,
                };
                Ok(())
            }),
            AppChange::Unblocked { id } => self.update_app(id, |app| {
                if !app.blocked {
                    return Err(conflict(format!("app `{id}` is not blocked")));
                }
                app.blocked = false;
                Ok(())
            }),
            AppChange::Retired { id } => self.update_app(id, |app| {
                app.retired = true;
                Ok(())
            }),
        }
    }
}
