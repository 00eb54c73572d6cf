use super::*;

#[test]
fn codes_are_unique_and_names_are_snake_case() {
    let mut codes: Vec<u32> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    codes.dedup();
    assert_eq!(codes.len(), ErrorKind::ALL.len());
    for kind in ErrorKind::ALL {
        assert!(
            kind.name()
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        );
    }
}

#[test]
fn a_location_points_at_line_and_column_in_characters() {
    let text = "first\nzwölf böse Boxer\nlast";
    let offset = text.find("böse").unwrap();
    let location = Location::in_text("a.cedar", text, offset, "böse".len());
    assert_eq!((location.line, location.column, location.width), (2, 7, 4));
    assert_eq!(location.excerpt, "zwölf böse Boxer");
    assert_eq!(location.to_string(), "a.cedar:2:7");
}

#[test]
fn a_location_beyond_the_text_or_within_a_character_does_not_panic() {
    let text = "ö";
    for offset in 0..5 {
        for len in 0..5 {
            let _ = Location::in_text("", text, offset, len);
        }
    }
}

#[test]
fn a_report_shows_excerpt_marker_help_and_related_errors() {
    let text = "permit (principal, action, resorce);";
    let error = Error::new(ErrorKind::PolicySyntax, "unexpected token `resorce`")
        .at(Location::in_text("rules.cedar", text, 27, 7))
        .help("a scope ends with `resource`")
        .with_related([Error::new(ErrorKind::Io, "cannot read x")]);
    assert_eq!(
        error.report(),
        "error[policy_syntax]: unexpected token `resorce`\n  --> rules.cedar:1:28\n  |\n1 | permit (principal, action, resorce);\n  \
         |                            ^^^^^^^\n  help: a scope ends with `resource`\n\nerror[io]: cannot read x\n"
    );
    assert_eq!(
        error.to_string(),
        "rules.cedar:1:28: unexpected token `resorce` (and 1 more error)"
    );
}

#[test]
fn a_very_long_line_is_cut_around_the_place() {
    let text = "x".repeat(100_000);
    let location = Location::in_text("", &text, 50_000, 10);
    assert!(location.excerpt.len() <= EXCERPT_CHARS);
    assert!(Error::new(ErrorKind::Io, "m").at(location).report().len() < 2_000);
}
