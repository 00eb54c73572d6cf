//! Printing, and what a command ends with.

use std::io::{self, Write as _};

use bailiwick::oauth::{OAuthError, OAuthErrorCode};
use bailiwick::{Error, ErrorKind};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// How a command ended when it could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing found, or allowed.
    Fine,
    /// Something found, or denied.
    Findings,
}

impl Outcome {
    pub(crate) fn fine_if(fine: bool) -> Self {
        if fine { Outcome::Fine } else { Outcome::Findings }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input is unusable.
    Input(Error),
    /// The arguments contradict each other.
    Usage(String),
    /// The output could not be written.
    Output(io::Error),
    /// The authorization server refuses.
    OAuth(OAuthError),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Input(error) => match error.kind() {
                ErrorKind::Internal => 3,
                ErrorKind::PlatformForbidden | ErrorKind::PlatformExceeded => 1,
                _ => 2,
            },
            Failure::OAuth(error) if error.code() == OAuthErrorCode::ServerError => 3,
            Failure::OAuth(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Output(_) => 3,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Input(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Failure::OAuth(error)
    }
}

/// Prints a text as it is.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints a value as one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    print(&(text + "\n"))
}

/// Says on standard error why the command failed.
pub(crate) fn complain(failure: &Failure, is_json: bool) {
    let text = match failure {
        Failure::Input(error) if is_json => format!("{}\n", json!({ "error": error_json(error) })),
        Failure::OAuth(error) if is_json => {
            format!(
                "{}\n",
                json!({ "error": error.code().as_str(), "error_description": error.description() })
            )
        }
        Failure::Input(error) => error.report(),
        Failure::OAuth(error) => format!("error: {}: {}\n", error.code().as_str(), error.description()),
        Failure::Usage(message) => format!("error: {message}\n"),
        Failure::Output(error) => format!("error: cannot write the output: {error}\n"),
    };
    // Nothing is left to be told when standard error is closed too.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// An error as JSON: kind, code, message, help and place.
pub(crate) fn error_json(error: &Error) -> Json {
    let place = error.location().map(|at| {
        json!({ "file": at.file.display().to_string(), "line": at.line, "column": at.column, "excerpt": at.excerpt })
    });
    json!({
        "kind": error.kind().name(),
        "code": error.kind().code(),
        "message": error.message(),
        "help": error.help_text(),
        "location": place,
    })
}
