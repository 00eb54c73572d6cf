//! SPIFFE IDs (the SPIFFE-ID standard, §2): `spiffe://trust-domain/path`.

/// Longest SPIFFE ID that every implementation must take, in bytes.
const MAX_ID_BYTES: usize = 2_048;

/// The part of a workload's SPIFFE ID that names its trust domain, `spiffe://example.org`; none if the text is no such ID.
pub(crate) fn trust_domain(id: &str) -> Option<&str> {
    let rest = id.strip_prefix(SCHEME).filter(|_| id.len() <= MAX_ID_BYTES)?;
    let (domain, path) = rest.split_once('/')?;
    let is_segment = |segment: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !segment.is_empty() && !matches!(segment, "." | "..") && segment.bytes().all(allowed)
    };
    let is_id = is_domain(domain) && path.split('/').all(is_segment);
    id.get(..SCHEME.len() + domain.len()).filter(|_| is_id)
}

/// Whether the text is a trust domain with its scheme and nothing else.
pub(crate) fn is_trust_domain(text: &str) -> bool {
    text.strip_prefix(SCHEME).is_some_and(is_domain)
}

const SCHEME: &str = "spiffe://";

fn is_domain(domain: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    (1..=255).contains(&domain.len()) && domain.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trust_domain_of_a_workload_is_found() {
        for id in [
            "spiffe://example.org/api",
            "spiffe://example.org/ns/prod/sa/A_b-c.1",
        ] {
            assert_eq!(trust_domain(id), Some("spiffe://example.org"));
        }
        assert!(is_trust_domain("spiffe://example.org"));
    }

    #[test]
    fn what_is_no_spiffe_id_has_no_trust_domain() {
        let long = format!("spiffe://example.org/{}", "a".repeat(2_048));
        for id in [
            "",
            "spiffe://",
            "spiffe://example.org",
            "spiffe://example.org/",
            "spiffe:///api",
            "spiffe://example.org//api",
            "spiffe://example.org/api/",
            "spiffe://example.org/./api",
            "spiffe://example.org/../api",
            "spiffe://example.org/a%2fb",
            "spiffe://example.org/a?b",
            "spiffe://example.org/a#b",
            "spiffe://user@example.org/api",
            "spiffe://example.org:443/api",
            "spiffe://Example.org/api",
            "SPIFFE://example.org/api",
            "https://example.org/api",
            "spiffe://ex\u{e4}mple.org/api",
            &long,
        ] {
            assert_eq!(trust_domain(id), None, "{id}");
            assert!(!is_trust_domain(id) || id == "spiffe://example.org", "{id}");
        }
    }
}
