//! What administration shows and revokes, seen through the tokens it is done with and to.

use bailiwick::Reason;

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
    assert!(world.engine.platform().is_token_revoked(&last));
    world.clock.advance(3 * 86_400);
    world.admin(|admin| {
        let other = "another-token";
        admin.revoke_account_token(account.id, other, i64::MAX).unwrap();
    });
    assert!(!world.engine.platform().is_token_revoked(&last));
}
