use super::*;

fn cursors() -> Cursors {
    Cursors::new(b"a secret of the store")
}

fn is_refused(cursors: &Cursors, listing: &[&str], token: &str) -> bool {
    cursors
        .position(listing, token)
        .is_err_and(|error| error.kind() == ErrorKind::CursorInvalid)
}

#[test]
fn a_page_token_opens_its_own_listing_alone() {
    let token = cursors().issue(&["audit", "acme", ""], "42");
    assert_eq!(cursors().position(&["audit", "acme", ""], &token).unwrap(), "42");
    for listing in [
        &["audit", "globex", ""][..],
        &["audit", "acme"],
        &["audit", "acme", "", ""],
        &["auditacme", "", ""],
        &["usage", "acme", ""],
        &[],
    ] {
        assert!(is_refused(&cursors(), listing, &token), "{listing:?}");
    }
    assert!(is_refused(
        &Cursors::new(b"another secret"),
        &["audit", "acme", ""],
        &token
    ));
}

#[test]
fn a_forged_page_token_is_refused() {
    let listing = ["audit", "acme"];
    let token = cursors().issue(&listing, "42");
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut forged = bytes.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(is_refused(&cursors(), &listing, &URL_SAFE_NO_PAD.encode(&forged)));
    }
    for len in 0..token.len() {
        assert!(is_refused(&cursors(), &listing, &token[..len]));
    }
    for text in ["", "42", "' OR 1=1 --", "🦀", &format!("{token}=")] {
        assert!(is_refused(&cursors(), &listing, text), "{text}");
    }
}
