//! A platform on one SQLite file, administered as an operator types it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

/// A store in a directory of its own; `olga` operates it.
struct Place {
    directory: tempfile::TempDir,
}

/// What a command printed, and how it ended.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn fine(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl Place {
    fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    /// Tenants `devco` (dana) and `acme` (ana, with every right in it), project `p1`, app `dashboards` published.
    fn new() -> Self {
        let place = Self::empty();
        place
            .run("init --operator olga --policies policies/construction")
            .fine();
        for line in [
            "tenant add devco --admin dana",
            "tenant add acme --admin ana --role company-admin",
            "project add p1 --tenant acme --as ana",
            "app register dashboards --tenant devco --scopes rfis:read,rfis:write --redirect-uri https://d.example/cb --as dana",
        ] {
            place.run(line).fine();
        }
        place
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("platform.db")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bailiwick"));
        command
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .args(args)
            .env("BAILIWICK_STORE", self.file());
        for name in ["POLICIES", "ISSUERS", "AS", "KEY_FILE", "CLIENT_SECRET"] {
            command.env_remove(format!("BAILIWICK_{name}"));
        }
        command
    }

    fn run_args(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A line as it is typed; no argument has a space in it.
    fn run(&self, line: &str) -> Ran {
        self.run_args(&line.split(' ').collect::<Vec<_>>(), "")
    }

    fn json(&self, line: &str) -> Json {
        self.run(&format!("{line} --json")).fine().json()
    }

    /// An account with the role `rfis-standard` in `p1`: its id and secret.
    fn account(&self) -> (String, String) {
        let created = self.json("account create ERP --tenant acme --project p1 --as ana");
        let (id, secret) = (text(&created, "client_id"), text(&created, "client_secret"));
        self.run(&format!(
            "role assign rfis-standard --account {id} --project p1 --as ana"
        ))
        .fine();
        (id, secret)
    }

    fn issue(&self, id: &str, secret: &str, scope: &str) -> Ran {
        let args = [
            "token",
            "issue",
            "--client-id",
            id,
            "--client-secret-stdin",
            "--scope",
            scope,
        ];
        self.run_args(&args, &format!("{secret}\n"))
    }

    fn token(&self, (id, secret): &(String, String), scope: &str) -> String {
        self.issue(id, secret, scope).fine().out.trim().to_owned()
    }

    fn decide(&self, token: &str, action: &str) -> Ran {
        let args = [
            "decide",
            "--token-stdin",
            "--tenant",
            "acme",
            action,
            r#"Rfi::"42""#,
        ];
        self.run_args(&args, token)
    }
}

fn text(json: &Json, name: &str) -> String {
    json[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {json}"))
        .to_owned()
}

#[test]
fn a_story_from_the_founding_to_a_revoked_token() {
    let place = Place::new();
    let installed = place.json("install dashboards --tenant acme --project p1 --as ana");
    assert_eq!(installed["projects"], json!({ "listed": ["p1"] }));
    let account = place.account();
    let token = place.token(&account, "rfis:read");

    let allowed = place.decide(&token, "rfis.view");
    assert!(
        allowed.code == 0 && allowed.out.starts_with("allow"),
        "{allowed:?}"
    );
    let denied = place.decide(&token, "rfis.close");
    assert!(denied.code == 1 && denied.out.contains("scope"), "{denied:?}");

    let usage = place.json("usage --tenant acme --as ana");
    let row = |action: &str| {
        let rows = usage.as_array().unwrap();
        rows.iter().find(|row| row["action"] == action).unwrap().clone()
    };
    assert_eq!(
        (&row("rfis.view")["calls"], &row("rfis.view")["denies"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(row("rfis.close")["denies"], 1);
    assert_eq!(row("rfis.view")["id"], account.0.as_str());

    let revoked = place.run_args(&["token", "revoke", "--token-stdin", "--as", "ana"], &token);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    let denied = place.decide(&token, "rfis.view");
    assert!(denied.code == 1 && denied.out.contains("revoked"), "{denied:?}");
    assert_eq!(
        place
            .decide(&place.token(&account, "rfis:read"), "rfis.view")
            .code,
        0
    );

    let audit = place.json("audit --tenant acme --as ana");
    let actions: Vec<&str> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "tenants.create",
            "projects.create",
            "installations.install",
            "service_accounts.create",
            "roles.assign",
            "tokens.revoke"
        ]
    );
    assert_eq!(audit[2]["actor"], r#"User::"ana""#);
}

#[test]
fn a_rotated_secret_works_beside_the_old_one_and_a_revoked_one_does_not() {
    let place = Place::new();
    let (id, old) = place.account();
    let rotated = place.json(&format!("account rotate {id} --overlap 24h --as ana"));
    let new = text(&rotated, "client_secret");
    for secret in [&old, &new] {
        place.issue(&id, secret, "rfis:read").fine();
    }
    let secret = text(&rotated, "secret_id");
    place
        .run(&format!("account revoke-secret {secret} --with-tokens --as ana"))
        .fine();
    let refused = place.issue(&id, &new, "rfis:read");
    assert!(
        refused.code == 1 && refused.err.contains("invalid_client"),
        "{refused:?}"
    );
    let unknown = place.issue("svc_nobody", &new, "rfis:read");
    assert_eq!(unknown.err, refused.err, "which of the two is wrong is not said");
}

#[test]
fn a_disabled_account_is_denied_and_enabled_again_needs_a_new_token() {
    let place = Place::new();
    let account = place.account();
    let token = place.token(&account, "rfis:read");
    place
        .run(&format!("account disable {} --as ana", account.0))
        .fine();
    let denied = place.decide(&token, "rfis.view");
    assert!(denied.code == 1 && denied.out.contains("disabled"), "{denied:?}");
    assert_eq!(place.issue(&account.0, &account.1, "rfis:read").code, 1);
    place
        .run(&format!("account enable {} --as ana", account.0))
        .fine();
    assert_eq!(place.decide(&token, "rfis.view").code, 1);
    assert_eq!(
        place
            .decide(&place.token(&account, "rfis:read"), "rfis.view")
            .code,
        0
    );
    let listed = place.run("account list --tenant acme --as ana").fine();
    assert!(
        listed.out.contains(&account.0) && listed.out.contains("active"),
        "{listed:?}"
    );
    place
        .run(&format!("account delete {} --as ana", account.0))
        .fine();
    assert_eq!(place.json("account list --tenant acme --as ana"), json!([]));
}

#[test]
fn administration_is_decided_and_a_refusal_ends_with_1() {
    let place = Place::new();
    let (id, _) = place.account();
    for line in [
        format!("account disable {id} --as dana"),
        format!("account rotate {id} --as olga"),
        "tenant add borealis --admin ida --as ana".to_owned(),
        "app block dashboards --as ana".to_owned(),
        "usage --tenant acme --as dana".to_owned(),
        "key rotate --as ana".to_owned(),
        // Nobody hands on what they lack.
        "role assign rfis-standard --user dana --tenant devco --as dana".to_owned(),
    ] {
        let refused = place.run(&line);
        assert_eq!(refused.code, 1, "{line}: {refused:?}");
        assert!(refused.err.contains("error[platform_"), "{refused:?}");
    }
    let refused = place.run(&format!("account disable {id} --as dana --json"));
    let error: Json = serde_json::from_str(&refused.err).unwrap();
    assert_eq!(error["error"]["kind"], "platform_forbidden");
}

#[test]
fn an_installation_through_its_life() {
    let place = Place::new();
    place
        .run("install dashboards --tenant acme --scopes rfis:read --project p1 --as ana")
        .fine();
    assert_eq!(place.run("install dashboards --tenant acme --as ana").code, 2);

    let draft = "app version dashboards --scopes rfis:read,rfis:write,budget:read --as dana";
    place.run(draft).fine();
    place.run("app publish dashboards 2 --as dana").fine();
    let listed = |place: &Place| place.json("install list --tenant acme --as ana")[0].clone();
    assert_eq!(
        (
            listed(&place)["version"].clone(),
            listed(&place)["scopes"].clone()
        ),
        (json!(1), json!(["rfis:read"]))
    );
    place
        .run("install approve dashboards 2 --tenant acme --scopes rfis:read,rfis:write --as ana")
        .fine();
    assert_eq!(listed(&place)["version"], 2);
    assert_eq!(listed(&place)["projects"], json!({ "listed": ["p1"] }));
    place
        .run("install projects dashboards --tenant acme --all-projects --as ana")
        .fine();
    assert_eq!(listed(&place)["projects"], "all");

    place
        .run("install suspend dashboards --tenant acme --as ana")
        .fine();
    place
        .run("install suspend dashboards --tenant acme --side developer --as dana")
        .fine();
    place
        .run("install suspend dashboards --tenant acme --side platform")
        .fine();
    let resumed = place
        .run("install resume dashboards --tenant acme --as ana")
        .fine();
    assert!(resumed.out.contains("stays suspended"), "{resumed:?}");
    assert_eq!(listed(&place)["suspended"], json!(["developer", "platform"]));

    place
        .run("install uninstall dashboards --tenant acme --as ana")
        .fine();
    assert_eq!(place.json("install list --tenant acme --as ana"), json!([]));
    place.run("app block dashboards").fine();
    assert_eq!(place.run("install dashboards --tenant acme --as ana").code, 1);
    assert!(place.run("app list").fine().out.contains("blocked"));
}

#[test]
fn introspection_and_keys() {
    let place = Place::new();
    let (id, secret) = place.account();
    let token = place.token(&(id.clone(), secret.clone()), "rfis:read");
    let introspect = |place: &Place| {
        let args = [
            "token",
            "introspect",
            "--client-id",
            &id,
            "--token-stdin",
            "--client-secret",
            &secret,
        ];
        place.run_args(&args, &token)
    };
    let active = introspect(&place).fine();
    assert_eq!(active.json()["tenant"], "acme");
    let keys = place.json("key list");
    let key = text(&keys[0], "id");
    assert!(keys[0].get("sealed").is_none());
    place.run("key rotate --algorithm es256").fine();
    introspect(&place).fine();
    place.run(&format!("key compromised {key}")).fine();
    let inactive = introspect(&place);
    assert_eq!((inactive.code, inactive.json()), (1, json!({ "active": false })));
    assert_eq!(place.decide(&token, "rfis.view").code, 1);
    assert!(!place.run("key jwks").fine().out.contains(&key));
}

#[test]
fn a_boundary_caps_what_a_token_may_do() {
    let place = Place::new();
    let account = place.account();
    let token = place.token(&account, "rfis:write");
    assert_eq!(place.decide(&token, "rfis.update").code, 0);
    place
        .run("boundary set --tenant acme --scopes rfis:read --as ana")
        .fine();
    let denied = place.decide(&token, "rfis.update");
    assert!(denied.code == 1 && denied.out.contains("boundary"), "{denied:?}");
    assert_eq!(place.decide(&token, "rfis.view").code, 0);
    place.run("boundary lift --tenant acme --as ana").fine();
    assert_eq!(place.decide(&token, "rfis.update").code, 0);
    place
        .run(&format!(
            "role withdraw rfis-standard --account {} --project p1 --as ana",
            account.0
        ))
        .fine();
    let denied = place.decide(&token, "rfis.view");
    assert!(
        denied.code == 1 && denied.out.contains("no policy permits it"),
        "{denied:?}"
    );
}

#[test]
fn members_come_and_go() {
    let place = Place::new();
    place
        .run("member add ben --tenant acme --project p1 --as ana")
        .fine();
    place
        .run("role assign rfis-standard --user ben --project p1 --as ana")
        .fine();
    let members = place.json("member list --tenant acme --as ana");
    assert_eq!(members[1]["projects"], json!(["p1"]));
    place.run("member deactivate ben --tenant acme --as ana").fine();
    assert_eq!(
        place.json("member list --tenant acme --as ana")[1]["deactivated"],
        true
    );
    place.run("member reactivate ben --tenant acme --as ana").fine();
    place.run("member remove ben --tenant acme --as ana").fine();
    assert_eq!(place.json("role list --project p1 --as ana"), json!([]));
    place.run("tenant user-installs acme on --as ana").fine();
    assert_eq!(place.json("tenant list")[0]["user_installs"], true);
}

#[test]
fn what_is_missing_is_said() {
    let place = Place::empty();
    let missing = place.run("tenant list");
    assert!(
        missing.code == 2 && missing.err.contains("bailiwick init"),
        "{missing:?}"
    );
    let policies = place.run("init");
    assert!(
        policies.code == 2 && policies.err.contains("--policies"),
        "{policies:?}"
    );
    assert!(!place.file().exists(), "nothing is left of an init that failed");

    let place = Place::new();
    let again = place.run("init --policies policies/construction");
    assert_eq!(again.code, 2, "{again:?}");
    let nobody = place.run("account list --tenant acme");
    assert!(nobody.code == 2 && nobody.err.contains("--as"), "{nobody:?}");
    let unknown = place.run("account disable svc_x --as ana");
    assert!(unknown.code == 2 && unknown.err.contains("svc_x"), "{unknown:?}");
    let overlap = place.run("account rotate svc_x --overlap soon --as ana");
    assert!(overlap.code == 2 && overlap.err.contains("24h"), "{overlap:?}");
    let help = place.run("account create --help").fine();
    assert!(
        help.out.contains("--project") && help.out.contains("--as"),
        "{help:?}"
    );
    std::fs::remove_file(place.file().with_extension("db.key")).unwrap();
    let keyless = place.run("tenant list");
    assert!(
        keyless.code == 2 && keyless.err.contains("--key-file"),
        "{keyless:?}"
    );
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_the_key_and_no_secret_lies_in_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let (_, secret) = place.account();
    let key = place.file().with_extension("db.key");
    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for entry in std::fs::read_dir(place.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(
            !bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes())
        );
    }
}
