//! Key rings: the platform's own signing keys, from staged to signing to verification only to gone. They sign what an
//! authorization server issues (`bw_config_oauth`) and what `bw_key_ring_mint` makes. Every function may be called from
//! several threads at once, except freeing. Private keys never leave a ring.

use bailiwick::{Clock, Error, ErrorKind, KeyPurpose, KeyRing, Minter, NewToken, Result};
use serde_json::Value as Json;

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out};
use crate::clock::bw_clock;
use crate::error::bw_status;
use crate::explain::StringOut;
use crate::object::{Tagged, free, given, object};
use crate::options::Options;
use crate::text::{bw_str, hand_out_string};

/// The signing keys of an issuer. Engines keep their own reference, so it may be freed before them.
pub struct bw_key_ring(Tagged<Ring>);

object!(bw_key_ring of Ring, "key ring");

pub struct Ring {
    pub(crate) ring: KeyRing,
    clock: Clock,
}

/// Moves one key of a ring to another stage, now.
fn with_key(
    ring: Option<&bw_key_ring>,
    key_id: bw_str<'_>,
    err: ErrorOut<'_>,
    change: impl FnOnce(&KeyRing, &str, i64) -> Result<()>,
) -> bw_status {
    fallible(err, || {
        let ring = given(ring)?;
        change(&ring.ring, key_id.text("key_id")?, ring.clock.now())
    })
}

/// Makes or picks a key of a ring for an algorithm, now, and hands out its id.
fn key_for(
    ring: Option<&bw_key_ring>,
    algorithm: bw_str<'_>,
    id: StringOut<'_>,
    err: ErrorOut<'_>,
    change: impl FnOnce(&KeyRing, KeyPurpose, i64) -> Result<String>,
) -> bw_status {
    fallible(err, || {
        let id = handle_out(id, "id")?;
        let ring = given(ring)?;
        let purpose = format!("sign {}", algorithm.text("algorithm")?).parse()?;
        hand_out_string(id, &change(&ring.ring, purpose, ring.clock.now())?);
        Ok(())
    })
}

/// Makes a ring without keys. `clock` may be NULL: the system's. Freed with `bw_key_ring_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_new(
    clock: Option<&bw_clock>,
    out: HandleOut<'_, bw_key_ring>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let clock = match clock {
            Some(_) => given(clock)?.clock(),
            None => Clock::system(),
        };
        let ring = KeyRing::new();
        hand_out(out, Ring { ring, clock }.into());
        Ok(())
    })
}

/// Makes a key for `EdDSA` or `ES256` and publishes it; it signs nothing yet. `id` receives its id, freed with
/// `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_stage(
    ring: Option<&bw_key_ring>,
    algorithm: bw_str<'_>,
    id: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    key_for(ring, algorithm, id, err, KeyRing::stage)
}

/// Lets a staged key of this algorithm sign, or a fresh one if none is staged; the one before it verifies only. `id`
/// receives its id, freed with `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_rotate(
    ring: Option<&bw_key_ring>,
    algorithm: bw_str<'_>,
    id: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    key_for(ring, algorithm, id, err, KeyRing::rotate)
}

/// Lets a staged key sign. Fails with `BW_ARGUMENT_INVALID` for a key that the ring has not or that is not staged.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_promote(
    ring: Option<&bw_key_ring>,
    key_id: bw_str<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    with_key(ring, key_id, err, KeyRing::promote)
}

/// Retires a key that signs nothing: nothing verifies with it from now on.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_retire(
    ring: Option<&bw_key_ring>,
    key_id: bw_str<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    with_key(ring, key_id, err, KeyRing::retire)
}

/// Ends a key at once: what it signed is refused from the next call on.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_compromise(
    ring: Option<&bw_key_ring>,
    key_id: bw_str<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    with_key(ring, key_id, err, KeyRing::compromise)
}

/// Every key as a JSON array of objects with `id`, `purpose`, `stage` and `since`. The string is freed with
/// `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_keys_json(
    ring: Option<&bw_key_ring>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let keys = given(ring)?.ring.keys().into_iter().map(|key| {
            serde_json::json!({"id": key.id, "purpose": key.purpose.to_string(), "stage": key.stage, "since": key.since})
        });
        hand_out_string(out, &Json::Array(keys.collect()).to_string());
        Ok(())
    })
}

/// The public keys as a JSON Web Key Set, to be published as it is. The string is freed with `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_jwks(
    ring: Option<&bw_key_ring>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out_string(out, &given(ring)?.ring.jwks());
        Ok(())
    })
}

/// Makes a signed access token (RFC 9068) with the key that signs. `claims` is a JSON object with `issuer`, `subject`,
/// `client_id` and `audience` (an array), and perhaps `tenant`, `scopes` (an array), `lifetime` in seconds (900 unless told)
/// and further `claims` (an object). The token is a secret; the string is freed with `bw_string_free`, which wipes it.
///
/// Fails with `BW_ARGUMENT_INVALID` for what is missing, unknown, reserved or too long, and with `BW_KEYS_UNAVAILABLE` when
/// no key signs.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_mint(
    ring: Option<&bw_key_ring>,
    claims: bw_str<'_>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let ring = given(ring)?;
        let options = Options::read(
            "claims",
            claims,
            &[
                "issuer",
                "subject",
                "client_id",
                "audience",
                "tenant",
                "scopes",
                "lifetime",
                "claims",
            ],
        )?;
        let (audiences, scopes) = (options.texts("audience")?, options.texts("scopes")?);
        let mut token = NewToken::new(options.required("subject")?, options.required("client_id")?)
            .scopes(scopes.iter().copied())
            .lifetime(options.number("lifetime")?.unwrap_or(900));
        for audience in audiences {
            token = token.audience(audience);
        }
        if let Some(tenant) = options.text("tenant")? {
            token = token.tenant(tenant);
        }
        match options.get("claims") {
            None => {}
            Some(Json::Object(claims)) => {
                for (name, value) in claims {
                    token = token.claim(name, value.clone());
                }
            }
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::ArgumentInvalid,
                    "`claims` of the claims is no object",
                ));
            }
        }
        let minted = Minter::new(options.required("issuer")?, &ring.ring).sign(&token, ring.clock.now())?;
        hand_out_string(out, minted.token());
        Ok(())
    })
}

/// Frees a key ring; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_key_ring_free(ring: *mut bw_key_ring) {
    free(ring);
}
