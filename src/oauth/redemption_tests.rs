use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::test_world::{NOW, REDIRECT, VERIFIER, World};
use super::super::{ClientAuthentication, OAuthErrorCode};
use super::*;
use crate::platform::{AppChange, EndReason, GrantChange, MembershipChange};

fn refused(world: &World, request: &CodeRedemption) -> OAuthErrorCode {
    world.redeem(request).unwrap_err().code()
}

#[test]
fn a_code_gives_an_access_token_and_a_refresh_token() {
    let world = World::new();
    let response = world.tokens();
    assert_eq!(response.scope(), "rfis:read rfis:write");
    assert!(response.refresh_token().unwrap().starts_with("bwr_"));
    let claims = world
        .server
        .verifier
        .verify(response.access_token(), NOW)
        .unwrap();
    assert_eq!(
        (claims.subject(), claims.client_id()),
        ("ana", Some("dashboards"))
    );
    assert_eq!(claims.tenant(), Some("acme"));
    let lineage = claims.lineage();
    assert_eq!(lineage.installation.as_deref(), Some("ins"));
    assert!(lineage.grant.is_some() && lineage.family.is_some() && lineage.secret.is_none());
}

#[test]
fn threat_32_invariant_19_a_hundred_threads_redeem_one_code_and_exactly_one_succeeds() {
    let world = World::new();
    let request = world.redemption(&world.code());
    let (start, won) = (Barrier::new(100), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                start.wait();
                if world.redeem(&request).is_ok() {
                    won.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(won.load(Ordering::SeqCst), 1);
}

#[test]
fn invariant_19_a_replayed_code_ends_what_it_yielded() {
    let world = World::new();
    let request = world.redemption(&world.code());
    let tokens = world.redeem(&request).unwrap();
    assert!(world.introspect("dashboards", tokens.access_token()).active);
    assert_eq!(refused(&world, &request), OAuthErrorCode::InvalidGrant);
    assert!(!world.introspect("dashboards", tokens.access_token()).active);
    let refresh = world.refreshing(tokens.refresh_token().unwrap());
    assert_eq!(
        world.refresh(&refresh).unwrap_err().code(),
        OAuthErrorCode::InvalidGrant
    );
    let state = world.state();
    let code = state.code(world.server.code_id(&request.code).as_str()).unwrap();
    let family = state.family(code.redeemed.as_ref().unwrap().as_str()).unwrap();
    assert_eq!(family.ended.unwrap().reason, EndReason::CodeReplayed);
}

#[test]
fn another_client_cannot_redeem_a_code_nor_end_what_it_yielded() {
    let world = World::new();
    let request = world.redemption(&world.code());
    let thief = CodeRedemption {
        client: world.client("widgets"),
        ..request.clone()
    };
    assert_eq!(refused(&world, &thief), OAuthErrorCode::InvalidGrant);
    let account = CodeRedemption {
        client: world.client("erp"),
        ..request.clone()
    };
    assert_eq!(refused(&world, &account), OAuthErrorCode::UnauthorizedClient);
    let tokens = world.redeem(&request).unwrap();
    assert_eq!(refused(&world, &thief), OAuthErrorCode::InvalidGrant);
    assert!(world.introspect("dashboards", tokens.access_token()).active);
}

#[test]
fn a_confidential_app_cannot_redeem_as_a_public_one() {
    let world = World::new();
    let client = ClientAuthentication::public("dashboards").unwrap();
    let request = CodeRedemption {
        client,
        ..world.redemption(&world.code())
    };
    assert_eq!(refused(&world, &request), OAuthErrorCode::InvalidClient);
}

#[test]
fn a_public_app_redeems_with_its_verifier_alone() {
    let world = World::new();
    world.apply(AppChange::Registered {
        id: "phone".into(),
        name: "Phone".to_owned(),
        owner: "devs".into(),
        developers: Default::default(),
        at: NOW,
    });
    world.publish("phone", 1, "rfis:read");
    world.apply(crate::platform::TenantChange::UserInstallsSet {
        id: "acme".into(),
        allowed: true,
    });
    let code = world
        .consent(&world.request("phone", "rfis:read"), "acme", "ana")
        .unwrap();
    let client = ClientAuthentication::public("phone").unwrap();
    let request = CodeRedemption::new(client, &code, REDIRECT, VERIFIER);
    assert!(world.redeem(&request).is_ok());
}

#[test]
fn verifier_and_redirect_uri_are_those_of_the_request() {
    let world = World::new();
    let honest = world.redemption(&world.code());
    let wrong = "a".repeat(43);
    for request in [
        CodeRedemption::new(world.client("dashboards"), &honest.code, REDIRECT, &wrong),
        CodeRedemption::new(
            world.client("dashboards"),
            &honest.code,
            REDIRECT,
            super::super::test_world::CHALLENGE,
        ),
        CodeRedemption::new(
            world.client("dashboards"),
            &honest.code,
            "http://127.0.0.1/cb",
            VERIFIER,
        ),
        CodeRedemption::new(world.client("dashboards"), "bwc_unknown", REDIRECT, VERIFIER),
        CodeRedemption::new(world.client("dashboards"), "", REDIRECT, VERIFIER),
    ] {
        assert_eq!(refused(&world, &request), OAuthErrorCode::InvalidGrant);
    }
    assert!(world.redeem(&honest).is_ok());
}

#[test]
fn a_code_expires_exactly_at_its_time() {
    for (seconds, is_good) in [(59, true), (60, false), (86_400, false)] {
        let world = World::new();
        let request = world.redemption(&world.code());
        world.wait(seconds);
        assert_eq!(world.redeem(&request).is_ok(), is_good, "{seconds}");
    }
}

#[test]
fn a_code_is_worth_nothing_once_what_is_behind_it_is_gone() {
    let revoke = |world: &World| {
        let state = world.state();
        let grant = state.consent_of(&"ana".into(), &"ins".into()).unwrap().id.clone();
        world.apply(GrantChange::Revoked { id: grant, at: NOW });
    };
    let deactivate = |world: &World| {
        world.apply(MembershipChange::Deactivated {
            tenant: "acme".into(),
            user: "ana".into(),
            at: NOW,
        });
    };
    let block = |world: &World| {
        world.apply(AppChange::Blocked {
            id: "dashboards".into(),
            at: NOW,
        })
    };
    for end in [&revoke as &dyn Fn(&World), &deactivate, &block] {
        let world = World::new();
        let request = world.redemption(&world.code());
        end(&world);
        assert!(world.redeem(&request).is_err());
    }
}
