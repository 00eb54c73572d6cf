//! `Authorizer` and `Answer`: plain Cedar, for `bailiwick.cedar`.

use bailiwick::cedar;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::entity::Entity;
use crate::error::raising;
use crate::policies::Wanted;
use crate::session::Pinned;
use crate::uid::uid_of;
use crate::value::kind_of;

/// A fast Cedar authorizer: cedar-policy's answers, without tenants, tokens and scopes.
///
/// The schema is optional. Requests are not validated against it, and policies whose evaluation fails are skipped, as
/// Cedar does it; the answer names them.
///
/// >>> from bailiwick.cedar import Authorizer
/// >>> authorizer = Authorizer(Policies(cedar='@id("mine") permit (principal, action, resource) when { resource.owner == principal };'))
/// >>> photo = Entity("Photo", "p.jpg", attrs={"owner": EntityUid("User", "ana")})
/// >>> answer = authorizer.is_authorized(("User", "ana"), "view", photo.uid, entities=[photo])
/// >>> bool(answer), answer.policies
/// (True, ('mine',))
#[pyclass(frozen, module = "bailiwick.cedar")]
pub(crate) struct Authorizer(cedar::Authorizer);

#[pymethods]
impl Authorizer {
    #[new]
    #[pyo3(signature = (policies, /))]
    fn new(py: Python<'_>, policies: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wanted = Wanted::of(policies)?;
        py.detach(|| wanted.load().map(|policies| policies.authorizer().clone()))
            .map(Self)
            .map_err(raising(py))
    }

    /// Cedar's answer. `action` is a uid, or the id of an entity of the type `Action`; `entities` are those that only
    /// this request knows.
    #[pyo3(signature = (principal, action, resource, context=None, /, *, entities=None))]
    fn is_authorized(
        &self,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        entities: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Answer> {
        let (principal, resource) = (uid_of(principal)?, uid_of(resource)?);
        let action = match action.cast::<PyString>() {
            Ok(id) => bailiwick::EntityUid::new("Action", id.to_str()?.to_owned()),
            Err(_) => uid_of(action)?,
        };
        let pinned = Pinned::of(context, None)?;
        let context = pinned.context()?;
        let brought = entities.map(brought).transpose()?.unwrap_or_default();
        let request = cedar::Request::new(principal.as_ref(), action.as_ref(), resource.as_ref(), &context)
            .with_entities(&brought);
        Ok(Answer::of(&self.0.is_authorized(&request)))
    }

    fn __repr__(&self) -> String {
        format!(
            "<Authorizer: {} policies, {} entities>",
            self.0.policy_count(),
            self.0.entity_count()
        )
    }
}

/// Cedar's answer to one request. True when it allows.
#[pyclass(frozen, module = "bailiwick.cedar")]
pub(crate) struct Answer {
    allowed: bool,
    policies: Vec<String>,
    errors: Vec<(String, String)>,
}

#[pymethods]
impl Answer {
    /// Whether a permit matched and no forbid did.
    #[getter]
    fn allowed(&self) -> bool {
        self.allowed
    }

    fn __bool__(&self) -> bool {
        self.allowed
    }

    /// The determining policies, sorted: for a deny the forbids that matched, for an allow the permits.
    #[getter]
    fn policies<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.policies)
    }

    /// The policies whose evaluation failed and was skipped, with what failed.
    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let errors = PyDict::new(py);
        for (policy, message) in &self.errors {
            errors.set_item(policy, message)?;
        }
        Ok(errors)
    }

    fn __repr__(&self) -> String {
        let verdict = if self.allowed { "allow" } else { "deny" };
        format!(
            "<Answer {verdict} by {:?}, {} errors>",
            self.policies,
            self.errors.len()
        )
    }
}

impl Answer {
    fn of(response: &cedar::Response<'_>) -> Self {
        let mut policies: Vec<String> = response
            .determining()
            .map(|policy| policy.id().to_owned())
            .collect();
        policies.sort_unstable();
        let mut errors: Vec<(String, String)> = response
            .erring()
            .map(|(policy, error)| (policy.id().to_owned(), error.to_string()))
            .collect();
        errors.sort_unstable();
        Self {
            allowed: response.allowed(),
            policies,
            errors,
        }
    }
}

fn brought(entities: &Bound<'_, PyAny>) -> PyResult<Vec<bailiwick::Entity<'static>>> {
    let entity = |object: PyResult<Bound<'_, PyAny>>| {
        let object = object?;
        let entity = object.cast::<Entity>().map_err(|_| {
            PyTypeError::new_err(format!("entities holds Entity objects, not {}", kind_of(&object)))
        })?;
        Ok(entity.get().0.clone())
    };
    entities.try_iter()?.map(entity).collect()
}
