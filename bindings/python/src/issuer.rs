//! `Issuer`: whose tokens an engine trusts, and what it demands of them.

use std::path::PathBuf;

use bailiwick::{Algorithm, EncryptionKey, ErrorKind, KeySet, KeySource, Profile, Provider};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};

use crate::error::{raise, raising};
use crate::identity::texts;
use crate::json::dumps;
use crate::value::kind_of;

/// An issuer of tokens with its keys, and how its tokens are read (RFC 9068 unless told otherwise).
///
/// `jwks` is the path of a JWKS file, which is read again when it changes; the JWKS itself as a dict, or its text as
/// bytes; or a function without arguments that returns one of the latter, called every five minutes and when a token
/// names an unknown key. `secrets` is a JWKS of shared secrets (`HS256`, `HS384`, `HS512`) in its place, as a dict or bytes.
/// `audience` is one audience or several; a token must name at least one of them.
///
/// `provider` begins with the settings for the tokens of `auth0`, `keycloak`, `entra`, `okta`, `cognito` or `spiffe`.
/// `encryption_keys` is a JWKS of symmetric keys with which tokens may be encrypted. `context_claims` hands claims on to the
/// policies: tuples of the attribute of the context, the claim, and what it must be (`bool`, `long`, `string`, `strings`,
/// `datetime`, or `contains:` and a text).
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Issuer {
    issuer: String,
    pub(crate) profile: Profile,
    /// Whether the keys come from a Python function.
    pub(crate) calls_python: bool,
    keys: KeySource,
}

#[pymethods]
impl Issuer {
    #[new]
    #[pyo3(signature = (
        issuer, /, *, audience, jwks=None, secrets=None, encryption_keys=None, provider=None, algorithms=None, token_types=None, accept_untyped=false, leeway=None,
        max_lifetime=None, required=None, principal_claim=None, client_claims=None, tenant_claim=None,
        tenant_from_request=false, scope_claims=None, service_account_when=None, context_claims=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "Python passes them by name")]
    fn new(
        py: Python<'_>,
        issuer: String,
        audience: &Bound<'_, PyAny>,
        jwks: Option<&Bound<'_, PyAny>>,
        secrets: Option<&Bound<'_, PyAny>>,
        encryption_keys: Option<&Bound<'_, PyAny>>,
        provider: Option<&str>,
        algorithms: Option<&Bound<'_, PyAny>>,
        token_types: Option<&Bound<'_, PyAny>>,
        accept_untyped: bool,
        leeway: Option<u32>,
        max_lifetime: Option<u32>,
        required: Option<&Bound<'_, PyAny>>,
        principal_claim: Option<String>,
        client_claims: Option<&Bound<'_, PyAny>>,
        tenant_claim: Option<String>,
        tenant_from_request: bool,
        scope_claims: Option<&Bound<'_, PyAny>>,
        service_account_when: Option<(String, String)>,
        context_claims: Option<Vec<(String, String, String)>>,
    ) -> PyResult<Self> {
        let calls_python = jwks.is_some_and(|jwks| jwks.is_callable());
        let keys = match (jwks, secrets) {
            (Some(jwks), None) => key_source(py, jwks)?,
            (None, Some(secrets)) => {
                let keys = KeySet::from_secret_jwks(&jwks_text(secrets, "secrets")?);
                KeySource::fixed(keys.map_err(raising(py))?)
            }
            _ => {
                return Err(PyTypeError::new_err(
                    "jwks, or secrets in its place: pass one of them",
                ));
            }
        };
        let profile = match provider {
            Some(name) => Profile::of(provider_named(py, name)?, issuer.as_str()),
            None => Profile::issuer(issuer.as_str()),
        };
        let mut profile = profile.keys(keys.clone());
        if let Some(jwks) = encryption_keys {
            let keys = EncryptionKey::from_jwks(&jwks_text(jwks, "encryption_keys")?);
            profile = profile.encryption_keys(keys.map_err(raising(py))?);
        }
        for audience in one_or_several(audience)? {
            profile = profile.audience(audience);
        }
        if let Some(names) = algorithms {
            profile = profile.algorithms(algorithms_named(py, &texts(names)?)?);
        }
        if let Some(types) = token_types {
            profile = profile.token_types(texts(types)?);
        }
        if accept_untyped {
            profile = profile.accept_untyped();
        }
        if let Some(seconds) = leeway {
            profile = profile.leeway(seconds);
        }
        if let Some(seconds) = max_lifetime {
            profile = profile.max_lifetime(seconds);
        }
        for claim in required.map(texts).transpose()?.unwrap_or_default() {
            profile = profile.require(claim);
        }
        if let Some(claim) = principal_claim {
            profile = profile.principal_claim(claim);
        }
        if let Some(claims) = client_claims {
            profile = profile.client_claims(texts(claims)?);
        }
        match (tenant_claim, tenant_from_request) {
            (Some(_), true) => {
                return Err(PyTypeError::new_err(
                    "tenant_claim and tenant_from_request contradict each other: pass one of them",
                ));
            }
            (Some(claim), false) => profile = profile.tenant_claim(claim),
            (None, true) => profile = profile.tenant_from_request(),
            (None, false) => {}
        }
        if let Some(claims) = scope_claims {
            profile = profile.scope_claims(texts(claims)?);
        }
        if let Some((claim, value)) = service_account_when {
            profile = profile.service_account_when(claim, value);
        }
        for (attribute, claim, expected) in context_claims.unwrap_or_default() {
            let expected = expected.parse().map_err(raising(py))?;
            profile = profile.context_claim(attribute, claim, expected);
        }
        Ok(Self {
            issuer,
            profile,
            calls_python,
            keys,
        })
    }

    /// The exact `iss` of its tokens.
    #[getter]
    fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys that were skipped and why, one sentence for each.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.keys.keys().warnings().to_vec()
    }

    /// Gets the keys anew and returns whether they have changed; raises what getting them fails with, and keeps the last
    /// good ones. Tokens of unknown keys cause the same by themselves. `now` is in seconds since the Unix epoch.
    #[pyo3(signature = (now=None, /))]
    fn refresh(&self, py: Python<'_>, now: Option<i64>) -> PyResult<bool> {
        let now = now.unwrap_or_else(|| bailiwick::Clock::system().now());
        py.detach(|| self.keys.refresh(now)).map_err(raising(py))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Issuer({})", PyString::new(py, &self.issuer).repr()?))
    }
}

fn key_source(py: Python<'_>, jwks: &Bound<'_, PyAny>) -> PyResult<KeySource> {
    if jwks.is_callable() {
        let function = jwks.clone().unbind();
        return Ok(KeySource::callback(move || {
            Python::attach(|py| called(function.bind(py)))
        }));
    }
    if let Some(keys) = key_set(jwks)? {
        return keys.map(KeySource::fixed).map_err(raising(py));
    }
    let path: PathBuf = jwks.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "jwks is the path of a file, a dict, JSON as bytes, or a function that returns one of the latter, not {}",
            kind_of(jwks)
        ))
    })?;
    py.detach(|| KeySource::file(path)).map_err(raising(py))
}

/// The text of a key set.
fn jwks_text(jwks: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = jwks.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if jwks.cast::<PyMapping>().is_ok() {
        return Ok(dumps(jwks)?.into_bytes());
    }
    Err(PyTypeError::new_err(format!(
        "{name} is a dict or JSON as bytes, not {}",
        kind_of(jwks)
    )))
}

/// The key set that an object is; none for what is no key set.
fn key_set(jwks: &Bound<'_, PyAny>) -> PyResult<Option<bailiwick::Result<KeySet>>> {
    if let Ok(bytes) = jwks.cast::<PyBytes>() {
        return Ok(Some(KeySet::from_jwks(bytes.as_bytes())));
    }
    if jwks.cast::<PyMapping>().is_ok() {
        return Ok(Some(KeySet::from_jwks(dumps(jwks)?.as_bytes())));
    }
    Ok(None)
}

/// What a function for keys returns. What it raises goes to the log, since its text may hold a secret.
fn called(function: &Bound<'_, PyAny>) -> bailiwick::Result<KeySet> {
    let failed = |what: String| {
        bailiwick::Error::new(ErrorKind::KeyInvalid, format!("the function for keys {what}"))
            .help("see the log of `bailiwick`; the last good keys stay in use")
    };
    let returned = function
        .call0()
        .and_then(|jwks| Ok((key_set(&jwks)?, kind_of(&jwks))));
    match returned {
        Ok((Some(keys), _)) => keys,
        Ok((None, kind)) => Err(failed(format!(
            "returned {kind}; it is to return a dict or JSON as bytes"
        ))),
        Err(error) => {
            let kind = kind_of(error.value(function.py()).as_any());
            if let Err(failure) = log(function.py(), &error, "the function for keys failed") {
                failure.write_unraisable(function.py(), Some(function));
            }
            Err(failed(format!("raised {kind}")))
        }
    }
}

/// What a function of the host's raised, in the log of the package.
pub(crate) fn log(py: Python<'_>, error: &PyErr, message: &str) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1("getLogger", ("bailiwick",))?;
    let details = PyDict::new(py);
    details.set_item("exc_info", error.value(py))?;
    logger.call_method("error", (message,), Some(&details))?;
    Ok(())
}

pub(crate) fn one_or_several(object: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    match object.cast::<PyString>() {
        Ok(text) => Ok(vec![text.to_str()?.to_owned()]),
        Err(_) => texts(object),
    }
}

fn provider_named(py: Python<'_>, name: &str) -> PyResult<Provider> {
    Provider::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Provider::ALL.iter().map(|provider| provider.name()).collect();
        let message = format!("`{}` is no provider", name.chars().take(80).collect::<String>());
        let error = bailiwick::Error::new(ErrorKind::ArgumentInvalid, message);
        raise(py, &error.help(format!("known are {}", known.join(", "))))
    })
}

fn algorithms_named(py: Python<'_>, names: &[String]) -> PyResult<Vec<Algorithm>> {
    let named = |name: &String| {
        Algorithm::from_name(name).ok_or_else(|| {
            let known: Vec<String> = Algorithm::ALL.iter().map(ToString::to_string).collect();
            let message = format!("`{}` is no algorithm", name.chars().take(80).collect::<String>());
            let error = bailiwick::Error::new(ErrorKind::ArgumentInvalid, message);
            raise(py, &error.help(format!("known are {}", known.join(", "))))
        })
    };
    names.iter().map(named).collect()
}
