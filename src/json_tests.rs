use super::*;

#[test]
fn a_member_named_twice_is_refused_with_its_place() {
    let error = parse("context.json", b"{\n  \"role\": 1,\n  \"role\": 2\n}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JsonDuplicate);
    assert_eq!(error.location().unwrap().line, 3);
    assert!(error.message().contains("role"));
}

#[test]
fn a_member_named_twice_is_refused_at_every_level_and_through_escapes() {
    for text in [r#"[{"a":{"b":1,"b":2}}]"#, r#"{"a":1,"\u0061":2}"#] {
        assert_eq!(
            parse("", text.as_bytes()).unwrap_err().kind(),
            ErrorKind::JsonDuplicate,
            "{text}"
        );
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused_on_a_small_stack() {
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(|| {
            for depth in [MAX_JSON_DEPTH + 1, 100_000] {
                let arrays = "[".repeat(depth) + &"]".repeat(depth);
                let objects = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
                for text in [arrays, objects] {
                    assert_eq!(
                        parse("", text.as_bytes()).unwrap_err().kind(),
                        ErrorKind::LimitExceeded
                    );
                }
            }
            let fits = "[".repeat(MAX_JSON_DEPTH) + &"]".repeat(MAX_JSON_DEPTH);
            assert!(parse("", fits.as_bytes()).is_ok());
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn text_after_the_value_and_broken_text_are_refused() {
    for text in ["{} {}", "{", "", "nul", "{\"a\" 1}", "[1,]", "01", "\u{feff}{}"] {
        assert_eq!(
            parse("", text.as_bytes()).unwrap_err().kind(),
            ErrorKind::JsonInvalid,
            "{text:?}"
        );
    }
    assert_eq!(parse("", b"\"\xff\"").unwrap_err().kind(), ErrorKind::NotUtf8);
}

#[test]
fn integers_keep_their_exact_value() {
    let value = parse("", b"[9223372036854775807, -9223372036854775808]").unwrap();
    assert_eq!(value[0].as_i64(), Some(i64::MAX));
    assert_eq!(value[1].as_i64(), Some(i64::MIN));
}
