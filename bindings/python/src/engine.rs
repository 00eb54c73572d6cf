//! `Engine`: authenticates tokens, makes sessions, and holds the policies they are judged by.

use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::clock::Clock;
use crate::error::raising;
use crate::identity::{Identity, Named};
use crate::issuer::Issuer;
use crate::json::serialized;
use crate::policies::{Policies, Wanted};
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
pub(crate) struct Engine {
    engine: bailiwick::Engine,
    /// Whether verifying a token may call a Python function for keys.
    calls_python: bool,
}

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
        let mut calls_python = false;
        if let Some(issuers) = issuers {
            for issuer in issuers.try_iter()? {
                let issuer = issuer?;
                let issuer = issuer.cast::<Issuer>().map_err(|_| {
                    PyTypeError::new_err(format!("issuers holds Issuer objects, not {}", kind_of(&issuer)))
                })?;
                builder = builder.issuer(issuer.get().profile.clone());
                calls_python |= issuer.get().calls_python;
            }
        }
        if let Some(clock) = clock {
            builder = builder.clock(clock.get().0.clone());
        }
        let policies = Wanted::of(policies)?;
        py.detach(|| builder.loaded(policies.load()?).build())
            .map(|engine| Self { engine, calls_python })
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
        let authenticate = || self.engine.authenticate(token, tenant_of(tenant));
        // One thread may wait for keys that another is getting; whoever waits must not hold the interpreter.
        let session = if self.calls_python {
            py.detach(authenticate)
        } else {
            authenticate()
        };
        session.map(Session::new).map_err(raising(py))
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
        self.engine
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
        self.engine
            .session_of(identity.get().to_identity(), tenant_of(tenant))
            .map(Session::new)
            .map_err(raising(py))
    }

    /// Replaces policies, schema and entities as a whole and returns the new revision; on an error the engine stays as
    /// it was. Other threads go on deciding meanwhile, and sessions go on with the new state.
    #[pyo3(signature = (policies, /))]
    fn reload(&self, py: Python<'_>, policies: &Bound<'_, PyAny>) -> PyResult<u64> {
        let policies = Wanted::of(policies)?;
        py.detach(|| self.engine.reload(policies.load()?))
            .map_err(raising(py))
    }

    /// The number of the current state; it only grows.
    #[getter]
    fn revision(&self) -> u64 {
        self.engine.revision()
    }

    /// The policies that were loaded last.
    #[getter]
    fn policies(&self) -> Policies {
        Policies((*self.engine.policies()).clone())
    }

    /// The scopes that the schema knows, sorted.
    #[getter]
    fn scopes(&self) -> Vec<String> {
        let vocabulary = self.engine.vocabulary();
        let mut scopes: Vec<String> = vocabulary.scopes().map(|(name, _)| name.to_owned()).collect();
        scopes.sort_unstable();
        scopes
    }

    /// The scopes that cover an action; `None` when the schema has no such action.
    #[pyo3(signature = (action, /))]
    fn scopes_covering(&self, action: &str) -> Option<Vec<String>> {
        let vocabulary = self.engine.vocabulary();
        let action = vocabulary.action(action)?;
        let scopes = vocabulary.scopes_covering(action);
        Some(scopes.into_iter().map(str::to_owned).collect())
    }

    /// The actions that a scope covers, sorted; none for a scope that the schema does not know.
    #[pyo3(signature = (scope, /))]
    fn actions_covered(&self, scope: &str) -> Vec<String> {
        let vocabulary = self.engine.vocabulary();
        let Some(covered) = vocabulary.scope(scope) else {
            return vec![];
        };
        let mut actions: Vec<String> = vocabulary
            .actions()
            .filter(|(action, _)| covered.contains(*action))
            .map(|(_, uid)| uid.id().to_owned())
            .collect();
        actions.sort_unstable();
        actions
    }

    /// Runs a suite of tests (`*.test.yaml`) and returns its report: `suite`, `file` and `cases`, each with `name`, `line`
    /// and `failures`, and the `explanation` of a case that failed. Raises `PolicyError` for a file that is no suite.
    #[pyo3(signature = (file, /))]
    fn run_suite<'py>(&self, py: Python<'py>, file: PathBuf) -> PyResult<Bound<'py, PyAny>> {
        let report = py
            .detach(|| bailiwick::suites::run(&self.engine, file))
            .map_err(raising(py))?;
        serialized(py, &report)
    }

    fn __repr__(&self) -> String {
        format!(
            "<Engine: {} policies, revision {}>",
            self.engine.policies().policy_ids().count(),
            self.engine.revision()
        )
    }
}

fn tenant_of(tenant: Option<&str>) -> bailiwick::Tenant<'_> {
    tenant.map_or_else(bailiwick::Tenant::none, bailiwick::Tenant::id)
}
