//! What policies become: templates with a scope and a condition in a flat code, and rules that fill their slots.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::pattern::Pattern;
use super::scope::{ActionScope, Scope};
use crate::entities::handles::Handle;
use crate::value::{EntityUid, Value};

/// Permit or forbid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The policy allows what it matches.
    Permit,
    /// The policy denies what it matches, whatever others allow.
    Forbid,
}

/// The number of a template within a program, dense from 0. A static policy is a template without slots.
pub(crate) type TemplateId = u32;

/// The number of a rule within a program: a static policy, or a link that fills a template's slots.
pub(crate) type RuleId = u32;

/// A policy or a template, ready to be decided.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) id: Box<str>,
    pub(crate) effect: Effect,
    pub(crate) principal: Scope,
    pub(crate) action: ActionScope,
    pub(crate) resource: Scope,
    /// Nothing when there is no `when` and no `unless`.
    pub(crate) condition: Option<Condition>,
    /// The policy in Cedar's syntax: what an explanation quotes.
    pub(crate) source: Arc<str>,
    /// Annotations in the order of their names.
    pub(crate) annotations: Box<[(Box<str>, Box<str>)]>,
}

impl Template {
    /// True for templates in the strict sense: those with slots.
    pub(crate) fn has_slots(&self) -> bool {
        self.principal.is_slot() || self.resource.is_slot()
    }

    /// Every handle that the template mentions, as often as it mentions it.
    pub(crate) fn handles(&self) -> impl Iterator<Item = Handle> {
        let scopes = [self.principal.target(), self.resource.target()];
        let constants = self.condition.iter().flat_map(|condition| &condition.entities);
        scopes
            .into_iter()
            .flatten()
            .chain(self.action.handles().iter().copied())
            .chain(constants.map(|(_, handle)| *handle))
    }
}

/// A static policy or a link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    /// Nothing in a vacant place; otherwise the template, plus one.
    pub(crate) template: Option<std::num::NonZeroU32>,
    /// What fills `?principal`; the next vacant place in a vacant one.
    pub(crate) principal: Handle,
    /// What fills `?resource`.
    pub(crate) resource: Handle,
    /// The id of the link; empty for a static policy, which has the id of its template.
    pub(crate) id: SmolStr,
}

impl Rule {
    pub(crate) fn template(&self) -> Option<TemplateId> {
        self.template.map(|number| number.get() - 1)
    }
}

/// A slot that is not filled.
pub(crate) const NO_HANDLE: Handle = Handle::MAX;

/// A condition as code for a stack machine, with its constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Condition {
    pub(crate) code: Box<[Op]>,
    /// Attribute names, paths and the names of record literals.
    pub(crate) names: Box<[Arc<str>]>,
    pub(crate) values: Box<[Value<'static>]>,
    /// Uids of entity literals with their handles, which the template mentions.
    pub(crate) entities: Box<[(EntityUid<'static>, Handle)]>,
    pub(crate) patterns: Box<[Pattern]>,
}

/// A request's variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Var {
    Principal,
    Action,
    Resource,
    Context,
}

/// A run of names within [`Condition::names`], or of entities within [`Condition::entities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// One step of the machine. "Top" is the uppermost value of its stack; jumps go forward only, so every run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Op {
    /// Pushes a truth value.
    Bool(bool),
    /// Pushes a number.
    Long(i64),
    /// Pushes a constant of [`Condition::values`].
    Value(u32),
    /// Pushes a constant of [`Condition::entities`].
    Entity(u32),
    /// Pushes a variable.
    Var(Var),
    /// Pushes an attribute of a variable.
    VarAttr(Var, u32),
    /// Replaces the top by its attribute.
    Attr(u32),
    /// Replaces the top by whether it has the attributes of a path.
    Has(Run),
    /// Replaces the top by the result of a unary operator.
    Unary(Unary),
    /// Replaces the two uppermost values by the result of a binary operator.
    Binary(Binary),
    /// `== constant`
    EqValue(u32),
    /// `constant set .contains(top)`
    WithinValue(u32),
    /// `in` one of some entity literals.
    InEntities(Run),
    /// `like`
    Like(u32),
    /// `is`, by the name of the type.
    Is(u32),
    /// `is … in`: false and a jump when the type is another, nothing otherwise.
    IsElse(u32, u32),
    /// `&&`: keeps false and jumps, or drops true.
    And(u32),
    /// `||`: keeps true and jumps, or drops false.
    Or(u32),
    /// Insists that the top is a truth value.
    Truth,
    /// `if`: drops the top; jumps when it was false.
    Unless(u32),
    /// Jumps.
    Jump(u32),
    /// Replaces as many values by a set of them.
    Set(u32),
    /// Replaces as many values as there are names by a record.
    Record(Run),
    /// An extension constructor whose text Cedar refuses: fails when it is reached. The constant is the call as text.
    Invalid(u32),
    /// A `when` clause: ends with "not satisfied" when the top is false, drops it when it is true.
    When,
    /// An `unless` clause: the opposite.
    UnlessClause,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unary {
    Not,
    Neg,
    IsEmpty,
    Ip,
    Decimal,
    Datetime,
    Duration,
    IsIpv4,
    IsIpv6,
    IsLoopback,
    IsMulticast,
    ToDate,
    ToTime,
    ToMilliseconds,
    ToSeconds,
    ToMinutes,
    ToHours,
    ToDays,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Binary {
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    Add,
    Sub,
    Mul,
    In,
    Contains,
    ContainsAll,
    ContainsAny,
    GetTag,
    HasTag,
    IsInRange,
    Offset,
    DurationSince,
    DecimalLess,
    DecimalLessEq,
    DecimalGreater,
    DecimalGreaterEq,
}
