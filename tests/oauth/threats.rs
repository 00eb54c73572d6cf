//! Known ways in which authorization servers and policy engines have failed, by their number.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bailiwick::oauth::{ClientAuthentication, ClientCredentials, Exchange};
use bailiwick::platform::{Projects, ServiceAccountChange};
use bailiwick::store::Cursors;
use bailiwick::{
    Clock, Context, Engine, ErrorKind, Identity, KeyRing, KeySet, NewServiceAccount, Principal, Reason,
    SigningKey, Source, Tenant,
};
use serde_json::json;

use super::world::{ISSUER, NOW, World, reason, rfi, scopes};

fn exchanged(world: &World, client: ClientAuthentication, token: &str) -> Result<String, String> {
    let response = world.engine.exchange(&Exchange::new(client, token));
    response
        .map(|response| response.access_token().to_owned())
        .map_err(|error| error.code().as_str().to_owned())
}

#[test]
fn threat_30_an_exchange_verifies_everything_again() {
    let world = World::new();
    let account = world.account();
    let token = world.token(&account, "rfis:read");
    assert!(exchanged(&world, account.client(), &token).is_ok());
    let elsewhere = World::new();
    let foreign = elsewhere.token(&elsewhere.account(), "rfis:read");
    let altered = token.replacen('.', ".A", 1);
    for wrong in [foreign.as_str(), &altered, &token[1..], "", "null"] {
        let refused = exchanged(&world, account.client(), wrong).unwrap_err();
        assert_eq!(refused, "invalid_grant");
    }
    // Another tenant's client.
    let new = NewServiceAccount::named("Spy").all_projects();
    let ida = world.user("ida", "borealis");
    let (spy, secret) = world
        .engine
        .act_as(&ida)
        .create_service_account("borealis", new)
        .unwrap();
    let spy = ClientAuthentication::post(spy.as_str(), secret.expose()).unwrap();
    assert_eq!(exchanged(&world, spy, &token).unwrap_err(), "invalid_grant");
    world.clock.advance(900);
    assert_eq!(
        exchanged(&world, account.client(), &token).unwrap_err(),
        "invalid_grant"
    );
}

#[test]
fn threat_31_an_assertion_is_good_once_across_threads() {
    let world = World::new();
    let account = world.account();
    let key = SigningKey::generate_es256("k1").unwrap();
    let mut state = world.engine.platform();
    let jwks = Some(key.jwks());
    let set = ServiceAccountChange::KeysSet {
        id: account.id.clone(),
        jwks,
    };
    state.apply(&set.into()).unwrap();
    let ring = KeyRing::new();
    let engine = Engine::builder()
        .loaded(bailiwick::Policies::clone(&world.engine.policies()))
        .clock(world.clock.clone())
        .platform(without_keys(&state))
        .oauth(bailiwick::oauth::Settings::new(ISSUER).audience("api"), &ring)
        .build()
        .unwrap();
    ring.rotate(bailiwick::KeyPurpose::Sign(bailiwick::Algorithm::EdDsa), NOW)
        .unwrap();
    let id = account.id.as_str();
    let claims = json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": "a1", "exp": NOW + 60 });
    let assertion = key.sign(&claims, "JWT").unwrap();
    let won = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let client = ClientAuthentication::private_key_jwt(&assertion).unwrap();
                let request = ClientCredentials::new(client).scope("rfis:read");
                if engine.client_credentials(&request).is_ok() {
                    won.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(won.into_inner(), 1);
}

/// A state whose keys the host keeps.
fn without_keys(state: &bailiwick::platform::State) -> bailiwick::platform::State {
    let mut copy = bailiwick::platform::State::new();
    for row in state.rows().unwrap() {
        if !row.starts_with(br#"{"signing_key""#) {
            copy.restore(&row).unwrap();
        }
    }
    copy
}

#[test]
fn threat_32_of_a_thousand_racing_redemptions_one_wins() {
    let world = World::new();
    world.install();
    let code = world.code("ana");
    let (won, tokens) = (AtomicUsize::new(0), std::sync::Mutex::new(vec![]));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..50 {
                    if let Ok(response) = world.redeem(&code) {
                        won.fetch_add(1, Ordering::SeqCst);
                        tokens.lock().unwrap().push(response.access_token().to_owned());
                    }
                }
            });
        }
    });
    assert_eq!(won.into_inner(), 1);
    // The replays ended what the code yielded.
    let token = tokens.into_inner().unwrap().pop().unwrap();
    let session = world.engine.authenticate(&token, Tenant::id("acme"));
    assert!(session.is_err() || reason(&session.unwrap(), "rfis.view", "p1") == Reason::Revoked);
}

fn hmac_key(secret: &[u8]) -> bailiwick::Result<KeySet> {
    KeySet::from_secret(bailiwick::Algorithm::Hs256, Some("k"), secret)
}

#[test]
fn threat_33_an_hmac_key_shorter_than_its_hash_is_refused() {
    let random = *b"\x8f\x13\xd0\x62\xa9\x5e\xc4\x07\x3b\xf2\x90\x1d\x77\xe8\x4a\xb6\x29\xcd\x05\x6f\xba\x31\x84\xde\x12\x9b\x50\xf7\x68\xac\x03\xe5";
    assert!(hmac_key(&random).is_ok());
    for short in [&random[..0], &random[..1], &random[..16], &random[..31]] {
        assert_eq!(hmac_key(short).unwrap_err().kind(), ErrorKind::KeyInvalid);
    }
}

#[test]
fn threat_34_a_guessable_hmac_secret_is_refused() {
    let repeated = [b'a'; 64];
    let word = b"passwordpasswordpasswordpassword";
    let changeit = b"your-256-bit-secret-your-256-bit-secret";
    for weak in [&repeated[..], word, changeit, &[0; 32]] {
        assert_eq!(hmac_key(weak).unwrap_err().kind(), ErrorKind::KeyInvalid);
    }
}

#[test]
fn threat_36_invariant_17_an_unknown_client_and_a_wrong_secret_look_the_same() {
    let world = World::new();
    let (account, other) = (world.account(), world.account());
    let reply = |id: &str, secret: &str| {
        let body =
            format!("grant_type=client_credentials&scope=rfis%3Aread&client_id={id}&client_secret={secret}");
        let reply = world.engine.token_endpoint(None, body);
        let headers: Vec<_> = reply
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        (reply.status(), headers, reply.body().to_owned())
    };
    assert_eq!(reply(account.id.as_str(), &account.secret).0, 200);
    let wrong = reply(account.id.as_str(), &other.secret);
    assert_eq!(wrong.0, 401);
    assert_eq!(reply("svc_0000000000000000000000", &other.secret), wrong);
    assert_eq!(reply("nobody", "x"), wrong);
}

#[test]
fn threat_51_a_token_from_before_is_told_by_when_it_was_issued() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let old = world.token(&account, "rfis:read");
    world.admin(|admin| {
        admin.disable_account(account.id.clone()).unwrap();
        admin.enable_account(account.id.clone()).unwrap();
    });
    // Issued in the same second as the disabling, and after it.
    let new = world.token(&account, "rfis:read");
    world.clock.advance(600);
    assert_eq!(reason(&world.session(&new), "rfis.view", "p1"), Reason::Permitted);
    assert_eq!(reason(&world.session(&old), "rfis.view", "p1"), Reason::Outdated);
}

#[test]
fn threat_52_the_live_tokens_of_a_disabled_account_are_denied_at_once() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let session = world.session(&world.token(&account, "rfis:read"));
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Permitted);
    world.admin(|admin| admin.disable_account(account.id.clone()).unwrap());
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Disabled);
    assert_eq!(
        world.issue(&account, "rfis:read").unwrap_err().code().as_str(),
        "unauthorized_client"
    );
}

#[test]
fn threat_53_no_scope_covers_nothing() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let none: [&str; 0] = [];
    let provenance = bailiwick::platform::Provenance::issued(bailiwick::platform::Issued::Sequence(
        world.engine.platform().sequence(),
    ));
    let identity =
        Identity::token(Principal::service_account(account.id.to_string()), none).provenance(provenance);
    let session = world.engine.session_of(identity, Tenant::id("acme")).unwrap();
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Scope);
    for scope in ["", " "] {
        assert_eq!(
            world.issue(&account, scope).unwrap_err().code().as_str(),
            "invalid_scope",
            "{scope:?}"
        );
    }
    let unsaid = ClientCredentials::new(account.client());
    assert_eq!(
        world
            .engine
            .client_credentials(&unsaid)
            .unwrap_err()
            .code()
            .as_str(),
        "invalid_scope"
    );
}

#[test]
fn threat_54_nothing_that_is_minted_has_more_than_what_it_comes_from() {
    let world = World::new();
    world.install();
    let account = world.account();
    let narrow = world.token(&account, "rfis:read");
    let wider = Exchange::new(account.client(), &narrow).scope("rfis:write");
    assert_eq!(
        world.engine.exchange(&wider).unwrap_err().code().as_str(),
        "invalid_scope"
    );
    let tokens = world.redeem(&world.code("ana")).unwrap();
    let refresh = bailiwick::oauth::Refresh::new(world.app(), tokens.refresh_token().unwrap());
    let wider = world
        .engine
        .refresh(&refresh.scope("rfis:read rfis:write rfis:print"));
    assert_eq!(wider.unwrap_err().code().as_str(), "invalid_scope");
    let single = Exchange::new(account.client(), &narrow).audience("files");
    let files = world.engine.exchange(&single).unwrap().access_token().to_owned();
    let back = Exchange::new(account.client(), &files).audience("api");
    assert!(world.engine.exchange(&back).is_err());
}

#[test]
fn threat_55_only_a_space_separates_scopes() {
    let world = World::new();
    let account = world.account();
    for text in [
        "rfis:read\u{a0}rfis:write",
        "rfis:read\trfis:write",
        "rfis:read,rfis:write",
        "rfis:read\u{2003}rfis:write",
        "rfis:ｒead",
        "rfis:read\0",
    ] {
        assert_eq!(
            world.issue(&account, text).unwrap_err().code().as_str(),
            "invalid_scope",
            "{text:?}"
        );
        let identity = Identity::token(Principal::service_account(account.id.to_string()), [text]);
        let session = world.engine.session_of(identity, Tenant::id("acme")).unwrap();
        assert_ne!(reason(&session, "rfis.view", "p1"), Reason::Permitted, "{text:?}");
    }
}

#[test]
fn threat_56_names_are_compared_byte_by_byte() {
    let world = World::new();
    let account = world.account();
    for text in ["RFIS:READ", "rfi\u{17f}:read", "Rfis:read"] {
        assert_eq!(
            world.issue(&account, text).unwrap_err().code().as_str(),
            "invalid_scope",
            "{text:?}"
        );
    }
    // The Kelvin sign, sharp s and dotted I fold to other letters; here they stay themselves.
    for (name, twin) in [("p-k", "p-\u{212a}"), ("p-ss", "p-ß"), ("p-i", "p-İ")] {
        world.admin(|admin| {
            admin.create_project("acme", name, name).unwrap();
            admin.create_project("acme", twin, twin).unwrap();
            admin
                .set_account_projects(account.id.clone(), Projects::listed([name]))
                .unwrap();
        });
        world.assign(&account, twin);
        let session = world.session(&world.token(&account, "rfis:read"));
        assert_eq!(reason(&session, "rfis.view", twin), Reason::Project, "{twin}");
        assert_eq!(
            reason(&session, "rfis.view", name),
            Reason::NotPermitted,
            "{name}"
        );
    }
    let upper = account.id.as_str().to_uppercase();
    let client = ClientAuthentication::post(&upper, &account.secret).unwrap();
    assert!(
        world
            .engine
            .client_credentials(&ClientCredentials::new(client).scope("rfis:read"))
            .is_err()
    );
}

#[test]
fn threat_57_wildcards_in_ids_are_letters() {
    let world = World::new();
    let account = world.account();
    for pattern in ["*", "p*", "p.", ".*", "p%", "p_", "[p]1", "p1|p2", "^p1$"] {
        world.admin(|admin| {
            admin.create_project("acme", pattern, pattern).unwrap();
            admin
                .set_account_projects(account.id.clone(), Projects::listed([pattern]))
                .unwrap();
        });
        world.assign(&account, pattern);
        let session = world.session(&world.token(&account, "rfis:read"));
        assert_eq!(
            reason(&session, "rfis.view", pattern),
            Reason::Permitted,
            "{pattern}"
        );
        assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Project, "{pattern}");
        assert!(scopes("rfis:read").iter().all(|scope| scope != pattern));
    }
}

#[test]
fn threat_66_one_decision_sees_one_revision() {
    // Rules and entities agree within each revision and contradict each other across two.
    let source = |version: i64| {
        let rule = format!(
            r#"@id("r") permit (principal, action, resource) when {{ resource.version == {version} }};"#
        );
        let entities = json!([
            { "uid": { "type": "Company", "id": "acme" }, "attrs": {}, "parents": [] },
            { "uid": { "type": "Doc", "id": "d" }, "attrs": { "version": version },
              "parents": [{ "type": "Company", "id": "acme" }] },
        ]);
        Source::new()
            .schema(
                "s.cedarschema",
                r#"@bailiwick("tenant") entity Company; @bailiwick("user") entity User;
                   entity Doc in [Company] { version: Long };
                   action view appliesTo { principal: User, resource: Doc };"#,
            )
            .cedar("r.cedar", rule)
            .entities("e.json", entities.to_string())
    };
    let engine = Engine::builder()
        .source(source(0))
        .unwrap()
        .clock(Clock::fixed(NOW))
        .build()
        .unwrap();
    let session = engine
        .session(Principal::user("ana"), Tenant::id("acme"))
        .unwrap();
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let doc = bailiwick::Resource::stored("Doc", "d");
                while !done.load(Ordering::SeqCst) {
                    let decision = session.decide("view", &doc, &Context::new());
                    assert!(decision.allowed(), "{decision}");
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for version in 1..60 {
            let policies = bailiwick::Policies::load(source(version)).unwrap();
            engine.reload(policies).unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    assert!(asked.into_inner() > 0);
}

#[test]
fn threat_67_page_tokens_cannot_be_made_up() {
    let cursors = Cursors::new(&[7; 32]);
    let token = cursors.issue(&["audit", "acme"], "41");
    assert_eq!(cursors.position(&["audit", "acme"], &token).unwrap(), "41");
    assert!(cursors.position(&["audit", "borealis"], &token).is_err());
    assert!(cursors.position(&["audita", "cme"], &token).is_err());
    assert!(
        Cursors::new(&[8; 32])
            .position(&["audit", "acme"], &token)
            .is_err()
    );
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(bytes).unwrap();
        assert!(cursors.position(&["audit", "acme"], &altered).is_err(), "{at}");
        assert!(
            cursors.position(&["audit", "acme"], &token[..at]).is_err(),
            "{at}"
        );
    }
    // What would be SQL stays an id.
    let world = World::new();
    let id = "p'; DROP TABLE entry; --";
    world.admin(|admin| admin.create_project("acme", id, "Quoted").unwrap());
    assert_eq!(world.engine.platform().project(id).unwrap().name, "Quoted");
}

#[test]
fn threat_69_no_driver_or_binding_with_a_known_memory_bug_is_locked() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let mut seen = BTreeSet::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line
            .strip_prefix("name = \"")
            .and_then(|rest| rest.strip_suffix('"'))
        else {
            continue;
        };
        let version = lines
            .next()
            .and_then(|line| line.strip_prefix("version = \""))
            .unwrap();
        let numbers: Vec<u32> = version
            .trim_end_matches('"')
            .split(['.', '-', '+'])
            .map_while(|part| part.parse().ok())
            .collect();
        seen.insert(name.to_owned());
        let least = match name {
            "pyo3" => [0, 29, 0],
            "lru" => [0, 18, 2],
            "tokio-postgres" => [0, 7, 18],
            "sqlx" => [0, 8, 1],
            _ => continue,
        };
        assert!(numbers.as_slice() >= &least[..], "{name} {version}");
    }
    assert!(
        seen.contains("pyo3") && seen.contains("rusqlite"),
        "the lock file was read"
    );
}

#[test]
fn a_role_at_a_place_is_assigned_to_many_or_to_none() {
    let world = World::new();
    world.admin(|admin| (0..5).for_each(|number| admin.add_member("acme", format!("u{number}")).unwrap()));
    let place = bailiwick::platform::Place::Project("p1".into());
    let users = || (0..5).map(|number| bailiwick::platform::Assignee::User(format!("u{number}").into()));
    let before = world.engine.revision();
    world.admin(|admin| {
        assert_eq!(
            admin.assign_role_to(users(), "standard", &place).unwrap().len(),
            5
        );
    });
    assert_eq!(world.engine.revision(), before + 1);
    assert!(world.user("u4", "acme").allows("rfis.view", &rfi("p1")));
    let with_stranger = users().chain([bailiwick::platform::Assignee::User("stranger".into())]);
    world.admin(|admin| assert!(admin.assign_role_to(with_stranger, "reader", &place).is_err()));
    assert_eq!(world.engine.revision(), before + 1);
    let dan = world.user("dan", "acme");
    assert!(
        world
            .engine
            .act_as(&dan)
            .assign_role_to(users(), "standard", &place)
            .is_err()
    );
}
