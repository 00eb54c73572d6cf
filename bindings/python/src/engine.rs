//! `Engine`: authenticates tokens, makes sessions, and holds the policies they are judged by.

use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::clock::Clock;
use crate::error::raising;
use crate::identity::{Identity, Named};
use crate::issuer::Issuer;
use crate::policies::Policies;
use crate::session::Session;
use crate::value::kind_of;

/// Decides for many sessions at once; safe to share between threads and tasks.
///
/// `policies` is the path of a directory or loaded `Policies`; `issuers` are those whose tokens are trusted; `clock` is
/// the system's unless a test gives another.
///
/// >>> engine = Engine("policies/construction")
/// >>> session = engine.session("ana", tenant="acme")
/// >>> session.allows("rfis.view", Resource("Rfi", "42"))
/// True
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Engine(bailiwick::Engine);

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (policies, *, issuers=None, clock=None))]
    fn new(
        py: Python<'_>,
        policies: &Bound<'_, PyAny>,
        issuers: Option<&Bound<'_, PyAny>>,
        clock: Option<&Bound<'_, Clock>>,
    ) -> PyResult<Self> {
        let mut builder = bailiwick::Engine::builder();
        if let Some(issuers) = issuers {
            for issuer in issuers.try_iter()? {
                let issuer = issuer?;
                let issuer = issuer.cast::<Issuer>().map_err(|_| {
                    PyTypeError::new_err(format!("issuers holds Issuer objects, not {}", kind_of(&issuer)))
                })?;
                builder = builder.issuer(issuer.get().profile.clone());
            }
        }
        if let Some(clock) = clock {
            builder = builder.clock(clock.get().0.clone());
        }
        let policies = Wanted::of(policies)?;
        py.detach(|| builder.loaded(policies.load()?).build())
            .map(Self)
            .map_err(raising(py))
    }

    /// The same as the constructor, for a directory.
    #[staticmethod]
    #[pyo3(signature = (policies, *, issuers=None, clock=None))]
    fn open(
        py: Python<'_>,
        policies: &Bound<'_, PyAny>,
        issuers: Option<&Bound<'_, PyAny>>,
        clock: Option<&Bound<'_, Clock>>,
    ) -> PyResult<Self> {
        Self::new(py, policies, issuers, clock)
    }

    /// Verifies a bearer token and makes a session of it, in the tenant that the request is about.
    ///
    /// Raises `TokenError` for everything that is wrong with the token; `error.kind` says what.
    #[pyo3(signature = (token, /, *, tenant=None))]
    fn authenticate(&self, py: Python<'_>, token: &str, tenant: Option<&str>) -> PyResult<Session> {
        self.0
            .authenticate(token, tenant_of(tenant))
            .map(Session::new)
            .map_err(raising(py))
    }

    /// A first-party session: a principal acting by itself, without a token and so without limits by scopes.
    ///
    /// `principal` is a user's id or an `EntityUid`; a service account is named by `service_account=` instead.
    #[pyo3(signature = (principal=None, /, *, service_account=None, tenant=None))]
    fn session(
        &self,
        py: Python<'_>,
        principal: Option<&Bound<'_, PyAny>>,
        service_account: Option<String>,
        tenant: Option<&str>,
    ) -> PyResult<Session> {
        let named = Named::of(principal, service_account)?;
        self.0
            .session(named.principal(), tenant_of(tenant))
            .map(Session::new)
            .map_err(raising(py))
    }

    /// A session for a caller whom the host has authenticated itself.
    #[pyo3(signature = (identity, /, *, tenant=None))]
    fn session_of(
        &self,
        py: Python<'_>,
        identity: &Bound<'_, Identity>,
        tenant: Option<&str>,
    ) -> PyResult<Session> {
        self.0
            .session_of(identity.get().to_identity(), tenant_of(tenant))
            .map(Session::new)
            .map_err(raising(py))
    }

    /// Replaces policies, schema and entities as a whole and returns the new revision; on an error the engine stays as
    /// it was. Other threads go on deciding meanwhile, and sessions go on with the new state.
    #[pyo3(signature = (policies, /))]
    fn reload(&self, py: Python<'_>, policies: &Bound<'_, PyAny>) -> PyResult<u64> {
        let policies = Wanted::of(policies)?;
        py.detach(|| self.0.reload(policies.load()?)).map_err(raising(py))
    }

    /// The number of the current state; it only grows.
    #[getter]
    fn revision(&self) -> u64 {
        self.0.revision()
    }

    /// The policies that were loaded last.
    #[getter]
    fn policies(&self) -> Policies {
        Policies((*self.0.policies()).clone())
    }

    /// The scopes that the schema knows, sorted.
    #[getter]
    fn scopes(&self) -> Vec<String> {
        let vocabulary = self.0.vocabulary();
        let mut scopes: Vec<String> = vocabulary.scopes().map(|(name, _)| name.to_owned()).collect();
        scopes.sort_unstable();
        scopes
    }

    /// The scopes that cover an action; `None` when the schema has no such action.
    #[pyo3(signature = (action, /))]
    fn scopes_covering(&self, action: &str) -> Option<Vec<String>> {
        let vocabulary = self.0.vocabulary();
        let action = vocabulary.action(action)?;
        let scopes = vocabulary.scopes_covering(action);
        Some(scopes.into_iter().map(str::to_owned).collect())
    }

    fn __repr__(&self) -> String {
        format!(
            "<Engine: {} policies, revision {}>",
            self.0.policies().policy_ids().count(),
            self.0.revision()
        )
    }
}

/// Policies that are loaded, or are still to be.
enum Wanted {
    Loaded(Box<bailiwick::Policies>),
    Directory(PathBuf),
}

impl Wanted {
    fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(policies) = object.cast::<Policies>() {
            return Ok(Self::Loaded(Box::new(policies.get().0.clone())));
        }
        object.extract().map(Self::Directory).map_err(|_| {
            PyTypeError::new_err(format!(
                "policies is the path of a directory or a Policies object, not {}",
                kind_of(object)
            ))
        })
    }

    fn load(self) -> bailiwick::Result<bailiwick::Policies> {
        match self {
            Self::Loaded(policies) => Ok(*policies),
            Self::Directory(path) => bailiwick::Policies::from_directory(path),
        }
    }
}

fn tenant_of(tenant: Option<&str>) -> bailiwick::Tenant<'_> {
    tenant.map_or_else(bailiwick::Tenant::none, bailiwick::Tenant::id)
}
