//! Tokens: signed JSON Web Tokens in compact form, the keys they are verified with, and what their claims mean.

mod algorithm;
pub(crate) mod base64url;
pub(crate) mod cache;
mod claim;
mod claims;
mod compact;
mod confirmation;
mod context;
mod dpop;
mod eight_bytes;
mod encryption_key;
#[cfg(feature = "fetch")]
mod fetch;
mod guessable;
mod header;
mod json;
mod jwe;
mod jwk;
mod key;
mod key_ring;
mod key_set;
mod key_source;
pub(crate) mod lineage;
mod minter;
mod nonce;
mod pem;
mod profile;
mod proof;
mod provider;
mod replay;
mod signing_key;
mod spiffe;
mod status_list;
mod strength;
mod target_uri;
mod verifier;
mod wiped;

pub use algorithm::Algorithm;
pub(crate) use cache::TokenCache;
pub use cache::TokenCacheUsage;
pub use claims::{Claims, PrincipalKind};
pub(crate) use context::Attribute;
pub use context::ClaimType;
pub use dpop::Dpop;
pub use encryption_key::{Encryption, EncryptionKey};
#[cfg(feature = "fetch")]
pub use fetch::Https;
pub use key_ring::{KeyInfo, KeyPurpose, KeyRing, KeyStage, SealedKey, Sealer};
pub use key_set::KeySet;
pub use key_source::{KeySource, KeyStatus};
pub use lineage::Lineage;
pub use minter::{MintedToken, Minter, NewToken};
pub use nonce::DpopNonces;
pub use profile::Profile;
pub use proof::Proof;
pub use provider::Provider;
pub use signing_key::SigningKey;
pub use status_list::StatusLists;
pub(crate) use verifier::Mark;
pub use verifier::Verifier;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod threat_tests;
#[cfg(test)]
mod vector_tests;
