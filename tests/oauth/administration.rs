//! What administration shows and revokes, seen through the tokens it is done with and to.

use bailiwick::Reason;
use bailiwick::oauth::TokenQuery;

use super::world::{NOW, World, reason};

#[test]
fn connected_apps_are_shown_by_policy() {
    let world = World::new();
    world.install();
    let tokens = world.redeem(&world.code("ana")).unwrap();
    let engine = &world.engine;
    let own = world.user("ana", "acme");
    assert_eq!(engine.act_as(&own).connected_apps().len(), 1);
    // The app itself was never allowed to look at consents.
    let app = world.session(tokens.access_token());
    assert!(engine.act_as(&app).connected_apps().is_empty());
}

#[test]
fn a_revocation_lasts_whatever_expiry_it_is_given() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let mut last = String::new();
    for expires in [i64::MIN, 0, NOW - 1_000_000, i64::MAX] {
        let token = world.token(&account, "rfis:read");
        let claims = world.engine.issued_claims(&token).unwrap().unwrap();
        last = claims.token_id().unwrap().to_owned();
        let session = world.session(&token);
        assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Permitted);
        world.admin(|admin| {
            admin
                .revoke_account_token(account.id.clone(), last.clone(), expires)
                .unwrap();
        });
        assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Revoked, "{expires}");
        // Nor does another session of it fare better.
        assert_eq!(
            reason(&world.session(&token), "rfis.view", "p1"),
            Reason::Revoked,
            "{expires}"
        );
    }
    // What is remembered for ever would fill the memory.
    let is_remembered = || {
        let token = last.as_str().into();
        world
            .engine
            .platform()
            .is_account_token_revoked(&account.id, &token)
    };
    assert!(is_remembered());
    world.clock.advance(3 * 86_400);
    world.admin(|admin| {
        let other = "another-token";
        admin
            .revoke_account_token(account.id.clone(), other, i64::MAX)
            .unwrap();
    });
    assert!(!is_remembered());
}

#[test]
fn a_token_is_revoked_for_its_own_account_alone() {
    let world = World::new();
    let (account, other) = (world.account(), world.account());
    world.assign(&account, "p1");
    let token = world.token(&account, "rfis:read");
    let claims = world.engine.issued_claims(&token).unwrap().unwrap();
    let id = claims.token_id().unwrap();
    let session = world.session(&token);
    // Whoever administers another account knows the id from a log, say.
    world.admin(|admin| {
        admin
            .revoke_account_token(other.id.clone(), id, claims.valid_until())
            .unwrap()
    });
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Permitted);
    world.admin(|admin| {
        admin
            .revoke_account_token(account.id.clone(), id, claims.valid_until())
            .unwrap();
    });
    assert_eq!(reason(&session, "rfis.view", "p1"), Reason::Revoked);
}

#[test]
fn an_admin_sees_what_clients_changed_in_their_tenant_and_no_more_than_asked_for() {
    let world = World::new();
    world.install();
    let tokens = world.redeem(&world.code("ana")).unwrap();
    let tokens = world.refresh(tokens.refresh_token().unwrap()).unwrap();
    let query = TokenQuery::new(world.app(), tokens.access_token());
    world.engine.revoke(&query).unwrap();
    let actions = |tenant: &str, user: &str, after: u64, limit: usize| {
        let session = world.user(user, tenant);
        let changes = world
            .engine
            .act_as(&session)
            .changes(tenant, after, limit)
            .unwrap();
        changes
            .iter()
            .filter_map(|(_, record)| record["action"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let seen = actions("acme", "ana", 0, usize::MAX);
    for action in ["oauth.redeem_code", "oauth.refresh", "oauth.revoke"] {
        assert!(seen.iter().any(|it| it == action), "{action} in {seen:?}");
    }
    let elsewhere = actions("borealis", "ida", 0, usize::MAX);
    assert!(
        !elsewhere.iter().any(|it| it.starts_with("oauth.")),
        "{elsewhere:?}"
    );
    assert_eq!(actions("acme", "ana", 0, 2).len(), 2);
    assert!(actions("acme", "ana", 0, 0).is_empty());
}
