//! `bailiwick key`.

use bailiwick::platform::SigningKey;
use bailiwick::{Algorithm, KeyPurpose};
use clap::{Subcommand, ValueEnum};

use super::Common;
use super::desk::{Desk, Mode};
use super::show::{done, listing, record, time};
use crate::output::{Failure, Outcome, print};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Publish a key before it signs.
    Stage {
        /// What it signs with.
        #[arg(long, value_enum, default_value_t = Signing::Eddsa)]
        algorithm: Signing,
    },
    /// Let a staged key sign, or a fresh one; the key before it still verifies.
    Rotate {
        /// What it signs with.
        #[arg(long, value_enum, default_value_t = Signing::Eddsa)]
        algorithm: Signing,
    },
    /// Publish a key no longer, once its tokens have expired.
    Retire {
        /// The key's id.
        id: String,
    },
    /// Say that somebody else may have a key: nothing it signed is good from now on.
    Compromised {
        /// The key's id.
        id: String,
    },
    /// List the keys.
    List,
    /// Print the public keys as a JWK set.
    Jwks,
}

/// The algorithms that tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signing {
    /// Ed25519.
    Eddsa,
    /// ECDSA on P-256.
    Es256,
}

impl Signing {
    const fn purpose(self) -> KeyPurpose {
        KeyPurpose::Sign(match self {
            Self::Eddsa => Algorithm::EdDsa,
            Self::Es256 => Algorithm::Es256,
        })
    }
}

pub(super) fn run(common: &Common, command: &KeyCommand) -> Result<Outcome, Failure> {
    let mode = match command {
        KeyCommand::List | KeyCommand::Jwks => Mode::Read,
        _ => Mode::Write,
    };
    let desk = Desk::open(common, mode)?;
    let session = desk.operator(common)?;
    let admin = desk.engine.act_as(&session);
    let changed = |id: &str, line: &str| done(common, line, &record(desk.state().signing_key(id)));
    match command {
        KeyCommand::Stage { algorithm } => {
            let id = admin.stage_key(algorithm.purpose())?;
            changed(
                id.as_str(),
                &format!("key {id} is published; `key rotate` lets it sign"),
            )
        }
        KeyCommand::Rotate { algorithm } => {
            let id = admin.rotate_key(algorithm.purpose())?;
            changed(id.as_str(), &format!("key {id} signs"))
        }
        KeyCommand::Retire { id } => {
            admin.retire_key(id.as_str())?;
            changed(id, &format!("key {id} is retired"))
        }
        KeyCommand::Compromised { id } => {
            admin.mark_key_compromised(id.as_str())?;
            changed(
                id,
                &format!("nothing that key {id} signed is good; `key rotate` makes another"),
            )
        }
        KeyCommand::List => {
            let keys = admin.signing_keys()?;
            let shown: Vec<_> = keys.iter().map(|key| record(Some(key))).collect();
            if common.is_json() {
                return done(common, "", &shown);
            }
            listing(
                common,
                ["key", "purpose", "status", "since"],
                &keys,
                |key: &SigningKey| {
                    [
                        key.id.to_string(),
                        key.purpose.clone(),
                        key.status.name().replace('_', "-"),
                        time(key.since),
                    ]
                },
            )
        }
        KeyCommand::Jwks => {
            print(&format!("{}\n", desk.engine.jwks()?))?;
            Ok(Outcome::Fine)
        }
    }
}
