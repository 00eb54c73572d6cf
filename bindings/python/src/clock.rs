//! `Clock`: what time it is, for tests that decide it.

use pyo3::prelude::*;

/// Where an engine takes the time from.
///
/// >>> clock = Clock.fixed(1_800_000_000)
/// >>> clock.advance(60)
/// >>> clock.now()
/// 1800000060
#[pyclass(frozen, module = "bailiwick")]
pub(crate) struct Clock(pub(crate) bailiwick::Clock);

#[pymethods]
impl Clock {
    /// The system's clock.
    #[staticmethod]
    fn system() -> Self {
        Self(bailiwick::Clock::system())
    }

    /// A clock that stands at `seconds` since the Unix epoch until it is moved.
    #[staticmethod]
    fn fixed(seconds: i64) -> Self {
        Self(bailiwick::Clock::fixed(seconds))
    }

    /// Seconds since the Unix epoch.
    fn now(&self) -> i64 {
        self.0.now()
    }

    /// Moves a fixed clock by `seconds`, backwards when negative; the system's clock is left alone.
    fn advance(&self, seconds: i64) {
        self.0.advance(seconds);
    }

    fn __repr__(&self) -> String {
        format!("<Clock at {}>", self.0.now())
    }
}
