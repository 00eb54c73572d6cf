//! `Decision`: allowed or not, why, and by which policies.

use std::sync::Arc;

use bailiwick::{Context, Explanation, Reason};
use pyo3::exceptions::PyIndexError;
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
    asked: Arc<Asked>,
    /// Which of the decisions that were asked for together.
    index: usize,
    resource: Py<PyAny>,
}

/// What decisions have been asked for, and how they came out; shared by all that were asked for together.
pub(crate) struct Asked {
    session: Py<Session>,
    action: Py<PyString>,
    context: Option<Py<PyDict>>,
    decisions: Vec<bailiwick::Decision>,
}

#[pymethods]
impl Decision {
    /// Whether the action may be done.
    #[getter]
    pub(crate) fn allowed(&self) -> bool {
        self.decision().is_ok_and(bailiwick::Decision::allowed)
    }

    fn __bool__(&self) -> bool {
        self.decision().is_ok_and(bailiwick::Decision::allowed)
    }

    /// Why, as a member of `Reason`.
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        reason(py, self.decision()?.reason())
    }

    /// The reason in a sentence that names what is missing. For logs: it says more than a client should learn.
    #[getter]
    fn message(&self) -> PyResult<String> {
        Ok(self.decision()?.message())
    }

    /// The determining policies: the permits of an allow, the forbids of a deny, sorted.
    #[getter]
    fn policies<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.decision()?.policies().collect::<Vec<_>>())
    }

    /// The policies whose evaluation failed, with what failed.
    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let errors = PyDict::new(py);
        for fault in self.decision()?.errors() {
            errors.set_item(fault.policy, fault.message)?;
        }
        Ok(errors)
    }

    /// The revision of the engine's state that was decided on.
    #[getter]
    fn revision(&self) -> PyResult<u64> {
        Ok(self.decision()?.revision())
    }

    /// The action that was asked for.
    #[getter]
    fn action<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        self.asked.action.bind(py).clone()
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
        let pinned = Pinned::of(None, self.asked.context.as_ref().map(|context| context.bind(py)))?;
        let context: Context<'_> = pinned.context()?;
        let action = self.asked.action.bind(py).to_str()?.to_owned();
        explanation(
            py,
            &(self.asked.session.get().0).explain(&action, target.resource(), &context),
        )
    }

    fn __repr__(&self) -> PyResult<String> {
        let verdict = if self.allowed() { "allow" } else { "deny" };
        Ok(format!("<Decision {verdict}: {}>", self.decision()?.message()))
    }

    fn __str__(&self) -> PyResult<String> {
        Ok(self.decision()?.to_string())
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        self.explain(py)?.call_method0("_repr_html_")?.extract()
    }
}

impl Decision {
    /// The decision of this index about this resource.
    pub(crate) fn new(asked: Arc<Asked>, index: usize, resource: &Bound<'_, PyAny>) -> Self {
        let resource = resource.clone().unbind();
        Self {
            asked,
            index,
            resource,
        }
    }

    fn decision(&self) -> PyResult<&bailiwick::Decision> {
        let decision = self.asked.decisions.get(self.index);
        decision.ok_or_else(|| PyIndexError::new_err("there is no such decision"))
    }
}

impl Asked {
    pub(crate) fn new(
        session: &Bound<'_, Session>,
        action: &Bound<'_, PyString>,
        context: Option<Bound<'_, PyDict>>,
        decisions: Vec<bailiwick::Decision>,
    ) -> Arc<Self> {
        Arc::new(Self {
            session: session.clone().unbind(),
            action: action.clone().unbind(),
            context: context.map(Bound::unbind),
            decisions,
        })
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
