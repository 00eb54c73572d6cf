//! The precompiled form: what a text was compiled to, in one file that is loaded without parsing.
//!
//! ```text
//! "BAILIWCK"  8 bytes
//! format      u32, little endian
//! version     of the library that wrote it: length (u8), text
//! digest      SHA-256 of everything before it and everything behind it
//! lengths     of the two parts, u64 each, little endian
//! program     policies, templates, links and entities
//! catalogue   what the schema declares, and where each policy is written
//! ```
//!
//! The digest finds damage; it is no signature, and whoever can write the file can write its digest. So the parts are
//! read as hostile bytes: nothing is taken from them unchecked, and what they build is built by the same operations that
//! edits use. The parts follow the types of the library that wrote them and no standard, which is why another version
//! refuses the file: it is a cache of the texts, to be built again from them.

mod flat;

pub(crate) use flat::Flat;

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_ARTIFACT_BYTES;
use crate::value::shorten;

const MAGIC: &[u8; 8] = b"BAILIWCK";

/// Changes whenever the layout of the envelope does.
const FORMAT: u32 = 1;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The parts of a file, still encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    /// Policies, templates, links and entities.
    pub(crate) program: &'a [u8],
    /// What a schema declares and where policies are written; empty when there is neither.
    pub(crate) catalogue: &'a [u8],
}

/// Puts the envelope around the parts.
///
/// # Errors
///
/// [`ErrorKind::LimitExceeded`] when the file would be larger than [`MAX_ARTIFACT_BYTES`].
pub(crate) fn seal(parts: Parts<'_>) -> Result<Vec<u8>> {
    let mut head = Vec::with_capacity(64);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&FORMAT.to_le_bytes());
    head.push(u8::try_from(VERSION.len()).unwrap_or(u8::MAX));
    head.extend_from_slice(VERSION.as_bytes());
    let mut body = Vec::with_capacity(16 + parts.program.len() + parts.catalogue.len());
    for part in [parts.program, parts.catalogue] {
        body.extend_from_slice(&(part.len() as u64).to_le_bytes());
    }
    body.extend_from_slice(parts.program);
    body.extend_from_slice(parts.catalogue);
    let digest = digest(&head, &body);
    head.extend_from_slice(&digest);
    head.append(&mut body);
    check_length(head.len())?;
    Ok(head)
}

/// Whether bytes begin like a precompiled file.
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Takes the envelope off.
///
/// # Errors
///
/// [`ErrorKind::ArtifactVersion`] for a file of another version, [`ErrorKind::ArtifactInvalid`] for one that is damaged
/// or none, and [`ErrorKind::LimitExceeded`].
pub(crate) fn open(bytes: &[u8]) -> Result<Parts<'_>> {
    check_length(bytes.len())?;
    if !is_sealed(bytes) {
        return Err(
            Error::new(ErrorKind::ArtifactInvalid, "this is no precompiled file")
                .help("write one with `bailiwick build DIRECTORY -o FILE`"),
        );
    }
    let mut rest = bytes.get(MAGIC.len()..).unwrap_or_default();
    let format = u32::from_le_bytes(*take(&mut rest)?);
    if format != FORMAT {
        return Err(other_version(&format!(
            "in format {format}; this library reads {FORMAT}"
        )));
    }
    let [length] = *take(&mut rest)?;
    let version = rest.split_off(..usize::from(length)).ok_or_else(truncated)?;
    if version != VERSION.as_bytes() {
        let version = String::from_utf8_lossy(version);
        return Err(other_version(&format!(
            "by version {}; this library is {VERSION}",
            shorten(&version)
        )));
    }
    let head = bytes.get(..bytes.len() - rest.len()).unwrap_or_default();
    let written: [u8; SHA256_OUTPUT_LEN] = *take(&mut rest)?;
    if written != digest(head, rest) {
        return Err(damaged("its digest is not that of its content"));
    }
    let lengths = [*take(&mut rest)?, *take(&mut rest)?].map(u64::from_le_bytes);
    let [program, catalogue] = lengths.map(|length| usize::try_from(length).ok());
    let mut part = |length: Option<usize>| length.and_then(|length| rest.split_off(..length));
    match (part(program), part(catalogue), rest) {
        (Some(program), Some(catalogue), []) => Ok(Parts { program, catalogue }),
        _ => Err(damaged("its parts are not as long as it says")),
    }
}

/// Encodes a part.
pub(crate) fn encode(part: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_allocvec(part)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("cannot be precompiled: {error}")))
}

/// Decodes a part, all of it.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((part, [])) => Ok(part),
        Ok(_) => Err(damaged("something follows its end")),
        Err(error) => Err(damaged(&error.to_string().to_lowercase())),
    }
}

/// The error for content that cannot be right.
pub(crate) fn damaged(what: &str) -> Error {
    Error::new(
        ErrorKind::ArtifactInvalid,
        format!("the precompiled file is damaged: {what}"),
    )
    .help("build it again from the policies: `bailiwick build DIRECTORY -o FILE`")
}

fn truncated() -> Error {
    damaged("it ends too soon")
}

fn other_version(how: &str) -> Error {
    Error::new(
        ErrorKind::ArtifactVersion,
        format!("the precompiled file was written {how}"),
    )
    .help("build it again with this version: `bailiwick build DIRECTORY -o FILE`")
}

fn check_length(length: usize) -> Result<()> {
    if length <= MAX_ARTIFACT_BYTES {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitExceeded,
        format!("a precompiled file of {length} bytes; at most {MAX_ARTIFACT_BYTES} are accepted"),
    ))
}

fn digest(head: &[u8], body: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut context = Context::new(&SHA256);
    context.update(head);
    context.update(body);
    let mut bytes = [0; SHA256_OUTPUT_LEN];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// The next bytes, as many as the array takes.
fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N]> {
    let (first, behind) = rest.split_first_chunk().ok_or_else(truncated)?;
    *rest = behind;
    Ok(first)
}

#[cfg(test)]
mod tests;
