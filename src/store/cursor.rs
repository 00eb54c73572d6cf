//! Page tokens: where a listing goes on, in a form that nobody can forge or carry to another listing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::error::{Error, ErrorKind, Result};

/// Issues and checks page tokens.
///
/// A token is bound to its listing: the kind of listing, the tenant and the filters that it was begun with. A token of
/// one listing does not open a page of another, and no position can be made up.
///
/// ```
/// use bailiwick::store::Cursors;
///
/// let cursors = Cursors::new(&[7; 32]);
/// let token = cursors.issue(&["audit", "acme"], "revision-42");
/// assert_eq!(cursors.position(&["audit", "acme"], &token)?, "revision-42");
/// assert!(cursors.position(&["audit", "globex"], &token).is_err());
/// # Ok::<(), bailiwick::Error>(())
/// ```
pub struct Cursors(hmac::Key);

const TAG_BYTES: usize = 32;

impl Cursors {
    /// Page tokens under a secret that stays the same as long as tokens shall work, such as the store's pepper.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&root, b"bailiwick page tokens");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// A token for the page after `position` of a listing.
    #[must_use]
    pub fn issue(&self, listing: &[&str], position: &str) -> String {
        let tag = hmac::sign(&self.0, &message(listing, position));
        let mut bytes = tag.as_ref().to_vec();
        bytes.extend_from_slice(position.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a token of this listing stands for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorInvalid`] for everything that was not issued for this listing under this secret.
    pub fn position(&self, listing: &[&str], token: &str) -> Result<String> {
        let refused = || {
            Error::new(
                ErrorKind::CursorInvalid,
                "the page token was not issued for this listing",
            )
            .help("begin the listing again without a page token")
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused())?;
        let (tag, position) = bytes.split_at_checked(TAG_BYTES).ok_or_else(refused)?;
        let position = std::str::from_utf8(position).map_err(|_| refused())?;
        hmac::verify(&self.0, &message(listing, position), tag).map_err(|_| refused())?;
        Ok(position.to_owned())
    }
}

/// Lengths first, so that no two listings are written alike.
fn message(listing: &[&str], position: &str) -> Vec<u8> {
    let mut message = (listing.len() as u64).to_le_bytes().to_vec();
    for part in listing.iter().chain([&position]) {
        message.extend_from_slice(&(part.len() as u64).to_le_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    message
}

impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursors(…)")
    }
}

#[cfg(test)]
#[path = "cursor_tests.rs"]
mod tests;
