//! Equality, and sets as sets: order and repetition carry no meaning, whoever made them.
//!
//! Small sets are compared member by member. Large ones that a request brought are put into normal form first, so that
//! the work stays proportional to their size.

use std::cmp::Ordering;

use super::fault::EvalErrorKind;
use super::machine::{Machine, Step, run, set_len};
use super::val::{Ent, RecordVal, SetVal, Val};
use crate::limits::MAX_VALUE_DEPTH;
use crate::value::order::compare;
use crate::value::{Record, Value, same_text};

/// Up to this many comparisons of members are made before sets are sorted.
const MAX_COMPARED: usize = 1_024;

/// Sets in normal form of up to so many members are looked through, larger ones searched.
const MAX_LOOKED_THROUGH: usize = 16;

impl<'e> Machine<'e, '_> {
    /// Cedar's `==`: values of different types are unequal.
    #[inline]
    pub(crate) fn equal(&self, a: &Val<'e>, b: &Val<'e>) -> Step<bool> {
        match (a, b) {
            (Val::Bool(a), Val::Bool(b)) => Ok(a == b),
            (Val::Long(a), Val::Long(b)) => Ok(a == b),
            (Val::Str(a), Val::Str(b)) => Ok(same_text(a, b)),
            (Val::Entity(a), Val::Entity(b)) => Ok(a.is(b)),
            _ => self.equal_within(*a, *b, MAX_VALUE_DEPTH),
        }
    }

    /// The same against a constant, which is in normal form.
    #[inline]
    pub(crate) fn equal_value(&self, a: &Val<'e>, b: &'e Value<'e>) -> Step<bool> {
        match (a, b) {
            (Val::Bool(a), Value::Bool(b)) => Ok(a == b),
            (Val::Long(a), Value::Long(b)) => Ok(a == b),
            (Val::Str(a), Value::String(b)) => Ok(same_text(a, b)),
            _ => self.equal_within(*a, Val::of(b, true), MAX_VALUE_DEPTH),
        }
    }

    fn equal_within(&self, a: Val<'e>, b: Val<'e>, depth: usize) -> Step<bool> {
        let deeper = depth.checked_sub(1).ok_or(EvalErrorKind::TooDeep)?;
        match (a, b) {
            (Val::Bool(a), Val::Bool(b)) => Ok(a == b),
            (Val::Long(a), Val::Long(b)) => Ok(a == b),
            (Val::Str(a), Val::Str(b)) => Ok(same_text(a, b)),
            (Val::Entity(a), Val::Entity(b)) => Ok(a.is(&b)),
            (Val::Ip(a), Val::Ip(b)) => Ok(a == b),
            (Val::Decimal(a), Val::Decimal(b)) => Ok(a == b),
            (Val::Datetime(a), Val::Datetime(b)) => Ok(a == b),
            (Val::Duration(a), Val::Duration(b)) => Ok(a == b),
            (Val::Set(a), Val::Set(b)) => self.equal_sets(a, b, deeper),
            (Val::Record(a), Val::Record(b)) => self.equal_records(a, b, deeper),
            _ => Ok(false),
        }
    }

    fn equal_sets(&self, a: SetVal<'e>, b: SetVal<'e>, depth: usize) -> Step<bool> {
        if let (SetVal::Sorted(a), SetVal::Sorted(b)) = (a, b) {
            return Ok(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| compare(a, b).is_eq()));
        }
        if set_len(a) * set_len(b) <= MAX_COMPARED {
            return Ok(self.all_within(a, b, depth)? && self.all_within(b, a, depth)?);
        }
        let (a, b) = (self.owned(Val::Set(a), depth)?, self.owned(Val::Set(b), depth)?);
        Ok(compare(&a, &b).is_eq())
    }

    /// Whether every member of `a` is one of `b`, member by member.
    fn all_within(&self, a: SetVal<'e>, b: SetVal<'e>, depth: usize) -> Step<bool> {
        for item in self.items(a) {
            let mut found = false;
            for other in self.items(b) {
                if self.equal_within(item, other, depth)? {
                    found = true;
                    break;
                }
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equal_records(&self, a: RecordVal<'e>, b: RecordVal<'e>, depth: usize) -> Step<bool> {
        let fields = self.fields_of(a);
        if fields.len() != self.record_len(b) {
            return Ok(false);
        }
        // In a large record a look-up by name is not cheap either: put both in order.
        if fields.len() > 64 {
            let (a, b) = (
                self.owned(Val::Record(a), depth)?,
                self.owned(Val::Record(b), depth)?,
            );
            return Ok(compare(&a, &b).is_eq());
        }
        for (name, value) in fields {
            match self.field(b, name) {
                Some(other) if self.equal_within(value, other.val(), depth)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Cedar's `contains`.
    pub(crate) fn set_contains(&self, set: SetVal<'e>, item: &Val<'e>) -> Step<bool> {
        match set {
            SetVal::Sorted(items) if items.len() > MAX_LOOKED_THROUGH => self.search(items, item),
            SetVal::Sorted(items) | SetVal::Loose(items) => match item {
                Val::Str(text) => Ok(items
                    .iter()
                    .any(|other| matches!(other, Value::String(other) if same_text(other, text)))),
                Val::Entity(ent) => Ok(items
                    .iter()
                    .any(|other| matches!(other, Value::Entity(other) if other.as_ref() == ent.uid))),
                _ => self.among(set, item),
            },
            SetVal::Made(_) => self.among(set, item),
        }
    }

    fn among(&self, set: SetVal<'e>, item: &Val<'e>) -> Step<bool> {
        for other in self.items(set) {
            if self.equal(item, &other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a value is among others in normal form.
    fn search(&self, items: &[Value<'_>], item: &Val<'e>) -> Step<bool> {
        if let Val::Set(_) | Val::Record(_) = item {
            let item = self.owned(*item, MAX_VALUE_DEPTH)?;
            return Ok(items.binary_search_by(|other| compare(other, &item)).is_ok());
        }
        Ok(items
            .binary_search_by(|other| order_of(item, other).reverse())
            .is_ok())
    }

    /// Cedar's `containsAll`: every member of `b` is one of `a`.
    pub(crate) fn contains_all(&self, a: SetVal<'e>, b: SetVal<'e>) -> Step<bool> {
        self.each_within(a, b, true)
    }

    /// Cedar's `containsAny`: some member of `b` is one of `a`.
    pub(crate) fn contains_any(&self, a: SetVal<'e>, b: SetVal<'e>) -> Step<bool> {
        Ok(!self.each_within(a, b, false)?)
    }

    /// True when being a member of `a` is `expected` for every member of `b`.
    fn each_within(&self, a: SetVal<'e>, b: SetVal<'e>, expected: bool) -> Step<bool> {
        let sorted;
        let haystack = match a {
            SetVal::Sorted(items) if items.len() > MAX_LOOKED_THROUGH => Some(items),
            SetVal::Sorted(_) => None,
            _ if set_len(a) * set_len(b) > MAX_COMPARED => {
                sorted = self.owned(Val::Set(a), MAX_VALUE_DEPTH)?;
                match &sorted {
                    Value::Set(items) => Some(items.as_slice()),
                    _ => None,
                }
            }
            _ => None,
        };
        for item in self.items(b) {
            let within = match haystack {
                Some(items) => self.search(items, &item)?,
                None => self.set_contains(a, &item)?,
            };
            if within != expected {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The members of a set.
    pub(crate) fn items(&self, set: SetVal<'e>) -> impl Iterator<Item = Val<'e>> {
        let (given, sorted, made): (&'e [Value<'e>], bool, &[Val<'e>]) = match set {
            SetVal::Sorted(items) => (items, true, &[]),
            SetVal::Loose(items) => (items, false, &[]),
            SetVal::Made(members) => (&[], false, run(&self.members, members)),
        };
        given
            .iter()
            .map(move |item| Val::of(item, sorted))
            .chain(made.iter().copied())
    }

    fn record_len(&self, record: RecordVal<'e>) -> usize {
        match record {
            RecordVal::Sorted(record) | RecordVal::Loose(record) => record.len(),
            RecordVal::Context => self.asked.context.len(),
            RecordVal::Made(made) => made.len as usize,
        }
    }

    /// The members of a record.
    pub(super) fn fields_of(&self, record: RecordVal<'e>) -> Vec<(&'e str, Val<'e>)> {
        let given = |record: &'e Record<'e>, sorted| {
            let entries = record.entries().iter();
            entries
                .map(|(name, value)| (&**name, Val::of(value, sorted)))
                .collect()
        };
        match record {
            RecordVal::Sorted(record) => given(record, true),
            RecordVal::Loose(record) => given(record, false),
            RecordVal::Context => self.asked.context.entries().collect(),
            RecordVal::Made(made) => run(&self.fields, made).to_vec(),
        }
    }

    /// A copy in normal form.
    pub(crate) fn owned(&self, val: Val<'e>, depth: usize) -> Step<Value<'static>> {
        self.copied(val, depth)?
            .normalized()
            .map_err(|_| EvalErrorKind::TooDeep)
    }

    fn copied(&self, val: Val<'e>, depth: usize) -> Step<Value<'static>> {
        let deeper = depth.checked_sub(1).ok_or(EvalErrorKind::TooDeep)?;
        Ok(match val {
            Val::Bool(value) => Value::Bool(value),
            Val::Long(value) => Value::Long(value),
            Val::Str(value) => Value::from(value.to_owned()),
            Val::Entity(Ent { uid, .. }) => Value::Entity(uid.to_uid().into_owned()),
            Val::Set(set) => {
                let items = self.items(set).map(|item| self.copied(item, deeper));
                Value::Set(items.collect::<Step<_>>()?)
            }
            Val::Record(record) => {
                let fields = self.fields_of(record).into_iter();
                let fields = fields.map(|(name, value)| Ok((name.to_owned(), self.copied(value, deeper)?)));
                Value::Record(fields.collect::<Step<Vec<_>>>()?.into_iter().collect())
            }
            Val::Ip(value) => Value::Ip(value),
            Val::Decimal(value) => Value::Decimal(value),
            Val::Datetime(value) => Value::Datetime(value),
            Val::Duration(value) => Value::Duration(value),
        })
    }
}

/// The order of a scalar against a value in normal form, as [`compare`] would give it.
fn order_of(item: &Val<'_>, other: &Value<'_>) -> Ordering {
    let rank = |kind: u8, of: u8| kind.cmp(&of);
    let (mine, theirs) = (val_rank(item), value_rank(other));
    match (item, other) {
        (Val::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Val::Long(a), Value::Long(b)) => a.cmp(b),
        (Val::Str(a), Value::String(b)) => (*a).cmp(b),
        (Val::Entity(a), Value::Entity(b)) => a.uid.cmp(&b.as_ref()),
        (Val::Ip(a), Value::Ip(b)) => a.cmp(b),
        (Val::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Val::Datetime(a), Value::Datetime(b)) => a.cmp(b),
        (Val::Duration(a), Value::Duration(b)) => a.cmp(b),
        _ => rank(mine, theirs),
    }
}

fn val_rank(item: &Val<'_>) -> u8 {
    match item {
        Val::Bool(_) => 0,
        Val::Long(_) => 1,
        Val::Str(_) => 2,
        Val::Entity(_) => 3,
        Val::Set(_) => 4,
        Val::Record(_) => 5,
        Val::Ip(_) => 6,
        Val::Decimal(_) => 7,
        Val::Datetime(_) => 8,
        Val::Duration(_) => 9,
    }
}

fn value_rank(value: &Value<'_>) -> u8 {
    crate::value::order::rank(value)
}
