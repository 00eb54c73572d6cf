//! `bailiwick tenant` and `bailiwick member`.

use bailiwick::NewTenant;
use bailiwick::platform::{Membership, Tenant, TenantId, UserId};
use clap::{Subcommand, ValueEnum};

use super::Common;
use super::desk::{Desk, Mode};
use super::show::{done, list, listing, record, time};
use crate::output::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Create a tenant with its first admin.
    Add {
        /// The tenant's id.
        id: String,
        /// What people call it; its id by default.
        #[arg(long)]
        name: Option<String>,
        /// The first admin.
        #[arg(long, value_name = "USER")]
        admin: String,
        /// A role of the policies that the admin begins with, on the whole tenant; repeat it for more.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
    },
    /// Disable a tenant: nothing is allowed in it.
    Disable {
        /// The tenant's id.
        id: String,
    },
    /// Enable a tenant again; tokens from before stay dead.
    Enable {
        /// The tenant's id.
        id: String,
    },
    /// Say whether a user's consent installs apps.
    UserInstalls {
        /// The tenant's id.
        id: String,
        /// On or off.
        setting: Switch,
    },
    /// List the tenants.
    List,
}

/// A setting that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// It holds.
    On,
    /// It does not.
    Off,
}

pub(super) fn run(common: &Common, command: &TenantCommand) -> Result<Outcome, Failure> {
    if let TenantCommand::List = command {
        return list_all(common);
    }
    let desk = Desk::open(common, Mode::Write)?;
    let changed = |id: &str, line: String| done(common, &line, &record(desk.state().tenant(id)));
    match command {
        TenantCommand::Add {
            id,
            name,
            admin,
            roles,
        } => {
            let new = NewTenant::named(name.as_deref().unwrap_or(id)).admin(admin.as_str());
            let new = roles.iter().fold(new, NewTenant::role);
            let session = desk.operator(common)?;
            desk.engine.act_as(&session).create_tenant(id.as_str(), new)?;
            changed(id, format!("tenant {id}, administered by {admin}"))
        }
        TenantCommand::Disable { id } => {
            let session = desk.operator(common)?;
            desk.engine.act_as(&session).disable_tenant(id.as_str())?;
            changed(id, format!("tenant {id} is disabled"))
        }
        TenantCommand::Enable { id } => {
            let session = desk.operator(common)?;
            desk.engine.act_as(&session).enable_tenant(id.as_str())?;
            changed(
                id,
                format!("tenant {id} is enabled; tokens from before stay dead"),
            )
        }
        TenantCommand::UserInstalls { id, setting } => {
            let session = desk.session(common, id)?;
            let allowed = *setting == Switch::On;
            desk.engine
                .act_as(&session)
                .allow_user_installs(id.as_str(), allowed)?;
            let verb = if allowed { "installs" } else { "does not install" };
            changed(id, format!("a user's consent {verb} apps in {id}"))
        }
        TenantCommand::List => list_all(common),
    }
}

/// The names of the tenants are no secret to whoever can read the file.
fn list_all(common: &Common) -> Result<Outcome, Failure> {
    let desk = Desk::open(common, Mode::Read)?;
    let state = desk.state();
    let tenants: Vec<&Tenant> = state.tenants().collect();
    listing(
        common,
        ["tenant", "name", "user installs", "state", "created"],
        &tenants,
        |tenant| {
            [
                tenant.id.to_string(),
                tenant.name.clone(),
                if tenant.user_installs { "on" } else { "off" }.to_owned(),
                if tenant.disabled { "disabled" } else { "active" }.to_owned(),
                time(tenant.created),
            ]
        },
    )
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Make a user a member of a tenant, and of projects.
    Add {
        /// The user.
        user: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// A project to join; repeat it for more.
        #[arg(long = "project", value_name = "PROJECT")]
        projects: Vec<String>,
        /// As a guest, who belongs to the projects and not to the tenant itself.
        #[arg(long)]
        guest: bool,
    },
    /// Take a user out of a tenant, or out of a project alone.
    Remove {
        /// The user.
        user: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The project; the whole tenant by default.
        #[arg(long)]
        project: Option<String>,
    },
    /// Deactivate a user in a tenant: they may do nothing there, and nothing acts for them.
    Deactivate {
        /// The user.
        user: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
    /// Reactivate a user; tokens from before stay dead.
    Reactivate {
        /// The user.
        user: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
    /// List the members of a tenant.
    List {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
}

pub(super) fn run_member(common: &Common, command: &MemberCommand) -> Result<Outcome, Failure> {
    match command {
        MemberCommand::Add {
            user,
            tenant,
            projects,
            guest,
        } => add(common, user, tenant, projects, *guest),
        MemberCommand::Remove {
            user,
            tenant,
            project,
        } => {
            let desk = Desk::open(common, Mode::Write)?;
            let session = desk.session(common, tenant)?;
            let admin = desk.engine.act_as(&session);
            let from = match project {
                Some(project) => {
                    admin.remove_from_project(tenant.as_str(), user.as_str(), project.as_str())?;
                    format!("project {project}")
                }
                None => {
                    admin.remove_member(tenant.as_str(), user.as_str())?;
                    format!("tenant {tenant}")
                }
            };
            shown(common, &desk, tenant, user, &format!("{user} has left {from}"))
        }
        MemberCommand::Deactivate { user, tenant } => {
            let desk = Desk::open(common, Mode::Write)?;
            let session = desk.session(common, tenant)?;
            desk.engine
                .act_as(&session)
                .deactivate_user(tenant.as_str(), user.as_str())?;
            shown(
                common,
                &desk,
                tenant,
                user,
                &format!("{user} is deactivated in {tenant}"),
            )
        }
        MemberCommand::Reactivate { user, tenant } => {
            let desk = Desk::open(common, Mode::Write)?;
            let session = desk.session(common, tenant)?;
            desk.engine
                .act_as(&session)
                .reactivate_user(tenant.as_str(), user.as_str())?;
            shown(
                common,
                &desk,
                tenant,
                user,
                &format!("{user} is active in {tenant} again"),
            )
        }
        MemberCommand::List { tenant } => {
            let desk = Desk::open(common, Mode::Read)?;
            let session = desk.session(common, tenant)?;
            let members = desk.engine.act_as(&session).members(tenant.as_str())?;
            listing(
                common,
                ["user", "projects", "kind", "state"],
                &members,
                |member: &Membership| {
                    [
                        member.user.to_string(),
                        list(member.projects.iter()),
                        if member.guest { "guest" } else { "member" }.to_owned(),
                        if member.deactivated {
                            "deactivated"
                        } else {
                            "active"
                        }
                        .to_owned(),
                    ]
                },
            )
        }
    }
}

fn add(
    common: &Common,
    user: &str,
    tenant: &str,
    projects: &[String],
    guest: bool,
) -> Result<Outcome, Failure> {
    let desk = Desk::open(common, Mode::Write)?;
    let session = desk.session(common, tenant)?;
    let admin = desk.engine.act_as(&session);
    let known = desk.state();
    if known
        .membership(&TenantId::from(tenant), &UserId::from(user))
        .is_none()
    {
        if guest {
            admin.add_guest(tenant, user)?;
        } else {
            admin.add_member(tenant, user)?;
        }
    } else if projects.is_empty() {
        return Err(Failure::Usage(format!(
            "{user} is in {tenant} already; add projects with --project"
        )));
    }
    for project in projects {
        admin.add_to_project(tenant, user, project.as_str())?;
    }
    shown(common, &desk, tenant, user, &format!("{user} is in {tenant}"))
}

fn shown(common: &Common, desk: &Desk, tenant: &str, user: &str, line: &str) -> Result<Outcome, Failure> {
    let state = desk.state();
    let membership = state.membership(&TenantId::from(tenant), &UserId::from(user));
    done(common, line, &record(membership))
}
