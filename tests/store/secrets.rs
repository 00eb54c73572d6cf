//! No secret in clear anywhere: DOMAIN invariant 16.

use std::sync::{Arc, Mutex};

use bailiwick::NewServiceAccount;
use bailiwick::audit::{Audit, JsonLines, Record};
use bailiwick::platform::SecretOwner;
use bailiwick::store::{Sqlite, export};

use super::support::{Directory, builder, found, session};

#[test]
fn threat_68_invariant_16_secrets_reach_no_file_no_record_and_no_text() {
    let place = Directory::new();
    let seen = Arc::new(Mutex::new(String::new()));
    let collected = Arc::clone(&seen);
    let file = JsonLines::open(place.directory.path().join("audit.jsonl")).unwrap();
    let audit = Audit::builder()
        .sink(file)
        .sink(move |record: &Record| {
            collected.lock().unwrap().push_str(&record.to_json().to_string());
            Ok(())
        })
        .build();
    let told = Arc::clone(&seen);
    let mut host_key = *b"a-host-key-that-must-not-appear!";
    let engine = builder()
        .store(Sqlite::open(place.database()).unwrap())
        .host_key(host_key)
        .audit(audit)
        .on_change(move |record| {
            told.lock().unwrap().push_str(&format!("{record:?}"));
        })
        .build()
        .unwrap();
    found(&engine);
    let ana = session(&engine, "ana", "acme");
    let admin = engine.act_as(&ana);
    let (account, first) = admin
        .create_service_account("acme", NewServiceAccount::named("ERP sync").project("p1"))
        .unwrap();
    let owner = SecretOwner::ServiceAccount(account.clone());
    let (_, second) = admin.rotate_secret(&owner, 3_600).unwrap();
    assert!(admin.rotate_secret(&owner, 3_600).is_err());
    engine.flush().unwrap();

    let mut text = seen.lock().unwrap().clone();
    let state = engine.platform();
    let store = engine.store().unwrap();
    text.push_str(&format!("{engine:?} {state:?} {store:?} {first:?} {second:?}"));
    text.push_str(&format!("{:?}", admin.service_accounts("acme").unwrap()));
    text.push_str(&format!("{:?}", engine.audit().unwrap().recent(100)));
    let mut exported = vec![];
    export(store, &mut exported).unwrap();

    let mut haystacks = vec![text.into_bytes(), exported];
    for entry in std::fs::read_dir(place.directory.path()).unwrap() {
        haystacks.push(std::fs::read(entry.unwrap().path()).unwrap());
    }
    assert!(haystacks.len() >= 5);
    for secret in [first.expose().as_bytes(), second.expose().as_bytes(), &host_key] {
        // Neither the whole nor a telling part.
        for needle in [secret, &secret[secret.len() / 2..]] {
            for haystack in &haystacks {
                let is_found = haystack.windows(needle.len()).any(|window| window == needle);
                assert!(!is_found, "a secret appears in clear");
            }
        }
    }
    host_key.fill(0);
}
