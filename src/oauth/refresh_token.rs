//! Refresh tokens: derived from family and generation, so that a retry gets the same successor and the store holds
//! nothing that could be presented.

use ring::{digest, hmac};
use zeroize::{Zeroize as _, Zeroizing};

use crate::platform::FamilyId;
use crate::token::base64url;

/// What every refresh token begins with, so that scanners recognise it.
pub(crate) const PREFIX: &str = "bwr_";

/// Bytes of an authentication code.
const MAC_BYTES: usize = 32;

/// The key under which refresh tokens are made.
pub(crate) struct RefreshKey(hmac::Key);

impl RefreshKey {
    /// Derived from the host's key, and good for nothing else.
    pub(crate) fn derive(host_key: &[u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, host_key);
        let mut derived = [0_u8; digest::SHA256_OUTPUT_LEN];
        derived.copy_from_slice(hmac::sign(&root, b"bailiwick refresh tokens v1").as_ref());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &derived);
        derived.zeroize();
        Self(key)
    }

    /// The refresh token of a generation: `bwr_`, the family's id, the generation, and their authentication code.
    pub(crate) fn token(&self, family: &FamilyId, generation: u32) -> Zeroizing<String> {
        let mut token = Zeroizing::new(String::with_capacity(family.as_str().len() + 64));
        token.push_str(PREFIX);
        token.push_str(family.as_str());
        token.push('.');
        token.push_str(&generation.to_string());
        let mac = hmac::sign(&self.0, token.as_bytes());
        token.push('.');
        base64url::encode_onto(mac.as_ref(), &mut token);
        token
    }

    /// The family and generation of a token that this key made; the comparison takes the same time for every code.
    pub(crate) fn read(&self, token: &str) -> Option<(FamilyId, u32)> {
        let (signed, mac) = token.rsplit_once('.')?;
        let (family, generation) = signed.strip_prefix(PREFIX)?.rsplit_once('.')?;
        let mac: [u8; MAC_BYTES] = base64url::decode(mac).ok()?.try_into().ok()?;
        hmac::verify(&self.0, signed.as_bytes(), &mac).ok()?;
        Some((family.into(), generation.parse().ok()?))
    }
}

#[cfg(test)]
#[path = "refresh_token_tests.rs"]
mod tests;
