//! Changes: what the log holds. The names are stable; a name never changes its meaning.

use serde::{Deserialize, Serialize};

use super::app::AppChange;
use super::app_version::AppVersionChange;
use super::authorization_code::AuthorizationCodeChange;
use super::boundary::BoundaryChange;
use super::client_secret::ClientSecretChange;
use super::founding::FoundingChange;
use super::grant::GrantChange;
use super::install_request::InstallRequestChange;
use super::installation::InstallationChange;
use super::membership::MembershipChange;
use super::project::ProjectChange;
use super::revocation::RevocationChange;
use super::role::RoleChange;
use super::service_account::ServiceAccountChange;
use super::signing_key::SigningKeyChange;
use super::tenant::TenantChange;
use super::token_family::TokenFamilyChange;

macro_rules! changes {
    ($($(#[$doc:meta])* $variant:ident($change:ty);)*) => {
        /// One change of the platform's state, by noun.
        ///
        /// It says all that it needs: applying it asks no clock, draws nothing at random, and holds no secret in clear.
        /// As JSON it is `{"noun": {"what happened": {…}}}`:
        ///
        /// ```
        /// use bailiwick::platform::{Change, TenantChange};
        ///
        /// let change = Change::from(TenantChange::Enabled { id: "acme".into() });
        /// let json = r#"{"tenant":{"enabled":{"id":"acme"}}}"#;
        /// assert_eq!(serde_json::to_string(&change)?, json);
        /// assert_eq!(serde_json::from_str::<Change>(json)?, change);
        /// # Ok::<(), serde_json::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Change {
            $($(#[$doc])* $variant($change),)*
        }

        $(impl From<$change> for Change {
            fn from(change: $change) -> Self {
                Self::$variant(change)
            }
        })*
    };
}

changes! {
    /// The platform itself.
    Founding(FoundingChange);
    /// Tenants.
    Tenant(TenantChange);
    /// Projects.
    Project(ProjectChange);
    /// Users in tenants and projects.
    Membership(MembershipChange);
    /// Apps.
    App(AppChange);
    /// Versions of apps.
    AppVersion(AppVersionChange);
    /// Installations.
    Installation(InstallationChange);
    /// Service accounts.
    ServiceAccount(ServiceAccountChange);
    /// Client secrets.
    ClientSecret(ClientSecretChange);
    /// Users' consents.
    Grant(GrantChange);
    /// Authorization codes.
    AuthorizationCode(AuthorizationCodeChange);
    /// Chains of refresh tokens.
    TokenFamily(TokenFamilyChange);
    /// Signing keys.
    SigningKey(SigningKeyChange);
    /// Boundaries.
    Boundary(BoundaryChange);
    /// Role assignments.
    Role(RoleChange);
    /// Install requests.
    InstallRequest(InstallRequestChange);
    /// Revoked access tokens.
    Revocation(RevocationChange);
}
