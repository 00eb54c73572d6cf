//! Values as a flat list, innermost first, so that reading one recurses on nothing.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::damaged;
use crate::error::Result;
use crate::limits::MAX_VALUE_DEPTH;
use crate::value::{Datetime, Decimal, Duration, EntityUid, IpNet, Record, Value};

/// One step of building a value: a scalar, or a set or record of the values before it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Flat<'a> {
    Bool(bool),
    Long(i64),
    String(&'a str),
    Entity(&'a str, &'a str),
    /// Of so many values.
    Set(u32),
    /// Of as many values as there are names.
    #[serde(borrow)]
    Record(Vec<&'a str>),
    Ip(IpAddr, u8),
    Decimal(i64),
    Datetime(i64),
    Duration(i64),
}

impl<'a> Flat<'a> {
    /// The steps that build a value.
    pub(crate) fn of(value: &'a Value<'_>) -> Vec<Self> {
        let mut steps = Vec::new();
        push(value, &mut steps);
        steps
    }

    /// The steps that build a record.
    pub(crate) fn of_record(record: &'a Record<'_>) -> Vec<Self> {
        let mut steps = Vec::new();
        push_record(record, &mut steps);
        steps
    }

    /// The value that some steps build, in normal form.
    pub(crate) fn build(steps: &[Self]) -> Result<Value<'static>> {
        Self::assemble(steps)?.normalized()
    }

    /// The record that some steps build, in normal form.
    pub(crate) fn build_record(steps: &[Self]) -> Result<Record<'static>> {
        match Self::assemble(steps)? {
            Value::Record(record) => record.normalized(),
            _ => Err(damaged("a value stands where a record belongs")),
        }
    }

    fn assemble(steps: &[Self]) -> Result<Value<'static>> {
        let mut built: Vec<Built> = Vec::new();
        for step in steps {
            let made = step.apply(&mut built)?;
            // Attributes may be nested that deeply within their record. What is deeper must not come to be: it could
            // not even be dropped without recursion.
            if made.depth > MAX_VALUE_DEPTH + 1 {
                return Err(damaged("a value is nested too deeply"));
            }
            built.push(made);
        }
        match (built.pop(), built.as_slice()) {
            (Some(Built { value, .. }), []) => Ok(value),
            _ => Err(damaged("a value is incomplete")),
        }
    }

    fn apply(&self, built: &mut Vec<Built>) -> Result<Built> {
        let scalar = match self {
            Flat::Bool(value) => Value::Bool(*value),
            Flat::Long(value) => Value::Long(*value),
            Flat::String(text) => Value::from((*text).to_owned()),
            Flat::Entity(type_name, id) => {
                Value::Entity(EntityUid::new((*type_name).to_owned(), (*id).to_owned()))
            }
            Flat::Ip(addr, prefix) if *prefix <= IpNet::new(*addr).prefix() => Value::Ip(IpNet {
                addr: *addr,
                prefix: *prefix,
            }),
            Flat::Ip(..) => return Err(damaged("an address has too long a prefix")),
            Flat::Decimal(value) => Value::Decimal(Decimal(*value)),
            Flat::Datetime(value) => Value::Datetime(Datetime(*value)),
            Flat::Duration(value) => Value::Duration(Duration(*value)),
            Flat::Set(count) => {
                let (items, depth) = last(built, *count as usize)?;
                let value = Value::Set(items.collect());
                return Ok(Built { value, depth });
            }
            Flat::Record(names) => {
                // Names lie in order, so that a name that stands twice is seen.
                if names.windows(2).any(|pair| pair.first() >= pair.last()) {
                    return Err(damaged("the names of a record are out of order"));
                }
                let (items, depth) = last(built, names.len())?;
                let names = names.iter().map(|name| (*name).to_owned());
                let value = Value::Record(Record::of_distinct(names.zip(items)));
                return Ok(Built { value, depth });
            }
        };
        Ok(Built {
            value: scalar,
            depth: 0,
        })
    }
}

/// A value with the depth of its nesting.
struct Built {
    value: Value<'static>,
    depth: usize,
}

/// Takes the last values off, and says how deep a value made of them is.
fn last(
    built: &mut Vec<Built>,
    count: usize,
) -> Result<(impl Iterator<Item = Value<'static>> + use<'_>, usize)> {
    let first = (built.len())
        .checked_sub(count)
        .ok_or_else(|| damaged("a value lacks its parts"))?;
    let parts = built.drain(first..);
    let deepest = parts.as_slice().iter().map(|part| part.depth).max();
    Ok((parts.map(|part| part.value), deepest.unwrap_or(0) + 1))
}

fn push<'a>(value: &'a Value<'_>, steps: &mut Vec<Flat<'a>>) {
    let step = match value {
        Value::Bool(value) => Flat::Bool(*value),
        Value::Long(value) => Flat::Long(*value),
        Value::String(text) => Flat::String(text),
        Value::Entity(uid) => Flat::Entity(uid.type_name(), uid.id()),
        Value::Ip(ip) => Flat::Ip(ip.addr, ip.prefix),
        Value::Decimal(value) => Flat::Decimal(value.0),
        Value::Datetime(value) => Flat::Datetime(value.0),
        Value::Duration(value) => Flat::Duration(value.0),
        Value::Set(items) => {
            items.iter().for_each(|item| push(item, steps));
            Flat::Set(u32::try_from(items.len()).unwrap_or(u32::MAX))
        }
        Value::Record(record) => return push_record(record, steps),
    };
    steps.push(step);
}

fn push_record<'a>(record: &'a Record<'_>, steps: &mut Vec<Flat<'a>>) {
    let mut entries: Vec<_> = record.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    entries.iter().for_each(|(_, value)| push(value, steps));
    steps.push(Flat::Record(entries.into_iter().map(|(name, _)| name).collect()));
}
