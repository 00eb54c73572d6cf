use super::super::parameters::Parameters;
use super::*;

#[test]
fn a_redirect_uri_matches_itself_and_nothing_like_it() {
    let registered = "https://app.example.com/cb?x=1";
    assert!(matches(registered, registered));
    for presented in [
        "",
        "https://app.example.com/cb",
        "https://app.example.com/cb?x=1&y=2",
        "https://app.example.com/cb/?x=1",
        "https://app.example.com/cb?x=%31",
        "https://app.example.com:443/cb?x=1",
        "https://APP.example.com/cb?x=1",
        "HTTPS://app.example.com/cb?x=1",
        "http://app.example.com/cb?x=1",
        "https://app.example.com.evil.example/cb?x=1",
        "https://app.example.com@evil.example/cb?x=1",
        "https://evil.example/https://app.example.com/cb?x=1",
        "https://app.example.com/./cb?x=1",
        "https://app.example.com/cb?x=1#",
        " https://app.example.com/cb?x=1",
    ] {
        assert!(!matches(registered, presented), "{presented}");
    }
}

#[test]
fn the_port_of_a_loopback_address_is_free() {
    for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:8080/cb"] {
        for presented in [
            "http://127.0.0.1/cb",
            "http://127.0.0.1:1/cb",
            "http://127.0.0.1:65535/cb",
        ] {
            assert!(matches(registered, presented), "{registered} {presented}");
        }
    }
    assert!(matches("http://[::1]/cb?a", "http://[::1]:51004/cb?a"));
    assert!(matches("http://127.0.0.1", "http://127.0.0.1:9"));
}

#[test]
fn a_loopback_address_has_no_other_freedom() {
    for presented in [
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:+80/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:80.evil.example/cb",
        "http://127.0.0.1:80\\@evil.example/cb",
        "http://127.0.0.1:80#/cb",
        "http://127.0.0.1:80/cb/",
        "http://127.0.0.2:80/cb",
        "http://127.1:80/cb",
        "http://localhost:80/cb",
        "http://[::1]:80/cb",
        "https://127.0.0.1:80/cb",
    ] {
        assert!(!matches("http://127.0.0.1/cb", presented), "{presented}");
    }
    assert!(!matches("https://127.0.0.1/cb", "https://127.0.0.1:80/cb"));
    assert!(!matches("http://localhost/cb", "http://localhost:80/cb"));
    assert!(!matches("com.example.app:/cb", "com.example.app:80/cb"));
}

#[test]
fn parameters_go_to_the_query_encoded() {
    let add = |uri: &str| with_parameters(uri, [("code", "a b&c"), ("iss", "https://é")]);
    let query = "code=a%20b%26c&iss=https%3A%2F%2F%C3%A9";
    assert_eq!(add("https://app/cb"), format!("https://app/cb?{query}"));
    assert_eq!(add("https://app/cb?x=1"), format!("https://app/cb?x=1&{query}"));
    assert_eq!(add("https://app/cb?"), format!("https://app/cb?{query}"));
    assert_eq!(add("app:/cb"), format!("app:/cb?{query}"));
    let read = Parameters::parse(query).unwrap();
    assert_eq!(
        (read.get("code"), read.get("iss")),
        (Some("a b&c"), Some("https://é"))
    );
}
