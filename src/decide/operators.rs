//! Operators with two operands.

use super::fault::EvalErrorKind;
use super::machine::{Machine, Next, Step, get, set_len};
use super::val::{SetVal, Val};
use crate::compile::program::{Binary, Unary};
use crate::entities::overlay::Found;
use crate::value::{Value, literal};

/// A value of the snapshot, in normal form (true), or of the request.
type Given<'e> = (&'e Value<'e>, bool);

impl<'e> Machine<'e, '_> {
    /// Replaces the two uppermost values by what an operator makes of them; a truth value is not on the stack then.
    pub(super) fn binary(&mut self, op: Binary) -> Step<Next> {
        let type_error = EvalErrorKind::TypeError;
        let [.., left, right] = self.stack.as_slice() else {
            return Err(type_error);
        };
        let truth = match op {
            Binary::Eq => self.equal(left, right)?,
            Binary::NotEq => !self.equal(left, right)?,
            Binary::Less | Binary::LessEq | Binary::Greater | Binary::GreaterEq => compare(op, left, right)?,
            Binary::In => match (left, right) {
                (Val::Entity(ent), Val::Entity(other)) => self.below_any(ent, std::iter::once(*other)),
                (Val::Entity(ent), Val::Set(set)) => {
                    let others = self.entities(*set)?;
                    self.below_any(ent, others.into_iter())
                }
                _ => return Err(type_error),
            },
            Binary::Contains => match left {
                Val::Set(set) => self.set_contains(*set, right)?,
                _ => return Err(type_error),
            },
            Binary::ContainsAll | Binary::ContainsAny => match (left, right) {
                (Val::Set(left), Val::Set(right)) if op == Binary::ContainsAll => {
                    self.contains_all(*left, *right)?
                }
                (Val::Set(left), Val::Set(right)) => self.contains_any(*left, *right)?,
                _ => return Err(type_error),
            },
            Binary::IsInRange => match (left, right) {
                (Val::Ip(left), Val::Ip(right)) => left.is_in_range(*right),
                _ => return Err(type_error),
            },
            Binary::DecimalLess
            | Binary::DecimalLessEq
            | Binary::DecimalGreater
            | Binary::DecimalGreaterEq => compare_decimals(op, left, right)?,
            Binary::HasTag => self.tag(left, right)?.1.is_some(),
            Binary::GetTag => {
                let (found, tagged) = self.tag(left, right)?;
                let (value, sorted) = tagged.ok_or(match found {
                    Some(_) => EvalErrorKind::TagMissing,
                    None => EvalErrorKind::EntityMissing,
                })?;
                self.drop_top();
                self.set(value, sorted);
                return Ok(Next::Step);
            }
            Binary::Add | Binary::Sub | Binary::Mul => {
                let number = arithmetic(op, left, right)?;
                self.drop_top();
                self.set_val(Val::Long(number));
                return Ok(Next::Step);
            }
            Binary::Offset | Binary::DurationSince => {
                let result = time(op, left, right)?;
                self.drop_top();
                self.set_val(result);
                return Ok(Next::Step);
            }
        };
        self.drop_top();
        Ok(self.replace(truth))
    }

    /// The entity that a tag is asked of, if it exists, and the tag's value, if it has one.
    fn tag(&self, of: &Val<'e>, tag: &Val<'e>) -> Step<(Option<Found<'e>>, Option<Given<'e>>)> {
        let (Val::Entity(ent), Val::Str(tag)) = (of, tag) else {
            return Err(EvalErrorKind::TypeError);
        };
        let found = self.find(ent);
        let tagged = found.and_then(|found| {
            let (tags, sorted) = found.tags();
            get(tags, sorted, tag).map(|value| (value, sorted))
        });
        Ok((found, tagged))
    }

    /// The members of a set on the right of `in`, all of which must be entities.
    fn entities(&self, set: SetVal<'e>) -> Step<smallvec::SmallVec<[super::val::Ent<'e>; 8]>> {
        self.items(set)
            .map(|item| match item {
                Val::Entity(ent) => Ok(ent),
                _ => Err(EvalErrorKind::TypeError),
            })
            .collect()
    }
}

fn arithmetic(op: Binary, left: &Val<'_>, right: &Val<'_>) -> Step<i64> {
    let (Val::Long(left), Val::Long(right)) = (left, right) else {
        return Err(EvalErrorKind::TypeError);
    };
    let result = match op {
        Binary::Add => left.checked_add(*right),
        Binary::Sub => left.checked_sub(*right),
        _ => left.checked_mul(*right),
    };
    result.ok_or(EvalErrorKind::Overflow)
}

fn compare(op: Binary, left: &Val<'_>, right: &Val<'_>) -> Step<bool> {
    let order = match (left, right) {
        (Val::Long(left), Val::Long(right)) => left.cmp(right),
        (Val::Datetime(left), Val::Datetime(right)) => left.cmp(right),
        (Val::Duration(left), Val::Duration(right)) => left.cmp(right),
        _ => return Err(EvalErrorKind::TypeError),
    };
    Ok(match op {
        Binary::Less => order.is_lt(),
        Binary::LessEq => order.is_le(),
        Binary::Greater => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn compare_decimals(op: Binary, left: &Val<'_>, right: &Val<'_>) -> Step<bool> {
    let (Val::Decimal(left), Val::Decimal(right)) = (left, right) else {
        return Err(EvalErrorKind::TypeError);
    };
    Ok(match op {
        Binary::DecimalLess => left < right,
        Binary::DecimalLessEq => left <= right,
        Binary::DecimalGreater => left > right,
        _ => left >= right,
    })
}

/// `offset` and `durationSince`.
fn time<'e>(op: Binary, left: &Val<'e>, right: &Val<'e>) -> Step<Val<'e>> {
    let refused = EvalErrorKind::Extension;
    Ok(match (op, left, right) {
        (Binary::Offset, Val::Datetime(at), Val::Duration(by)) => {
            Val::Datetime(at.offset(*by).ok_or(refused)?)
        }
        (Binary::DurationSince, Val::Datetime(left), Val::Datetime(right)) => {
            Val::Duration(left.duration_since(*right).ok_or(refused)?)
        }
        _ => return Err(EvalErrorKind::TypeError),
    })
}

/// What an operator with one operand makes of it.
pub(super) fn unary<'e>(op: Unary, of: &Val<'e>) -> Step<Val<'e>> {
    let overflow = EvalErrorKind::Overflow;
    let read = |text: &str| match op {
        Unary::Ip => literal::ip(text).map(Val::Ip),
        Unary::Decimal => literal::decimal(text).map(Val::Decimal),
        Unary::Datetime => literal::datetime(text).map(Val::Datetime),
        _ => literal::duration(text).map(Val::Duration),
    };
    Ok(match (op, *of) {
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
        (Unary::ToDate, Val::Datetime(at)) => Val::Datetime(at.to_date().ok_or(EvalErrorKind::Extension)?),
        (Unary::ToTime, Val::Datetime(at)) => Val::Duration(at.to_time()),
        (Unary::ToMilliseconds, Val::Duration(span)) => Val::Long(span.millis()),
        (Unary::ToSeconds, Val::Duration(span)) => Val::Long(span.seconds()),
        (Unary::ToMinutes, Val::Duration(span)) => Val::Long(span.minutes()),
        (Unary::ToHours, Val::Duration(span)) => Val::Long(span.hours()),
        (Unary::ToDays, Val::Duration(span)) => Val::Long(span.days()),
        _ => return Err(EvalErrorKind::TypeError),
    })
}
