//! The platform on one SQLite file: who administers it, and how each command reaches it.

mod account;
mod app;
mod boundary;
mod client;
mod desk;
mod init;
mod install;
mod key;
mod project;
mod role;
mod show;
mod tenant;
mod token;
mod usage;

use std::path::PathBuf;

use bailiwick::platform::{Projects, Scopes};
use clap::{Args, Subcommand};

use crate::args::Format;
use crate::output::{Failure, Outcome};

pub(crate) use desk::{Desk, Mode};
pub(crate) use init::InitArgs;

/// The commands that work on a store.
#[derive(Debug, Subcommand)]
pub(crate) enum PlatformCommand {
    /// Found a platform in a new SQLite file.
    Init(InitArgs),
    /// Tenants: the customers.
    Tenant(Of<tenant::TenantCommand>),
    /// Projects of a tenant.
    Project(Of<project::ProjectCommand>),
    /// Members of tenants and projects.
    Member(Of<tenant::MemberCommand>),
    /// Apps and their versions.
    App(Of<app::AppCommand>),
    /// Install an app in a tenant, and take care of installations.
    Install(install::InstallArgs),
    /// Service accounts and their secrets.
    Account(Of<account::AccountCommand>),
    /// Role assignments.
    Role(Of<role::RoleCommand>),
    /// Boundaries: scopes that cap everything beneath.
    Boundary(Of<boundary::BoundaryCommand>),
    /// Issue, revoke and introspect access tokens.
    Token(Of<token::TokenCommand>),
    /// The keys that sign tokens.
    Key(Of<key::KeyCommand>),
    /// What apps, accounts and people did in a tenant.
    Usage(usage::UsageArgs),
    /// Who changed what in a tenant.
    Audit(usage::AuditArgs),
}

/// A group of commands with what all of them take.
#[derive(Debug, Args)]
pub(crate) struct Of<C: Subcommand> {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: C,
}

/// What every command on a store takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// The SQLite file with the platform.
    #[arg(
        long,
        env = "BAILIWICK_STORE",
        default_value = "platform.db",
        global = true,
        value_name = "FILE"
    )]
    pub(crate) store: PathBuf,
    /// The directory with the policies; the one that `init` was given by default.
    #[arg(
        long,
        short,
        env = "BAILIWICK_POLICIES",
        global = true,
        value_name = "DIRECTORY"
    )]
    pub(crate) policies: Option<PathBuf>,
    /// The file with the platform's key; the store's name with `.key` by default.
    #[arg(long, env = "BAILIWICK_KEY_FILE", global = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// In whose name: the user whose authority is asked for. The operator by default where only the operator may.
    #[arg(long = "as", env = "BAILIWICK_AS", global = true, value_name = "USER")]
    pub(crate) actor: Option<String>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) format: Format,
    /// Short for --format json.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Common {
    /// Whether the result is for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.format == Format::Json
    }

    fn check(&self) -> Result<(), Failure> {
        if self.format == Format::Junit {
            return Err(Failure::Usage(
                "only `test` has a junit format; use human or json".to_owned(),
            ));
        }
        Ok(())
    }
}

impl PlatformCommand {
    fn common(&self) -> &Common {
        match self {
            Self::Init(args) => &args.common,
            Self::Tenant(of) => &of.common,
            Self::Project(of) => &of.common,
            Self::Member(of) => &of.common,
            Self::App(of) => &of.common,
            Self::Install(args) => &args.common,
            Self::Account(of) => &of.common,
            Self::Role(of) => &of.common,
            Self::Boundary(of) => &of.common,
            Self::Token(of) => &of.common,
            Self::Key(of) => &of.common,
            Self::Usage(args) => &args.common,
            Self::Audit(args) => &args.common,
        }
    }

    /// Whether failures are printed for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.common().is_json()
    }

    pub(crate) fn run(&self) -> Result<Outcome, Failure> {
        self.common().check()?;
        match self {
            Self::Init(args) => init::run(args),
            Self::Tenant(of) => tenant::run(&of.common, &of.command),
            Self::Project(of) => project::run(&of.common, &of.command),
            Self::Member(of) => tenant::run_member(&of.common, &of.command),
            Self::App(of) => app::run(&of.common, &of.command),
            Self::Install(args) => install::run(args),
            Self::Account(of) => account::run(&of.common, &of.command),
            Self::Role(of) => role::run(&of.common, &of.command),
            Self::Boundary(of) => boundary::run(&of.common, &of.command),
            Self::Token(of) => token::run(&of.common, &of.command),
            Self::Key(of) => key::run(&of.common, &of.command),
            Self::Usage(args) => usage::run(args),
            Self::Audit(args) => usage::run_audit(args),
        }
    }
}

/// Where in a tenant.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// A permitted project; repeat it for more.
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    /// Permit every project of the tenant, present and future, and what belongs to the tenant directly.
    #[arg(long, conflicts_with = "projects")]
    all_projects: bool,
}

impl ProjectArgs {
    pub(crate) fn projects(&self) -> Projects {
        if self.all_projects {
            Projects::All
        } else {
            Projects::listed(self.projects.iter().map(String::as_str))
        }
    }
}

/// Scopes from the command line, separated by commas or spaces.
pub(crate) fn scopes(text: &str) -> Result<Scopes, String> {
    let names = text.split([',', ' ']).filter(|name| !name.is_empty());
    Scopes::new(names).map_err(|error| error.to_string())
}

/// Seconds from `90`, `90s`, `15m`, `24h` or `7d`.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    let unit_at = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("expected a number with s, m, h or d, as in 24h".to_owned()),
    };
    number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "expected a number with s, m, h or d, as in 24h".to_owned())
}
