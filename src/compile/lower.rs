//! Lowering of conditions: cedar-policy's tree of an expression becomes flat code.
//!
//! The tree is walked recursively, so compiling runs on a thread with a large stack; the code is run by a loop.
//! Constants are folded only where Cedar would compute the same value without an error; a constructor whose text Cedar
//! refuses becomes a step that fails when it is reached, as in Cedar.

use std::borrow::Cow;
use std::sync::Arc;

use cedar_policy::pst::{self, Expr};

use super::pattern::Pattern;
use super::program::{Binary, Condition, Op, Run, Template, Unary, Var};
use super::scope::{Scopes, Text};
use crate::compile::program::Effect;
use crate::entities::graph::Graph;
use crate::entities::handles::Handle;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{EntityUid, Record, Value, literal};

/// Lowers a policy or template. Every handle it names is mentioned in the graph; on an error none is.
///
/// # Errors
///
/// [`ErrorKind::PolicyUnsupported`] for a construct that is not known here, naming the policy.
pub(crate) fn template(policy: &pst::Template, source: Arc<str>, graph: &mut Graph) -> Result<Template> {
    let mut scopes = Scopes {
        graph,
        mentioned: Vec::new(),
    };
    let lowered = lower(policy, source, &mut scopes);
    if lowered.is_err() {
        for handle in std::mem::take(&mut scopes.mentioned) {
            scopes.graph.release(handle);
        }
    }
    lowered.map_err(|error| match error.kind() {
        ErrorKind::PolicyUnsupported => Error::new(
            ErrorKind::PolicyUnsupported,
            format!("policy `{}` uses {}", policy.id, error.message()),
        ),
        _ => error,
    })
}

fn lower(policy: &pst::Template, source: Arc<str>, scopes: &mut Scopes<'_>) -> Result<Template> {
    let principal = scopes.principal(&policy.principal)?;
    let action = scopes.action(&policy.action)?;
    let resource = scopes.resource(&policy.resource)?;
    let condition = match policy.clauses().as_slice() {
        [] => None,
        clauses => {
            let mut lowering = Lowering::new(scopes);
            for clause in clauses {
                lowering.clause(clause)?;
            }
            Some(lowering.finish())
        }
    };
    let annotations = policy.annotations.iter();
    Ok(Template {
        id: Box::from(policy.id.0.as_str()),
        effect: match policy.effect {
            pst::Effect::Permit => Effect::Permit,
            pst::Effect::Forbid => Effect::Forbid,
        },
        principal,
        action,
        resource,
        condition,
        source,
        annotations: annotations
            .map(|(name, value)| (Box::from(name.as_str()), Box::from(value.as_str())))
            .collect(),
    })
}

/// The state of lowering one condition.
pub(crate) struct Lowering<'l, 'g> {
    scopes: &'l mut Scopes<'g>,
    code: Vec<Op>,
    names: Vec<Arc<str>>,
    values: Vec<Value<'static>>,
    entities: Vec<(EntityUid<'static>, Handle)>,
    patterns: Vec<Pattern>,
}

fn index(len: usize) -> u32 {
    // The limits on policy text keep every table far below this.
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::PolicyUnsupported, what)
}

impl<'l, 'g> Lowering<'l, 'g> {
    pub(crate) fn new(scopes: &'l mut Scopes<'g>) -> Self {
        Self {
            scopes,
            code: Vec::new(),
            names: Vec::new(),
            values: Vec::new(),
            entities: Vec::new(),
            patterns: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> Condition {
        Condition {
            code: self.code.into_boxed_slice(),
            names: self.names.into_boxed_slice(),
            values: self.values.into_boxed_slice(),
            entities: self.entities.into_boxed_slice(),
            patterns: self.patterns.into_boxed_slice(),
        }
    }

    pub(crate) fn clause(&mut self, clause: &pst::Clause) -> Result<()> {
        let (expr, end) = match clause {
            pst::Clause::When(expr) => (expr, Op::When),
            pst::Clause::Unless(expr) => (expr, Op::UnlessClause),
        };
        self.expr(expr)?;
        self.code.push(end);
        Ok(())
    }

    fn here(&self) -> u32 {
        index(self.code.len())
    }

    /// Emits a jump whose target is not known yet.
    fn jump(&mut self, op: fn(u32) -> Op) -> (usize, fn(u32) -> Op) {
        self.code.push(op(0));
        (self.code.len() - 1, op)
    }

    /// Lets a jump lead here.
    fn land(&mut self, (at, op): (usize, fn(u32) -> Op)) {
        let here = self.here();
        if let Some(slot) = self.code.get_mut(at) {
            *slot = op(here);
        }
    }

    fn name(&mut self, name: &str) -> u32 {
        match self.names.iter().position(|known| &**known == name) {
            Some(at) => index(at),
            None => {
                self.names.push(Arc::from(name));
                index(self.names.len() - 1)
            }
        }
    }

    fn run_of_names<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Run {
        let start = index(self.names.len());
        self.names.extend(names.map(Arc::from));
        Run {
            start,
            len: index(self.names.len()) - start,
        }
    }

    fn value(&mut self, value: Value<'static>) -> Result<u32> {
        self.values.push(value.normalized()?);
        Ok(index(self.values.len() - 1))
    }

    fn entity(&mut self, uid: &pst::EntityUID) -> Result<u32> {
        let handle = self.scopes.mention(uid)?;
        let text = Text::new(uid);
        self.entities
            .push((EntityUid::new(text.type_name, text.id), handle));
        Ok(index(self.entities.len() - 1))
    }

    fn expr(&mut self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Literal(pst::Literal::Bool(value)) => self.code.push(Op::Bool(*value)),
            Expr::Literal(pst::Literal::Long(value)) => self.code.push(Op::Long(*value)),
            Expr::Literal(pst::Literal::EntityUID(uid)) => {
                let entity = self.entity(uid)?;
                self.code.push(Op::Entity(entity));
            }
            Expr::Literal(_) | Expr::Set(_) | Expr::Record(_) if constant(expr).is_some() => {
                if let Some(value) = constant(expr) {
                    let value = self.value(value)?;
                    self.code.push(Op::Value(value));
                }
            }
            Expr::Var(var) => self.code.push(Op::Var(variable(var))),
            Expr::UnaryOp { op, expr: operand } => self.unary(*op, expr, operand)?,
            Expr::BinaryOp { op, left, right } => self.binary(*op, left, right)?,
            Expr::GetAttr { expr, attr } => {
                let name = self.name(attr);
                if let Expr::Var(var) = &**expr {
                    self.code.push(Op::VarAttr(variable(var), name));
                } else {
                    self.expr(expr)?;
                    self.code.push(Op::Attr(name));
                }
            }
            Expr::HasAttr { expr, attrs } => {
                self.expr(expr)?;
                let path = self.run_of_names(attrs.iter().map(smol_text));
                self.code.push(Op::Has(path));
            }
            Expr::Like { expr, pattern } => {
                self.expr(expr)?;
                self.patterns.push(Pattern::new(pattern));
                self.code.push(Op::Like(index(self.patterns.len() - 1)));
            }
            Expr::Is {
                expr,
                entity_type,
                in_expr,
            } => {
                self.expr(expr)?;
                let name = self.name(&entity_type.0.to_string());
                match in_expr {
                    None => self.code.push(Op::Is(name)),
                    Some(ancestor) => {
                        let at = self.code.len();
                        self.code.push(Op::IsElse(name, 0));
                        self.within(ancestor)?;
                        let here = self.here();
                        if let Some(slot) = self.code.get_mut(at) {
                            *slot = Op::IsElse(name, here);
                        }
                    }
                }
            }
            Expr::IfThenElse {
                cond,
                then_expr,
                else_expr,
            } => {
                self.expr(cond)?;
                let unless = self.jump(Op::Unless);
                self.expr(then_expr)?;
                let end = self.jump(Op::Jump);
                self.land(unless);
                self.expr(else_expr)?;
                self.land(end);
            }
            Expr::Set(items) => {
                for item in items {
                    self.expr(item)?;
                }
                self.code.push(Op::Set(index(items.len())));
            }
            Expr::Record(members) => {
                for value in members.values() {
                    self.expr(value)?;
                }
                let names = self.run_of_names(members.keys().map(String::as_str));
                self.code.push(Op::Record(names));
            }
            Expr::Literal(_) => return Err(unsupported("a literal that is not known here")),
            Expr::Slot(slot) => return Err(unsupported(&format!("the slot {slot} outside of its scope"))),
            Expr::Unknown { name } => return Err(unsupported(&format!("the unknown `{name}`"))),
            _ => return Err(unsupported("an expression that is not known here")),
        }
        Ok(())
    }

    fn unary(&mut self, op: pst::UnaryOp, whole: &Expr, operand: &Expr) -> Result<()> {
        let op = unary(op)?;
        if let Some(value) = constant(whole) {
            let value = self.value(value)?;
            self.code.push(Op::Value(value));
            return Ok(());
        }
        if let Some(Value::String(text)) = constant(operand)
            && let Some(function) = constructor(op)
        {
            let call = format!("{function}(\"{}\")", text.escape_debug());
            let call = self.value(Value::from(call))?;
            self.code.push(Op::Invalid(call));
            return Ok(());
        }
        self.expr(operand)?;
        self.code.push(Op::Unary(op));
        Ok(())
    }

    fn binary(&mut self, op: pst::BinaryOp, left: &Expr, right: &Expr) -> Result<()> {
        match op {
            pst::BinaryOp::And | pst::BinaryOp::Or => {
                self.expr(left)?;
                let end = self.jump(if op == pst::BinaryOp::And { Op::And } else { Op::Or });
                self.expr(right)?;
                self.code.push(Op::Truth);
                self.land(end);
                return Ok(());
            }
            pst::BinaryOp::In => {
                self.expr(left)?;
                return self.within(right);
            }
            pst::BinaryOp::Eq => {
                if let Some(value) = constant(right) {
                    self.expr(left)?;
                    let value = self.value(value)?;
                    self.code.push(Op::EqValue(value));
                    return Ok(());
                }
            }
            pst::BinaryOp::Contains => {
                if let Some(value @ Value::Set(_)) = constant(left) {
                    self.expr(right)?;
                    let value = self.value(value)?;
                    self.code.push(Op::WithinValue(value));
                    return Ok(());
                }
            }
            _ => {}
        }
        let op = binary(op)?;
        self.expr(left)?;
        self.expr(right)?;
        self.code.push(Op::Binary(op));
        Ok(())
    }

    /// The right side of `in`, after the left one: entity literals are compared by their handles.
    fn within(&mut self, right: &Expr) -> Result<()> {
        let literal = |expr: &Expr| match expr {
            Expr::Literal(pst::Literal::EntityUID(uid)) => Some(uid.clone()),
            _ => None,
        };
        let listed: Option<Vec<pst::EntityUID>> = match right {
            Expr::Set(items) => items.iter().map(|item| literal(item)).collect(),
            other => literal(other).map(|uid| vec![uid]),
        };
        match listed {
            Some(uids) => {
                let start = index(self.entities.len());
                for uid in &uids {
                    self.entity(uid)?;
                }
                self.code.push(Op::InEntities(Run {
                    start,
                    len: index(uids.len()),
                }));
            }
            None => {
                self.expr(right)?;
                self.code.push(Op::Binary(Binary::In));
            }
        }
        Ok(())
    }
}

fn smol_text(text: &impl AsRef<str>) -> &str {
    text.as_ref()
}

fn variable(var: &pst::Var) -> Var {
    match var {
        pst::Var::Principal => Var::Principal,
        pst::Var::Action => Var::Action,
        pst::Var::Resource => Var::Resource,
        pst::Var::Context => Var::Context,
    }
}

/// The value of an expression that has one whatever the request is, and cannot fail. A lone entity literal is left
/// to the code, which knows its handle.
fn constant(expr: &Expr) -> Option<Value<'static>> {
    match expr {
        Expr::Literal(pst::Literal::EntityUID(_)) => None,
        Expr::UnaryOp { op, expr } => {
            let Some(Value::String(text)) = constant(expr) else {
                return None;
            };
            match op {
                pst::UnaryOp::Ip => literal::ip(&text).map(Value::Ip),
                pst::UnaryOp::Decimal => literal::decimal(&text).map(Value::Decimal),
                pst::UnaryOp::Datetime => literal::datetime(&text).map(Value::Datetime),
                pst::UnaryOp::Duration => literal::duration(&text).map(Value::Duration),
                _ => None,
            }
        }
        _ => member(expr),
    }
}

/// The same, entity literals included: they may be members of a constant.
fn member(expr: &Expr) -> Option<Value<'static>> {
    Some(match expr {
        Expr::Literal(pst::Literal::Bool(value)) => Value::Bool(*value),
        Expr::Literal(pst::Literal::Long(value)) => Value::Long(*value),
        Expr::Literal(pst::Literal::String(value)) => Value::String(Cow::Owned(value.to_string())),
        Expr::Literal(pst::Literal::EntityUID(uid)) => {
            let text = Text::new(uid);
            Value::Entity(EntityUid::new(text.type_name, text.id))
        }
        Expr::Set(items) => Value::Set(items.iter().map(|item| member(item)).collect::<Option<_>>()?),
        Expr::Record(members) => {
            let members = members
                .iter()
                .map(|(name, value)| Some((name.clone(), member(value)?)));
            Value::Record(
                members
                    .collect::<Option<Vec<_>>>()?
                    .into_iter()
                    .collect::<Record<'static>>(),
            )
        }
        Expr::UnaryOp { .. } => constant(expr)?,
        _ => return None,
    })
}

fn unary(op: pst::UnaryOp) -> Result<Unary> {
    use pst::UnaryOp as P;
    Ok(match op {
        P::Not => Unary::Not,
        P::Neg => Unary::Neg,
        P::IsEmpty => Unary::IsEmpty,
        P::Ip => Unary::Ip,
        P::Decimal => Unary::Decimal,
        P::Datetime => Unary::Datetime,
        P::Duration => Unary::Duration,
        P::IsIPv4 => Unary::IsIpv4,
        P::IsIPV6 => Unary::IsIpv6,
        P::IsLoopback => Unary::IsLoopback,
        P::IsMulticast => Unary::IsMulticast,
        P::ToDate => Unary::ToDate,
        P::ToTime => Unary::ToTime,
        P::ToMilliseconds => Unary::ToMilliseconds,
        P::ToSeconds => Unary::ToSeconds,
        P::ToMinutes => Unary::ToMinutes,
        P::ToHours => Unary::ToHours,
        P::ToDays => Unary::ToDays,
        other => return Err(unsupported(&format!("the operator `{other}`"))),
    })
}

/// The name of an extension constructor.
pub(super) fn constructor(op: Unary) -> Option<&'static str> {
    match op {
        Unary::Ip => Some("ip"),
        Unary::Decimal => Some("decimal"),
        Unary::Datetime => Some("datetime"),
        Unary::Duration => Some("duration"),
        _ => None,
    }
}

fn binary(op: pst::BinaryOp) -> Result<Binary> {
    use pst::BinaryOp as P;
    Ok(match op {
        P::Eq => Binary::Eq,
        P::NotEq => Binary::NotEq,
        P::Less => Binary::Less,
        P::LessEq => Binary::LessEq,
        P::Greater => Binary::Greater,
        P::GreaterEq => Binary::GreaterEq,
        P::Add => Binary::Add,
        P::Sub => Binary::Sub,
        P::Mul => Binary::Mul,
        P::In => Binary::In,
        P::Contains => Binary::Contains,
        P::ContainsAll => Binary::ContainsAll,
        P::ContainsAny => Binary::ContainsAny,
        P::GetTag => Binary::GetTag,
        P::HasTag => Binary::HasTag,
        P::IsInRange => Binary::IsInRange,
        P::Offset => Binary::Offset,
        P::DurationSince => Binary::DurationSince,
        P::DecimalLessThan => Binary::DecimalLess,
        P::DecimalLessEq => Binary::DecimalLessEq,
        P::DecimalGreater => Binary::DecimalGreater,
        P::DecimalGreaterEq => Binary::DecimalGreaterEq,
        other => return Err(unsupported(&format!("the operator `{other}`"))),
    })
}
