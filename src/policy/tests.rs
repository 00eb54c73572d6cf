use std::fmt::Write as _;

use super::*;
use crate::error::ErrorKind;
use crate::value::Entity;

const SCHEMA: &str = r#"
@bailiwick("tenant") entity Company;
@bailiwick("project") entity Project in [Company] { closed: Bool };
@bailiwick("user") entity User in [Company, Project];
@bailiwick("scope") action "rfis:write";
@bailiwick("scope") action "rfis:read" in ["rfis:write"];
action "rfis.view" in ["rfis:read"] appliesTo { principal: User, resource: Project, context: { mfa?: Bool } };
action "rfis.close" in ["rfis:write"] appliesTo { principal: User, resource: Project };
"#;

const TEMPLATE: &str = r#"@id("reader") permit (principal == ?principal, action, resource in ?resource);"#;

fn source() -> Source {
    Source::new().schema("schema.cedarschema", SCHEMA)
}

fn fails(source: Source) -> Error {
    match Policies::load(source) {
        Ok(_) => panic!("expected an error"),
        Err(error) => error,
    }
}

/// Kind, line and a part of the message of the first error, with a help.
fn assert_fails(source: Source, kind: ErrorKind, line: usize, part: &str) {
    let error = fails(source);
    assert_eq!(error.kind(), kind, "{}", error.report());
    assert_eq!(
        error.location().map_or(0, |at| at.line),
        line,
        "{}",
        error.report()
    );
    assert!(error.message().contains(part), "{}", error.report());
    assert!(error.help_text().is_some(), "{}", error.report());
}

#[test]
fn ids_come_from_the_annotation_or_from_the_place_in_the_file() {
    let text = "@id(\"named\") permit (principal, action, resource);\npermit (principal, action, resource);";
    let policies = Policies::load(source().cedar("dir/rules.cedar", text)).unwrap();
    assert_eq!(policies.policy_ids().collect::<Vec<_>>(), ["named", "rules#2"]);
    assert_eq!(
        policies.origin("rules#2").unwrap().to_string(),
        "dir/rules.cedar:2"
    );
    assert!(
        policies
            .warnings()
            .iter()
            .any(|warning| warning.message().contains("without @id"))
    );
}

#[test]
fn duplicate_ids_name_both_places() {
    let one = "@id(\"x\") permit (principal, action, resource);";
    let error = fails(
        source()
            .cedar("a.cedar", one)
            .cedar("b.cedar", format!("\n{one}")),
    );
    assert_eq!(error.kind(), ErrorKind::PolicyDuplicate);
    assert_eq!(error.location().unwrap().to_string(), "b.cedar:2:1");
    assert!(error.message().contains("a.cedar:1"), "{error}");
}

#[test]
fn broken_cedar_is_reported_with_line_column_excerpt_and_help() {
    let text =
        "@id(\"a\") permit (principal, action, resource);\n@id(\"b\")\npermit (principal, action, resorce);";
    let error = fails(source().cedar("rules.cedar", text));
    let at = error.location().unwrap();
    assert_eq!(
        (error.kind(), at.line, at.column),
        (ErrorKind::PolicySyntax, 3, 28)
    );
    assert_eq!(at.excerpt, "permit (principal, action, resorce);");
    assert!(error.help_text().unwrap().contains("principal"));
}

#[test]
fn every_error_of_every_file_is_reported_at_once() {
    let error = fails(
        source()
            .cedar("a.cedar", "permit; forbid (principal, action, resorce);")
            .cedar("b.cedar", "x;"),
    );
    assert!(error.all().count() >= 3, "{}", error.report());
}

#[test]
fn a_policy_that_does_not_validate_is_refused_with_its_place_and_a_suggestion() {
    let text = "\n@id(\"a\") permit (principal, action == Action::\"rfis.view\", resource)\nwhen { resource.clsed };";
    let error = fails(source().cedar("rules.cedar", text));
    assert_eq!(
        (error.kind(), error.location().unwrap().line),
        (ErrorKind::PolicyInvalid, 3)
    );
    assert_eq!(error.help_text(), Some("did you mean `closed`?"));
}

#[test]
fn findings_stand_at_their_place_whichever_statement_they_are_in() {
    let right = "@id(\"right\") permit (principal, action == Action::\"rfis.view\", resource) when { resource.closed };";
    let wrong = |id: &str| right.replace("right", id).replace("closed", "clsed");
    let text = format!(
        "// é\n{right} {}\n{right2}\n  {}",
        wrong("one"),
        wrong("two"),
        right2 = right.replace("right", "r2")
    );
    let error = fails(source().cedar("rules.cedar", text.as_str()));
    let places: Vec<(usize, usize)> = (error.all())
        .map(|error| (error.location().unwrap().line, error.location().unwrap().column))
        .collect();
    let columns = |line: usize, before: &str| {
        let line = text.lines().nth(line - 1).unwrap();
        let at = before.len() + line[before.len()..].find("resource.clsed").unwrap();
        line[..at].chars().count() + 1
    };
    assert_eq!(places, [(2, columns(2, right)), (4, columns(4, ""))]);
}

#[test]
fn a_schema_that_is_broken_or_names_unknown_types_is_refused_at_its_place() {
    let load = |text: &str| Source::new().schema("s.cedarschema", text).cedar("a.cedar", "");
    assert_fails(load("entity A {"), ErrorKind::SchemaSyntax, 1, "unexpected end");
    assert_fails(
        load("\nentity A in [B];"),
        ErrorKind::SchemaInvalid,
        2,
        "failed to resolve type",
    );
    assert_fails(
        load("@bailiwick(\"tenent\") entity A;"),
        ErrorKind::SchemaInvalid,
        1,
        "tenent",
    );
    let twice = "@bailiwick(\"tenant\") entity A;\n@bailiwick(\"tenant\") entity B;";
    assert_fails(load(twice), ErrorKind::SchemaInvalid, 2, "both A and B");
    assert_fails(
        load("@bailiwick(\"tenant\") action a;"),
        ErrorKind::SchemaInvalid,
        1,
        "tenant",
    );
}

#[test]
fn links_instantiate_templates_and_default_to_an_id_that_names_their_parts() {
    let links = r#"[{"template": "reader", "principal": "User::\"ana\"", "resource": {"type": "Project", "id": "p1"}}]"#;
    let policies =
        Policies::load(source().cedar("roles.cedar", TEMPLATE).links("links.json", links)).unwrap();
    assert_eq!(policies.policy_ids().collect::<Vec<_>>(), ["reader@ana@p1"]);
    assert_eq!(
        policies.origin("reader@ana@p1").unwrap().to_string(),
        "links.json:1"
    );
}

#[test]
fn links_that_cannot_be_made_are_refused_at_their_place() {
    let load = |links: &str| source().cedar("roles.cedar", TEMPLATE).links("links.json", links);
    let cases = [
        ("[\n{\"template\": \"nobody\"}]", ErrorKind::LinkInvalid, "nobody"),
        (
            "[\n{\"template\": \"reader\", \"principal\": \"User::\\\"a\\\"\"}]",
            ErrorKind::LinkInvalid,
            "reader",
        ),
        (
            "[\n{\"template\": \"reader\", \"user\": 1}]",
            ErrorKind::LinkInvalid,
            "user",
        ),
        (
            "[\n{\"template\": \"reader\", \"template\": \"reader\"}]",
            ErrorKind::JsonDuplicate,
            "template",
        ),
        ("[\n7]", ErrorKind::LinkInvalid, "object"),
        (
            "[\n{\"template\": \"reader\", \"principal\": \"ana\"}]",
            ErrorKind::EntityInvalid,
            "ana",
        ),
    ];
    for (links, kind, part) in cases {
        assert_fails(load(links), kind, 2, part);
    }
    let link = r#"{"template": "reader", "principal": "User::\"a\"", "resource": "Project::\"p\""}"#;
    assert_fails(
        load(&format!("[{link},\n{link}]")),
        ErrorKind::PolicyDuplicate,
        2,
        "links.json:1",
    );
}

#[test]
fn entities_that_do_not_conform_are_refused_at_their_place() {
    let load = |entities: &str| source().entities("entities.json", entities);
    let uid = r#""uid": {"type": "Project", "id": "p"}"#;
    let cases = [
        (
            format!("[\n{{{uid}, \"attrs\": {{\"closd\": true}}, \"parents\": []}}]"),
            ErrorKind::EntityInvalid,
            "closd",
        ),
        (
            format!("[\n{{{uid}, \"attrs\": {{}}, \"parents\": []}}]"),
            ErrorKind::EntityInvalid,
            "closed",
        ),
        (format!("[\n{{{uid}, {uid}}}]"), ErrorKind::JsonDuplicate, "uid"),
        (
            "[\n{\"uid\": {\"type\": \"Nobody\", \"id\": \"p\"}, \"attrs\": {}, \"parents\": []}]".to_owned(),
            ErrorKind::EntityInvalid,
            "Nobody",
        ),
        ("[\n3]".to_owned(), ErrorKind::EntityInvalid, "uid"),
    ];
    for (entities, kind, part) in cases {
        assert_fails(load(&entities), kind, 2, part);
    }
    let company = r#"{"uid": {"type": "Company", "id": "c"}, "attrs": {}, "parents": []}"#;
    assert_fails(
        load(&format!("[{company},\n{company}]")),
        ErrorKind::EntityDuplicate,
        2,
        "entities.json:1",
    );
}

fn chain(length: usize, closed: bool) -> String {
    let mut text = String::from("[");
    for index in 0..length {
        let parent = if index + 1 < length {
            index + 1
        } else if closed {
            0
        } else {
            length
        };
        write!(
            text,
            "{}{{\"uid\": {{\"type\": \"G\", \"id\": \"{index}\"}}, \"attrs\": {{}}, \"parents\": [{{\"type\": \"G\", \"id\": \"{parent}\"}}]}}",
            if index == 0 { "" } else { "," }
        )
        .unwrap();
    }
    text + "]"
}

#[test]
fn cycles_and_chains_of_ten_thousand_parents_are_refused() {
    let load = |entities: String| {
        Source::new()
            .schema("s.cedarschema", "entity G in [G];")
            .entities("entities.json", entities)
    };
    for length in [1, 2, 10_000] {
        assert_eq!(fails(load(chain(length, true))).kind(), ErrorKind::EntityCycle);
    }
    assert_eq!(fails(load(chain(10_000, false))).kind(), ErrorKind::LimitExceeded);
    assert!(Policies::load(load(chain(200, false))).is_ok());
}

#[test]
fn hostile_text_gets_an_error_on_a_small_stack() {
    let texts = [
        format!(
            "permit (principal, action, resource) when {{ {} }};",
            "(".repeat(100_000)
        ),
        format!(
            "permit (principal, action, resource) when {{ {}true }};",
            "!(".repeat(50_000)
        ),
        format!(
            "permit (principal, action, resource) when {{ {}true }};",
            "true && ".repeat(100_000)
        ),
        format!(
            "permit (principal, action, resource) when {{ {}true }};",
            "if true then true else ".repeat(50_000)
        ),
    ];
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(move || {
            for text in texts {
                assert_eq!(
                    fails(Source::new().cedar("x.cedar", text)).kind(),
                    ErrorKind::LimitExceeded
                );
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn text_at_the_limits_loads_from_a_small_stack() {
    let depth = crate::limits::MAX_POLICY_NESTING - 1;
    let texts = [
        format!(
            "permit (principal, action, resource) when {{ {}true{} }};",
            "(".repeat(depth),
            ")".repeat(depth)
        ),
        format!(
            "permit (principal, action, resource) when {{ {}true }};",
            "true && ".repeat(crate::limits::MAX_POLICY_OPERATORS - 1)
        ),
        format!(
            "permit (principal, action, resource) when {{ {}true }};",
            "if true then true else ".repeat(crate::limits::MAX_POLICY_CONDITIONALS)
        ),
    ];
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(move || {
            for text in texts {
                let loaded = Policies::load(Source::new().cedar("x.cedar", text));
                assert!(loaded.is_ok(), "{:?}", loaded.err());
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_directory_that_is_missing_or_empty_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let error = Policies::from_directory(dir.path().join("none")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    let error = Policies::from_directory(dir.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    std::fs::write(dir.path().join("a.cedar"), b"\xff").unwrap();
    assert_eq!(
        Policies::from_directory(dir.path()).err().unwrap().kind(),
        ErrorKind::NotUtf8
    );
    std::fs::create_dir(dir.path().join("b.cedar")).unwrap();
    std::fs::remove_file(dir.path().join("a.cedar")).unwrap();
    assert_eq!(
        Policies::from_directory(dir.path()).err().unwrap().kind(),
        ErrorKind::Io
    );
}

#[test]
fn scopes_cover_their_group_with_nested_groups() {
    let policies = Policies::load(source()).unwrap();
    let vocabulary = policies.vocabulary();
    let view = vocabulary.action("rfis.view").unwrap();
    let close = vocabulary.action("rfis.close").unwrap();
    let covered = |scope: &str, action| vocabulary.scope(scope).unwrap().contains(action);
    assert!(covered("rfis:write", view) && covered("rfis:write", close));
    assert!(covered("rfis:read", view) && !covered("rfis:read", close));
    assert_eq!(vocabulary.scopes_covering(view), ["rfis:read", "rfis:write"]);
    assert!(
        vocabulary.scope("rfis.view").is_none(),
        "an action that is no scope covers nothing"
    );
    assert!(vocabulary.scope("RFIS:READ").is_none());
    assert_eq!(vocabulary.action(r#"Action::"rfis.view""#), Some(view));
}

#[test]
fn a_scope_is_covered_by_others_that_cover_its_actions_whatever_the_groups_are() {
    let schema = r#"
        entity User; entity Rfi;
        @bailiwick("scope") action all;
        @bailiwick("scope") action read;
        @bailiwick("scope") action nothing;
        @bailiwick("scope") action write in [all];
        action view in [read, all] appliesTo { principal: User, resource: Rfi };
        action close in [write] appliesTo { principal: User, resource: Rfi };"#;
    let source = Source::new().schema("s.cedarschema", schema);
    let policies = Policies::load(source).unwrap();
    let vocabulary = policies.vocabulary();
    let is_covered = |scope: &str, by: &[&str]| vocabulary.is_covered(scope, by.iter().copied());
    // `read` is not in the group `all`, but what it covers is.
    assert!(is_covered("read", &["all"]) && is_covered("write", &["all"]));
    assert!(is_covered("all", &["read", "write"]));
    assert!(!is_covered("all", &["read"]) && !is_covered("read", &["write"]));
    assert!(!is_covered("read", &[]) && !is_covered("read", &["unknown"]));
    assert!(!is_covered("nothing", &["all"]) && !is_covered("unknown", &["all"]));
}

#[test]
fn the_parts_that_types_play_come_from_annotations() {
    let policies = Policies::load(source()).unwrap();
    let vocabulary = policies.vocabulary();
    assert_eq!(vocabulary.tenant_type(), Some("Company"));
    assert_eq!(vocabulary.project_type(), Some("Project"));
    assert_eq!(vocabulary.user_type(), Some("User"));
    assert_eq!(vocabulary.app_type(), None);
}

#[test]
fn declared_types_resolve_through_common_types_and_namespaces() {
    let schema = r#"
        type Money = { amount: Long, currency: String };
        namespace N {
            type Due = { at: datetime, cost?: Money };
            entity Y;
            entity X in [Y] { due: Due, y: Set<Y>, from: __cedar::ipaddr } tags Long;
            action go appliesTo { principal: Y, resource: X, context: Due };
        }"#;
    let policies = Policies::load(Source::new().schema("s.cedarschema", schema)).unwrap();
    let vocabulary = policies.vocabulary();
    let shape = vocabulary.attributes("N::X").unwrap();
    assert_eq!(
        shape.attribute("y"),
        Some((&Shape::Set(Box::new(Shape::Entity("N::Y".into()))), true))
    );
    assert_eq!(shape.attribute("from"), Some((&Shape::Ip, true)));
    let go = vocabulary.action("go").unwrap();
    assert!(vocabulary.applies(go, "N::Y", "N::X") && !vocabulary.applies(go, "N::X", "N::X"));
    assert_eq!(
        vocabulary.context(go).unwrap().attribute("at"),
        Some((&Shape::Datetime, true))
    );
}

#[test]
fn an_entity_brought_along_is_checked_against_the_schema() {
    let policies = Policies::load(source()).unwrap();
    let check = |entity: Entity<'_>| {
        policies
            .vocabulary()
            .check_entity(&entity)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        check(
            Entity::new("Project", "p")
                .parent("Company", "c")
                .attr("closed", false)
        ),
        Ok(())
    );
    for (entity, part) in [
        (Entity::new("Project", "p").attr("closed", "false"), "Bool"),
        (Entity::new("Project", "p"), "missing"),
        (
            Entity::new("Project", "p")
                .attr("closed", false)
                .parent("User", "u"),
            "cannot be in",
        ),
        (
            Entity::new("Project", "p").attr("closed", false).tag("t", 1),
            "no tags",
        ),
        (Entity::new("Rfi", "1"), "no entity type"),
    ] {
        assert!(check(entity).unwrap_err().contains(part));
    }
}
