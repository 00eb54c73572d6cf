use super::super::fixture::{NOW, World};
use super::*;

#[test]
fn what_has_had_its_time_is_forgotten_and_what_may_still_be_replayed_is_not() {
    let world = World::new();
    let request = world.redemption(&world.code());
    let id = world.server.code_id(&request.code);
    world.redeem(&request).unwrap();
    world.wait(REMEMBERED_SECONDS);
    world.code();
    assert!(world.state().code(id.as_str()).is_some());
    assert!(world.redeem(&request).is_err());
    world.wait(SWEEP_SECONDS);
    world.code();
    assert!(world.state().code(id.as_str()).is_none());
}

#[test]
fn forgetting_is_rare_and_never_alone() {
    let world = World::new();
    let nothing = || Plan {
        changes: vec![],
        outcome: Ok(()),
    };
    assert!(world.server.settle(nothing(), NOW).0.is_empty());
    let something = || Plan {
        changes: vec![RevocationChange::Forgotten { before: 0 }.into()],
        outcome: Ok(()),
    };
    let counts =
        [NOW, NOW, NOW + 599, NOW + 600, NOW - 1].map(|now| world.server.settle(something(), now).0.len());
    assert_eq!(counts, [2, 1, 1, 2, 2]);
}

#[test]
fn ids_are_fresh_and_say_what_they_name() {
    let ids: std::collections::BTreeSet<_> = (0..1_000).map(|_| fresh_id("fam_").unwrap()).collect();
    assert_eq!(ids.len(), 1_000);
    assert!(ids.iter().all(|id| id.starts_with("fam_")));
}

#[test]
fn impossible_settings_make_no_server() {
    let settings = Settings::new("https://id.example.com");
    assert!(Server::new(settings, &KeyRing::new(), &[0; 32]).is_err());
}
