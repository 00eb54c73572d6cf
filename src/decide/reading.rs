//! A watched run of a condition beside the expressions that its code was made from.

use std::ops::RangeInclusive;

use super::fault::Fault;
use super::machine::{Machine, Watch};
use super::trace::{Clause, ConditionOutcome, ConditionTrace, Deciding, Place, Seen};
use super::val::{RecordVal, Val};
use crate::compile::locate::{Located, Spot};
use crate::compile::program::{Binary, Condition, Op, Unary};
use crate::compile::render;
use crate::compile::tree::{self, Form, NodeId, Tree};
use crate::value::Value;
use crate::value::text::{self, HIDDEN, Short};

/// Longest text of an expression, in characters.
const MAX_EXPRESSION: usize = 240;
/// Longest text of a value, in characters.
const MAX_VALUE: usize = 120;
/// Most values of one condition that are told.
const MAX_SEEN: usize = 16;
/// Most conditions of one policy that are told; the one that decided is always among them.
const MAX_CONDITIONS: usize = 32;
/// Deepest nesting of a value that is written out.
const MAX_DEPTH: usize = 6;

/// What a run did, expression by expression.
pub(super) struct Reading<'w, 'e, 'r> {
    machine: &'w Machine<'e, 'r>,
    condition: &'e Condition,
    tree: Tree,
    /// The value of every expression that was reached and has one.
    values: Vec<Option<Val<'e>>>,
    pub(super) fault: Option<Fault>,
}

/// The values that a run left on the stack, step by step.
struct Steps<'e>(Vec<Option<Val<'e>>>);

impl<'e> Watch<'e> for Steps<'e> {
    fn stepped(&mut self, at: u32, machine: &Machine<'e, '_>) {
        if let Some(slot) = self.0.get_mut(at as usize) {
            *slot = machine.stack.last().copied();
        }
    }
}

impl<'w, 'e, 'r> Reading<'w, 'e, 'r> {
    /// Runs a condition and watches.
    pub(super) fn of(machine: &'w mut Machine<'e, 'r>, condition: &'e Condition) -> Self {
        let mut steps = Steps(vec![None; condition.code.len()]);
        let fault = machine.run(condition, &mut steps).err();
        let mut reading = Self {
            machine,
            condition,
            tree: tree::read(condition),
            values: Vec::new(),
            fault,
        };
        // Operands stand before what is made of them.
        for id in 0..reading.tree.nodes.len() {
            let value = reading.value_of(id, &steps);
            reading.values.push(value);
        }
        reading
    }

    fn value_of(&self, id: NodeId, steps: &Steps<'e>) -> Option<Val<'e>> {
        let step = |at: u32| steps.0.get(at as usize).copied().flatten();
        let node = self.tree.node(id)?;
        let truth = |operand: usize| self.truth(*node.operands.get(operand)?);
        match node.form {
            Form::Step(_) => step(node.at),
            Form::And => match truth(0)? {
                true => truth(1).map(Val::Bool),
                false => Some(Val::Bool(false)),
            },
            Form::Or => match truth(0)? {
                true => Some(Val::Bool(true)),
                false => truth(1).map(Val::Bool),
            },
            Form::If => self.value(*node.operands.get(if truth(0)? { 1 } else { 2 })?),
            Form::IsIn(_, compared) => match (self.value(*node.operands.first()?), step(compared)) {
                (Some(value), _) => Some(value),
                (None, Some(value @ Val::Bool(false))) => Some(value),
                (None, _) => None,
            },
            Form::Unknown => None,
        }
    }

    /// The value of an expression, if it was reached and has one.
    fn value(&self, id: NodeId) -> Option<Val<'e>> {
        self.values.get(id).copied().flatten()
    }

    fn truth(&self, id: NodeId) -> Option<bool> {
        match self.value(id)? {
            Val::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The conditions, with their places in the policy's text.
    pub(super) fn conditions(&self, source: &str) -> Vec<ConditionTrace> {
        let located = Located::new(source);
        // The text may be that of something else than the code, where a file is damaged.
        let located = (located.clauses() == self.tree.clauses.len()).then_some(&located);
        let mut told = Vec::new();
        for (number, clause) in self.tree.clauses.iter().enumerate() {
            let is_last = self.is_last(*clause);
            if told.len() < MAX_CONDITIONS || is_last {
                told.truncate(MAX_CONDITIONS - 1);
                told.push(self.condition(number, *clause, located));
            }
        }
        told
    }

    /// Whether the condition ended the run.
    fn is_last(&self, clause: tree::Clause) -> bool {
        match self.outcome(clause) {
            ConditionOutcome::DoesNotHold | ConditionOutcome::Fails => true,
            ConditionOutcome::Holds | ConditionOutcome::NotReached => false,
        }
    }

    fn run_of(&self, id: NodeId) -> RangeInclusive<NodeId> {
        self.tree.node(id).map_or(id, |node| node.first)..=id
    }

    /// The expression of a condition that cannot be evaluated.
    fn failing(&self, clause: tree::Clause) -> Option<NodeId> {
        let failed = self.tree.owner(self.fault?.at)?;
        self.run_of(clause.expression).contains(&failed).then_some(failed)
    }

    fn outcome(&self, clause: tree::Clause) -> ConditionOutcome {
        if self.failing(clause).is_some() {
            return ConditionOutcome::Fails;
        }
        match self.truth(clause.expression) {
            Some(value) if value == clause.is_unless => ConditionOutcome::DoesNotHold,
            Some(_) => ConditionOutcome::Holds,
            None => ConditionOutcome::NotReached,
        }
    }

    fn condition(
        &self,
        number: usize,
        clause: tree::Clause,
        located: Option<&Located<'_>>,
    ) -> ConditionTrace {
        let outcome = self.outcome(clause);
        let value = match outcome {
            ConditionOutcome::Fails => None,
            _ => self.truth(clause.expression),
        };
        let deciding = match value {
            Some(value) => Some(self.deciding(clause.expression, value)),
            None => self.failing(clause).map(|failed| (failed, None)),
        };
        let place = |spot: Spot| Place {
            file: None,
            line: spot.line,
            column: spot.column,
        };
        ConditionTrace {
            clause: if clause.is_unless {
                Clause::Unless
            } else {
                Clause::When
            },
            expression: self.text(clause.expression),
            value,
            outcome,
            place: located.and_then(|located| located.clause(number)).map(place),
            decided_by: deciding.map(|(id, value)| {
                let expression = self.text(id);
                let spot = located.and_then(|located| located.expression(number, &expression));
                Deciding {
                    place: spot.map(place),
                    expression,
                    value,
                }
            }),
            seen: self.seen(clause.expression, deciding.map(|(id, _)| id)),
        }
    }

    fn text(&self, id: NodeId) -> String {
        render::expression(self.condition, &self.tree, id, MAX_EXPRESSION)
    }

    /// The innermost part that makes a truth value what it is, with the value of that part.
    fn deciding(&self, expression: NodeId, value: bool) -> (NodeId, Option<bool>) {
        let (mut at, mut value) = (expression, value);
        loop {
            let part = self.tree.node(at).and_then(|node| {
                let operand = |number: usize| node.operands.get(number).copied();
                match node.form {
                    Form::And if !value => operand(usize::from(self.truth(operand(0)?)?)),
                    Form::Or if value => operand(usize::from(!self.truth(operand(0)?)?)),
                    Form::If => {
                        let taken = operand(if self.truth(operand(0)?)? { 1 } else { 2 })?;
                        self.is_made_of_others(taken).then_some(taken)
                    }
                    Form::Step(Op::Unary(Unary::Not)) => operand(0).filter(|of| self.is_compound(*of)),
                    _ => None,
                }
            });
            match part.and_then(|part| Some((part, self.truth(part)?))) {
                Some((part, its_value)) => (at, value) = (part, its_value),
                None => return (at, Some(value)),
            }
        }
    }

    /// False for `true`, which tells nobody why.
    fn is_made_of_others(&self, id: NodeId) -> bool {
        let form = self.tree.node(id).map(|node| node.form);
        !matches!(form, Some(Form::Step(Op::Bool(_))))
    }

    fn is_compound(&self, id: NodeId) -> bool {
        let form = self.tree.node(id).map(|node| node.form);
        matches!(
            form,
            Some(Form::And | Form::Or | Form::If | Form::Step(Op::Unary(Unary::Not)))
        )
    }

    /// Every attribute and tag that was reached, each once and without what led to it.
    fn seen(&self, expression: NodeId, deciding: Option<NodeId>) -> Vec<Seen> {
        let decisive = deciding.map(|deciding| self.run_of(deciding));
        let mut seen: Vec<(NodeId, Seen)> = Vec::new();
        for id in self.run_of(expression) {
            let Some(node) = self.tree.node(id).filter(|node| node.form.is_access()) else {
                continue;
            };
            let Some(value) = self.value(id) else { continue };
            // That there is an attribute is told by its value.
            let asks = matches!(node.form, Form::Step(Op::Has(_) | Op::Binary(Binary::HasTag)));
            if asks && matches!(value, Val::Bool(true)) {
                continue;
            }
            // `a.b` was looked at on the way to `a.b.c`.
            seen.retain(|(inner, _)| !node.operands.contains(inner) || self.is_tag(node.form));
            let found = Seen {
                expression: self.text(id),
                value: self.shown(self.name(node.form), value),
                decisive: decisive.as_ref().is_some_and(|run| run.contains(&id)),
            };
            match seen
                .iter_mut()
                .find(|(_, seen)| seen.expression == found.expression)
            {
                Some((_, known)) => known.decisive |= found.decisive,
                None => seen.push((id, found)),
            }
        }
        // What decided comes first where not everything can be told.
        if seen.len() > MAX_SEEN {
            seen.sort_by_key(|(_, seen)| !seen.decisive);
            seen.truncate(MAX_SEEN);
        }
        seen.into_iter().map(|(_, seen)| seen).collect()
    }

    /// Whether an access takes the name of what it reads from another expression.
    fn is_tag(&self, form: Form) -> bool {
        matches!(form, Form::Step(Op::Binary(_)))
    }

    fn name(&self, form: Form) -> &str {
        match form {
            Form::Step(Op::VarAttr(_, name) | Op::Attr(name)) => {
                self.condition.names.get(name as usize).map_or("", |name| name)
            }
            _ => "",
        }
    }

    fn shown(&self, name: &str, value: Val<'e>) -> String {
        let mut out = Short::new(MAX_VALUE);
        self.write_named(name, value, MAX_DEPTH, &mut out);
        out.finish()
    }

    /// Writes a value, unless its name says that it is a secret.
    fn write_named(&self, name: &str, value: Val<'e>, depth: usize, out: &mut Short) {
        if matches!(value, Val::Str(_) | Val::Set(_) | Val::Record(_)) && text::names_secret(name) {
            out.push(HIDDEN);
        } else {
            self.write(value, depth, out);
        }
    }

    fn write(&self, value: Val<'e>, depth: usize, out: &mut Short) {
        let plain: Value<'e> = match value {
            Val::Bool(value) => Value::Bool(value),
            Val::Long(value) => Value::Long(value),
            Val::Str(value) => Value::from(value),
            Val::Entity(ent) => Value::Entity(ent.uid.to_uid()),
            Val::Ip(value) => Value::Ip(value),
            Val::Decimal(value) => Value::Decimal(value),
            Val::Datetime(value) => Value::Datetime(value),
            Val::Duration(value) => Value::Duration(value),
            Val::Set(_) | Val::Record(_) if depth == 0 => return out.push("…"),
            Val::Set(set) => {
                return text::listed(out, ["[", "]"], self.machine.items(set), |item, out| {
                    self.write(item, depth - 1, out);
                });
            }
            Val::Record(record) => return self.write_record(record, depth - 1, out),
        };
        text::write(&plain, out);
    }

    fn write_record(&self, record: RecordVal<'e>, depth: usize, out: &mut Short) {
        let fields = self.machine.fields_of(record).into_iter();
        text::listed(out, ["{", "}"], fields, |(name, value), out| {
            text::field(name, out, |out| self.write_named(name, value, depth, out));
        });
    }
}
