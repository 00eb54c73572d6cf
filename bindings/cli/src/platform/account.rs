//! `bailiwick account`.

use bailiwick::platform::{AccountId, Secret, SecretId, SecretOwner, ServiceAccount};
use bailiwick::{Error, ErrorKind, NewServiceAccount};
use clap::Subcommand;
use serde_json::json;

use super::desk::{Desk, Mode};
use super::show::{done, listing, projects, record, time};
use super::{Common, ProjectArgs, seconds};
use crate::output::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Create a service account with its first secret, which is shown here and never again.
    Create {
        /// What people call it.
        name: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// Make it the own account of this installation, which dies with it.
        #[arg(long, value_name = "ID")]
        installation: Option<String>,
        #[command(flatten)]
        projects: ProjectArgs,
    },
    /// Replace the secret; the new one is shown here and never again.
    Rotate {
        /// The account's id, which is its client_id.
        id: String,
        /// For how long the old one stays good, as in 24h.
        #[arg(long, default_value = "0", value_parser = seconds, value_name = "TIME")]
        overlap: i64,
    },
    /// Revoke one secret.
    RevokeSecret {
        /// The secret's id.
        secret: String,
        /// And every token that was obtained with it.
        #[arg(long)]
        with_tokens: bool,
    },
    /// Permit other projects instead.
    Projects {
        /// The account's id.
        id: String,
        #[command(flatten)]
        projects: ProjectArgs,
    },
    /// Disable an account: it does nothing, and its tokens die.
    Disable {
        /// The account's id.
        id: String,
    },
    /// Enable an account again; tokens from before stay dead.
    Enable {
        /// The account's id.
        id: String,
    },
    /// Delete an account for good, with its roles and secrets.
    Delete {
        /// The account's id.
        id: String,
    },
    /// List the accounts of a tenant.
    List {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
}

pub(super) fn run(common: &Common, command: &AccountCommand) -> Result<Outcome, Failure> {
    if let AccountCommand::List { tenant } = command {
        return list_all(common, tenant);
    }
    let desk = Desk::open(common, Mode::Write)?;
    let changed = |id: &str, line: &str| done(common, line, &record(desk.state().account(id)));
    match command {
        AccountCommand::Create {
            name,
            tenant,
            installation,
            projects,
        } => {
            let mut new = NewServiceAccount::named(name.as_str()).projects(projects.projects());
            if let Some(installation) = installation {
                new = new.installation(installation.as_str());
            }
            let session = desk.session(common, tenant)?;
            let (id, secret) = desk
                .engine
                .act_as(&session)
                .create_service_account(tenant.as_str(), new)?;
            let state = desk.state();
            let secret_id = state
                .secrets_of(&SecretOwner::ServiceAccount(id.clone()))
                .next()
                .map(|secret| secret.id.clone());
            shown(common, &id, secret_id, &secret)
        }
        AccountCommand::Rotate { id, overlap } => {
            let session = desk.session(common, &tenant_of(&desk, id)?)?;
            let owner = SecretOwner::ServiceAccount(id.as_str().into());
            let (secret_id, secret) = desk.engine.act_as(&session).rotate_secret(&owner, *overlap)?;
            shown(common, &id.as_str().into(), Some(secret_id), &secret)
        }
        AccountCommand::RevokeSecret { secret, with_tokens } => {
            let state = desk.state();
            let known = state.client_secret(secret).ok_or_else(|| {
                Error::new(
                    ErrorKind::PlatformUnknown,
                    format!("there is no client secret `{secret}`"),
                )
            })?;
            let tenant = match &known.owner {
                SecretOwner::ServiceAccount(id) => tenant_of(&desk, id.as_str())?,
                SecretOwner::App(id) => state
                    .app(id.as_str())
                    .map(|app| app.owner.to_string())
                    .unwrap_or_default(),
            };
            let session = desk.session(common, &tenant)?;
            desk.engine
                .act_as(&session)
                .revoke_secret(secret.as_str(), *with_tokens)?;
            done(
                common,
                &format!("secret {secret} is revoked"),
                &record(desk.state().client_secret(secret)),
            )
        }
        AccountCommand::Projects { id, projects } => {
            let session = desk.session(common, &tenant_of(&desk, id)?)?;
            desk.engine
                .act_as(&session)
                .set_account_projects(id.as_str(), projects.projects())?;
            changed(
                id,
                &format!("{id} acts in {}", super::show::projects(&projects.projects())),
            )
        }
        AccountCommand::Disable { id } => {
            let session = desk.session(common, &tenant_of(&desk, id)?)?;
            desk.engine.act_as(&session).disable_account(id.as_str())?;
            changed(id, &format!("{id} is disabled"))
        }
        AccountCommand::Enable { id } => {
            let session = desk.session(common, &tenant_of(&desk, id)?)?;
            desk.engine.act_as(&session).enable_account(id.as_str())?;
            changed(id, &format!("{id} is enabled; tokens from before stay dead"))
        }
        AccountCommand::Delete { id } => {
            let session = desk.session(common, &tenant_of(&desk, id)?)?;
            desk.engine.act_as(&session).delete_account(id.as_str())?;
            changed(id, &format!("{id} is deleted"))
        }
        AccountCommand::List { tenant } => list_all(common, tenant),
    }
}

/// The tenant of an account.
pub(super) fn tenant_of(desk: &Desk, id: &str) -> Result<String, Failure> {
    let state = desk.state();
    let account = state.account(id).ok_or_else(|| {
        Error::new(
            ErrorKind::PlatformUnknown,
            format!("there is no service account `{id}`"),
        )
        .help("`bailiwick account list --tenant TENANT` lists them")
    })?;
    Ok(account.tenant.to_string())
}

fn shown(
    common: &Common,
    id: &AccountId,
    secret_id: Option<SecretId>,
    secret: &Secret,
) -> Result<Outcome, Failure> {
    let named = secret_id.as_ref().map_or("", SecretId::as_str);
    let line = format!(
        "client id      {id}\nclient secret  {}\nsecret id      {named}\nThe secret is shown this once.",
        secret.expose()
    );
    let value = json!({ "client_id": id, "client_secret": secret.expose(), "secret_id": secret_id });
    done(common, &line, &value)
}

fn list_all(common: &Common, tenant: &str) -> Result<Outcome, Failure> {
    let desk = Desk::open(common, Mode::Read)?;
    let session = desk.session(common, tenant)?;
    let accounts = desk.engine.act_as(&session).service_accounts(tenant)?;
    let heads = [
        "client id",
        "name",
        "projects",
        "installation",
        "state",
        "created",
    ];
    listing(common, heads, &accounts, |account: &ServiceAccount| {
        let installation = account.installation.as_ref();
        [
            account.id.to_string(),
            account.name.clone(),
            projects(&account.projects),
            installation.map_or_else(|| "-".to_owned(), ToString::to_string),
            if account.disabled { "disabled" } else { "active" }.to_owned(),
            time(account.created),
        ]
    })
}
