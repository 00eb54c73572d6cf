//! OAuth 2.0: the flows by which clients get, refresh, exchange, inspect and revoke tokens.
//!
//! The host serves the HTTP. A flow takes the parameters of a request and returns a value that knows its HTTP status,
//! its headers and its body; nothing here opens a socket. Carried out are client credentials, authorization code with
//! PKCE, refresh with rotation, token exchange, revocation, introspection, and the documents that describe the server.
//! Never: implicit and password.
//!
//! A flow is a plan: it looks at the platform's state at one moment and says which changes are to be made and what the
//! answer is once they are. The engine makes them through its one commit path.
//!
//! ```
//! use bailiwick::oauth::{ClientCredentials, Settings};
//! use bailiwick::{Algorithm, Engine, KeyPurpose, KeyRing, NewServiceAccount, NewTenant, Principal, Tenant};
//!
//! let ring = KeyRing::new();
//! ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), 1_800_000_000)?;
//! let engine = Engine::builder()
//!     .policies("policies/construction")?
//!     .host_key([7; 32]) // random bytes that the host keeps
//!     .oauth(Settings::new("https://id.example.com").audience("api"), &ring)
//!     .build()?;
//! engine.bootstrap("operator", "The operator", "olga")?;
//! let olga = engine.session(Principal::user("olga"), Tenant::id("operator"))?;
//! engine.act_as(&olga).create_tenant("acme", NewTenant::named("Acme").admin("ana"))?;
//! let ana = engine.session(Principal::user("ana"), Tenant::id("acme"))?;
//! let (id, secret) = engine.act_as(&ana).create_service_account("acme", NewServiceAccount::named("ERP sync"))?;
//!
//! let request = ClientCredentials::secret(id.as_str(), secret.expose())?.scope("rfis:read");
//! let response = engine.client_credentials(&request)?;
//! assert!(engine.authenticate(response.access_token(), Tenant::id("acme")).is_ok());
//!
//! // What a host's handler of `POST /oauth/token` comes down to:
//! let reply = engine.token_endpoint(None, "grant_type=password&username=ana&password=x");
//! assert_eq!((reply.status(), reply.header("Content-Type")), (400, Some("application/json")));
//! # Ok::<(), bailiwick::Error>(())
//! ```

mod assertion;
mod authentication;
mod authorization;
mod client;
mod client_credentials;
mod consent;
mod error;
mod exchange;
mod introspection;
mod issue;
mod issued_token;
mod metadata;
mod parameters;
mod pkce;
mod redemption;
mod redirect;
mod refresh;
mod refresh_token;
mod reply;
mod request;
mod response;
mod revocation;
mod server;
mod settings;
mod throttle;
mod view;

pub use authorization::{AuthorizationError, AuthorizationRequest, AuthorizationResponse};
pub use client::ClientAuthentication;
pub use error::{OAuthError, OAuthErrorCode, OAuthResult};
pub use metadata::ServerMetadata;
pub use parameters::Parameters;
pub use pkce::CodeChallenge;
pub use reply::Reply;
pub use request::{ClientCredentials, CodeRedemption, Exchange, Refresh, TokenQuery, TokenRequest};
pub use response::{IntrospectionResponse, Revoked, TokenResponse};
pub use settings::Settings;

#[cfg(test)]
pub(crate) mod test_world;

pub(crate) use issue::Issuance;
pub(crate) use issued_token::provenance;
pub(crate) use metadata::jwks_reply;
pub(crate) use server::{Plan, REMEMBERED_SECONDS, Server};
pub(crate) use view::View;
