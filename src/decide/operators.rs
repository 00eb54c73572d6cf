//! Operators with two operands.

use super::fault::EvalErrorKind;
use super::machine::{Machine, Step, get};
use super::val::{SetVal, Val};
use crate::compile::program::Binary;

impl<'e> Machine<'e, '_> {
    pub(super) fn binary(&self, op: Binary, left: Val<'e>, right: Val<'e>) -> Step<Val<'e>> {
        let type_error = EvalErrorKind::TypeError;
        Ok(match op {
            Binary::Eq => Val::Bool(self.equal(left, right)?),
            Binary::NotEq => Val::Bool(!self.equal(left, right)?),
            Binary::Less | Binary::LessEq | Binary::Greater | Binary::GreaterEq => compare(op, left, right)?,
            Binary::Add | Binary::Sub | Binary::Mul => {
                let (Val::Long(left), Val::Long(right)) = (left, right) else {
                    return Err(type_error);
                };
                let result = match op {
                    Binary::Add => left.checked_add(right),
                    Binary::Sub => left.checked_sub(right),
                    _ => left.checked_mul(right),
                };
                Val::Long(result.ok_or(EvalErrorKind::Overflow)?)
            }
            Binary::In => match (left, right) {
                (Val::Entity(ent), Val::Entity(other)) => {
                    Val::Bool(self.below_any(ent, std::iter::once(other)))
                }
                (Val::Entity(ent), Val::Set(set)) => {
                    let others = self.entities(set)?;
                    Val::Bool(self.below_any(ent, others.into_iter()))
                }
                _ => return Err(type_error),
            },
            Binary::Contains => match left {
                Val::Set(set) => Val::Bool(self.set_contains(set, right)?),
                _ => return Err(type_error),
            },
            Binary::ContainsAll | Binary::ContainsAny => match (left, right) {
                (Val::Set(left), Val::Set(right)) if op == Binary::ContainsAll => {
                    Val::Bool(self.contains_all(left, right)?)
                }
                (Val::Set(left), Val::Set(right)) => Val::Bool(self.contains_any(left, right)?),
                _ => return Err(type_error),
            },
            Binary::GetTag | Binary::HasTag => {
                let (Val::Entity(ent), Val::Str(tag)) = (left, right) else {
                    return Err(type_error);
                };
                let found = self.find(ent);
                let tagged = found.and_then(|found| {
                    let (tags, sorted) = found.tags();
                    get(tags, sorted, tag)
                });
                match (op, found, tagged) {
                    (Binary::HasTag, _, tagged) => Val::Bool(tagged.is_some()),
                    (_, _, Some(value)) => value,
                    (_, Some(_), None) => return Err(EvalErrorKind::TagMissing),
                    (_, None, None) => return Err(EvalErrorKind::EntityMissing),
                }
            }
            _ => extension(op, left, right)?,
        })
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

fn compare<'e>(op: Binary, left: Val<'e>, right: Val<'e>) -> Step<Val<'e>> {
    let order = match (left, right) {
        (Val::Long(left), Val::Long(right)) => left.cmp(&right),
        (Val::Datetime(left), Val::Datetime(right)) => left.cmp(&right),
        (Val::Duration(left), Val::Duration(right)) => left.cmp(&right),
        _ => return Err(EvalErrorKind::TypeError),
    };
    Ok(Val::Bool(match op {
        Binary::Less => order.is_lt(),
        Binary::LessEq => order.is_le(),
        Binary::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn extension<'e>(op: Binary, left: Val<'e>, right: Val<'e>) -> Step<Val<'e>> {
    let refused = EvalErrorKind::Extension;
    Ok(match (op, left, right) {
        (Binary::IsInRange, Val::Ip(left), Val::Ip(right)) => Val::Bool(left.is_in_range(right)),
        (Binary::Offset, Val::Datetime(at), Val::Duration(by)) => {
            Val::Datetime(at.offset(by).ok_or(refused)?)
        }
        (Binary::DurationSince, Val::Datetime(left), Val::Datetime(right)) => {
            Val::Duration(left.duration_since(right).ok_or(refused)?)
        }
        (Binary::DecimalLess, Val::Decimal(left), Val::Decimal(right)) => Val::Bool(left < right),
        (Binary::DecimalLessEq, Val::Decimal(left), Val::Decimal(right)) => Val::Bool(left <= right),
        (Binary::DecimalGreater, Val::Decimal(left), Val::Decimal(right)) => Val::Bool(left > right),
        (Binary::DecimalGreaterEq, Val::Decimal(left), Val::Decimal(right)) => Val::Bool(left >= right),
        _ => return Err(EvalErrorKind::TypeError),
    })
}
