//! JSON between Python and the library, for what is loaded once: key sets, schemas, claims, explanations.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::Value;

use crate::error::raise;

/// An object that `json.dumps` takes, as text.
pub(crate) fn dumps(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let module = object.py().import(pyo3::intern!(object.py(), "json"))?;
    let options = PyDict::new(object.py());
    options.set_item("allow_nan", false)?;
    module
        .getattr("dumps")?
        .call((object,), Some(&options))?
        .extract()
}

/// A report of the library's as Python's own values.
pub(crate) fn serialized<'py>(
    py: Python<'py>,
    report: &impl serde::Serialize,
) -> PyResult<Bound<'py, PyAny>> {
    let json = serde_json::to_value(report).map_err(|error| {
        let message = format!("a report is no JSON: {error}");
        raise(
            py,
            &bailiwick::Error::new(bailiwick::ErrorKind::Internal, message),
        )
    })?;
    to_python(py, &json)
}

/// JSON as Python's own values.
pub(crate) fn to_python<'py>(py: Python<'py>, json: &Value) -> PyResult<Bound<'py, PyAny>> {
    match json {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(value) => Ok(value.into_pyobject(py)?.to_owned().into_any()),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Ok(number.into_pyobject(py)?.into_any()),
            None => Ok(number.as_f64().into_pyobject(py)?),
        },
        Value::String(text) => Ok(text.into_pyobject(py)?.into_any()),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            Ok(list.into_any())
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (name, member) in members {
                dict.set_item(name, to_python(py, member)?)?;
            }
            Ok(dict.into_any())
        }
    }
}
