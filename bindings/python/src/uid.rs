//! `EntityUid`: the type and id of an entity, and what Python objects name one.

use std::borrow::Cow;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString, PyTuple};

use crate::entity::Entity;
use crate::error::raising;
use crate::resource::Resource;
use crate::texts::{Copied, Keep};
use crate::value::{kind_of, uuid_type};

/// The uid of an entity: its type and its id.
///
/// >>> EntityUid("Rfi", 42)
/// EntityUid('Rfi', '42')
/// >>> str(EntityUid("Rfi", "42"))
/// 'Rfi::"42"'
/// >>> EntityUid.parse('Rfi::"42"') == EntityUid("Rfi", "42")
/// True
#[pyclass(frozen, eq, ord, hash, module = "bailiwick")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntityUid(pub(crate) bailiwick::EntityUid<'static>);

#[pymethods]
impl EntityUid {
    #[new]
    #[pyo3(signature = (r#type, id, /))]
    fn new(r#type: String, id: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(bailiwick::EntityUid::new(r#type, id_text(id)?.into_owned())))
    }

    /// Reads Cedar's own form, `Type::"id"`.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn parse(py: Python<'_>, text: &str) -> PyResult<Self> {
        text.parse().map(Self).map_err(raising(py))
    }

    /// The type, with its namespace.
    #[getter]
    fn r#type(&self) -> &str {
        self.0.type_name()
    }

    /// The id, without quotes or escapes.
    #[getter]
    fn id(&self) -> &str {
        self.0.id()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("EntityUid({})", pair_repr(py, &self.0)?))
    }

    fn __getnewargs__(&self) -> (&str, &str) {
        (self.0.type_name(), self.0.id())
    }
}

/// Type and id as Python writes them.
pub(crate) fn pair_repr(py: Python<'_>, uid: &bailiwick::EntityUid<'_>) -> PyResult<String> {
    let quoted = |text: &str| PyString::new(py, text).repr().map(|repr| repr.to_string());
    Ok(format!("{}, {}", quoted(uid.type_name())?, quoted(uid.id())?))
}

/// An id: a string, or a number or UUID in its usual form.
pub(crate) fn id_text<'a>(id: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = id.cast::<PyString>() {
        return Ok(Cow::Borrowed(text.to_str()?));
    }
    let is_number = id.is_instance_of::<PyInt>() && !id.is_instance_of::<PyBool>();
    if is_number || id.is_instance(uuid_type(id.py())?)? {
        return Ok(Cow::Owned(id.str()?.to_str()?.to_owned()));
    }
    Err(PyTypeError::new_err(format!(
        "an id is a str, an int or a UUID, not {}",
        kind_of(id)
    )))
}

/// The uid that an object names: an `EntityUid`, a pair of type and id, or an `Entity` or `Resource`.
pub(crate) fn uid_of(object: &Bound<'_, PyAny>) -> PyResult<bailiwick::EntityUid<'static>> {
    kept_uid(object, &mut Copied)
}

/// The same with its texts where they are kept.
pub(crate) fn kept_uid<'t>(
    object: &Bound<'_, PyAny>,
    keep: &mut impl Keep<'t>,
) -> PyResult<bailiwick::EntityUid<'t>> {
    if let Some(uid) = reference(object) {
        return Ok(keep.uid(uid));
    }
    if let Ok(pair) = object.cast::<PyTuple>()
        && pair.len() == 2
        && let Ok(type_name) = pair.get_item(0)?.cast::<PyString>()
    {
        let id = pair.get_item(1)?;
        let id = id_text(&id)?;
        return Ok(keep.uid(bailiwick::EntityRef::new(type_name.to_str()?, &id)));
    }
    Err(PyTypeError::new_err(format!(
        "an entity is named by an EntityUid or a pair such as (\"Project\", \"p1\"), not by {}",
        kind_of(object)
    )))
}

/// The uid of an object that is or has one.
pub(crate) fn reference<'a>(object: &'a Bound<'_, PyAny>) -> Option<bailiwick::EntityRef<'a>> {
    if let Ok(uid) = object.cast::<EntityUid>() {
        Some(uid.get().0.as_ref())
    } else if let Ok(resource) = object.cast::<Resource>() {
        Some(resource.get().0.get().uid())
    } else if let Ok(entity) = object.cast::<Entity>() {
        Some(entity.get().0.uid().as_ref())
    } else {
        None
    }
}
