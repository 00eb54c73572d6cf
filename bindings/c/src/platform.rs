//! Administration: tenants, projects, members, apps, installations, service accounts, roles and boundaries, always in the
//! name of a session's caller, whom the policies of the administration judge. Every function may be called from several
//! threads at once.
//!
//! One function carries out every operation. The request is a JSON object with the operation in `do` and its parameters by
//! name; what it does not know is an error. The answer is `null`, an object with the `id` of what was made and, once, its
//! `secret`, or an array of records. Times are seconds since the Unix epoch.
//!
//! | `do` | parameters | answer |
//! | --- | --- | --- |
//! | `create_tenant` | `id`, `name`, `admin`, `roles`? | null |
//! | `allow_user_installs` | `tenant`, `allowed` | null |
//! | `disable_tenant`, `enable_tenant` | `tenant` | null |
//! | `create_project` | `tenant`, `id`, `name` | null |
//! | `remove_project` | `project` | null |
//! | `add_member`, `add_guest`, `remove_member`, `deactivate_user`, `reactivate_user` | `tenant`, `user` | null |
//! | `add_to_project`, `remove_from_project` | `tenant`, `user`, `project` | null |
//! | `register_app` | `owner`, `name`, `id`?, `developers`? | id |
//! | `draft_version` | `app`, `manifest`: `{"scopes": […], "redirect_uris": […], "grant_types": […]}` | id: the number |
//! | `publish_version` | `app`, `number` | null |
//! | `set_developer` | `app`, `user`, `is_behind` | null |
//! | `block_app`, `unblock_app`, `retire_app` | `app` | null |
//! | `install` | `tenant`, `app`, `scopes`, `projects` | id |
//! | `consent` | `app`, `scopes` | `{"given": id}` or `{"requested": id}` |
//! | `request_install` | `app`, `scopes` | id |
//! | `decline_request` | `request` | null |
//! | `configure_projects` | `installation`, `projects` | null |
//! | `approve_version` | `installation`, `version`, `scopes` | null |
//! | `suspend`, `unsuspend` | `installation`, `side`: `tenant_admin`, `developer` or `platform` | null |
//! | `uninstall` | `installation` | null |
//! | `revoke_grant` | `grant` | null |
//! | `installations`, `install_requests`, `service_accounts` | `tenant` | list |
//! | `connected_apps` | | list |
//! | `create_service_account` | `tenant`, `name`, `projects`?, `installation`? | id, secret |
//! | `create_secret` | `owner` | id, secret |
//! | `rotate_secret` | `owner`, `overlap` in seconds | id, secret |
//! | `revoke_secret` | `secret`: its id, `with_tokens` | null |
//! | `set_account_projects` | `account`, `projects` | null |
//! | `disable_account`, `enable_account`, `delete_account` | `account` | null |
//! | `assign_role`, `assign_administration` | `assignee`, `role`, `place` | id |
//! | `withdraw_role` | `assignment` | null |
//! | `roles_at` | `place` | list |
//! | `set_boundary` | `on`, `scopes`: a list, or null for no boundary | null |
//! | `end_family` | `family` | null |
//! | `revoke_account_token` | `account`, `token`: its id, `expires` | null |
//! | `projects`, `members` | `tenant` | list |
//! | `stage_key`, `rotate_key` | `purpose`: `sign EdDSA`, `sign ES256` or `encrypt dir A256GCM` | id |
//! | `signing_keys` | | list |
//! | `promote_key`, `retire_key`, `mark_key_compromised` | `key` | null |
//! | `usage` | `tenant` | list |
//! | `recent_decisions` | `tenant`, `limit`? | list |
//! | `changes` | `tenant`, `after`?: a revision of the store, `limit`? | list of `[revision, record]` |
//!
//! `projects` is a list of ids, or `"all"`; `owner` is `{"service_account": id}` or `{"app": id}`; `assignee` is `{"user": id}`
//! or `{"service_account": id}`; `place` is `"platform"`, `{"tenant": id}` or `{"project": id}`; `on` is one of `tenant`,
//! `project`, `installation` and `service_account` with an id, as `{"tenant": id}`. Times are seconds since the Unix epoch.

use bailiwick::Result;

use crate::boundary::{ErrorOut, fallible, handle_out};
use crate::engine::bw_engine;
use crate::error::bw_status;
use crate::explain::StringOut;
use crate::object::given;
use crate::session::bw_session;
use crate::text::{bw_str, hand_out_string};

/// Founds the platform: the operator's tenant, its name, and its first operator. It works once, and fails with
/// `BW_PLATFORM_CONFLICT` ever after.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_bootstrap(
    engine: Option<&bw_engine>,
    tenant: bw_str<'_>,
    name: bw_str<'_>,
    operator_id: bw_str<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let engine = given(engine)?;
        let (tenant, name) = (tenant.text("tenant")?, name.text("name")?);
        engine.bootstrap(tenant, name, operator_id.text("operator_id")?)
    })
}

/// Carries out an operation of the administration in the name of the session's caller. The answer may hold a secret; the
/// string is freed with `bw_string_free`, which wipes it.
///
/// Fails with `BW_ARGUMENT_INVALID` for what is no operation, with `BW_PLATFORM_FORBIDDEN` when the caller may not, and with
/// another kind of 4xx when the state does not allow the change. Nothing is changed then.
#[unsafe(no_mangle)]
pub extern "C" fn bw_administer(
    engine: Option<&bw_engine>,
    session: Option<&bw_session>,
    request: bw_str<'_>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || -> Result<()> {
        let out = handle_out(out, "out")?;
        let (engine, session) = (given(engine)?, given(session)?);
        let answer = engine.act_as(session).perform(request.text("request")?)?;
        hand_out_string(out, answer.as_str());
        Ok(())
    })
}
