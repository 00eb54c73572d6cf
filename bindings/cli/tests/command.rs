//! The command as a user types it: output, exit codes, and what it says of bad input.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bailiwick::SigningKey;
use serde_json::{Value as Json, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bailiwick"));
    command
        .current_dir(root())
        .args(args)
        .env_remove("BAILIWICK_POLICIES")
        .env_remove("BAILIWICK_ISSUERS");
    command
}

fn run(args: &[&str]) -> (i32, String, String) {
    finished(command(args).output().unwrap())
}

fn finished(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn check_counts_what_it_found_and_ends_with_0() {
    let (code, out, err) = run(&["check", "policies/construction"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("templates") && out.contains("fine"), "{out}");
}

#[test]
fn what_build_writes_serves_in_the_place_of_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.bailiwick");
    let file = file.to_str().unwrap();
    let (code, out, err) = run(&["build", "policies/construction", "-o", file]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("bytes from policies/construction") && out.contains("templates"),
        "{out}"
    );
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing else is left behind"
    );

    let counted = |out: &str| out.split_once(": ").unwrap().1.to_owned();
    let (code, out, _) = run(&["check", file]);
    let (_, of_directory, _) = run(&["check", "policies/construction"]);
    assert_eq!((code, counted(&out)), (0, counted(&of_directory)));

    let (code, out, err) = run(&["test", "policies/construction", "--artifact", file]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.ends_with("0 failed\n"), "{out}");

    let asked = [
        "--tenant",
        "acme",
        "--principal",
        "User::\"ana\"",
        "--explain",
        "--format",
        "json",
    ];
    let decide = |policies: &str| {
        let mut args = vec!["decide", "rfis.view", "Rfi::\"42\"", "--policies", policies];
        args.extend(asked);
        run(&args)
    };
    let (code, out, err) = decide(file);
    assert_eq!(err, "");
    assert_eq!((code, out), {
        let (code, out, _) = decide("policies/construction");
        (code, out)
    });

    fs::write(file, b"BAILIWCK, but damaged").unwrap();
    let (code, _, err) = decide(file);
    assert_eq!(code, 2);
    assert!(
        err.contains("artifact_version") || err.contains("artifact_invalid"),
        "{err}"
    );
    assert!(
        err.contains("rules.bailiwick") && err.contains("bailiwick build"),
        "{err}"
    );
}

#[test]
fn check_shows_every_finding_with_its_place_and_ends_with_1() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("a.cedar"),
        "permit (principal, action, resorce);\nforbid (principal, actoin, resource);",
    )
    .unwrap();
    let (code, out, _) = run(&["check", dir.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("a.cedar:1:28") && out.contains("a.cedar:2:"),
        "{out}"
    );
    assert!(
        out.contains("^^^^^^^") && out.contains("help:") && out.contains("2 errors"),
        "{out}"
    );
    let (code, out, _) = run(&["check", "--format", "json", dir.path().to_str().unwrap()]);
    let found: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (
            code,
            found["ok"].clone(),
            found["errors"][0]["location"]["line"].clone()
        ),
        (1, json!(false), json!(1))
    );
}

#[test]
fn warnings_are_findings_only_when_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("a.cedar"),
        "permit (principal, action, resource);",
    )
    .unwrap();
    let path = dir.path().to_str().unwrap();
    let (code, out, _) = run(&["check", path]);
    assert_eq!(code, 0);
    assert!(out.contains("warning[") && out.contains("@id"), "{out}");
    assert_eq!(run(&["check", "--deny-warnings", path]).0, 1);
}

#[test]
fn a_directory_that_is_missing_is_wrong_usage() {
    for args in [&["check", "no/such"][..], &["test", "no/such"][..]] {
        let (code, _, err) = run(args);
        assert_eq!(code, 2);
        assert!(err.contains("no/such") && err.contains("help:"), "{err}");
    }
}

#[test]
fn test_runs_the_suites_and_a_failing_case_is_explained() {
    let (code, out, err) = run(&["test", "policies/construction"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains(" passed, 0 failed"), "{out}");

    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("s.cedarschema"),
        "@bailiwick(\"tenant\") entity Company; entity User; entity Rfi in [Company];\n\
         action view appliesTo { principal: User, resource: Rfi };",
    )
    .unwrap();
    fs::write(
        dir.path().join("r.cedar"),
        "@id(\"nobody\") forbid (principal, action, resource);",
    )
    .unwrap();
    let suite = "suite: S\ntenant: acme\ncases:\n  - name: wrong\n    principal: User::\"ana\"\n    action: view\n    \
                 resource: {type: Rfi, id: \"1\", parents: [Company::\"acme\"]}\n    allow: true\n";
    fs::write(dir.path().join("s.test.yaml"), suite).unwrap();
    let path = dir.path().to_str().unwrap();
    let (code, out, _) = run(&["test", path]);
    assert_eq!(code, 1);
    assert!(
        out.contains("FAIL  wrong") && out.contains("s.test.yaml:4") && out.contains("forbidden by nobody"),
        "{out}"
    );
    let (code, out, _) = run(&["test", "--format", "junit", path]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("<?xml") && out.contains("failures=\"1\""),
        "{out}"
    );
    assert_eq!(run(&["test", "--filter", "no case has this name", path]).0, 2);
}

#[test]
fn a_suite_with_an_unknown_member_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("s.cedarschema"),
        "entity U; action a appliesTo { principal: U, resource: U };",
    )
    .unwrap();
    fs::write(
        dir.path().join("r.cedar"),
        "@id(\"p\") permit (principal, action, resource);",
    )
    .unwrap();
    fs::write(
        dir.path().join("s.test.yaml"),
        "suite: S\ncases:\n  - name: x\n    acton: a\n",
    )
    .unwrap();
    let (code, _, err) = run(&["test", dir.path().to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("acton") && err.contains("s.test.yaml:4"), "{err}");
}

fn ana(extra: &[&str]) -> (i32, String, String) {
    let mut args = vec![
        "decide",
        "rfis.close",
        "Rfi::\"42\"",
        "-p",
        "policies/construction",
        "--tenant",
        "acme",
    ];
    args.extend_from_slice(extra);
    run(&args)
}

#[test]
fn decide_ends_with_0_for_allow_and_1_for_deny() {
    let (code, out, _) = ana(&["--principal", "User::\"ana\""]);
    assert_eq!(
        (code, out.as_str()),
        (0, "allow: permitted by rfis-standard@ana@p1\n")
    );
    let (code, out, _) = ana(&["--principal", "User::\"nobody\"", "--format", "json"]);
    let answer: Json = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["reason"]), (1, &json!("not_permitted")));
}

#[test]
fn explain_shows_the_ceilings_and_the_policies() {
    let identity = r#"{"principal": "User::\"ana\"", "app": "fieldlink", "scopes": ["rfis:read"]}"#;
    let (code, out, _) = ana(&["--identity", identity, "--explain"]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("deny  rfis.close on Rfi::\"42\" for User::\"ana\" through App::\"fieldlink\""),
        "{out}"
    );
    assert!(
        out.contains("✗ needs rfis:admin or rfis:write") && out.contains("rfis-standard@ana@p1"),
        "{out}"
    );
}

#[test]
fn bad_arguments_are_wrong_usage_and_name_the_argument() {
    let cases: [(&[&str], &str); 6] = [
        (&["--principal", "ana"], "ana"),
        (&["--principal", "User::\"ana\"", "--context", "{"], "--context"),
        (
            &[
                "--principal",
                "User::\"ana\"",
                "--context",
                "{\"mfa\": true, \"mfa\": false}",
            ],
            "mfa",
        ),
        (
            &["--principal", "User::\"ana\"", "--entities", "{}"],
            "--entities",
        ),
        (&["--identity", "{\"principle\": 1}"], "principle"),
        (&[], "--principal"),
    ];
    for (extra, part) in cases {
        let (code, _, err) = ana(extra);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(part), "{err}");
    }
}

#[test]
fn a_token_is_read_from_standard_input_and_never_printed() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::generate_ed25519("k").unwrap();
    let jwks: Json = serde_json::from_str(&key.jwks()).unwrap();
    let issuers = json!([{ "issuer": "https://id.example.com", "audience": ["api"], "jwks": jwks }]);
    let file = dir.path().join("issuers.json");
    fs::write(&file, issuers.to_string()).unwrap();
    let claims = |exp: i64| {
        json!({ "iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "fieldlink", "tenant": "acme",
            "scope": "rfis:write", "exp": exp })
    };
    for (exp, code, part) in [(1_900, 0, "allow"), (900, 1, "token_expired")] {
        let token = key.sign(&claims(exp), "at+jwt").unwrap();
        let mut child = command(&[
            "decide",
            "rfis.close",
            "Rfi::\"42\"",
            "-p",
            "policies/construction",
            "--tenant",
            "acme",
        ])
        .args([
            "--issuers",
            file.to_str().unwrap(),
            "--token-stdin",
            "--now",
            "1000",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(format!("{token}\n").as_bytes())
            .unwrap();
        let (ended, out, err) = finished(child.wait_with_output().unwrap());
        assert_eq!(ended, code, "{out}{err}");
        assert!(out.contains(part), "{out}");
        assert!(!out.contains(&token) && !err.contains(&token));
    }
}
