//! The stack machine that evaluates conditions: a loop over flat code, without recursion on the code and, for the
//! usual condition, without allocation.

use std::sync::Arc;

use smallvec::SmallVec;

use super::fault::{EvalErrorKind, Fault};
use super::operators::unary;
use super::val::{Ent, RecordVal, SetVal, Val};
use crate::compile::program::{Condition, Op, Run, Unary, Var};
use crate::entities::overlay::{Found, Resolved, View};
use crate::value::{Record, Value, same_text};

/// A request, looked up.
pub(crate) struct Asked<'e, 'r> {
    pub(crate) view: &'r View<'e>,
    pub(crate) principal: &'r Resolved<'e>,
    pub(crate) action: &'r Resolved<'e>,
    pub(crate) resource: &'r Resolved<'e>,
    pub(crate) context: Layers<'e>,
}

/// The context of a request: what the caller gave, and what a session adds to it. A name stands in one of the two.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'e> {
    pub(crate) given: &'e Record<'e>,
    pub(crate) added: &'e Record<'e>,
}

impl<'e> Layers<'e> {
    /// A context of one layer.
    pub(crate) fn of(given: &'e Record<'e>) -> Self {
        static NOTHING: Record<'static> = Record::new();
        Self {
            given,
            added: &NOTHING,
        }
    }

    #[inline]
    fn get(self, name: &str) -> Option<&'e Value<'e>> {
        get(self.given, false, name).or_else(|| get(self.added, false, name))
    }

    pub(crate) fn len(self) -> usize {
        self.given.len() + self.added.len()
    }

    pub(crate) fn entries(self) -> impl Iterator<Item = (&'e str, Val<'e>)> {
        let entries = self.given.entries().iter().chain(self.added.entries());
        entries.map(|(name, value)| (&**name, Val::of(value, false)))
    }
}

/// What watches an evaluation; `()` watches nothing and costs nothing.
pub(crate) trait Watch<'e> {
    /// Whether it has to see every step; steps that nobody sees may be taken together.
    const WATCHES: bool = true;

    /// After the step at `at`, with the machine's stack as it left it.
    fn stepped(&mut self, at: u32, machine: &Machine<'e, '_>);
}

impl<'e> Watch<'e> for () {
    const WATCHES: bool = false;

    #[inline]
    fn stepped(&mut self, _: u32, _: &Machine<'e, '_>) {}
}

/// The machine. It may be used for many conditions of one request.
pub(crate) struct Machine<'e, 'r> {
    pub(crate) asked: &'r Asked<'e, 'r>,
    pub(crate) stack: SmallVec<[Val<'e>; 12]>,
    /// Members of sets that the condition made.
    pub(crate) members: Vec<Val<'e>>,
    /// Members of records that the condition made.
    pub(crate) fields: Vec<(&'e str, Val<'e>)>,
}

pub(crate) type Step<T> = Result<T, EvalErrorKind>;

impl<'e, 'r> Machine<'e, 'r> {
    pub(crate) fn new(asked: &'r Asked<'e, 'r>) -> Self {
        Self {
            asked,
            stack: SmallVec::new(),
            members: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Whether the condition is satisfied.
    pub(crate) fn run<W: Watch<'e>>(
        &mut self,
        condition: &'e Condition,
        watch: &mut W,
    ) -> Result<bool, Fault> {
        self.stack.clear();
        self.members.clear();
        self.fields.clear();
        let mut at = 0_u32;
        while let Some(op) = condition.code.get(at as usize) {
            let fused = match *op {
                Op::Var(var) if !W::WATCHES => self.asked_of(var, condition, at),
                _ => None,
            };
            let (next, last) = match fused {
                Some(truth) => (Ok(Next::Truth(truth)), after(at)),
                None => (self.step(*op, condition), at),
            };
            match next {
                Ok(Next::Truth(truth)) if !W::WATCHES => {
                    match self.follow(truth, &condition.code, after(last)) {
                        Some(next) => at = next,
                        None => return Ok(false),
                    }
                }
                Ok(Next::Truth(truth)) => {
                    self.stack.push(Val::Bool(truth));
                    watch.stepped(at, self);
                    at = after(at);
                }
                Ok(Next::Step) => {
                    watch.stepped(at, self);
                    at = after(at);
                }
                Ok(Next::Jump(to)) => {
                    watch.stepped(at, self);
                    at = forward(at, to);
                }
                Ok(Next::Unsatisfied) => return Ok(false),
                Err(kind) => return Err(Fault { kind, at }),
            }
        }
        Ok(true)
    }

    /// What `is` or `has` says of a variable, when one of them follows at once.
    #[inline]
    fn asked_of(&self, var: Var, condition: &'e Condition, at: u32) -> Option<bool> {
        let resolved = self.resolved(var)?;
        match *condition.code.get(after(at) as usize)? {
            Op::Is(wanted) => Some(same_text(resolved.uid.type_name, name_of(condition, wanted))),
            Op::Has(path) => {
                let [first, rest @ ..] = run(&condition.names, path) else {
                    return None;
                };
                let attribute = resolved.found().and_then(|found| {
                    let (record, sorted) = found.attrs();
                    get(record, sorted, first).map(|value| (value, sorted))
                });
                match (attribute, rest) {
                    (None, _) => Some(false),
                    (Some(_), []) => Some(true),
                    (Some((value, sorted)), rest) => self.has(&Val::of(value, sorted), rest).ok(),
                }
            }
            _ => None,
        }
    }

    /// Takes the steps that a truth value decides, from `at` on, without putting it on the stack first. Where to go on, or
    /// nothing when the condition is not satisfied.
    #[inline]
    fn follow(&mut self, mut truth: bool, code: &[Op], mut at: u32) -> Option<u32> {
        loop {
            let next = after(at);
            match code.get(at as usize) {
                Some(Op::And(to)) if !truth => at = forward(at, *to),
                Some(Op::Or(to)) if truth => at = forward(at, *to),
                Some(Op::And(_) | Op::Or(_)) => return Some(next),
                Some(Op::When) => return truth.then_some(next),
                Some(Op::UnlessClause) => return (!truth).then_some(next),
                Some(Op::Unless(to)) => return Some(if truth { next } else { forward(at, *to) }),
                Some(Op::Truth) => at = next,
                Some(Op::Jump(to)) => at = forward(at, *to),
                Some(Op::Unary(Unary::Not)) => {
                    truth = !truth;
                    at = next;
                }
                _ => {
                    self.stack.push(Val::Bool(truth));
                    return Some(at);
                }
            }
        }
    }

    /// One step. Values are written into their place on the stack and read there: a copy made right after a write
    /// waits for it. A part of the loop, of which there are two: watched and not.
    #[inline(always)]
    fn step(&mut self, op: Op, condition: &'e Condition) -> Step<Next> {
        let name = |name| name_of(condition, name);
        let constant = |number: u32| condition.values.get(number as usize);
        match op {
            Op::Bool(value) => return Ok(Next::Truth(value)),
            Op::Long(value) => self.stack.push(Val::Long(value)),
            Op::Value(number) => {
                self.stack.push(Val::Bool(false));
                if let Some(value) = constant(number) {
                    self.set(value, true);
                }
            }
            Op::Entity(number) => {
                if let Some((uid, handle)) = condition.entities.get(number as usize) {
                    let (uid, handle) = (uid.as_ref(), Some(*handle));
                    self.stack.push(Val::Entity(Ent { uid, handle }));
                }
            }
            Op::Var(var) => match self.resolved(var) {
                Some(resolved) => {
                    let (uid, handle) = (resolved.uid, resolved.node.map(|node| node.handle));
                    self.stack.push(Val::Entity(Ent { uid, handle }));
                }
                None => self.stack.push(Val::Record(RecordVal::Context)),
            },
            Op::VarAttr(var, attr) => {
                let (value, sorted) = self.var_attr(var, name(attr))?;
                if let Value::Bool(truth) = value {
                    return Ok(Next::Truth(*truth));
                }
                self.stack.push(Val::Bool(false));
                self.set(value, sorted);
            }
            Op::Attr(attr) => match self.member(self.top(), name(attr))? {
                Member::Given(value, sorted) => self.set(value, sorted),
                Member::Made(val) => self.set_val(val),
            },
            Op::Has(path) => {
                let names = run(&condition.names, path);
                let has = self.has(self.top(), names)?;
                return Ok(self.replace(has));
            }
            Op::Unary(Unary::Not) => {
                let truth = self.truth()?;
                return Ok(self.replace(!truth));
            }
            Op::Unary(op) => {
                let result = unary(op, self.top())?;
                self.set_val(result);
            }
            Op::Binary(op) => return self.binary(op),
            Op::EqValue(number) => {
                let value = constant(number).ok_or(EvalErrorKind::TypeError)?;
                let equal = self.equal_value(self.top(), value)?;
                return Ok(self.replace(equal));
            }
            Op::WithinValue(number) => {
                let Some(Value::Set(items)) = constant(number) else {
                    return Err(EvalErrorKind::TypeError);
                };
                let within = self.set_contains(SetVal::Sorted(items), self.top())?;
                return Ok(self.replace(within));
            }
            Op::InEntities(list) => {
                let listed = run(&condition.entities, list).iter();
                let listed = listed.map(|(uid, handle)| Ent {
                    uid: uid.as_ref(),
                    handle: Some(*handle),
                });
                let within = self.below_any(self.entity()?, listed);
                return Ok(self.replace(within));
            }
            Op::Like(number) => {
                let Val::Str(text) = self.top() else {
                    return Err(EvalErrorKind::TypeError);
                };
                let pattern = condition.patterns.get(number as usize);
                let matches = pattern.is_some_and(|pattern| pattern.matches(text));
                return Ok(self.replace(matches));
            }
            Op::Is(wanted) => {
                let is = same_text(self.entity()?.uid.type_name, name(wanted));
                return Ok(self.replace(is));
            }
            Op::IsElse(wanted, to) => {
                if !same_text(self.entity()?.uid.type_name, name(wanted)) {
                    self.set_val(Val::Bool(false));
                    return Ok(Next::Jump(to));
                }
            }
            Op::And(to) => {
                if !self.truth()? {
                    return Ok(Next::Jump(to));
                }
                self.drop_top();
            }
            Op::Or(to) => {
                if self.truth()? {
                    return Ok(Next::Jump(to));
                }
                self.drop_top();
            }
            Op::Truth => {
                self.truth()?;
            }
            Op::Unless(to) => {
                let truth = self.truth()?;
                self.drop_top();
                if !truth {
                    return Ok(Next::Jump(to));
                }
            }
            Op::Jump(to) => return Ok(Next::Jump(to)),
            Op::Set(count) => {
                let start = self.members.len();
                let first = self.stack.len().saturating_sub(count as usize);
                self.members.extend(self.stack.drain(first..));
                self.stack.push(Val::Set(SetVal::Made(made(start, count))));
            }
            Op::Record(names) => {
                let start = self.fields.len();
                let first = self.stack.len().saturating_sub(names.len as usize);
                let names_of = run(&condition.names, names);
                self.fields
                    .extend(names_of.iter().map(|name| &**name).zip(self.stack.drain(first..)));
                self.stack
                    .push(Val::Record(RecordVal::Made(made(start, names.len))));
            }
            Op::Invalid(_) => return Err(EvalErrorKind::Extension),
            Op::When => {
                if !self.truth()? {
                    return Ok(Next::Unsatisfied);
                }
                self.drop_top();
            }
            Op::UnlessClause => {
                if self.truth()? {
                    return Ok(Next::Unsatisfied);
                }
                self.drop_top();
            }
        }
        Ok(Next::Step)
    }

    /// The uppermost value. The lowering never takes more than it has put.
    #[inline]
    fn top(&self) -> &Val<'e> {
        self.stack.last().unwrap_or(&Val::Bool(false))
    }

    #[inline]
    pub(super) fn drop_top(&mut self) {
        self.stack.truncate(self.stack.len().saturating_sub(1));
    }

    /// Drops the uppermost value for a truth value, which is not on the stack.
    #[inline]
    pub(super) fn replace(&mut self, truth: bool) -> Next {
        self.drop_top();
        Next::Truth(truth)
    }

    /// Replaces the uppermost value.
    #[inline]
    pub(super) fn set_val(&mut self, val: Val<'e>) {
        if let Some(top) = self.stack.last_mut() {
            *top = val;
        }
    }

    /// The same by a value of the snapshot (`sorted`) or of the request.
    #[inline]
    pub(super) fn set(&mut self, value: &'e Value<'e>, sorted: bool) {
        if let Some(top) = self.stack.last_mut() {
            top.set(value, sorted);
        }
    }

    #[inline]
    fn truth(&self) -> Step<bool> {
        match self.top() {
            Val::Bool(value) => Ok(*value),
            _ => Err(EvalErrorKind::TypeError),
        }
    }

    #[inline]
    fn entity(&self) -> Step<&Ent<'e>> {
        match self.top() {
            Val::Entity(ent) => Ok(ent),
            _ => Err(EvalErrorKind::TypeError),
        }
    }

    fn resolved(&self, var: Var) -> Option<&'r Resolved<'e>> {
        match var {
            Var::Principal => Some(self.asked.principal),
            Var::Action => Some(self.asked.action),
            Var::Resource => Some(self.asked.resource),
            Var::Context => None,
        }
    }

    #[inline]
    fn var_attr(&self, var: Var, name: &str) -> Step<(&'e Value<'e>, bool)> {
        let (found, sorted) = match self.resolved(var) {
            Some(resolved) => {
                let (record, sorted) = resolved.found().ok_or(EvalErrorKind::EntityMissing)?.attrs();
                (get(record, sorted, name), sorted)
            }
            None => (self.asked.context.get(name), false),
        };
        Ok((found.ok_or(EvalErrorKind::AttributeMissing)?, sorted))
    }

    /// An attribute of an entity or a member of a record.
    fn member(&self, of: &Val<'e>, name: &str) -> Step<Member<'e>> {
        let found = match of {
            Val::Entity(ent) => {
                let (record, sorted) = self.find(ent).ok_or(EvalErrorKind::EntityMissing)?.attrs();
                get(record, sorted, name).map(|value| Member::Given(value, sorted))
            }
            Val::Record(record) => self.field(*record, name),
            _ => return Err(EvalErrorKind::TypeError),
        };
        found.ok_or(EvalErrorKind::AttributeMissing)
    }

    fn has(&self, of: &Val<'e>, path: &[Arc<str>]) -> Step<bool> {
        let mut current = *of;
        for name in path {
            match self.member(&current, name) {
                Ok(member) => current = member.val(),
                Err(EvalErrorKind::TypeError) => return Err(EvalErrorKind::TypeError),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// A member of a record.
    pub(crate) fn field(&self, record: RecordVal<'e>, name: &str) -> Option<Member<'e>> {
        match record {
            RecordVal::Sorted(record) => get(record, true, name).map(|value| Member::Given(value, true)),
            RecordVal::Loose(record) => get(record, false, name).map(|value| Member::Given(value, false)),
            RecordVal::Context => {
                let value = self.asked.context.get(name);
                value.map(|value| Member::Given(value, false))
            }
            RecordVal::Made(made) => {
                let mut fields = run(&self.fields, made).iter();
                let found = fields.find(|(known, _)| *known == name);
                found.map(|(_, val)| Member::Made(*val))
            }
        }
    }

    /// The principal, action or resource of the request, if that is what the reference means.
    fn known(&self, ent: &Ent<'e>) -> Option<&'r Resolved<'e>> {
        let asked = [self.asked.resource, self.asked.principal, self.asked.action];
        asked.into_iter().find(
            |resolved| match (resolved.node.map(|node| node.handle), ent.handle) {
                (Some(a), Some(b)) => a == b,
                _ => resolved.uid == ent.uid,
            },
        )
    }

    /// The entity that a reference means.
    pub(crate) fn find(&self, ent: &Ent<'e>) -> Option<Found<'e>> {
        if let Some(resolved) = self.known(ent) {
            return resolved.found();
        }
        let view = self.asked.view;
        if let Some(entity) = view.brought(ent.uid) {
            return Some(Found::Brought(entity));
        }
        let node = match ent.handle {
            Some(handle) => view.graph.node(handle),
            None => view.graph.find(ent.uid),
        };
        node?.data.as_deref().map(Found::Stored)
    }

    /// Whether an entity is one of some others or below one of them.
    pub(crate) fn below_any(&self, ent: &Ent<'e>, others: impl Iterator<Item = Ent<'e>>) -> bool {
        let view = self.asked.view;
        let found;
        let resolved = match self.known(ent) {
            Some(resolved) => resolved,
            None => {
                let node = match ent.handle {
                    Some(handle) => view.graph.node(handle),
                    None => view.graph.find(ent.uid),
                };
                found = view.resolve_node(ent.uid, node);
                &found
            }
        };
        for other in others {
            if ent.is(&other) {
                return true;
            }
            let handle = other
                .handle
                .or_else(|| view.graph.find(other.uid).map(|node| node.handle));
            if resolved.is_below(other.uid, handle) {
                return true;
            }
        }
        false
    }
}

/// What a name stands for in a record or an entity.
#[derive(Clone, Copy)]
pub(crate) enum Member<'e> {
    /// A value of the snapshot, in normal form (true), or of the request.
    Given(&'e Value<'e>, bool),
    /// A value of a record that the condition made.
    Made(Val<'e>),
}

impl<'e> Member<'e> {
    pub(crate) fn val(self) -> Val<'e> {
        match self {
            Member::Given(value, sorted) => Val::of(value, sorted),
            Member::Made(val) => val,
        }
    }
}

/// Where the machine goes after a step.
pub(super) enum Next {
    Step,
    /// To the next one, with a truth value that has to be put on the stack or followed.
    Truth(bool),
    Jump(u32),
    Unsatisfied,
}

fn made(start: usize, len: u32) -> Run {
    Run {
        start: u32::try_from(start).unwrap_or(u32::MAX),
        len,
    }
}

fn name_of(condition: &Condition, name: u32) -> &str {
    condition.names.get(name as usize).map_or("", |name| name)
}

/// The place after another. There are never so many.
#[inline]
fn after(at: u32) -> u32 {
    at.saturating_add(1)
}

/// Where a jump leads. Code is made by the lowering, whose jumps lead forward; a damaged file must not loop either.
#[inline]
fn forward(at: u32, to: u32) -> u32 {
    to.max(after(at))
}

/// The items of a run.
#[inline]
pub(crate) fn run<T>(items: &[T], run: Run) -> &[T] {
    let start = run.start as usize;
    items
        .get(start..start.saturating_add(run.len as usize))
        .unwrap_or(&[])
}

#[inline]
pub(crate) fn get<'e>(record: &'e Record<'e>, sorted: bool, name: &str) -> Option<&'e Value<'e>> {
    if sorted {
        record.get_sorted(name)
    } else {
        record.get(name)
    }
}

pub(crate) fn set_len(set: SetVal<'_>) -> usize {
    match set {
        SetVal::Sorted(items) | SetVal::Loose(items) => items.len(),
        SetVal::Made(run) => run.len as usize,
    }
}
