//! `bailiwick app`.

use bailiwick::platform::{App, GrantType, Manifest, Scopes, SecretOwner};
use bailiwick::{Error, ErrorKind, NewApp};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::desk::{Desk, Mode};
use super::show::{done, list, listing, record};
use super::{Common, scopes};
use crate::output::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Register an app of a developer's organisation; with --scopes its first version is published at once.
    Register {
        /// The app's id, which is its client_id.
        id: String,
        /// The developer's organisation.
        #[arg(long)]
        tenant: String,
        /// What people call it; its id by default.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        manifest: ManifestArgs,
    },
    /// Add a version that nobody can install yet.
    Version {
        /// The app's id.
        id: String,
        #[command(flatten)]
        manifest: ManifestArgs,
    },
    /// Publish a version: it can be installed, and waits for approval where the app is installed already.
    Publish {
        /// The app's id.
        id: String,
        /// The version's number.
        version: u32,
    },
    /// Give the app a client secret, which is shown here and never again.
    Secret {
        /// The app's id.
        id: String,
    },
    /// Block an app everywhere; for the platform's operator.
    Block {
        /// The app's id.
        id: String,
    },
    /// Lift the block; tokens from before stay dead.
    Unblock {
        /// The app's id.
        id: String,
    },
    /// Retire an app everywhere, for good.
    Retire {
        /// The app's id.
        id: String,
    },
    /// List the apps, which are public.
    List {
        /// The developer's organisation; all of them by default.
        #[arg(long)]
        tenant: Option<String>,
    },
}

/// What a version asks for.
#[derive(Debug, Args)]
pub(crate) struct ManifestArgs {
    /// The scopes it asks for, separated by commas.
    #[arg(long, value_parser = scopes)]
    scopes: Option<Scopes>,
    /// Where authorization codes may be sent; repeat it for more.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// How it obtains tokens for itself, besides the users' consent; repeat it for more.
    #[arg(long = "grant-type", value_enum)]
    grant_types: Vec<OwnGrantType>,
}

/// The grant types that no redirect URI implies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OwnGrantType {
    /// For itself, through a service account of an installation.
    ClientCredentials,
    /// Narrowing a token that it holds.
    TokenExchange,
}

impl ManifestArgs {
    fn manifest(&self) -> Option<Manifest> {
        let manifest = Manifest::new(self.scopes.clone()?);
        let uris = self.redirect_uris.iter();
        let manifest = uris.fold(manifest, Manifest::redirect_uri);
        let types = self.grant_types.iter().map(|it| match it {
            OwnGrantType::ClientCredentials => GrantType::ClientCredentials,
            OwnGrantType::TokenExchange => GrantType::TokenExchange,
        });
        Some(types.fold(manifest, Manifest::grant_type))
    }
}

pub(super) fn run(common: &Common, command: &AppCommand) -> Result<Outcome, Failure> {
    if let AppCommand::List { tenant } = command {
        return list_all(common, tenant.as_deref());
    }
    let desk = Desk::open(common, Mode::Write)?;
    let changed = |id: &str, line: &str| done(common, line, &record(desk.state().app(id)));
    match command {
        AppCommand::Register {
            id,
            tenant,
            name,
            manifest,
        } => {
            let session = desk.session(common, tenant)?;
            let admin = desk.engine.act_as(&session);
            let new = NewApp::named(name.as_deref().unwrap_or(id)).id(id.as_str());
            admin.register_app(tenant.as_str(), new)?;
            if let Some(manifest) = manifest.manifest() {
                let number = admin.draft_version(id.as_str(), manifest)?;
                admin.publish_version(id.as_str(), number)?;
                return changed(id, &format!("app {id} of {tenant}, version {number} published"));
            }
            changed(id, &format!("app {id} of {tenant}, without a version yet"))
        }
        AppCommand::Version { id, manifest } => {
            let manifest = manifest.manifest().ok_or_else(|| {
                Failure::Usage("a version asks for something: say it with --scopes".to_owned())
            })?;
            let session = desk.session(common, &owner(&desk, id)?)?;
            let number = desk
                .engine
                .act_as(&session)
                .draft_version(id.as_str(), manifest)?;
            changed(
                id,
                &format!("version {number} of {id}; `app publish {id} {number}` puts it out"),
            )
        }
        AppCommand::Publish { id, version } => {
            let session = desk.session(common, &owner(&desk, id)?)?;
            desk.engine
                .act_as(&session)
                .publish_version(id.as_str(), *version)?;
            changed(id, &format!("version {version} of {id} is published"))
        }
        AppCommand::Secret { id } => {
            let session = desk.session(common, &owner(&desk, id)?)?;
            let app = SecretOwner::App(id.as_str().into());
            let (secret_id, secret) = desk.engine.act_as(&session).create_secret(app)?;
            let line = format!(
                "client id      {id}\nclient secret  {}\nsecret id      {secret_id}\nThe secret is shown this once.",
                secret.expose()
            );
            let value = json!({ "client_id": id, "client_secret": secret.expose(), "secret_id": secret_id });
            done(common, &line, &value)
        }
        AppCommand::Block { id } => {
            let session = desk.operator_in(common, &owner(&desk, id)?)?;
            desk.engine.act_as(&session).block_app(id.as_str())?;
            changed(id, &format!("app {id} is blocked"))
        }
        AppCommand::Unblock { id } => {
            let session = desk.operator_in(common, &owner(&desk, id)?)?;
            desk.engine.act_as(&session).unblock_app(id.as_str())?;
            changed(id, &format!("app {id} is blocked no longer"))
        }
        AppCommand::Retire { id } => {
            let session = desk.session(common, &owner(&desk, id)?)?;
            desk.engine.act_as(&session).retire_app(id.as_str())?;
            changed(id, &format!("app {id} is retired"))
        }
        AppCommand::List { tenant } => list_all(common, tenant.as_deref()),
    }
}

/// The organisation of an app.
fn owner(desk: &Desk, id: &str) -> Result<String, Failure> {
    let state = desk.state();
    let app = state.app(id).ok_or_else(|| {
        Error::new(ErrorKind::PlatformUnknown, format!("there is no app `{id}`"))
            .help("`bailiwick app list` lists them")
    })?;
    Ok(app.owner.to_string())
}

fn list_all(common: &Common, tenant: Option<&str>) -> Result<Outcome, Failure> {
    let desk = Desk::open(common, Mode::Read)?;
    let state = desk.state();
    let apps: Vec<&App> = state
        .apps()
        .filter(|app| tenant.is_none_or(|tenant| app.owner.as_str() == tenant))
        .collect();
    listing(
        common,
        ["app", "of", "published", "asks for", "state"],
        &apps,
        |app| {
            let published = app.published();
            [
                app.id.to_string(),
                app.owner.to_string(),
                published.map_or_else(|| "-".to_owned(), |version| version.number.to_string()),
                published.map_or_else(|| "-".to_owned(), |version| list(version.manifest.scopes.iter())),
                match (app.retired, app.blocked) {
                    (true, _) => "retired",
                    (false, true) => "blocked",
                    (false, false) => "active",
                }
                .to_owned(),
            ]
        },
    )
}
