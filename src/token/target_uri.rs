//! The address of a request, in the form in which two addresses are compared (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3).

/// An absolute `http` or `https` URI without query and fragment, normalised.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TargetUri {
    is_secure: bool,
    /// Lower case, without a port that the scheme implies.
    authority: String,
    /// Without dot segments; escapes of unreserved characters are resolved and the others in upper case.
    path: String,
}

impl TargetUri {
    /// None for anything but an absolute `http` or `https` URI without user information.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_secure = scheme.eq_ignore_ascii_case("https");
        if !is_secure && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let rest = rest.split(['?', '#']).next()?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let authority = authority.to_ascii_lowercase();
        let implied = if is_secure { ":443" } else { ":80" };
        let host = authority
            .strip_suffix(implied)
            .or_else(|| authority.strip_suffix(':'));
        let authority = host.unwrap_or(&authority).to_owned();
        let is_written = |byte: u8| byte.is_ascii_graphic() && !b"@\\\"<>^`{|}".contains(&byte);
        if authority.is_empty()
            || !authority.bytes().all(is_written)
            || !path.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        Some(Self {
            is_secure,
            authority,
            path: without_dots(&normal_escapes(path)?),
        })
    }
}

/// None for a percent sign without two hexadecimal digits behind it.
fn normal_escapes(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(char::from(byte));
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
        let value = u8::try_from(high << 4 | low).ok()?;
        if value.is_ascii_alphanumeric() || b"-._~".contains(&value) {
            out.push(char::from(value));
        } else {
            out.push_str(&format!("%{value:02X}"));
        }
    }
    Some(out)
}

/// RFC 3986 §5.2.4 for a path that begins with a slash.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments = path.split('/').skip(1);
    for segment in segments.clone() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    if matches!(segments.last(), Some("." | "..")) {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mean_the_same_are_equal() {
        let expected = TargetUri::parse("https://api.example.com/rfis/42").unwrap();
        for text in [
            "HTTPS://API.Example.COM/rfis/42",
            "https://api.example.com:443/rfis/42",
            "https://api.example.com:/rfis/42",
            "https://api.example.com/rfis/42?page=2",
            "https://api.example.com/rfis/42#top",
            "https://api.example.com/rfis/42?a#b?c",
            "https://api.example.com/%72fis/4%32",
            "https://api.example.com/x/../rfis/./42",
        ] {
            assert_eq!(TargetUri::parse(text).as_ref(), Some(&expected), "{text}");
        }
        let root = TargetUri::parse("http://a.example");
        assert!(root.is_some());
        assert_eq!(root, TargetUri::parse("http://a.example:80/"));
        assert_eq!(TargetUri::parse("http://a/%2f"), TargetUri::parse("http://a/%2F"));
        assert_eq!(TargetUri::parse("http://a/b/.."), TargetUri::parse("http://a/"));
    }

    #[test]
    fn addresses_that_mean_something_else_differ() {
        let expected = TargetUri::parse("https://api.example.com/rfis/42");
        for text in [
            "http://api.example.com/rfis/42",
            "https://api.example.com:8443/rfis/42",
            "https://api.example.com:4430/rfis/42",
            "https://api.example.com.evil.test/rfis/42",
            "https://evil.test/api.example.com/rfis/42",
            "https://api.example.com/RFIs/42",
            "https://api.example.com/rfis/42/",
            "https://api.example.com//rfis/42",
            "https://api.example.com/rfis%2F42",
            "https://api.example.com/rfis/4",
        ] {
            let found = TargetUri::parse(text);
            assert!(found.is_some() && found != expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_absolute_http_uri_is_refused() {
        for text in [
            "",
            "/rfis/42",
            "api.example.com/rfis",
            "ftp://api.example.com/rfis",
            "https:///rfis",
            "https://:443/rfis",
            "https://user@api.example.com/",
            "https://api.example.com/ä",
            "https://äpi.example.com/",
            "https://api.example.com/a b",
            "https://api.example.com/%4",
            "https://api.example.com/%zz",
            "https://api.example.com\\@evil.test/",
        ] {
            assert_eq!(TargetUri::parse(text), None, "{text}");
        }
    }
}
