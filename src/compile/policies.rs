//! The policies of one snapshot: templates, rules, their ids and the index over them.

use std::num::NonZeroU32;
use std::sync::Arc;

use foldhash::quality::RandomState;
use smol_str::SmolStr;
use std::hash::BuildHasher as _;

use super::index::{Candidate, Index};
use super::program::{NO_HANDLE, Rule, RuleId, Template, TemplateId};
use super::scope::ActionScope;
use crate::entities::graph::Graph;
use crate::entities::handles::Handle;
use crate::entities::pages::Pages;
use crate::entities::table::{Slot, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NAME_BYTES;
use crate::value::{EntityRef, shorten};

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A template with slots.
    Template(TemplateId),
    /// A static policy or a link.
    Rule(RuleId),
}

#[derive(Clone, Copy)]
struct IdSlot {
    hash: u64,
    named: Named,
}

impl Slot for IdSlot {
    fn hash(&self) -> u64 {
        self.hash
    }
}

/// Templates, rules and the index. A clone is a few reference counts, and clones do not see each other's changes.
#[derive(Clone)]
pub(crate) struct Policies {
    seed: RandomState,
    templates: Pages<Option<Arc<Template>>>,
    /// How many links each template has.
    uses: Pages<u32>,
    free_templates: Pages<TemplateId>,
    rules: Pages<Rule>,
    /// The first vacant place; each vacant place holds the next.
    vacant: Option<RuleId>,
    ids: Table<IdSlot>,
    pub(crate) index: Index,
    len: usize,
}

impl Policies {
    pub(crate) fn new() -> Self {
        Self {
            seed: RandomState::default(),
            templates: Pages::new(),
            uses: Pages::new(),
            free_templates: Pages::new(),
            rules: Pages::new(),
            vacant: None,
            ids: Table::new(),
            index: Index::new(),
            len: 0,
        }
    }

    /// Number of static policies and links.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn template(&self, id: TemplateId) -> Option<&Template> {
        self.templates.get(id)?.as_deref()
    }

    pub(crate) fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// The template of a rule.
    pub(crate) fn template_of(&self, rule: RuleId) -> Option<&Template> {
        self.template(self.rule(rule)?.template()?)
    }

    /// The id of a static policy or link.
    pub(crate) fn rule_name(&self, id: RuleId) -> &str {
        match (self.rule(id), self.template_of(id)) {
            (Some(rule), Some(template)) if template.has_slots() => &rule.id,
            (_, Some(template)) => &template.id,
            (_, None) => "",
        }
    }

    /// Every template and static policy.
    pub(crate) fn templates(&self) -> impl Iterator<Item = (TemplateId, &Arc<Template>)> {
        self.templates
            .iter()
            .filter_map(|(id, template)| Some((id, template.as_ref()?)))
    }

    /// Every static policy and link.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (RuleId, &Rule, &Template)> {
        let rules = self.rules.iter();
        rules.filter_map(|(id, rule)| Some((id, rule, self.template(rule.template()?)?)))
    }

    /// What an id names.
    pub(crate) fn named(&self, id: &str) -> Option<Named> {
        self.named_hashed(self.seed.hash_one(id), id)
    }

    fn named_hashed(&self, hash: u64, id: &str) -> Option<Named> {
        let same = |slot: &IdSlot| slot.hash == hash && self.name(slot.named) == id;
        self.ids.find(hash, same).map(|slot| slot.named)
    }

    fn name(&self, named: Named) -> &str {
        match named {
            Named::Template(template) => self.template(template).map_or("", |template| &template.id),
            Named::Rule(rule) => self.rule_name(rule),
        }
    }

    /// Checks that an id may be given to a new policy, template or link; returns its hash.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PolicyDuplicate`] and [`ErrorKind::LimitExceeded`].
    pub(crate) fn check_new_id(&self, id: &str) -> Result<u64> {
        if id.len() > MAX_NAME_BYTES {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "a policy id of {} bytes; at most {MAX_NAME_BYTES} are accepted",
                    id.len()
                ),
            ));
        }
        let hash = self.seed.hash_one(id);
        if self.named_hashed(hash, id).is_some() {
            return Err(Error::new(
                ErrorKind::PolicyDuplicate,
                format!(
                    "there is already a policy, template or link with the id `{}`",
                    shorten(id)
                ),
            )
            .help("remove it first, or choose another id"));
        }
        Ok(hash)
    }

    /// Adds a template or static policy, which has mentioned its handles already.
    ///
    /// # Errors
    ///
    /// As for [`Policies::check_new_id`]; the handles are given back.
    pub(crate) fn add_template(&mut self, template: Template, graph: &mut Graph) -> Result<TemplateId> {
        let hash = self
            .check_new_id(&template.id)
            .inspect_err(|_| template.handles().for_each(|handle| graph.release(handle)))?;
        let has_slots = template.has_slots();
        let id = self.free_templates.pop().unwrap_or(self.templates.len());
        self.templates.set(id, Some(Arc::new(template)));
        self.uses.set(id, 0);
        if has_slots {
            self.ids.insert(IdSlot {
                hash,
                named: Named::Template(id),
            });
        } else {
            self.add_rule(id, NO_HANDLE, NO_HANDLE, "", hash);
        }
        Ok(id)
    }

    /// Fills the slots of a template.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LinkInvalid`], [`ErrorKind::PolicyDuplicate`] and [`ErrorKind::LimitExceeded`]; nothing is changed.
    pub(crate) fn link(
        &mut self,
        template_id: &str,
        id: &str,
        principal: Option<EntityRef<'_>>,
        resource: Option<EntityRef<'_>>,
        graph: &mut Graph,
    ) -> Result<RuleId> {
        let Some(Named::Template(number)) = self.named(template_id) else {
            return Err(Error::new(
                ErrorKind::LinkInvalid,
                format!("there is no template `{}` to link", shorten(template_id)),
            ));
        };
        self.link_to(number, id, principal, resource, graph)
    }

    /// The same for a template that is known by its number.
    ///
    /// # Errors
    ///
    /// As for [`Policies::link`].
    pub(crate) fn link_to(
        &mut self,
        number: TemplateId,
        id: &str,
        principal: Option<EntityRef<'_>>,
        resource: Option<EntityRef<'_>>,
        graph: &mut Graph,
    ) -> Result<RuleId> {
        let hash = self.check_new_id(id)?;
        let Some(template) = self.template(number).filter(|template| template.has_slots()) else {
            return Err(Error::new(
                ErrorKind::LinkInvalid,
                "a static policy has no slots to fill",
            ));
        };
        for (slot, wanted, given) in [
            ("?principal", template.principal.is_slot(), principal.is_some()),
            ("?resource", template.resource.is_slot(), resource.is_some()),
        ] {
            if wanted != given {
                let found = if given { "has no slot" } else { "needs a value for" };
                return Err(Error::new(
                    ErrorKind::LinkInvalid,
                    format!("template `{}` {found} {slot}", template.id),
                )
                .help("give a value for every slot of the template, and for no other"));
            }
        }
        let mut mention = |uid: Option<EntityRef<'_>>| uid.map_or(Ok(NO_HANDLE), |uid| graph.mention(uid));
        let principal = mention(principal)?;
        let resource = mention(resource).inspect_err(|_| {
            if principal != NO_HANDLE {
                graph.release(principal);
            }
        })?;
        if let Some(uses) = self.uses.get_mut(number) {
            *uses += 1;
        }
        Ok(self.add_rule(number, principal, resource, id, hash))
    }

    fn add_rule(
        &mut self,
        template: TemplateId,
        principal: Handle,
        resource: Handle,
        id: &str,
        hash: u64,
    ) -> RuleId {
        let place = match self.vacant {
            Some(place) => {
                self.vacant = self
                    .rules
                    .get(place)
                    .map(|rule| rule.principal)
                    .filter(|next| *next != NO_HANDLE);
                place
            }
            None => self.rules.len(),
        };
        let rule = Rule {
            template: NonZeroU32::new(template + 1),
            principal,
            resource,
            id: SmolStr::new(id),
        };
        self.rules.set(place, rule);
        self.ids.insert(IdSlot {
            hash,
            named: Named::Rule(place),
        });
        self.len += 1;
        let Self { templates, index, .. } = self;
        let of = |id| templates.get(id).and_then(Option::as_deref);
        if let Some(known) = of(template) {
            let candidate = Candidate {
                rule: place,
                template,
                principal: known.principal.key(principal),
                resource: known.resource.key(resource),
            };
            let action_of = |id| of(id).map_or(ActionScope::Any, |template| template.action.clone());
            index.insert(candidate, &known.action, &action_of);
        }
        place
    }

    /// Where a rule is filed in the index.
    fn filed(&self, place: RuleId) -> Option<(Candidate, Arc<Template>)> {
        let rule = self.rule(place)?;
        let number = rule.template()?;
        let template = self.templates.get(number)?.clone()?;
        let candidate = Candidate {
            rule: place,
            template: number,
            principal: template.principal.key(rule.principal),
            resource: template.resource.key(rule.resource),
        };
        Some((candidate, template))
    }

    /// Removes a static policy, a link, or a template without links; false when the id names nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LinkInvalid`] for a template that still has links.
    pub(crate) fn remove(&mut self, id: &str, graph: &mut Graph) -> Result<bool> {
        match self.named(id) {
            None => return Ok(false),
            Some(Named::Template(number)) => {
                let uses = self.uses.get(number).copied().unwrap_or(0);
                if uses > 0 {
                    return Err(Error::new(
                        ErrorKind::LinkInvalid,
                        format!("template `{}` still has {uses} links", shorten(id)),
                    )
                    .help("unlink them first"));
                }
                self.forget(id, Named::Template(number));
                self.drop_template(number, graph);
            }
            Some(Named::Rule(place)) => {
                let Some((candidate, template)) = self.filed(place) else {
                    return Ok(false);
                };
                self.index.remove(candidate, &template.action);
                self.forget(id, Named::Rule(place));
                let next = self.vacant.unwrap_or(NO_HANDLE);
                let vacant = Rule {
                    principal: next,
                    resource: NO_HANDLE,
                    ..Rule::default()
                };
                let rule = self
                    .rules
                    .get_mut(place)
                    .map(|slot| std::mem::replace(slot, vacant));
                self.vacant = Some(place);
                self.len -= 1;
                for handle in rule.iter().flat_map(|rule| [rule.principal, rule.resource]) {
                    if handle != NO_HANDLE {
                        graph.release(handle);
                    }
                }
                if template.has_slots() {
                    if let Some(uses) = self.uses.get_mut(candidate.template) {
                        *uses -= 1;
                    }
                } else {
                    self.drop_template(candidate.template, graph);
                }
            }
        }
        Ok(true)
    }

    fn forget(&mut self, id: &str, named: Named) {
        self.ids
            .remove(self.seed.hash_one(id), |slot| slot.named == named);
    }

    fn drop_template(&mut self, number: TemplateId, graph: &mut Graph) {
        if let Some(template) = self.templates.get_mut(number).and_then(Option::take) {
            template.handles().for_each(|handle| graph.release(handle));
            self.free_templates.push(number);
        }
    }
}
