//! Requests: the resource of a decision, its context, and the entities that come along.
//!
//! A request is a builder that is used again and again: `bw_request_clear` empties it and keeps its memory, so that neither
//! filling it nor deciding allocates once it has grown to its usual size. All texts are copied.
//!
//! The statuses of the steps need not be looked at: after a step has failed, every decision with the request is a deny
//! with `BW_REASON_INVALID_REQUEST` until it is cleared, and every further step fails with the same status.
//!
//! One thread at a time may change a request. Deciding does not change it: several threads may decide with one request.

use std::borrow::Cow;

use bailiwick::{Context, Datetime, Duration, EntityUid, Record, Resource, Result, Value, json};

use crate::arena::Arena;
use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out};
use crate::entity::{Filling, unnamed};
use crate::error::bw_status;
use crate::object::{Builder, Tagged, free, given_mut, object, step};
use crate::text::bw_str;

/// A request in the making.
pub struct bw_request(Tagged<Builder<Asking>>);

object!(bw_request of Builder<Asking>, "request");

/// What is asked. The texts in it lie in the arenas: those of `context` until the request is cleared, those of `resource`
/// until another resource is named.
pub struct Asking {
    pub(crate) context: Context<'static>,
    pub(crate) resource: Resource<'static>,
    pub(crate) filling: Filling,
    context_texts: Arena,
    resource_texts: Arena,
}

impl Asking {
    fn new() -> Self {
        Self {
            context: Context::new(),
            resource: Resource::stored("", ""),
            filling: Filling::Nothing,
            context_texts: Arena::new(),
            resource_texts: Arena::new(),
        }
    }

    fn clear(&mut self) {
        self.context.clear();
        self.context_texts.clear();
        self.forget_resource();
    }

    fn forget_resource(&mut self) {
        self.resource.restart(EntityUid::new("", ""));
        self.resource_texts.clear();
        self.filling = Filling::Nothing;
    }

    /// Names the resource; what the request brought along is forgotten.
    pub(crate) fn name_resource(&mut self, type_name: &str, id: &str) {
        if self.filling != Filling::Nothing {
            self.forget_resource();
        }
        let uid = EntityUid::new(self.keep_for_resource(type_name), self.keep_for_resource(id));
        self.resource.restart(uid);
        self.filling = Filling::Resource;
    }

    /// Copies a text of the resource or of an entity brought along.
    pub(crate) fn keep_for_resource(&mut self, text: &str) -> Cow<'static, str> {
        // SAFETY: these copies go into `resource` alone, which `name_resource` empties before the arena. Dropping
        // `resource` reads no text.
        unsafe { self.resource_texts.keep(text) }
    }

    fn keep_for_context(&mut self, text: &str) -> Cow<'static, str> {
        // SAFETY: these copies go into `context` alone, which `clear` empties before the arena. Dropping `context` reads
        // no text.
        unsafe { self.context_texts.keep(text) }
    }
}

/// Makes a request. Freed with `bw_request_free`; it is tied to no engine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_new(out: HandleOut<'_, bw_request>, err: ErrorOut<'_>) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, Builder::new(Asking::new()).into());
        Ok(())
    })
}

/// Empties the request and keeps its memory; also forgets a step that failed.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_clear(request: Option<&mut bw_request>) -> bw_status {
    fallible(None, || {
        let request = given_mut(request)?;
        request.value.clear();
        request.forgive();
        Ok(())
    })
}

fn set(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: impl FnOnce(&mut Asking) -> Result<Value<'static>>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        let name = asking.keep_for_context(name.text("name")?);
        let value = value(asking)?;
        asking.context.set(name, value);
        Ok(())
    })
}

/// Sets an attribute of the context, which policies read as `context.name`; setting it again replaces it.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_bool(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bool,
) -> bw_status {
    set(request, name, |_| Ok(Value::Bool(value)))
}

/// The same for a 64-bit integer (`Long`).
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_long(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: i64,
) -> bw_status {
    set(request, name, |_| Ok(Value::Long(value)))
}

/// The same for a `String`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_string(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    set(request, name, |asking| {
        Ok(Value::String(asking.keep_for_context(value.text("value")?)))
    })
}

/// The same for a reference to an entity.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_entity(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    type_name: bw_str<'_>,
    id: bw_str<'_>,
) -> bw_status {
    set(request, name, |asking| {
        let type_name = asking.keep_for_context(type_name.text("type_name")?);
        let id = asking.keep_for_context(id.text("id")?);
        Ok(Value::Entity(EntityUid::new(type_name, id)))
    })
}

/// The same for an `ipaddr`: an address or range, such as `10.0.0.0/8`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_ip(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    set(request, name, |_| Ok(Value::Ip(value.text("value")?.parse()?)))
}

/// The same for a `decimal`: a number with one to four decimal places, such as `12.50`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_decimal(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    set(request, name, |_| {
        Ok(Value::Decimal(value.text("value")?.parse()?))
    })
}

/// The same for a `datetime`, in milliseconds since the Unix epoch.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_datetime(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    millis: i64,
) -> bw_status {
    set(request, name, |_| {
        Ok(Value::Datetime(Datetime::from_millis(millis)))
    })
}

/// The same for a `duration`, in milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_duration(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    millis: i64,
) -> bw_status {
    set(request, name, |_| {
        Ok(Value::Duration(Duration::from_millis(millis)))
    })
}

/// The same for a value in Cedar's JSON form, sets and records among them. Allocates.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_json(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    json: bw_str<'_>,
) -> bw_status {
    set(request, name, |_| json_value(json))
}

/// Sets every member of a JSON object in the context. Allocates.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_context_object(request: Option<&mut bw_request>, json: bw_str<'_>) -> bw_status {
    step(request, |asking: &mut Asking| {
        let record = Record::from_json(&parsed(json)?)?;
        for (name, value) in record.iter() {
            asking.context.set(name.to_owned(), value.clone());
        }
        Ok(())
    })
}

/// JSON that C passes, read strictly.
pub(crate) fn parsed(text: bw_str<'_>) -> Result<serde_json::Value> {
    json::parse("json", text.bytes("json")?)
}

/// A value in Cedar's JSON form.
pub(crate) fn json_value(text: bw_str<'_>) -> Result<Value<'static>> {
    Value::from_json(&parsed(text)?)
}

/// A request that must be given, without a failed step.
pub(crate) fn given_request(request: Option<&bw_request>) -> Result<&Asking> {
    let request = crate::object::given(request)?;
    let asking = request.finished()?;
    match asking.filling {
        Filling::Nothing => Err(unnamed()),
        Filling::Resource | Filling::Further => Ok(asking),
    }
}

/// Frees a request; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_free(request: *mut bw_request) {
    free(request);
}
