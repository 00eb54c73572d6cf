//! Oversight: who used what how often, what was decided last, and who changed what.

use serde_json::Value as Json;

use crate::audit::{Audit, DecisionRecord, UsageReport};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_LISTED_CHANGES;
use crate::platform::TenantId;

use super::{Admin, Target};

impl Admin<'_> {
    /// The counters of usage of a tenant.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden), and [`ErrorKind::Configuration`] for an engine that
    /// counts nothing.
    pub fn usage(&self, tenant: impl Into<TenantId>) -> Result<UsageReport> {
        let tenant = tenant.into();
        self.view("usage.view", |state| Target::tenant(state, &tenant), |_| ())?;
        let usage = self.audited()?.usage().ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "the engine's audit has no counters of usage",
            )
            .help("build the audit with `counters`")
        })?;
        Ok(usage.report(tenant.as_str()))
    }

    /// The latest decisions in a tenant, the newest first: at most `limit` of administration, as many of what was asked in
    /// a client's name without proof, and as many of others, as far as the audit keeps them in memory.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden), and [`ErrorKind::Configuration`] for an engine that
    /// records nothing.
    pub fn recent_decisions(&self, tenant: impl Into<TenantId>, limit: usize) -> Result<Vec<DecisionRecord>> {
        let tenant = tenant.into();
        self.view("audit.view", |state| Target::tenant(state, &tenant), |_| ())?;
        let audit = self.audited()?;
        Ok(audit.recent_of(limit, |record| record.tenant == tenant.as_str()))
    }

    /// The changes in a tenant that were made after a revision of the store, oldest first and no more than `limit` or
    /// [`MAX_LISTED_CHANGES`]: each
    /// with its revision, and as JSON with actor, action, and the records before and after.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden),
    /// [`Configuration`](crate::ErrorKind::Configuration) for an engine without a store, and those of
    /// [`Store::audit_after`](crate::store::Store::audit_after).
    pub fn changes(&self, tenant: impl Into<TenantId>, after: u64, limit: usize) -> Result<Vec<(u64, Json)>> {
        let tenant = tenant.into();
        self.view("audit.view", |state| Target::tenant(state, &tenant), |_| ())?;
        let store = self.engine.store().ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "the engine keeps no record of changes")
                .help("build it on a store, or take the changes as they happen with `on_change`")
        })?;
        let limit = limit.min(MAX_LISTED_CHANGES);
        let mut changes = vec![];
        if limit == 0 {
            return Ok(changes);
        }
        store.audit_after(after, &mut |revision, record| {
            let record = serde_json::from_slice(record).unwrap_or(Json::Null);
            if is_about(&record, tenant.as_str()) {
                changes.push((revision, record));
            }
            Ok(changes.len() < limit)
        })?;
        Ok(changes)
    }

    fn audited(&self) -> Result<&Audit> {
        self.engine.audit().ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "the engine was built without an audit")
                .help("build it with `audit(Audit::builder().build())`")
        })
    }
}

/// Whether a change was made in a tenant or to something of it, whoever made it.
fn is_about(record: &Json, tenant: &str) -> bool {
    let is = |value: Option<&Json>| value.and_then(Json::as_str) == Some(tenant);
    let records = ["before", "after"].into_iter();
    let tenants = record.get("tenants").and_then(Json::as_array);
    is(record.get("tenant"))
        || tenants.is_some_and(|tenants| tenants.iter().any(|it| is(Some(it))))
        || records
            .filter_map(|side| record.get(side).and_then(Json::as_array))
            .flatten()
            .any(|it| is(it.get("tenant")) || it.get("user_installs").is_some() && is(it.get("id")))
}
