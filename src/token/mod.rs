//! Tokens: signed JSON Web Tokens in compact form, the keys they are verified with, and what their claims mean.

mod algorithm;
mod base64url;
mod claim;
mod claims;
mod compact;
mod guessable;
mod header;
mod json;
mod jwk;
mod key;
mod key_set;
mod pem;
mod profile;
mod signing_key;
mod strength;
mod verifier;

pub use algorithm::Algorithm;
pub use claims::{Claims, PrincipalKind};
pub use key_set::KeySet;
pub use profile::Profile;
pub use signing_key::SigningKey;
pub use verifier::Verifier;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod threat_tests;
#[cfg(test)]
mod vector_tests;
