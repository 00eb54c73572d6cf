//! Administration of apps and their versions.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::platform::{AppChange, AppId, AppVersionChange, Manifest, TenantId, UserId, fresh_id, unknown};

use super::{Admin, Target};

/// An app to be registered.
#[derive(Clone, Debug)]
pub struct NewApp {
    name: String,
    id: Option<AppId>,
    developers: BTreeSet<UserId>,
}

impl NewApp {
    /// An app of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            id: None,
            developers: BTreeSet::new(),
        }
    }

    /// Its `client_id`; without one it gets a random one.
    #[must_use]
    pub fn id(mut self, id: impl Into<AppId>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Somebody behind it. Whoever registers it is behind it in any case.
    #[must_use]
    pub fn developer(mut self, user: impl Into<UserId>) -> Self {
        self.developers.insert(user.into());
        self
    }
}

impl Admin<'_> {
    /// Registers an app of a developer's organisation.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn register_app(&self, owner: impl Into<TenantId>, new: NewApp) -> Result<AppId> {
        let owner = owner.into();
        let id = match new.id {
            Some(id) => id,
            None => AppId::from(fresh_id("app_")?),
        };
        let mut developers = new.developers;
        developers.extend(self.session.inner.caller.user.clone());
        let change = AppChange::Registered {
            id: id.clone(),
            name: new.name,
            owner: owner.clone(),
            developers,
            at: self.now(),
        };
        self.make("apps.register", |state| Target::tenant(state, &owner), change)?;
        Ok(id)
    }

    /// Adds a version that nobody can install yet; returns its number.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn draft_version(&self, app: impl Into<AppId>, manifest: Manifest) -> Result<u32> {
        let app = app.into();
        self.change(
            "apps.update",
            |state| Target::app(state, &app),
            |snapshot| {
                let known = snapshot.platform.app(app.as_str());
                let known = known.ok_or_else(|| unknown("app", app.as_str()))?;
                let number = known
                    .versions
                    .last()
                    .map_or(1, |last| last.number.saturating_add(1));
                let change = AppVersionChange::Drafted {
                    app: app.clone(),
                    number,
                    manifest,
                };
                Ok((vec![change.into()], number))
            },
        )
    }

    /// Publishes a version: it can be installed, and waits for approval where the app is installed already.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn publish_version(&self, app: impl Into<AppId>, number: u32) -> Result<()> {
        let app = app.into();
        let change = AppVersionChange::Published {
            app: app.clone(),
            number,
            at: self.now(),
        };
        self.make(
            "apps.publish",
            |state| Target::app_version(state, &app, number),
            change,
        )
    }

    /// Puts somebody behind an app, or takes them away.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn set_developer(
        &self,
        app: impl Into<AppId>,
        user: impl Into<UserId>,
        is_behind: bool,
    ) -> Result<()> {
        let (id, user) = (app.into(), user.into());
        let target_id = id.clone();
        let change = if is_behind {
            AppChange::DeveloperAdded { id, user }
        } else {
            AppChange::DeveloperRemoved { id, user }
        };
        self.make("apps.update", |state| Target::app(state, &target_id), change)
    }

    /// Blocks an app everywhere; for the platform's operator.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn block_app(&self, app: impl Into<AppId>) -> Result<()> {
        let id = app.into();
        let change = AppChange::Blocked {
            id: id.clone(),
            at: self.now(),
        };
        self.make("apps.block", |state| Target::app(state, &id), change)
    }

    /// Lifts the block; tokens from before stay dead.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn unblock_app(&self, app: impl Into<AppId>) -> Result<()> {
        let id = app.into();
        let change = AppChange::Unblocked { id: id.clone() };
        self.make("apps.unblock", |state| Target::app(state, &id), change)
    }

    /// Retires an app everywhere, for good.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn retire_app(&self, app: impl Into<AppId>) -> Result<()> {
        let id = app.into();
        let change = AppChange::Retired { id: id.clone() };
        self.make("apps.retire", |state| Target::app(state, &id), change)
    }
}
