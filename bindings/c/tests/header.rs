//! `include/bailiwick.h` is what the sources say: generated here, committed, and compared.
//!
//! `make header` (or `BAILIWICK_BLESS=1 cargo test -p bailiwick-c --test header`) writes it anew.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bailiwick::{ErrorKind, Reason};

/// The files of `src` that make up the header, each a section, in an order in which types precede their use.
const SECTIONS: &[&str] = &[
    "text",
    "version",
    "error",
    "clock",
    "key_ring",
    "keys",
    "profile",
    "source",
    "audit",
    "config",
    "engine",
    "session",
    "request",
    "entity",
    "decision",
    "details",
    "batch",
    "explain",
    "platform",
    "oauth",
    "signing_key",
];

#[test]
fn the_header_is_what_the_sources_say() {
    let path = root().join("include/bailiwick.h");
    let generated = header();
    if std::env::var_os("BAILIWICK_BLESS").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    for (number, (found, expected)) in committed.lines().zip(generated.lines()).enumerate() {
        assert_eq!(
            found,
            expected,
            "line {} of include/bailiwick.h has drifted from bindings/c/src: run `make header`",
            number + 1
        );
    }
    assert!(
        committed == generated,
        "include/bailiwick.h has drifted from bindings/c/src: run `make header`"
    );
}

#[test]
fn every_source_with_a_function_is_a_section() {
    for entry in fs::read_dir(crate_dir().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // The hook of the fault tests is no part of the interface.
        if text.contains("#[unsafe(no_mangle)]") && name != "fault" {
            assert!(
                SECTIONS.contains(&name.as_str()),
                "{name}.rs is no section of the header"
            );
        }
    }
}

#[test]
fn the_header_has_every_operation_of_the_administration() {
    let manual = fs::read_to_string(root().join("src/engine/admin/operations.md")).unwrap();
    let header = header();
    for line in manual.lines().skip(2).filter(|line| !line.is_empty()) {
        assert!(
            header.contains(&format!(" * {line}\n")),
            "the header lacks: {line}"
        );
    }
}

fn crate_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn root() -> PathBuf {
    crate_dir().ancestors().nth(2).unwrap().to_owned()
}

fn header() -> String {
    let mut out = include_str!("header/opening.h").to_owned();
    for section in SECTIONS {
        let path = crate_dir().join("src").join(section).with_extension("rs");
        out.push('\n');
        out.push_str(&introduction(&fs::read_to_string(&path).unwrap()));
        out.push_str(&before(section));
        out.push('\n');
        out.push_str(declarations(&path).trim());
        out.push('\n');
        out.push_str(&after(section));
    }
    out.push_str(include_str!("header/closing.h"));
    out
}

/// What cbindgen makes of one source.
fn declarations(path: &Path) -> String {
    let name = path.file_name().unwrap();
    let plain = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&plain, in_plain_types(&fs::read_to_string(path).unwrap())).unwrap();
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        style: cbindgen::Style::Both,
        no_includes: true,
        documentation_style: cbindgen::DocumentationStyle::Doxy,
        usize_is_size_t: true,
        line_length: 110,
        tab_width: 4,
        ..cbindgen::Config::default()
    };
    config.export.include = vec!["bw_str".to_owned()];
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(&plain)
        .generate()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).unwrap();
    // `struct` is said where a type is declared, and nowhere else.
    text.lines()
        .map(|line| match line.starts_with("typedef struct") {
            true => format!("{line}\n"),
            false => line.replace("struct bw_", "bw_") + "\n",
        })
        .collect()
}

/// cbindgen reads one file at a time and knows no aliases of others: outputs as the pointers that they are.
fn in_plain_types(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("HandleOut<'_, ") {
        let (name, after) = after.split_once('>').unwrap();
        write!(out, "{before}*mut *mut {name}").unwrap();
        rest = after;
    }
    (out + rest)
        .replace("ErrorOut<'_>", "*mut *mut bw_error")
        .replace("StringOut<'_>", "*mut *mut c_char")
}

/// The module's documentation, as the section's opening comment.
fn introduction(source: &str) -> String {
    let rule = "=".repeat(106);
    let mut out = format!("/* {rule}\n");
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        writeln!(out, " *{line}").unwrap();
    }
    writeln!(out, " * {rule} */").unwrap();
    out
}

/// What the compiler cannot say in Rust, in front of a section's declarations.
fn before(section: &str) -> String {
    let mut out = String::new();
    match section {
        "version" => {
            let version = env!("CARGO_PKG_VERSION");
            write!(
                out,
                "\n/** The version of this header. */\n#define BW_VERSION \"{version}\"\n"
            )
            .unwrap();
        }
        "error" => {
            out.push_str("\n/** Success. */\n#define BW_OK UINT32_C(0)\n");
            let source = fs::read_to_string(root().join("src/error.rs")).unwrap();
            for kind in ErrorKind::ALL {
                let doc = documentation(&source, &format!(" = {}, \"{}\";", kind.code(), kind.name()));
                define(
                    &mut out,
                    &doc,
                    &format!("BW_{}", kind.name().to_uppercase()),
                    kind.code(),
                );
            }
        }
        "session" => out.push_str(
            "\n/** The end of a session that has none; see `bw_identity`. */\n#define BW_NEVER INT64_MAX\n",
        ),
        "decision" => {
            let source = fs::read_to_string(root().join("src/engine/decision.rs")).unwrap();
            for reason in Reason::ALL {
                let doc = documentation(&source, &format!(" = {},", reason.code()));
                let name = format!("BW_REASON_{}", reason.name().to_uppercase());
                define(&mut out, &doc, &name, reason.code());
            }
        }
        _ => {}
    }
    out
}

/// The same behind them.
fn after(section: &str) -> String {
    match section {
        "text" => {
            "
/** Text of a string literal. */
#ifdef __cplusplus
#define BW_STR(literal) (bw_str{(\"\" literal), sizeof(literal) - 1})
#else
#define BW_STR(literal) ((bw_str){(\"\" literal), sizeof(literal) - 1})
#endif

/** Text of a C string; absent for NULL. */
static inline bw_str bw_cstr(const char *string)
{
    bw_str text;
    text.ptr = string;
    text.len = string ? strlen(string) : 0;
    return text;
}

/** Absent text. */
static inline bw_str bw_none(void)
{
    return bw_cstr(NULL);
}
"
        }
        "decision" => {
            "
/** A decision that says deny; every decision starts as one. */
#define BW_DECISION_INIT { sizeof(bw_decision), false, BW_REASON_INTERNAL, 0 }
"
        }
        _ => "",
    }
    .to_owned()
}

fn define(out: &mut String, doc: &str, name: &str, number: u32) {
    writeln!(out, "\n/** {doc} */\n#define {name} UINT32_C({number})").unwrap();
}

/// The doc comment above the line that ends with `ending`, without links.
fn documentation(source: &str, ending: &str) -> String {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines
        .iter()
        .position(|line| line.ends_with(ending.trim_end()) && !line.starts_with("//"))
        .unwrap_or_else(|| panic!("no line ends with `{ending}`"));
    let mut doc: Vec<&str> = lines[..at]
        .iter()
        .rev()
        .map_while(|line| line.strip_prefix("/// "))
        .collect();
    doc.reverse();
    assert!(!doc.is_empty(), "`{ending}` has no documentation");
    without_links(&doc.join(" "))
}

/// `[text](target)` as `text`.
fn without_links(doc: &str) -> String {
    let mut out = String::new();
    let mut rest = doc;
    while let Some((before, link)) = rest.split_once('[') {
        out.push_str(before);
        let (text, after) = link.split_once(']').unwrap_or((link, ""));
        out.push_str(text);
        rest = after
            .strip_prefix('(')
            .and_then(|it| it.split_once(')'))
            .map_or(after, |(_, it)| it);
    }
    out + rest
}
