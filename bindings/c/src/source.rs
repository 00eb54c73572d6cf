//! Sources: policy texts, schema, entities and links in memory.
//!
//! A source is a builder: fill it, then pass it to `bw_engine_from_source` or `bw_engine_reload_source`. The first step that
//! fails makes that call fail. One thread at a time. The texts are parsed by the engine, not here.

use bailiwick::{Result, Source};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out};
use crate::error::bw_status;
use crate::object::{Builder, Tagged, free, given, object, step};
use crate::text::bw_str;

/// Texts that make up an engine's policies. Each has a name that errors show.
pub struct bw_source(Tagged<Builder<Source>>);

object!(bw_source of Builder<Source>, "source");

/// The texts, unless a step failed.
pub(crate) fn given_source(source: Option<&bw_source>) -> Result<Source> {
    given(source)?.finished().cloned()
}

fn add(
    source: Option<&mut bw_source>,
    name: bw_str<'_>,
    text: bw_str<'_>,
    how: impl FnOnce(Source, &str, &str) -> Source,
) -> bw_status {
    step(source, |source: &mut Source| {
        let (name, text) = (name.text("name")?, text.text("text")?);
        *source = how(std::mem::take(source), name, text);
        Ok(())
    })
}

/// Makes a source without texts. Freed with `bw_source_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_new(out: HandleOut<'_, bw_source>, err: ErrorOut<'_>) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, Builder::new(Source::new()).into());
        Ok(())
    })
}

/// Reads the texts of a directory, as `bw_engine_open` does, so that others can be added. Freed with `bw_source_free`.
///
/// Fails with `BW_IO` when the directory or a file cannot be read, and with `BW_CONFIGURATION` when it holds no policies.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_directory(
    path: bw_str<'_>,
    out: HandleOut<'_, bw_source>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, Builder::new(Source::directory(path.text("path")?)?).into());
        Ok(())
    })
}

/// Adds policies and templates in Cedar's language.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_cedar(
    source: Option<&mut bw_source>,
    name: bw_str<'_>,
    text: bw_str<'_>,
) -> bw_status {
    add(source, name, text, |source, name, text| source.cedar(name, text))
}

/// Sets the schema, in Cedar's schema language.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_schema(
    source: Option<&mut bw_source>,
    name: bw_str<'_>,
    text: bw_str<'_>,
) -> bw_status {
    add(source, name, text, |source, name, text| source.schema(name, text))
}

/// Sets the schema, in Cedar's JSON form.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_schema_json(
    source: Option<&mut bw_source>,
    name: bw_str<'_>,
    text: bw_str<'_>,
) -> bw_status {
    add(source, name, text, |source, name, text| {
        source.schema_json(name, text)
    })
}

/// Adds entities, in Cedar's JSON form.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_entities(
    source: Option<&mut bw_source>,
    name: bw_str<'_>,
    text: bw_str<'_>,
) -> bw_status {
    add(source, name, text, |source, name, text| {
        source.entities(name, text)
    })
}

/// Adds template links: a JSON array of `{"template": …, "principal": …, "resource": …, "id": …}`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_links(
    source: Option<&mut bw_source>,
    name: bw_str<'_>,
    text: bw_str<'_>,
) -> bw_status {
    add(source, name, text, |source, name, text| source.links(name, text))
}

/// Frees a source; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_source_free(source: *mut bw_source) {
    free(source);
}
