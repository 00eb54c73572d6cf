use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::limits::{MAX_ANCESTORS, MAX_ENTITY_DEPTH, MAX_VALUE_DEPTH};
use crate::value::Value;

fn uid(id: &str) -> EntityRef<'_> {
    EntityRef::new("Node", id)
}

fn under(id: &str, parents: &[&str]) -> Entity<'static> {
    let entity = Entity::new("Node", id.to_owned());
    parents.iter().fold(entity, |entity, parent| {
        entity.parent("Node", (*parent).to_owned())
    })
}

fn ancestors<'g>(graph: &'g Graph, id: &str) -> BTreeSet<&'g str> {
    let node = graph.find(uid(id)).unwrap();
    let ancestors = node.ancestors.as_slice().iter();
    ancestors
        .map(|handle| graph.node(*handle).unwrap().uid().id)
        .collect()
}

/// Everything that can be seen of a graph.
fn contents(graph: &Graph) -> BTreeMap<String, (Vec<Handle>, bool)> {
    let nodes = graph.nodes.iter().filter_map(|(_, node)| node.as_deref());
    nodes
        .map(|node| {
            let seen = (node.ancestors.as_slice().to_vec(), node.data.is_some());
            (node.uid().id.to_owned(), seen)
        })
        .collect()
}

/// A cheap generator: the tests need variety, not quality.
fn next(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 40).unwrap()
}

/// Parents by name, and nothing cleverer.
#[derive(Clone, Default)]
struct Model(BTreeMap<String, Vec<String>>);

impl Model {
    fn ancestors(&self, id: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut queue: Vec<&str> = self.0.get(id).into_iter().flatten().map(String::as_str).collect();
        while let Some(next) = queue.pop() {
            if found.insert(next) {
                queue.extend(self.0.get(next).into_iter().flatten().map(String::as_str));
            }
        }
        found
    }
}

#[test]
fn ancestors_are_the_closure_of_parents_through_any_changes() {
    let mut state = 11;
    let names: Vec<String> = (0..14).map(|number| format!("n{number}")).collect();
    let (mut graph, mut model) = (Graph::new(), Model::default());
    let (mut cycles, mut removed) = (0, 0);
    for _ in 0..4_000 {
        let id = &names[next(&mut state) % names.len()];
        let parents: Vec<&str> = (0..next(&mut state) % 4)
            .map(|_| names[next(&mut state) % names.len()].as_str())
            .collect();
        if next(&mut state).is_multiple_of(4) {
            assert_eq!(graph.remove(uid(id)).unwrap(), model.0.remove(id).is_some());
            removed += 1;
        } else {
            let mut changed = model.clone();
            changed
                .0
                .insert(id.clone(), parents.iter().map(|id| (*id).to_owned()).collect());
            let is_cycle = changed.ancestors(id).contains(id.as_str());
            let result = graph.upsert(&under(id, &parents));
            assert_eq!(result.is_err(), is_cycle, "{id} under {parents:?}");
            match result {
                Ok(()) => model = changed,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::EntityCycle);
                    cycles += 1;
                }
            }
        }
        assert_eq!(graph.len(), model.0.len());
        for id in model.0.keys() {
            assert_eq!(ancestors(&graph, id), model.ancestors(id), "of {id}");
        }
    }
    assert!(cycles > 100 && removed > 100, "{cycles} {removed}");
    for id in &names {
        graph.remove(uid(id)).unwrap();
    }
    assert_eq!(
        contents(&graph),
        BTreeMap::new(),
        "nothing is left of what was removed"
    );
}

#[test]
fn a_uid_stays_known_as_long_as_something_mentions_it() {
    let mut graph = Graph::new();
    let handle = graph.mention(uid("a")).unwrap();
    assert_eq!(graph.mention(uid("a")).unwrap(), handle);
    graph.upsert(&under("child", &["a"])).unwrap();
    graph.release(handle);
    graph.release(handle);
    assert!(graph.find(uid("a")).is_some(), "its child mentions it");
    graph.upsert(&under("child", &[])).unwrap();
    assert!(graph.find(uid("a")).is_none());
    // The handle goes to the next uid, which takes over nothing.
    let other = graph.mention(uid("b")).unwrap();
    assert_eq!(other, handle);
    assert!(graph.node(other).unwrap().data.is_none());
    assert_eq!(ancestors(&graph, "child"), BTreeSet::new());
}

#[test]
fn only_what_policies_mention_is_named() {
    let mut graph = Graph::new();
    graph.upsert(&under("child", &["parent"])).unwrap();
    assert!(!graph.find(uid("parent")).unwrap().is_named());
    graph.mention(uid("parent")).unwrap();
    assert!(graph.find(uid("parent")).unwrap().is_named());
    // What an entity changes later leaves the name.
    graph.upsert(&under("parent", &["above"])).unwrap();
    assert!(graph.find(uid("parent")).unwrap().is_named());
    assert!(!graph.find(uid("above")).unwrap().is_named());
}

#[test]
fn a_clone_does_not_see_later_changes() {
    let mut graph = Graph::new();
    for number in 0..500 {
        graph
            .upsert(&under(&format!("n{number}"), &["top", "side"]))
            .unwrap();
    }
    let before = graph.clone();
    let seen = contents(&before);
    graph.upsert(&under("top", &["over"])).unwrap();
    for number in 0..400 {
        graph.remove(uid(&format!("n{number}"))).unwrap();
    }
    assert_eq!(ancestors(&graph, "n450"), ["over", "side", "top"].into());
    assert_eq!(contents(&before), seen);
    assert_eq!((before.len(), graph.len()), (500, 101));
}

#[test]
fn a_removed_entity_keeps_its_children_but_not_what_was_above_it() {
    let mut graph = Graph::new();
    graph.upsert(&under("middle", &["top"])).unwrap();
    graph.upsert(&under("child", &["middle"])).unwrap();
    assert_eq!(ancestors(&graph, "child"), ["middle", "top"].into());
    assert!(graph.remove(uid("middle")).unwrap());
    assert_eq!(ancestors(&graph, "child"), ["middle"].into());
    assert!(!graph.remove(uid("middle")).unwrap(), "it is no entity any more");
    assert!(!graph.remove(uid("nobody")).unwrap());
}

#[test]
fn new_parents_keep_attributes_and_an_unknown_uid_becomes_an_entity() {
    let mut graph = Graph::new();
    graph
        .upsert(&under("a", &["x"]).attr("n", 7).tag("t", true))
        .unwrap();
    graph.set_parents(uid("a"), &[uid("y"), uid("y")]).unwrap();
    assert_eq!(ancestors(&graph, "a"), ["y"].into());
    let data = graph.find(uid("a")).unwrap().data.as_deref().unwrap();
    assert_eq!(data.attrs.get("n"), Some(&Value::Long(7)));
    assert_eq!(data.tags.get("t"), Some(&Value::Bool(true)));
    graph.set_parents(uid("b"), &[]).unwrap();
    assert_eq!(graph.len(), 2);
}

#[test]
fn chains_and_crowds_of_ancestors_are_bounded_and_refused_without_a_trace() {
    let mut graph = Graph::new();
    for number in 0..=MAX_ENTITY_DEPTH {
        graph
            .upsert(&under(&number.to_string(), &[&(number + 1).to_string()]))
            .map_err(|error| assert_eq!(error.kind(), ErrorKind::LimitExceeded))
            .unwrap_or_default();
    }
    let depth = graph.iter().map(Node::depth).max().unwrap();
    assert_eq!(usize::from(depth), MAX_ENTITY_DEPTH);

    let many: Vec<String> = (0..MAX_ANCESTORS).map(|number| format!("p{number}")).collect();
    let many: Vec<EntityRef<'_>> = many.iter().map(|id| uid(id)).collect();
    let mut graph = Graph::new();
    graph.set_parents(uid("full"), &many).unwrap();
    graph.upsert(&under("child", &["plain"])).unwrap();
    let seen = contents(&graph);
    // One more at once, through a parent, and through a parent's parent.
    let mut more = many.clone();
    more.push(uid("one more"));
    for (id, parents) in [
        ("other", &more[..]),
        ("other", &[uid("full")]),
        ("plain", &[uid("full")]),
    ] {
        let error = graph.set_parents(uid(id), parents).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        assert!(contents(&graph) == seen, "{id} left a trace");
    }
}

#[test]
fn values_are_kept_in_normal_form_and_their_depth_is_bounded() {
    let mut graph = Graph::new();
    let entity = under("a", &[]).attr("set", vec![3, 1, 2, 1]).attr("a", 1);
    graph.upsert(&entity).unwrap();
    let data = graph.find(uid("a")).unwrap().data.as_deref().unwrap();
    let names: Vec<&str> = data.attrs.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "set"]);
    let sorted = [1, 2, 3].map(Value::Long).to_vec();
    assert_eq!(data.attrs.get("set"), Some(&Value::Set(sorted)));
    let nested = |depth| (0..depth).fold(Value::Bool(true), |inner, _| Value::Set(vec![inner]));
    graph
        .upsert(&under("a", &[]).attr("deep", nested(MAX_VALUE_DEPTH)))
        .unwrap();
    let error = graph.upsert(&under("a", &[]).attr("deep", nested(MAX_VALUE_DEPTH + 1)));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert!(
        graph
            .find(uid("a"))
            .unwrap()
            .data
            .as_deref()
            .unwrap()
            .attrs
            .get("deep")
            .is_some()
    );
}

#[test]
fn names_that_are_too_long_are_refused_without_a_trace() {
    let mut graph = Graph::new();
    let long = "x".repeat(MAX_NAME_BYTES + 1);
    assert_eq!(
        graph.mention(uid(&long)).unwrap_err().kind(),
        ErrorKind::LimitExceeded
    );
    assert!(graph.upsert(&under(&long, &[])).is_err());
    assert!(graph.upsert(&under("a", &["b", &long])).is_err());
    assert_eq!(contents(&graph), BTreeMap::new());
}
