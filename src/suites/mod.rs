//! Policy test suites: what must be allowed and denied, why, and by exactly which policies, written in YAML next to the
//! rule files.
//!
//! ```yaml
//! suite: RFIs
//! tenant: acme                        # for every case that names none
//! cases:
//!   - name: a standard user closes an open RFI of her project
//!     principal: User::"ana"          # a first-party session …
//!     action: rfis.close
//!     resource: {type: Rfi, id: "42", parents: [Project::"p1"], attrs: {private: false, state: open}}
//!     context: {mfa: true}
//!     allow: true
//!     policies: [rfis-standard@ana@p1]
//!   - name: an app that may only read cannot close on her behalf
//!     token: {user: ana, app: dashboards, scopes: [rfis:read]}   # … or one through a token
//!     action: rfis.close
//!     resource: Rfi::"42"
//!     deny: scope                     # the reason's name
//! ```

mod model;
mod run;

pub use run::{CaseOutcome, SuiteReport};

use std::path::{Path, PathBuf};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::policy::read_document;

/// Ending of the names of suite files.
const SUFFIXES: [&str; 2] = [".test.yaml", ".test.yml"];

/// The suites of a directory, sorted by name.
///
/// # Errors
///
/// [`ErrorKind::Io`](crate::ErrorKind::Io) when the directory cannot be read.
pub fn discover(directory: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let directory = directory.as_ref();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| Error::io(directory, &error))? {
        let path = entry.map_err(|error| Error::io(directory, &error))?.path();
        if SUFFIXES
            .iter()
            .any(|suffix| path.to_string_lossy().ends_with(suffix))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Runs one suite file against an engine.
///
/// # Errors
///
/// [`ErrorKind::SuiteInvalid`](crate::ErrorKind::SuiteInvalid) for a file that is no suite, with the place; a case that
/// fails is not an error but an outcome.
pub fn run(engine: &Engine, file: impl AsRef<Path>) -> Result<SuiteReport> {
    let file = file.as_ref();
    run_text(engine, file, &read_document(file)?)
}

/// Runs a suite from memory; `file` names it in reports.
///
/// # Errors
///
/// As [`run`].
pub fn run_text(engine: &Engine, file: impl AsRef<Path>, text: &str) -> Result<SuiteReport> {
    let file = file.as_ref();
    Ok(run::run(engine, file, &model::parse(file, text)?))
}

#[cfg(test)]
mod tests;
