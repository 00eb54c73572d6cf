//! A request that brings its resource along: six attributes and two parents, against entities built for the request.

use std::str::FromStr as _;

use bailiwick::cedar::{Authorizer, Request};
use bailiwick::{Context, Entity, EntityRef};
use cedar_policy::{Entities, PolicySet, RestrictedExpression as Value};

use crate::cedar::{Cedar, assert_same, request, uid};
use crate::measure::Row;

const POLICIES: &str = r#"
    permit(principal in Group::"staff", action == Action::"view", resource in Project::"p1")
        when { resource.state == "open" && !resource.private };
    permit(principal, action == Action::"view", resource) when { resource.owner == principal };
    forbid(principal, action, resource in Folder::"archive") unless { resource.size < 10 };
"#;

/// `decide/overlay`
pub(crate) fn rows() -> Vec<Row> {
    let stored = r#"[{"uid": {"type": "User", "id": "ana"}, "attrs": {}, "parents": [{"type": "Group", "id": "staff"}]},
        {"uid": {"type": "Folder", "id": "plans"}, "attrs": {}, "parents": [{"type": "Company", "id": "acme"}]},
        {"uid": {"type": "Project", "id": "p1"}, "attrs": {}, "parents": [{"type": "Company", "id": "acme"}]}]"#;
    let entities = Entities::from_json_str(stored, None).unwrap();
    let policies = PolicySet::from_str(POLICIES).unwrap();
    let ours = Authorizer::compile(&policies, None)
        .unwrap()
        .with_entities(&entities)
        .unwrap();
    let cedar = Cedar::new(policies, entities.clone());
    let (ana, view) = (EntityRef::new("User", "ana"), EntityRef::new("Action", "view"));
    let rfi = EntityRef::new("Rfi", "43");
    let context = Context::new();
    let brought = [Entity::new("Rfi", "43")
        .parent("Project", "p1")
        .parent("Folder", "plans")
        .attr("state", "open")
        .attr("private", false)
        .attr("size", 4)
        .attr("title", "Which door goes where?")
        .attr("discipline", "architecture")
        .attr("owner", bailiwick::EntityUid::new("User", "bob"))];
    let asked = Request::new(ana, view, rfi, &context).with_entities(&brought);
    let theirs = request(ana, view, rfi, cedar_policy::Context::empty());
    let built = || {
        let text = |text: &str| Value::new_string(text.to_owned());
        let attrs = [
            ("state", text("open")),
            ("private", Value::new_bool(false)),
            ("size", Value::new_long(4)),
            ("title", text("Which door goes where?")),
            ("discipline", text("architecture")),
            ("owner", Value::new_entity_uid(uid("User", "bob"))),
        ];
        let attrs = attrs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let parents = [uid("Project", "p1"), uid("Folder", "plans")]
            .into_iter()
            .collect();
        let rfi = cedar_policy::Entity::new(uid("Rfi", "43"), attrs, parents).unwrap();
        entities.clone().add_entities([rfi], None).unwrap()
    };
    assert!(ours.is_authorized(&asked).allowed());
    assert_same(&ours.is_authorized(&asked), &cedar.decide_with(&theirs, &built()));
    vec![Row::measure(
        "decide/overlay",
        || ours.is_authorized(&asked).allowed(),
        "cedar-policy",
        || cedar.decide_with(&theirs, &built()).decision(),
    )]
}
