//! `Session`: one principal, acting in one tenant, asking what it may do.

use std::sync::Arc;

use bailiwick::Context;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString, PyTuple};
use smallvec::SmallVec;

use crate::decision::{Asked, Decision, explanation};
use crate::error::access_denied;
use crate::resource::Target;
use crate::uid::EntityUid;
use crate::value::{kind_of, name_of, value};

/// What an authenticated caller may ask. Safe to share between threads; made by an `Engine`.
///
/// A session follows the engine: a change of policies, entities or authority counts from the very next decision.
///
/// The context of a request is given by name, as a mapping, or both: `decide(action, resource, {"mfa": True}, hour=9)`.
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Session(pub(crate) bailiwick::Session);

#[pymethods]
impl Session {
    /// Whether the action may be done to the resource.
    #[pyo3(signature = (action, resource, context=None, /, **attributes))]
    fn allows(
        &self,
        action: &str,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        attributes: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<bool> {
        let target = Target::of(resource)?;
        let pinned = Pinned::of(context, attributes)?;
        let context = pinned.context()?;
        Ok(self.0.decide(action, target.resource(), &context).allowed())
    }

    /// Decides, and says why. Whatever is wrong with the request is a deny with a reason; only values that Cedar has no
    /// counterpart for raise `TypeError` or `ValueError`.
    #[pyo3(signature = (action, resource, context=None, /, **attributes))]
    fn decide<'py>(
        slf: &Bound<'py, Self>,
        action: &Bound<'py, PyString>,
        resource: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        attributes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Decision> {
        let target = Target::of(resource)?;
        let pinned = Pinned::of(context, attributes)?;
        let decision = (slf.get().0).decide(action.to_str()?, target.resource(), &pinned.context()?);
        let asked = Asked::new(slf, action, pinned.kept(attributes)?, vec![decision]);
        Ok(Decision::new(asked, 0, resource))
    }

    /// Decides about many resources, in their order and on one revision. Other threads run meanwhile.
    #[pyo3(signature = (action, resources, context=None, /, **attributes))]
    fn decide_many<'py>(
        slf: &Bound<'py, Self>,
        action: &Bound<'py, PyString>,
        resources: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        attributes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = slf.py();
        let resources = listed(resources)?;
        let targets = resources.iter().map(Target::of).collect::<PyResult<Vec<_>>>()?;
        let pinned = Pinned::of(context, attributes)?;
        let (name, given) = (action.to_str()?, pinned.context()?);
        let session = &slf.get().0;
        let decisions = py.detach(|| {
            let requests = targets.iter().map(|target| (name, target.resource(), &given));
            session.decide_many(requests)
        });
        let asked = Asked::new(slf, action, pinned.kept(attributes)?, decisions);
        let decided = resources.iter().enumerate();
        PyList::new(
            py,
            decided.map(|(index, resource)| Decision::new(Arc::clone(&asked), index, resource)),
        )
    }

    /// Those of the objects to which the action may be done, in their order. Other threads run meanwhile.
    #[pyo3(signature = (action, resources, context=None, /, **attributes))]
    fn filter<'py>(
        &self,
        py: Python<'py>,
        action: &str,
        resources: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        attributes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let resources = listed(resources)?;
        let targets = resources.iter().map(Target::of).collect::<PyResult<Vec<_>>>()?;
        let pinned = Pinned::of(context, attributes)?;
        let given = pinned.context()?;
        let allowed = py.detach(|| {
            let numbered = targets.iter().enumerate();
            let candidates = numbered.map(|(index, target)| Candidate { index, target });
            self.0.filter(action, candidates, &given)
        });
        let allowed: Vec<_> = (allowed.iter())
            .filter_map(|candidate| resources.get(candidate.index))
            .collect();
        PyList::new(py, allowed)
    }

    /// Decides, returns the decision if it allows and raises `AccessDenied` if it does not.
    #[pyo3(signature = (action, resource, context=None, /, **attributes))]
    fn require<'py>(
        slf: &Bound<'py, Self>,
        action: &Bound<'py, PyString>,
        resource: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        attributes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, Decision>> {
        let py = slf.py();
        let decision = Bound::new(py, Self::decide(slf, action, resource, context, attributes)?)?;
        if decision.get().allowed() {
            Ok(decision)
        } else {
            Err(access_denied(py, decision.as_any()))
        }
    }

    /// Decides and explains: which ceilings held, which policies applied, and which came close.
    #[pyo3(signature = (action, resource, context=None, /, **attributes))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        action: &str,
        resource: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        attributes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let target = Target::of(resource)?;
        let pinned = Pinned::of(context, attributes)?;
        explanation(py, &self.0.explain(action, target.resource(), &pinned.context()?))
    }

    /// Who acts.
    #[getter]
    fn principal(&self) -> EntityUid {
        EntityUid(self.0.principal().clone())
    }

    /// In which tenant; `None` when the schema has no tenants.
    #[getter]
    fn tenant(&self) -> Option<EntityUid> {
        self.0.tenant().cloned().map(EntityUid)
    }

    /// Through which app.
    #[getter]
    fn app(&self) -> Option<EntityUid> {
        self.0.app().cloned().map(EntityUid)
    }

    /// Within which scopes; `None` for a first-party session.
    #[getter]
    fn scopes<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.0.scopes().map(|scopes| PyTuple::new(py, scopes)).transpose()
    }

    /// How the token was obtained, where that is known.
    #[getter]
    fn grant_type(&self) -> Option<&str> {
        self.0.grant_type()
    }

    /// When the session ends, in seconds since the Unix epoch; `None` for a first-party session.
    #[getter]
    fn expires(&self) -> Option<i64> {
        self.0.expires()
    }

    fn __repr__(&self) -> String {
        let mut text = format!("<Session of {}", self.0.principal());
        if let Some(app) = self.0.app() {
            text.push_str(&format!(" through {app}"));
        }
        if let Some(tenant) = self.0.tenant() {
            text.push_str(&format!(" in {tenant}"));
        }
        text.push('>');
        text
    }
}

impl Session {
    pub(crate) fn new(session: bailiwick::Session) -> Self {
        Self(session)
    }
}

/// The objects of a list or another iterable.
fn listed<'py>(objects: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    match objects.cast::<PyList>() {
        Ok(list) => Ok(list.iter().collect()),
        Err(_) => objects.try_iter()?.collect(),
    }
}

/// A resource of many, by its place among them.
struct Candidate<'a> {
    index: usize,
    target: &'a Target<'a>,
}

impl<'a> AsRef<bailiwick::Resource<'a>> for Candidate<'a> {
    fn as_ref(&self) -> &bailiwick::Resource<'a> {
        self.target.resource()
    }
}

/// The values of a context, held so that texts can be borrowed from them.
pub(crate) struct Pinned<'py> {
    entries: SmallVec<[(Bound<'py, PyAny>, Bound<'py, PyAny>); 4]>,
}

impl<'py> Pinned<'py> {
    pub(crate) fn of(
        mapping: Option<&Bound<'py, PyAny>>,
        attributes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Self> {
        let mut entries = SmallVec::new();
        if let Some(mapping) = mapping {
            if let Ok(dict) = mapping.cast::<PyDict>() {
                entries.extend(dict.iter());
            } else if let Ok(mapping) = mapping.cast::<PyMapping>() {
                for entry in mapping.items()? {
                    entries.push((entry.get_item(0)?, entry.get_item(1)?));
                }
            } else if !mapping.is_none() {
                return Err(PyTypeError::new_err(format!(
                    "context: a mapping of names to values, not {}",
                    kind_of(mapping)
                )));
            }
        }
        entries.extend(attributes.into_iter().flatten());
        Ok(Self { entries })
    }

    pub(crate) fn context(&self) -> PyResult<Context<'_>> {
        let mut context = Context::with_capacity(self.entries.len());
        for (name, object) in &self.entries {
            let (name, value) = name_of(name)
                .and_then(|name| {
                    value(object)
                        .map(|value| (name, value))
                        .map_err(|refusal| refusal.within(name))
                })
                .map_err(|refusal| refusal.raised("context"))?;
            context.set(name, value);
        }
        Ok(context)
    }

    /// What was given, in a dict that nobody else changes; nothing for an empty context.
    fn kept(&self, attributes: Option<&Bound<'py, PyDict>>) -> PyResult<Option<Bound<'py, PyDict>>> {
        match attributes {
            _ if self.entries.is_empty() => Ok(None),
            // Python makes this dict for each call anew.
            Some(attributes) if attributes.len() == self.entries.len() => Ok(Some(attributes.clone())),
            _ => {
                let py = self.entries.first().map(|(name, _)| name.py());
                let Some(py) = py else { return Ok(None) };
                let kept = PyDict::new(py);
                for (name, value) in &self.entries {
                    kept.set_item(name, value)?;
                }
                Ok(Some(kept))
            }
        }
    }
}
