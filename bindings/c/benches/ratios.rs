//! What the C interface adds: the same decisions through the shared library and in Rust, and what filling a request costs.
//!
//! The library is loaded as a host loads it, so that every call crosses the real boundary. Run it with `make ratios`.

#![expect(clippy::print_stdout, reason = "the lines are the result")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "a benchmark that cannot run has no result; it uses a part of what it shares"
)]

#[path = "../../../benches/ratios/measure.rs"]
mod measure;

use std::ffi::c_void;
use std::hint::black_box;
use std::path::Path;
use std::ptr::{null, null_mut};

use bailiwick::{Engine, EntityUid, IpNet, Principal, Resource, Session, Tenant, Value, context};
use libloading::{Library, Symbol};
use measure::Row;

#[derive(Clone, Copy)]
#[repr(C)]
struct Str {
    ptr: *const u8,
    len: usize,
}

const fn text(text: &'static str) -> Str {
    Str {
        ptr: text.as_ptr(),
        len: text.len(),
    }
}

#[repr(C)]
struct Decision {
    size: u32,
    allowed: bool,
    reason: u32,
    revision: u64,
}

type Handle = *mut c_void;
type Out = *mut Handle;
type Open = unsafe extern "C" fn(Str, *const c_void, Out, Out) -> u32;
type SessionUser = unsafe extern "C" fn(Handle, Str, Str, Out, Out) -> u32;
type New = unsafe extern "C" fn(Out, Out) -> u32;
type Clear = unsafe extern "C" fn(Handle) -> u32;
type Pair = unsafe extern "C" fn(Handle, Str, Str) -> u32;
type Triple = unsafe extern "C" fn(Handle, Str, Str, Str) -> u32;
type Bool = unsafe extern "C" fn(Handle, Str, bool) -> u32;
type Long = unsafe extern "C" fn(Handle, Str, i64) -> u32;
type Decide = unsafe extern "C" fn(Handle, Str, Handle, *mut Decision, Out) -> u32;

/// The functions that are measured.
struct Api<'l> {
    clear: Symbol<'l, Clear>,
    resource: Symbol<'l, Pair>,
    bring_resource: Symbol<'l, Pair>,
    parent: Symbol<'l, Pair>,
    attr_bool: Symbol<'l, Bool>,
    attr_string: Symbol<'l, Pair>,
    attr_entity: Symbol<'l, Triple>,
    context_bool: Symbol<'l, Bool>,
    context_long: Symbol<'l, Long>,
    context_string: Symbol<'l, Pair>,
    context_entity: Symbol<'l, Triple>,
    context_ip: Symbol<'l, Pair>,
    decide: Symbol<'l, Decide>,
}

fn main() {
    let Some(path) = std::env::var_os("BAILIWICK_LIBRARY") else {
        println!("# BAILIWICK_LIBRARY names no shared library: see `make ratios`");
        return;
    };
    // SAFETY: the library is ours, and loading it runs no code of its own.
    let library = unsafe { Library::new(path) }.unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    std::env::set_current_dir(root).unwrap();
    for row in rows(&library) {
        println!("{row}");
    }
}

/// A function of the library by its name and type.
macro_rules! function {
    ($library:ident, $name:literal) => {
        // SAFETY: the type is that of the function in `bailiwick.h`.
        unsafe { $library.get($name) }.unwrap()
    };
}

fn rows(library: &Library) -> Vec<Row> {
    let api = Api {
        clear: function!(library, b"bw_request_clear"),
        resource: function!(library, b"bw_request_resource"),
        bring_resource: function!(library, b"bw_request_bring_resource"),
        parent: function!(library, b"bw_request_parent"),
        attr_bool: function!(library, b"bw_request_attr_bool"),
        attr_string: function!(library, b"bw_request_attr_string"),
        attr_entity: function!(library, b"bw_request_attr_entity"),
        context_bool: function!(library, b"bw_request_context_bool"),
        context_long: function!(library, b"bw_request_context_long"),
        context_string: function!(library, b"bw_request_context_string"),
        context_entity: function!(library, b"bw_request_context_entity"),
        context_ip: function!(library, b"bw_request_context_ip"),
        decide: function!(library, b"bw_decide"),
    };
    let (session, request) = handles(library);
    let decide = || {
        let mut decision = Decision {
            size: 24,
            allowed: false,
            reason: 0,
            revision: 0,
        };
        // SAFETY: live handles and a decision of the right size.
        unsafe {
            (api.decide)(
                session,
                text("rfis.close"),
                request,
                &raw mut decision,
                null_mut(),
            )
        };
        decision.allowed
    };

    // SAFETY: a live request.
    unsafe { (api.resource)(request, text("Rfi"), text("45")) };
    assert!(!decide());
    // SAFETY: as above.
    unsafe { (api.context_bool)(request, text("mfa"), true) };
    assert!(decide());
    let ours = rust_session();
    let (resource, facts) = (Resource::stored("Rfi", "45"), context! { "mfa": true });
    let in_rust = || {
        ours.decide(black_box("rfis.close"), black_box(&resource), black_box(&facts))
            .allowed()
    };
    assert!(in_rust());
    let decision = Row::measure("c/decide", decide, "rust", in_rust);

    let filling = Row::measure(
        "c/request",
        || fill(&api, request),
        "rust",
        || {
            let facts = context! {
                "mfa": true, "tries": 2, "why": "because", "as": EntityUid::new("User", "ana"),
                "from": Value::Ip("10.1.2.3".parse::<IpNet>().unwrap()),
            };
            let resource = Resource::new("Rfi", "9001")
                .parent("Project", "p1")
                .attr("private", false)
                .attr("state", "open")
                .attr("owner", EntityUid::new("User", "ana"));
            black_box((facts, resource));
        },
    );
    vec![decision, filling]
}

/// A session of ana and a request, through the library. They live as long as the process.
fn handles(library: &Library) -> (Handle, Handle) {
    let open: Symbol<'_, Open> = function!(library, b"bw_engine_open");
    let session_user: Symbol<'_, SessionUser> = function!(library, b"bw_session_user");
    let request_new: Symbol<'_, New> = function!(library, b"bw_request_new");
    let (mut engine, mut session, mut request) = (null_mut(), null_mut(), null_mut());
    // SAFETY: texts that live, places for the outputs, no configuration and no wish for errors.
    let statuses = unsafe {
        [
            open(text("policies/construction"), null(), &raw mut engine, null_mut()),
            session_user(engine, text("ana"), text("acme"), &raw mut session, null_mut()),
            request_new(&raw mut request, null_mut()),
        ]
    };
    assert_eq!(statuses, [0; 3]);
    (session, request)
}

/// Five values of a context, and a resource with a parent and three attributes.
fn fill(api: &Api<'_>, request: Handle) {
    // SAFETY: a live request, and texts that live.
    unsafe {
        (api.clear)(request);
        (api.bring_resource)(request, text("Rfi"), text("9001"));
        (api.parent)(request, text("Project"), text("p1"));
        (api.attr_bool)(request, text("private"), false);
        (api.attr_string)(request, text("state"), text("open"));
        (api.attr_entity)(request, text("owner"), text("User"), text("ana"));
        (api.context_bool)(request, text("mfa"), true);
        (api.context_long)(request, text("tries"), 2);
        (api.context_string)(request, text("why"), text("because"));
        (api.context_entity)(request, text("as"), text("User"), text("ana"));
        let status = (api.context_ip)(request, text("from"), text("10.1.2.3"));
        black_box(status);
    }
}

fn rust_session() -> Session {
    let engine = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .build()
        .unwrap();
    engine
        .session(Principal::user("ana"), Tenant::id("acme"))
        .unwrap()
}
