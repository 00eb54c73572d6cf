use super::*;

fn settings() -> Settings {
    Settings::new("https://id.example.com").audience("api")
}

#[test]
fn the_defaults_are_usable() {
    settings().check().unwrap();
    assert_eq!(settings().endpoints, "https://id.example.com/oauth");
    for issuer in [
        "http://127.0.0.1:8080",
        "http://[::1]",
        "http://localhost:1/x",
        "https://a/t/1",
    ] {
        Settings::new(issuer).audience("api").check().unwrap();
    }
}

#[test]
fn an_issuer_is_a_url_without_query_and_fragment() {
    for issuer in [
        "",
        "id.example.com",
        "https://",
        "https:///x",
        "http://id.example.com",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "https://id.example.com?x",
        "https://id.example.com#x",
        "https://id.example.com/ä",
        "ftp://id.example.com",
    ] {
        let error = Settings::new(issuer).audience("api").check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{issuer}");
    }
}

#[test]
fn lifetimes_are_bounded() {
    for wrong in [
        settings().access_tokens(0),
        settings().access_tokens(u32::MAX),
        settings().codes(0),
        settings().codes(601),
        settings().refresh_tokens(0),
        settings().refresh_grace(301),
        settings().endpoints("/oauth"),
        settings().audience(""),
        Settings::new("https://id.example.com"),
    ] {
        assert_eq!(
            wrong.check().unwrap_err().kind(),
            ErrorKind::Configuration,
            "{wrong:?}"
        );
    }
    settings().codes(600).refresh_grace(0).check().unwrap();
}
