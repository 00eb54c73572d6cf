use super::super::OAuthErrorCode;
use super::super::test_world::{NOW, World, scopes};
use super::*;
use crate::platform::{AppVersionChange, GrantChange, InstallationChange, Manifest, MembershipChange, Side};

fn first(world: &World) -> String {
    world.tokens().refresh_token().unwrap().to_owned()
}

fn successor(world: &World, token: &str) -> String {
    let response = world.refresh(&world.refreshing(token)).unwrap();
    response.refresh_token().unwrap().to_owned()
}

fn refused(world: &World, token: &str) -> OAuthErrorCode {
    world.refresh(&world.refreshing(token)).unwrap_err().code()
}

#[test]
fn each_refresh_token_is_replaced_by_the_next() {
    let world = World::new();
    let mut token = first(&world);
    for _ in 0..5 {
        world.wait(600);
        let next = successor(&world, &token);
        assert_ne!(next, token);
        token = next;
    }
}

#[test]
fn invariant_20_a_retry_within_the_grace_gets_the_same_successor_and_a_later_replay_ends_the_family() {
    let world = World::new();
    let lost = first(&world);
    let next = successor(&world, &lost);
    world.wait(29);
    assert_eq!(successor(&world, &lost), next);
    world.wait(1);
    assert_eq!(refused(&world, &lost), OAuthErrorCode::InvalidGrant);
    // The thief's replay has ended the owner's chain as well.
    assert_eq!(refused(&world, &next), OAuthErrorCode::InvalidGrant);
}

#[test]
fn a_grandparent_ends_the_family_even_within_the_grace() {
    let world = World::new();
    let old = first(&world);
    let next = successor(&world, &old);
    let last = successor(&world, &next);
    let access = world.refresh(&world.refreshing(&last)).unwrap();
    assert_eq!(refused(&world, &old), OAuthErrorCode::InvalidGrant);
    assert!(!world.introspect("dashboards", access.access_token()).active);
}

#[test]
fn without_a_grace_every_second_use_ends_the_family() {
    let world = World::with(|settings| settings.refresh_grace(0));
    let old = first(&world);
    let next = successor(&world, &old);
    assert_eq!(refused(&world, &old), OAuthErrorCode::InvalidGrant);
    assert_eq!(refused(&world, &next), OAuthErrorCode::InvalidGrant);
}

#[test]
fn threads_that_race_with_one_token_get_one_successor() {
    let world = World::new();
    let token = first(&world);
    let successors: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| successor(&world, &token)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(successors.len(), 1);
}

#[test]
fn another_client_cannot_use_a_refresh_token_nor_end_its_family() {
    let world = World::new();
    let token = first(&world);
    let thief = Refresh {
        client: world.client("widgets"),
        ..world.refreshing(&token)
    };
    assert_eq!(
        world.refresh(&thief).unwrap_err().code(),
        OAuthErrorCode::InvalidGrant
    );
    let next = successor(&world, &token);
    world.wait(60);
    assert_eq!(
        world.refresh(&thief).unwrap_err().code(),
        OAuthErrorCode::InvalidGrant
    );
    successor(&world, &next);
}

#[test]
fn invented_and_altered_refresh_tokens_are_refused_and_change_nothing() {
    let world = World::new();
    let token = first(&world);
    let before = world.state().sequence();
    for wrong in [
        &token[..token.len() - 1],
        "bwr_x.1.y",
        "",
        &token.replace("bwr_", "bwr_x"),
    ] {
        assert_eq!(refused(&world, wrong), OAuthErrorCode::InvalidGrant);
    }
    assert_eq!(world.state().sequence(), before);
}

#[test]
fn a_refresh_may_narrow_one_token_and_never_widens() {
    let world = World::new();
    let token = first(&world);
    let narrowed = world
        .refresh(&world.refreshing(&token).scope("rfis:read"))
        .unwrap();
    assert_eq!(narrowed.scope(), "rfis:read");
    let next = narrowed.refresh_token().unwrap().to_owned();
    for scope in ["drawings:read", "rfis:read drawings:read", "nonsense"] {
        let error = world.refresh(&world.refreshing(&next).scope(scope)).unwrap_err();
        assert_eq!(error.code(), OAuthErrorCode::InvalidScope, "{scope}");
    }
    // A refused request has not used the token up, and the next one is as wide as the chain.
    assert_eq!(
        world.refresh(&world.refreshing(&next)).unwrap().scope(),
        "rfis:read rfis:write"
    );
}

#[test]
fn a_refresh_keeps_within_what_is_still_consented_to() {
    let world = World::new();
    let token = first(&world);
    let grant = world
        .state()
        .consent_of(&"ana".into(), &"ins".into())
        .unwrap()
        .id
        .clone();
    world.apply(GrantChange::ScopesSet {
        id: grant,
        scopes: scopes("rfis:read"),
    });
    assert_eq!(
        world.refresh(&world.refreshing(&token)).unwrap().scope(),
        "rfis:read"
    );
}

#[test]
fn a_chain_ends_at_its_time_and_its_access_tokens_with_it() {
    let world = World::with(|settings| settings.refresh_tokens(1_000));
    let token = first(&world);
    world.wait(999);
    let response = world.refresh(&world.refreshing(&token)).unwrap();
    assert_eq!(response.expires_in(), 1);
    let next = response.refresh_token().unwrap().to_owned();
    world.wait(1);
    assert_eq!(refused(&world, &next), OAuthErrorCode::InvalidGrant);
}

#[test]
fn nothing_is_refreshed_once_what_is_behind_it_is_out_of_service() {
    let suspend = |world: &World| {
        let side = Side::TenantAdmin;
        world.apply(InstallationChange::Suspended {
            id: "ins".into(),
            side,
            at: NOW,
        });
    };
    let deactivate = |world: &World| {
        world.apply(MembershipChange::Deactivated {
            tenant: "acme".into(),
            user: "ana".into(),
            at: NOW,
        });
    };
    let uninstall = |world: &World| {
        let changes = world.state().uninstall(&"ins".into(), NOW).unwrap();
        changes.into_iter().for_each(|change| world.apply(change));
    };
    for end in [&suspend as &dyn Fn(&World), &deactivate, &uninstall] {
        let world = World::new();
        let token = first(&world);
        end(&world);
        assert!(world.refresh(&world.refreshing(&token)).is_err());
    }
}

#[test]
fn after_a_reinstall_the_old_refresh_token_is_refused() {
    let world = World::new();
    let token = first(&world);
    let changes = world.state().uninstall(&"ins".into(), NOW).unwrap();
    changes.into_iter().for_each(|change| world.apply(change));
    world.apply(InstallationChange::Installed {
        id: "ins2".into(),
        app: "dashboards".into(),
        tenant: "acme".into(),
        version: 1,
        scopes: scopes("rfis:read rfis:write"),
        projects: crate::platform::Projects::All,
        by_user: None,
        at: NOW,
    });
    world.code();
    assert!(world.refresh(&world.refreshing(&token)).is_err());
}

#[test]
fn an_app_that_does_not_refresh_gets_no_refresh_token() {
    let world = World::new();
    let mut manifest =
        Manifest::new(scopes("rfis:read rfis:write")).redirect_uri(super::super::test_world::REDIRECT);
    manifest.grant_types.remove(&GrantType::RefreshToken);
    world.apply(AppVersionChange::Drafted {
        app: "dashboards".into(),
        number: 2,
        manifest,
    });
    world.apply(AppVersionChange::Published {
        app: "dashboards".into(),
        number: 2,
        at: NOW,
    });
    let token = first(&world);
    world.apply(InstallationChange::VersionApproved {
        id: "ins".into(),
        version: 2,
        scopes: scopes("rfis:read rfis:write"),
    });
    assert_eq!(world.tokens().refresh_token(), None);
    assert_eq!(refused(&world, &token), OAuthErrorCode::UnauthorizedClient);
}
