use serde_json::json;

use super::*;
use crate::ErrorKind;

#[test]
fn setting_a_name_again_replaces_its_value() {
    let mut record = Record::new().with("a", 1).with("b", 2);
    assert_eq!(record.set("a", 3), Some(Value::Long(1)));
    assert_eq!(record, Record::new().with("b", 2).with("a", 3));
}

#[test]
fn uids_are_read_in_cedars_form_and_printed_back() {
    let uid: EntityUid<'_> = r#"Platform::Rfi::"4\"2""#.parse().unwrap();
    assert_eq!((uid.type_name(), uid.id()), ("Platform::Rfi", "4\"2"));
    assert_eq!(uid.to_string(), r#"Platform::Rfi::"4\"2""#);
}

#[test]
fn text_that_is_no_uid_is_refused() {
    let deep = "(".repeat(100_000);
    for text in [
        "",
        "Rfi",
        "Rfi::42",
        "Rfi:\"42\"",
        "Rfi::\"42",
        "Rfi::\"42\" x",
        "::\"42\"",
        "a b::\"c\"",
        &deep[..3000],
    ] {
        assert_eq!(
            text.parse::<EntityUid<'_>>().unwrap_err().kind(),
            ErrorKind::EntityInvalid,
            "{text}"
        );
    }
    assert_eq!(
        deep.parse::<EntityUid<'_>>().unwrap_err().kind(),
        ErrorKind::LimitExceeded
    );
}

#[test]
fn values_come_from_cedars_json() {
    let context = Record::from_json(&json!({
        "mfa": true, "n": -3, "name": "x", "who": {"__entity": {"type": "User", "id": "ana"}},
        "tags": ["a", "b"], "nested": {"deep": 1}
    }))
    .unwrap();
    assert_eq!(
        context.get("who"),
        Some(&Value::Entity(EntityUid::new("User", "ana")))
    );
    assert_eq!(
        context.get("nested"),
        Some(&Value::Record(Record::new().with("deep", 1)))
    );
}

#[test]
fn json_that_is_no_cedar_value_is_refused_by_name() {
    for json in [
        json!(null),
        json!(1.5),
        json!({"__entity": 1}),
        json!({"__extn": {"fn": "eval", "arg": ""}}),
        json!({"__entity": {"type": "A", "id": "b"}, "more": 1}),
        json!(u64::MAX),
    ] {
        let error = Record::from_json(&json!({ "culprit": json })).unwrap_err();
        assert!(error.message().contains("culprit"), "{error}");
    }
}

#[test]
fn an_entity_with_an_unknown_member_is_refused() {
    let json = json!({"uid": {"type": "A", "id": "b"}, "attributes": {}});
    assert_eq!(
        Entity::from_json(&json).unwrap_err().kind(),
        ErrorKind::JsonInvalid
    );
}
