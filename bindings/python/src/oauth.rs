//! `OAuth`, `Reply` and `AuthorizationRequest`: an authorization server whose HTTP the host serves.

use bailiwick::oauth::Settings;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::issuer::one_or_several;
use crate::key_ring::KeyRing;

/// Makes an engine an authorization server: `Engine(…, oauth=OAuth(…))`.
///
/// `issuer` is the `iss` of its tokens, a URL; `audience` one or several whom the tokens are for; `keys` signs them. The
/// host serves `/authorize`, `/token`, `/revoke`, `/introspect` and `/jwks` beneath `endpoints`, which is the issuer's
/// `/oauth` unless told. The lifetimes are in seconds.
///
/// >>> keys = KeyRing()
/// >>> _ = keys.rotate()
/// >>> server = Engine("policies/construction", oauth=OAuth("https://id.example.com", audience="api", keys=keys))
/// >>> server.token_endpoint(None, b"grant_type=password").status
/// 400
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct OAuth {
    pub(crate) settings: Settings,
    pub(crate) keys: bailiwick::KeyRing,
}

#[pymethods]
impl OAuth {
    #[new]
    #[pyo3(signature = (
        issuer, /, *, audience, keys, endpoints=None, access_tokens=None, codes=None, refresh_tokens=None,
        refresh_grace=None, documentation=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "Python passes them by name")]
    fn new(
        issuer: &str,
        audience: &Bound<'_, PyAny>,
        keys: &Bound<'_, KeyRing>,
        endpoints: Option<&str>,
        access_tokens: Option<u32>,
        codes: Option<u32>,
        refresh_tokens: Option<u32>,
        refresh_grace: Option<u32>,
        documentation: Option<&str>,
    ) -> PyResult<Self> {
        let mut settings = Settings::new(issuer);
        for audience in one_or_several(audience)? {
            settings = settings.audience(audience);
        }
        if let Some(url) = endpoints {
            settings = settings.endpoints(url);
        }
        if let Some(seconds) = access_tokens {
            settings = settings.access_tokens(seconds);
        }
        if let Some(seconds) = codes {
            settings = settings.codes(seconds);
        }
        if let Some(seconds) = refresh_tokens {
            settings = settings.refresh_tokens(seconds);
        }
        if let Some(seconds) = refresh_grace {
            settings = settings.refresh_grace(seconds);
        }
        if let Some(url) = documentation {
            settings = settings.documentation(url);
        }
        Ok(Self {
            settings,
            keys: keys.get().ring.clone(),
        })
    }

    fn __repr__(&self) -> String {
        format!("<OAuth server {}>", self.settings.issuer())
    }
}

/// An HTTP response that the host sends as it is. Its repr shows neither headers nor body, which may hold tokens.
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Reply(pub(crate) bailiwick::oauth::Reply);

#[pymethods]
impl Reply {
    /// The status code.
    #[getter]
    fn status(&self) -> u16 {
        self.0.status()
    }

    /// The headers: pairs of name and value.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.headers().collect::<Vec<_>>())
    }

    /// The value of a header, if the response has it.
    #[pyo3(signature = (name, /))]
    fn header(&self, name: &str) -> Option<&str> {
        self.0.header(name)
    }

    /// The body; empty for none.
    #[getter]
    fn body(&self) -> &str {
        self.0.body()
    }

    fn __repr__(&self) -> String {
        format!("<Reply {}>", self.0.status())
    }
}

/// A valid request to the authorization endpoint: what to ask the signed-in user.
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct AuthorizationRequest(pub(crate) bailiwick::oauth::AuthorizationRequest);

#[pymethods]
impl AuthorizationRequest {
    /// The app that asks.
    #[getter]
    fn app(&self) -> &str {
        self.0.app.as_str()
    }

    /// What people call it.
    #[getter]
    fn app_name(&self) -> &str {
        &self.0.app_name
    }

    /// Where the answer goes.
    #[getter]
    fn redirect_uri(&self) -> &str {
        &self.0.redirect_uri
    }

    /// The scopes it asks for; `None` when it asks for all that was approved.
    #[getter]
    fn scopes<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let scopes = self.0.scopes.as_ref();
        scopes
            .map(|scopes| PyTuple::new(py, scopes.iter().collect::<Vec<_>>()))
            .transpose()
    }

    fn __repr__(&self) -> String {
        format!("<AuthorizationRequest of {}>", self.0.app)
    }
}
