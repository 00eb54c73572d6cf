//! Oversight: who used what how often, and what was decided last.

use crate::audit::{Audit, DecisionRecord, UsageReport};
use crate::error::{Error, ErrorKind, Result};
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

    /// The latest decisions in a tenant, the newest first: at most `limit` of administration and as many of others, as
    /// far as the audit keeps them in memory.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden), and [`ErrorKind::Configuration`] for an engine that
    /// records nothing.
    pub fn recent_decisions(&self, tenant: impl Into<TenantId>, limit: usize) -> Result<Vec<DecisionRecord>> {
        let tenant = tenant.into();
        self.view("audit.view", |state| Target::tenant(state, &tenant), |_| ())?;
        let mut records = self.audited()?.recent(usize::MAX);
        records.retain(|record| record.tenant == tenant.as_str());
        let mut left = [limit; 2];
        records.retain(|record| {
            let [administration, others] = &mut left;
            let left = if record.administration {
                administration
            } else {
                others
            };
            let is_shown = *left > 0;
            *left = left.saturating_sub(1);
            is_shown
        });
        Ok(records)
    }

    fn audited(&self) -> Result<&Audit> {
        self.engine.audit().ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "the engine was built without an audit")
                .help("build it with `audit(Audit::builder().build())`")
        })
    }
}
