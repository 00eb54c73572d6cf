use super::super::bounds;
use super::super::source::{Kind, Source};
use super::*;

const STATEMENTS: &str = r#"
    // Before the first.
    @id("scopes") @note("a \"quoted\" text") @bare
    permit (principal is User in Group::"staff", action in [Action::"view", Action::"edit"], resource == Photo::"a b");
    forbid (principal, action, resource) unless { resource has owner.name && resource.owner.name != "ana" };
    @id("filled") permit (principal == ?principal, action, resource in ?resource) when { context.level > 3 };
    @id("words") permit (principal, action == A::B::Action::"x", resource is Ns::Photo)
    when { if principal is User then principal.age >= -5 * 2 else ["a", "b"].containsAny([context.text]) }
    unless { context.text like "a*\*b" || ip("10.0.0.1").isInRange(context.net) };
    @id("values")
    permit (principal, action, resource)
    when { {a: 1, "b c": [decimal("1.5"), datetime("2024-01-01")]} == context.record && resource.getTag("t").isEmpty() };
    // After the last.
"#;

fn parsed(document: &Document, together: bool) -> Vec<Parsed> {
    let mut statements = bounds::statements(document).unwrap();
    for statement in &mut statements {
        statement.deep = !together;
    }
    let indexed: Vec<_> = statements.iter().enumerate().collect();
    assert_eq!(super::together(document, &indexed).is_some(), together);
    let read = read(document, &indexed).into_iter();
    read.map(|parsed| parsed.unwrap_or_else(|_| panic!("{} does not parse", document.label())))
        .collect()
}

fn seen(parsed: &Parsed) -> (String, &pst::Template, String) {
    let form = match &parsed.form {
        Form::Policy(policy) => AsRef::<ast::Policy>::as_ref(policy).to_string(),
        Form::Template(template) => AsRef::<ast::Template>::as_ref(template).to_string(),
    };
    (parsed.id().to_owned(), &parsed.tree, form)
}

#[test]
fn statements_that_are_read_together_are_those_that_are_read_alone() {
    let source = Source::new().cedar("rules.cedar", STATEMENTS);
    let construction = Source::directory("policies/construction").unwrap();
    for document in source.of(Kind::Cedar).chain(construction.of(Kind::Cedar)) {
        let (together, alone) = (parsed(document, true), parsed(document, false));
        assert_eq!(together.len(), alone.len());
        for (one, other) in together.iter().zip(&alone) {
            assert_eq!(seen(one), seen(other));
            let places = (one.counted_from, other.counted_from);
            assert!(places.0 <= places.1, "{places:?}");
        }
    }
}
