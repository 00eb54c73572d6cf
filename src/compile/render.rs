//! Expressions as text in Cedar's syntax, with no more brackets than they need.

use std::fmt::Write as _;

use super::pattern::Pattern;
use super::program::{Binary, Condition, Op, Run, Unary, Var};
use super::tree::{Form, NodeId, Tree};
use crate::value::Value;
use crate::value::text::{self, Short, is_plain_name, quote};

/// Deepest nesting of an expression that is written out; what lies deeper becomes an ellipsis. A chain of `&&` or `||`
/// is one level.
const MAX_DEPTH: usize = 40;

/// An expression in Cedar's syntax, cut after so many characters.
pub(crate) fn expression(condition: &Condition, tree: &Tree, id: NodeId, max: usize) -> String {
    let mut out = Short::new(max);
    let writer = Writer { condition, tree };
    writer.write(id, MAX_DEPTH, &mut out);
    out.finish()
}

/// How tightly an expression binds; looser ones are put into brackets where a tighter one is called for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binds {
    If,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Unary,
    Member,
}

struct Writer<'c> {
    condition: &'c Condition,
    tree: &'c Tree,
}

impl Writer<'_> {
    fn binds(&self, id: NodeId) -> Binds {
        let Some(node) = self.tree.node(id) else {
            return Binds::Member;
        };
        match node.form {
            Form::If => Binds::If,
            Form::Or => Binds::Or,
            Form::And => Binds::And,
            Form::IsIn(..) => Binds::Relation,
            Form::Unknown => Binds::Member,
            Form::Step(op) => match op {
                Op::Long(value) if value < 0 => Binds::Unary,
                Op::Unary(Unary::Not | Unary::Neg) => Binds::Unary,
                Op::Has(_) | Op::EqValue(_) | Op::InEntities(_) | Op::Like(_) | Op::Is(_) => Binds::Relation,
                Op::Binary(op) => match op {
                    Binary::Add | Binary::Sub => Binds::Sum,
                    Binary::Mul => Binds::Product,
                    Binary::Eq
                    | Binary::NotEq
                    | Binary::Less
                    | Binary::LessEq
                    | Binary::Greater
                    | Binary::GreaterEq
                    | Binary::In => Binds::Relation,
                    _ => Binds::Member,
                },
                _ => Binds::Member,
            },
        }
    }

    fn operand(&self, id: NodeId, least: Binds, depth: usize, out: &mut Short) {
        if self.binds(id) < least {
            out.push("(");
            self.write(id, depth, out);
            out.push(")");
        } else {
            self.write(id, depth, out);
        }
    }

    fn write(&self, id: NodeId, depth: usize, out: &mut Short) {
        let (Some(node), false) = (self.tree.node(id), out.is_full()) else {
            return;
        };
        let Some(deeper) = depth.checked_sub(1) else {
            out.push("…");
            return;
        };
        match (node.form, node.operands.as_slice()) {
            (Form::And, _) => self.chain(id, " && ", Binds::And, deeper, out),
            (Form::Or, _) => self.chain(id, " || ", Binds::Or, deeper, out),
            (Form::If, [condition, then, other]) => {
                for (word, part) in [("if ", condition), (" then ", then), (" else ", other)] {
                    out.push(word);
                    self.write(*part, deeper, out);
                }
            }
            (Form::IsIn(name, _), [within]) => self.is_in(name, *within, deeper, out),
            (Form::Step(op), operands) => self.step(op, operands, deeper, out),
            _ => out.push("…"),
        }
    }

    /// A chain of one operator is as deep as it is long, but written as one level.
    fn chain(&self, id: NodeId, operator: &str, binds: Binds, depth: usize, out: &mut Short) {
        let tighter = if binds == Binds::Or {
            Binds::And
        } else {
            Binds::Relation
        };
        let (mut first, mut rest) = (id, Vec::new());
        while self.binds(first) == binds
            && let Some([left, right]) = self.tree.node(first).map(|node| node.operands.as_slice())
        {
            rest.push(*right);
            first = *left;
        }
        self.operand(first, tighter, depth, out);
        for part in rest.into_iter().rev() {
            if out.is_full() {
                return;
            }
            out.push(operator);
            self.operand(part, tighter, depth, out);
        }
    }

    /// The operand is the `in` whose left side is compared.
    fn is_in(&self, name: u32, within: NodeId, depth: usize, out: &mut Short) {
        let Some(node) = self.tree.node(within) else {
            return;
        };
        let (left, right) = match node.operands.as_slice() {
            [left] => (*left, None),
            [left, right] => (*left, Some(*right)),
            _ => return out.push("…"),
        };
        self.operand(left, Binds::Sum, depth, out);
        out.push(" is ");
        out.push(self.name(name));
        match (node.form, right) {
            (Form::Step(Op::InEntities(run)), _) => self.in_entities(run, out),
            (_, Some(right)) => {
                out.push(" in ");
                self.operand(right, Binds::Sum, depth, out);
            }
            _ => out.push("…"),
        }
    }

    fn step(&self, op: Op, operands: &[NodeId], depth: usize, out: &mut Short) {
        // Writing to a `Short` cannot fail.
        match (op, operands) {
            (Op::Bool(value), _) => out.push(if value { "true" } else { "false" }),
            (Op::Long(value), _) => {
                let _ = write!(out, "{value}");
            }
            (Op::Value(number), _) => self.value(number, out),
            (Op::Invalid(number), _) => match self.condition.values.get(number as usize) {
                Some(Value::String(call)) => out.push(call),
                _ => out.push("…"),
            },
            (Op::Entity(number), _) => self.entity(number, out),
            (Op::Var(var), _) => out.push(variable(var)),
            (Op::VarAttr(var, name), _) => {
                out.push(variable(var));
                self.member(name, out);
            }
            (Op::Attr(name), [of]) => {
                self.operand(*of, Binds::Member, depth, out);
                self.member(name, out);
            }
            (Op::Set(_), items) => text::listed(out, ["[", "]"], items.iter(), |item, out| {
                self.write(*item, depth, out);
            }),
            (Op::Record(names), values) => {
                let members = self.names(names).zip(values);
                text::listed(out, ["{", "}"], members, |(name, value), out| {
                    text::field(name, out, |out| self.write(*value, depth, out));
                });
            }
            (Op::Unary(op), [of]) => self.unary(op, *of, depth, out),
            (Op::Binary(op), [left, right]) => self.binary(op, *left, *right, depth, out),
            (Op::WithinValue(number), [item]) => {
                self.value(number, out);
                out.push(".contains(");
                self.write(*item, depth, out);
                out.push(")");
            }
            (_, [of]) => {
                self.operand(*of, Binds::Sum, depth, out);
                self.relation(op, out);
            }
            _ => out.push("…"),
        }
    }

    /// What follows the operand of a relation whose other side is a constant.
    fn relation(&self, op: Op, out: &mut Short) {
        match op {
            Op::Has(path) => {
                out.push(" has ");
                for (number, name) in self.names(path).enumerate() {
                    out.push(if number > 0 { "." } else { "" });
                    if is_plain_name(name) {
                        out.push(name);
                    } else {
                        quote(name, out);
                    }
                }
            }
            Op::EqValue(number) => {
                out.push(" == ");
                self.value(number, out);
            }
            Op::InEntities(run) => self.in_entities(run, out),
            Op::Like(number) => {
                out.push(" like ");
                match self.condition.patterns.get(number as usize) {
                    Some(pattern) => like(pattern, out),
                    None => out.push("…"),
                }
            }
            Op::Is(name) => {
                out.push(" is ");
                out.push(self.name(name));
            }
            _ => out.push("…"),
        }
    }

    fn in_entities(&self, run: Run, out: &mut Short) {
        out.push(" in ");
        if run.len == 1 {
            return self.entity(run.start, out);
        }
        let all = run.start..run.start.saturating_add(run.len);
        text::listed(out, ["[", "]"], all, |number, out| self.entity(number, out));
    }

    fn unary(&self, op: Unary, of: NodeId, depth: usize, out: &mut Short) {
        let (function, is_method) = match op {
            Unary::Not => ("!", false),
            Unary::Neg => ("-", false),
            Unary::Ip => ("ip", false),
            Unary::Decimal => ("decimal", false),
            Unary::Datetime => ("datetime", false),
            Unary::Duration => ("duration", false),
            Unary::IsEmpty => ("isEmpty", true),
            Unary::IsIpv4 => ("isIpv4", true),
            Unary::IsIpv6 => ("isIpv6", true),
            Unary::IsLoopback => ("isLoopback", true),
            Unary::IsMulticast => ("isMulticast", true),
            Unary::ToDate => ("toDate", true),
            Unary::ToTime => ("toTime", true),
            Unary::ToMilliseconds => ("toMilliseconds", true),
            Unary::ToSeconds => ("toSeconds", true),
            Unary::ToMinutes => ("toMinutes", true),
            Unary::ToHours => ("toHours", true),
            Unary::ToDays => ("toDays", true),
        };
        if is_method {
            self.operand(of, Binds::Member, depth, out);
            let _ = write!(out, ".{function}()");
        } else if matches!(op, Unary::Not | Unary::Neg) {
            out.push(function);
            // `-1` is a number of its own, so that the opposite of 1 needs the brackets.
            let is_number =
                (self.tree.node(of)).is_some_and(|node| matches!(node.form, Form::Step(Op::Long(_))));
            if op == Unary::Neg && is_number {
                out.push("(");
                self.write(of, depth, out);
                out.push(")");
            } else {
                self.operand(of, Binds::Member, depth, out);
            }
        } else {
            let _ = write!(out, "{function}(");
            self.write(of, depth, out);
            out.push(")");
        }
    }

    fn binary(&self, op: Binary, left: NodeId, right: NodeId, depth: usize, out: &mut Short) {
        let (name, binds) = match op {
            Binary::Eq => ("==", Binds::Relation),
            Binary::NotEq => ("!=", Binds::Relation),
            Binary::Less => ("<", Binds::Relation),
            Binary::LessEq => ("<=", Binds::Relation),
            Binary::Greater => (">", Binds::Relation),
            Binary::GreaterEq => (">=", Binds::Relation),
            Binary::In => ("in", Binds::Relation),
            Binary::Add => ("+", Binds::Sum),
            Binary::Sub => ("-", Binds::Sum),
            Binary::Mul => ("*", Binds::Product),
            Binary::Contains => ("contains", Binds::Member),
            Binary::ContainsAll => ("containsAll", Binds::Member),
            Binary::ContainsAny => ("containsAny", Binds::Member),
            Binary::GetTag => ("getTag", Binds::Member),
            Binary::HasTag => ("hasTag", Binds::Member),
            Binary::IsInRange => ("isInRange", Binds::Member),
            Binary::Offset => ("offset", Binds::Member),
            Binary::DurationSince => ("durationSince", Binds::Member),
            Binary::DecimalLess => ("lessThan", Binds::Member),
            Binary::DecimalLessEq => ("lessThanOrEqual", Binds::Member),
            Binary::DecimalGreater => ("greaterThan", Binds::Member),
            Binary::DecimalGreaterEq => ("greaterThanOrEqual", Binds::Member),
        };
        let (left_binds, right_binds) = match binds {
            Binds::Relation => (Binds::Sum, Binds::Sum),
            Binds::Sum => (Binds::Sum, Binds::Product),
            Binds::Product => (Binds::Product, Binds::Unary),
            _ => (Binds::Member, Binds::If),
        };
        self.operand(left, left_binds, depth, out);
        if binds == Binds::Member {
            let _ = write!(out, ".{name}(");
            self.write(right, depth, out);
            out.push(")");
        } else {
            let _ = write!(out, " {name} ");
            self.operand(right, right_binds, depth, out);
        }
    }

    fn name(&self, number: u32) -> &str {
        self.condition.names.get(number as usize).map_or("…", |name| name)
    }

    fn names(&self, names: Run) -> impl Iterator<Item = &str> {
        let all = names.start..names.start.saturating_add(names.len);
        all.map(|number| self.name(number))
    }

    fn value(&self, number: u32, out: &mut Short) {
        match self.condition.values.get(number as usize) {
            Some(value) => text::write(value, out),
            None => out.push("…"),
        }
    }

    fn entity(&self, number: u32, out: &mut Short) {
        match self.condition.entities.get(number as usize) {
            Some((uid, _)) => {
                out.push(uid.type_name());
                out.push("::");
                quote(uid.id(), out);
            }
            None => out.push("…"),
        }
    }

    /// An access to a member.
    fn member(&self, name: u32, out: &mut Short) {
        let name = self.name(name);
        if is_plain_name(name) {
            out.push(".");
            out.push(name);
        } else {
            out.push("[");
            quote(name, out);
            out.push("]");
        }
    }
}

fn variable(var: Var) -> &'static str {
    match var {
        Var::Principal => "principal",
        Var::Action => "action",
        Var::Resource => "resource",
        Var::Context => "context",
    }
}

/// A pattern as a string literal in which only its wildcards are bare stars.
fn like(pattern: &Pattern, out: &mut Short) {
    out.push("\"");
    for (number, piece) in pattern.pieces().into_iter().enumerate() {
        if out.is_full() {
            return;
        }
        if number > 0 {
            out.push("*");
        }
        for c in piece.chars() {
            let _ = match c {
                '*' => write!(out, "\\*"),
                '\'' => write!(out, "'"),
                c => write!(out, "{}", c.escape_debug()),
            };
        }
    }
    out.push("\"");
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
