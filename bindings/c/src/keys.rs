//! Key sets: an issuer's public keys or the secrets shared with it, read from a JSON Web Key Set (RFC 7517). Immutable, so
//! every thread may read them.

use bailiwick::KeySet;

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out, total};
use crate::error::bw_status;
use crate::object::{Tagged, free, given, maybe, object};
use crate::text::bw_str;

/// An issuer's public keys, or the secrets shared with it. Profiles keep their own reference, so it may be freed before them.
pub struct bw_keys(Tagged<KeySet>);

object!(bw_keys of KeySet, "key set");

impl bw_keys {
    pub(crate) fn keys(&self) -> KeySet {
        self.0.clone()
    }
}

/// Reads a JSON Web Key Set from memory. Freed with `bw_keys_free`.
///
/// Fails with `BW_KEY_INVALID` for a set that is unacceptable or holds no usable key, and with the JSON kinds for text
/// that is no strict JSON. Keys of no use here are skipped; `bw_keys_warning` tells which.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_from_jwks(
    jwks: bw_str<'_>,
    out: HandleOut<'_, bw_keys>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, KeySet::from_jwks(jwks.bytes("jwks")?)?.into());
        Ok(())
    })
}

/// Reads a JSON Web Key Set from a file; also fails with `BW_IO`. Freed with `bw_keys_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_from_file(
    path: bw_str<'_>,
    out: HandleOut<'_, bw_keys>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, KeySet::from_jwks_file(path.text("path")?)?.into());
        Ok(())
    })
}

/// Reads the secrets that an issuer shares (`HS256`, `HS384`, `HS512`) from a JSON Web Key Set of symmetric keys, each of which
/// names its `alg`. Freed with `bw_keys_free`.
///
/// Also fails with `BW_KEY_INVALID` for a secret that is shorter than its hash or looks as if somebody had made it up.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_from_secret_jwks(
    jwks: bw_str<'_>,
    out: HandleOut<'_, bw_keys>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, KeySet::from_secret_jwks(jwks.bytes("jwks")?)?.into());
        Ok(())
    })
}

/// How many usable keys there are.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_count(keys: Option<&bw_keys>) -> usize {
    total(0, || Some(maybe(keys)?.iter().count()))
}

/// The id (`kid`) of the usable key at `index`; absent for a key without one, and beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_id(keys: Option<&bw_keys>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        let (id, _) = maybe(keys)?.iter().nth(index)?;
        id.map(bw_str::lend)
    })
}

/// The algorithm of the usable key at `index`, such as `ES256`; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_algorithm(keys: Option<&bw_keys>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        let (_, algorithm) = maybe(keys)?.iter().nth(index)?;
        Some(bw_str::lend(algorithm.name()))
    })
}

/// How many keys were skipped.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_warning_count(keys: Option<&bw_keys>) -> usize {
    total(0, || Some(maybe(keys)?.warnings().len()))
}

/// Which key was skipped and why, in a sentence; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_warning(keys: Option<&bw_keys>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        maybe(keys)?.warnings().get(index).map(|it| bw_str::lend(it))
    })
}

/// Frees a key set; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_keys_free(keys: *mut bw_keys) {
    free(keys);
}

/// The set, where it must be given.
pub(crate) fn given_keys(keys: Option<&bw_keys>) -> bailiwick::Result<KeySet> {
    given(keys).map(bw_keys::keys)
}
