use super::super::test_world::{CHALLENGE, ISSUER, World};
use super::*;
use crate::platform::AppChange;

const BASE: &str = "response_type=code&client_id=dashboards&redirect_uri=https%3A%2F%2Fdash.example.com%2Fcb\
                    &state=a%26b&code_challenge_method=S256";

fn base() -> String {
    format!("{BASE}&code_challenge={CHALLENGE}")
}

#[test]
fn a_valid_request_says_what_to_ask_the_user() {
    let world = World::new();
    let request = world.authorize(&format!("{}&scope=rfis%3Aread", base())).unwrap();
    assert_eq!(
        (request.app.as_str(), request.app_name.as_str()),
        ("dashboards", "dashboards")
    );
    assert_eq!(request.scopes.unwrap().to_string(), "rfis:read");
    assert!(world.authorize(&base()).unwrap().scopes.is_none());
}

#[test]
fn nothing_is_sent_to_an_address_that_the_app_has_not_registered() {
    let world = World::new();
    for (from, to) in [
        ("dash.example.com%2Fcb", "evil.example%2Fcb"),
        ("dash.example.com%2Fcb", "dash.example.com%2Fcb%2F..%2Fx"),
        ("dash.example.com%2Fcb", "dash.example.com%2Fcb%3Fx"),
        ("client_id=dashboards", "client_id=nobody"),
        ("client_id=dashboards", "client_id=erp"),
        ("client_id=dashboards&", ""),
        ("redirect_uri=https%3A%2F%2Fdash.example.com%2Fcb&", ""),
    ] {
        let error = world.authorize(&base().replace(from, to)).unwrap_err();
        assert_eq!(error.location(), None, "{to}");
        let reply = Reply::from(error);
        assert_eq!((reply.status(), reply.header("Location")), (400, None));
    }
}

#[test]
fn what_else_is_wrong_goes_back_to_the_app_with_state_and_issuer() {
    let world = World::new();
    let challenge = format!("&code_challenge={CHALLENGE}");
    for (from, to, code) in [
        (
            "response_type=code",
            "response_type=token",
            "unsupported_response_type",
        ),
        ("response_type=code&", "", "unsupported_response_type"),
        ("method=S256", "method=plain", "invalid_request"),
        ("&code_challenge_method=S256", "", "invalid_request"),
        (challenge.as_str(), "", "invalid_request"),
        (challenge.as_str(), "&code_challenge=abc", "invalid_request"),
        ("&state", "&response_mode=fragment&state", "invalid_request"),
        ("&state", "&request=x.y.z&state", "invalid_request"),
        ("&state", "&scope=a++b&state", "invalid_scope"),
    ] {
        let error = world.authorize(&base().replace(from, to)).unwrap_err();
        let (uri, query) = error.location().unwrap().split_once('?').unwrap();
        assert_eq!(uri, "https://dash.example.com/cb");
        let answer = Parameters::parse(query).unwrap();
        assert_eq!(answer.get("error"), Some(code), "{to}");
        assert_eq!(
            (answer.get("state"), answer.get("iss")),
            (Some("a&b"), Some(ISSUER))
        );
        let reply = Reply::from(error);
        assert_eq!((reply.status(), reply.body()), (303, ""));
        assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    }
}

#[test]
fn an_app_that_is_blocked_or_retired_gets_no_code() {
    let world = World::new();
    world.apply(AppChange::Blocked {
        id: "dashboards".into(),
        at: 1,
    });
    let error = world.authorize(&base()).unwrap_err();
    assert_eq!(error.error().code(), OAuthErrorCode::UnauthorizedClient);
    world.apply(AppChange::Retired {
        id: "dashboards".into(),
    });
    assert_eq!(world.authorize(&base()).unwrap_err().location(), None);
}

#[test]
fn a_native_app_chooses_its_port() {
    let world = World::new();
    let native = base().replace(
        "https%3A%2F%2Fdash.example.com%2Fcb",
        "http%3A%2F%2F127.0.0.1%3A49152%2Fcb",
    );
    assert_eq!(
        world.authorize(&native).unwrap().redirect_uri,
        "http://127.0.0.1:49152/cb"
    );
}
