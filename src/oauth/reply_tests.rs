use super::*;

#[test]
fn an_error_becomes_the_response_of_rfc_6749() {
    let reply = Reply::from(OAuthError::invalid_grant("the code has expired"));
    assert_eq!(reply.status(), 400);
    assert_eq!(
        reply.body(),
        r#"{"error":"invalid_grant","error_description":"the code has expired"}"#
    );
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    assert_eq!(reply.header("www-authenticate"), None);
}

#[test]
fn a_client_that_failed_to_authenticate_is_challenged() {
    let reply = Reply::from(OAuthError::invalid_client());
    assert_eq!(reply.status(), 401);
    assert!(
        reply
            .header("WWW-Authenticate")
            .unwrap()
            .starts_with("Basic realm=")
    );
}

#[test]
fn a_slowed_client_is_told_how_long() {
    let error = OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, "wait").retry_after(6);
    let reply = Reply::from(error);
    assert_eq!((reply.status(), reply.header("Retry-After")), (429, Some("6")));
}

#[test]
fn a_description_holds_only_what_the_grammar_allows() {
    let error = OAuthError::invalid_scope("`rfis\"\\\u{e9}\n`");
    assert_eq!(error.description(), "`rfis????`");
}

#[test]
fn a_fault_of_the_server_shows_nothing_of_its_cause() {
    let cause = crate::Error::new(crate::ErrorKind::Internal, "disk full");
    let error = OAuthError::server(cause);
    let reply = Reply::from(&error);
    assert_eq!(reply.status(), 500);
    assert!(!reply.body().contains("disk"));
    assert_eq!(error.cause().unwrap().message(), "disk full");
    let error = crate::Error::from(error);
    assert_eq!(error.kind(), crate::ErrorKind::OAuthRefused);
    assert!(error.report().contains("disk full"));
}

#[test]
fn debug_leaves_out_the_body() {
    let reply = Reply::json(200, &serde_json::json!({"access_token": "hunter2"}));
    assert_eq!(format!("{reply:?}"), "Reply { status: 200, .. }");
}
