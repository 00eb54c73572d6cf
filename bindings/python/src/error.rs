//! The library's errors as the exceptions that `bailiwick.errors` defines.

use bailiwick::{Error, ErrorKind, Location};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// The exception class for a kind of error, by its name in `bailiwick.errors`.
fn class_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Io => "ReadError",
        ErrorKind::Configuration => "ConfigurationError",
        kind if kind.is_token() => "TokenError",
        ErrorKind::KeyInvalid => "KeySetError",
        ErrorKind::RequestInvalid | ErrorKind::ArgumentInvalid => "RequestError",
        ErrorKind::PlatformForbidden => "AdministrationDenied",
        kind if kind.is_platform() => "PlatformError",
        kind if (500..600).contains(&kind.code()) => "StoreError",
        kind if (100..200).contains(&kind.code()) => "PolicyError",
        _ => "BailiwickError",
    }
}

/// Raises the library's error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).map_or_else(|failure| failure, PyErr::from_value)
}

/// For `map_err`: raises the library's error.
pub(crate) fn raising(py: Python<'_>) -> impl Fn(Error) -> PyErr + '_ {
    move |error| raise(py, &error)
}

/// The exception as an object, not yet raised.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let related: Vec<_> = error
        .related()
        .iter()
        .map(|related| exception(py, related))
        .collect::<PyResult<_>>()?;
    let details = PyDict::new(py);
    details.set_item("kind", error.kind().name())?;
    details.set_item("code", error.kind().code())?;
    details.set_item("message", error.message())?;
    details.set_item("help", error.help_text())?;
    details.set_item("location", location(py, error.location())?)?;
    details.set_item("related", PyTuple::new(py, related)?)?;
    details.set_item("text", error.report())?;
    module(py)?
        .getattr(class_name(error.kind()))?
        .call((error.to_string(),), Some(&details))
}

/// `AccessDenied` for a decision, not yet raised.
pub(crate) fn access_denied(py: Python<'_>, decision: &Bound<'_, PyAny>) -> PyErr {
    let made = module(py).and_then(|module| module.getattr("AccessDenied")?.call1((decision,)));
    made.map_or_else(|failure| failure, PyErr::from_value)
}

fn location<'py>(py: Python<'py>, location: Option<&Location>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static LOCATION: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let Some(location) = location else {
        return Ok(None);
    };
    let file = location.file.to_string_lossy();
    let fields = (
        file.as_ref(),
        location.line,
        location.column,
        location.excerpt.as_str(),
        location.width,
    );
    LOCATION
        .import(py, "bailiwick.errors", "Location")?
        .call1(fields)
        .map(Some)
}

fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(pyo3::intern!(py, "bailiwick.errors"))
}
