//! Engines: policies, entities and trusted issuers, ready to decide.
//!
//! Every function here may be called from several threads at once, except freeing. Readers never wait: a decision runs on
//! the state that is current when it begins, and a reload becomes the next state as a whole or not at all.

use std::mem::MaybeUninit;
use std::time::Duration;

use bailiwick::{Engine, Policies};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out, total};
use crate::config::{bw_config, configured};
use crate::error::bw_status;
use crate::object::{Tagged, free, given, maybe, object};
use crate::source::{bw_source, given_source};
use crate::text::bw_str;

/// An engine. Sessions keep what they need of it alive, so it may be freed before them.
pub struct bw_engine(Tagged<Engine>);

object!(bw_engine of Engine, "engine");

/// Loads the policies of a directory: every `*.cedar`, `*.cedarschema` and `*.cedarschema.json`, `links.json` and
/// `entities.json`; or the file that `bailiwick build` made of one, without parsing. `config` may be NULL: then no issuer
/// is trusted, and no token. Freed with `bw_engine_free`.
///
/// The policies are bounded, parsed, strictly validated and compiled; a schema is needed. Fails with `BW_IO`, the kinds of
/// policies, schemas, entities and links (110 to 169), `BW_LIMIT_EXCEEDED`, and `BW_CONFIGURATION`. The error reports all
/// that is wrong at once, the rest as related errors.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_open(
    directory: bw_str<'_>,
    config: Option<&bw_config>,
    out: HandleOut<'_, bw_engine>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let builder = configured(Engine::builder(), config)?;
        let builder = builder.policies(directory.text("directory")?)?;
        hand_out(out, builder.build()?.into());
        Ok(())
    })
}

/// The same from texts in memory. The source may be freed.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_from_source(
    source: Option<&bw_source>,
    config: Option<&bw_config>,
    out: HandleOut<'_, bw_engine>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let builder = configured(Engine::builder(), config)?;
        let builder = builder.source(given_source(source)?)?;
        hand_out(out, builder.build()?.into());
        Ok(())
    })
}

/// Replaces policies, schema and entities by those of a directory or precompiled file. Sessions go on with the new state
/// from their very next decision. `revision` receives the new revision and may be NULL.
///
/// Fails as `bw_engine_open` does; the engine then stays as it was, and `revision` is 0.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_reload(
    engine: Option<&bw_engine>,
    directory: bw_str<'_>,
    revision: Option<&mut MaybeUninit<u64>>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let revision = revision.map(|it| it.write(0));
        let engine = given(engine)?;
        let reached = engine.reload(Policies::open(directory.text("directory")?)?)?;
        if let Some(revision) = revision {
            *revision = reached;
        }
        Ok(())
    })
}

/// The same from texts in memory.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_reload_source(
    engine: Option<&bw_engine>,
    source: Option<&bw_source>,
    revision: Option<&mut MaybeUninit<u64>>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let revision = revision.map(|it| it.write(0));
        let engine = given(engine)?;
        let reached = engine.reload(Policies::load(given_source(source)?)?)?;
        if let Some(revision) = revision {
            *revision = reached;
        }
        Ok(())
    })
}

/// The number of the current state, which only grows; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_revision(engine: Option<&bw_engine>) -> u64 {
    total(0, || Some(maybe(engine)?.revision()))
}

/// Takes in what another process has written to the store since; the very next decision counts it. Nothing happens without a
/// store. Fails with a kind of 5xx; the engine then stays as it was.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_follow(engine: Option<&bw_engine>, err: ErrorOut<'_>) -> bw_status {
    fallible(err, || given(engine)?.follow())
}

/// Follows the store every so many milliseconds, on a thread of the library's. It ends with the engine and its last session:
/// freeing that one waits until a reading under way is done.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_follow_store(
    engine: Option<&bw_engine>,
    milliseconds: u32,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let every = Duration::from_millis(milliseconds.max(1).into());
        given(engine)?.follow_store(every)
    })
}

/// Carries audit records to their sinks, and counters of usage to the store. Freeing the last handle does it once more.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_flush(engine: Option<&bw_engine>, err: ErrorOut<'_>) -> bw_status {
    fallible(err, || given(engine)?.flush())
}

/// Frees an engine; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_engine_free(engine: *mut bw_engine) {
    free(engine);
}
