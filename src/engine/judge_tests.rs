use std::collections::BTreeMap;

use super::*;
use crate::{Engine, Principal, Source, Tenant};

const SCHEMA: &str = r#"
    @bailiwick("user") entity User;
    entity Group in [Group];
    action "view" appliesTo { principal: User, resource: Group };
"#;

const ALL: &str = r#"@id("all") permit (principal, action, resource);"#;

/// The groups `g0` to `g9`; of those that are stored, each lies in the next.
fn session(policy: &str) -> Session {
    let stored: Vec<_> = (0..10)
        .map(|number| {
            let parents =
                (number < 9).then(|| serde_json::json!({"type": "Group", "id": format!("g{}", number + 1)}));
            serde_json::json!({
                "uid": {"type": "Group", "id": format!("g{number}")},
                "attrs": {},
                "parents": parents.into_iter().collect::<Vec<_>>()
            })
        })
        .collect();
    let source = Source::new()
        .schema("s.cedarschema", SCHEMA)
        .cedar("p.cedar", policy)
        .entities("e.json", serde_json::Value::from(stored).to_string());
    let engine = Engine::builder().source(source).unwrap().build().unwrap();
    engine.session(Principal::user("ana"), Tenant::none()).unwrap()
}

fn group(id: &str, parents: &[String]) -> Entity<'static> {
    let entity = Entity::new("Group", id.to_owned());
    parents
        .iter()
        .fold(entity, |entity, parent| entity.parent("Group", parent.clone()))
}

/// What is wrong with a request that brings these along; none if nothing is.
fn problem(session: &Session, brought: Vec<Entity<'static>>) -> Option<String> {
    let mut brought = brought.into_iter();
    let first = brought.next().unwrap();
    let resource = brought.fold(Resource::entity(first), Resource::with);
    let decision = session.decide("view", &resource, &Context::new());
    let error = decision.request_error().map(|error| error.message().to_owned());
    assert_eq!(decision.allowed(), error.is_none());
    error
}

/// Whether any group is its own ancestor, found by walking from each until nothing new comes.
fn has_cycle(parents: &BTreeMap<String, Vec<String>>, brought: &[String]) -> bool {
    brought.iter().any(|start| {
        let (mut seen, mut work) = (vec![], vec![start]);
        while let Some(group) = work.pop() {
            for parent in parents.get(group).into_iter().flatten() {
                if !seen.contains(&parent) {
                    seen.push(parent);
                    work.push(parent);
                }
            }
        }
        seen.contains(&start)
    })
}

#[test]
fn a_cycle_of_what_is_brought_along_is_found_whatever_its_way() {
    let session = session(ALL);
    let mut state = 5_u64;
    let mut below = |bound: u64| {
        // The generator of Knuth's MMIX.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut cycles = 0;
    for round in 0..3_000 {
        let mut parents: BTreeMap<String, Vec<String>> = (0..9)
            .map(|number| (format!("g{number}"), vec![format!("g{}", number + 1)]))
            .collect();
        // Of `g0` to `g9` some are replaced; `f0` to `f9` are known to nobody else.
        let name = |number: u64| format!("{}{}", if number < 10 { "g" } else { "f" }, number % 10);
        let mut brought = vec![];
        let most = if round % 2 == 0 { 4 } else { 20 };
        for _ in 0..1 + below(most) {
            let id = name(below(20));
            if !brought.contains(&id) {
                let above: Vec<String> = (0..below(4)).map(|_| name(below(20))).collect();
                parents.insert(id.clone(), above);
                brought.push(id);
            }
        }
        let entities = brought.iter().map(|id| group(id, &parents[id])).collect();
        let found = problem(&session, entities);
        let expected = has_cycle(&parents, &brought);
        assert_eq!(found.is_some(), expected, "{round}: {found:?} {parents:?}");
        assert!(found.is_none_or(|message| message.contains("form a cycle")));
        cycles += u32::from(expected);
    }
    assert!(cycles > 500 && cycles < 2_500, "{cycles}");
}

#[test]
fn ancestors_are_found_through_much_that_is_brought_along() {
    let session = session(r#"@id("in") permit (principal, action, resource in Group::"g7");"#);
    let mut state = 6_u64;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let (mut allowed, mut asked) = (0, 0);
    for _ in 0..400 {
        let count = 2 + below(120);
        // Each lies in some that come later, now and then in a stored one, and in names that nobody knows.
        let mut parents: BTreeMap<String, Vec<String>> = (0..9)
            .map(|number| (format!("g{number}"), vec![format!("g{}", number + 1)]))
            .collect();
        for number in 0..count {
            let later = (0..1 + below(3)).map(|_| format!("n{}", number + 1 + below(count / 2)));
            let mut above: Vec<String> = later.collect();
            if below(12) == 0 {
                above.push(format!("g{}", below(10)));
            }
            parents.insert(format!("n{number}"), above);
        }
        let brought = (0..count).map(|number| group(&format!("n{number}"), &parents[&format!("n{number}")]));
        let mut brought = brought.collect::<Vec<_>>().into_iter();
        let first = brought.next().unwrap();
        let resource = brought.fold(Resource::entity(first), Resource::with);
        let (mut seen, mut work) = (vec![], vec!["n0".to_owned()]);
        while let Some(group) = work.pop() {
            for parent in parents.get(&group).into_iter().flatten() {
                if !seen.contains(parent) {
                    seen.push(parent.clone());
                    work.push(parent.clone());
                }
            }
        }
        let expected = seen.contains(&"g7".to_owned());
        assert_eq!(session.allows("view", &resource), expected, "{parents:?}");
        allowed += u32::from(expected);
        asked += 1;
    }
    assert!(
        allowed * 10 > asked && allowed * 10 < asked * 9,
        "{allowed} of {asked}"
    );
}

#[test]
fn what_a_request_brings_along_is_bounded() {
    let session = session(ALL);
    let names = |count: usize| (0..count).map(|number| format!("p{number}")).collect::<Vec<_>>();
    assert_eq!(
        problem(&session, vec![group("x", &names(MAX_REQUEST_PARENTS))]),
        None
    );
    let too_many = problem(&session, vec![group("x", &names(MAX_REQUEST_PARENTS + 1))]);
    assert!(too_many.unwrap().contains("parents together"));
    let entities = |count: usize| names(count).iter().map(|name| group(name, &[])).collect();
    assert_eq!(problem(&session, entities(MAX_REQUEST_ENTITIES)), None);
    assert!(problem(&session, entities(MAX_REQUEST_ENTITIES + 1)).is_some());
    // A chain as long as may be, and one that closes itself.
    let chain = |last: Option<usize>| {
        let above = |number: usize| match number + 1 {
            next if next < MAX_REQUEST_ENTITIES => Some(next),
            _ => last,
        };
        let parents = |number| {
            above(number)
                .map(|above| format!("p{above}"))
                .into_iter()
                .collect::<Vec<_>>()
        };
        let numbers = 0..MAX_REQUEST_ENTITIES;
        numbers
            .map(|number| group(&format!("p{number}"), &parents(number)))
            .collect()
    };
    assert_eq!(problem(&session, chain(None)), None);
    assert!(
        problem(&session, chain(Some(7)))
            .unwrap()
            .contains("form a cycle")
    );
}
