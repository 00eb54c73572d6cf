//! Who a client is: its credentials checked against the platform's state.

use crate::platform::{App, AppId, Change, SecretId, SecretKind, SecretOwner, ServiceAccount, TenantId};

use super::client::{ClientAuthentication, Proof};
use super::error::{OAuthError, OAuthErrorCode, OAuthResult};
use super::server::Server;
use super::view::View;

/// A client whose credentials hold.
pub(super) struct Authenticated<'s> {
    pub(super) client: Client<'s>,
    /// The secret that it showed.
    pub(super) secret: Option<SecretId>,
    /// Whether it proved anything; a public client only names itself.
    pub(super) is_confidential: bool,
    /// What uses up a signed assertion.
    pub(super) changes: Vec<Change>,
}

/// Who has credentials.
#[derive(Clone, Copy)]
pub(super) enum Client<'s> {
    App(&'s App),
    Account(&'s ServiceAccount),
}

impl<'s> Client<'s> {
    fn find(view: &View<'s>, id: &str) -> Option<Self> {
        let app = view.state.app(id).map(Self::App);
        app.or_else(|| {
            let account = view.state.account(id).filter(|account| !account.deleted);
            account.map(Self::Account)
        })
    }

    pub(super) fn id(&self) -> &'s str {
        match self {
            Self::App(app) => app.id.as_str(),
            Self::Account(account) => account.id.as_str(),
        }
    }

    /// The tenant that it acts in; an app acts in many.
    pub(super) fn tenant(&self) -> Option<&'s TenantId> {
        match self {
            Self::App(_) => None,
            Self::Account(account) => Some(&account.tenant),
        }
    }

    /// The app, for flows that only apps have.
    pub(super) fn app(&self) -> OAuthResult<&'s App> {
        match self {
            Self::App(app) => Ok(app),
            Self::Account(_) => Err(OAuthError::new(
                OAuthErrorCode::UnauthorizedClient,
                "a service account acts for itself alone; this flow is for apps",
            )),
        }
    }

    fn owner(&self) -> SecretOwner {
        match self {
            Self::App(app) => SecretOwner::App(app.id.clone()),
            Self::Account(account) => SecretOwner::ServiceAccount(account.id.clone()),
        }
    }

    pub(super) fn jwks(&self) -> Option<&'s str> {
        match self {
            Self::App(app) => app.jwks.as_deref(),
            Self::Account(account) => account.jwks.as_deref(),
        }
    }
}

impl Server {
    /// Checks a client's credentials.
    ///
    /// An unknown client and a wrong secret get the same answer after the same work. Failures are counted for the id that
    /// was claimed, whether there is such a client or not, and slowed once there are too many; the right credentials are
    /// never refused for it.
    pub(super) fn authenticate<'s>(
        &self,
        view: &View<'s>,
        presented: &ClientAuthentication,
    ) -> OAuthResult<Authenticated<'s>> {
        let checked = match presented.proof() {
            Proof::Secret(secret) => self.check_secret(view, presented.id().unwrap_or_default(), secret),
            Proof::Assertion(assertion) => self.check_assertion(view, presented.id(), assertion),
            Proof::None => check_public(view, presented.id().unwrap_or_default()),
        };
        checked.map_err(|claimed| match self.throttle.failed(&claimed, view.now) {
            Some(seconds) => OAuthError::new(
                OAuthErrorCode::TemporarilyUnavailable,
                "too many failed attempts to authenticate as this client",
            )
            .retry_after(seconds),
            None => OAuthError::invalid_client(),
        })
    }

    /// The error is the id that was claimed.
    fn check_secret<'s>(&self, view: &View<'s>, id: &str, secret: &str) -> Result<Authenticated<'s>, String> {
        let presented = self.pepper.digest(SecretKind::ClientSecret, secret);
        let client = Client::find(view, id);
        let owner = client.map(|client| client.owner());
        let found = view.state.matching_secret(owner.as_ref(), &presented, view.now);
        match (client, found) {
            (Some(client), Some(secret)) => Ok(Authenticated {
                client,
                secret: Some(secret.id.clone()),
                is_confidential: true,
                changes: vec![],
            }),
            _ => Err(id.to_owned()),
        }
    }
}

/// A public client is an app that never had a secret or a key: one that has cannot be used without.
fn check_public<'s>(view: &View<'s>, id: &str) -> Result<Authenticated<'s>, String> {
    match view.state.app(id) {
        Some(app) if app.jwks.is_none() && !had_secret(view, &app.id) => Ok(Authenticated {
            client: Client::App(app),
            secret: None,
            is_confidential: false,
            changes: vec![],
        }),
        _ => Err(id.to_owned()),
    }
}

fn had_secret(view: &View<'_>, app: &AppId) -> bool {
    let owner = SecretOwner::App(app.clone());
    view.state.secrets_of(&owner).next().is_some()
}

impl<'s> View<'s> {
    /// Finds who has an id, without any proof.
    pub(super) fn client(&self, id: &str) -> Option<Client<'s>> {
        Client::find(self, id)
    }
}
