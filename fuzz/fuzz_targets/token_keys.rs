//! Any bytes as keys in each of their forms.
#![no_main]

use bailiwick::{Algorithm, EncryptionKey, KeySet, SigningKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = KeySet::from_jwks(bytes);
    let _ = KeySet::from_secret_jwks(bytes);
    let _ = KeySet::from_spiffe_bundle(bytes);
    let _ = EncryptionKey::from_jwks(bytes);
    for algorithm in Algorithm::ALL {
        let _ = KeySet::from_secret(*algorithm, None, bytes);
        let _ = SigningKey::from_pkcs8(*algorithm, "k1", bytes);
        if let Ok(text) = std::str::from_utf8(bytes) {
            let _ = KeySet::from_pem(*algorithm, Some("k1"), text);
        }
    }
});
