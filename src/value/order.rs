//! Normal form: sets sorted and without repetitions, records sorted by name, all the way down.
//!
//! What is kept (entities in a snapshot, constants in a program) is in normal form, so that two sets compare member by
//! member and a member is found by binary search. What a request brings stays as the host gave it.

use std::cmp::Ordering;

use super::{EntityUid, Record, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_VALUE_DEPTH;

pub(crate) fn rank(value: &Value<'_>) -> u8 {
    match value {
        Value::Bool(_) => 0,
        Value::Long(_) => 1,
        Value::String(_) => 2,
        Value::Entity(_) => 3,
        Value::Set(_) => 4,
        Value::Record(_) => 5,
        Value::Ip(_) => 6,
        Value::Decimal(_) => 7,
        Value::Datetime(_) => 8,
        Value::Duration(_) => 9,
    }
}

/// A total order on values in normal form; equal exactly when Cedar's `==` is true.
pub(crate) fn compare(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Long(a), Value::Long(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Entity(a), Value::Entity(b)) => compare_uids(a, b),
        (Value::Set(a), Value::Set(b)) => compare_lists(a, b),
        (Value::Record(a), Value::Record(b)) => {
            let pairs = a.entries.iter().zip(&b.entries);
            pairs
                .map(|((a_name, a), (b_name, b))| a_name.cmp(b_name).then_with(|| compare(a, b)))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Ip(a), Value::Ip(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Datetime(a), Value::Datetime(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn compare_uids(a: &EntityUid<'_>, b: &EntityUid<'_>) -> Ordering {
    a.as_ref().cmp(&b.as_ref())
}

fn compare_lists(a: &[Value<'_>], b: &[Value<'_>]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| compare(a, b))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

impl<'a> Value<'a> {
    /// The same value in normal form, borrowing what it borrowed before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`] when sets and records are nested too deeply.
    pub(crate) fn normalized(self) -> Result<Self> {
        self.normalized_within(MAX_VALUE_DEPTH)
    }

    fn normalized_within(self, depth: usize) -> Result<Self> {
        let deeper = depth.checked_sub(1).ok_or_else(|| {
            Error::new(
                ErrorKind::LimitExceeded,
                format!("a value nested more than {MAX_VALUE_DEPTH} levels deep"),
            )
        });
        Ok(match self {
            Value::Set(items) => {
                let deeper = deeper?;
                let items = items.into_iter().map(|item| item.normalized_within(deeper));
                let mut items = items.collect::<Result<Vec<_>>>()?;
                items.sort_unstable_by(compare);
                items.dedup_by(|a, b| compare(a, b).is_eq());
                items.shrink_to_fit();
                Value::Set(items)
            }
            Value::Record(record) => Value::Record(record.normalized_within(deeper?)?),
            scalar => scalar,
        })
    }
}

impl<'a> Record<'a> {
    /// The same record in normal form.
    ///
    /// # Errors
    ///
    /// As for [`Value::normalized`].
    pub(crate) fn normalized(self) -> Result<Self> {
        self.normalized_within(MAX_VALUE_DEPTH)
    }

    fn normalized_within(self, depth: usize) -> Result<Self> {
        let entries = self
            .entries
            .into_iter()
            .map(|(name, value)| Ok((name, value.normalized_within(depth)?)));
        let mut entries = entries.collect::<Result<Vec<_>>>()?;
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        entries.shrink_to_fit();
        Ok(Self { entries })
    }

    /// The value of `name`, knowing that the record is in normal form.
    #[inline]
    pub(crate) fn get_sorted(&self, name: &str) -> Option<&Value<'a>> {
        if self.entries.len() <= 16 {
            return self.get(name);
        }
        let at = self
            .entries
            .binary_search_by(|(known, _)| known.as_ref().cmp(name));
        at.ok()
            .and_then(|at| self.entries.get(at))
            .map(|(_, value)| value)
    }

    /// Names and values, as they lie.
    pub(crate) fn entries(&self) -> &[(std::borrow::Cow<'a, str>, Value<'a>)] {
        &self.entries
    }
}
