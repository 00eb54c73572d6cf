#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod limits;

/// A fast Cedar authorizer on its own: Cedar's answers, with Cedar's skipping of policies that err.
pub mod cedar {
    pub use crate::compile::program::Effect;
    pub use crate::decide::*;
}

mod artifact;
pub mod audit;
mod clock;
mod compile;
mod decide;
mod engine;
mod entities;
mod error;
pub mod json;
pub mod oauth;
pub mod platform;
mod policy;
mod random;
mod stack;
#[cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "the chained log is what the SQLite store keeps")
)]
pub mod store;
#[cfg(feature = "suites")]
pub mod suites;
mod token;
mod value;

pub use clock::Clock;
pub use engine::{
    Admin, AppliedPolicy, Ceiling, ChangeRecord, Consent, Decision, Engine, EngineBuilder, Explanation,
    FailedPolicy, Identity, NewApp, NewServiceAccount, NewTenant, PolicyFault, PolicyVerdict, Principal,
    Reason, Resource, Session, Tenant,
};
pub use error::{Error, ErrorKind, Location, Result};
pub use policy::{
    ActionIndex, ActionSet, Mismatch, Origin, Policies, PolicyCounts, RecordShape, Shape, Source, Vocabulary,
};
#[cfg(feature = "fetch")]
pub use token::Https;
pub use token::{
    Algorithm, ClaimType, Claims, Dpop, DpopNonces, Encryption, EncryptionKey, KeyInfo, KeyPurpose, KeyRing,
    KeySet, KeySource, KeyStage, KeyStatus, Lineage, MintedToken, Minter, NewToken, PrincipalKind, Profile,
    Proof, Provider, SealedKey, Sealer, SigningKey, StatusLists, TokenCacheUsage, Verifier,
};
pub use value::{Context, Datetime, Decimal, Duration, Entity, EntityRef, EntityUid, IpNet, Record, Value};
