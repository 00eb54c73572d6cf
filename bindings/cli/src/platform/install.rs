//! `bailiwick install`.

use bailiwick::platform::{AppId, InstallRequest, Installation, Scopes, Side, TenantId};
use bailiwick::{Error, ErrorKind, Session};
use clap::{Args, Subcommand, ValueEnum};

use super::desk::{Desk, Mode};
use super::show::{done, list, listing, projects, record, time};
use super::{Common, ProjectArgs, scopes};
use crate::output::{Failure, Outcome};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// The app to install.
    #[arg(required = true)]
    app: Option<String>,
    /// The tenant to install it in.
    #[arg(long, required = true)]
    tenant: Option<String>,
    /// The scopes to approve, separated by commas; all that its published version asks for by default.
    #[arg(long, value_parser = scopes)]
    scopes: Option<Scopes>,
    #[command(flatten)]
    projects: ProjectArgs,
    #[command(subcommand)]
    command: Option<InstallCommand>,
}

/// An app in a tenant.
#[derive(Debug, Args)]
pub(crate) struct Installed {
    /// The app.
    app: String,
    /// The tenant it is installed in.
    #[arg(long)]
    tenant: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InstallCommand {
    /// Approve a later version.
    Approve {
        #[command(flatten)]
        installed: Installed,
        /// The version's number.
        version: u32,
        /// The scopes to approve; all that the version asks for by default.
        #[arg(long, value_parser = scopes)]
        scopes: Option<Scopes>,
    },
    /// Permit other projects instead.
    Projects {
        #[command(flatten)]
        installed: Installed,
        #[command(flatten)]
        projects: ProjectArgs,
    },
    /// Suspend an installation from one side.
    Suspend {
        #[command(flatten)]
        installed: Installed,
        /// Whose flag it is.
        #[arg(long, value_enum, default_value_t = SideName::TenantAdmin)]
        side: SideName,
    },
    /// Lift one side's suspension; the others stand.
    Resume {
        #[command(flatten)]
        installed: Installed,
        /// Whose flag it is.
        #[arg(long, value_enum, default_value_t = SideName::TenantAdmin)]
        side: SideName,
    },
    /// Remove an installation for good, with its consents and its service accounts.
    #[command(visible_alias = "uninstall")]
    Remove {
        #[command(flatten)]
        installed: Installed,
    },
    /// List the installations of a tenant.
    List {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
    /// List the apps that users of a tenant ask for.
    Requests {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
    /// Decline what a user asked for.
    Decline {
        /// The request's id.
        request: String,
    },
}

/// Who suspends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideName {
    /// The tenant's admin.
    TenantAdmin,
    /// A developer of the app.
    Developer,
    /// The platform's operator.
    Platform,
}

impl SideName {
    const fn side(self) -> Side {
        match self {
            Self::TenantAdmin => Side::TenantAdmin,
            Self::Developer => Side::Developer,
            Self::Platform => Side::Platform,
        }
    }
}

pub(super) fn run(args: &InstallArgs) -> Result<Outcome, Failure> {
    let common = &args.common;
    let Some(command) = &args.command else {
        return install(args);
    };
    match command {
        InstallCommand::List { tenant } => return list_all(common, tenant),
        InstallCommand::Requests { tenant } => return requests(common, tenant),
        _ => {}
    }
    let desk = Desk::open(common, Mode::Write)?;
    let changed = |installation: &Installation, line: &str| {
        done(
            common,
            line,
            &record(desk.state().installation(installation.id.as_str())),
        )
    };
    match command {
        InstallCommand::Approve {
            installed,
            version,
            scopes,
        } => {
            let it = installed.find(&desk)?;
            let scopes = match scopes {
                Some(scopes) => scopes.clone(),
                None => asked(&desk, &installed.app, Some(*version))?,
            };
            let session = desk.session(common, &installed.tenant)?;
            let line = format!(
                "version {version} of {} with {}",
                installed.app,
                list(scopes.iter())
            );
            desk.engine
                .act_as(&session)
                .approve_version(it.id.clone(), *version, scopes)?;
            changed(&it, &line)
        }
        InstallCommand::Projects { installed, projects } => {
            let it = installed.find(&desk)?;
            let session = desk.session(common, &installed.tenant)?;
            desk.engine
                .act_as(&session)
                .configure_projects(it.id.clone(), projects.projects())?;
            let line = format!(
                "{} acts in {}",
                installed.app,
                super::show::projects(&projects.projects())
            );
            changed(&it, &line)
        }
        InstallCommand::Suspend { installed, side } => {
            let it = installed.find(&desk)?;
            let session = desk.side_session(common, installed, *side)?;
            desk.engine.act_as(&session).suspend(it.id.clone(), side.side())?;
            changed(
                &it,
                &format!("{} is suspended in {}", installed.app, installed.tenant),
            )
        }
        InstallCommand::Resume { installed, side } => {
            let it = installed.find(&desk)?;
            let session = desk.side_session(common, installed, *side)?;
            desk.engine
                .act_as(&session)
                .unsuspend(it.id.clone(), side.side())?;
            let state = desk.state();
            let left = state
                .installation(it.id.as_str())
                .map_or(0, |installation| installation.suspended.len());
            let line = match left {
                0 => format!("{} is in service in {} again", installed.app, installed.tenant),
                _ => format!(
                    "{} stays suspended: another side has not lifted its flag",
                    installed.app
                ),
            };
            changed(&it, &line)
        }
        InstallCommand::Remove { installed } => {
            let it = installed.find(&desk)?;
            let session = desk.session(common, &installed.tenant)?;
            desk.engine.act_as(&session).uninstall(it.id.clone())?;
            changed(
                &it,
                &format!("{} is removed from {}", installed.app, installed.tenant),
            )
        }
        InstallCommand::Decline { request } => {
            let state = desk.state();
            let known = state.install_request(request).ok_or_else(|| {
                Error::new(
                    ErrorKind::PlatformUnknown,
                    format!("there is no install request `{request}`"),
                )
            })?;
            let session = desk.session(common, known.tenant.as_str())?;
            desk.engine.act_as(&session).decline_request(request.as_str())?;
            let line = format!("{} is not installed for {}", known.app, known.user);
            done(common, &line, &record(desk.state().install_request(request)))
        }
        InstallCommand::List { tenant } => list_all(common, tenant),
        InstallCommand::Requests { tenant } => requests(common, tenant),
    }
}

impl Installed {
    fn find(&self, desk: &Desk) -> Result<Installation, Failure> {
        let state = desk.state();
        let (tenant, app) = (
            TenantId::from(self.tenant.as_str()),
            AppId::from(self.app.as_str()),
        );
        state.installed(&tenant, &app).cloned().ok_or_else(|| {
            let message = format!("`{}` is not installed in `{}`", self.app, self.tenant);
            Error::new(ErrorKind::PlatformUnknown, message)
                .help(format!(
                    "`bailiwick install list --tenant {}` lists what is",
                    self.tenant
                ))
                .into()
        })
    }
}

impl Desk {
    /// Whichever side acts, it acts in the tenant of the installation; the operator need not say who they are.
    fn side_session(
        &self,
        common: &Common,
        installed: &Installed,
        side: SideName,
    ) -> Result<Session, Failure> {
        match side {
            SideName::Platform => self.operator_in(common, &installed.tenant),
            _ => self.session(common, &installed.tenant),
        }
    }
}

fn install(args: &InstallArgs) -> Result<Outcome, Failure> {
    let common = &args.common;
    let (Some(app), Some(tenant)) = (args.app.as_deref(), args.tenant.as_deref()) else {
        return Err(Failure::Usage("which app, and in which --tenant?".to_owned()));
    };
    let desk = Desk::open(common, Mode::Write)?;
    let session = desk.session(common, tenant)?;
    let scopes = match &args.scopes {
        Some(scopes) => scopes.clone(),
        None => asked(&desk, app, None)?,
    };
    let line = format!("{app} is installed in {tenant} with {}", list(scopes.iter()));
    let id = desk
        .engine
        .act_as(&session)
        .install(tenant, app, scopes, args.projects.projects())?;
    let state = desk.state();
    done(
        common,
        &format!("{line} ({id})"),
        &record(state.installation(id.as_str())),
    )
}

/// What a version of an app asks for; of the published one unless told.
fn asked(desk: &Desk, app: &str, number: Option<u32>) -> Result<Scopes, Failure> {
    let state = desk.state();
    let known = state
        .app(app)
        .ok_or_else(|| Error::new(ErrorKind::PlatformUnknown, format!("there is no app `{app}`")))?;
    let version = match number {
        Some(number) => known.version(number),
        None => known.published(),
    };
    let version = version.ok_or_else(|| {
        Error::new(
            ErrorKind::PlatformUnknown,
            format!("app `{app}` has no such version published"),
        )
        .help("`bailiwick app list` shows which one is")
    })?;
    Ok(version.manifest.scopes.clone())
}

fn list_all(common: &Common, tenant: &str) -> Result<Outcome, Failure> {
    let desk = Desk::open(common, Mode::Read)?;
    let session = desk.session(common, tenant)?;
    let installations = desk.engine.act_as(&session).installations(tenant)?;
    let state = desk.state();
    let heads = [
        "app",
        "version",
        "pending",
        "scopes",
        "projects",
        "suspended by",
        "id",
    ];
    listing(common, heads, &installations, |it| {
        let pending = state.pending_version(it);
        [
            it.app.to_string(),
            it.version.to_string(),
            pending.map_or_else(|| "-".to_owned(), |version| version.number.to_string()),
            list(it.scopes.iter()),
            projects(&it.projects),
            list(it.suspended.iter().map(|side| side.name())),
            it.id.to_string(),
        ]
    })
}

fn requests(common: &Common, tenant: &str) -> Result<Outcome, Failure> {
    let desk = Desk::open(common, Mode::Read)?;
    let session = desk.session(common, tenant)?;
    let requests = desk.engine.act_as(&session).install_requests(tenant)?;
    let heads = ["request", "app", "user", "scopes", "filed"];
    listing(common, heads, &requests, |request: &InstallRequest| {
        [
            request.id.to_string(),
            request.app.to_string(),
            request.user.to_string(),
            list(request.scopes.iter()),
            time(request.filed),
        ]
    })
}
