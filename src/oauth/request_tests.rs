use super::*;

const BASIC: &str = "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";

fn refused(body: &str) -> OAuthError {
    TokenRequest::from_form(Some(BASIC), body).expect_err(body)
}

#[test]
fn the_examples_of_rfc_6749_are_read() {
    let request = TokenRequest::from_form(Some(BASIC), "grant_type=client_credentials").unwrap();
    assert!(matches!(request, TokenRequest::ClientCredentials(it) if it.scope.is_none()));

    let body = "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA\
                &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb&code_verifier=v";
    match TokenRequest::from_form(Some(BASIC), body).unwrap() {
        TokenRequest::AuthorizationCode(it) => {
            assert_eq!(it.code.as_str(), "SplxlOBeZQQYbYS6WxSbIA");
            assert_eq!(it.redirect_uri, "https://client.example.com/cb");
        }
        other => panic!("{other:?}"),
    }

    let body = "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&scope=a+b";
    match TokenRequest::from_form(Some(BASIC), body).unwrap() {
        TokenRequest::RefreshToken(it) => assert_eq!(it.scope.as_deref(), Some("a b")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_of_rfc_8693_is_read() {
    let body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
                &resource=https%3A%2F%2Fbackend.example.com%2Fapi\
                &subject_token=accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC\
                &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";
    match TokenRequest::from_form(Some(BASIC), body).unwrap() {
        TokenRequest::TokenExchange(it) => assert_eq!(it.audiences, ["https://backend.example.com/api"]),
        other => panic!("{other:?}"),
    }
    for extra in [
        "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Arefresh_token",
        "&actor_token=x&actor_token_type=y",
    ] {
        let error = refused(&format!("{body}{extra}"));
        assert_eq!(error.code(), OAuthErrorCode::InvalidRequest);
    }
    let error = refused(&body.replace("access_token", "id_token"));
    assert_eq!(error.code(), OAuthErrorCode::InvalidRequest);
}

#[test]
fn flows_that_are_never_carried_out_are_unsupported() {
    for grant_type in ["password", "implicit", "Client_Credentials", "urn:x"] {
        let error = refused(&format!("grant_type={grant_type}&username=a&password=b"));
        assert_eq!(error.code(), OAuthErrorCode::UnsupportedGrantType, "{grant_type}");
    }
}

#[test]
fn what_a_flow_needs_must_be_there() {
    for (body, missing) in [
        ("", "grant_type"),
        ("grant_type=", "grant_type"),
        ("grant_type=authorization_code", "code"),
        ("grant_type=authorization_code&code=x", "redirect_uri"),
        (
            "grant_type=authorization_code&code=x&redirect_uri=y",
            "code_verifier",
        ),
        ("grant_type=refresh_token", "refresh_token"),
    ] {
        assert_eq!(refused(body).description(), format!("{missing} is missing"));
    }
    let error = TokenQuery::from_form(Some(BASIC), "token_type_hint=x").unwrap_err();
    assert_eq!(error.description(), "token is missing");
}

#[test]
fn scopes_are_separated_by_single_spaces_and_nothing_else() {
    assert_eq!(scopes("rfis:read drawings:read").unwrap().iter().count(), 2);
    for wrong in [
        "a  b",
        " a",
        "a ",
        " ",
        "",
        "a\tb",
        "a\u{a0}b",
        "a\"b",
        "a\\b",
        "é",
        "a,\u{200b}b",
        "\u{212a}",
    ] {
        assert_eq!(
            scopes(wrong).unwrap_err().code(),
            OAuthErrorCode::InvalidScope,
            "{wrong:?}"
        );
    }
    // A comma is a character like any other: one scope, which the schema does not know.
    assert_eq!(scopes("a,b").unwrap().iter().count(), 1);
}

#[test]
fn debug_shows_no_secret_code_or_token() {
    let client = || ClientAuthentication::post("a", "hunter2").unwrap();
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        ClientCredentials::new(client()),
        CodeRedemption::new(client(), "hunter2", "https://a", "hunter2"),
        Refresh::new(client(), "hunter2"),
        Exchange::new(client(), "hunter2"),
        TokenQuery::new(client(), "hunter2"),
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}
