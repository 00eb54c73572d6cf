//! Tokens: signed JSON Web Tokens in compact form, the keys they are verified with, and what their claims mean.

mod algorithm;
mod base64url;
mod claim;
mod claims;
mod compact;
mod confirmation;
mod context;
mod dpop;
mod guessable;
mod header;
mod json;
mod jwk;
mod key;
mod key_set;
mod nonce;
mod pem;
mod profile;
mod proof;
mod provider;
mod replay;
mod signing_key;
mod spiffe;
mod strength;
mod target_uri;
mod verifier;

pub use algorithm::Algorithm;
pub use claims::{Claims, PrincipalKind};
pub(crate) use context::Attribute;
pub use context::ClaimType;
pub use dpop::Dpop;
pub use key_set::KeySet;
pub use nonce::DpopNonces;
pub use profile::Profile;
pub use proof::Proof;
pub use provider::Provider;
pub use signing_key::SigningKey;
pub use verifier::Verifier;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod threat_tests;
#[cfg(test)]
mod vector_tests;
