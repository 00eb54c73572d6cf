//! `Audit`: records of decisions and changes, and counters of usage.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bailiwick::ErrorKind;
use bailiwick::audit::{JsonLines, Record};
use pyo3::prelude::*;
use serde_json::Value as Json;

use crate::error::raising;
use crate::issuer::log;
use crate::json::{serialized, to_python};

/// Collects records of decisions and changes, and counts usage; give it to an `Engine`.
///
/// Denials and what administers the platform are always recorded; of ordinary allows one of `sample_allows`. The latest
/// `records` are kept in memory, and there are counters for `counters` different uses. `sink` takes every record as well:
/// the path of a file of JSON lines, or a function that is called with a dict, on a thread of its own and some time later.
/// The function must not call `flush`. What it is too slow for counts as `lost`. Call `flush` before the process ends.
///
/// >>> audit = Audit()
/// >>> audited = Engine("policies/construction", audit=audit)
/// >>> audited.session("ana", tenant="acme").allows("rfis.view", Resource("Rfi", "none"))
/// False
/// >>> [record["reason"] for record in audit.recent(1)]
/// ['no_tenant']
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Audit {
    pub(crate) audit: bailiwick::audit::Audit,
    delivery: Option<Arc<Delivery>>,
}

#[pymethods]
impl Audit {
    #[new]
    #[pyo3(signature = (*, records=4096, counters=16384, sample_allows=1, sink=None))]
    fn new(
        py: Python<'_>,
        records: usize,
        counters: usize,
        sample_allows: u32,
        sink: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut builder = bailiwick::audit::Audit::builder()
            .records(records)
            .counters(counters)
            .sample_allows(sample_allows);
        let mut delivery = None;
        match sink {
            None => {}
            Some(function) if function.is_callable() => {
                let (sender, started) = Delivery::start(function.clone().unbind())?;
                let begun = Arc::clone(&started);
                builder = builder.sink(move |record: &Record| begun.hand_over(&sender, record.to_json()));
                delivery = Some(started);
            }
            Some(path) => {
                let path: std::path::PathBuf = path.extract()?;
                builder = builder.sink(py.detach(|| JsonLines::open(path)).map_err(raising(py))?);
            }
        }
        Ok(Self {
            audit: builder.build(),
            delivery,
        })
    }

    /// The latest records of decisions, the newest first: at most `limit` of administration and as many of others.
    #[pyo3(signature = (limit=100, /))]
    fn recent<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyAny>> {
        serialized(py, &self.audit.recent(limit))
    }

    /// The counters of a tenant, one for each app or account, project and action: `calls`, `denies`, about how many
    /// `users`, and when it was `first` and `last` done, in seconds since the Unix epoch. Without a tenant those of a schema
    /// that has none.
    #[pyo3(signature = (tenant="", /))]
    fn usage<'py>(&self, py: Python<'py>, tenant: &str) -> PyResult<Bound<'py, PyAny>> {
        let report = self.audit.usage().map(|usage| usage.report(tenant));
        serialized(py, &report.as_ref().map_or(&[][..], |report| report.rows()))
    }

    /// Carries everything recorded so far to the sink before it returns.
    fn flush(&self, py: Python<'_>) {
        // The thread that calls a Python function needs the interpreter meanwhile.
        py.detach(|| {
            self.audit.flush();
            if let Some(delivery) = &self.delivery {
                delivery.wait();
            }
        });
    }

    /// How many records reached no sink.
    #[getter]
    fn lost(&self) -> u64 {
        self.audit.lost()
    }

    fn __repr__(&self) -> &'static str {
        "<Audit>"
    }
}

/// Most records that wait for a Python function.
const MAX_WAITING: usize = 4_096;

/// Records on their way to a Python function. They wait here, so that no thread of the library, and no engine that is
/// dropped, ever waits for the interpreter.
struct Delivery {
    under_way: Mutex<usize>,
    arrived: Condvar,
}

impl Delivery {
    fn start(function: Py<PyAny>) -> PyResult<(SyncSender<Json>, Arc<Self>)> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let delivery = Arc::new(Self {
            under_way: Mutex::new(0),
            arrived: Condvar::new(),
        });
        let delivered = Arc::clone(&delivery);
        std::thread::Builder::new()
            .name("bailiwick-audit-python".to_owned())
            .spawn(move || delivered.deliver(&receiver, &function))?;
        Ok((sender, delivery))
    }

    fn hand_over(&self, sender: &SyncSender<Json>, record: Json) -> bailiwick::Result<()> {
        *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        sender.try_send(record).map_err(|error| {
            self.done();
            bailiwick::Error::new(
                ErrorKind::Internal,
                match error {
                    TrySendError::Full(_) => "the audit's function is too slow",
                    TrySendError::Disconnected(_) => "the thread that calls the audit's function has ended",
                },
            )
        })
    }

    fn deliver(&self, records: &Receiver<Json>, function: &Py<PyAny>) {
        while let Ok(record) = records.recv() {
            Python::attach(|py| {
                let function = function.bind(py);
                if let Err(error) = to_python(py, &record).and_then(|record| function.call1((record,)))
                    && let Err(failure) = log(py, &error, "the audit's function failed")
                {
                    failure.write_unraisable(py, Some(function));
                }
            });
            self.done();
        }
    }

    fn done(&self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *under_way = under_way.saturating_sub(1);
        self.arrived.notify_all();
    }

    fn wait(&self) {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.arrived.wait_while(under_way, |count| *count > 0));
    }
}
