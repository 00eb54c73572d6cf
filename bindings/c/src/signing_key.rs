//! Signing keys: for hosts that issue tokens themselves, and for tests.
//!
//! A signing key never changes and may be shared between threads. Its private half is never printed.

use bailiwick::SigningKey;

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out};
use crate::error::bw_status;
use crate::explain::StringOut;
use crate::object::{Tagged, free, given, object};
use crate::request::parsed;
use crate::text::{bw_str, hand_out_string};

/// A private key that signs tokens.
pub struct bw_signing_key(Tagged<SigningKey>);

object!(bw_signing_key of SigningKey, "signing key");

/// Makes a fresh Ed25519 key (`EdDSA`). Freed with `bw_signing_key_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_signing_key_generate_ed25519(
    key_id: bw_str<'_>,
    out: HandleOut<'_, bw_signing_key>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, SigningKey::generate_ed25519(key_id.text("key_id")?)?.into());
        Ok(())
    })
}

/// Makes a fresh P-256 key (`ES256`). Freed with `bw_signing_key_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_signing_key_generate_es256(
    key_id: bw_str<'_>,
    out: HandleOut<'_, bw_signing_key>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, SigningKey::generate_es256(key_id.text("key_id")?)?.into());
        Ok(())
    })
}

/// The public half as a JSON Web Key Set, for `bw_keys_from_jwks`. The string is freed with `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_signing_key_jwks(
    key: Option<&bw_signing_key>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out_string(out, &given(key)?.jwks());
        Ok(())
    })
}

/// Signs claims (a JSON object) as a compact JWS with the header type `token_type`, such as `at+jwt`. The token is freed
/// with `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_signing_key_sign(
    key: Option<&bw_signing_key>,
    claims: bw_str<'_>,
    token_type: bw_str<'_>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let key = given(key)?;
        let token = key.sign(&parsed(claims)?, token_type.text("token_type")?)?;
        hand_out_string(out, &token);
        Ok(())
    })
}

/// Frees a signing key and wipes it from memory; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_signing_key_free(key: *mut bw_signing_key) {
    free(key);
}
