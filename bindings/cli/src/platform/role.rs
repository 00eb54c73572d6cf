//! `bailiwick role`.

use bailiwick::platform::{Assignee, Place, RoleAssignment, RoleSet};
use bailiwick::{Error, ErrorKind};
use clap::{ArgGroup, Args, Subcommand};

use super::Common;
use super::desk::{Desk, Mode};
use super::project::tenant_of;
use super::show::{done, listing, record};
use crate::output::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Assign a role: nobody hands on more than they hold.
    Assign(Assignment),
    /// Withdraw a role.
    Withdraw(Assignment),
    /// List the roles that hold at a tenant or project itself.
    List {
        #[command(flatten)]
        place: PlaceArgs,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("assignee").required(true).args(["user", "account"]))]
pub(crate) struct Assignment {
    /// The role: the id of a template of the policies.
    role: String,
    /// To a user.
    #[arg(long)]
    user: Option<String>,
    /// To a service account.
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
    /// A role of the platform's own policies, such as tenant-admin or app-manager.
    #[arg(long)]
    administration: bool,
}

/// Where a role holds.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true).args(["tenant", "project"]))]
pub(crate) struct PlaceArgs {
    /// In a whole tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// In a project.
    #[arg(long)]
    project: Option<String>,
}

impl PlaceArgs {
    /// The place, and the tenant it is in.
    fn resolve(&self, desk: &Desk) -> Result<(Place, String), Failure> {
        match (&self.tenant, &self.project) {
            (Some(tenant), None) => Ok((Place::Tenant(tenant.as_str().into()), tenant.clone())),
            (_, Some(project)) => {
                let tenant = tenant_of(desk, project)?;
                Ok((Place::Project(project.as_str().into()), tenant))
            }
            (None, None) => Err(Failure::Usage("where? Say --tenant or --project".to_owned())),
        }
    }
}

impl Assignment {
    fn assignee(&self) -> Assignee {
        match (&self.account, &self.user) {
            (Some(account), _) => Assignee::ServiceAccount(account.as_str().into()),
            (None, user) => Assignee::User(user.as_deref().unwrap_or_default().into()),
        }
    }

    fn of(&self, place: Place) -> RoleAssignment {
        let set = if self.administration {
            RoleSet::Administration
        } else {
            RoleSet::Host
        };
        RoleAssignment::new(self.assignee(), set, &self.role, place)
    }

    fn who(&self) -> &str {
        let who = self.account.as_deref().or(self.user.as_deref());
        who.unwrap_or_default()
    }
}

pub(super) fn run(common: &Common, command: &RoleCommand) -> Result<Outcome, Failure> {
    match command {
        RoleCommand::Assign(wanted) => {
            let desk = Desk::open(common, Mode::Write)?;
            let (place, tenant) = wanted.place.resolve(&desk)?;
            let session = desk.session(common, &tenant)?;
            let admin = desk.engine.act_as(&session);
            let assign = if wanted.administration {
                bailiwick::Admin::assign_administration
            } else {
                bailiwick::Admin::assign_role
            };
            let id = assign(&admin, wanted.assignee(), &wanted.role, place)?;
            let line = format!("{} holds {}", wanted.who(), wanted.role);
            done(common, &line, &record(desk.state().assignment(id.as_str())))
        }
        RoleCommand::Withdraw(wanted) => {
            let desk = Desk::open(common, Mode::Write)?;
            let (place, tenant) = wanted.place.resolve(&desk)?;
            let assignment = wanted.of(place);
            if desk.state().assignment(assignment.id.as_str()).is_none() {
                let message = format!("{} does not hold `{}` there", wanted.who(), wanted.role);
                return Err(Error::new(ErrorKind::PlatformUnknown, message)
                    .help("`bailiwick role list` lists what holds at a place")
                    .into());
            }
            let session = desk.session(common, &tenant)?;
            desk.engine
                .act_as(&session)
                .withdraw_role(assignment.id.clone())?;
            let line = format!("{} no longer holds {}", wanted.who(), wanted.role);
            done(common, &line, &record(Some(&assignment)))
        }
        RoleCommand::List { place } => {
            let desk = Desk::open(common, Mode::Read)?;
            let (place, tenant) = place.resolve(&desk)?;
            let session = desk.session(common, &tenant)?;
            let roles = desk.engine.act_as(&session).roles_at(&place)?;
            listing(
                common,
                ["role", "holder", "set"],
                &roles,
                |role: &RoleAssignment| {
                    [
                        role.role.clone(),
                        match &role.assignee {
                            Assignee::User(id) => format!("user {id}"),
                            Assignee::ServiceAccount(id) => format!("account {id}"),
                            _ => "-".to_owned(),
                        },
                        match role.set {
                            RoleSet::Host => "host",
                            RoleSet::Administration => "administration",
                        }
                        .to_owned(),
                    ]
                },
            )
        }
    }
}
