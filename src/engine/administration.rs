//! The policies by which the platform is administered: `policies/platform`, read once for the whole process.

use std::sync::{Arc, OnceLock};

use crate::error::Result;
use crate::policy::{Policies, Source};

use super::snapshot::Snapshot;

const SCHEMA: &str = include_str!("../../policies/platform/schema.cedarschema");
const RULES: &str = include_str!("../../policies/platform/rules.cedar");
const ROLES: &str = include_str!("../../policies/platform/roles.cedar");

/// The shipped policies without any link or entity: those come from the state.
pub(super) fn shipped() -> Result<Arc<Snapshot>> {
    static SHIPPED: OnceLock<Result<Arc<Snapshot>>> = OnceLock::new();
    SHIPPED
        .get_or_init(|| {
            let source = Source::new()
                .schema("platform/schema.cedarschema", SCHEMA)
                .cedar("platform/rules.cedar", RULES)
                .cedar("platform/roles.cedar", ROLES);
            Snapshot::of(Policies::load(source)?, 0).map(Arc::new)
        })
        .clone()
}
