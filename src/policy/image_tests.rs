use super::*;
use crate::{Engine, EntityRef, Policies, Principal, Resource, Tenant, context};

fn construction() -> Policies {
    Policies::from_directory("policies/construction").unwrap()
}

#[test]
fn what_was_precompiled_tells_what_its_sources_told() {
    let written = construction();
    let file = written.to_artifact().unwrap();
    assert_eq!(
        construction().to_artifact().unwrap(),
        file,
        "the same sources, the same bytes"
    );
    let loaded = Policies::from_artifact(&file).unwrap();
    assert_eq!(loaded.to_artifact().unwrap(), file);

    let ids: Vec<&str> = written.policy_ids().collect();
    assert!(ids.len() > 5 && loaded.policy_ids().eq(ids.iter().copied()));
    for id in ids {
        assert!(written.origin(id).is_some());
        assert_eq!(loaded.origin(id), written.origin(id), "{id}");
    }
    assert_eq!(loaded.counts(), written.counts());
    assert!(loaded.has_schema() && loaded.schema().is_none() && loaded.policy_set().is_none());

    let (old, new) = (written.vocabulary(), loaded.vocabulary());
    assert!(old.actions().eq(new.actions()));
    assert!(old.scopes().eq(new.scopes()));
    assert_eq!(old.tenant_type(), new.tenant_type());
    assert_eq!(old.project_type(), new.project_type());
    for (action, uid) in old.actions() {
        assert_eq!(new.action(uid.id()), Some(action));
        assert_eq!(old.applies_to(action), new.applies_to(action));
        assert_eq!(old.context(action), new.context(action));
        assert_eq!(old.session_attributes(action), new.session_attributes(action));
    }
    for name in old.entities.keys() {
        assert_eq!(old.attributes(name), new.attributes(name), "{name}");
        let uid = EntityRef::new(name, "x");
        assert_eq!(old.check_uid(uid).is_ok(), new.check_uid(uid).is_ok());
    }
}

#[test]
fn an_engine_explains_precompiled_policies_with_their_places() {
    let file = construction().to_artifact().unwrap();
    let explained = [
        Engine::builder().loaded(construction()),
        Engine::builder().artifact(&file).unwrap(),
    ]
    .map(|builder| {
        let engine = builder.build().unwrap();
        let session = engine
            .session(Principal::user("ana"), Tenant::id("acme"))
            .unwrap();
        let resources = ["p1", "p2"].map(|id| Resource::stored("Project", id));
        resources.map(|project| session.explain("rfis.view", &project, &context! {}).to_string())
    });
    let [parsed, loaded] = explained;
    assert_eq!(loaded, parsed);
    assert!(
        parsed.concat().contains(".cedar:") || parsed.concat().contains(".json:"),
        "{parsed:?}"
    );
}

#[test]
fn a_file_from_a_path_names_the_path_in_its_errors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rules.bailiwick");
    std::fs::write(&path, construction().to_artifact().unwrap()).unwrap();
    assert_eq!(Policies::open(&path).unwrap().counts(), construction().counts());
    std::fs::write(&path, "no such thing").unwrap();
    let error = Policies::open(&path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ArtifactInvalid);
    assert_eq!(error.location().unwrap().file, path);
    assert!(Policies::open("policies/construction").is_ok());
}

#[test]
fn plain_cedar_without_a_schema_is_no_engine() {
    let policies = "permit(principal, action, resource);".parse().unwrap();
    let file = crate::cedar::Authorizer::compile(&policies, None)
        .unwrap()
        .to_artifact()
        .unwrap();
    let policies = Policies::from_artifact(&file).unwrap();
    assert!(!policies.has_schema());
    assert_eq!(policies.policy_ids().collect::<Vec<_>>(), ["policy0"]);
    let error = Engine::builder().loaded(policies).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn types_nested_without_end_are_refused_on_a_small_stack() {
    let mut steps = vec![FlatShape::Long];
    steps.extend((0..200_000).map(|_| FlatShape::Set));
    let deepest = FlatShape::build(&steps[..=MAX_SHAPE_DEPTH]).unwrap();
    assert_eq!(FlatShape::of(&deepest).unwrap().len(), MAX_SHAPE_DEPTH + 1);
    let deeper = Shape::Set(Box::new(deepest));
    assert_eq!(
        FlatShape::of(&deeper).unwrap_err().kind(),
        ErrorKind::LimitExceeded
    );
    let refusal = std::thread::Builder::new().stack_size(64 << 10).spawn(move || {
        assert_eq!(
            FlatShape::build(&steps).unwrap_err().kind(),
            ErrorKind::ArtifactInvalid
        );
    });
    refusal.unwrap().join().unwrap();
}
