//! What happens at the same time.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bailiwick::oauth::{ClientAuthentication, ClientCredentials, Settings};
use bailiwick::platform::{Assignee, Place, SecretOwner};
use bailiwick::{Algorithm, KeyPurpose, KeyRing, NewServiceAccount, Reason, Tenant};

use crate::world::{NOW, World, reason};

const THREADS: usize = 4;

/// A decision that begins after a revocation is acknowledged never allows, on whatever thread.
#[test]
fn revoke_against_decide() {
    for _ in 0..8 {
        let world = World::new();
        let ana = world.user("ana", "acme");
        let admin = world.engine.act_as(&ana);
        let new = NewServiceAccount::named("ERP").project("p1");
        let (account, _) = admin.create_service_account("acme", new).unwrap();
        let place = Place::Project("p1".into());
        world.assign(Assignee::ServiceAccount(account.clone()), "rfis-standard", place);
        let session = world.through_account(&account, world.issued_now());
        let (start, revoked, allowed) = (
            Barrier::new(THREADS + 1),
            AtomicBool::new(false),
            AtomicU64::new(0),
        );
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    loop {
                        let was_revoked = revoked.load(Ordering::SeqCst);
                        match reason(&session, "rfis.view", "p1") {
                            Reason::Permitted => {
                                assert!(!was_revoked, "allowed after the revocation");
                                allowed.fetch_add(1, Ordering::SeqCst);
                            }
                            Reason::Disabled => {}
                            other => panic!("{other:?}"),
                        }
                        if was_revoked {
                            break;
                        }
                    }
                });
            }
            start.wait();
            while allowed.load(Ordering::SeqCst) < 20 {
                std::thread::yield_now();
            }
            admin.disable_account(account.clone()).unwrap();
            revoked.store(true, Ordering::SeqCst);
        });
        assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Disabled);
    }
}

/// While a secret is rotated with an overlap, its users are never turned away, and what they get is accepted.
#[test]
fn rotate_against_authenticate() {
    let ring = KeyRing::new();
    ring.rotate(KeyPurpose::Sign(Algorithm::EdDsa), NOW).unwrap();
    let settings = Settings::new("https://id.example.com").audience("api");
    let world = World::with(|builder| builder.oauth(settings, &ring));
    let ana = world.user("ana", "acme");
    let admin = world.engine.act_as(&ana);
    let new = NewServiceAccount::named("ERP").project("p1");
    let (account, secret) = admin.create_service_account("acme", new).unwrap();
    let place = Place::Project("p1".into());
    world.assign(Assignee::ServiceAccount(account.clone()), "rfis-standard", place);
    let owner = SecretOwner::ServiceAccount(account.clone());
    let mut current = secret;
    for _ in 0..6 {
        let (start, rotated, tokens) = (
            Barrier::new(THREADS + 1),
            AtomicBool::new(false),
            AtomicU64::new(0),
        );
        let fresh = std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    loop {
                        let is_last = rotated.load(Ordering::SeqCst);
                        let client = ClientAuthentication::post(account.as_str(), current.expose()).unwrap();
                        let request = ClientCredentials::new(client).scope("rfis:write");
                        let response = world.engine.client_credentials(&request).unwrap();
                        let session = world
                            .engine
                            .authenticate(response.access_token(), Tenant::id("acme"))
                            .unwrap();
                        assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Permitted);
                        tokens.fetch_add(1, Ordering::SeqCst);
                        if is_last {
                            break;
                        }
                    }
                });
            }
            start.wait();
            while tokens.load(Ordering::SeqCst) < 8 {
                std::thread::yield_now();
            }
            let (_, fresh) = admin.rotate_secret(&owner, 60).unwrap();
            rotated.store(true, Ordering::SeqCst);
            fresh
        });
        world.clock.advance(60);
        let client = ClientAuthentication::post(account.as_str(), current.expose()).unwrap();
        assert!(
            world
                .engine
                .client_credentials(&ClientCredentials::new(client))
                .is_err(),
            "its deadline has come"
        );
        current = fresh;
    }
}
