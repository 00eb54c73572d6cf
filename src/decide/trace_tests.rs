use super::*;
use crate::value::{Context, Entity, EntityRef, Record, Value};

fn authorizer(policies: &str) -> Authorizer {
    Authorizer::compile(&policies.parse().unwrap(), None).unwrap()
}

fn explain(policies: &str, context: &Context<'_>) -> Trace {
    let (ana, view) = (EntityRef::new("User", "ana"), EntityRef::new("Action", "view"));
    authorizer(policies).explain(&Request::new(ana, view, EntityRef::new("Doc", "d"), context))
}

fn context(json: serde_json::Value) -> Context<'static> {
    Context::from_json(&json).unwrap()
}

/// What the one condition of the one candidate says.
fn told(condition: &str, json: serde_json::Value) -> String {
    let trace = explain(
        &format!("permit (principal, action, resource) {condition};"),
        &context(json),
    );
    let [policy] = trace.policies.as_slice() else {
        panic!("{trace:?}");
    };
    policy.conditions[0].to_string()
}

#[test]
fn the_part_that_decided_is_named_with_the_values_it_looked_at() {
    use serde_json::json;
    for (condition, json, expected) in [
        (
            "when { context.mfa == true }",
            json!({"mfa": false}),
            "when context.mfa == true (context.mfa was false)",
        ),
        (
            "when { context.a && context.b > 3 && context.c }",
            json!({"a": true, "b": 2, "c": true}),
            "when context.a && context.b > 3 && context.c: context.b > 3 is false (context.b was 2)",
        ),
        (
            "unless { context.a || context.b }",
            json!({"a": false, "b": true}),
            "unless context.a || context.b: context.b is true",
        ),
        (
            "when { !(context.a && context.b) }",
            json!({"a": true, "b": true}),
            "when !(context.a && context.b): context.a && context.b is true (context.a was true, context.b was true)",
        ),
        (
            "when { if context.a then context.b == 1 else context.c == 2 }",
            json!({"a": false, "b": 1, "c": 3}),
            "when if context.a then context.b == 1 else context.c == 2: context.c == 2 is false (context.c was 3)",
        ),
        (
            "when { if context.a then false else true }",
            json!({"a": true}),
            "when if context.a then false else true (context.a was true)",
        ),
        (
            "when { context.a.b.c == context.list }",
            json!({"a": {"b": {"c": 1}}, "list": [1, "x"]}),
            "when context.a.b.c == context.list (context.a.b.c was 1, context.list was [1, \"x\"])",
        ),
        (
            "when { context has a.b && context.a.b }",
            json!({"a": {}}),
            "when context has a.b && context.a.b: context has a.b is false",
        ),
        (
            "when { principal is User in Group::\"g\" && context.a }",
            json!({"a": true}),
            "when principal is User in Group::\"g\" && context.a: principal is User in Group::\"g\" is false",
        ),
        (
            "when { principal is Team in Group::\"g\" }",
            json!({}),
            "when principal is Team in Group::\"g\"",
        ),
    ] {
        assert_eq!(told(condition, json), expected);
    }
}

#[test]
fn what_cannot_be_evaluated_is_named() {
    use serde_json::json;
    for (condition, json, expected) in [
        (
            "when { true && context.mfa == true }",
            json!({}),
            "when true && context.mfa == true: context.mfa cannot be evaluated",
        ),
        (
            "when { context.n && true }",
            json!({"n": 3}),
            "when context.n && true (context.n was 3)",
        ),
        (
            "when { true && context.n }",
            json!({"n": 3}),
            "when true && context.n (context.n was 3)",
        ),
        (
            "when { context.n }",
            json!({"n": 3}),
            "when context.n (context.n was 3)",
        ),
        (
            "when { if context.n then true else false }",
            json!({"n": 3}),
            "when if context.n then true else false (context.n was 3)",
        ),
        (
            "when { context.a.b == 1 }",
            json!({"a": {"c": 2}}),
            "when context.a.b == 1: context.a.b cannot be evaluated (context.a was {c: 2})",
        ),
        (
            "when { context.n + 9223372036854775807 == 1 || true }",
            json!({"n": 3}),
            "when context.n + 9223372036854775807 == 1 || true: context.n + 9223372036854775807 cannot be evaluated \
             (context.n was 3)",
        ),
        (
            "when { context.n is User in Group::\"g\" }",
            json!({"n": 3}),
            "when context.n is User in Group::\"g\" (context.n was 3)",
        ),
        (
            "when { ip(\"nowhere\").isIpv4() }",
            json!({}),
            "when ip(\"nowhere\").isIpv4(): ip(\"nowhere\") cannot be evaluated",
        ),
    ] {
        assert_eq!(told(condition, json.clone()), expected);
        let trace = explain(
            &format!("permit (principal, action, resource) {condition};"),
            &context(json),
        );
        let policy = &trace.policies[0];
        assert_eq!(policy.outcome, PolicyOutcome::Fails);
        assert_eq!(policy.conditions[0].outcome, ConditionOutcome::Fails);
        assert!(policy.error.is_some());
    }
}

#[test]
fn conditions_after_the_one_that_decided_are_not_reached_and_every_one_has_its_place() {
    let policy = "permit (principal, action, resource)\nwhen { context.a }\nunless { context.b ||\n context.c }\nwhen { context.d };";
    let trace = explain(
        policy,
        &context(serde_json::json!({"a": true, "b": false, "c": true})),
    );
    let conditions = &trace.policies[0].conditions;
    let outcomes: Vec<_> = conditions.iter().map(|condition| condition.outcome).collect();
    assert_eq!(
        outcomes,
        [
            ConditionOutcome::Holds,
            ConditionOutcome::DoesNotHold,
            ConditionOutcome::NotReached
        ]
    );
    let places: Vec<_> = conditions
        .iter()
        .map(|condition| condition.place.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(places, ["2:1", "3:1", "5:1"]);
    let deciding = conditions[1].decided_by.as_ref().unwrap();
    assert_eq!(
        (deciding.expression.as_str(), deciding.value),
        ("context.c", Some(true))
    );
    assert_eq!(deciding.place.as_ref().unwrap().to_string(), "4:2");
    assert_eq!(
        trace.close[0].lacks,
        ["its condition does not hold: unless context.b || context.c: context.c is true"]
    );
}

#[test]
fn candidates_stand_in_order_and_a_forbid_leaves_nothing_close() {
    let trace = explain(
        r#"permit (principal, action, resource) when { context.a };
           permit (principal, action, resource) when { context.missing };
           forbid (principal, action, resource) unless { context.b };
           permit (principal, action, resource) unless { context.a };
           permit (principal == User::"bob", action, resource);"#,
        &context(serde_json::json!({"a": true, "b": false})),
    );
    let found: Vec<_> = trace
        .policies
        .iter()
        .map(|policy| (policy.id.as_str(), policy.effect, policy.outcome))
        .collect();
    assert_eq!(
        found,
        [
            ("policy0", Effect::Permit, PolicyOutcome::Applies),
            ("policy2", Effect::Forbid, PolicyOutcome::Applies),
            ("policy1", Effect::Permit, PolicyOutcome::Fails),
            ("policy3", Effect::Permit, PolicyOutcome::DoesNotApply),
        ]
    );
    assert!(!trace.allowed && trace.close.is_empty());
}

#[test]
fn tags_and_attributes_of_entities_are_told_and_secrets_are_not() {
    let ana = EntityRef::new("User", "ana");
    let mut entity = Entity::new("User", "ana");
    entity = entity
        .attr("api_token", Value::from("hunter2"))
        .attr("bearer", Value::from("eyJhbGciOiJub25lIn0.e30.c2ln"))
        .tag("level", Value::from(4));
    let authorizer = authorizer(
        r#"permit (principal, action, resource)
           when { principal.api_token == context.other || principal.bearer == "x" || principal.getTag("level") > 5 };"#,
    );
    let context = context(serde_json::json!({"other": "x"}));
    let entities = [entity];
    let trace = authorizer.explain(&Request::new(ana, ana, ana, &context).with_entities(&entities));
    let seen: Vec<_> = trace.policies[0].conditions[0]
        .seen
        .iter()
        .map(|seen| (seen.expression.as_str(), seen.value.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("principal.api_token", "(hidden)"),
            ("context.other", "\"x\""),
            ("principal.bearer", "(hidden)"),
            ("principal.getTag(\"level\")", "4"),
        ]
    );
}

#[test]
fn an_explanation_is_bounded() {
    let condition = "when { context.text != \"x\" }";
    let long = format!("permit (principal, action, resource) {};", condition.repeat(100));
    let mut policies: Vec<String> = (0..200)
        .map(|_| format!("permit (principal, action, resource) {condition} when {{ false }};"))
        .collect();
    policies.push(long);
    let text = "y".repeat(1 << 20);
    let context: Record<'_> = [("text".to_owned(), Value::from(text))].into_iter().collect();
    let trace = explain(&policies.concat(), &context);
    assert!(trace.allowed);
    assert_eq!(trace.policies.len() + trace.left_out, 201);
    assert!(trace.policies.len() <= MAX_TRACED);
    assert_eq!(trace.policies[0].conditions.len(), 32);
    assert!(serde_json::to_string(&trace).unwrap().len() < 2 * MAX_TEXT);
    let mut failing = condition.repeat(100);
    failing.push_str("when { context.text == \"x\" }");
    let trace = explain(
        &format!("permit (principal, action, resource) {failing};"),
        &context,
    );
    let last = trace.policies[0].conditions.last().unwrap();
    assert_eq!(
        last.outcome,
        ConditionOutcome::DoesNotHold,
        "what decided is told"
    );
}

#[test]
fn the_closest_permits_are_found_among_very_many() {
    let mut edit =
        authorizer(r#"permit (principal == User::"bob", action == Action::"edit", resource == Doc::"d");"#)
            .edit();
    edit.add_template(
        "reader",
        "permit (principal == ?principal, action == Action::\"view\", resource == ?resource) when { context.a };",
    )
    .unwrap();
    let user = |n: usize| format!("u{n}");
    for n in 0..30_000 {
        let (id, user, doc) = (format!("l{n}"), user(n % 1_000), format!("d{n}"));
        edit.link(
            "reader",
            &id,
            Some(EntityRef::new("User", &user)),
            Some(EntityRef::new("Doc", &doc)),
        )
        .unwrap();
    }
    edit.link(
        "reader",
        "last",
        Some(EntityRef::new("User", "cho")),
        Some(EntityRef::new("Doc", "d29999")),
    )
    .unwrap();
    let authorizer = edit.commit();
    let context = context(serde_json::json!({"a": true}));
    let close = |user: &str, action: &str, doc: &str| -> (Vec<String>, bool) {
        let trace = authorizer.explain(&Request::new(
            EntityRef::new("User", user),
            EntityRef::new("Action", action),
            EntityRef::new("Doc", doc),
            &context,
        ));
        assert!(!trace.allowed);
        let close = trace.close.into_iter();
        (
            close
                .map(|policy| format!("{}: {}", policy.id, policy.lacks.join("; ")))
                .collect(),
            trace.close_is_partial,
        )
    };
    assert_eq!(
        close("cho", "view", "d1"),
        (
            vec![
                "last: the resource is not Doc::\"d29999\"".to_owned(),
                "l1: the principal is not User::\"u1\"".to_owned(),
            ],
            false
        )
    );
    assert_eq!(
        close("u5", "edit", "d29005").0.first().unwrap(),
        "l29005: it is for Action::\"view\""
    );
    assert_eq!(
        close("ann", "edit", "d").0,
        ["policy0: the principal is not User::\"bob\""]
    );
}
