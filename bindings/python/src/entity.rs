//! `Entity`: an entity with its attributes, tags and parents.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::error::raising;
use crate::json::dumps;
use crate::texts::{Copied, Keep};
use crate::uid::{EntityUid, id_text, kept_uid, pair_repr};
use crate::value::{dict, record};

/// An entity as a host brings it along with a request: uid, parents, attributes and tags.
///
/// >>> project = Entity("Project", "p9", parents=[("Company", "acme")], attrs={"closed": False})
/// >>> project
/// Entity('Project', 'p9')
/// >>> project.parents
/// (EntityUid('Company', 'acme'),)
#[pyclass(frozen, eq, module = "bailiwick")]
#[derive(PartialEq)]
pub(crate) struct Entity(pub(crate) bailiwick::Entity<'static>);

#[pymethods]
impl Entity {
    #[new]
    #[pyo3(signature = (r#type, id, /, *, parents=None, attrs=None, tags=None))]
    fn new(
        r#type: &Bound<'_, PyString>,
        id: &Bound<'_, PyAny>,
        parents: Option<&Bound<'_, PyAny>>,
        attrs: Option<&Bound<'_, PyAny>>,
        tags: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        build(r#type, id, parents, attrs, tags, &mut Copied).map(Self)
    }

    /// Reads an entity in Cedar's JSON form: `{"uid": …, "attrs": …, "parents": …, "tags": …}`.
    #[staticmethod]
    #[pyo3(signature = (entity, /))]
    fn from_json(py: Python<'_>, entity: &Bound<'_, PyAny>) -> PyResult<Self> {
        let json = bailiwick::json::parse("entity", dumps(entity)?.as_bytes()).map_err(raising(py))?;
        bailiwick::Entity::from_json(&json).map(Self).map_err(raising(py))
    }

    /// The uid.
    #[getter]
    fn uid(&self) -> EntityUid {
        EntityUid(self.0.uid().clone())
    }

    /// The uids of the parents.
    #[getter]
    fn parents<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.parents().iter().cloned().map(EntityUid))
    }

    /// The attributes, as ordinary Python values; what Python has no literal for as `Extension`.
    #[getter]
    fn attrs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        dict(py, self.0.attrs())
    }

    /// The tags, in the same form.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        dict(py, self.0.tags())
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str, &str), Bound<'py, PyDict>)> {
        let uid = self.0.uid();
        Ok(((uid.type_name(), uid.id()), parts(py, &self.0)?))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Entity({})", pair_repr(py, self.0.uid())?))
    }
}

/// The arguments by which `build` makes the same entity again, besides its uid.
pub(crate) fn parts<'py>(py: Python<'py>, entity: &bailiwick::Entity<'_>) -> PyResult<Bound<'py, PyDict>> {
    let parts = PyDict::new(py);
    let parents = entity
        .parents()
        .iter()
        .cloned()
        .map(|uid| EntityUid(uid.into_owned()));
    parts.set_item("parents", PyTuple::new(py, parents.collect::<Vec<_>>())?)?;
    parts.set_item("attrs", dict(py, entity.attrs())?)?;
    parts.set_item("tags", dict(py, entity.tags())?)?;
    Ok(parts)
}

/// An entity of Python's arguments.
pub(crate) fn build<'t>(
    type_name: &Bound<'_, PyString>,
    id: &Bound<'_, PyAny>,
    parents: Option<&Bound<'_, PyAny>>,
    attrs: Option<&Bound<'_, PyAny>>,
    tags: Option<&Bound<'_, PyAny>>,
    keep: &mut impl Keep<'t>,
) -> PyResult<bailiwick::Entity<'t>> {
    let mut entity = bailiwick::Entity::new(keep.text(type_name.to_str()?), keep.text(&id_text(id)?));
    if let Some(parents) = parents {
        if let Ok(list) = parents.cast::<PyList>() {
            for parent in list {
                entity.parents_mut().push(kept_uid(&parent, keep)?);
            }
        } else {
            for parent in parents.try_iter()? {
                entity.parents_mut().push(kept_uid(&parent?, keep)?);
            }
        }
    }
    if let Some(attrs) = attrs {
        *entity.attrs_mut() = record(attrs, "attrs", keep)?;
    }
    if let Some(tags) = tags {
        *entity.tags_mut() = record(tags, "tags", keep)?;
    }
    Ok(entity)
}
