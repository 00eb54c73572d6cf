//! The candidate index: from the keys of a request's principal and resource to the rules that may match.
//!
//! Every rule is filed under one pair of keys, so a rule is found at most once. A request asks for the pairs of its
//! own keys; when those are many, it walks the neighbours of the side that has fewer.

pub(crate) mod near;

use std::num::NonZeroU32;
use std::sync::Arc;

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::program::{RuleId, TemplateId};
use super::scope::{ActionScope, Key, KeyClass};
use crate::entities::handles::{Ancestors, Handle, HandleSet, mix};
use crate::entities::overlay::Resolved;
use crate::entities::pages::Pages;
use crate::entities::table::{Slot, Table};

/// A rule that may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) rule: RuleId,
    pub(crate) template: TemplateId,
    pub(crate) principal: Key,
    pub(crate) resource: Key,
}

/// The keys of one side of a request: an entity and its ancestors, as far as they are interned.
pub(crate) struct Side<'k> {
    /// The entity itself, unless no rule can be filed under it.
    pub(crate) own: Option<Handle>,
    pub(crate) ancestors: &'k Ancestors,
    /// The key of the entity's type.
    pub(crate) of_type: Option<Key>,
}

impl Side<'_> {
    pub(crate) fn len(&self) -> usize {
        self.ancestors.as_slice().len() + usize::from(self.own.is_some())
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        let own = self.own.into_iter();
        own.chain(self.ancestors.as_slice().iter().copied()).map(Key)
    }

    #[inline]
    pub(crate) fn has(&self, handle: Handle) -> bool {
        self.own == Some(handle) || self.ancestors.contains(handle)
    }
}

#[derive(Clone, Copy)]
struct PairSlot {
    principal: Key,
    resource: Key,
    /// A rule, or the marker of a list.
    rule: RuleId,
    /// Its template, or the number of the list; plus one.
    number: NonZeroU32,
}

const LIST: RuleId = RuleId::MAX;

impl Slot for PairSlot {
    #[inline]
    fn hash(&self) -> u64 {
        hash(self.principal, self.resource)
    }
}

#[inline]
fn hash(principal: Key, resource: Key) -> u64 {
    mix(
        u64::from(principal.0) << 32 | u64::from(resource.0),
        0x9FB2_1C65_1E98_DF25,
    )
}

/// Many rules under one pair of keys, by the action they name.
#[derive(Clone, Default)]
struct List {
    /// Rules that name few actions, under each of them.
    by_action: HashMap<Handle, Vec<(RuleId, TemplateId)>, foldhash::fast::RandomState>,
    /// The others.
    rest: Vec<(RuleId, TemplateId)>,
    /// How many rules there are.
    len: usize,
}

/// More rules than this under one pair of keys make a list.
const MAX_INLINE: usize = 8;
/// Rules that name more actions than this lie in [`List::rest`].
const MAX_NAMED: usize = 8;

/// The index; cloning it is cheap, and clones do not see each other's changes.
#[derive(Clone)]
pub(crate) struct Index {
    pairs: Table<PairSlot>,
    lists: Pages<Option<Arc<List>>>,
    free_lists: Pages<u32>,
    /// For each key, the handles of the other side it is paired with.
    by_principal: Neighbours,
    by_resource: Neighbours,
    /// Number of rules by the classes of their two keys.
    counts: [[u32; 3]; 3],
}

/// For every key, the entities that rules pair it with.
#[derive(Clone)]
struct Neighbours {
    of_handle: Pages<HandleSet>,
    of_other: Arc<HashMap<Key, HandleSet, foldhash::fast::RandomState>>,
}

impl Neighbours {
    fn new() -> Self {
        Self {
            of_handle: Pages::new(),
            of_other: Arc::default(),
        }
    }

    #[inline]
    fn get(&self, key: Key) -> Option<&HandleSet> {
        match key.handle() {
            Some(handle) => self.of_handle.get(handle),
            None => self.of_other.get(&key),
        }
    }

    fn change(&mut self, key: Key, change: impl FnOnce(&mut HandleSet)) {
        match key.handle() {
            Some(handle) => {
                if let Some(set) = self.of_handle.get_mut(handle) {
                    change(set);
                }
            }
            None => change(Arc::make_mut(&mut self.of_other).entry(key).or_default()),
        }
    }
}

/// Up to this many pairs are simply tried; for more it pays to ask first what a key is paired with.
const MAX_TRIED: usize = 3;

impl Index {
    pub(crate) fn new() -> Self {
        Self {
            pairs: Table::new(),
            lists: Pages::new(),
            free_lists: Pages::new(),
            by_principal: Neighbours::new(),
            by_resource: Neighbours::new(),
            counts: [[0; 3]; 3],
        }
    }

    /// Visits every rule filed under keys of the two sides, each once. `actions` are the request's action and its
    /// ancestors: rules that name other actions may be left out.
    #[inline]
    pub(crate) fn visit(
        &self,
        principal: &Side<'_>,
        resource: &Side<'_>,
        actions: &Actions<'_>,
        visit: &mut impl FnMut(Candidate),
    ) {
        if self.count(KeyClass::Entity, KeyClass::Entity) > 0 {
            self.visit_entities(principal, resource, actions, visit);
        }
        for class in [KeyClass::Any, KeyClass::Type] {
            let of_class = |side: &Side<'_>| match class {
                KeyClass::Any => Some(Key::ANY),
                _ => side.of_type,
            };
            if let Some(key) = of_class(resource)
                && self.count(KeyClass::Entity, class) > 0
            {
                self.visit_one(principal, key, &self.by_resource, actions, visit, |a, b| (a, b));
            }
            if let Some(key) = of_class(principal)
                && self.count(class, KeyClass::Entity) > 0
            {
                self.visit_one(resource, key, &self.by_principal, actions, visit, |a, b| (b, a));
            }
            for (other, key) in [
                (KeyClass::Any, Some(Key::ANY)),
                (KeyClass::Type, resource.of_type),
            ] {
                if let (Some(a), Some(b)) = (of_class(principal), key)
                    && self.count(class, other) > 0
                {
                    self.visit_pair(a, b, actions, visit);
                }
            }
        }
    }

    #[inline]
    fn count(&self, principal: KeyClass, resource: KeyClass) -> u32 {
        let row = self.counts.get(principal as usize);
        row.and_then(|row| row.get(resource as usize))
            .copied()
            .unwrap_or(0)
    }

    /// Rules that name an entity on both sides.
    fn visit_entities(
        &self,
        principal: &Side<'_>,
        resource: &Side<'_>,
        actions: &Actions<'_>,
        visit: &mut impl FnMut(Candidate),
    ) {
        if principal.len() * resource.len() <= MAX_TRIED {
            for a in principal.keys() {
                for b in resource.keys() {
                    self.visit_pair(a, b, actions, visit);
                }
            }
        } else if principal.len() >= resource.len() {
            for b in resource.keys() {
                self.visit_one(principal, b, &self.by_resource, actions, visit, |a, b| (a, b));
            }
        } else {
            for a in principal.keys() {
                self.visit_one(resource, a, &self.by_principal, actions, visit, |a, b| (b, a));
            }
        }
    }

    /// Rules under `key` on one side and any key of `side` on the other; `order` puts the two in their places.
    #[inline]
    fn visit_one(
        &self,
        side: &Side<'_>,
        key: Key,
        neighbours: &Neighbours,
        actions: &Actions<'_>,
        visit: &mut impl FnMut(Candidate),
        order: fn(Key, Key) -> (Key, Key),
    ) {
        let Some(paired) = neighbours.get(key) else { return };
        if paired.len() < side.len() {
            paired.for_each(&mut |handle| {
                if side.has(handle) {
                    let (a, b) = order(Key(handle), key);
                    self.visit_pair(a, b, actions, visit);
                }
            });
        } else {
            for own in side.keys() {
                let (a, b) = order(own, key);
                self.visit_pair(a, b, actions, visit);
            }
        }
    }

    #[inline]
    fn visit_pair(
        &self,
        principal: Key,
        resource: Key,
        actions: &Actions<'_>,
        visit: &mut impl FnMut(Candidate),
    ) {
        for slot in self.pairs.probe(hash(principal, resource)) {
            if slot.principal != principal || slot.resource != resource {
                continue;
            }
            let number = slot.number.get() - 1;
            if slot.rule != LIST {
                visit(Candidate {
                    rule: slot.rule,
                    template: number,
                    principal,
                    resource,
                });
            } else if let Some(Some(list)) = self.lists.get(number) {
                list.visit(actions, &mut |rule, template| {
                    visit(Candidate {
                        rule,
                        template,
                        principal,
                        resource,
                    });
                });
            }
        }
    }

    /// Files a rule.
    pub(crate) fn insert(
        &mut self,
        candidate: Candidate,
        action: &ActionScope,
        action_of: &dyn Fn(TemplateId) -> ActionScope,
    ) {
        let Candidate {
            rule,
            template,
            principal,
            resource,
        } = candidate;
        let same = |slot: &&PairSlot| slot.principal == principal && slot.resource == resource;
        let (mut known, mut list) = (0, None);
        for slot in self.pairs.probe(hash(principal, resource)).filter(same) {
            known += 1;
            if slot.rule == LIST {
                list = Some(slot.number.get() - 1);
            }
        }
        if known == 0 {
            self.pair_up(principal, resource, HandleSet::insert_new);
        }
        self.bump(principal, resource, 1);
        if let Some(number) = list {
            if let Some(Some(list)) = self.lists.get_mut(number) {
                Arc::make_mut(list).insert(rule, template, action);
            }
            return;
        }
        if known < MAX_INLINE {
            if let Some(number) = NonZeroU32::new(template + 1) {
                self.pairs.insert(PairSlot {
                    principal,
                    resource,
                    rule,
                    number,
                });
            }
            return;
        }
        let mut list = List::default();
        let hash = hash(principal, resource);
        while let Some(slot) = self.pairs.remove(hash, |slot| same(&slot)) {
            let template = slot.number.get() - 1;
            list.insert(slot.rule, template, &action_of(template));
        }
        list.insert(rule, template, action);
        let number = self.free_lists.pop().unwrap_or(self.lists.len());
        self.lists.set(number, Some(Arc::new(list)));
        if let Some(number) = NonZeroU32::new(number + 1) {
            self.pairs.insert(PairSlot {
                principal,
                resource,
                rule: LIST,
                number,
            });
        }
    }

    /// Takes a rule out.
    pub(crate) fn remove(&mut self, candidate: Candidate, action: &ActionScope) {
        let Candidate {
            rule,
            principal,
            resource,
            ..
        } = candidate;
        let hash = hash(principal, resource);
        let same = |slot: &PairSlot| slot.principal == principal && slot.resource == resource;
        let removed = self.pairs.remove(hash, |slot| same(slot) && slot.rule == rule);
        if removed.is_none() {
            let Some(slot) = self.pairs.find(hash, |slot| same(slot) && slot.rule == LIST) else {
                return;
            };
            let number = slot.number.get() - 1;
            let Some(Some(list)) = self.lists.get_mut(number) else {
                return;
            };
            let list = Arc::make_mut(list);
            list.remove(rule, action);
            if list.len == 0 {
                self.pairs.remove(hash, |slot| same(slot) && slot.rule == LIST);
                self.lists.set(number, None);
                self.free_lists.push(number);
            }
        }
        self.bump(principal, resource, -1);
        if self.pairs.find(hash, same).is_none() {
            self.pair_up(principal, resource, HandleSet::remove);
        }
    }

    fn pair_up(&mut self, principal: Key, resource: Key, change: fn(&mut HandleSet, Handle)) {
        if let Some(handle) = resource.handle() {
            self.by_principal.change(principal, |set| change(set, handle));
        }
        if let Some(handle) = principal.handle() {
            self.by_resource.change(resource, |set| change(set, handle));
        }
    }

    fn bump(&mut self, principal: Key, resource: Key, by: i32) {
        let row = self.counts.get_mut(principal.class() as usize);
        if let Some(count) = row.and_then(|row| row.get_mut(resource.class() as usize)) {
            *count = count.saturating_add_signed(by);
        }
    }
}

impl List {
    fn visit(&self, actions: &Actions<'_>, visit: &mut impl FnMut(RuleId, TemplateId)) {
        for (rule, template) in &self.rest {
            visit(*rule, *template);
        }
        let under = |action: Handle| self.by_action.get(&action).map_or(&[][..], Vec::as_slice);
        if !actions.several() {
            for (rule, template) in actions.keys().flat_map(under) {
                visit(*rule, *template);
            }
            return;
        }
        // A rule that names two of the request's actions lies under both.
        let mut found: SmallVec<[(RuleId, TemplateId); 16]> =
            actions.keys().flat_map(under).copied().collect();
        found.sort_unstable();
        found.dedup();
        for (rule, template) in found {
            visit(rule, template);
        }
    }

    fn insert(&mut self, rule: RuleId, template: TemplateId, action: &ActionScope) {
        self.len += 1;
        match action.handles() {
            named if named.is_empty() && matches!(action, ActionScope::In(_)) => {}
            named if named.is_empty() || named.len() > MAX_NAMED => self.rest.push((rule, template)),
            named => {
                for handle in named {
                    self.by_action.entry(*handle).or_default().push((rule, template));
                }
            }
        }
    }

    fn remove(&mut self, rule: RuleId, action: &ActionScope) {
        self.len = self.len.saturating_sub(1);
        self.rest.retain(|(other, _)| *other != rule);
        for handle in action.handles() {
            if let Some(list) = self.by_action.get_mut(handle) {
                list.retain(|(other, _)| *other != rule);
                if list.is_empty() {
                    self.by_action.remove(handle);
                }
            }
        }
    }
}

/// The action of a request and its ancestors, as far as they are interned.
pub(crate) struct Actions<'k> {
    pub(crate) own: Option<Handle>,
    pub(crate) ancestors: &'k Ancestors,
}

impl<'k> Actions<'k> {
    #[inline]
    pub(crate) fn of(action: &'k Resolved<'_>) -> Self {
        Self {
            own: action.node.map(|node| node.handle),
            ancestors: action.ancestors(),
        }
    }

    fn several(&self) -> bool {
        !self.ancestors.as_slice().is_empty()
    }

    fn keys(&self) -> impl Iterator<Item = Handle> {
        self.own
            .into_iter()
            .chain(self.ancestors.as_slice().iter().copied())
    }

    /// Whether the action is in the scope of a policy.
    #[inline]
    pub(crate) fn within(&self, scope: &ActionScope) -> bool {
        match scope {
            ActionScope::Any => true,
            ActionScope::Eq([one]) => self.own == Some(*one),
            ActionScope::In(_) => self.keys().any(|handle| scope.names(handle)),
        }
    }
}
