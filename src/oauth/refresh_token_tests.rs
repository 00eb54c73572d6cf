use super::*;

fn key() -> RefreshKey {
    RefreshKey::derive(&[7; 32])
}

#[test]
fn a_refresh_token_says_where_it_belongs() {
    let family = FamilyId::from("fam_a.b");
    let token = key().token(&family, 3);
    assert!(token.starts_with("bwr_fam_a.b.3."));
    assert_eq!(key().read(&token), Some((family.clone(), 3)));
    assert_eq!(*token, *key().token(&family, 3));
    assert_ne!(*token, *key().token(&family, 4));
}

#[test]
fn an_altered_or_truncated_refresh_token_is_refused() {
    let token = key().token(&FamilyId::from("f"), 1);
    for end in 0..token.len() {
        assert_eq!(key().read(&token[..end]), None);
    }
    for at in 0..token.len() {
        let mut altered = token.as_bytes().to_vec();
        altered[at] = if altered[at] == b'1' { b'2' } else { b'1' };
        assert_eq!(key().read(std::str::from_utf8(&altered).unwrap()), None);
    }
    assert_eq!(key().read(&format!("{}=", *token)), None);
    assert_eq!(RefreshKey::derive(&[8; 32]).read(&token), None);
}
