use super::super::test_world::{NOW, World};
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

#[test]
fn families_are_forgotten_once_everything_of_theirs_has_expired() {
    let world = World::with(|settings| settings.refresh_tokens(1_000));
    world.tokens();
    let families = |world: &World| {
        let state = world.state();
        let grants: Vec<_> = state
            .grants_of_user(&"acme".into(), &"ana".into())
            .map(|grant| grant.id.clone())
            .collect();
        let of = grants
            .iter()
            .map(|grant| state.families_of(grant.as_str()).count());
        of.sum::<usize>()
    };
    assert_eq!(families(&world), 1);
    world.wait(1_000 + REMEMBERED_SECONDS + SWEEP_SECONDS);
    world.tokens();
    assert_eq!(families(&world), 1, "the new one alone");
}
