//! The access tokens of well-known identity providers, as settings of a profile.

use super::algorithm::Algorithm;
use super::claim::ClaimPath;
use super::profile::{Profile, ServiceAccountRule};

/// A product whose access tokens have a shape of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// RFC 9068 as it is written, and as [`Engine`](crate::Engine) mints: the defaults of [`Profile::issuer`].
    Rfc9068,
    /// Auth0. `iss` ends in a slash: `https://acme.eu.auth0.com/`. Both of its token dialects are read; the tenant is the
    /// organization (`org_id`); a token of the client credentials grant (`gty`) is the service account named like its
    /// client.
    Auth0,
    /// Keycloak. `iss` is the realm's address: `https://sso.example.com/realms/acme`. Refresh and ID tokens, which look
    /// alike, are told by the claim `typ`. A service account is the user that Keycloak names
    /// `service-account-{client}`: let nobody register such a name. Add the API as an audience with an audience mapper.
    Keycloak,
    /// Microsoft Entra ID, tokens of version 2.0. `iss` is `https://login.microsoftonline.com/{tenant}/v2.0`, one profile
    /// for each tenant; the tenant is `tid`, the principal `oid` (a `sub` differs from app to app). Applications are
    /// service accounts with their `roles` as scopes; configure the optional claim `idtyp`, which says so. Tokens
    /// without `scp` or `roles`, such as ID tokens, are refused.
    Entra,
    /// Okta, a custom authorization server: `iss` is `https://acme.okta.com/oauth2/default`. Users are named by `uid`, for
    /// `sub` is a login name that changes hands; a token whose `sub` is its client (`cid`) is a service account.
    Okta,
    /// Amazon Cognito. `iss` is `https://cognito-idp.{region}.amazonaws.com/{pool}`; tokens have no `aud`, so the audience
    /// of the profile is the id of the app client. Scopes of a resource server have its name in front.
    Cognito,
    /// SPIFFE JWT-SVIDs. The issuer is the trust domain, `spiffe://example.org`; see [`Profile::spiffe`].
    Spiffe,
}

impl Provider {
    /// Every provider.
    pub const ALL: &'static [Provider] = &[
        Provider::Rfc9068,
        Provider::Auth0,
        Provider::Keycloak,
        Provider::Entra,
        Provider::Okta,
        Provider::Cognito,
        Provider::Spiffe,
    ];

    /// The name as configuration files spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Provider::Rfc9068 => "rfc9068",
            Provider::Auth0 => "auth0",
            Provider::Keycloak => "keycloak",
            Provider::Entra => "entra",
            Provider::Okta => "okta",
            Provider::Cognito => "cognito",
            Provider::Spiffe => "spiffe",
        }
    }

    /// The provider of that name.
    ///
    /// ```
    /// use bailiwick::Provider;
    ///
    /// assert_eq!(Provider::from_name("entra"), Some(Provider::Entra));
    /// assert_eq!(Provider::from_name("Entra"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|provider| provider.name() == name)
    }
}

impl Profile {
    /// The settings for a provider's tokens; what is set afterwards replaces them.
    ///
    /// ```
    /// use bailiwick::{Profile, Provider};
    ///
    /// let profile = Profile::of(Provider::Auth0, "https://acme.eu.auth0.com/")
    ///     .audience("https://api.example.com")
    ///     .tenant_claim("https://example.com/tenant");
    /// # let _ = profile;
    /// ```
    pub fn of(provider: Provider, issuer: impl Into<String>) -> Self {
        let profile = Self::issuer(issuer);
        match provider {
            Provider::Rfc9068 => profile,
            Provider::Auth0 => profile
                .token_types(["at+jwt", "JWT"])
                .tenant_claim("org_id")
                .service_account_when("gty", "client-credentials")
                .service_accounts_by_client(),
            Provider::Keycloak => profile
                .token_types(["at+jwt", "JWT"])
                .access_token_when("typ", ["Bearer", "DPoP"])
                .service_account_named("preferred_username", "service-account-{client}")
                .service_accounts_by_client(),
            Provider::Entra => profile
                .token_types(["JWT", "at+jwt"])
                .principal_claim("oid")
                .client_claims(["azp", "appid"])
                .tenant_claim("tid")
                .scope_claims(["scp"])
                .service_account_scope_claims(["roles"])
                .require_scopes()
                .service_account_when("idtyp", "app")
                .service_accounts_by_client(),
            Provider::Okta => profile
                .token_types(["at+jwt", "JWT"])
                .accept_untyped()
                .principal_claim("uid")
                .client_claims(["cid"])
                .require("cid")
                .scope_claims(["scp"])
                .service_account_named("sub", "{client}")
                .service_accounts_by_client(),
            Provider::Cognito => profile
                .token_types(["JWT"])
                .accept_untyped()
                .audience_claim("client_id")
                .client_claims(["client_id"])
                .access_token_when("token_use", ["access"]),
            Provider::Spiffe => profile.spiffe_shape(),
        }
    }

    /// A profile for the JWT-SVIDs of a SPIFFE trust domain, such as `example.org`.
    ///
    /// The subject's trust domain says whose token it is, whatever `iss` says or leaves out. Every bearer is a service
    /// account whose id is the whole SPIFFE ID. The type is `JWT`, `JOSE` or left out; the tenant is that of the request;
    /// the scopes are the [fixed](Self::fixed_scopes) ones, for a JWT-SVID names none. The keys are those of the domain's
    /// [bundle](crate::KeySet::from_spiffe_bundle).
    ///
    /// ```
    /// use bailiwick::Profile;
    ///
    /// let profile = Profile::spiffe("example.org").audience("api").fixed_scopes(["rfis:read"]);
    /// # let _ = profile;
    /// ```
    pub fn spiffe(trust_domain: &str) -> Self {
        Self::of(Provider::Spiffe, format!("spiffe://{trust_domain}"))
    }

    fn spiffe_shape(mut self) -> Self {
        let asymmetric = Algorithm::ALL.iter().copied();
        self.algorithms = asymmetric
            .filter(|algorithm| !algorithm.is_symmetric() && *algorithm != Algorithm::EdDsa)
            .collect();
        self.is_spiffe = true;
        self.service_account = ServiceAccountRule::Always;
        self.clients = vec![];
        self.scopes = vec![ClaimPath::new("scope")];
        self.token_types(["JWT", "JOSE"])
            .accept_untyped()
            .tenant_from_request()
            .fixed_scopes(Vec::<String>::new())
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
