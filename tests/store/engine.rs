//! One engine, one store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bailiwick::audit::{Audit, Party};
use bailiwick::store::{Memory, Sqlite, export, import};
use bailiwick::{Clock, Engine, ErrorKind, Resource};

use super::support::{Directory, Failing, ben, ben_may_read, builder, deactivate_ben, found, p1, session};

#[test]
fn a_reopened_engine_decides_as_before() {
    let place = Directory::new();
    let engine = place.engine();
    found(&engine);
    assert!(ben_may_read(&engine));
    let before = engine.platform();
    drop(engine);
    let engine = place.engine();
    assert!(ben_may_read(&engine));
    assert_eq!(engine.platform().sequence(), before.sequence());
    assert!(engine.bootstrap("operator", "Again", "olga").is_err());
}

#[test]
fn a_compacted_store_gives_the_same_state() {
    let place = Directory::new();
    let engine = place.engine();
    found(&engine);
    engine.compact().unwrap();
    let ana = session(&engine, "ana", "acme");
    engine.act_as(&ana).add_member("acme", "cleo").unwrap();
    let state = engine.platform();
    drop((ana, engine));
    let engine = place.engine();
    assert!(ben_may_read(&engine));
    let again = engine.platform();
    assert_eq!(again.sequence(), state.sequence());
    let sorted = |rows: Vec<Vec<u8>>| {
        let mut rows = rows;
        rows.sort();
        rows
    };
    assert_eq!(sorted(again.rows().unwrap()), sorted(state.rows().unwrap()));
    let ana = session(&engine, "ana", "acme");
    assert!(engine.act_as(&ana).add_member("acme", "cleo").is_err());
    deactivate_ben(&engine).unwrap();
    assert!(!ben_may_read(&engine));
}

#[test]
fn a_revocation_counts_at_once_and_for_ever() {
    let place = Directory::new();
    let engine = place.engine();
    found(&engine);
    let rfi = Resource::new("Rfi", "42").parent("Project", "p1");
    let ben = session(&engine, "ben", "acme");
    assert!(ben.allows("rfis.view", &rfi));
    deactivate_ben(&engine).unwrap();
    assert!(!ben.allows("rfis.view", &rfi));
    drop((ben, engine));
    assert!(!ben_may_read(&place.engine()));
}

#[test]
fn threat_49_a_revocation_on_a_full_disk_is_an_error_and_changes_nothing() {
    let fails = Arc::new(AtomicBool::new(false));
    let store = Failing {
        memory: Memory::new(),
        fails: Arc::clone(&fails),
    };
    let engine = builder().store(store).build().unwrap();
    found(&engine);
    let before = (engine.revision(), engine.platform().sequence());
    fails.store(true, Ordering::SeqCst);
    let error = deactivate_ben(&engine).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreFull);
    assert_eq!((engine.revision(), engine.platform().sequence()), before);
    assert!(ben_may_read(&engine));
    fails.store(false, Ordering::SeqCst);
    deactivate_ben(&engine).unwrap();
    assert!(!ben_may_read(&engine));
}

#[test]
fn invariant_09_revisions_never_go_backwards_and_a_stale_replica_denies_until_it_hears_again() {
    let mut state = 9_u64;
    let mut below = |bound: u64| {
        // The generator of Knuth's MMIX; its upper bits are good enough for choices.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let (fails, clock, memory) = (
        Arc::new(AtomicBool::new(false)),
        Clock::fixed(1_800_000_000),
        Memory::new(),
    );
    let writer = builder()
        .clock(clock.clone())
        .store(memory.clone())
        .build()
        .unwrap();
    found(&writer);
    let store = Failing {
        memory,
        fails: Arc::clone(&fails),
    };
    let replica = builder()
        .clock(clock.clone())
        .max_staleness(10)
        .store(store)
        .build()
        .unwrap();
    let (ben, rfi) = (
        session(&replica, "ben", "acme"),
        Resource::new("Rfi", "42").parent("Project", "p1"),
    );
    let (mut heard, mut seen, mut stale) = (clock.now(), replica.revision(), 0);
    for step in 0..600 {
        match below(5) {
            0 => clock.advance(i64::try_from(below(6)).unwrap()),
            1 => fails.store(below(2) == 0, Ordering::SeqCst),
            2 => {
                let ana = session(&writer, "ana", "acme");
                let name = format!("p-{step}");
                writer
                    .act_as(&ana)
                    .create_project("acme", name.as_str(), name.as_str())
                    .unwrap();
            }
            _ => match replica.follow() {
                Ok(()) => {
                    heard = clock.now();
                    assert_eq!(replica.platform().sequence(), writer.platform().sequence());
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::StoreFull),
            },
        }
        assert!(replica.revision() >= seen, "{step}");
        seen = replica.revision();
        let is_stale = clock.now() - heard > 10;
        let reason = ben.decide("rfis.view", &rfi, &bailiwick::Context::new()).reason();
        assert_eq!(
            reason.name(),
            if is_stale { "stale" } else { "permitted" },
            "{step}"
        );
        stale += u32::from(is_stale);
    }
    assert!(stale > 10 && stale < 500, "{stale}");
}

/// DOMAIN scenario 24.
#[test]
fn out_of_reach_beyond_the_maximum_staleness_denies_and_recovers() {
    let (fails, clock) = (Arc::new(AtomicBool::new(false)), Clock::fixed(1_800_000_000));
    let store = Failing {
        memory: Memory::new(),
        fails: Arc::clone(&fails),
    };
    let engine = builder()
        .clock(clock.clone())
        .max_staleness(10)
        .store(store)
        .build()
        .unwrap();
    found(&engine);
    fails.store(true, Ordering::SeqCst);
    clock.advance(10);
    assert!(engine.follow().is_err());
    assert!(ben_may_read(&engine));
    clock.advance(1);
    assert!(engine.follow().is_err());
    assert_eq!(
        engine.followed().unwrap_err().kind(),
        engine.follow().unwrap_err().kind()
    );
    let rfi = Resource::new("Rfi", "42").parent("Project", "p1");
    let ben = session(&engine, "ben", "acme");
    let decision = ben.decide("rfis.view", &rfi, &bailiwick::Context::new());
    assert_eq!(decision.reason().name(), "stale");
    fails.store(false, Ordering::SeqCst);
    engine.follow().unwrap();
    assert!(ben.allows("rfis.view", &rfi));
}

#[test]
fn the_hosts_key_is_recognised() {
    let place = Directory::new();
    let open = |key: Option<u8>| -> bailiwick::Result<Engine> {
        let mut builder = builder().store(Sqlite::open(place.database()).unwrap());
        if let Some(byte) = key {
            let mut key = [byte; 32];
            key[0] = 0xff;
            builder = builder.host_key(key);
        }
        builder.build()
    };
    drop(open(Some(1)).unwrap());
    drop(open(Some(1)).unwrap());
    let wrong = open(Some(2)).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::SealInvalid);
    assert!(wrong.message().contains("another key"), "{wrong}");
    assert_eq!(open(None).unwrap_err().kind(), ErrorKind::Configuration);

    let keyless = Directory::new();
    drop(keyless.engine());
    drop(keyless.engine());
    let store = Sqlite::open(keyless.database()).unwrap();
    let error = builder().store(store).host_key([7; 32]).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn every_change_leaves_an_audit_record_with_actor_before_and_after() {
    let engine = builder().store(Memory::new()).build().unwrap();
    found(&engine);
    deactivate_ben(&engine).unwrap();
    let store = engine.store().unwrap();
    let mut records = vec![];
    store
        .audit_after(0, &mut |revision, record| {
            records.push((
                revision,
                serde_json::from_slice::<serde_json::Value>(record).unwrap(),
            ));
            Ok(true)
        })
        .unwrap();
    let revisions: Vec<u64> = records.iter().map(|(revision, _)| *revision).collect();
    assert_eq!(revisions, (1..=store.head().unwrap()).collect::<Vec<_>>());
    let (_, last) = records.last().unwrap();
    assert_eq!(last["actor"], r#"User::"ana""#);
    assert_eq!(last["tenant"], "acme");
    assert_eq!(last["before"][0]["deactivated"], false);
    assert_eq!(last["after"][0]["deactivated"], true);
}

#[test]
fn decisions_and_refused_administration_are_recorded_and_usage_is_kept() {
    let place = Directory::new();
    {
        let audit = Audit::builder().sample_allows(100).build();
        let store = Sqlite::open(place.database()).unwrap();
        let engine = builder().store(store).audit(audit).build().unwrap();
        found(&engine);
        for _ in 0..3 {
            assert!(ben_may_read(&engine));
        }
        let ben = session(&engine, "ben", "acme");
        assert!(engine.act_as(&ben).add_member("acme", "mallory").is_err());
        let recent = engine.audit().unwrap().recent(100);
        let refused = recent.iter().find(|record| !record.allowed).unwrap();
        assert!(refused.administration);
        assert_eq!(refused.tenant, "acme");
        assert!(refused.principal.contains("ben"));
    }
    let store = Sqlite::open(place.database()).unwrap();
    let engine = builder()
        .store(store)
        .audit(Audit::builder().build())
        .build()
        .unwrap();
    let report = engine.audit().unwrap().usage().unwrap().report("acme");
    let row = report
        .rows()
        .iter()
        .find(|row| row.action == "rfis.view")
        .unwrap();
    assert_eq!((row.calls, row.denies, row.users()), (3, 0, 1));
    assert_eq!((row.project.as_str(), &row.party), ("p1", &Party::FirstParty));
}

#[test]
fn an_import_of_an_export_decides_the_same() {
    let (place, other) = (Directory::new(), Directory::new());
    let engine = place.engine();
    found(&engine);
    engine.compact().unwrap();
    deactivate_ben(&engine).unwrap();
    let mut text = vec![];
    export(engine.store().unwrap(), &mut text).unwrap();
    import(&Sqlite::create(other.database()).unwrap(), &text[..]).unwrap();
    let copy = other.engine();
    assert!(!ben_may_read(&copy));
    let sequence = |engine: &Engine| engine.platform().sequence();
    assert_eq!(sequence(&copy), sequence(&engine));
}

#[test]
fn a_change_that_lost_a_race_is_refused_and_works_after_a_refresh() {
    let shared = Memory::new();
    let engines = [(); 2].map(|()| builder().store(shared.clone()).build().unwrap());
    found(&engines[0]);
    assert!(!ben_may_read(&engines[1]));
    let error = engines[1]
        .bootstrap("operator", "The operator", "olga")
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreConflict);
    engines[1].follow().unwrap();
    assert!(ben_may_read(&engines[1]));
    deactivate_ben(&engines[1]).unwrap();
    engines[0].follow().unwrap();
    assert!(!ben_may_read(&engines[0]));
    let ana = session(&engines[0], "ana", "acme");
    engines[0].act_as(&ana).roles_at(&p1()).unwrap();
    assert_eq!(engines[0].platform().assignments_of(&ben()).count(), 1);
}
