//! A small platform for tests: two tenants, an app that is installed in one of them, a service account, and a server.

use std::sync::{Arc, LazyLock, Mutex};

use crate::platform::{
    AppChange, AppVersionChange, Change, ClientSecretChange, GrantType, InstallationChange, Manifest,
    MembershipChange, ProjectChange, Projects, Scopes, Secret, SecretKind, SecretOwner, ServiceAccountChange,
    State, TenantChange, TenantId, UserId,
};
use crate::policy::{Policies, Vocabulary};
use crate::token::{Algorithm, KeyPurpose, KeyRing};

use super::authorization::AuthorizationRequest;
use super::issue::Issuance;
use super::server::{Plan, Server};
use super::view::View;
use super::{
    AuthorizationError, ClientAuthentication, ClientCredentials, CodeRedemption, Exchange,
    IntrospectionResponse, OAuthResult, Parameters, Refresh, Revoked, Settings, TokenQuery, TokenResponse,
};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const REDIRECT: &str = "https://dash.example.com/cb";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Read once for all tests.
static VOCABULARY: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| {
    let policies = Policies::from_directory("policies/construction").unwrap();
    Arc::new(policies.vocabulary().clone())
});

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) ring: KeyRing,
    pub(crate) state: Mutex<State>,
    pub(crate) now: std::sync::atomic::AtomicI64,
    vocabulary: Arc<Vocabulary>,
    secrets: Vec<(&'static str, Secret)>,
}

pub(crate) fn scopes(names: &str) -> Scopes {
    names.parse().unwrap()
}

impl World {
    /// `dashboards` is installed in `acme`, where `ana` and `bob` work and `erp` is a service account; `globex` has
    /// nothing but a service account `spy`, and `widgets` is an app that is installed nowhere.
    pub(crate) fn new() -> Self {
        Self::with(|settings| settings)
    }

    pub(crate) fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let ring = KeyRing::new();
        ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), NOW).unwrap();
        let settings = change(Settings::new(ISSUER).audience("api").audience("files"));
        let mut world = Self {
            server: Server::new(settings, &ring, &[7; 32]).unwrap(),
            ring,
            state: Mutex::default(),
            now: NOW.into(),
            vocabulary: VOCABULARY.clone(),
            secrets: vec![],
        };
        world.found();
        world
    }

    fn found(&mut self) {
        for tenant in ["acme", "globex", "devs"] {
            self.apply(TenantChange::Created {
                id: tenant.into(),
                name: tenant.to_owned(),
                at: NOW,
            });
        }
        for (tenant, user) in [("acme", "ana"), ("acme", "bob"), ("globex", "eve")] {
            self.apply(MembershipChange::Joined {
                tenant: tenant.into(),
                user: user.into(),
                guest: false,
            });
        }
        self.apply(ProjectChange::Created {
            id: "p1".into(),
            tenant: "acme".into(),
            name: "P1".to_owned(),
        });
        for app in ["dashboards", "widgets"] {
            self.apply(AppChange::Registered {
                id: app.into(),
                name: app.to_owned(),
                owner: "devs".into(),
                developers: ["dev".into()].into(),
                at: NOW,
            });
            self.publish(app, 1, "drawings:read rfis:read rfis:write");
            self.add_secret(app, SecretOwner::App(app.into()));
        }
        self.apply(InstallationChange::Installed {
            id: "ins".into(),
            app: "dashboards".into(),
            tenant: "acme".into(),
            version: 1,
            scopes: scopes("rfis:read rfis:write"),
            projects: Projects::listed(["p1"]),
            by_user: None,
            at: NOW,
        });
        for (id, tenant, installation) in [
            ("erp", "acme", None),
            ("dash-bot", "acme", Some("ins".into())),
            ("spy", "globex", None),
        ] {
            self.apply(ServiceAccountChange::Created {
                id: id.into(),
                name: id.to_owned(),
                tenant: tenant.into(),
                installation,
                projects: Projects::All,
                at: NOW,
            });
            self.add_secret(id, SecretOwner::ServiceAccount(id.into()));
        }
    }

    pub(crate) fn publish(&self, app: &str, number: u32, names: &str) {
        let manifest = Manifest::new(scopes(names))
            .redirect_uri(REDIRECT)
            .redirect_uri("http://127.0.0.1/cb")
            .grant_type(GrantType::ClientCredentials)
            .grant_type(GrantType::TokenExchange);
        self.apply(AppVersionChange::Drafted {
            app: app.into(),
            number,
            manifest,
        });
        self.apply(AppVersionChange::Published {
            app: app.into(),
            number,
            at: NOW,
        });
    }

    fn add_secret(&mut self, client: &'static str, owner: SecretOwner) {
        let secret = Secret::generate(SecretKind::ClientSecret).unwrap();
        self.apply(ClientSecretChange::Added {
            id: format!("sec-{client}").into(),
            owner,
            digest: self
                .server
                .pepper
                .digest(SecretKind::ClientSecret, secret.expose()),
            at: NOW,
        });
        self.secrets.push((client, secret));
    }

    pub(crate) fn apply(&self, change: impl Into<Change>) {
        self.state.lock().unwrap().apply(&change.into()).unwrap();
    }

    pub(crate) fn state(&self) -> State {
        self.state.lock().unwrap().clone()
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(std::sync::atomic::Ordering::SeqCst)
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) fn secret(&self, client: &str) -> &str {
        let mut secrets = self.secrets.iter();
        secrets.find(|(known, _)| *known == client).unwrap().1.expose()
    }

    pub(crate) fn client(&self, id: &str) -> ClientAuthentication {
        ClientAuthentication::post(id, self.secret(id)).unwrap()
    }

    /// Plans on the newest state and makes the changes, one after the other, as the engine does.
    pub(crate) fn commit<T>(&self, plan: impl FnOnce(&View<'_>) -> Plan<T>) -> OAuthResult<T> {
        let mut state = self.state.lock().unwrap();
        let plan = plan(&View {
            state: &state,
            vocabularies: [Some(&self.vocabulary), None],
            now: self.now(),
        });
        let (changes, outcome) = self.server.settle(plan, self.now());
        *state = state.with(&changes).unwrap();
        outcome
    }

    fn issue(&self, plan: impl FnOnce(&View<'_>) -> Plan<Issuance>) -> OAuthResult<TokenResponse> {
        let issuance = self.commit(plan)?;
        self.server.issue(&issuance, self.now())
    }

    pub(crate) fn client_credentials(&self, request: &ClientCredentials) -> OAuthResult<TokenResponse> {
        self.issue(|view| self.server.client_credentials(view, request))
    }

    pub(crate) fn redeem(&self, request: &CodeRedemption) -> OAuthResult<TokenResponse> {
        self.issue(|view| self.server.redeem(view, request))
    }

    pub(crate) fn refresh(&self, request: &Refresh) -> OAuthResult<TokenResponse> {
        self.issue(|view| self.server.refresh(view, request))
    }

    pub(crate) fn exchange(&self, request: &Exchange) -> OAuthResult<TokenResponse> {
        self.issue(|view| self.server.exchange(view, request))
    }

    pub(crate) fn revoke(&self, client: &str, token: &str) -> OAuthResult<Revoked> {
        let request = TokenQuery::new(self.client(client), token);
        self.commit(|view| self.server.revoke(view, &request))
    }

    pub(crate) fn introspect(&self, client: &str, token: &str) -> IntrospectionResponse {
        let request = TokenQuery::new(self.client(client), token);
        self.commit(|view| self.server.introspect(view, &request))
            .unwrap()
    }

    pub(crate) fn authorize(&self, query: &str) -> Result<AuthorizationRequest, AuthorizationError> {
        let state = self.state.lock().unwrap();
        let view = View {
            state: &state,
            vocabularies: [Some(&self.vocabulary), None],
            now: self.now(),
        };
        self.server
            .authorization(&view, &Parameters::parse(query).unwrap())
    }

    /// An honest authorization request of an app for some scopes.
    pub(crate) fn request(&self, app: &str, names: &str) -> AuthorizationRequest {
        let names = names.replace(' ', "+").replace(':', "%3A");
        let query = format!(
            "response_type=code&client_id={app}&redirect_uri=https%3A%2F%2Fdash.example.com%2Fcb&state=xyz\
             &code_challenge={CHALLENGE}&code_challenge_method=S256&scope={names}"
        );
        self.authorize(&query).unwrap()
    }

    pub(crate) fn consent(
        &self,
        request: &AuthorizationRequest,
        tenant: &str,
        user: &str,
    ) -> OAuthResult<String> {
        let (tenant, user) = (TenantId::from(tenant), UserId::from(user));
        let response = self.commit(|view| self.server.consent(view, request, &tenant, &user))?;
        let query = response.location().split_once('?').unwrap().1;
        let answer = Parameters::parse(query).unwrap();
        assert_eq!(
            (answer.get("state"), answer.get("iss")),
            (Some("xyz"), Some(ISSUER))
        );
        Ok(answer.get("code").unwrap().to_owned())
    }

    /// A code that `ana` has consented to for `dashboards`.
    pub(crate) fn code(&self) -> String {
        self.consent(&self.request("dashboards", "rfis:read rfis:write"), "acme", "ana")
            .unwrap()
    }

    pub(crate) fn redemption(&self, code: &str) -> CodeRedemption {
        CodeRedemption::new(self.client("dashboards"), code, REDIRECT, VERIFIER)
    }

    /// Access token and refresh token of `ana` through `dashboards`.
    pub(crate) fn tokens(&self) -> TokenResponse {
        self.redeem(&self.redemption(&self.code())).unwrap()
    }

    pub(crate) fn refreshing(&self, token: &str) -> Refresh {
        Refresh::new(self.client("dashboards"), token)
    }
}
