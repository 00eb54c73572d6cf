use super::*;

fn read(text: &str) -> Result<(), ErrorKind> {
    object("claims", text.as_bytes(), 4)
        .map(drop)
        .map_err(|error| error.kind())
}

#[test]
fn a_member_named_twice_is_refused_at_every_level_and_through_escapes() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"x":{"a":1,"a":2}}"#,
        r#"{"x":[[{"a":1,"a":2}]]}"#,
    ] {
        assert_eq!(read(text), Err(ErrorKind::TokenMalformed), "{text}");
    }
    assert_eq!(read(r#"{"a":{"a":1},"A":2}"#), Ok(()));
}

#[test]
fn more_members_than_the_limit_are_refused() {
    assert_eq!(read(r#"{"a":1,"b":1,"c":1,"d":1}"#), Ok(()));
    assert_eq!(
        read(r#"{"a":1,"b":1,"c":1,"d":1,"e":1}"#),
        Err(ErrorKind::TokenTooLarge)
    );
    assert_eq!(
        read(r#"{"x":{"a":1,"b":1,"c":1,"d":1,"e":1}}"#),
        Err(ErrorKind::TokenTooLarge)
    );
}

#[test]
fn nesting_beyond_the_limit_is_refused_on_a_small_stack() {
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(|| {
            let nested = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
            assert_eq!(read(&nested(MAX_JSON_DEPTH)), Ok(()));
            assert_eq!(read(&nested(MAX_JSON_DEPTH + 1)), Err(ErrorKind::TokenTooLarge));
            assert_eq!(read(&nested(3_000)), Err(ErrorKind::TokenTooLarge));
            let arrays = format!("{{\"a\":{}{}}}", "[".repeat(3_000), "]".repeat(3_000));
            assert_eq!(read(&arrays), Err(ErrorKind::TokenTooLarge));
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn anything_but_one_strict_json_object_is_malformed() {
    for text in [
        "",
        "null",
        "[]",
        "\"a\"",
        "7",
        "{}{}",
        "{} x",
        "{",
        "{\"a\":}",
        "{\"a\":01}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":NaN}",
        "{\"a\":1e999}",
        "\u{feff}{}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\ud800\"}",
        "{'a':1}",
    ] {
        assert_eq!(read(text), Err(ErrorKind::TokenMalformed), "{text:?}");
    }
    let latin1 = object("claims", b"{\"a\":\"\xe4\"}", 4);
    assert_eq!(latin1.map(drop).unwrap_err().kind(), ErrorKind::TokenMalformed);
}

#[test]
fn no_error_repeats_the_text() {
    let hostile = r#"{"hunter2":1,"hunter2":1}"#;
    let error = object("claims", hostile.as_bytes(), 4).map(drop).unwrap_err();
    assert!(!error.report().contains("hunter2"), "{}", error.report());
}

#[test]
fn escapes_are_read_and_plain_text_is_borrowed() {
    let members = object("claims", br#"{"a":"\u0041","b":"plain"}"#, 4).unwrap();
    assert!(matches!(members.get("a"), Some(Json::Text(Cow::Owned(text))) if text == "A"));
    assert!(matches!(
        members.get("b"),
        Some(Json::Text(Cow::Borrowed("plain")))
    ));
}

#[test]
fn numbers_beyond_64_bits_are_fractions_not_wrapped_integers() {
    let members = object("claims", b"{\"a\":9223372036854775808,\"b\":-1,\"c\":1e3}", 4).unwrap();
    assert!(matches!(members.get("a"), Some(Json::Fraction(_))));
    assert!(matches!(members.get("b"), Some(Json::Integer(-1))));
    assert!(matches!(members.get("c"), Some(Json::Fraction(_))));
}
