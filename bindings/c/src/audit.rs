//! Audits: records of decisions and changes, and counters of usage. Give one to an engine by `bw_config_audit`. Every
//! function may be called from several threads at once, except freeing.

use std::ffi::c_void;

use bailiwick::audit::{Audit, JsonLines, Record};
use bailiwick::{Error, ErrorKind};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out, total};
use crate::error::bw_status;
use crate::explain::StringOut;
use crate::object::{Tagged, free, given, maybe, object};
use crate::options::Options;
use crate::text::{bw_str, hand_out_string};

/// Collects records and counters. Engines keep their own reference, so it may be freed before them.
pub struct bw_audit(Tagged<Audit>);

object!(bw_audit of Audit, "audit");

impl bw_audit {
    pub(crate) fn audit(&self) -> Audit {
        self.0.clone()
    }
}

/// Takes a record: a JSON object with one member, `decision` or `change`, that lives until the function returns. It is called,
/// one record after the other, on a thread of the library's, on a thread that makes a change or flushes, and on the one that
/// lets go of the last handle. It must call nothing that changes, flushes or frees an engine or an audit, and must not unwind.
pub type bw_audit_sink = Option<extern "C" fn(user_data: *mut c_void, record: bw_str<'_>)>;

/// The host's function and what it is called with.
struct Hosts {
    sink: extern "C" fn(*mut c_void, bw_str<'_>),
    user_data: *mut c_void,
}

// SAFETY: by contract of `bw_audit_new` the function may be called with `user_data` on any thread; the library makes one
// call at a time.
unsafe impl Send for Hosts {}

impl Hosts {
    fn call(&self, record: &str) {
        (self.sink)(self.user_data, bw_str::lend(record));
    }
}

/// Makes an audit. Denials and what administers the platform are always recorded.
///
/// `settings` is absent or a JSON object: `records`, how many are kept in memory (4096 unless told); `counters`, for how many
/// different uses there are counters (16384; 0 for none); `sample_allows`, of how many ordinary allows one is recorded (1);
/// `file`, the path of a file of JSON lines that takes every record. `sink` takes every record too and may be NULL;
/// `user_data` is passed on to it, and must be good on any thread until no engine, configuration, session and audit is left.
/// Freed with `bw_audit_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_audit_new(
    settings: bw_str<'_>,
    sink: bw_audit_sink,
    user_data: *mut c_void,
    out: HandleOut<'_, bw_audit>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let mut builder = Audit::builder();
        if settings.optional("settings")?.is_some() {
            let options = Options::read(
                "settings",
                settings,
                &["records", "counters", "sample_allows", "file"],
            )?;
            if let Some(records) = options.number("records")? {
                builder = builder.records(records as usize);
            }
            if let Some(counters) = options.number("counters")? {
                builder = builder.counters(counters as usize);
            }
            if let Some(every) = options.number("sample_allows")? {
                builder = builder.sample_allows(every);
            }
            if let Some(path) = options.text("file")? {
                builder = builder.sink(JsonLines::open(path)?);
            }
        }
        if let Some(sink) = sink {
            let hosts = Hosts { sink, user_data };
            builder = builder.sink(move |record: &Record| {
                hosts.call(&record.to_json().to_string());
                Ok(())
            });
        }
        hand_out(out, builder.build().into());
        Ok(())
    })
}

/// The counters of a tenant as a JSON array of objects with `party`, `project`, `action`, `calls`, `denies`, about how many
/// `users`, and when it was `first` and `last` done, in seconds since the Unix epoch. An empty `tenant` is a schema without
/// tenants. The string is freed with `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_audit_usage_json(
    audit: Option<&bw_audit>,
    tenant: bw_str<'_>,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let audit = given(audit)?;
        let tenant = tenant.text("tenant")?;
        let report = audit.usage().map(|usage| usage.report(tenant));
        let rows = report.as_ref().map_or(&[][..], |report| report.rows());
        hand_out_string(out, &json(&rows)?);
        Ok(())
    })
}

/// The latest records of decisions as a JSON array, the newest first: at most `limit` of administration and as many of
/// others. The string is freed with `bw_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_audit_recent_json(
    audit: Option<&bw_audit>,
    limit: usize,
    out: StringOut<'_>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out_string(out, &json(&given(audit)?.recent(limit))?);
        Ok(())
    })
}

/// Carries everything recorded so far to the file and the sink before it returns.
#[unsafe(no_mangle)]
pub extern "C" fn bw_audit_flush(audit: Option<&bw_audit>) -> bw_status {
    fallible(None, || {
        given(audit)?.flush();
        Ok(())
    })
}

/// How many records reached no sink, because they came faster than it took them or because it failed.
#[unsafe(no_mangle)]
pub extern "C" fn bw_audit_lost(audit: Option<&bw_audit>) -> u64 {
    total(0, || Some(maybe(audit)?.lost()))
}

/// Frees an audit; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_audit_free(audit: *mut bw_audit) {
    free(audit);
}

fn json(value: &impl serde::Serialize) -> bailiwick::Result<String> {
    serde_json::to_string(value)
        .map_err(|_| Error::new(ErrorKind::Internal, "the records cannot be written as JSON"))
}
