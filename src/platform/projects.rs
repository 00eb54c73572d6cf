//! The projects in which an installation or a service account may act.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::ProjectId;

/// The permitted projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Projects {
    /// These and no others; a project created later is not among them.
    Listed(Arc<BTreeSet<ProjectId>>),
    /// Every project of the tenant, present and future, and what belongs to the tenant directly.
    All,
}

impl Projects {
    /// No project at all.
    #[must_use]
    pub fn none() -> Self {
        Self::Listed(Arc::default())
    }

    /// These projects.
    pub fn listed<I: Into<ProjectId>>(projects: impl IntoIterator<Item = I>) -> Self {
        Self::Listed(Arc::new(projects.into_iter().map(Into::into).collect()))
    }

    /// Whether both are one and the same list, or all projects; sooner seen than that they are equal.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::Listed(projects), Self::Listed(others)) => Arc::ptr_eq(projects, others),
            _ => false,
        }
    }

    /// Whether a project is permitted.
    #[must_use]
    pub fn permits(&self, project: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(projects) => projects.contains(project),
        }
    }
}
