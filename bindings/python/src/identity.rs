//! `Identity`: a caller whom the host has authenticated, and how Python names a principal.

use bailiwick::Principal;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::uid::{EntityUid, uid_of};
use crate::value::kind_of;

/// What a session acts as, when something else than the engine has verified the caller.
///
/// `principal` is a user's id, or an `EntityUid`. `scopes` limits the session as a token's scopes do; `None` means that
/// nothing limits it, and must be said.
///
/// >>> Identity("ana", app="dashboards", scopes=["rfis:read"], expires=1_800_000_600)
/// Identity('ana', app='dashboards', scopes=['rfis:read'])
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Identity {
    principal: Named,
    app: Option<String>,
    scopes: Option<Vec<String>>,
    grant_type: Option<String>,
    expires: Option<i64>,
}

/// A principal, by the part it plays or by its uid.
#[derive(Clone)]
pub(crate) enum Named {
    User(String),
    ServiceAccount(String),
    Uid(bailiwick::EntityUid<'static>),
}

#[pymethods]
impl Identity {
    #[new]
    #[pyo3(signature = (principal=None, /, *, service_account=None, scopes, app=None, grant_type=None, expires=None))]
    fn new(
        principal: Option<&Bound<'_, PyAny>>,
        service_account: Option<String>,
        scopes: Option<&Bound<'_, PyAny>>,
        app: Option<String>,
        grant_type: Option<String>,
        expires: Option<i64>,
    ) -> PyResult<Self> {
        Ok(Self {
            principal: Named::of(principal, service_account)?,
            app,
            scopes: scopes.map(texts).transpose()?,
            grant_type,
            expires,
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut parts = vec![self.principal.repr(py)?];
        if let Some(app) = &self.app {
            parts.push(format!("app={}", PyString::new(py, app).repr()?));
        }
        parts.push(match &self.scopes {
            Some(scopes) => format!("scopes={}", scopes.into_pyobject(py)?.repr()?),
            None => "scopes=None".to_owned(),
        });
        Ok(format!("Identity({})", parts.join(", ")))
    }
}

impl Identity {
    pub(crate) fn to_identity(&self) -> bailiwick::Identity<'_> {
        let principal = self.principal.principal();
        let mut identity = match &self.scopes {
            Some(scopes) => bailiwick::Identity::token(principal, scopes.iter().map(String::as_str)),
            None => bailiwick::Identity::first_party(principal),
        };
        if let Some(app) = &self.app {
            identity = identity.app(app.as_str());
        }
        if let Some(grant_type) = &self.grant_type {
            identity = identity.grant_type(grant_type.as_str());
        }
        match self.expires {
            Some(at) => identity.expires(at),
            None => identity,
        }
    }
}

impl Named {
    /// Exactly one of a principal and the id of a service account.
    pub(crate) fn of(
        principal: Option<&Bound<'_, PyAny>>,
        service_account: Option<String>,
    ) -> PyResult<Self> {
        match (principal, service_account) {
            (None, Some(id)) => Ok(Self::ServiceAccount(id)),
            (Some(principal), None) => {
                if let Ok(id) = principal.cast::<PyString>() {
                    return Ok(Self::User(id.to_str()?.to_owned()));
                }
                uid_of(principal).map(Self::Uid).map_err(|_| {
                    PyTypeError::new_err(format!(
                        "a principal is the id of a user (str) or an EntityUid, not {}",
                        kind_of(principal)
                    ))
                })
            }
            (Some(_), Some(_)) => Err(PyTypeError::new_err(
                "a session has one principal: pass a user or service_account, not both",
            )),
            (None, None) => Err(PyTypeError::new_err(
                "a session needs a principal: the id of a user, an EntityUid, or service_account=…",
            )),
        }
    }

    pub(crate) fn principal(&self) -> Principal<'_> {
        match self {
            Self::User(id) => Principal::user(id.as_str()),
            Self::ServiceAccount(id) => Principal::service_account(id.as_str()),
            Self::Uid(uid) => Principal::uid(uid.as_ref().to_uid()),
        }
    }

    fn repr(&self, py: Python<'_>) -> PyResult<String> {
        match self {
            Self::User(id) => Ok(PyString::new(py, id).repr()?.to_string()),
            Self::ServiceAccount(id) => Ok(format!("service_account={}", PyString::new(py, id).repr()?)),
            Self::Uid(uid) => Ok(EntityUid(uid.clone()).into_pyobject(py)?.repr()?.to_string()),
        }
    }
}

/// Several texts; a single str is a mistake that would read as its letters.
pub(crate) fn texts(object: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if object.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(
            "a list of str is expected, not a single str",
        ));
    }
    object.try_iter()?.map(|item| item?.extract()).collect()
}
