//! The stack machine that evaluates conditions: a loop over flat code, without recursion on the code and, for the
//! usual condition, without allocation.

use smallvec::SmallVec;

use super::fault::{EvalErrorKind, Fault};
use super::val::{Ent, RecordVal, SetVal, Val};
use crate::compile::program::{Condition, Op, Run, Unary, Var};
use crate::entities::overlay::{Found, Resolved, View};
use crate::value::{Record, literal, same_text};

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
    fn get(self, name: &str) -> Option<Val<'e>> {
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
    /// After the step at `at`, with the machine's stack as it left it.
    fn stepped(&mut self, at: u32, machine: &Machine<'e, '_>);
}

impl<'e> Watch<'e> for () {
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
    pub(crate) fn run(
        &mut self,
        condition: &'e Condition,
        watch: &mut impl Watch<'e>,
    ) -> Result<bool, Fault> {
        self.stack.clear();
        self.members.clear();
        self.fields.clear();
        let mut at = 0_u32;
        while let Some(op) = condition.code.get(at as usize) {
            match self.step(*op, condition) {
                Ok(Next::Step) => {
                    watch.stepped(at, self);
                    at += 1;
                }
                Ok(Next::Jump(to)) => {
                    watch.stepped(at, self);
                    // Code is made by the lowering, whose jumps lead forward; a damaged file must not loop either.
                    at = to.max(at + 1);
                }
                Ok(Next::Unsatisfied) => return Ok(false),
                Err(kind) => return Err(Fault { kind, at }),
            }
        }
        Ok(true)
    }

    #[inline]
    fn step(&mut self, op: Op, condition: &'e Condition) -> Step<Next> {
        let name = |name: u32| condition.names.get(name as usize).map_or("", |name| &**name);
        let value = |value: u32| {
            let value = condition.values.get(value as usize);
            value.map_or(Val::Bool(false), |value| Val::of(value, true))
        };
        match op {
            Op::Bool(value) => self.stack.push(Val::Bool(value)),
            Op::Long(value) => self.stack.push(Val::Long(value)),
            Op::Value(number) => self.stack.push(value(number)),
            Op::Entity(number) => {
                if let Some((uid, handle)) = condition.entities.get(number as usize) {
                    let uid = uid.as_ref();
                    self.stack.push(Val::Entity(Ent {
                        uid,
                        handle: Some(*handle),
                    }));
                }
            }
            Op::Var(var) => {
                let var = self.var(var);
                self.stack.push(var);
            }
            Op::VarAttr(var, attr) => {
                let found = self.var_attr(var, name(attr))?;
                self.stack.push(found);
            }
            Op::Attr(attr) => {
                let top = self.pop();
                let found = self.attr(top, name(attr))?;
                self.stack.push(found);
            }
            Op::Has(path) => {
                let top = self.pop();
                let names = run(&condition.names, path);
                let has = self.has(top, names.iter().map(|name| &**name))?;
                self.stack.push(Val::Bool(has));
            }
            Op::Unary(op) => {
                let top = self.pop();
                let result = self.unary(op, top)?;
                self.stack.push(result);
            }
            Op::Binary(op) => {
                let right = self.pop();
                let left = self.pop();
                let result = self.binary(op, left, right)?;
                self.stack.push(result);
            }
            Op::EqValue(number) => {
                let top = self.pop();
                let equal = self.equal(top, value(number))?;
                self.stack.push(Val::Bool(equal));
            }
            Op::WithinValue(number) => {
                let top = self.pop();
                let within = match value(number) {
                    Val::Set(set) => self.set_contains(set, top)?,
                    _ => return Err(EvalErrorKind::TypeError),
                };
                self.stack.push(Val::Bool(within));
            }
            Op::InEntities(list) => {
                let ent = self.pop_entity()?;
                let listed = run(&condition.entities, list);
                let within = self.below_any(
                    ent,
                    listed.iter().map(|(uid, handle)| Ent {
                        uid: uid.as_ref(),
                        handle: Some(*handle),
                    }),
                );
                self.stack.push(Val::Bool(within));
            }
            Op::Like(number) => {
                let Val::Str(text) = self.pop() else {
                    return Err(EvalErrorKind::TypeError);
                };
                let pattern = condition.patterns.get(number as usize);
                let matches = pattern.is_some_and(|pattern| pattern.matches(text));
                self.stack.push(Val::Bool(matches));
            }
            Op::Is(wanted) => {
                let ent = self.pop_entity()?;
                self.stack
                    .push(Val::Bool(same_text(ent.uid.type_name, name(wanted))));
            }
            Op::IsElse(wanted, to) => {
                let ent = self.pop_entity()?;
                if !same_text(ent.uid.type_name, name(wanted)) {
                    self.stack.push(Val::Bool(false));
                    return Ok(Next::Jump(to));
                }
                self.stack.push(Val::Entity(ent));
            }
            Op::And(to) => {
                if !self.pop_bool()? {
                    self.stack.push(Val::Bool(false));
                    return Ok(Next::Jump(to));
                }
            }
            Op::Or(to) => {
                if self.pop_bool()? {
                    self.stack.push(Val::Bool(true));
                    return Ok(Next::Jump(to));
                }
            }
            Op::Truth => {
                let truth = self.pop_bool()?;
                self.stack.push(Val::Bool(truth));
            }
            Op::Unless(to) => {
                if !self.pop_bool()? {
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
                if !self.pop_bool()? {
                    return Ok(Next::Unsatisfied);
                }
            }
            Op::UnlessClause => {
                if self.pop_bool()? {
                    return Ok(Next::Unsatisfied);
                }
            }
        }
        Ok(Next::Step)
    }

    /// The lowering never takes more than it has put.
    #[inline]
    fn pop(&mut self) -> Val<'e> {
        self.stack.pop().unwrap_or(Val::Bool(false))
    }

    #[inline]
    fn pop_bool(&mut self) -> Step<bool> {
        match self.pop() {
            Val::Bool(value) => Ok(value),
            _ => Err(EvalErrorKind::TypeError),
        }
    }

    #[inline]
    fn pop_entity(&mut self) -> Step<Ent<'e>> {
        match self.pop() {
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
    fn var(&self, var: Var) -> Val<'e> {
        match self.resolved(var) {
            Some(resolved) => Val::Entity(Ent {
                uid: resolved.uid,
                handle: resolved.node.map(|node| node.handle),
            }),
            None => Val::Record(RecordVal::Context),
        }
    }

    #[inline]
    fn var_attr(&self, var: Var, name: &str) -> Step<Val<'e>> {
        let found = match self.resolved(var) {
            Some(resolved) => {
                let (record, sorted) = resolved.found().ok_or(EvalErrorKind::EntityMissing)?.attrs();
                get(record, sorted, name)
            }
            None => self.asked.context.get(name),
        };
        found.ok_or(EvalErrorKind::AttributeMissing)
    }

    fn attr(&self, of: Val<'e>, name: &str) -> Step<Val<'e>> {
        let found = match of {
            Val::Entity(ent) => {
                let (record, sorted) = self.find(ent).ok_or(EvalErrorKind::EntityMissing)?.attrs();
                get(record, sorted, name)
            }
            Val::Record(record) => self.field(record, name),
            _ => return Err(EvalErrorKind::TypeError),
        };
        found.ok_or(EvalErrorKind::AttributeMissing)
    }

    fn has<'n>(&self, of: Val<'e>, path: impl Iterator<Item = &'n str>) -> Step<bool> {
        let mut current = of;
        for name in path {
            let found = match current {
                Val::Entity(ent) => self.find(ent).and_then(|found| {
                    let (record, sorted) = found.attrs();
                    get(record, sorted, name)
                }),
                Val::Record(record) => self.field(record, name),
                _ => return Err(EvalErrorKind::TypeError),
            };
            match found {
                Some(next) => current = next,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// A member of a record.
    pub(crate) fn field(&self, record: RecordVal<'e>, name: &str) -> Option<Val<'e>> {
        match record {
            RecordVal::Sorted(record) => get(record, true, name),
            RecordVal::Loose(record) => get(record, false, name),
            RecordVal::Context => self.asked.context.get(name),
            RecordVal::Made(made) => {
                let fields = run(&self.fields, made);
                fields
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| *value)
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
    pub(crate) fn find(&self, ent: Ent<'e>) -> Option<Found<'e>> {
        if let Some(resolved) = self.known(&ent) {
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
    pub(crate) fn below_any(&self, ent: Ent<'e>, others: impl Iterator<Item = Ent<'e>>) -> bool {
        let view = self.asked.view;
        let found;
        let resolved = match self.known(&ent) {
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

    fn unary(&self, op: Unary, of: Val<'e>) -> Step<Val<'e>> {
        let overflow = EvalErrorKind::Overflow;
        let read = |text: &str| match op {
            Unary::Ip => literal::ip(text).map(Val::Ip),
            Unary::Decimal => literal::decimal(text).map(Val::Decimal),
            Unary::Datetime => literal::datetime(text).map(Val::Datetime),
            _ => literal::duration(text).map(Val::Duration),
        };
        Ok(match (op, of) {
            (Unary::Not, Val::Bool(value)) => Val::Bool(!value),
            (Unary::Neg, Val::Long(value)) => Val::Long(value.checked_neg().ok_or(overflow)?),
            (Unary::IsEmpty, Val::Set(set)) => Val::Bool(set_len(set) == 0),
            (Unary::Ip | Unary::Decimal | Unary::Datetime | Unary::Duration, Val::Str(text)) => {
                read(text).ok_or(EvalErrorKind::Extension)?
            }
            (Unary::IsIpv4, Val::Ip(ip)) => Val::Bool(ip.is_ipv4()),
            (Unary::IsIpv6, Val::Ip(ip)) => Val::Bool(!ip.is_ipv4()),
            (Unary::IsLoopback, Val::Ip(ip)) => Val::Bool(ip.is_loopback()),
            (Unary::IsMulticast, Val::Ip(ip)) => Val::Bool(ip.is_multicast()),
            (Unary::ToDate, Val::Datetime(at)) => {
                Val::Datetime(at.to_date().ok_or(EvalErrorKind::Extension)?)
            }
            (Unary::ToTime, Val::Datetime(at)) => Val::Duration(at.to_time()),
            (Unary::ToMilliseconds, Val::Duration(span)) => Val::Long(span.millis()),
            (Unary::ToSeconds, Val::Duration(span)) => Val::Long(span.seconds()),
            (Unary::ToMinutes, Val::Duration(span)) => Val::Long(span.minutes()),
            (Unary::ToHours, Val::Duration(span)) => Val::Long(span.hours()),
            (Unary::ToDays, Val::Duration(span)) => Val::Long(span.days()),
            _ => return Err(EvalErrorKind::TypeError),
        })
    }
}

/// Where the machine goes after a step.
enum Next {
    Step,
    Jump(u32),
    Unsatisfied,
}

fn made(start: usize, len: u32) -> Run {
    Run {
        start: u32::try_from(start).unwrap_or(u32::MAX),
        len,
    }
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
pub(crate) fn get<'e>(record: &'e Record<'e>, sorted: bool, name: &str) -> Option<Val<'e>> {
    let found = if sorted {
        record.get_sorted(name)
    } else {
        record.get(name)
    };
    found.map(|value| Val::of(value, sorted))
}

pub(crate) fn set_len(set: SetVal<'_>) -> usize {
    match set {
        SetVal::Sorted(items) | SetVal::Loose(items) => items.len(),
        SetVal::Made(run) => run.len as usize,
    }
}
