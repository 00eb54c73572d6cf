//! `Policies`: policies, schema, links and seed entities, loaded and validated.

use std::path::PathBuf;

use bailiwick::Source;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString, PyTuple};

use crate::error::{exception, raising};
use crate::json::dumps;
use crate::value::kind_of;

/// Policies, templates and links with their schema and seed entities: read, bounded, parsed and strictly validated.
///
/// >>> policies = Policies(
/// ...     schema="entity User; entity Photo; action view appliesTo { principal: User, resource: Photo };",
/// ...     cedar='@id("everyone-views") permit (principal, action == Action::"view", resource);',
/// ... )
/// >>> policies.ids
/// ('everyone-views',)
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Policies(pub(crate) bailiwick::Policies);

#[pymethods]
impl Policies {
    #[new]
    #[pyo3(signature = (directory=None, /, *, cedar=None, schema=None, schema_json=None, entities=None, links=None))]
    fn new(
        py: Python<'_>,
        directory: Option<PathBuf>,
        cedar: Option<&Bound<'_, PyAny>>,
        schema: Option<&str>,
        schema_json: Option<&Bound<'_, PyAny>>,
        entities: Option<&Bound<'_, PyAny>>,
        links: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let from_memory =
            schema.is_some() || [cedar, schema_json, entities, links].iter().any(Option::is_some);
        let loaded = match (directory, from_memory) {
            (Some(directory), false) => py.detach(|| bailiwick::Policies::open(directory)),
            (None, true) => {
                let source = source(cedar, schema, schema_json, entities, links)?;
                py.detach(|| bailiwick::Policies::load(source))
            }
            (Some(_), true) => {
                return Err(PyTypeError::new_err(
                    "policies come from a directory or from memory: pass a path or texts, not both",
                ));
            }
            (None, false) => {
                return Err(PyTypeError::new_err(
                    "no policies: pass the path of their directory, or texts by name (cedar=…, schema=…)",
                ));
            }
        };
        loaded.map(Self).map_err(raising(py))
    }

    /// Ids of static policies and links, sorted.
    #[getter]
    fn ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.policy_ids().collect::<Vec<_>>())
    }

    /// Findings that do not prevent loading, as exceptions that nobody raised.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let warnings: Vec<_> = self
            .0
            .warnings()
            .iter()
            .map(|warning| exception(py, warning))
            .collect::<PyResult<_>>()?;
        PyTuple::new(py, warnings)
    }

    /// Where a policy, template or link is written, as `file:line`; `None` for an unknown id.
    #[pyo3(signature = (id, /))]
    fn origin(&self, id: &str) -> Option<String> {
        self.0.origin(id).map(|origin| origin.to_string())
    }

    fn __repr__(&self) -> String {
        format!("<Policies: {} policies>", self.0.policy_ids().count())
    }
}

/// Policies that are loaded, or are still to be.
pub(crate) enum Wanted {
    Loaded(Box<bailiwick::Policies>),
    Path(PathBuf),
}

impl Wanted {
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(policies) = object.cast::<Policies>() {
            return Ok(Self::Loaded(Box::new(policies.get().0.clone())));
        }
        object.extract().map(Self::Path).map_err(|_| {
            PyTypeError::new_err(format!(
                "policies is the path of a directory or precompiled file, or Policies, not {}",
                kind_of(object)
            ))
        })
    }

    pub(crate) fn load(self) -> bailiwick::Result<bailiwick::Policies> {
        match self {
            Self::Loaded(policies) => Ok(*policies),
            Self::Path(path) => bailiwick::Policies::open(path),
        }
    }
}

fn source(
    cedar: Option<&Bound<'_, PyAny>>,
    schema: Option<&str>,
    schema_json: Option<&Bound<'_, PyAny>>,
    entities: Option<&Bound<'_, PyAny>>,
    links: Option<&Bound<'_, PyAny>>,
) -> PyResult<Source> {
    let mut source = Source::new();
    if let Some(cedar) = cedar {
        source = add_cedar(source, cedar)?;
    }
    if let Some(schema) = schema {
        source = source.schema("inline.cedarschema", schema);
    }
    if let Some(schema) = schema_json {
        source = source.schema_json("inline.cedarschema.json", json_text("schema_json", schema)?);
    }
    if let Some(entities) = entities {
        source = source.entities("entities.json", json_text("entities", entities)?);
    }
    if let Some(links) = links {
        source = source.links("links.json", json_text("links", links)?);
    }
    Ok(source)
}

/// One text, or several by the names that errors show.
fn add_cedar(mut source: Source, cedar: &Bound<'_, PyAny>) -> PyResult<Source> {
    if let Ok(text) = cedar.cast::<PyString>() {
        return Ok(source.cedar("inline.cedar", text.to_str()?));
    }
    let texts = cedar.cast::<PyMapping>().map_err(|_| {
        PyTypeError::new_err(format!(
            "cedar is a text or a mapping of file names to texts, not {}",
            kind_of(cedar)
        ))
    })?;
    for entry in texts.items()? {
        let (name, text): (PathBuf, String) = entry.extract()?;
        source = source.cedar(name, text);
    }
    Ok(source)
}

/// JSON text as it is; lists and dicts as JSON.
fn json_text(what: &str, object: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(text.to_str()?.to_owned());
    }
    dumps(object).map_err(|error| {
        let message = format!(
            "{what}: JSON text, or lists and dicts that are JSON, not {}",
            kind_of(object)
        );
        let refusal = PyTypeError::new_err(message);
        refusal.set_cause(object.py(), Some(error));
        refusal
    })
}
