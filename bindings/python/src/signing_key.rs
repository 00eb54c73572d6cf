//! `SigningKey`: a private key that signs tokens, for tests, demos and small issuers.

use bailiwick::{Algorithm, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::raising;
use crate::json::{dumps, to_python};

/// A private key, its id and the one algorithm that it signs with. It never leaves this object.
///
/// >>> key = SigningKey.generate("2026-01")
/// >>> token = key.sign({"iss": "https://id.example.com", "exp": 1_800_000_600})
/// >>> token.count(".")
/// 2
/// >>> [public["kid"] for public in key.jwks["keys"]]
/// ['2026-01']
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct SigningKey(bailiwick::SigningKey);

#[pymethods]
impl SigningKey {
    /// A fresh key for `EdDSA` or `ES256`.
    #[staticmethod]
    #[pyo3(signature = (key_id, /, *, algorithm="EdDSA"))]
    fn generate(py: Python<'_>, key_id: &str, algorithm: &str) -> PyResult<Self> {
        match algorithm {
            "EdDSA" => bailiwick::SigningKey::generate_ed25519(key_id),
            "ES256" => bailiwick::SigningKey::generate_es256(key_id),
            _ => Err(unknown(algorithm, "keys are generated for EdDSA and ES256")),
        }
        .map(Self)
        .map_err(raising(py))
    }

    /// Reads a private key in PKCS#8 (DER).
    #[staticmethod]
    #[pyo3(signature = (key_id, pkcs8, /, *, algorithm))]
    fn from_pkcs8(
        py: Python<'_>,
        key_id: &str,
        pkcs8: &Bound<'_, PyBytes>,
        algorithm: &str,
    ) -> PyResult<Self> {
        Algorithm::from_name(algorithm)
            .ok_or_else(|| unknown(algorithm, "name it as in RFC 7518, for example ES256"))
            .and_then(|algorithm| bailiwick::SigningKey::from_pkcs8(algorithm, key_id, pkcs8.as_bytes()))
            .map(Self)
            .map_err(raising(py))
    }

    /// Signs claims into a compact JWS.
    #[pyo3(signature = (claims, /, *, r#type="at+jwt"))]
    fn sign(&self, py: Python<'_>, claims: &Bound<'_, PyAny>, r#type: &str) -> PyResult<String> {
        let claims = bailiwick::json::parse("claims", dumps(claims)?.as_bytes()).map_err(raising(py))?;
        self.0.sign(&claims, r#type).map_err(raising(py))
    }

    /// The id (`kid`).
    #[getter]
    fn key_id(&self) -> &str {
        self.0.key_id()
    }

    /// The algorithm's name.
    #[getter]
    fn algorithm(&self) -> String {
        self.0.algorithm().to_string()
    }

    /// The public key in a key set, as `Issuer(jwks=…)` takes it.
    #[getter]
    fn jwks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let jwks = bailiwick::json::parse("jwks", self.0.jwks().as_bytes()).map_err(raising(py))?;
        to_python(py, &jwks)
    }

    fn __repr__(&self) -> String {
        format!("<SigningKey {} for {}>", self.0.key_id(), self.0.algorithm())
    }
}

fn unknown(algorithm: &str, help: &str) -> bailiwick::Error {
    let name: String = algorithm.chars().take(80).collect();
    bailiwick::Error::new(
        ErrorKind::ArgumentInvalid,
        format!("`{name}` is no algorithm for this"),
    )
    .help(help)
}
