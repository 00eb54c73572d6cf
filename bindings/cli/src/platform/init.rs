//! `bailiwick init`: a new platform.

use std::path::PathBuf;

use bailiwick::{Algorithm, KeyPurpose};
use clap::Args;
use serde_json::json;

use super::desk::{Desk, Kept, key_path};
use super::{Common, show};
use crate::output::{Failure, Outcome};

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// The SQLite file to make; the same as --store.
    file: Option<PathBuf>,
    /// The first operator of the platform.
    #[arg(long, default_value = "operator", value_name = "USER")]
    operator: String,
    /// The operator's own tenant.
    #[arg(long, default_value = "platform", value_name = "TENANT")]
    operator_tenant: String,
    /// The issuer of its tokens: an https URL.
    #[arg(long, default_value = "http://localhost", value_name = "URL")]
    issuer: String,
    /// Whom its tokens are for.
    #[arg(long, default_value = "api")]
    audience: String,
}

pub(super) fn run(args: &InitArgs) -> Result<Outcome, Failure> {
    let mut common = args.common.clone();
    if let Some(file) = &args.file {
        common.store.clone_from(file);
    }
    let policies = common
        .policies
        .as_ref()
        .ok_or_else(|| Failure::Usage("which policies? Name their directory with --policies".to_owned()))?;
    let policies = std::path::absolute(policies).unwrap_or_else(|_| policies.clone());
    let kept = Kept {
        policies,
        operator: args.operator.clone(),
        operator_tenant: args.operator_tenant.clone(),
        issuer: args.issuer.clone(),
        audience: args.audience.clone(),
    };
    let desk = Desk::found(&common, kept)?;
    let session = desk.operator(&Common {
        actor: None,
        ..common.clone()
    })?;
    let key = desk
        .engine
        .act_as(&session)
        .rotate_key(KeyPurpose::Sign(Algorithm::EdDsa))?;
    let store = common.store.display();
    show::done(
        &common,
        &format!(
            "{store}: a platform that {} operates. Keep its key, {}, apart from its backups",
            args.operator,
            key_path(&common).display()
        ),
        &json!({ "store": common.store, "operator": args.operator, "tenant": args.operator_tenant, "key": key }),
    )
}
