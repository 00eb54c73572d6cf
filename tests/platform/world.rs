//! A platform with an operator, a developer's organisation and two customers.

use bailiwick::platform::{
    AccountId, AppId, Assignee, GrantId, InstallationId, Issued, Manifest, Place, Projects, Provenance,
    Scopes,
};
use bailiwick::{
    Clock, Consent, Decision, Engine, EngineBuilder, Identity, NewApp, NewTenant, Principal, Reason,
    Resource, Session, Source, Tenant,
};

pub(crate) const SCHEMA: &str = r#"
    @bailiwick("tenant") entity Company;
    @bailiwick("project") entity Project in [Company];
    @bailiwick("user") entity User in [Company, Project];
    @bailiwick("service_account") entity ServiceAccount in [Company, Project];
    @bailiwick("app") entity App;
    entity Item in [Project, Company];
    @bailiwick("scope") action "rfis:write";
    @bailiwick("scope") action "rfis:read" in ["rfis:write"];
    @bailiwick("scope") action "budget:write";
    action "rfis.view" in ["rfis:read"] appliesTo { principal: [User, ServiceAccount], resource: Item };
    action "rfis.close" in ["rfis:write"] appliesTo { principal: [User, ServiceAccount], resource: Item };
    action "budget.edit" in ["budget:write"] appliesTo { principal: [User, ServiceAccount], resource: Item };
"#;

pub(crate) const POLICIES: &str = r#"
    @id("company-admin") permit (principal in ?principal, action, resource in ?resource);
    @id("rfis-read-only") permit (principal in ?principal, action == Action::"rfis.view", resource in ?resource);
    @id("rfis-standard")
    permit (principal in ?principal, action in [Action::"rfis.view", Action::"rfis.close"], resource in ?resource);
"#;

pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
}

pub(crate) fn scopes(list: &str) -> Scopes {
    list.parse().unwrap()
}

pub(crate) fn item(project: &str) -> Resource<'static> {
    Resource::new("Item", "42").parent("Project", project.to_owned())
}

impl World {
    /// Tenants `acme` (projects p1, p2; admin ana, member dan) and `borealis` (project b1; admin ida); the app
    /// `dashboards` of `devco` asks for `rfis:read`, `rfis:write` and `budget:write`.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// The same with an engine that is set up further.
    pub(crate) fn with(change: impl FnOnce(EngineBuilder) -> EngineBuilder) -> Self {
        let clock = Clock::fixed(NOW);
        let source = Source::new()
            .schema("s.cedarschema", SCHEMA)
            .cedar("p.cedar", POLICIES);
        let builder = Engine::builder()
            .source(source)
            .unwrap()
            .clock(clock.clone())
            .host_key([7; 32]);
        let engine = change(builder).build().unwrap();
        engine.bootstrap("operator", "Operator", "olga").unwrap();
        let world = Self { engine, clock };
        let olga = world.user("olga", "operator");
        let admin = world.engine.act_as(&olga);
        for (tenant, user) in [("devco", "dana"), ("acme", "ana"), ("borealis", "ida")] {
            let new = NewTenant::named(tenant).admin(user).role("company-admin");
            admin.create_tenant(tenant, new).unwrap();
        }
        let ana = world.user("ana", "acme");
        let admin = world.engine.act_as(&ana);
        for project in ["p1", "p2"] {
            admin.create_project("acme", project, project).unwrap();
        }
        admin.add_member("acme", "dan").unwrap();
        let ida = world.user("ida", "borealis");
        world
            .engine
            .act_as(&ida)
            .create_project("borealis", "b1", "b1")
            .unwrap();
        let dana = world.user("dana", "devco");
        let admin = world.engine.act_as(&dana);
        admin
            .register_app("devco", NewApp::named("Dashboards").id("dashboards"))
            .unwrap();
        world.publish("rfis:read rfis:write budget:write");
        world
    }

    pub(crate) fn publish(&self, asked: &str) -> u32 {
        let dana = self.user("dana", "devco");
        let admin = self.engine.act_as(&dana);
        let manifest = Manifest::new(scopes(asked)).redirect_uri("https://dashboards.example/cb");
        let number = admin.draft_version("dashboards", manifest).unwrap();
        admin.publish_version("dashboards", number).unwrap();
        number
    }

    /// A first-party session.
    pub(crate) fn user(&self, user: &'static str, tenant: &'static str) -> Session {
        self.engine
            .session(Principal::user(user), Tenant::id(tenant))
            .unwrap()
    }

    pub(crate) fn install(
        &self,
        tenant: &'static str,
        admin: &'static str,
        projects: Projects,
    ) -> InstallationId {
        let session = self.user(admin, tenant);
        self.engine
            .act_as(&session)
            .install(tenant, "dashboards", scopes("rfis:read rfis:write"), projects)
            .unwrap()
    }

    pub(crate) fn consent(&self, user: &'static str, tenant: &'static str, asked: &str) -> GrantId {
        let session = self.user(user, tenant);
        match self
            .engine
            .act_as(&session)
            .consent("dashboards", scopes(asked))
            .unwrap()
        {
            Consent::Given(grant) => grant,
            Consent::Requested(_) => panic!("not installed"),
        }
    }

    /// What a token minted now comes from.
    pub(crate) fn issued_now(&self) -> Provenance {
        Provenance::issued(Issued::Sequence(self.engine.platform().sequence()))
    }

    /// A session of an app that acts for a user, as of a token minted now.
    pub(crate) fn through_app(&self, user: &'static str, tenant: &'static str, asked: &str) -> Session {
        let state = self.engine.platform();
        let installation = state
            .installed(&tenant.into(), &AppId::from("dashboards"))
            .map(|it| it.id.clone());
        let mut provenance = self.issued_now();
        provenance.installation = installation;
        let names: Vec<String> = asked.split(' ').map(str::to_owned).collect();
        let identity = Identity::token(Principal::user(user), names)
            .app("dashboards")
            .expires(NOW + 100_000)
            .provenance(provenance);
        self.engine.session_of(identity, Tenant::id(tenant)).unwrap()
    }

    /// A session of a service account, as of a token minted now.
    pub(crate) fn through_account(&self, account: &AccountId, provenance: Provenance) -> Session {
        let id = account.as_str().to_owned();
        let identity = Identity::token(Principal::service_account(id), ["rfis:write", "budget:write"])
            .expires(NOW + 100_000)
            .provenance(provenance);
        self.engine.session_of(identity, Tenant::id("acme")).unwrap()
    }

    pub(crate) fn assign(&self, assignee: Assignee, role: &str, place: Place) {
        let ana = self.user("ana", "acme");
        self.engine
            .act_as(&ana)
            .assign_role(assignee, role, place)
            .unwrap();
    }
}

/// Decides with an empty context.
pub(crate) fn ask(session: &Session, action: &str, resource: &Resource<'_>) -> Decision {
    session.decide(action, resource, &bailiwick::Context::new())
}

pub(crate) fn reason(session: &Session, action: &str, project: &str) -> Reason {
    ask(session, action, &item(project)).reason()
}
