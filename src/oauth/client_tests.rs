use super::super::error::OAuthErrorCode;
use super::*;

fn header(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

fn secret(client: &ClientAuthentication) -> (Option<&str>, &str) {
    match client.proof() {
        Proof::Secret(secret) => (client.id(), secret),
        _ => panic!("expected a secret"),
    }
}

fn from(authorization: Option<&str>, body: &str) -> OAuthResult<ClientAuthentication> {
    ClientAuthentication::from_request(authorization, &Parameters::parse(body).unwrap())
}

#[test]
fn the_example_of_rfc_6749_is_read() {
    let client = ClientAuthentication::basic("Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW").unwrap();
    assert_eq!(secret(&client), (Some("s6BhdRkqt3"), "gX1fBat3bV"));
    let client = from(None, "client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw").unwrap();
    assert_eq!(secret(&client), (Some("s6BhdRkqt3"), "7Fjfp0ZBr1KtDRbnfVdmIw"));
}

#[test]
fn id_and_secret_are_form_encoded_within_the_header() {
    let client = ClientAuthentication::basic(&header("erp%3async:p+q%25%C3%A9:r")).unwrap();
    assert_eq!(secret(&client), (Some("erp:sync"), "p q%é:r"));
}

#[test]
fn the_schemes_letter_case_is_free() {
    for scheme in ["basic", "BASIC", "bAsIc"] {
        let header = header("a:b").replace("Basic", scheme);
        assert_eq!(
            secret(&ClientAuthentication::basic(&header).unwrap()),
            (Some("a"), "b")
        );
    }
}

#[test]
fn headers_that_are_no_basic_credentials_are_refused_without_repeating_them() {
    let too_long = header(&format!("a:{}", "b".repeat(MAX_SECRET_BYTES + 1)));
    for value in [
        "",
        "Basic",
        "Basic ",
        "Basic !",
        "Basic  YTpi",
        "Basic YTpi ",
        "Basic YTpi\n",
        "Basic YTo",
        "Basic YTpiYw",
        "Bearer YTpi",
        "BasicYTpi",
        &header("ab"),
        &header(":b"),
        &header("a:"),
        &header("a:%"),
        &header("a:%00"),
        &header("a:b c"),
        &too_long,
    ] {
        let error = ClientAuthentication::basic(value).unwrap_err();
        assert_eq!(error.code(), OAuthErrorCode::InvalidClient, "{value}");
        assert!(
            value.len() < 7 || !error.to_string().contains(&value[6..]),
            "{error}"
        );
    }
}

#[test]
fn two_methods_at_once_are_refused() {
    let basic = header("a:b");
    let jwt = format!(
        "client_assertion=x&client_assertion_type={}",
        JWT_BEARER.replace(':', "%3A")
    );
    for (authorization, body) in [
        (Some(basic.as_str()), "client_id=a&client_secret=b".to_owned()),
        (Some(basic.as_str()), jwt.clone()),
        (None, format!("client_id=a&client_secret=b&{jwt}")),
        (Some(basic.as_str()), "client_id=c".to_owned()),
        (None, "client_secret=b".to_owned()),
        (None, "client_assertion=x".to_owned()),
        (None, "client_assertion=x&client_assertion_type=saml".to_owned()),
    ] {
        let error = from(authorization, &body).unwrap_err();
        assert_eq!(error.code(), OAuthErrorCode::InvalidRequest, "{body}");
    }
    assert!(from(Some(&basic), "client_id=a").is_ok());
}

#[test]
fn each_method_is_told_by_what_is_there() {
    let jwt = format!("client_assertion=x.y.z&client_assertion_type={JWT_BEARER}&client_id=a");
    let methods = [
        (Some(header("a:b")), "", "client_secret_basic"),
        (None, "client_id=a&client_secret=b", "client_secret_post"),
        (None, &jwt, "private_key_jwt"),
        (None, "client_id=a", "none"),
    ];
    for (authorization, body, method) in methods {
        let client = from(authorization.as_deref(), body).unwrap();
        assert_eq!((client.method(), client.id()), (method, Some("a")));
    }
    assert_eq!(from(None, "").unwrap_err().code(), OAuthErrorCode::InvalidClient);
}

#[test]
fn debug_shows_the_method_alone() {
    let client = ClientAuthentication::post("a", "hunter2").unwrap();
    assert_eq!(
        format!("{client:?}"),
        r#"ClientAuthentication { method: "client_secret_post", .. }"#
    );
}
