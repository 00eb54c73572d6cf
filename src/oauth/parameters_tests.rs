use super::super::error::OAuthErrorCode;
use super::*;

fn refused(text: &str) -> OAuthError {
    Parameters::parse(text).expect_err(text)
}

#[test]
fn names_and_values_are_decoded_once() {
    let form = Parameters::parse("a=%2541&b=x+y%2Bz&c=%C3%A9&d=p=q").unwrap();
    assert_eq!(form.get("a"), Some("%41"));
    assert_eq!(form.get("b"), Some("x y+z"));
    assert_eq!(form.get("c"), Some("é"));
    assert_eq!(form.get("d"), Some("p=q"));
    assert_eq!(form.get("e"), None);
}

#[test]
fn the_example_of_rfc_6749_appendix_b_is_read() {
    let form = Parameters::parse("v=+%25%26%2B%C2%A3%E2%82%AC").unwrap();
    assert_eq!(form.get("v"), Some(" %&+£€"));
}

#[test]
fn a_parameter_given_twice_is_refused_however_it_is_spelt() {
    for text in [
        "scope=a&scope=a",
        "scope=&scope=a",
        "scope&sc%6Fpe=b",
        "x=1&y=2&x=1",
        "client_id=a&client_id=b",
    ] {
        let error = refused(text);
        assert_eq!(error.code(), OAuthErrorCode::InvalidRequest, "{text}");
        assert!(error.description().contains("more than once"), "{error}");
    }
    let pairs = [("code", "1"), ("code", "2")];
    let error = Parameters::from_pairs(pairs).unwrap_err();
    assert_eq!(error.description(), "code is given more than once");
}

#[test]
fn targets_may_be_repeated() {
    let form = Parameters::parse("audience=a&audience=b&resource=c").unwrap();
    assert_eq!(form.all("audience").collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_parameter_without_a_value_counts_as_absent() {
    let form = Parameters::parse("state=&scope").unwrap();
    assert_eq!((form.get("state"), form.get("scope")), (None, None));
    assert_eq!(
        form.require("scope").unwrap_err().description(),
        "scope is missing"
    );
}

#[test]
fn text_that_is_no_form_is_refused() {
    for text in [
        "a=%", "a=%4", "a=%4g", "a=%-1", "a=b c", "a=é", "=b", "a=%00", "a=%0d%0a", "a=%ff", "a%0a=b",
        "a=\t", "a=%7f",
    ] {
        assert_eq!(refused(text).code(), OAuthErrorCode::InvalidRequest, "{text:?}");
    }
}

#[test]
fn size_and_number_are_bounded_before_anything_is_decoded() {
    let long = format!("a={}", "b".repeat(MAX_FORM_BYTES));
    assert!(refused(&long).description().contains("longer than"));
    let fits = format!("a={}", "b".repeat(MAX_FORM_BYTES - 2));
    assert!(Parameters::parse(fits).is_ok());
    let many: Vec<_> = (0..=MAX_FORM_PARAMETERS).map(|at| format!("p{at}=1")).collect();
    assert!(refused(&many.join("&")).description().contains("parameters"));
    let pairs = many.iter().map(|name| (name, "x".repeat(MAX_FORM_BYTES)));
    assert!(Parameters::from_pairs(pairs).is_err());
    assert!(Parameters::parse("&".repeat(MAX_FORM_BYTES)).is_ok());
}

#[test]
fn no_value_is_ever_printed() {
    let form = Parameters::parse("client_secret=hunter2&hunter2=x").unwrap();
    assert_eq!(format!("{form:?}"), r#"["client_secret", "…"]"#);
}
