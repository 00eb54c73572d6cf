//! A principal in a thousand groups, a resource ten levels deep, ten thousand policies.

use std::fmt::Write as _;
use std::str::FromStr as _;

use bailiwick::cedar::{Authorizer, Request};
use bailiwick::{Context, EntityRef};
use cedar_policy::{Entities, PolicySet};
use serde_json::json;

use crate::cedar::{Cedar, assert_same, request};
use crate::measure::{Row, Stream};

const GROUPS: usize = 1_000;
const DEPTH: usize = 10;
const POLICIES: usize = 10_000;
/// Of the policies, every one of this many is about a group of the principal's.
const OF_PRINCIPAL: usize = 5;

/// `decide/wide`
pub(crate) fn rows() -> Vec<Row> {
    let mut text = String::new();
    for number in 0..POLICIES {
        let group = number % (GROUPS * OF_PRINCIPAL);
        let folder = number * 7 % 2_000;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "permit(principal in Group::\"g{group}\", action == Action::\"view\", resource in Folder::\"f{folder}\");"
        );
    }
    let groups = (0..GROUPS).map(|group| json!({"type": "Group", "id": format!("g{group}")}));
    let ana =
        json!({"uid": {"type": "User", "id": "ana"}, "attrs": {}, "parents": groups.collect::<Vec<_>>()});
    let folders = (0..2_000).map(|folder| {
        let parent = json!({"type": "Folder", "id": format!("f{}", folder + 1)});
        let parents = if folder % DEPTH == DEPTH - 1 {
            vec![]
        } else {
            vec![parent]
        };
        json!({"uid": {"type": "Folder", "id": format!("f{folder}")}, "attrs": {}, "parents": parents})
    });
    let entities = Entities::from_json_value(std::iter::once(ana).chain(folders).collect(), None).unwrap();
    let policies = PolicySet::from_str(&text).unwrap();
    let ours = Authorizer::compile(&policies, None)
        .unwrap()
        .with_entities(&entities)
        .unwrap();
    let cedar = Cedar::new(policies, entities);

    let context = Context::new();
    let ids: Vec<String> = (0..200).map(|number| format!("f{}", number * DEPTH)).collect();
    let (ana, view) = (EntityRef::new("User", "ana"), EntityRef::new("Action", "view"));
    let our_requests: Vec<Request<'_>> = ids
        .iter()
        .map(|id| Request::new(ana, view, EntityRef::new("Folder", id), &context))
        .collect();
    let requests: Vec<_> = our_requests
        .iter()
        .map(|asked| request(ana, view, asked.resource, cedar_policy::Context::empty()))
        .collect();
    for (asked, theirs) in our_requests.iter().zip(&requests).take(20) {
        assert_same(&ours.is_authorized(asked), &cedar.decide(theirs));
    }
    let (mut asked, mut theirs) = (Stream::new(&our_requests), Stream::new(&requests));
    vec![Row::measure(
        "decide/wide",
        || ours.is_authorized(asked.next()).allowed(),
        "cedar-policy",
        || cedar.decide(theirs.next()).decision(),
    )]
}
