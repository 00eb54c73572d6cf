use serde_json::{Value, json};

use crate::audit::Audit;
use crate::{Engine, ErrorKind, Principal, Session, Source, Tenant};

const SCHEMA: &str = r#"
    @bailiwick("tenant") entity Company; @bailiwick("project") entity Project in [Company];
    @bailiwick("user") entity User in [Company, Project];
    @bailiwick("service_account") entity ServiceAccount in [Company, Project];
    @bailiwick("app") entity App;
    entity Rfi in [Project];
    @bailiwick("scope") action "rfis:read";
    action "rfis.view" in ["rfis:read"] appliesTo { principal: [User, ServiceAccount], resource: [Rfi, Project] };"#;
const RULES: &str = r#"@id("reader") permit (principal == ?principal, action == Action::"rfis.view", resource in ?resource);"#;

fn founded() -> (Engine, Session, Session) {
    let source = Source::new()
        .schema("s.cedarschema", SCHEMA)
        .cedar("r.cedar", RULES);
    let audit = Audit::builder().build();
    let engine = Engine::builder()
        .source(source)
        .unwrap()
        .audit(audit)
        .build()
        .unwrap();
    engine.bootstrap("operator", "The operator", "olga").unwrap();
    let session = |user, tenant| engine.session(Principal::user(user), Tenant::id(tenant)).unwrap();
    let olga = session("olga", "operator");
    perform(
        &engine,
        &olga,
        &json!({"do": "create_tenant", "id": "acme", "name": "Acme", "admin": "ana", "roles": ["reader"]}),
    );
    let ana = session("ana", "acme");
    (engine, olga, ana)
}

fn perform(engine: &Engine, session: &Session, request: &Value) -> Value {
    let answer = engine.act_as(session).perform(request.to_string()).unwrap();
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn a_service_account_is_made_used_and_listed() {
    let (engine, _, ana) = founded();
    let none = perform(
        &engine,
        &ana,
        &json!({"do": "create_project", "tenant": "acme", "id": "p1", "name": "Harbour"}),
    );
    assert_eq!(none, Value::Null);
    let new =
        json!({"do": "create_service_account", "tenant": "acme", "name": "ERP sync", "projects": ["p1"]});
    let made = perform(&engine, &ana, &new);
    let id = made["id"].as_str().unwrap();
    assert!(made["secret"].as_str().unwrap().len() > 40, "{made}");
    let role = json!({"do": "assign_role", "assignee": {"service_account": id}, "role": "reader",
        "place": {"project": "p1"}});
    assert!(perform(&engine, &ana, &role)["id"].is_string());
    let account = engine
        .session(Principal::service_account(id), Tenant::id("acme"))
        .unwrap();
    assert!(account.allows(
        "rfis.view",
        &crate::Resource::new("Rfi", "1").parent("Project", "p1")
    ));
    let listed = perform(
        &engine,
        &ana,
        &json!({"do": "service_accounts", "tenant": "acme"}),
    );
    assert_eq!(listed[0]["id"], made["id"]);
    let rotated = json!({"do": "rotate_secret", "owner": {"service_account": id}, "overlap": 60});
    let rotated = perform(&engine, &ana, &rotated);
    assert_ne!(rotated["secret"], made["secret"]);
    perform(&engine, &ana, &json!({"do": "disable_account", "account": id}));
    assert!(!account.allows(
        "rfis.view",
        &crate::Resource::new("Rfi", "1").parent("Project", "p1")
    ));
}

#[test]
fn an_app_is_registered_installed_and_suspended() {
    let (engine, _, ana) = founded();
    let app = json!({"do": "register_app", "owner": "acme", "name": "Dashboards", "id": "dashboards"});
    assert_eq!(perform(&engine, &ana, &app), json!({"id": "dashboards"}));
    let manifest =
        json!({"scopes": ["rfis:read"], "redirect_uris": [], "grant_types": ["client_credentials"]});
    let draft = json!({"do": "draft_version", "app": "dashboards", "manifest": manifest});
    assert_eq!(perform(&engine, &ana, &draft), json!({"id": 1}));
    perform(
        &engine,
        &ana,
        &json!({"do": "publish_version", "app": "dashboards", "number": 1}),
    );
    let install = json!({"do": "install", "tenant": "acme", "app": "dashboards", "scopes": ["rfis:read"],
        "projects": "all"});
    let installation = perform(&engine, &ana, &install)["id"].clone();
    perform(
        &engine,
        &ana,
        &json!({"do": "suspend", "installation": installation, "side": "tenant_admin"}),
    );
    let listed = perform(&engine, &ana, &json!({"do": "installations", "tenant": "acme"}));
    assert_eq!(listed[0]["suspended"], json!(["tenant_admin"]));
    let consent = perform(
        &engine,
        &ana,
        &json!({"do": "consent", "app": "dashboards", "scopes": ["rfis:read"]}),
    );
    assert!(consent["given"].is_string(), "{consent}");
    assert_eq!(
        perform(&engine, &ana, &json!({"do": "connected_apps"}))
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn usage_and_decisions_are_for_those_who_oversee_the_tenant() {
    let (engine, olga, ana) = founded();
    assert!(!ana.allows("rfis.view", &crate::Resource::new("Rfi", "1")));
    let usage = perform(&engine, &ana, &json!({"do": "usage", "tenant": "acme"}));
    let rows = usage.as_array().unwrap();
    let denied = rows
        .iter()
        .find(|row| row["action"] == json!("rfis.view"))
        .unwrap();
    assert_eq!(denied["denies"], json!(1));
    let recent = perform(
        &engine,
        &ana,
        &json!({"do": "recent_decisions", "tenant": "acme", "limit": 1}),
    );
    let ordinary = recent
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["administration"] == json!(false));
    assert_eq!(ordinary.count(), 1);
    let refused = engine.act_as(&olga).usage("acme").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PlatformForbidden);
}

#[test]
fn what_is_no_operation_changes_nothing() {
    let (engine, _, ana) = founded();
    let revision = engine.revision();
    for request in [
        "",
        "[]",
        "{}",
        r#"{"do": "found"}"#,
        r#"{"do": "create_project", "tenant": "acme", "id": "p1"}"#,
        r#"{"do": "create_project", "tenant": "acme", "id": "p1", "name": "P", "colour": "red"}"#,
        r#"{"do": "create_project", "tenant": "acme", "id": "p1", "id": "p2", "name": "P"}"#,
        r#"{"do": "install", "tenant": "acme", "app": "a", "scopes": ["rfis:read"], "projects": "some"}"#,
    ] {
        let error = engine.act_as(&ana).perform(request).unwrap_err();
        assert!(!error.kind().is_platform(), "{request}: {error}");
    }
    assert_eq!(engine.revision(), revision);
}

#[test]
fn every_operation_is_in_the_manual() {
    let manual = include_str!("operations.md");
    let (engine, _, ana) = founded();
    let error = engine.act_as(&ana).perform(r#"{"do": "nothing"}"#).unwrap_err();
    let listed = error.message().split("expected one of").nth(1).unwrap();
    let names: Vec<_> = listed.split('`').skip(1).step_by(2).collect();
    assert!(names.len() > 50, "{names:?}");
    for name in names {
        assert!(manual.contains(&format!("`{name}`")), "{name} is missing");
    }
}
