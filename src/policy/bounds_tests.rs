use super::*;
use crate::policy::source::{Kind, Source};

fn document(text: &str) -> Document {
    Source::new()
        .cedar("t.cedar", text)
        .of(Kind::Cedar)
        .next()
        .unwrap()
        .clone()
}

fn cut(text: &str) -> Vec<String> {
    statements(&document(text))
        .unwrap()
        .iter()
        .map(|s| text[s.start..s.end].to_owned())
        .collect()
}

#[test]
fn statements_end_at_semicolons_outside_of_strings_comments_and_brackets() {
    let text =
        "// a; b\npermit (principal, action, resource) when { \"x;\\\"y;\" == [1;2] };\n forbid ; // tail;";
    assert_eq!(
        cut(text),
        [
            "permit (principal, action, resource) when { \"x;\\\"y;\" == [1;2] };",
            "forbid ;"
        ]
    );
}

#[test]
fn text_without_a_final_semicolon_is_a_statement_of_its_own() {
    assert_eq!(cut("permit; forbid"), ["permit;", "forbid"]);
    assert_eq!(cut("\"never ends; "), ["\"never ends; "]);
    assert!(cut(" // nothing\n").is_empty());
}

#[test]
fn slots_make_a_template_unless_they_stand_in_a_string() {
    let statements = statements(&document(
        "permit (principal == ?principal); permit (\"?principal\");",
    ))
    .unwrap();
    assert_eq!(
        statements.iter().map(|s| s.template).collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn nesting_chains_and_conditionals_beyond_the_limits_are_refused_at_their_place() {
    let cases = [
        "(".repeat(100_000),
        "[".repeat(MAX_POLICY_NESTING + 1),
        "!(".repeat(100_000),
        "true && ".repeat(MAX_POLICY_OPERATORS + 1),
        "if true then 1 else ".repeat(MAX_POLICY_CONDITIONALS + 1),
        "a.b".repeat(100_000),
    ];
    for text in cases {
        let error = statements(&document(&text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        assert_eq!(error.location().unwrap().line, 1);
        assert!(error.help_text().is_some());
    }
}

#[test]
fn a_policy_longer_than_the_limit_is_refused() {
    let text = format!("permit (\"{}\");", "x".repeat(MAX_POLICY_BYTES));
    assert_eq!(
        statements(&document(&text)).unwrap_err().kind(),
        ErrorKind::LimitExceeded
    );
}

#[test]
fn nested_generics_of_a_schema_are_bounded() {
    let text = format!(
        "entity A {{ x: {}Long{} }};",
        "Set<".repeat(10_000),
        ">".repeat(10_000)
    );
    assert_eq!(
        schema(&document(&text)).unwrap_err().kind(),
        ErrorKind::LimitExceeded
    );
    assert!(schema(&document("entity A { x: Set<Set<Long>> };")).is_ok());
}
