use serde_json::{Value, json};

use super::*;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw";

fn entry() -> Value {
    json!({"kty": "oct", "kid": "e1", "alg": "dir", "enc": "A128GCM", "k": SECRET})
}

fn read(entries: &[Value]) -> Result<Vec<EncryptionKey>> {
    EncryptionKey::from_jwks(json!({ "keys": entries }).to_string().as_bytes())
}

#[test]
fn a_set_gives_each_key_its_way_of_encrypting() {
    let long = base64url::encode((0..32).collect::<Vec<u8>>());
    let entries: Vec<Value> = Encryption::ALL
        .iter()
        .enumerate()
        .map(|(at, encryption)| {
            let (alg, enc) = encryption.names();
            let secret = if encryption.key_len() == 16 { SECRET } else { &long };
            json!({"kty": "oct", "kid": format!("e{at}"), "alg": alg, "enc": enc, "k": secret, "use": "enc"})
        })
        .collect();
    let keys = read(&entries).unwrap();
    let found: Vec<_> = keys.iter().map(EncryptionKey::encryption).collect();
    assert_eq!(found, Encryption::ALL);
    assert_eq!(keys.first().unwrap().key_id(), "e0");
    let wrapped = json!({"kty": "oct", "kid": "w", "alg": "A128GCMKW", "k": SECRET});
    let keys = read(&[wrapped]).unwrap();
    assert_eq!(keys.first().unwrap().encryption(), Encryption::WrappedA128Gcm);
}

#[test]
fn a_key_that_lacks_something_or_is_another_is_refused_without_repeating_it() {
    let with = |name: &str, value: Value| {
        let mut entry = entry();
        entry[name] = value;
        vec![entry]
    };
    let without = |name: &str| {
        let mut entry = entry();
        entry.as_object_mut().unwrap().remove(name);
        vec![entry]
    };
    for entries in [
        vec![],
        vec![entry(), entry()],
        vec![json!("key")],
        without("kty"),
        without("kid"),
        without("alg"),
        without("enc"),
        without("k"),
        with("kty", json!("RSA")),
        with("kid", json!("")),
        with("alg", json!("RSA1_5")),
        with("alg", json!("PBES2-HS256+A128KW")),
        with("enc", json!("A128CBC-HS256")),
        with("enc", json!("A256GCM")),
        with("use", json!("sig")),
        with("k", json!("AAAA")),
        with("k", json!(format!("{SECRET}=="))),
        with("k", json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        let refused = read(&entries).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::KeyInvalid, "{entries:?}");
        assert!(!format!("{refused:?}").contains(SECRET), "{refused:?}");
    }
}
