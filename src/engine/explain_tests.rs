use crate::{Context, Engine, Explanation, Principal, Resource, Source, Tenant};

const SCHEMA: &str = r#"
    @bailiwick("tenant") entity Company;
    entity Project in [Company];
    @bailiwick("user") entity User;
    entity Rfi in [Project] { private: Bool };
    action "rfis.view", "rfis.close" appliesTo { principal: User, resource: Rfi };
"#;
const POLICIES: &str = r#"
    @id("reader") permit (principal == ?principal, action == Action::"rfis.view", resource in ?resource)
    unless { resource.private };
    @id("bob-closes") permit (principal == User::"bob", action == Action::"rfis.close", resource);
    @id("nobody-far-away") permit (principal == User::"eve", action == Action::"rfis.close", resource == Rfi::"9");
"#;
const LINKS: &str = r#"[{"template": "reader", "principal": "User::\"ana\"", "resource": "Project::\"p1\"", "id": "ana-p1"}]"#;

fn explain(user: &str, action: &str, project: &str, private: bool) -> Explanation {
    let source = Source::new()
        .schema("s.cedarschema", SCHEMA)
        .cedar("p.cedar", POLICIES)
        .links("links.json", LINKS)
        .entities(
            "entities.json",
            r#"[{"uid": {"type": "Project", "id": "p1"}, "attrs": {}, "parents": [{"type": "Company", "id": "acme"}]},
                {"uid": {"type": "Project", "id": "p2"}, "attrs": {}, "parents": [{"type": "Company", "id": "acme"}]}]"#,
        );
    let engine = Engine::builder().source(source).unwrap().build().unwrap();
    let session = engine.session(Principal::user(user), Tenant::id("acme")).unwrap();
    let rfi = Resource::new("Rfi", "1")
        .parent("Project", project)
        .attr("private", private);
    session.explain(action, &rfi, &Context::new())
}

fn close(explanation: &Explanation) -> Vec<(&str, &[String])> {
    let close = explanation.policies.close.iter();
    close
        .map(|policy| (policy.id.as_str(), policy.lacks.as_slice()))
        .collect()
}

#[test]
fn a_deny_names_the_condition_that_a_close_permit_lacked() {
    let explanation = explain("ana", "rfis.view", "p1", true);
    assert!(!explanation.allowed);
    let close = close(&explanation);
    let (id, lacks) = close.first().copied().unwrap();
    assert_eq!(id, "ana-p1");
    assert_eq!(lacks, ["its condition does not hold: unless resource.private"]);
}

#[test]
fn a_deny_names_the_part_of_the_scope_that_a_close_permit_lacked() {
    let elsewhere = explain("ana", "rfis.view", "p2", false);
    assert_eq!(close(&elsewhere)[0].0, "ana-p1");
    assert_eq!(
        close(&elsewhere)[0].1,
        [r#"the resource is not in Project::"p1""#]
    );
    let other_action = explain("ana", "rfis.close", "p1", false);
    let text = other_action.to_string();
    assert!(text.contains(r#"the principal is not User::"bob""#), "{text}");
    assert!(
        text.contains(r#"it is for Action::"rfis.view""#),
        "close but for the action: {text}"
    );
}

#[test]
fn what_lacks_several_parts_of_its_scope_is_not_close_and_an_allow_has_nothing_close() {
    let denied = explain("ana", "rfis.close", "p1", false);
    assert!(close(&denied).iter().all(|(id, _)| *id != "nobody-far-away"));
    let allowed = explain("ana", "rfis.view", "p1", false);
    assert!(allowed.allowed);
    assert!(allowed.policies.close.is_empty());
}

#[test]
fn the_tree_shows_conditions_with_what_decided_them_and_where() {
    let text = explain("ana", "rfis.view", "p1", true).to_string();
    let expected = "└─ policies  ✗ do not permit
   └─ ✗ permit ana-p1 (links.json:1) does not apply
        ✗ unless resource.private  p.cedar:3:14";
    assert!(text.ends_with(expected), "{text}");
    let place = explain("ana", "rfis.view", "p1", true).policies.candidates[0].conditions[0]
        .place
        .clone()
        .unwrap();
    assert_eq!(
        (place.file.as_deref(), place.line, place.column),
        (Some("p.cedar"), 3, 5)
    );
}
