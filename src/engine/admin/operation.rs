//! Administration in JSON: one entry for hosts in other languages, with the operations of [`Admin`] behind it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{
    AccountId, AppId, Assignee, AssignmentId, Bounded, FamilyId, GrantId, InstallationId, KeyId, Manifest,
    Place, ProjectId, Projects, RequestId, Scopes, Secret, SecretId, SecretOwner, Side, TenantId, TokenId,
    UserId,
};

use super::{Admin, Consent, NewApp, NewServiceAccount, NewTenant};

/// An operation with its parameters; the names of both are those of [`Admin`]'s methods.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Operation {
    CreateTenant {
        id: TenantId,
        name: String,
        admin: UserId,
        #[serde(default)]
        roles: Vec<String>,
    },
    AllowUserInstalls {
        tenant: TenantId,
        allowed: bool,
    },
    DisableTenant {
        tenant: TenantId,
    },
    EnableTenant {
        tenant: TenantId,
    },
    CreateProject {
        tenant: TenantId,
        id: ProjectId,
        name: String,
    },
    RemoveProject {
        project: ProjectId,
    },
    AddMember {
        tenant: TenantId,
        user: UserId,
    },
    AddGuest {
        tenant: TenantId,
        user: UserId,
    },
    RemoveMember {
        tenant: TenantId,
        user: UserId,
    },
    AddToProject {
        tenant: TenantId,
        user: UserId,
        project: ProjectId,
    },
    RemoveFromProject {
        tenant: TenantId,
        user: UserId,
        project: ProjectId,
    },
    DeactivateUser {
        tenant: TenantId,
        user: UserId,
    },
    ReactivateUser {
        tenant: TenantId,
        user: UserId,
    },
    RegisterApp {
        owner: TenantId,
        name: String,
        #[serde(default)]
        id: Option<AppId>,
        #[serde(default)]
        developers: Vec<UserId>,
    },
    DraftVersion {
        app: AppId,
        manifest: Manifest,
    },
    PublishVersion {
        app: AppId,
        number: u32,
    },
    SetDeveloper {
        app: AppId,
        user: UserId,
        is_behind: bool,
    },
    BlockApp {
        app: AppId,
    },
    UnblockApp {
        app: AppId,
    },
    RetireApp {
        app: AppId,
    },
    Install {
        tenant: TenantId,
        app: AppId,
        scopes: Scopes,
        #[serde(deserialize_with = "projects")]
        projects: Projects,
    },
    Consent {
        app: AppId,
        scopes: Scopes,
    },
    RequestInstall {
        app: AppId,
        scopes: Scopes,
    },
    DeclineRequest {
        request: RequestId,
    },
    ConfigureProjects {
        installation: InstallationId,
        #[serde(deserialize_with = "projects")]
        projects: Projects,
    },
    ApproveVersion {
        installation: InstallationId,
        version: u32,
        scopes: Scopes,
    },
    Suspend {
        installation: InstallationId,
        side: Side,
    },
    Unsuspend {
        installation: InstallationId,
        side: Side,
    },
    Uninstall {
        installation: InstallationId,
    },
    RevokeGrant {
        grant: GrantId,
    },
    Installations {
        tenant: TenantId,
    },
    InstallRequests {
        tenant: TenantId,
    },
    ConnectedApps {},
    CreateServiceAccount {
        tenant: TenantId,
        name: String,
        #[serde(default = "Projects::none", deserialize_with = "projects")]
        projects: Projects,
        #[serde(default)]
        installation: Option<InstallationId>,
    },
    CreateSecret {
        owner: SecretOwner,
    },
    RotateSecret {
        owner: SecretOwner,
        overlap: i64,
    },
    RevokeSecret {
        secret: SecretId,
        with_tokens: bool,
    },
    SetAccountProjects {
        account: AccountId,
        #[serde(deserialize_with = "projects")]
        projects: Projects,
    },
    DisableAccount {
        account: AccountId,
    },
    EnableAccount {
        account: AccountId,
    },
    DeleteAccount {
        account: AccountId,
    },
    ServiceAccounts {
        tenant: TenantId,
    },
    AssignRole {
        assignee: Assignee,
        role: String,
        place: Place,
    },
    AssignAdministration {
        assignee: Assignee,
        role: String,
        place: Place,
    },
    WithdrawRole {
        assignment: AssignmentId,
    },
    RolesAt {
        place: Place,
    },
    SetBoundary {
        on: Bounded,
        scopes: Option<Scopes>,
    },
    EndFamily {
        family: FamilyId,
    },
    RevokeAccountToken {
        account: AccountId,
        token: TokenId,
        expires: i64,
    },
    Projects {
        tenant: TenantId,
    },
    Members {
        tenant: TenantId,
    },
    StageKey {
        purpose: String,
    },
    RotateKey {
        purpose: String,
    },
    SigningKeys {},
    PromoteKey {
        key: KeyId,
    },
    RetireKey {
        key: KeyId,
    },
    MarkKeyCompromised {
        key: KeyId,
    },
    Usage {
        tenant: TenantId,
    },
    RecentDecisions {
        tenant: TenantId,
        #[serde(default = "some")]
        limit: usize,
    },
    Changes {
        tenant: TenantId,
        #[serde(default)]
        after: u64,
        #[serde(default = "some")]
        limit: usize,
    },
}

/// How many records are listed unless told.
const fn some() -> usize {
    100
}

/// What was made.
#[derive(Serialize)]
struct Made<'a, I> {
    id: I,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Consented {
    Given(GrantId),
    Requested(RequestId),
}

impl Admin<'_> {
    /// Carries out an operation that is given as JSON, and answers in JSON: for hosts in other languages and for
    /// administration over a wire. Whatever the method of that name checks is checked.
    ///
    /// The request is an object with the operation in `do` and its parameters by name; what the JSON form does not know
    /// is an error. The answer is `null`, `{"id": …}` for what was made, with `secret` where one is shown once, or a list
    /// of records.
    ///
    #[doc = include_str!("operations.md")]
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentInvalid`] for what is no such object, and those of the operation.
    pub fn perform(&self, request: impl AsRef<[u8]>) -> Result<Zeroizing<String>> {
        let request = crate::json::parse("request", request.as_ref())?;
        let operation: Operation = serde_json::from_value(request).map_err(|error| {
            Error::new(
                ErrorKind::ArgumentInvalid,
                format!("the request is no operation of the administration: {error}"),
            )
            .help(r#"write it as {"do": "create_project", "tenant": "acme", "id": "p1", "name": "Harbour bridge"}"#)
        })?;
        self.carry_out(operation)
    }

    fn carry_out(&self, operation: Operation) -> Result<Zeroizing<String>> {
        use Operation as Do;
        match operation {
            Do::CreateTenant {
                id,
                name,
                admin,
                roles,
            } => {
                let new = NewTenant::named(name).admin(admin);
                let new = roles.into_iter().fold(new, NewTenant::role);
                answer(&self.create_tenant(id, new)?)
            }
            Do::AllowUserInstalls { tenant, allowed } => answer(&self.allow_user_installs(tenant, allowed)?),
            Do::DisableTenant { tenant } => answer(&self.disable_tenant(tenant)?),
            Do::EnableTenant { tenant } => answer(&self.enable_tenant(tenant)?),
            Do::CreateProject { tenant, id, name } => answer(&self.create_project(tenant, id, name)?),
            Do::RemoveProject { project } => answer(&self.remove_project(project)?),
            Do::AddMember { tenant, user } => answer(&self.add_member(tenant, user)?),
            Do::AddGuest { tenant, user } => answer(&self.add_guest(tenant, user)?),
            Do::RemoveMember { tenant, user } => answer(&self.remove_member(tenant, user)?),
            Do::AddToProject {
                tenant,
                user,
                project,
            } => answer(&self.add_to_project(tenant, user, project)?),
            Do::RemoveFromProject {
                tenant,
                user,
                project,
            } => answer(&self.remove_from_project(tenant, user, project)?),
            Do::DeactivateUser { tenant, user } => answer(&self.deactivate_user(tenant, user)?),
            Do::ReactivateUser { tenant, user } => answer(&self.reactivate_user(tenant, user)?),
            Do::RegisterApp {
                owner,
                name,
                id,
                developers,
            } => {
                let new = developers
                    .into_iter()
                    .fold(NewApp::named(name), NewApp::developer);
                let new = match id {
                    Some(id) => new.id(id),
                    None => new,
                };
                made(self.register_app(owner, new)?, None)
            }
            Do::DraftVersion { app, manifest } => made(self.draft_version(app, manifest)?, None),
            Do::PublishVersion { app, number } => answer(&self.publish_version(app, number)?),
            Do::SetDeveloper { app, user, is_behind } => answer(&self.set_developer(app, user, is_behind)?),
            Do::BlockApp { app } => answer(&self.block_app(app)?),
            Do::UnblockApp { app } => answer(&self.unblock_app(app)?),
            Do::RetireApp { app } => answer(&self.retire_app(app)?),
            Do::Install {
                tenant,
                app,
                scopes,
                projects,
            } => made(self.install(tenant, app, scopes, projects)?, None),
            Do::Consent { app, scopes } => answer(&match self.consent(app, scopes)? {
                Consent::Given(id) => Consented::Given(id),
                Consent::Requested(id) => Consented::Requested(id),
            }),
            Do::RequestInstall { app, scopes } => made(self.request_install(app, scopes)?, None),
            Do::DeclineRequest { request } => answer(&self.decline_request(request)?),
            Do::ConfigureProjects {
                installation,
                projects,
            } => answer(&self.configure_projects(installation, projects)?),
            Do::ApproveVersion {
                installation,
                version,
                scopes,
            } => answer(&self.approve_version(installation, version, scopes)?),
            Do::Suspend { installation, side } => answer(&self.suspend(installation, side)?),
            Do::Unsuspend { installation, side } => answer(&self.unsuspend(installation, side)?),
            Do::Uninstall { installation } => answer(&self.uninstall(installation)?),
            Do::RevokeGrant { grant } => answer(&self.revoke_grant(grant)?),
            Do::Installations { tenant } => answer(&self.installations(tenant)?),
            Do::InstallRequests { tenant } => answer(&self.install_requests(tenant)?),
            Do::ConnectedApps {} => answer(&self.connected_apps()),
            Do::CreateServiceAccount {
                tenant,
                name,
                projects,
                installation,
            } => {
                let new = NewServiceAccount::named(name).projects(projects);
                let new = match installation {
                    Some(id) => new.installation(id),
                    None => new,
                };
                let (id, secret) = self.create_service_account(tenant, new)?;
                made(id, Some(&secret))
            }
            Do::CreateSecret { owner } => {
                let (id, secret) = self.create_secret(owner)?;
                made(id, Some(&secret))
            }
            Do::RotateSecret { owner, overlap } => {
                let (id, secret) = self.rotate_secret(&owner, overlap)?;
                made(id, Some(&secret))
            }
            Do::RevokeSecret { secret, with_tokens } => answer(&self.revoke_secret(secret, with_tokens)?),
            Do::SetAccountProjects { account, projects } => {
                answer(&self.set_account_projects(account, projects)?)
            }
            Do::DisableAccount { account } => answer(&self.disable_account(account)?),
            Do::EnableAccount { account } => answer(&self.enable_account(account)?),
            Do::DeleteAccount { account } => answer(&self.delete_account(account)?),
            Do::ServiceAccounts { tenant } => answer(&self.service_accounts(tenant)?),
            Do::AssignRole {
                assignee,
                role,
                place,
            } => made(self.assign_role(assignee, &role, place)?, None),
            Do::AssignAdministration {
                assignee,
                role,
                place,
            } => made(self.assign_administration(assignee, &role, place)?, None),
            Do::WithdrawRole { assignment } => answer(&self.withdraw_role(assignment)?),
            Do::RolesAt { place } => answer(&self.roles_at(&place)?),
            Do::SetBoundary { on, scopes } => answer(&self.set_boundary(&on, scopes)?),
            Do::EndFamily { family } => answer(&self.end_family(family)?),
            Do::RevokeAccountToken {
                account,
                token,
                expires,
            } => answer(&self.revoke_account_token(account, token, expires)?),
            Do::Projects { tenant } => answer(&self.projects(tenant)?),
            Do::Members { tenant } => answer(&self.members(tenant)?),
            Do::StageKey { purpose } => made(self.stage_key(purpose.parse()?)?, None),
            Do::RotateKey { purpose } => made(self.rotate_key(purpose.parse()?)?, None),
            Do::SigningKeys {} => answer(&self.signing_keys()?),
            Do::PromoteKey { key } => answer(&self.promote_key(key)?),
            Do::RetireKey { key } => answer(&self.retire_key(key)?),
            Do::MarkKeyCompromised { key } => answer(&self.mark_key_compromised(key)?),
            Do::Usage { tenant } => answer(&self.usage(tenant)?),
            Do::RecentDecisions { tenant, limit } => answer(&self.recent_decisions(tenant, limit)?),
            Do::Changes { tenant, after, limit } => answer(&self.changes(tenant, after, limit)?),
        }
    }
}

/// Projects as people write them: a list, or `"all"`.
fn projects<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Projects, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Word(String),
        Listed(Vec<ProjectId>),
    }
    match Written::deserialize(deserializer) {
        Ok(Written::Listed(projects)) => Ok(Projects::listed(projects)),
        Ok(Written::Word(word)) if word == "all" => Ok(Projects::All),
        _ => Err(D::Error::custom(r#"`projects` is a list of ids, or "all""#)),
    }
}

fn made(id: impl Serialize, secret: Option<&Secret>) -> Result<Zeroizing<String>> {
    let secret = secret.map(Secret::expose);
    answer(&Made { id, secret })
}

fn answer(value: &impl Serialize) -> Result<Zeroizing<String>> {
    serde_json::to_string(value)
        .map(Zeroizing::new)
        .map_err(|_| Error::new(ErrorKind::Internal, "the answer cannot be written as JSON"))
}

#[cfg(test)]
#[path = "operation_tests.rs"]
mod tests;
