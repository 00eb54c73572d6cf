use std::sync::Mutex;

use super::*;
use crate::error::ErrorKind;
use crate::store::{Memory, Store as _};
use crate::value::{EntityRef, EntityUid};

fn actor(principal: &str, app: &str) -> Arc<Actor> {
    let uid = EntityUid::new("User", principal.to_owned());
    Arc::new(Actor::new(uid, "acme", Party::App(app.to_owned())).grant_type("authorization_code"))
}

fn allow(at: i64, id: &str) -> Decided<'_> {
    Decided {
        at,
        revision: 7,
        action: "rfis.view",
        action_is_known: true,
        resource: EntityRef { type_name: "Rfi", id },
        project: "p1",
        allowed: true,
        reason: "permitted",
        administration: false,
    }
}

fn deny(at: i64, id: &str) -> Decided<'_> {
    Decided {
        allowed: false,
        reason: "scope",
        ..allow(at, id)
    }
}

fn administration(at: i64) -> Decided<'static> {
    Decided {
        action: "apps.install",
        administration: true,
        ..deny(at, "1")
    }
}

type Lines = Arc<Mutex<Vec<String>>>;

/// A sink that keeps what it is handed.
fn keeping() -> (Lines, impl Sink) {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    let sink = move |record: &Record| {
        kept.lock().unwrap().push(record.to_json().to_string());
        Ok(())
    };
    (lines, sink)
}

fn resources(records: &[DecisionRecord]) -> Vec<&str> {
    records.iter().map(|record| record.resource.as_str()).collect()
}

#[test]
fn a_record_says_who_did_what_through_what_and_why() {
    let audit = Audit::builder().build();
    audit.decided(&actor("ana", "dashboards"), &deny(100, "4\"2"));
    let expected = DecisionRecord {
        at: 100,
        revision: 7,
        tenant: "acme".to_owned(),
        principal: "User::\"ana\"".to_owned(),
        party: Party::App("dashboards".to_owned()),
        grant_type: Some("authorization_code".to_owned()),
        action: "rfis.view".to_owned(),
        resource: "Rfi::\"4\\\"2\"".to_owned(),
        allowed: false,
        reason: "scope",
        administration: false,
    };
    assert_eq!(audit.recent(10), [expected]);
}

#[test]
fn the_ring_keeps_the_latest_and_stays_bounded() {
    let audit = Audit::builder().records(4).build();
    let ids: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    for (at, id) in (0..).zip(&ids) {
        audit.decided(&actor("ana", "a"), &allow(at, id));
    }
    let recent = audit.recent(100);
    assert_eq!(
        resources(&recent),
        ["Rfi::\"9\"", "Rfi::\"8\"", "Rfi::\"7\"", "Rfi::\"6\""]
    );
    assert_eq!(resources(&audit.recent(1)), ["Rfi::\"9\""]);
}

#[test]
fn allows_are_sampled_and_denials_never() {
    let audit = Audit::builder().records(256).sample_allows(10).build();
    let actor = actor("ana", "a");
    for at in 0..100 {
        audit.decided(&actor, &allow(at, "1"));
        audit.decided(&actor, &deny(at, "2"));
    }
    let recent = audit.recent(1_000);
    assert_eq!(recent.iter().filter(|record| record.allowed).count(), 10);
    assert_eq!(recent.iter().filter(|record| !record.allowed).count(), 100);
    let usage = audit.usage().unwrap().report("acme");
    assert_eq!((usage.rows()[0].calls, usage.rows()[0].denies), (200, 100));
}

#[test]
fn administration_is_not_sampled_and_outlives_a_flood_of_decisions() {
    let audit = Audit::builder().records(16).sample_allows(1_000).build();
    let actor = actor("ana", "a");
    audit.decided(&actor, &administration(1));
    let allowed = Decided {
        allowed: true,
        ..administration(2)
    };
    audit.decided(&actor, &allowed);
    for at in 0..1_000 {
        audit.decided(&actor, &deny(at, "1"));
    }
    let recent = audit.recent(100);
    assert_eq!(recent.iter().filter(|record| record.administration).count(), 2);
}

#[test]
fn what_strangers_ask_for_washes_out_nothing_of_those_who_are_known() {
    let audit = Audit::builder().records(16).build();
    let actor = actor("ana", "a");
    audit.decided(&actor, &allow(1, "1"));
    audit.decided(&actor, &administration(2));
    audit.noted(&actor, &deny(3, "2"));
    for at in 0..1_000 {
        audit.noted_of_stranger(&actor, &deny(at, "stranger"));
    }
    let recent = audit.recent(100);
    let known: Vec<_> = recent
        .iter()
        .filter(|record| !record.resource.contains("stranger"))
        .map(|record| record.at)
        .collect();
    assert_eq!(known, [3, 2, 1]);
    assert_eq!(recent.len(), 3 + 16);
    assert_eq!(audit.recent_of(100, |record| record.allowed).len(), 1);
}

#[test]
fn a_change_waits_for_no_sink() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let sink = move |record: &Record| {
        // The first record holds the sink until the test lets it go.
        if matches!(record, Record::Change(change) if change == &Json::from(0)) {
            sender.send(()).unwrap();
            held.recv().unwrap();
        }
        Ok(())
    };
    let audit = Audit::builder().sink(sink).build();
    audit.changed(0.into());
    receiver.recv().unwrap();
    // The sink is busy, and stays so until this returns.
    audit.changed(1.into());
    release.send(()).unwrap();
    audit.flush();
    assert_eq!(audit.lost(), 0);
}

#[test]
fn sinks_get_every_record_in_order() {
    let (lines, sink) = keeping();
    let audit = Audit::builder().records(64).sink(sink).build();
    for round in 0..20 {
        for id in ["1", "2", "3"] {
            audit.decided(&actor("ana", "a"), &allow(round, id));
        }
        audit.flush();
    }
    audit.changed(serde_json::json!({ "action": "apps.install" }));
    audit.flush();
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), 61);
    for (index, line) in lines.iter().take(60).enumerate() {
        let id = format!("Rfi::\\\"{}\\\"", index % 3 + 1);
        assert!(line.contains(&id), "{index}: {line}");
    }
    assert!(lines[60].contains("\"change\""));
    assert_eq!(audit.lost(), 0);
    audit.healthy().unwrap();
}

#[test]
fn a_sink_gets_its_records_without_being_flushed() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let sink = move |_: &Record| {
        // The test may have ended.
        let _ = sender.send(());
        Ok(())
    };
    let audit = Audit::builder().sink(sink).build();
    audit.decided(&actor("ana", "a"), &allow(1, "1"));
    receiver.recv().unwrap();
    drop(audit);
}

#[test]
fn dropping_the_audit_hands_on_what_is_left() {
    let (lines, sink) = keeping();
    let audit = Audit::builder().sink(sink).build();
    audit.decided(&actor("ana", "a"), &allow(1, "1"));
    drop(audit);
    assert_eq!(lines.lock().unwrap().len(), 1);
}

#[test]
fn what_a_sink_fails_to_take_is_counted_as_lost() {
    let failing = |_: &Record| Err(Error::new(ErrorKind::AuditIo, "the collector is away"));
    let audit = Audit::builder().sink(failing).build();
    audit.healthy().unwrap();
    audit.decided(&actor("ana", "a"), &allow(1, "1"));
    audit.decided(&actor("ana", "a"), &deny(1, "1"));
    audit.flush();
    assert_eq!(audit.lost(), 2);
    assert_eq!(audit.healthy().unwrap_err().kind(), ErrorKind::AuditIo);
}

#[test]
fn many_threads_lose_and_mix_up_nothing() {
    let (lines, sink) = keeping();
    let audit = Audit::builder().records(1 << 14).sink(sink).build();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let audit = &audit;
            scope.spawn(move || {
                let name = format!("user-{thread}");
                let actor = actor(&name, "a");
                for at in 0..2_000 {
                    audit.decided(&actor, &allow(at, &name));
                }
            });
        }
    });
    audit.flush();
    let lines = lines.lock().unwrap();
    let lost = audit.lost() as usize;
    assert_eq!(lines.len() + lost, 8_000);
    for line in lines.iter() {
        let at = line.find("user-").unwrap();
        let name = &line[at..at + 6];
        assert_eq!(line.matches(name).count(), 2, "{line}");
    }
    assert_eq!(audit.usage().unwrap().report("acme").rows()[0].calls, 8_000);
}

#[test]
fn a_file_is_put_aside_before_it_outgrows_its_size() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let file = JsonLines::open(&path).unwrap().rotate(1_000, 2);
    let audit = Audit::builder().sink(file).build();
    for at in 0..40 {
        audit.decided(&actor("ana", "a"), &deny(at, "1"));
    }
    audit.flush();
    audit.healthy().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]);
    let mut times = vec![];
    for name in ["audit.jsonl.2", "audit.jsonl.1", "audit.jsonl"] {
        let text = std::fs::read_to_string(directory.path().join(name)).unwrap();
        assert!(text.len() <= 1_000);
        for line in text.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            times.push(record["decision"]["at"].as_i64().unwrap());
        }
    }
    assert_eq!(times.last(), Some(&39));
    assert!(times.windows(2).all(|pair| pair[1] == pair[0] + 1), "{times:?}");
}

#[test]
fn a_file_is_appended_to_and_a_missing_directory_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    for at in 0..2 {
        let audit = Audit::builder().sink(JsonLines::open(&path).unwrap()).build();
        audit.decided(&actor("ana", "a"), &deny(at, "1"));
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    let error = JsonLines::open(directory.path().join("no/audit.jsonl")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuditIo);
}

#[test]
fn usage_is_counted_by_tenant_party_project_and_action() {
    let audit = Audit::builder().build();
    let other_tenant = Actor::new(
        EntityUid::new("User", "ana"),
        "globex",
        Party::App("dashboards".to_owned()),
    );
    let account = Actor::new(
        EntityUid::new("ServiceAccount", "sync"),
        "acme",
        Party::ServiceAccount("sync".to_owned()),
    );
    let elsewhere = Decided {
        project: "p2",
        ..allow(30, "1")
    };
    audit.decided(&actor("ana", "dashboards"), &allow(20, "1"));
    audit.decided(&actor("ben", "dashboards"), &deny(10, "1"));
    audit.decided(&actor("ben", "dashboards"), &elsewhere);
    audit.decided(&Arc::new(account), &allow(40, "1"));
    audit.decided(&Arc::new(other_tenant), &allow(50, "1"));

    let usage = audit.usage().unwrap();
    let report = usage.report("acme");
    let shown: Vec<_> = report
        .rows()
        .iter()
        .map(|row| {
            (
                row.party.id(),
                row.project.as_str(),
                row.calls,
                row.denies,
                (row.first, row.last),
                row.users(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("dashboards", "p1", 2, 1, (10, 20), 2),
            ("dashboards", "p2", 1, 0, (30, 30), 1),
            ("sync", "p1", 1, 0, (40, 40), 1),
        ]
    );
    let sums = report.by_app();
    assert_eq!((sums[0].calls, sums[0].denies, sums[0].users()), (3, 1, 2));
    assert_eq!((sums[0].first, sums[0].last), (10, 30));
    assert_eq!(report.by_project().len(), 3);
    assert_eq!(usage.report("globex").rows().len(), 1);
    assert_eq!(usage.report("nobody").rows().len(), 0);
}

#[test]
fn counters_are_bounded_and_made_up_actions_share_one() {
    let audit = Audit::builder().counters(3).build();
    let actor = actor("ana", "a");
    let names: Vec<String> = (0..100).map(|n| format!("made-up-{n}")).collect();
    for name in &names {
        let decided = Decided {
            action: name,
            action_is_known: false,
            ..deny(1, "1")
        };
        audit.decided(&actor, &decided);
    }
    for project in &names {
        audit.decided(
            &actor,
            &Decided {
                project,
                ..allow(1, "1")
            },
        );
    }
    let usage = audit.usage().unwrap();
    assert_eq!(usage.report("acme").rows().len(), 3);
    assert_eq!(usage.uncounted(), 98);
    let report = usage.report("acme");
    let unknown = report.rows().iter().find(|row| row.action.is_empty());
    assert_eq!(unknown.unwrap().calls, 100);
}

#[test]
fn threads_that_meet_new_uses_together_lose_no_call() {
    let audit = Audit::builder().counters(usize::MAX).build();
    let actor = actor("ana", "a");
    let projects: Vec<String> = (0..500).map(|n| format!("p{n}")).collect();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for project in projects.iter().chain(projects.iter().rev()) {
                    let decided = Decided {
                        project,
                        ..allow(1, "1")
                    };
                    audit.decided(&actor, &decided);
                }
            });
        }
    });
    let usage = audit.usage().unwrap();
    let report = usage.report("acme");
    assert_eq!((report.rows().len(), usage.uncounted()), (500, 0));
    assert!(report.rows().iter().all(|row| row.calls == 16));
}

#[test]
fn usage_survives_in_a_store() {
    let store = Memory::new();
    let audit = Audit::builder().build();
    for user in ["ana", "ben", "cleo"] {
        audit.decided(&actor(user, "a"), &allow(10, "1"));
    }
    let usage = audit.usage().unwrap();
    usage.save(&store).unwrap();
    let later = Audit::builder().build();
    let loaded = later.usage().unwrap();
    loaded.load(&store).unwrap();
    later.decided(&actor("ana", "a"), &deny(20, "1"));
    later.decided(&actor("dan", "a"), &deny(20, "1"));
    loaded.save(&store).unwrap();
    let last = Usage::new(10);
    last.load(&store).unwrap();
    let report = last.report("acme");
    let row = &report.rows()[0];
    assert_eq!((row.calls, row.denies, row.users()), (5, 2, 4));
    assert_eq!((row.first, row.last), (10, 20));
    assert_eq!(report.rows().len(), 1);
    store.check().unwrap();
}

#[test]
fn distinct_users_are_estimated_as_well_as_promised() {
    for (users, tolerance) in [(1, 0.0), (10, 0.1), (100, 0.1), (1_000, 0.2), (50_000, 0.2)] {
        let sketch = sketch::SharedSketch::new(&sketch::Sketch::new());
        for user in 0..users {
            let person = actor(&format!("user-{user}"), "a").person;
            sketch.add(person);
            sketch.add(person);
        }
        let estimate = sketch.rest().estimate() as f64;
        let error = (estimate - f64::from(users)).abs() / f64::from(users);
        assert!(error <= tolerance, "{users}: {estimate}");
    }
}

#[test]
fn names_of_any_length_are_recorded_within_bounds() {
    let audit = Audit::builder().records(1).build();
    let long = "é".repeat(10_000);
    let decided = Decided {
        action: &long,
        ..deny(1, "1")
    };
    audit.decided(&actor("ana", "a"), &decided);
    assert_eq!(audit.recent(1)[0].action.len(), crate::limits::MAX_NAME_BYTES);
    audit.decided(&actor("ana", "a"), &deny(1, "1"));
    assert_eq!(audit.recent(1)[0].action, "rfis.view");
}
