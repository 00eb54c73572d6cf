//! Every conformance case through the command.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

#[test]
fn every_case_gives_the_expected_answer() {
    let suites = suites();
    let next = AtomicUsize::new(0);
    let run = || {
        let (mut count, mut failures) = (0, Vec::new());
        while let Some((name, suite)) = suites.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (ran, failed) = Suite::prepare(suite).run();
            count += ran;
            failures.extend(failed.into_iter().map(|failure| format!("{name}: {failure}")));
        }
        (count, failures)
    };
    // Each case is a process of its own.
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<(usize, Vec<String>)> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count: usize = results.iter().map(|(count, _)| count).sum();
    let failures: Vec<String> = results.into_iter().flat_map(|(_, failures)| failures).collect();
    assert!(
        failures.is_empty(),
        "{} of {count} cases:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(count >= 120, "only {count} cases");
}

/// Each suite, and each load of those that are loads.
fn suites() -> Vec<(String, Json)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("tests/conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let mut suites = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let suite: Json = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        match suite["loads"].as_array() {
            Some(loads) => suites.extend(loads.iter().map(|load| (name.clone(), load.clone()))),
            None => suites.push((name, suite)),
        }
    }
    suites
}

struct Suite<'a> {
    json: &'a Json,
    scratch: tempfile::TempDir,
    policies: PathBuf,
}

impl<'a> Suite<'a> {
    fn prepare(json: &'a Json) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let policies = match &json["policies"] {
            Json::String(directory) => root().join(directory),
            texts => {
                let directory = scratch.path().join("policies");
                fs::create_dir(&directory).unwrap();
                write(&directory, texts);
                directory
            }
        };
        if let Some(issuers) = json.get("issuers") {
            fs::write(scratch.path().join("issuers.json"), issuers.to_string()).unwrap();
        }
        Self {
            json,
            scratch,
            policies,
        }
    }

    fn run(&self) -> (usize, Vec<String>) {
        if let Some(kind) = self.json.get("load_error").and_then(Json::as_str) {
            let output = self.output(&self.arguments(&json!({ "principal": "User::\"ana\"" })));
            let err = String::from_utf8_lossy(&output.stderr);
            let failed = (!err.starts_with(&format!("error[{kind}]")))
                .then(|| format!("load: expected {kind}, got {err}"));
            return (1, failed.into_iter().collect());
        }
        let cases = self.json["cases"].as_array().unwrap();
        (
            cases.len(),
            cases.iter().filter_map(|case| self.run_case(case)).collect(),
        )
    }

    fn run_case(&self, case: &Json) -> Option<String> {
        let output = self.output(&self.arguments(case));
        let answer: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| complaint(&output));
        let expect = &case["expect"];
        let wrong = |what: &str| {
            Some(format!(
                "{}: {what}: expected {expect}, got {answer}",
                case["name"]
            ))
        };
        if let Some(kind) = expect.get("error") {
            let found = answer.get("error").map(|error| &error["kind"]);
            return if found == Some(kind) { None } else { wrong("error") };
        }
        for member in ["allowed", "reason"] {
            if answer[member] != expect[member] {
                return wrong(member);
            }
        }
        let none = json!([]);
        if answer["policies"] != *expect.get("policies").unwrap_or(&none) {
            return wrong("policies");
        }
        let erring: Vec<&Json> = answer["errors"]
            .as_array()?
            .iter()
            .map(|error| &error["policy"])
            .collect();
        if json!(erring) != *expect.get("errors").unwrap_or(&none) {
            return wrong("errors");
        }
        let explained = expect["explained"].as_array()?;
        let mut arguments = self.arguments(case);
        arguments.splice(1..2, ["--explain".to_owned()]);
        let tree = String::from_utf8_lossy(&self.output(&arguments).stdout).into_owned();
        let untold = explained
            .iter()
            .find(|text| !tree.contains(text.as_str().unwrap_or_default()))?;
        Some(format!(
            "{}: the explanation does not tell {untold}:\n{tree}",
            case["name"]
        ))
    }

    fn arguments(&self, case: &Json) -> Vec<String> {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // Values that could begin with a dash are joined to their option.
        let mut arguments = vec![
            "decide".to_owned(),
            "--format=json".to_owned(),
            format!("--policies={}", self.policies.display()),
            format!("--now={}", self.json.get("now").unwrap_or(&json!(1_800_000_000))),
        ];
        let options = [
            "principal",
            "identity",
            "token",
            "tenant",
            "at",
            "context",
            "entities",
        ];
        for name in options {
            if let Some(value) = case.get(name) {
                arguments.push(format!("--{name}={}", text(value)));
            }
        }
        if let Some(proof) = case.get("proof") {
            for name in ["dpop", "method", "uri"] {
                if let Some(value) = proof.get(name) {
                    arguments.push(format!("--{name}={}", text(value)));
                }
            }
            if let Some(certificate) = proof.get("certificate") {
                let file = self.scratch.path().join("certificate.der");
                fs::write(&file, STANDARD.decode(text(certificate)).unwrap()).unwrap();
                arguments.push(format!("--certificate={}", file.display()));
            }
        }
        if self.json.get("issuers").is_some() {
            arguments.push(format!(
                "--issuers={}",
                self.scratch.path().join("issuers.json").display()
            ));
        }
        arguments.push("--".to_owned());
        // A case whose session never comes about names neither, but the command wants both.
        arguments.push(case["action"].as_str().unwrap_or("none").to_owned());
        arguments.push(
            case.get("resource")
                .map_or_else(|| "None::\"none\"".to_owned(), Json::to_string),
        );
        arguments
    }

    fn output(&self, arguments: &[String]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_bailiwick"))
            .args(arguments)
            .output()
            .unwrap()
    }
}

/// What the command says on standard error, in the shape of a refused token.
fn complaint(output: &Output) -> Json {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let kind = text
        .strip_prefix("error[")
        .and_then(|rest| rest.split(']').next())
        .unwrap_or("none");
    json!({ "error": { "kind": kind }, "stderr": text })
}

fn write(directory: &Path, texts: &Json) {
    for (member, file) in [("schema", "schema.cedarschema"), ("cedar", "inline.cedar")] {
        if let Some(text) = texts[member].as_str() {
            fs::write(directory.join(file), text).unwrap();
        }
    }
    let files = [
        ("schema_json", "schema.cedarschema.json"),
        ("entities", "entities.json"),
        ("links", "links.json"),
    ];
    for (member, file) in files {
        match texts.get(member) {
            None => {}
            // Text that is no JSON, or whose repetitions matter, is given as a string.
            Some(Json::String(text)) => fs::write(directory.join(file), text).unwrap(),
            Some(json) => fs::write(directory.join(file), json.to_string()).unwrap(),
        }
    }
    if texts.get("cedar").is_none() {
        fs::write(directory.join("inline.cedar"), "").unwrap();
    }
}
