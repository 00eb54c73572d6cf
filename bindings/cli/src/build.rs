//! `bailiwick build`: one file from a directory, to be loaded without parsing.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use bailiwick::{Error, ErrorKind, Policies};
use serde_json::json;

use crate::args::{BuildArgs, Format};
use crate::check::counts;
use crate::output::{Failure, Outcome, print, print_json};

pub(crate) fn run(args: &BuildArgs) -> Result<Outcome, Failure> {
    if args.format == Format::Junit {
        return Err(Failure::Usage(
            "`build` has no junit format; use human or json".to_owned(),
        ));
    }
    let policies = Policies::from_directory(&args.directory)?;
    let bytes = policies.to_artifact()?;
    write(&args.output, &bytes)?;
    match args.format {
        Format::Json => print_json(&json!({
            "file": args.output.display().to_string(),
            "bytes": bytes.len(),
            "policies": policies.counts().static_policies + policies.counts().links,
        }))?,
        _ => print(&format!(
            "{}: {} bytes from {}: {}\n",
            args.output.display(),
            bytes.len(),
            args.directory.display(),
            counts(&policies)
        ))?,
    }
    Ok(Outcome::Fine)
}

/// Writes beside the file and renames, so that whoever loads it meanwhile meets the old one or the new one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut beside = OsString::from(path);
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    fs::write(&beside, bytes)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| {
            let _ = fs::remove_file(&beside);
            let message = format!("cannot write {}: {error}", path.display());
            Failure::Input(
                Error::new(ErrorKind::Io, message).help("choose a directory that can be written to"),
            )
        })
}
