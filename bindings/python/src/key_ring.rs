//! `KeyRing` and `Minter`: the platform's own signing keys, and the tokens they make.

use bailiwick::{KeyPurpose, NewToken};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::clock::Clock;
use crate::error::raising;
use crate::identity::texts;
use crate::issuer::one_or_several;
use crate::json::{dumps, to_python};

/// The keys of an issuer that mints its own tokens: staged, then signing, then good for verification only, then gone.
///
/// A key signs with `EdDSA` or `ES256`. Private keys never leave the ring.
///
/// >>> keys = KeyRing()
/// >>> first = keys.rotate()
/// >>> second = keys.rotate()
/// >>> [key["stage"] for key in keys.keys]
/// ['verify-only', 'signing']
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct KeyRing {
    pub(crate) ring: bailiwick::KeyRing,
    clock: bailiwick::Clock,
}

#[pymethods]
impl KeyRing {
    #[new]
    #[pyo3(signature = (*, clock=None))]
    fn new(clock: Option<&Bound<'_, Clock>>) -> Self {
        Self {
            ring: bailiwick::KeyRing::new(),
            clock: clock.map(|clock| clock.get().0.clone()).unwrap_or_default(),
        }
    }

    /// Makes a key and publishes it; it signs nothing yet. Returns its id.
    #[pyo3(signature = (algorithm="EdDSA", /))]
    fn stage(&self, py: Python<'_>, algorithm: &str) -> PyResult<String> {
        let purpose = purpose(py, algorithm)?;
        self.ring.stage(purpose, self.clock.now()).map_err(raising(py))
    }

    /// Lets a staged key sign; the one before it verifies only.
    #[pyo3(signature = (key_id, /))]
    fn promote(&self, py: Python<'_>, key_id: &str) -> PyResult<()> {
        self.ring.promote(key_id, self.clock.now()).map_err(raising(py))
    }

    /// Lets a staged key of this algorithm sign, or a fresh one if none is staged. Returns its id.
    #[pyo3(signature = (algorithm="EdDSA", /))]
    fn rotate(&self, py: Python<'_>, algorithm: &str) -> PyResult<String> {
        let purpose = purpose(py, algorithm)?;
        self.ring.rotate(purpose, self.clock.now()).map_err(raising(py))
    }

    /// Retires a key that signs nothing; nothing verifies with it from now on.
    #[pyo3(signature = (key_id, /))]
    fn retire(&self, py: Python<'_>, key_id: &str) -> PyResult<()> {
        self.ring.retire(key_id, self.clock.now()).map_err(raising(py))
    }

    /// Ends a key at once: what it signed is refused from the next call on.
    #[pyo3(signature = (key_id, /))]
    fn compromise(&self, py: Python<'_>, key_id: &str) -> PyResult<()> {
        self.ring
            .compromise(key_id, self.clock.now())
            .map_err(raising(py))
    }

    /// Every key of the ring, in the order in which they came: `id`, `purpose`, `stage` and `since`, in seconds since the
    /// Unix epoch.
    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let described = |key: bailiwick::KeyInfo| {
            let shown = PyDict::new(py);
            shown.set_item("id", key.id)?;
            shown.set_item("purpose", key.purpose.to_string())?;
            shown.set_item("stage", key.stage.to_string())?;
            shown.set_item("since", key.since)?;
            Ok(shown)
        };
        self.ring.keys().into_iter().map(described).collect()
    }

    /// The public keys in a key set, as `Issuer(jwks=…)` takes it.
    #[getter]
    fn jwks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let jwks = bailiwick::json::parse("jwks", self.ring.jwks().as_bytes()).map_err(raising(py))?;
        to_python(py, &jwks)
    }

    fn __repr__(&self) -> String {
        format!("<KeyRing of {} keys>", self.ring.keys().len())
    }
}

fn purpose(py: Python<'_>, algorithm: &str) -> PyResult<KeyPurpose> {
    format!("sign {algorithm}").parse().map_err(raising(py))
}

/// Makes access tokens with the keys of a ring (RFC 9068), for issuers that need no authorization server.
///
/// >>> keys = KeyRing()
/// >>> _ = keys.rotate()
/// >>> token = Minter("https://id.example.com", keys).sign("ana", "dashboards", audience="api", scopes=["rfis:read"])
/// >>> token.token.count("."), token.expires - token.issued_at
/// (2, 900)
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Minter {
    minter: bailiwick::Minter,
    clock: bailiwick::Clock,
}

#[pymethods]
impl Minter {
    #[new]
    #[pyo3(signature = (issuer, keys, /, *, max_lifetime=None))]
    fn new(issuer: &str, keys: &Bound<'_, KeyRing>, max_lifetime: Option<u32>) -> Self {
        let keys = keys.get();
        let minter = bailiwick::Minter::new(issuer, &keys.ring);
        Self {
            minter: match max_lifetime {
                Some(seconds) => minter.max_lifetime(seconds),
                None => minter,
            },
            clock: keys.clock.clone(),
        }
    }

    /// Makes a signed token for a subject, through a client. `lifetime` is in seconds; `claims` are further claims.
    #[pyo3(signature = (
        subject, client_id, /, *, audience, tenant=None, scopes=None, lifetime=900, claims=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "Python passes them by name")]
    fn sign(
        &self,
        py: Python<'_>,
        subject: &str,
        client_id: &str,
        audience: &Bound<'_, PyAny>,
        tenant: Option<&str>,
        scopes: Option<&Bound<'_, PyAny>>,
        lifetime: u32,
        claims: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<MintedToken> {
        let audiences = one_or_several(audience)?;
        let scopes = scopes.map(texts).transpose()?.unwrap_or_default();
        let claims = claims.map(|claims| {
            let json = bailiwick::json::parse("claims", dumps(claims)?.as_bytes()).map_err(raising(py))?;
            match json {
                serde_json::Value::Object(claims) => Ok(claims),
                _ => Err(PyTypeError::new_err("claims: a mapping of names to values")),
            }
        });
        let claims = claims.transpose()?.unwrap_or_default();
        let mut new = NewToken::new(subject, client_id)
            .scopes(scopes.iter().map(String::as_str))
            .lifetime(lifetime);
        for audience in &audiences {
            new = new.audience(audience);
        }
        if let Some(tenant) = tenant {
            new = new.tenant(tenant);
        }
        for (name, value) in &claims {
            new = new.claim(name, value.clone());
        }
        let minted = self.minter.sign(&new, self.clock.now());
        minted.map(MintedToken).map_err(raising(py))
    }

    fn __repr__(&self) -> String {
        format!("<Minter of {}>", self.minter.issuer())
    }
}

/// A token that was made. Its repr does not show it.
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct MintedToken(bailiwick::MintedToken);

#[pymethods]
impl MintedToken {
    /// The token itself: a secret.
    #[getter]
    fn token(&self) -> &str {
        self.0.token()
    }

    /// Its id (`jti`).
    #[getter]
    fn id(&self) -> &str {
        self.0.token_id()
    }

    /// When it was made, in seconds since the Unix epoch.
    #[getter]
    fn issued_at(&self) -> i64 {
        self.0.issued_at()
    }

    /// When it expires, in seconds since the Unix epoch.
    #[getter]
    fn expires(&self) -> i64 {
        self.0.expires()
    }

    fn __repr__(&self) -> String {
        format!("<MintedToken {} until {}>", self.0.token_id(), self.0.expires())
    }
}
