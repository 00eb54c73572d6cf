use super::*;
use crate::cedar::{Authorizer, Request};
use crate::value::{Context, Entity, EntityRef, EntityUid, Value};
use crate::{Policies, Source, context};

const TEMPLATES: &str = r#"
    @id("viewer") @advice("ask the owner")
    permit(principal in ?principal, action in [Action::"view", Action::"list"], resource is Doc in ?resource)
        when { resource has state && resource.state like "o*n" };
    @id("lent") permit(principal == ?principal, action == Action::"view", resource);
"#;

/// Every kind of step.
const CONDITIONS: &str = r#"
    @id("office") permit(principal is User, action, resource == Doc::"plan")
        when { context.ip.isInRange(ip("10.0.0.0/8")) && [1, 2, 3].contains(context.level) }
        unless { if principal has tier.best then principal.tier.best > 3 else {a: 1, "b c": [resource]} == context };
    @id("closed") forbid(principal, action, resource)
        when { resource is Doc in [Folder::"g", Folder::"h"] || principal in resource || !(context.level == 7) };
    @id("late") forbid(principal, action == Action::"edit", resource)
        when { context.at.toTime() > duration("18h") && principal.getTag("zone") == "eu" && datetime("no") == context.at };
"#;

fn entities() -> Vec<Entity<'static>> {
    let zone = Value::Set(vec![
        Value::from("eu"),
        Value::Entity(EntityUid::new("Zone", "z")),
    ]);
    vec![
        Entity::new("User", "ana")
            .parent("Group", "staff")
            .tag("zone", zone.clone()),
        Entity::new("Group", "staff").parent("Group", "all"),
        Entity::new("Folder", "f").attr("net", "10.0.0.0/8".parse::<crate::IpNet>().unwrap()),
        Entity::new("Doc", "plan")
            .parent("Folder", "f")
            .attr("state", "open")
            .attr("meta", crate::Record::new().with("zone", zone).with("age", 3)),
    ]
}

fn authorizer() -> Authorizer {
    let mut edit = Authorizer::compile(&cedar_policy::PolicySet::new(), None)
        .unwrap()
        .edit();
    for (name, text) in statements(TEMPLATES) {
        edit.add_template(name, text).unwrap();
    }
    for (name, text) in statements(CONDITIONS) {
        edit.add_policy(name, text).unwrap();
    }
    for entity in entities() {
        edit.upsert_entity(&entity).unwrap();
    }
    let (staff, folder) = (EntityRef::new("Group", "staff"), EntityRef::new("Folder", "f"));
    edit.link("viewer", "viewer@staff", Some(staff), Some(folder))
        .unwrap();
    edit.link("lent", "", Some(EntityRef::new("User", "bob")), None)
        .unwrap();
    edit.commit()
}

/// Each policy of a text with the id of its annotation.
fn statements(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let policies = text.split_inclusive(";\n").filter(|text| text.contains("@id"));
    policies.map(|policy| (policy.split('"').nth(1).unwrap(), policy.trim()))
}

/// What an authorizer says of every combination of some entities and contexts.
fn answers(authorizer: &Authorizer) -> Vec<String> {
    let contexts = [
        Context::new(),
        context! { "level": 2, "ip": "10.1.2.3".parse::<crate::IpNet>().unwrap() },
        context! { "level": 7, "at": "2026-01-01T19:00:00Z".parse::<crate::Datetime>().unwrap() },
    ];
    let uids = [
        ("User", "ana"),
        ("User", "bob"),
        ("Group", "all"),
        ("Doc", "plan"),
        ("Folder", "f"),
        ("Doc", "new"),
    ];
    let brought = [Entity::new("Doc", "new")
        .parent("Folder", "f")
        .attr("state", "open")];
    let mut answers = Vec::new();
    for context in &contexts {
        for (principal, resource) in uids.iter().flat_map(|a| uids.iter().map(move |b| (a, b))) {
            for action in ["view", "list", "edit"] {
                let request = Request::new(
                    EntityRef::new(principal.0, principal.1),
                    EntityRef::new("Action", action),
                    EntityRef::new(resource.0, resource.1),
                    context,
                );
                let request = request.with_entities(&brought);
                let response = authorizer.is_authorized(&request);
                let mut determining: Vec<_> = (response.determining())
                    .map(|policy| {
                        format!(
                            "{policy:?} {:?} {:?}",
                            policy.template_id(),
                            policy.annotation("advice")
                        )
                    })
                    .collect();
                let mut erring: Vec<_> = response
                    .erring()
                    .map(|(policy, error)| format!("{policy:?} {error}"))
                    .collect();
                determining.sort();
                erring.sort();
                answers.push(format!("{} {determining:?} {erring:?}", response.allowed()));
            }
        }
    }
    answers
}

#[test]
fn a_loaded_authorizer_answers_as_the_one_that_was_written() {
    let written = authorizer();
    let loaded = Authorizer::from_artifact(&written.to_artifact().unwrap()).unwrap();
    let answers_of_written = answers(&written);
    assert_eq!(answers(&loaded), answers_of_written);
    // The questions reach permits, forbids and errors.
    for part in [
        "true [\"\\\"\\\" Some(\\\"lent\\\")",
        "viewer@staff",
        "ask the owner",
        "office",
        "closed",
        "is missing",
    ] {
        assert!(
            answers_of_written.iter().any(|answer| answer.contains(part)),
            "{part}: {answers_of_written:#?}"
        );
    }
    assert_eq!(loaded.policy_count(), 5);
    assert_eq!(loaded.entity_count(), 4);
}

#[test]
fn the_same_policies_give_the_same_bytes() {
    let file = authorizer().to_artifact().unwrap();
    assert_eq!(authorizer().to_artifact().unwrap(), file);
    let loaded = Authorizer::from_artifact(&file).unwrap();
    assert_eq!(loaded.to_artifact().unwrap(), file);
}

#[test]
fn a_loaded_authorizer_takes_every_edit() {
    let written = authorizer();
    let loaded = Authorizer::from_artifact(&written.to_artifact().unwrap()).unwrap();
    let [written, loaded] = [written, loaded].map(|authorizer| {
        let mut edit = authorizer.edit();
        edit.add_policy(
            "new",
            "permit(principal, action == Action::\"edit\", resource in Folder::\"g\");",
        )
        .unwrap();
        edit.add_parent(EntityRef::new("Folder", "f"), EntityRef::new("Folder", "g"))
            .unwrap();
        edit.link(
            "viewer",
            "all",
            Some(EntityRef::new("Group", "all")),
            Some(EntityRef::new("Folder", "g")),
        )
        .unwrap();
        assert!(edit.link("lent", "all", None, None).is_err(), "the id is taken");
        assert!(edit.remove_policy("closed").unwrap());
        assert!(edit.remove_policy("viewer@staff").unwrap());
        assert!(edit.remove_policy("viewer").is_err(), "it still has a link");
        assert!(edit.remove_entity(EntityRef::new("Group", "staff")).unwrap());
        edit.commit()
    });
    assert_eq!(answers(&loaded), answers(&written));
    assert_eq!(loaded.to_artifact().unwrap(), written.to_artifact().unwrap());
}

#[test]
fn a_file_that_ends_too_soon_or_goes_on_is_refused() {
    let mut file = authorizer().to_artifact().unwrap();
    for length in 0..file.len() {
        let error = Authorizer::from_artifact(&file[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArtifactInvalid, "{length} bytes");
    }
    file.push(0);
    assert_eq!(
        Authorizer::from_artifact(&file).unwrap_err().kind(),
        ErrorKind::ArtifactInvalid
    );
}

#[test]
fn a_single_bit_that_is_wrong_is_noticed() {
    let mut file = authorizer().to_artifact().unwrap();
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        let error = Authorizer::from_artifact(&file).unwrap_err();
        let expected = [ErrorKind::ArtifactInvalid, ErrorKind::ArtifactVersion];
        assert!(expected.contains(&error.kind()), "bit {bit}: {error}");
        assert!(error.help_text().is_some());
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_file_of_another_version_is_refused_by_its_name() {
    let file = authorizer().to_artifact().unwrap();
    let mut newer = file.clone();
    newer[8] += 1;
    let error = Authorizer::from_artifact(&newer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ArtifactVersion);
    assert!(error.message().contains("in format 2"), "{error}");
    let mut other = file;
    other[13] = b'7';
    let error = Policies::from_artifact(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ArtifactVersion);
    assert!(
        error
            .message()
            .contains(&format!("by version 7{}", &VERSION[1..])),
        "{error}"
    );
}

#[test]
fn bytes_that_are_no_precompiled_file_are_named_so() {
    for bytes in [&b""[..], b"permit(principal, action, resource);", b"BAILIWC"] {
        let error = Authorizer::from_artifact(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArtifactInvalid);
        assert_eq!(error.message(), "this is no precompiled file");
    }
}

/// A few questions that reach every policy.
fn probe(authorizer: &Authorizer) {
    let context = context! { "level": 7, "at": "2026-01-01T19:00:00Z".parse::<crate::Datetime>().unwrap() };
    for action in ["view", "edit"] {
        let (ana, plan) = (EntityRef::new("User", "ana"), EntityRef::new("Doc", "plan"));
        let request = Request::new(ana, EntityRef::new("Action", action), plan, &context);
        let response = authorizer.is_authorized(&request);
        assert!(!format!("{response:?}").is_empty());
    }
}

/// A digest is no signature: whatever has a right one is read as if it came from an enemy.
#[test]
fn hostile_content_under_a_right_digest_is_refused_or_decides() {
    let source = Source::directory("policies/construction").unwrap();
    let file = Policies::load(source).unwrap().to_artifact().unwrap();
    let mine = authorizer().to_artifact().unwrap();
    let catalogue = open(&file).unwrap().catalogue.to_vec();
    let mut program = open(&mine).unwrap().program.to_vec();
    let (mut refused, mut decided) = (0, 0);
    for at in 0..program.len() {
        let right = program[at];
        for byte in [right ^ 1, right ^ 0x80, right.wrapping_add(3), 0, 0xFF] {
            program[at] = byte;
            let sealed = seal(Parts {
                program: &program,
                catalogue: &[],
            });
            match Authorizer::from_artifact(&sealed.unwrap()) {
                Ok(authorizer) => {
                    probe(&authorizer);
                    decided += 1;
                }
                Err(_) => refused += 1,
            }
        }
        program[at] = right;
    }
    assert!(refused > 1_000 && decided > 1_000, "{refused} {decided}");
    let mut hostile = catalogue.clone();
    // Every position would take long; a step of 7 meets every kind of them.
    for at in (0..catalogue.len()).step_by(7) {
        for byte in [0, 1, catalogue[at] ^ 0x80, catalogue[at].wrapping_add(1), 0xFF] {
            hostile[at] = byte;
            let sealed = seal(Parts {
                program: &program,
                catalogue: &hostile,
            })
            .unwrap();
            if let Ok(policies) = Policies::from_artifact(&sealed) {
                policies.vocabulary().scopes().count();
                policies.policy_ids().filter_map(|id| policies.origin(id)).count();
            }
        }
        hostile[at] = catalogue[at];
    }
}

#[test]
fn values_nested_without_end_are_refused_on_a_small_stack() {
    let mut steps = vec![Flat::Bool(true)];
    steps.extend((0..200_000).map(|_| Flat::Set(1)));
    assert!(Flat::build(&steps[..=64]).is_ok());
    let refusal = std::thread::Builder::new().stack_size(64 << 10).spawn(move || {
        let error = Flat::build(&steps).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArtifactInvalid);
    });
    refusal.unwrap().join().unwrap();
}

#[test]
fn values_that_lack_their_parts_are_refused() {
    for steps in [
        &[][..],
        &[Flat::Set(1)],
        &[Flat::Bool(true), Flat::Bool(true)],
        &[Flat::Bool(true), Flat::Bool(true), Flat::Record(vec!["a", "a"])],
        &[Flat::Ip("10.0.0.0".parse().unwrap(), 33)],
    ] {
        assert_eq!(
            Flat::build(steps).unwrap_err().kind(),
            ErrorKind::ArtifactInvalid,
            "{steps:?}"
        );
    }
}
