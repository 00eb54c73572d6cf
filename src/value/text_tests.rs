use super::*;
use crate::value::{EntityUid, Record, literal};

fn shown(value: &Value<'_>) -> String {
    let mut out = Short::new(60);
    write(value, &mut out);
    out.finish()
}

#[test]
fn values_are_written_as_a_policy_would_write_them() {
    let record: Record<'_> = [
        ("a", Value::from(1)),
        ("in", Value::from("it's \"so\"\n")),
        ("b c", Value::Set(vec![Value::Bool(true)])),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for (value, expected) in [
        (Value::from(-3), "-3"),
        (Value::Entity(EntityUid::new("A::B", "x\"y")), r#"A::B::"x\"y""#),
        (
            Value::Ip(literal::ip("10.0.0.0/8").unwrap()),
            r#"ip("10.0.0.0/8")"#,
        ),
        (
            Value::Record(record),
            r#"{a: 1, "in": "it's \"so\"\n", "b c": [true]}"#,
        ),
        (Value::Ip(literal::ip("::1").unwrap()), r#"ip("::1")"#),
        (
            Value::Decimal(literal::decimal("10.50").unwrap()),
            r#"decimal("10.5")"#,
        ),
        (
            Value::Datetime(crate::value::Datetime(253_402_300_800_000)),
            r#"datetime("1970-01-01").offset(duration("2932897d"))"#,
        ),
        (
            Value::Decimal(literal::decimal("-10.0").unwrap()),
            r#"decimal("-10.0")"#,
        ),
        (
            Value::Duration(literal::duration("-90m").unwrap()),
            r#"duration("-1h30m")"#,
        ),
        (
            Value::Duration(literal::duration("0s").unwrap()),
            r#"duration("0ms")"#,
        ),
        (Value::Set(Vec::new()), "[]"),
    ] {
        assert_eq!(shown(&value), expected);
    }
}

#[test]
fn what_is_long_or_deep_is_cut() {
    assert_eq!(
        shown(&Value::from("x".repeat(100_000))),
        format!("\"{}…", "x".repeat(59))
    );
    let many = Value::Set((0..1_000_000).map(Value::from).collect());
    assert!(shown(&many).ends_with('…') && shown(&many).chars().count() == 61);
    let deep = (0..40).fold(Value::from(1), |inner, _| Value::Set(vec![inner]));
    assert_eq!(shown(&deep), "[[[[[[…]]]]]]");
}

#[test]
fn texts_that_may_be_secrets_are_hidden() {
    for secret in [
        format!("bws_{}", "A1".repeat(24)),
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbmEifQ.c2ln".to_owned(),
        "-----BEGIN PRIVATE KEY-----".to_owned(),
    ] {
        assert_eq!(shown(&Value::from(secret.clone())), HIDDEN);
        assert_eq!(
            shown(&Value::Set(vec![Value::from(secret)])),
            format!("[{HIDDEN}]")
        );
    }
    let record: Record<'_> = [
        ("clientSecret", Value::from("hunter2")),
        ("has_token", Value::from(true)),
        ("token_type", Value::from("jwt")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let text = shown(&Value::Record(record));
    assert_eq!(
        text,
        r#"{clientSecret: (hidden), has_token: true, token_type: "jwt"}"#
    );
}
