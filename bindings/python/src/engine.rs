//! `Engine`: authenticates tokens, makes sessions, and holds the policies they are judged by.

use std::path::PathBuf;
use std::time::Duration;

use bailiwick::Proof;
use bailiwick::oauth::Parameters;
use bailiwick::store::Sqlite;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyType};

use crate::audit::Audit;
use crate::clock::Clock;
use crate::error::raising;
use crate::identity::{Identity, Named};
use crate::issuer::Issuer;
use crate::json::serialized;
use crate::oauth::{AuthorizationRequest, OAuth, Reply};
use crate::policies::{Policies, Wanted};
use crate::session::Session;
use crate::value::kind_of;

/// Decides for many sessions at once; safe to share between threads and tasks.
///
/// `policies` is the path of a directory or loaded `Policies`; `issuers` are those whose tokens are trusted; `clock` is
/// the system's unless a test gives another. `store` is the path of an SQLite file that keeps the platform's state, and
/// with `follow=True` is written by another process; without a store the state ends with the process. `host_key`, 32
/// random bytes that live outside of the store, protects secrets. `oauth` makes the engine an authorization server,
/// `audit` records decisions. With `max_staleness` everything is denied once the engine has not heard from its store for
/// as many seconds.
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
    audit: Option<Py<Audit>>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (
        policies, *, issuers=None, clock=None, store=None, follow=false, host_key=None, oauth=None, audit=None,
        max_staleness=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "Python passes them by name")]
    fn new(
        py: Python<'_>,
        policies: &Bound<'_, PyAny>,
        issuers: Option<&Bound<'_, PyAny>>,
        clock: Option<&Bound<'_, Clock>>,
        store: Option<PathBuf>,
        follow: bool,
        host_key: Option<&Bound<'_, PyBytes>>,
        oauth: Option<&Bound<'_, OAuth>>,
        audit: Option<&Bound<'_, Audit>>,
        max_staleness: Option<u32>,
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
        if let Some(key) = host_key {
            let key: [u8; 32] = (key.as_bytes().try_into()).map_err(|_| {
                PyValueError::new_err("host_key: 32 random bytes, as secrets.token_bytes(32) makes")
            })?;
            builder = builder.host_key(key);
        }
        if let Some(oauth) = oauth.map(Bound::get) {
            builder = builder.oauth(oauth.settings.clone(), &oauth.keys);
        }
        if let Some(audit) = audit {
            builder = builder.audit(audit.get().audit.clone());
        }
        if let Some(seconds) = max_staleness {
            builder = builder.max_staleness(seconds);
        }
        if follow && store.is_none() {
            return Err(PyValueError::new_err(
                "follow=True: give the store to follow as store=…",
            ));
        }
        let policies = Wanted::of(policies)?;
        let made = py.detach(|| {
            let builder = match store {
                Some(path) if follow => builder.store(Sqlite::follow(path)?),
                Some(path) => builder.store(Sqlite::open(path)?),
                None => builder,
            };
            builder.loaded(policies.load()?).build()
        });
        let engine = made.map_err(raising(py))?;
        Ok(Self {
            engine,
            calls_python,
            audit: audit.map(|audit| audit.clone().unbind()),
        })
    }

    /// The same as the constructor.
    #[staticmethod]
    #[pyo3(signature = (
        policies, *, issuers=None, clock=None, store=None, follow=false, host_key=None, oauth=None, audit=None,
        max_staleness=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "Python passes them by name")]
    fn open(
        py: Python<'_>,
        policies: &Bound<'_, PyAny>,
        issuers: Option<&Bound<'_, PyAny>>,
        clock: Option<&Bound<'_, Clock>>,
        store: Option<PathBuf>,
        follow: bool,
        host_key: Option<&Bound<'_, PyBytes>>,
        oauth: Option<&Bound<'_, OAuth>>,
        audit: Option<&Bound<'_, Audit>>,
        max_staleness: Option<u32>,
    ) -> PyResult<Self> {
        Self::new(
            py,
            policies,
            issuers,
            clock,
            store,
            follow,
            host_key,
            oauth,
            audit,
            max_staleness,
        )
    }

    /// Verifies a bearer token and makes a session of it, in the tenant that the request is about.
    ///
    /// A token that is bound to a key or a certificate needs the proof that its bearer holds it: `dpop` is the request's
    /// `DPoP` header, its method, and its URI as the client sees it (RFC 9449); `certificate` is the client's certificate
    /// in DER, or its SHA-256 (RFC 8705), as the TLS layer has verified it.
    ///
    /// Raises `TokenError` for everything that is wrong with the token; `error.kind` says what.
    #[pyo3(signature = (token, /, *, tenant=None, dpop=None, certificate=None))]
    fn authenticate(
        &self,
        py: Python<'_>,
        token: &str,
        tenant: Option<&str>,
        dpop: Option<(PyBackedStr, PyBackedStr, PyBackedStr)>,
        certificate: Option<&Bound<'_, PyBytes>>,
    ) -> PyResult<Session> {
        let mut proof = match &dpop {
            Some((header, method, uri)) => Proof::dpop(header, method, uri),
            None => Proof::none(),
        };
        if let Some(certificate) = certificate {
            let given = certificate.as_bytes();
            proof = match (<[u8; 32]>::try_from(given), &dpop) {
                (Ok(thumbprint), _) => proof.with_certificate(thumbprint),
                (Err(_), None) => Proof::certificate(given),
                (Err(_), Some(_)) => {
                    return Err(PyValueError::new_err(
                        "certificate: beside a DPoP proof its SHA-256, 32 bytes",
                    ));
                }
            };
        }
        let authenticate = || self.engine.authenticate_bound(token, tenant_of(tenant), &proof);
        // One thread may wait for keys that another is getting; whoever waits must not hold the interpreter.
        let session = if self.calls_python {
            py.detach(authenticate)
        } else {
            authenticate()
        };
        session.map(Session::new).map_err(raising(py))
    }

    /// Founds the platform: the operator's tenant and its first operator. It works once.
    #[pyo3(signature = (tenant, name, operator, /))]
    fn bootstrap(&self, py: Python<'_>, tenant: &str, name: &str, operator: &str) -> PyResult<()> {
        py.detach(|| self.engine.bootstrap(tenant, name, operator))
            .map_err(raising(py))
    }

    /// Administers the platform in the name of a session's caller.
    #[pyo3(signature = (session, /))]
    fn act_as<'py>(slf: &Bound<'py, Self>, session: &Bound<'py, Session>) -> PyResult<Bound<'py, PyAny>> {
        static ADMIN: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        ADMIN
            .import(slf.py(), "bailiwick.admin", "Admin")?
            .call1((slf, session))
    }

    /// Carries out an operation of the administration that is given as JSON, and answers in JSON.
    #[pyo3(signature = (session, request, /))]
    fn _administer(&self, py: Python<'_>, session: &Bound<'_, Session>, request: &str) -> PyResult<String> {
        let session = &session.get().0;
        py.detach(|| self.engine.act_as(session).perform(request))
            .map(|answer| answer.to_string())
            .map_err(raising(py))
    }

    /// The token endpoint (RFC 6749): the request's `Authorization` header, if it has one, and its body.
    #[pyo3(signature = (authorization, body, /))]
    fn token_endpoint(&self, py: Python<'_>, authorization: Option<&str>, body: &[u8]) -> Reply {
        Reply(py.detach(|| self.engine.token_endpoint(authorization, body)))
    }

    /// The revocation endpoint (RFC 7009): the request's `Authorization` header, if it has one, and its body.
    #[pyo3(signature = (authorization, body, /))]
    fn revocation_endpoint(&self, py: Python<'_>, authorization: Option<&str>, body: &[u8]) -> Reply {
        Reply(py.detach(|| self.engine.revocation_endpoint(authorization, body)))
    }

    /// The introspection endpoint (RFC 7662): the request's `Authorization` header, if it has one, and its body.
    #[pyo3(signature = (authorization, body, /))]
    fn introspection_endpoint(&self, py: Python<'_>, authorization: Option<&str>, body: &[u8]) -> Reply {
        Reply(py.detach(|| self.engine.introspection_endpoint(authorization, body)))
    }

    /// The endpoint that publishes the public keys (RFC 7517).
    fn jwks_endpoint(&self) -> Reply {
        Reply(self.engine.jwks_endpoint())
    }

    /// The server's metadata document (RFC 8414), for `/.well-known/oauth-authorization-server`.
    fn metadata_endpoint(&self) -> Reply {
        Reply(self.engine.metadata().into())
    }

    /// Checks the query of a request to the authorization endpoint. The host then asks the signed-in user and answers
    /// with `consent` or `decline`. Where the request is refused, the response to send instead.
    #[pyo3(signature = (query, /))]
    fn authorize<'py>(&self, py: Python<'py>, query: &str) -> PyResult<Bound<'py, PyAny>> {
        let parameters = match Parameters::parse(query) {
            Ok(parameters) => parameters,
            Err(error) => return Ok(Bound::new(py, Reply(error.into()))?.into_any()),
        };
        match self.engine.authorize(&parameters) {
            Ok(request) => Ok(Bound::new(py, AuthorizationRequest(request))?.into_any()),
            Err(refused) => Ok(Bound::new(py, Reply(refused.into()))?.into_any()),
        }
    }

    /// The user of a first-party session consents: the response that sends the browser back to the app.
    #[pyo3(signature = (request, session, /))]
    fn consent(
        &self,
        py: Python<'_>,
        request: &Bound<'_, AuthorizationRequest>,
        session: &Bound<'_, Session>,
    ) -> Reply {
        let (request, session) = (&request.get().0, &session.get().0);
        let consented = py.detach(|| self.engine.consent(request, session));
        Reply(match consented {
            Ok(response) => response.into(),
            Err(refused) => refused.into(),
        })
    }

    /// The user declines: the response that tells the app so.
    #[pyo3(signature = (request, /))]
    fn decline(&self, request: &Bound<'_, AuthorizationRequest>) -> Reply {
        Reply(self.engine.decline(&request.get().0).into())
    }

    /// The audit that the engine was given.
    #[getter]
    fn audit<'py>(&self, py: Python<'py>) -> Option<Bound<'py, Audit>> {
        self.audit.as_ref().map(|audit| audit.bind(py).clone())
    }

    /// Takes in what other processes have written to the store since; the very next decision counts it.
    fn follow(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.engine.follow()).map_err(raising(py))
    }

    /// Follows the store every `seconds`, at least a thousandth, on a thread of its own that ends with the engine and its last
    /// session. Call it in the process that decides: a thread does not survive a fork.
    #[pyo3(signature = (seconds=1.0, /))]
    fn follow_store(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let every = Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|every| *every >= Duration::from_millis(1))
            .ok_or_else(|| PyValueError::new_err("seconds: a time of at least a thousandth"))?;
        self.engine.follow_store(every).map_err(raising(py))
    }

    /// Carries audit records to their sink, and counters of usage to the store.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.engine.flush()).map_err(raising(py))
    }

    /// Whether verifying a token may call a function for keys, and so take its time: on a thread, in asynchronous code.
    #[getter]
    fn fetches_keys(&self) -> bool {
        self.calls_python
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
