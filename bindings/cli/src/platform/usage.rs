//! `bailiwick usage` and `bailiwick audit`.

use bailiwick::audit::{Party, UsageRow};
use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use super::Common;
use super::desk::{Desk, Mode};
use super::show::{listing, time};
use crate::output::{Failure, Outcome, print_json};

#[derive(Debug, Args)]
pub(crate) struct UsageArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// How to sum up.
    #[arg(long, value_enum, default_value_t = By::Action)]
    by: By,
}

/// One row for each of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// App or account.
    App,
    /// Project, of each app or account.
    Project,
    /// Action, in each project, of each app or account.
    Action,
}

pub(super) fn run(args: &UsageArgs) -> Result<Outcome, Failure> {
    let common = &args.common;
    let desk = Desk::open(common, Mode::Read)?;
    let session = desk.session(common, &args.tenant)?;
    let report = desk.engine.act_as(&session).usage(args.tenant.as_str())?;
    let rows = match args.by {
        By::App => report.by_app(),
        By::Project => report.by_project(),
        By::Action => report.rows().to_vec(),
    };
    if common.is_json() {
        print_json(&rows.iter().map(as_json).collect::<Vec<_>>())?;
        return Ok(Outcome::Fine);
    }
    let indices: Vec<usize> = (0..rows.len()).collect();
    let heads = [
        "who", "project", "action", "calls", "denies", "users", "first", "last",
    ];
    let or_dash = |text: &str| if text.is_empty() { "-" } else { text }.to_owned();
    listing(common, heads, &indices, |index| {
        rows.get(*index).map_or_else(Default::default, |row| {
            [
                who(&row.party),
                or_dash(&row.project),
                or_dash(&row.action),
                row.calls.to_string(),
                row.denies.to_string(),
                row.users().to_string(),
                time(row.first),
                time(row.last),
            ]
        })
    })
}

fn who(party: &Party) -> String {
    match party {
        Party::App(id) => format!("app {id}"),
        Party::ServiceAccount(id) => format!("account {id}"),
        _ => "people".to_owned(),
    }
}

fn as_json(row: &UsageRow) -> Json {
    let (kind, id) = match &row.party {
        Party::App(id) => ("app", Some(id)),
        Party::ServiceAccount(id) => ("account", Some(id)),
        _ => ("people", None),
    };
    json!({
        "kind": kind, "id": id, "project": row.project, "action": row.action, "calls": row.calls,
        "denies": row.denies, "users": row.users(), "first": row.first, "last": row.last,
    })
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// Only changes after this revision of the store.
    #[arg(long, default_value_t = 0, value_name = "REVISION")]
    after: u64,
    /// No more changes than this.
    #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
    limit: usize,
}

pub(super) fn run_audit(args: &AuditArgs) -> Result<Outcome, Failure> {
    let common = &args.common;
    let desk = Desk::open(common, Mode::Read)?;
    let session = desk.session(common, &args.tenant)?;
    let changes = desk
        .engine
        .act_as(&session)
        .changes(args.tenant.as_str(), args.after, args.limit)?;
    let text = |record: &Json, name: &str| {
        let value = record.get(name).and_then(Json::as_str);
        value.unwrap_or("-").to_owned()
    };
    if common.is_json() {
        let records: Vec<&Json> = changes.iter().map(|(_, record)| record).collect();
        print_json(&records)?;
        return Ok(Outcome::Fine);
    }
    let heads = ["revision", "when", "who", "through", "what"];
    listing(common, heads, &changes, |(revision, record)| {
        [
            revision.to_string(),
            time(record.get("at").and_then(Json::as_i64).unwrap_or_default()),
            text(record, "actor"),
            text(record, "app"),
            text(record, "action"),
        ]
    })
}
