//! `bailiwick boundary`.

use bailiwick::platform::{Bounded, Scopes};
use bailiwick::{Error, ErrorKind};
use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::desk::{Desk, Mode};
use super::show::{done, list};
use super::{Common, account, project, scopes};
use crate::output::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum BoundaryCommand {
    /// Cap everything beneath by scopes; an empty list leaves nothing.
    Set {
        #[command(flatten)]
        on: On,
        /// The scopes that remain, separated by commas.
        #[arg(long, value_parser = scopes)]
        scopes: Scopes,
    },
    /// Lift the cap.
    Lift {
        #[command(flatten)]
        on: On,
    },
}

/// What a boundary is on.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("on").required(true).args(["tenant", "project", "installation", "account"]))]
pub(crate) struct On {
    /// A tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// A project.
    #[arg(long)]
    project: Option<String>,
    /// An installation.
    #[arg(long, value_name = "ID")]
    installation: Option<String>,
    /// A service account.
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

impl On {
    /// What it is on, and the tenant of that.
    fn resolve(&self, desk: &Desk) -> Result<(Bounded, String), Failure> {
        if let Some(id) = &self.project {
            return Ok((
                Bounded::Project(id.as_str().into()),
                project::tenant_of(desk, id)?,
            ));
        }
        if let Some(id) = &self.account {
            return Ok((
                Bounded::ServiceAccount(id.as_str().into()),
                account::tenant_of(desk, id)?,
            ));
        }
        if let Some(id) = &self.installation {
            let state = desk.state();
            let known = state.installation(id).ok_or_else(|| {
                Error::new(
                    ErrorKind::PlatformUnknown,
                    format!("there is no installation `{id}`"),
                )
            })?;
            return Ok((
                Bounded::Installation(id.as_str().into()),
                known.tenant.to_string(),
            ));
        }
        let tenant = self.tenant.clone().unwrap_or_default();
        Ok((Bounded::Tenant(tenant.as_str().into()), tenant))
    }
}

pub(super) fn run(common: &Common, command: &BoundaryCommand) -> Result<Outcome, Failure> {
    let (on, scopes) = match command {
        BoundaryCommand::Set { on, scopes } => (on, Some(scopes.clone())),
        BoundaryCommand::Lift { on } => (on, None),
    };
    let desk = Desk::open(common, Mode::Write)?;
    let (bounded, tenant) = on.resolve(&desk)?;
    let session = desk.session(common, &tenant)?;
    desk.engine
        .act_as(&session)
        .set_boundary(&bounded, scopes.clone())?;
    let line = match &scopes {
        Some(scopes) => format!("capped by {}", list(scopes.iter())),
        None => "capped no longer".to_owned(),
    };
    done(common, &line, &json!({ "on": bounded, "scopes": scopes }))
}
