//! Values while a condition is evaluated: small, `Copy`, and borrowing from the request or the snapshot.

use crate::compile::program::Run;
use crate::entities::handles::Handle;
use crate::value::{Datetime, Decimal, Duration, EntityRef, EntityUid, IpNet, Record, Value};

/// A value on the machine's stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Val<'e> {
    Bool(bool),
    Long(i64),
    Str(&'e str),
    Entity(Ent<'e>),
    Set(SetVal<'e>),
    Record(RecordVal<'e>),
    Ip(IpNet),
    Decimal(Decimal),
    Datetime(Datetime),
    Duration(Duration),
}

/// A reference to an entity, with its handle where it is known already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ent<'e> {
    pub(crate) uid: EntityRef<'e>,
    pub(crate) handle: Option<Handle>,
}

/// A set: of the snapshot (sorted), of the request (in any order), or made by the condition itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SetVal<'e> {
    Sorted(&'e [Value<'e>]),
    Loose(&'e [Value<'e>]),
    Made(Run),
}

/// A record, likewise; the context of the request is one of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordVal<'e> {
    Sorted(&'e Record<'e>),
    Loose(&'e Record<'e>),
    Context,
    Made(Run),
}

impl<'e> Val<'e> {
    /// A value of the snapshot (`sorted`) or of the request.
    pub(crate) fn of(value: &'e Value<'e>, sorted: bool) -> Self {
        let mut val = Val::Bool(false);
        val.set(value, sorted);
        val
    }

    /// The same, written in place.
    #[inline]
    pub(crate) fn set(&mut self, value: &'e Value<'e>, sorted: bool) {
        match value {
            Value::Bool(value) => *self = Val::Bool(*value),
            Value::Long(value) => *self = Val::Long(*value),
            Value::String(value) => *self = Val::Str(value),
            Value::Entity(uid) => *self = Val::Entity(Ent::of(uid)),
            Value::Set(items) if sorted => *self = Val::Set(SetVal::Sorted(items)),
            Value::Set(items) => *self = Val::Set(SetVal::Loose(items)),
            Value::Record(record) if sorted => *self = Val::Record(RecordVal::Sorted(record)),
            Value::Record(record) => *self = Val::Record(RecordVal::Loose(record)),
            Value::Ip(value) => *self = Val::Ip(*value),
            Value::Decimal(value) => *self = Val::Decimal(*value),
            Value::Datetime(value) => *self = Val::Datetime(*value),
            Value::Duration(value) => *self = Val::Duration(*value),
        }
    }
}

impl<'e> Ent<'e> {
    pub(crate) fn of(uid: &'e EntityUid<'e>) -> Self {
        Self {
            uid: uid.as_ref(),
            handle: None,
        }
    }

    #[inline]
    pub(crate) fn is(&self, other: &Ent<'_>) -> bool {
        match (self.handle, other.handle) {
            (Some(a), Some(b)) => a == b,
            _ => self.uid == other.uid,
        }
    }
}
