//! `bailiwick project`.

use bailiwick::platform::Project;
use bailiwick::{Error, ErrorKind};
use clap::Subcommand;

use super::Common;
use super::desk::{Desk, Mode};
use super::show::{done, listing, record};
use crate::output::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Create a project in a tenant.
    Add {
        /// The project's id.
        id: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// What people call it; its id by default.
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove a project for good, with the roles in it.
    Remove {
        /// The project's id.
        id: String,
    },
    /// List the projects of a tenant.
    List {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
}

pub(super) fn run(common: &Common, command: &ProjectCommand) -> Result<Outcome, Failure> {
    match command {
        ProjectCommand::Add { id, tenant, name } => {
            let desk = Desk::open(common, Mode::Write)?;
            let session = desk.session(common, tenant)?;
            let name = name.as_deref().unwrap_or(id);
            desk.engine
                .act_as(&session)
                .create_project(tenant.as_str(), id.as_str(), name)?;
            done(
                common,
                &format!("project {id} of {tenant}"),
                &record(desk.state().project(id)),
            )
        }
        ProjectCommand::Remove { id } => {
            let desk = Desk::open(common, Mode::Write)?;
            let session = desk.session(common, &tenant_of(&desk, id)?)?;
            desk.engine.act_as(&session).remove_project(id.as_str())?;
            done(
                common,
                &format!("project {id} is removed"),
                &record(desk.state().project(id)),
            )
        }
        ProjectCommand::List { tenant } => {
            let desk = Desk::open(common, Mode::Read)?;
            let session = desk.session(common, tenant)?;
            let projects = desk.engine.act_as(&session).projects(tenant.as_str())?;
            listing(common, ["project", "name"], &projects, |project: &Project| {
                [project.id.to_string(), project.name.clone()]
            })
        }
    }
}

/// The tenant of a project.
pub(super) fn tenant_of(desk: &Desk, project: &str) -> Result<String, Failure> {
    let state = desk.state();
    let project = state.project(project).ok_or_else(|| {
        Error::new(
            ErrorKind::PlatformUnknown,
            format!("there is no project `{project}`"),
        )
        .help("`bailiwick project list --tenant TENANT` lists them")
    })?;
    Ok(project.tenant.to_string())
}
