//! The documents by which clients and APIs find their way: server metadata and keys.

use serde::Serialize;

use crate::platform::GrantType;
use crate::token::Algorithm;

use super::pkce;
use super::reply::Reply;
use super::settings::Settings;

/// How long caches may keep the documents, in seconds: a new key is published well before it signs.
const KEPT_SECONDS: u32 = 300;

/// How clients may authenticate where tokens are issued, revoked and inspected.
const METHODS: [&str; 4] = [
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "none",
];

/// The authorization server's metadata (RFC 8414 §2). The host serves it under
/// `/.well-known/oauth-authorization-server`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ServerMetadata {
    /// The issuer's name.
    pub issuer: String,
    /// Where users are sent to consent.
    pub authorization_endpoint: String,
    /// Where clients get tokens.
    pub token_endpoint: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// Where clients give tokens back (RFC 7009).
    pub revocation_endpoint: String,
    /// Where tokens are inspected (RFC 7662).
    pub introspection_endpoint: String,
    /// The scopes that the schema knows, sorted.
    pub scopes_supported: Vec<String>,
    /// `code` alone.
    pub response_types_supported: [&'static str; 1],
    /// `query` alone.
    pub response_modes_supported: [&'static str; 1],
    /// The flows that are carried out.
    pub grant_types_supported: [&'static str; 4],
    /// How clients authenticate to get tokens.
    pub token_endpoint_auth_methods_supported: [&'static str; 4],
    /// What client assertions may be signed with.
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    /// How clients authenticate to revoke.
    pub revocation_endpoint_auth_methods_supported: [&'static str; 4],
    /// How callers authenticate to inspect; a public client may not.
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    /// `S256` alone (RFC 7636).
    pub code_challenge_methods_supported: [&'static str; 1],
    /// Authorization responses carry `iss` (RFC 9207).
    pub authorization_response_iss_parameter_supported: bool,
    /// Where developers read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
}

impl ServerMetadata {
    pub(crate) fn new(settings: &Settings, mut scopes: Vec<String>) -> Self {
        let at = |path: &str| format!("{}/{path}", settings.endpoints.trim_end_matches('/'));
        scopes.sort();
        Self {
            issuer: settings.issuer.clone(),
            authorization_endpoint: at("authorize"),
            token_endpoint: at("token"),
            jwks_uri: at("jwks"),
            revocation_endpoint: at("revoke"),
            introspection_endpoint: at("introspect"),
            scopes_supported: scopes,
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: [
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
                GrantType::TokenExchange,
            ]
            .map(GrantType::name),
            token_endpoint_auth_methods_supported: METHODS,
            token_endpoint_auth_signing_alg_values_supported: assertion_algorithms()
                .map(Algorithm::name)
                .collect(),
            revocation_endpoint_auth_methods_supported: METHODS,
            introspection_endpoint_auth_methods_supported: METHODS
                .into_iter()
                .filter(|method| *method != "none")
                .collect(),
            code_challenge_methods_supported: [pkce::METHOD],
            authorization_response_iss_parameter_supported: true,
            service_documentation: settings.documentation.clone(),
        }
    }
}

/// What client assertions may be signed with: the algorithms of public keys.
pub(crate) fn assertion_algorithms() -> impl Iterator<Item = Algorithm> {
    let all = Algorithm::ALL.iter().copied();
    all.filter(|algorithm| !algorithm.name().starts_with("HS"))
}

impl From<ServerMetadata> for Reply {
    fn from(metadata: ServerMetadata) -> Self {
        // Strings and lists of strings always have a JSON form.
        let body = serde_json::to_string(&metadata).unwrap_or_default();
        Self::document("application/json", body, KEPT_SECONDS)
    }
}

/// The public keys as the response that publishes them (RFC 7517 §8.5.1).
pub(crate) fn jwks_reply(jwks: String) -> Reply {
    Reply::document("application/jwk-set+json", jwks, KEPT_SECONDS)
}

#[cfg(test)]
#[path = "metadata_tests.rs"]
mod tests;
