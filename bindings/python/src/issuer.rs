//! `Issuer`: whose tokens an engine trusts, and what it demands of them.

use std::path::PathBuf;

use bailiwick::{Algorithm, ErrorKind, KeySet, Profile};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyString};

use crate::error::{raise, raising};
use crate::identity::texts;
use crate::json::dumps;
use crate::value::kind_of;

/// An issuer of tokens with its keys, and how its tokens are read (RFC 9068 unless told otherwise).
///
/// `jwks` is the path of a JWKS file, the JWKS itself as a dict, or its text as bytes. `audience` is one audience or
/// several; a token must name at least one of them.
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Issuer {
    issuer: String,
    pub(crate) profile: Profile,
    warnings: Vec<String>,
}

#[pymethods]
impl Issuer {
    #[new]
    #[pyo3(signature = (
        issuer, /, *, audience, jwks, algorithms=None, token_types=None, accept_untyped=false, leeway=None,
        max_lifetime=None, required=None, principal_claim=None, client_claims=None, tenant_claim=None,
        tenant_from_request=false, scope_claims=None, service_account_when=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "Python passes them by name")]
    fn new(
        py: Python<'_>,
        issuer: String,
        audience: &Bound<'_, PyAny>,
        jwks: &Bound<'_, PyAny>,
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
    ) -> PyResult<Self> {
        let keys = key_set(py, jwks)?;
        let warnings = keys.warnings().to_vec();
        let mut profile = Profile::issuer(issuer.as_str()).jwks(keys);
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
        Ok(Self {
            issuer,
            profile,
            warnings,
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
        self.warnings.clone()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Issuer({})", PyString::new(py, &self.issuer).repr()?))
    }
}

fn key_set(py: Python<'_>, jwks: &Bound<'_, PyAny>) -> PyResult<KeySet> {
    if let Ok(bytes) = jwks.cast::<PyBytes>() {
        return KeySet::from_jwks(bytes.as_bytes()).map_err(raising(py));
    }
    if jwks.cast::<PyMapping>().is_ok() {
        return KeySet::from_jwks(dumps(jwks)?.as_bytes()).map_err(raising(py));
    }
    let path: PathBuf = jwks.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "jwks is the path of a file, a dict, or JSON as bytes, not {}",
            kind_of(jwks)
        ))
    })?;
    py.detach(|| KeySet::from_jwks_file(path)).map_err(raising(py))
}

fn one_or_several(object: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    match object.cast::<PyString>() {
        Ok(text) => Ok(vec![text.to_str()?.to_owned()]),
        Err(_) => texts(object),
    }
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
