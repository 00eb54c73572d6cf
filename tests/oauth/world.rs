//! Two customers, a developer, an app and service accounts; an authorization server on a store in memory.

use bailiwick::audit::Audit;
use bailiwick::oauth::{
    ClientAuthentication, ClientCredentials, CodeRedemption, OAuthError, Parameters, Refresh, Settings,
    TokenResponse,
};
use bailiwick::platform::{AccountId, Assignee, InstallationId, Manifest, Place, Projects, Scopes};
use bailiwick::store::Memory;
use bailiwick::{
    Algorithm, Clock, Context, Engine, KeyPurpose, KeyRing, NewApp, NewServiceAccount, NewTenant, Principal,
    Reason, Resource, Session, Source, Tenant,
};

pub(crate) const NOW: i64 = 1_800_000_000;
const HOST_KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const REDIRECT: &str = "https://dash.example.com/cb";
/// The example of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) const SCHEMA: &str = r#"
    @bailiwick("tenant") entity Company;
    @bailiwick("project") entity Project in [Company];
    @bailiwick("user") entity User in [Company, Project];
    @bailiwick("service_account") entity ServiceAccount in [Company, Project];
    @bailiwick("app") entity App;
    entity Rule { urgent: Bool };
    entity Rfi in [Project] { rule?: Rule };
    @bailiwick("scope") action "rfis:write";
    @bailiwick("scope") action "rfis:read" in ["rfis:write"];
    action "rfis.view" in ["rfis:read"] appliesTo { principal: [User, ServiceAccount], resource: Rfi };
    action "rfis.close" in ["rfis:write"] appliesTo { principal: [User, ServiceAccount], resource: Rfi };
    action "rfis.print" in ["rfis:read"] appliesTo { principal: [User, ServiceAccount], resource: Rfi };
"#;

const ROLES: &str = r#"
    @id("standard") permit (principal in ?principal,
        action in [Action::"rfis.view", Action::"rfis.close", Action::"rfis.print"], resource in ?resource);
    @id("reader") permit (principal in ?principal, action == Action::"rfis.view", resource in ?resource);
    @id("nobody-prints-what-is-urgent") forbid (principal, action == Action::"rfis.print", resource)
        when { resource has rule && resource.rule.urgent };
"#;

/// A service account's credentials.
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) secret: String,
}

impl Account {
    pub(crate) fn client(&self) -> ClientAuthentication {
        ClientAuthentication::post(self.id.as_str(), &self.secret).unwrap()
    }

    pub(crate) fn assignee(&self) -> Assignee {
        Assignee::ServiceAccount(self.id.clone())
    }
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    pub(crate) app_secret: String,
}

pub(crate) fn scopes(list: &str) -> Scopes {
    list.parse().unwrap()
}

pub(crate) fn rfi(project: &str) -> Resource<'static> {
    Resource::new("Rfi", "42").parent("Project", project.to_owned())
}

pub(crate) fn reason(session: &Session, action: &str, project: &str) -> Reason {
    session.decide(action, &rfi(project), &Context::new()).reason()
}

impl World {
    /// `acme` has the projects p1 and p2, admin ana and member dan; `borealis` has b1 and admin ida. The app `dashboards`
    /// of dana's `devco` asks for both scopes and is installed nowhere.
    pub(crate) fn new() -> Self {
        let clock = Clock::fixed(NOW);
        let source = Source::new()
            .schema("s.cedarschema", SCHEMA)
            .cedar("r.cedar", ROLES);
        let settings = Settings::new(ISSUER).audience("api").audience("files");
        let engine = Engine::builder()
            .source(source)
            .unwrap()
            .clock(clock.clone())
            .store(Memory::new())
            .host_key(HOST_KEY)
            .audit(Audit::builder().build())
            .oauth(settings, &KeyRing::new())
            .build()
            .unwrap();
        engine.bootstrap("operator", "The operator", "olga").unwrap();
        let mut world = Self {
            engine,
            clock,
            app_secret: String::new(),
        };
        world.found();
        world
    }

    fn found(&mut self) {
        let olga = self.user("olga", "operator");
        let admin = self.engine.act_as(&olga);
        admin.rotate_key(KeyPurpose::Sign(Algorithm::EdDsa)).unwrap();
        for (tenant, user) in [("devco", "dana"), ("acme", "ana"), ("borealis", "ida")] {
            let new = NewTenant::named(tenant).admin(user).role("standard");
            admin.create_tenant(tenant, new).unwrap();
        }
        for (tenant, user, projects) in [("acme", "ana", &["p1", "p2"][..]), ("borealis", "ida", &["b1"])] {
            let session = self.user(user, tenant);
            for project in projects {
                let admin = self.engine.act_as(&session);
                admin.create_project(tenant, *project, *project).unwrap();
            }
        }
        self.admin(|admin| {
            admin.add_member("acme", "dan").unwrap();
            let dan = Assignee::User("dan".into());
            admin
                .assign_role(dan, "reader", Place::Tenant("acme".into()))
                .unwrap();
        });
        let dana = self.user("dana", "devco");
        let admin = self.engine.act_as(&dana);
        let app = NewApp::named("Dashboards").id("dashboards");
        admin.register_app("devco", app).unwrap();
        let manifest = Manifest::new(scopes("rfis:read rfis:write")).redirect_uri(REDIRECT);
        let number = admin.draft_version("dashboards", manifest).unwrap();
        admin.publish_version("dashboards", number).unwrap();
        let owner = bailiwick::platform::SecretOwner::App("dashboards".into());
        let (_, secret) = admin.create_secret(owner).unwrap();
        self.app_secret = secret.expose().to_owned();
    }

    /// A first-party session.
    pub(crate) fn user(&self, user: &str, tenant: &str) -> Session {
        let principal = Principal::user(user.to_owned());
        self.engine
            .session(principal, Tenant::id(tenant.to_owned()))
            .unwrap()
    }

    /// Administration of `acme` as ana.
    pub(crate) fn admin<T>(&self, run: impl FnOnce(&bailiwick::Admin<'_>) -> T) -> T {
        run(&self.engine.act_as(&self.user("ana", "acme")))
    }

    /// An account of `acme` for every project, without roles.
    pub(crate) fn account(&self) -> Account {
        let new = NewServiceAccount::named("ERP sync").all_projects();
        let (id, secret) = self.admin(|admin| admin.create_service_account("acme", new).unwrap());
        let secret = secret.expose().to_owned();
        Account { id, secret }
    }

    pub(crate) fn assign(&self, account: &Account, project: &str) {
        let place = Place::Project(project.into());
        self.admin(|admin| admin.assign_role(account.assignee(), "standard", place).unwrap());
    }

    pub(crate) fn issue(&self, account: &Account, scope: &str) -> Result<TokenResponse, OAuthError> {
        let request = ClientCredentials::new(account.client()).scope(scope);
        self.engine.client_credentials(&request)
    }

    pub(crate) fn token(&self, account: &Account, scope: &str) -> String {
        self.issue(account, scope).unwrap().access_token().to_owned()
    }

    pub(crate) fn session(&self, token: &str) -> Session {
        self.engine.authenticate(token, Tenant::id("acme")).unwrap()
    }

    pub(crate) fn install(&self) -> InstallationId {
        self.admin(|admin| {
            let all = scopes("rfis:read rfis:write");
            admin.install("acme", "dashboards", all, Projects::All).unwrap()
        })
    }

    pub(crate) fn app(&self) -> ClientAuthentication {
        ClientAuthentication::post("dashboards", &self.app_secret).unwrap()
    }

    /// A code for the app that a user of `acme` has consented to.
    pub(crate) fn code(&self, user: &str) -> String {
        let query = Parameters::from_pairs([
            ("response_type", "code"),
            ("client_id", "dashboards"),
            ("redirect_uri", REDIRECT),
            ("scope", "rfis:read rfis:write"),
            ("state", "xyz"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let request = self.engine.authorize(&query.unwrap()).unwrap();
        let response = self.engine.consent(&request, &self.user(user, "acme")).unwrap();
        let query = response.location().split_once('?').unwrap().1;
        let answer = Parameters::parse(query).unwrap();
        answer.get("code").unwrap().to_owned()
    }

    pub(crate) fn redeem(&self, code: &str) -> Result<TokenResponse, OAuthError> {
        let request = CodeRedemption::new(self.app(), code, REDIRECT, VERIFIER);
        self.engine.redeem_code(&request)
    }

    pub(crate) fn refresh(&self, token: &str) -> Result<TokenResponse, OAuthError> {
        self.engine.refresh(&Refresh::new(self.app(), token))
    }
}
