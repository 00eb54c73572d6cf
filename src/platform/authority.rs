//! What a caller amounts to: whether anything refuses them altogether, and the ceilings above what they may do.

use std::fmt;

use smallvec::SmallVec;

use super::app::App;
use super::client_secret::SecretStatus;
use super::epoch::{Epoch, Issued};
use super::grant::Grant;
use super::ids::{
    AccountId, AppId, FamilyId, GrantId, InstallationId, KeyId, SecretId, TenantId, TokenId, UserId,
};
use super::installation::{Installation, Side};
use super::projects::Projects;
use super::scopes::Scopes;
use super::service_account::ServiceAccount;
use super::state::State;

/// What an access token came from. Each of these can be revoked, and takes the token with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// When it was issued.
    pub issued: Issued,
    /// Its id (`jti`).
    pub token: Option<TokenId>,
    /// The key that signed it, if it is one of the platform's own.
    pub key: Option<KeyId>,
    /// The installation it acts through.
    pub installation: Option<InstallationId>,
    /// The consent behind it.
    pub grant: Option<GrantId>,
    /// The chain of refresh tokens it belongs to.
    pub family: Option<FamilyId>,
    /// The client secret it was obtained with.
    pub secret: Option<SecretId>,
    /// The tokens that it was exchanged from.
    pub parents: Vec<TokenId>,
    /// The projects that it is narrowed to.
    pub projects: Projects,
}

impl Provenance {
    /// Of a token of which only the time of its issue is known.
    #[must_use]
    pub fn issued(issued: Issued) -> Self {
        Self {
            issued,
            token: None,
            key: None,
            installation: None,
            grant: None,
            family: None,
            secret: None,
            parents: Vec::new(),
            projects: Projects::All,
        }
    }
}

/// Who asks: a principal in a tenant, perhaps through an app and with a token.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The tenant that the request is about.
    pub tenant: Option<TenantId>,
    /// The person who acts, or for whom an app acts.
    pub user: Option<UserId>,
    /// The service account that acts.
    pub account: Option<AccountId>,
    /// The app that acts for the user.
    pub app: Option<AppId>,
    /// What the token came from; none for a first-party session.
    pub provenance: Option<Provenance>,
}

/// What a ceiling or a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Factor {
    /// The token itself.
    Token,
    /// The key that signed the token.
    SigningKey,
    /// The tenant.
    Tenant,
    /// The project of the resource.
    Project,
    /// The user.
    User,
    /// The service account.
    ServiceAccount,
    /// The app.
    App,
    /// The installation.
    Installation,
    /// The user's consent.
    Grant,
    /// The chain of refresh tokens.
    TokenFamily,
    /// The client secret.
    ClientSecret,
}

impl Factor {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Factor::Token => "token",
            Factor::SigningKey => "signing key",
            Factor::Tenant => "tenant",
            Factor::Project => "project",
            Factor::User => "user",
            Factor::ServiceAccount => "service account",
            Factor::App => "app",
            Factor::Installation => "installation",
            Factor::Grant => "grant",
            Factor::TokenFamily => "token family",
            Factor::ClientSecret => "client secret",
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a caller is refused whatever they ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The platform knows nothing of the kind, or nothing that fits the rest.
    Unknown,
    /// Out of service until somebody puts it back.
    Suspended,
    /// Good no longer, for good.
    Revoked,
    /// Switched off until somebody switches it on.
    Disabled,
    /// Issued before something was out of service.
    Outdated,
}

/// A caller is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// On account of what.
    pub factor: Factor,
    /// In a sentence.
    pub message: String,
}

fn refuse<T>(kind: RefusalKind, factor: Factor, message: impl Into<String>) -> Result<T, Refusal> {
    let message = message.into();
    Err(Refusal {
        kind,
        factor,
        message,
    })
}

/// A set of scopes above what a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap<'s> {
    /// Whose.
    pub factor: Factor,
    /// A boundary, or what was approved or consented to.
    pub is_boundary: bool,
    /// What it leaves.
    pub scopes: &'s Scopes,
}

/// What is above a caller who is not refused.
#[derive(Clone, Debug, Default)]
pub struct Standing<'s> {
    /// Every set of scopes that caps the caller.
    pub caps: SmallVec<[Cap<'s>; 4]>,
    /// Every list of projects that the caller is held to.
    pub projects: SmallVec<[(Factor, &'s Projects); 2]>,
}

impl<'s> Standing<'s> {
    fn cap(&mut self, factor: Factor, scopes: &'s Scopes) {
        let is_boundary = false;
        self.caps.push(Cap {
            factor,
            is_boundary,
            scopes,
        });
    }

    fn boundary(&mut self, factor: Factor, scopes: Option<&'s Scopes>) {
        if let Some(scopes) = scopes {
            let is_boundary = true;
            self.caps.push(Cap {
                factor,
                is_boundary,
                scopes,
            });
        }
    }
}

impl State {
    /// What a caller amounts to now.
    ///
    /// Before the platform is founded it has no say about tenants, users and apps that it does not know; afterwards it
    /// refuses tenants and apps that it does not know, and apps without an installation and a consent. Users and accounts
    /// that it does not know are left to the policies: the host may keep them elsewhere.
    ///
    /// # Errors
    ///
    /// What refuses the caller, whatever they ask for.
    pub fn standing(&self, caller: &Caller) -> Result<Standing<'_>, Refusal> {
        let mut standing = Standing::default();
        let issued = caller.provenance.as_ref().map(|provenance| provenance.issued);
        if let Some(tenant) = &caller.tenant {
            self.tenant_standing(tenant, issued, &mut standing)?;
        }
        if let Some(user) = &caller.user {
            self.user_standing(caller, user, issued)?;
        }
        if let Some(account) = &caller.account {
            self.account_standing(caller, account, issued, &mut standing)?;
        }
        if let Some(app) = &caller.app {
            self.app_standing(caller, app, issued, &mut standing)?;
        }
        if let Some(provenance) = &caller.provenance {
            self.check_provenance(provenance, caller.account.as_ref())?;
        }
        Ok(standing)
    }

    fn is_founded(&self) -> bool {
        self.operator().is_some()
    }

    fn tenant_standing<'s>(
        &'s self,
        id: &TenantId,
        issued: Option<Issued>,
        standing: &mut Standing<'s>,
    ) -> Result<(), Refusal> {
        let Some(tenant) = self.tenant(id.as_str()) else {
            return if self.is_founded() {
                refuse(
                    RefusalKind::Unknown,
                    Factor::Tenant,
                    "the platform does not know the tenant",
                )
            } else {
                Ok(())
            };
        };
        if tenant.disabled {
            return refuse(RefusalKind::Disabled, Factor::Tenant, "the tenant is disabled");
        }
        check_epoch(tenant.epoch, issued, Factor::Tenant)?;
        standing.boundary(Factor::Tenant, tenant.boundary.as_ref());
        Ok(())
    }

    fn user_standing(&self, caller: &Caller, user: &UserId, issued: Option<Issued>) -> Result<(), Refusal> {
        let Some(tenant) = &caller.tenant else {
            return Ok(());
        };
        let epoch = match self.membership(tenant, user) {
            Some(member) if member.deactivated => {
                return refuse(RefusalKind::Disabled, Factor::User, "the user is deactivated");
            }
            Some(member) => member.epoch,
            None => self.left(tenant, user),
        };
        check_epoch(epoch, issued, Factor::User)
    }

    fn account_standing<'s>(
        &'s self,
        caller: &Caller,
        id: &AccountId,
        issued: Option<Issued>,
        standing: &mut Standing<'s>,
    ) -> Result<(), Refusal> {
        let Some(account) = self.account(id.as_str()) else {
            return Ok(());
        };
        if caller.tenant.as_ref() != Some(&account.tenant) {
            return refuse(
                RefusalKind::Unknown,
                Factor::ServiceAccount,
                "the service account belongs to another tenant",
            );
        }
        check_account(account)?;
        check_epoch(account.epoch, issued, Factor::ServiceAccount)?;
        standing.boundary(Factor::ServiceAccount, account.boundary.as_ref());
        standing
            .projects
            .push((Factor::ServiceAccount, &account.projects));
        if let Some(id) = &account.installation {
            let Some(installation) = self.installation(id.as_str()) else {
                return refuse(
                    RefusalKind::Unknown,
                    Factor::Installation,
                    "there is no such installation",
                );
            };
            let app = self.app(installation.app.as_str());
            self.installation_standing(installation, app, issued, standing)?;
        }
        Ok(())
    }

    fn app_standing<'s>(
        &'s self,
        caller: &Caller,
        app: &AppId,
        issued: Option<Issued>,
        standing: &mut Standing<'s>,
    ) -> Result<(), Refusal> {
        let Some(known) = self.app(app.as_str()) else {
            return if self.is_founded() {
                refuse(
                    RefusalKind::Unknown,
                    Factor::App,
                    "the platform does not know the app",
                )
            } else {
                Ok(())
            };
        };
        let named = caller.provenance.as_ref().and_then(|it| it.installation.as_ref());
        let installation = match (named, &caller.tenant) {
            (Some(id), _) => self.installation(id.as_str()),
            (None, Some(tenant)) => self.installed(tenant, app),
            (None, None) => None,
        };
        let Some(installation) = installation else {
            return refuse(
                RefusalKind::Unknown,
                Factor::Installation,
                "the app is not installed in the tenant",
            );
        };
        if installation.app != *app || caller.tenant.as_ref() != Some(&installation.tenant) {
            return refuse(
                RefusalKind::Unknown,
                Factor::Installation,
                "the installation is of another app or in another tenant",
            );
        }
        self.installation_standing(installation, Some(known), issued, standing)?;
        if let Some(user) = &caller.user {
            let grant = self.grant_behind(caller, user, installation)?;
            check_epoch(grant.epoch, issued, Factor::Grant)?;
            standing.cap(Factor::Grant, &grant.scopes);
        }
        Ok(())
    }

    fn installation_standing<'s>(
        &'s self,
        installation: &'s Installation,
        app: Option<&App>,
        issued: Option<Issued>,
        standing: &mut Standing<'s>,
    ) -> Result<(), Refusal> {
        if let Some(app) = app {
            check_app(app, issued)?;
        }
        if installation.removed {
            return refuse(
                RefusalKind::Revoked,
                Factor::Installation,
                "the app was uninstalled from the tenant",
            );
        }
        if !installation.suspended.is_empty() {
            let sides: Vec<&str> = installation.suspended.iter().copied().map(Side::name).collect();
            let message = format!("the installation is suspended by {}", sides.join(" and "));
            return refuse(RefusalKind::Suspended, Factor::Installation, message);
        }
        check_epoch(installation.epoch, issued, Factor::Installation)?;
        standing.cap(Factor::Installation, &installation.scopes);
        standing.boundary(Factor::Installation, installation.boundary.as_ref());
        standing
            .projects
            .push((Factor::Installation, &installation.projects));
        Ok(())
    }

    /// The active consent behind an app's acting for a user: the one that the token names, or the one there is.
    fn grant_behind(
        &self,
        caller: &Caller,
        user: &UserId,
        installation: &Installation,
    ) -> Result<&Grant, Refusal> {
        let named = caller.provenance.as_ref().and_then(|it| it.grant.as_ref());
        let grant = match named {
            Some(id) => self.grant(id.as_str()),
            None => self.consent_of(user, &installation.id),
        };
        match grant {
            None => refuse(
                RefusalKind::Unknown,
                Factor::Grant,
                "the user has not consented to the app",
            ),
            Some(grant) if grant.user != *user || grant.installation != installation.id => refuse(
                RefusalKind::Unknown,
                Factor::Grant,
                "the consent is of another user or to another installation",
            ),
            Some(grant) if grant.revoked.is_some() => refuse(
                RefusalKind::Revoked,
                Factor::Grant,
                "the user's consent was revoked",
            ),
            Some(grant) => Ok(grant),
        }
    }

    fn check_provenance(&self, provenance: &Provenance, account: Option<&AccountId>) -> Result<(), Refusal> {
        let is_revoked = |token: &TokenId| {
            self.is_token_revoked(token.as_str())
                || account.is_some_and(|account| self.is_account_token_revoked(account, token))
        };
        if provenance.token.as_ref().is_some_and(is_revoked) {
            return refuse(RefusalKind::Revoked, Factor::Token, "the token was revoked");
        }
        if provenance.parents.iter().any(is_revoked) {
            let message = "a token that this one was exchanged from was revoked";
            return refuse(RefusalKind::Revoked, Factor::Token, message);
        }
        // Whether a key is trusted at all is the verifier's question; what became of the platform's own is known here.
        let key = provenance
            .key
            .as_ref()
            .and_then(|id| self.signing_key(id.as_str()));
        if key.is_some_and(|key| !key.status.verifies()) {
            return refuse(
                RefusalKind::Revoked,
                Factor::SigningKey,
                "the key that signed the token is staged, retired or compromised",
            );
        }
        if let Some(id) = &provenance.family {
            match self.family(id.as_str()) {
                Some(family) if family.ended.is_some() => {
                    return refuse(
                        RefusalKind::Revoked,
                        Factor::TokenFamily,
                        "the token's family has ended",
                    );
                }
                Some(family) if provenance.grant.as_ref() == Some(&family.grant) => {}
                _ => {
                    return refuse(
                        RefusalKind::Unknown,
                        Factor::TokenFamily,
                        "the token's family does not belong to its grant",
                    );
                }
            }
        }
        if let Some(id) = &provenance.secret {
            match self.client_secret(id.as_str()) {
                None => {
                    return refuse(
                        RefusalKind::Unknown,
                        Factor::ClientSecret,
                        "there is no such secret",
                    );
                }
                Some(secret) => {
                    if matches!(
                        secret.status,
                        SecretStatus::Revoked {
                            with_tokens: true,
                            ..
                        }
                    ) {
                        return refuse(
                            RefusalKind::Revoked,
                            Factor::ClientSecret,
                            "the secret that the token was obtained with was revoked with its tokens",
                        );
                    }
                }
            }
        }
        Ok(())
    }
}

fn check_account(account: &ServiceAccount) -> Result<(), Refusal> {
    if account.deleted {
        return refuse(
            RefusalKind::Revoked,
            Factor::ServiceAccount,
            "the service account was deleted",
        );
    }
    if account.disabled {
        return refuse(
            RefusalKind::Disabled,
            Factor::ServiceAccount,
            "the service account is disabled",
        );
    }
    Ok(())
}

fn check_app(app: &App, issued: Option<Issued>) -> Result<(), Refusal> {
    if app.retired {
        return refuse(RefusalKind::Revoked, Factor::App, "the app is retired");
    }
    if app.blocked {
        return refuse(
            RefusalKind::Suspended,
            Factor::App,
            "the platform has blocked the app",
        );
    }
    check_epoch(app.epoch, issued, Factor::App)
}

/// Nothing that was issued before something went out of service is good again when it comes back.
fn check_epoch(epoch: Epoch, issued: Option<Issued>, factor: Factor) -> Result<(), Refusal> {
    match issued {
        Some(issued) if !epoch.admits(issued) => refuse(
            RefusalKind::Outdated,
            factor,
            format!("the token was issued before the {factor} was out of service"),
        ),
        _ => Ok(()),
    }
}
