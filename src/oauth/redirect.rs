//! Redirect URIs: which may be registered, which are the same, and what is added to them.

/// Whether a presented `redirect_uri` is the registered one: byte by byte, except that the port of a loopback address is
/// the client's choice at the moment of the request (RFC 8252 §7.3, RFC 9700 §4.1.3).
///
/// Loopback addresses are `http://127.0.0.1` and `http://[::1]`. `localhost` is a name, which something else may answer
/// (RFC 8252 §8.3), so its port is not free.
pub(crate) fn matches(registered: &str, presented: &str) -> bool {
    if registered == presented {
        return true;
    }
    match (loopback(registered), loopback(presented)) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => false,
    }
}

/// Host and what follows the port, if the URI is a loopback address.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    const HOSTS: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];
    let host = HOSTS.into_iter().find(|host| uri.starts_with(host))?;
    let rest = uri.get(host.len()..)?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(port) => {
            let end = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
            let (port, rest) = port.split_at(end);
            // No port 0, no sign, no leading zero: one text for one port.
            if port.starts_with('0') || port.parse::<u16>().is_err() {
                return None;
            }
            rest
        }
    };
    // Anything else would go on with the host's name, or make what came before it a user's name.
    (rest.is_empty() || rest.starts_with('/') || rest.starts_with('?')).then_some((host, rest))
}

/// The redirect URI with the response's parameters in its query (RFC 6749 §4.1.2).
pub(crate) fn with_parameters<'p>(
    uri: &str,
    parameters: impl IntoIterator<Item = (&'static str, &'p str)>,
) -> String {
    let mut location = uri.to_owned();
    let mut separator = match uri.split_once('?') {
        None => '?',
        Some((_, "")) => '\0',
        Some(_) => '&',
    };
    for (name, value) in parameters {
        if separator != '\0' {
            location.push(separator);
        }
        separator = '&';
        location.push_str(name);
        location.push('=');
        encode_onto(value, &mut location);
    }
    location
}

/// Encodes a form's value: everything but unreserved characters (RFC 3986 §2.3).
fn encode_onto(value: &str, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
#[path = "redirect_tests.rs"]
mod tests;
