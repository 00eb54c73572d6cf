use std::sync::Arc;

use crate::compile::lower;
use crate::compile::program::Template;
use crate::compile::{render, tree};
use crate::entities::graph::Graph;

fn lowered(condition: &str, graph: &mut Graph) -> Template {
    let text = format!("permit (principal, action, resource) when {{ {condition} }};");
    let policy: cedar_policy::Policy = text.parse().unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let cedar_policy::pst::Policy::Static(policy) = policy.to_pst().unwrap() else {
        panic!("a static policy");
    };
    lower::template(policy.body(), Arc::from(text), graph).unwrap()
}

fn rendered(condition: &str, graph: &mut Graph) -> String {
    let template = lowered(condition, graph);
    let condition = template.condition.as_ref().unwrap();
    let tree = tree::read(condition);
    let clause = tree.clauses.first().unwrap();
    render::expression(condition, &tree, clause.expression, 10_000)
}

const EXPRESSIONS: [&str; 44] = [
    "true",
    "context.mfa",
    "principal == resource.owner",
    r#"context["a b"].c["if"].d"#,
    r#"context has a.b.c && context has "x y""#,
    "context.a && context.b && context.c",
    "context.a && (context.b && context.c)",
    "context.a || context.b && !context.c",
    "(context.a || context.b) && context.c",
    "!(context.a && context.b)",
    "!(!context.a)",
    "!context.a == false",
    "-context.n + 1 < 2 * (3 - context.n)",
    "-(5) == context.n",
    "context.n - (1 - 2) - 3 > -9",
    "(context.a == 1) == true",
    "if context.a then context.b else context.c == 3",
    "(if context.a then context.b else context.c) && (if true then false else true)",
    "if context.a then if context.b then context.c else context.d else if context.e then context.f else context.g",
    "principal in resource",
    r#"principal in Group::"g""#,
    r#"principal in [Group::"g", Group::"h\"\\"]"#,
    "principal in [principal, resource]",
    r#"principal is User in Group::"g""#,
    "principal is Org::User in resource.owner",
    r#"principal is User in [Group::"g", Group::"h"]"#,
    "resource is Doc",
    r#"(if context.a then principal else resource) is User in Group::"g" && context.b"#,
    "[1, 2, 3].contains(context.n)",
    r#"context.set.containsAll(["a", "b"]) || context.set.containsAny([context.n, 1]) || context.set.isEmpty()"#,
    r#"principal.getTag("t") == 3 && principal.hasTag(context.name)"#,
    r#"context.name like "a*b\*c\"" && context.name like "*" && context.name like "x""#,
    r#"{a: context.n, "b c": [context.n]} == {a: 1, "b c": [1]}"#,
    r#"{a: 1}.a == 1"#,
    r#"ip(context.ip).isInRange(ip("10.0.0.0/8")) && ip("::1").isIpv6()"#,
    r#"ip("no ip").isLoopback()"#,
    r#"decimal("1.5").lessThan(context.d) || context.d.greaterThanOrEqual(decimal("2.0"))"#,
    r#"datetime("2024-01-01T12:00:00Z").offset(duration("1h")).toDate() < context.t"#,
    r#"context.t.durationSince(datetime("2024-01-01")).toSeconds() > 3 && context.span.toDays() == 1"#,
    r#"action == Action::"view" || action in Action::"all""#,
    r#""é\n\u{1F600}" == context.name && "it's" != context.name"#,
    "9223372036854775807 > context.n && -9223372036854775808 < context.n",
    "context.a.b.c.d.e == context.f",
    "(1 + 2).foo == 3",
];

#[test]
fn an_expression_that_is_read_back_means_what_it_was_made_from() {
    for expression in EXPRESSIONS {
        let mut graph = Graph::new();
        let text = rendered(expression, &mut graph);
        // Handles are numbered in the order of mention, so the same graph gives the same ones.
        let (before, after) = (lowered(expression, &mut graph), lowered(&text, &mut graph));
        assert_eq!(before.condition, after.condition, "{expression}\n{text}");
    }
}

#[test]
fn no_more_brackets_are_written_than_needed() {
    let mut graph = Graph::new();
    for expression in [
        "context.a && context.b && context.c",
        "context.a && (context.b && context.c)",
        "context.a || context.b && !context.c",
        "-context.n + 1 < 2 * (3 - context.n)",
        r#"principal is User in Group::"g""#,
        r#"ip(context.ip).isInRange(ip("10.0.0.0/8"))"#,
        r#"context.from == ip("10.0.0.1") || context.span == duration("1h30m") || "it's" != context.name"#,
        r#"context["a b"].c["if"].d && context has a.b"#,
    ] {
        assert_eq!(rendered(expression, &mut graph), expression);
    }
}

#[test]
fn long_and_deep_expressions_are_cut_and_need_no_deep_stack() {
    let long = vec!["context.a == 1"; 900].join(" && ");
    let mut deep = "context.a".to_owned();
    for _ in 0..60 {
        deep = format!("[{deep}]");
    }
    let sums = format!("{} > 0", vec!["context.n"; 900].join(" + "));
    let on_large_stack = |text: String| {
        let build = move || {
            let mut graph = Graph::new();
            let template = lowered(&text, &mut graph);
            template.condition.unwrap()
        };
        let thread = std::thread::Builder::new().stack_size(64 << 20);
        thread.spawn(build).unwrap().join().unwrap()
    };
    for text in [long, format!("{deep} == context.b"), sums] {
        let condition = on_large_stack(text);
        let read = move || {
            let tree = tree::read(&condition);
            let clause = tree.clauses.first().copied().unwrap();
            render::expression(&condition, &tree, clause.expression, 240)
        };
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let text = thread.spawn(read).unwrap().join().unwrap();
        assert!(text.chars().count() <= 241 && text.contains('…'), "{text}");
    }
}
