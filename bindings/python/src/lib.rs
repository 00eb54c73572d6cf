//! The native half of the Python package `bailiwick`: the module `bailiwick._bailiwick`.
//!
//! A file holds a Python class, or a few that belong together. All of them share `error`, which turns the library's errors
//! into the exceptions that the package defines in Python, `value`, which turns ordinary Python values into Cedar's, and
//! `json`. Every class is frozen, so threads share objects freely, with or without a global interpreter lock.

mod audit;
mod authorizer;
mod clock;
mod decision;
mod engine;
mod entity;
mod error;
mod extension;
mod identity;
mod issuer;
mod json;
mod key_ring;
mod oauth;
mod policies;
mod resource;
mod session;
mod signing_key;
mod texts;
mod uid;
mod value;

use pyo3::prelude::pymodule;

/// The native module.
#[pymodule(gil_used = false)]
mod _bailiwick {
    use pyo3::prelude::{Bound, PyModule, PyModuleMethods as _, PyResult};

    #[pymodule_export]
    use crate::audit::Audit;
    #[pymodule_export]
    use crate::authorizer::{Answer, Authorizer};
    #[pymodule_export]
    use crate::clock::Clock;
    #[pymodule_export]
    use crate::decision::Decision;
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::entity::Entity;
    #[pymodule_export]
    use crate::extension::Extension;
    #[pymodule_export]
    use crate::identity::Identity;
    #[pymodule_export]
    use crate::issuer::Issuer;
    #[pymodule_export]
    use crate::key_ring::{KeyRing, MintedToken, Minter};
    #[pymodule_export]
    use crate::oauth::{AuthorizationRequest, OAuth, Reply};
    #[pymodule_export]
    use crate::policies::Policies;
    #[pymodule_export]
    use crate::resource::Resource;
    #[pymodule_export]
    use crate::session::Session;
    #[pymodule_export]
    use crate::signing_key::SigningKey;
    #[pymodule_export]
    use crate::uid::EntityUid;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        let reasons = bailiwick::Reason::ALL
            .iter()
            .map(|reason| (reason.name(), reason.code()));
        module.add("_REASONS", reasons.collect::<Vec<_>>())?;
        let kinds = bailiwick::ErrorKind::ALL
            .iter()
            .map(|kind| (kind.name(), kind.code()));
        module.add("_ERROR_KINDS", kinds.collect::<Vec<_>>())
    }
}
