//! `Resource`: what an action targets, and what else Python may pass in its place.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::entity::{Entity, build, parts};
use crate::texts::{HeldResource, Keep as _};
use crate::uid::{EntityUid, id_text, pair_repr, uid_of};
use crate::value::kind_of;

/// What an action targets: an entity that the engine knows, or one that the request brings along.
///
/// With `parents`, `attrs` or `tags` (even empty ones) the resource is brought along and takes the place of a stored
/// entity of the same uid; without them it is the stored one. `entities` brings further entities along.
///
/// >>> Resource("Rfi", "42")
/// Resource('Rfi', '42')
/// >>> Resource("Rfi", 43, parents=[("Project", "p1")], attrs={"state": "open"}).is_stored
/// False
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Resource(pub(crate) HeldResource);

#[pymethods]
impl Resource {
    #[new]
    #[pyo3(signature = (r#type, id, /, *, parents=None, attrs=None, tags=None, entities=None))]
    fn new(
        r#type: &Bound<'_, PyString>,
        id: &Bound<'_, PyAny>,
        parents: Option<&Bound<'_, PyAny>>,
        attrs: Option<&Bound<'_, PyAny>>,
        tags: Option<&Bound<'_, PyAny>>,
        entities: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let is_brought = parents.is_some() || attrs.is_some() || tags.is_some();
        let held = HeldResource::build(|keep| {
            let mut resource = if is_brought {
                bailiwick::Resource::entity(build(r#type, id, parents, attrs, tags, keep)?)
            } else {
                bailiwick::Resource::stored(keep.text(r#type.to_str()?), keep.text(&id_text(id)?))
            };
            if let Some(entities) = entities {
                for entity in entities.try_iter()? {
                    let entity = entity?;
                    let entity = entity.cast::<Entity>().map_err(|_| {
                        PyTypeError::new_err(format!(
                            "entities holds Entity objects, not {}",
                            kind_of(&entity)
                        ))
                    })?;
                    resource = resource.with(entity.get().0.clone());
                }
            }
            Ok::<_, PyErr>(resource)
        });
        held.map(Self)
    }

    /// The uid.
    #[getter]
    fn uid(&self) -> EntityUid {
        EntityUid(self.0.get().uid().to_uid().into_owned())
    }

    /// The type, with its namespace.
    #[getter]
    fn r#type(&self) -> &str {
        self.0.get().uid().type_name
    }

    /// The id, without quotes or escapes.
    #[getter]
    fn id(&self) -> &str {
        self.0.get().uid().id
    }

    /// Whether the engine is to know the resource, because the request does not bring it along.
    #[getter]
    fn is_stored(&self) -> bool {
        let resource = self.0.get();
        let uid = resource.uid();
        (resource.entities().iter()).all(|entity| entity.uid().as_ref() != uid)
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str, &str), Bound<'py, PyDict>)> {
        let resource = self.0.get();
        let uid = resource.uid();
        let (own, others): (Vec<_>, Vec<_>) =
            (resource.entities().iter()).partition(|entity| entity.uid().as_ref() == uid);
        let arguments = match own.first() {
            Some(own) => parts(py, own)?,
            None => PyDict::new(py),
        };
        let others = others
            .into_iter()
            .cloned()
            .map(|entity| Entity(entity.into_owned()));
        arguments.set_item("entities", PyTuple::new(py, others.collect::<Vec<_>>())?)?;
        Ok(((uid.type_name, uid.id), arguments))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!(
            "Resource({})",
            pair_repr(py, &self.0.get().uid().to_uid())?
        ))
    }
}

/// A resource for one request: Python's own, or one made of something that names or is an entity.
pub(crate) enum Target<'a> {
    Ready(&'a HeldResource),
    Made(Box<HeldResource>),
}

impl<'a> Target<'a> {
    pub(crate) fn of(object: &'a Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(resource) = object.cast::<Resource>() {
            return Ok(Self::Ready(&resource.get().0));
        }
        made(object, true).map(|made| Self::Made(Box::new(made.into())))
    }

    pub(crate) fn resource(&self) -> &bailiwick::Resource<'_> {
        match self {
            Self::Ready(held) => held.get(),
            Self::Made(held) => held.get(),
        }
    }
}

fn made(object: &Bound<'_, PyAny>, may_adapt: bool) -> PyResult<bailiwick::Resource<'static>> {
    if let Ok(resource) = object.cast::<Resource>() {
        return Ok(resource.get().0.get().clone().into_owned());
    }
    if let Ok(entity) = object.cast::<Entity>() {
        return Ok(bailiwick::Resource::entity(entity.get().0.clone()));
    }
    if object.is_instance_of::<EntityUid>() || object.is_instance_of::<PyTuple>() {
        return uid_of(object).map(bailiwick::Resource::stored_uid);
    }
    if may_adapt {
        let py = object.py();
        let adapted = py
            .import(pyo3::intern!(py, "bailiwick.adapters"))?
            .call_method1(pyo3::intern!(py, "to_entity"), (object,))?;
        return made(&adapted, false);
    }
    Err(PyTypeError::new_err(format!(
        "an adapter returns a Resource, an Entity or an EntityUid, not {}",
        kind_of(object)
    )))
}
