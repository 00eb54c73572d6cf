use super::*;
use crate::decide::{Authorizer, Layers};
use crate::value::{Context, Entity, EntityUid};

/// A small generator of numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % count
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const TYPES: [&str; 3] = ["User", "Group", "Doc"];
const IDS: usize = 4;
const ACTIONS: [&str; 4] = ["view", "edit", "reading", "all"];

fn uid(random: &mut Random) -> EntityUid<'static> {
    EntityUid::new(random.one(&TYPES), random.below(IDS).to_string())
}

fn scope(random: &mut Random, var: &str) -> String {
    let (entity, of) = (uid(random), random.one(&TYPES));
    match random.below(5) {
        0 => var.to_owned(),
        1 => format!("{var} is {of}"),
        2 => format!("{var} == {entity}"),
        3 => format!("{var} in {entity}"),
        _ => format!("{var} is {of} in {entity}"),
    }
}

fn policy(random: &mut Random, number: usize) -> String {
    let action = match random.below(3) {
        0 => "action".to_owned(),
        1 => format!("action == Action::\"{}\"", random.one(&ACTIONS)),
        _ => format!(
            "action in [Action::\"{}\", Action::\"edit\"]",
            random.one(&ACTIONS)
        ),
    };
    format!(
        "@id(\"{number}\") {} ({}, {action}, {}) {};",
        random.one(&["permit", "forbid"]),
        scope(random, "principal"),
        scope(random, "resource"),
        random.one(&["", "when { context.flag }", "unless { resource.missing }"])
    )
}

/// An entity below some of those with a greater number.
fn entity(random: &mut Random, uid: EntityUid<'static>) -> Entity<'static> {
    let above = uid.id().parse::<usize>().unwrap() + 1;
    let mut entity = Entity::with_uid(uid);
    for number in above..IDS {
        if random.below(2) == 0 {
            entity = entity.parent(random.one(&TYPES), number.to_string());
        }
    }
    entity
}

fn world(random: &mut Random) -> Authorizer {
    let texts: String = (0..1 + random.below(12))
        .map(|number| policy(random, number))
        .collect();
    let mut edit = Authorizer::compile(&texts.parse().unwrap(), None).unwrap().edit();
    let template = "permit (principal in ?principal, action in Action::\"all\", resource in ?resource);";
    edit.add_template("template", template).unwrap();
    for number in 0..random.below(6) {
        let (principal, resource) = (uid(random), uid(random));
        edit.link(
            "template",
            &format!("link-{number}"),
            Some(principal.as_ref()),
            Some(resource.as_ref()),
        )
        .unwrap();
    }
    for (action, parent) in [
        ("view", "reading"),
        ("reading", "all"),
        ("edit", "all"),
        ("all", ""),
    ] {
        let action = Entity::new("Action", action);
        let action = if parent.is_empty() {
            action
        } else {
            action.parent("Action", parent)
        };
        edit.upsert_entity(&action).unwrap();
    }
    for of in TYPES {
        for number in 0..IDS {
            if random.below(4) > 0 {
                edit.upsert_entity(&entity(random, EntityUid::new(of, number.to_string())))
                    .unwrap();
            }
        }
    }
    edit.commit()
}

fn sorted(mut verdict: Verdict) -> (Vec<u32>, Vec<u32>, String) {
    verdict.permits.sort_unstable();
    verdict.forbids.sort_unstable();
    verdict.faults.sort_unstable_by_key(|(rule, _)| *rule);
    let faults = format!("{:?}", verdict.faults);
    (verdict.permits.to_vec(), verdict.forbids.to_vec(), faults)
}

#[test]
fn the_rules_that_reach_a_principal_give_the_verdict_of_the_index() {
    let mut random = Random(11);
    let mut compared = [0_usize; 2];
    for _ in 0..150 {
        let authorizer = world(&mut random);
        let snapshot = &*authorizer.snapshot;
        let context = Context::new().with("flag", random.below(2) == 0);
        let actions = ACTIONS.map(|action| snapshot.keep(EntityUid::new("Action", action)));
        let principal = KeptPrincipal::new(snapshot.keep(uid(&mut random)), actions.len());
        for question in 0..40 {
            let (resource, number) = (uid(&mut random), random.below(ACTIONS.len()));
            let brought: Vec<Entity<'_>> = (0..random.below(3))
                .map(|_| {
                    let uid = uid(&mut random);
                    entity(&mut random, uid)
                })
                .collect();
            let object = snapshot.object(resource.as_ref(), &brought);
            let asked = Asked {
                view: &object.view,
                principal: &principal.kept.within(&object.view),
                action: &actions[number].within(&object.view),
                resource: &object.resolved,
                context: Layers::of(&context),
            };
            let expected = sorted(snapshot.verdict(&asked));
            let reached = principal.verdict(snapshot, &asked, number);
            compared[usize::from(reached.is_some())] += 1;
            if let Some(verdict) = reached {
                assert_eq!(sorted(verdict), expected, "question {question} about {resource}");
            }
        }
    }
    assert!(compared.iter().all(|count| *count > 500), "{compared:?}");
}

#[test]
fn a_principal_that_very_many_rules_reach_is_left_to_the_index() {
    let policies = |count: usize| -> String {
        let one =
            |number| format!("@id(\"{number}\") permit (principal, action, resource == Doc::\"{number}\");");
        (0..count).map(one).collect()
    };
    for (count, reached) in [(MAX_RULES, true), (MAX_RULES + 1, false)] {
        let authorizer = Authorizer::compile(&policies(count).parse().unwrap(), None).unwrap();
        let ana = EntityUid::new("User", "ana");
        let subject = authorizer.snapshot.subject(ana.as_ref());
        assert_eq!(
            Reach::of(&authorizer.snapshot, &subject.resolved).is_some(),
            reached
        );
    }
}
