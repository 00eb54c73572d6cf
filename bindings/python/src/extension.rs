//! `Extension`: a value of Cedar's written as Cedar writes it.

use bailiwick::Value;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::error::raising;

/// A value of Cedar's by the function that makes it: `ip`, `decimal`, `datetime` or `duration`.
///
/// For text that is in Cedar's form already, and for what Python's classes cannot hold. Otherwise pass values of
/// `ipaddress`, `decimal` and `datetime`.
///
/// >>> Extension("duration", "1h30m")
/// Extension('duration', '1h30m')
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Extension {
    pub(crate) function: String,
    pub(crate) argument: String,
    pub(crate) value: Value<'static>,
}

#[pymethods]
impl Extension {
    #[new]
    #[pyo3(signature = (function, argument, /))]
    fn new(py: Python<'_>, function: String, argument: String) -> PyResult<Self> {
        let json = serde_json::json!({"__extn": {"fn": function, "arg": argument}});
        let value = Value::from_json(&json).map_err(raising(py))?;
        Ok(Self {
            function,
            argument,
            value,
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let quoted = |text: &str| PyString::new(py, text).repr().map(|repr| repr.to_string());
        Ok(format!(
            "Extension({}, {})",
            quoted(&self.function)?,
            quoted(&self.argument)?
        ))
    }

    fn __getnewargs__(&self) -> (&str, &str) {
        (&self.function, &self.argument)
    }
}
