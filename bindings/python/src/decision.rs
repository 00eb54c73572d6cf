//! `Decision`: allowed or not, why, and by which policies.

use bailiwick::{Context, Explanation, Reason};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::json::serialized;
use crate::resource::Target;
use crate::session::{Pinned, Session};

/// The outcome of one decision. True when it allows.
///
/// >>> decision = session.decide("rfis.view", Resource("Rfi", "42"))
/// >>> bool(decision), decision.reason.value, decision.policies
/// (True, 'permitted', ('rfis-standard@ana@p1',))
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Decision {
    decision: bailiwick::Decision,
    session: Py<Session>,
    action: Py<PyString>,
    resource: Py<PyAny>,
    context: Option<Py<PyDict>>,
}

#[pymethods]
impl Decision {
    /// Whether the action may be done.
    #[getter]
    pub(crate) fn allowed(&self) -> bool {
        self.decision.allowed()
    }

    fn __bool__(&self) -> bool {
        self.decision.allowed()
    }

    /// Why, as a member of `Reason`.
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        reason(py, self.decision.reason())
    }

    /// The reason in a sentence that names what is missing. For logs: it says more than a client should learn.
    #[getter]
    fn message(&self) -> String {
        self.decision.message()
    }

    /// The determining policies: the permits of an allow, the forbids of a deny, sorted.
    #[getter]
    fn policies<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.decision.policies().collect::<Vec<_>>())
    }

    /// The policies whose evaluation failed, with what failed.
    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let errors = PyDict::new(py);
        for fault in self.decision.errors() {
            errors.set_item(fault.policy, fault.message)?;
        }
        Ok(errors)
    }

    /// The revision of the engine's state that was decided on.
    #[getter]
    fn revision(&self) -> u64 {
        self.decision.revision()
    }

    /// The action that was asked for.
    #[getter]
    fn action<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        self.action.bind(py).clone()
    }

    /// The resource that was asked for, as it was passed.
    #[getter]
    fn resource<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.resource.bind(py).clone()
    }

    /// Explains: asks the same again and says which ceilings held, which policies applied, and which came close.
    fn explain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let resource = self.resource.bind(py);
        let target = Target::of(resource)?;
        let pinned = Pinned::of(None, self.context.as_ref().map(|context| context.bind(py)))?;
        let context: Context<'_> = pinned.context()?;
        let action = self.action.bind(py).to_str()?.to_owned();
        explanation(
            py,
            &self.session.get().0.explain(&action, target.resource(), &context),
        )
    }

    fn __repr__(&self) -> String {
        let verdict = if self.decision.allowed() { "allow" } else { "deny" };
        format!("<Decision {verdict}: {}>", self.decision.message())
    }

    fn __str__(&self) -> String {
        self.decision.to_string()
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        self.explain(py)?.call_method0("_repr_html_")?.extract()
    }
}

/// What decisions have been asked for: everything but the resource.
pub(crate) struct Asked<'a, 'py> {
    session: &'a Bound<'py, Session>,
    action: &'a Bound<'py, PyString>,
    context: Option<Bound<'py, PyDict>>,
}

impl<'a, 'py> Asked<'a, 'py> {
    pub(crate) fn new(
        session: &'a Bound<'py, Session>,
        action: &'a Bound<'py, PyString>,
        context: Option<Bound<'py, PyDict>>,
    ) -> Self {
        Self {
            session,
            action,
            context,
        }
    }

    pub(crate) fn decision(&self, decision: bailiwick::Decision, resource: &Bound<'py, PyAny>) -> Decision {
        Decision {
            decision,
            session: self.session.clone().unbind(),
            action: self.action.clone().unbind(),
            resource: resource.clone().unbind(),
            context: self.context.clone().map(Bound::unbind),
        }
    }
}

/// The member of `bailiwick.Reason`.
fn reason(py: Python<'_>, reason: Reason) -> PyResult<Bound<'_, PyAny>> {
    static REASON: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    REASON
        .import(py, "bailiwick.reason", "Reason")?
        .call1((reason.name(),))
}

/// `bailiwick.Explanation` of the library's.
pub(crate) fn explanation<'py>(py: Python<'py>, explanation: &Explanation) -> PyResult<Bound<'py, PyAny>> {
    static EXPLANATION: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = EXPLANATION.import(py, "bailiwick.explanation", "Explanation")?;
    class.call_method1("_of", (explanation.to_string(), serialized(py, explanation)?))
}
