//! The platform's nouns and their life cycles: pure state machines, without clock, randomness or I/O.
//!
//! [`State`] is everything known at one moment; a [`Change`] is one step to the next. Whoever keeps a platform keeps the
//! changes: replaying them yields the same state again.

mod app;
mod app_version;
mod authority;
mod authorization_code;
mod boundary;
mod change;
mod client_secret;
mod epoch;
mod founding;
mod grant;
mod ids;
mod install_request;
mod installation;
mod map;
mod membership;
mod project;
mod projects;
mod record;
mod refuse;
mod revocation;
mod role;
mod rows;
mod scopes;
mod secret;
mod service_account;
mod signing_key;
mod state;
mod tenant;
mod token_family;

pub use app::{App, AppChange};
pub use app_version::{AppVersion, AppVersionChange, GrantType, Manifest};
pub use authority::{Caller, Cap, Factor, Provenance, Refusal, RefusalKind, Standing};
pub use authorization_code::{AuthorizationCode, AuthorizationCodeChange};
pub use boundary::{BoundaryChange, Bounded};
pub use change::Change;
pub use client_secret::{ClientSecret, ClientSecretChange, SecretOwner, SecretStatus};
pub use epoch::{Epoch, Issued};
pub use founding::FoundingChange;
pub use grant::{Grant, GrantChange};
pub use ids::{
    AccountId, AppId, AssignmentId, CodeId, FamilyId, GrantId, InstallationId, KeyId, ProjectId, RequestId,
    SecretId, TenantId, TokenId, UserId,
};
pub use install_request::{InstallRequest, InstallRequestChange, RequestStatus};
pub(crate) use installation::NewInstallation;
pub use installation::{Installation, InstallationChange, Side};
pub(crate) use map::Map;
pub use membership::{MemberKey, Membership, MembershipChange};
pub use project::{Project, ProjectChange};
pub use projects::Projects;
pub(crate) use refuse::{conflict, exceeded, unknown};
pub use revocation::RevocationChange;
pub use role::{Assignee, Place, RoleAssignment, RoleChange, RoleSet};
pub use scopes::Scopes;
pub use secret::{Digest, Secret};
pub(crate) use secret::{Pepper, SecretKind, fresh_id};
pub use service_account::{ServiceAccount, ServiceAccountChange};
pub use signing_key::{KeyStatus, SigningKey, SigningKeyChange};
pub use state::State;
pub use tenant::{Tenant, TenantChange};
pub use token_family::{EndReason, Ended, TokenFamily, TokenFamilyChange};
