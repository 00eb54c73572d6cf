//! The resource of a request, and further entities that the host brings along.
//!
//! `bw_request_resource` names one that the engine knows. What lies in the host's database is brought along instead, with
//! its parents, attributes and tags: it exists for this request only, and takes the place of a stored entity of the same
//! uid. `bw_request_parent`, `bw_request_attr_…` and `bw_request_tag_…` speak of the entity that was named last.

use std::borrow::Cow;

use bailiwick::{Datetime, Duration, Entity, EntityUid, Error, ErrorKind, Resource, Result, Value};

use crate::error::bw_status;
use crate::object::step;
use crate::request::{Asking, bw_request, json_value, parsed};
use crate::text::bw_str;

/// Which entity the steps speak of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filling {
    /// None: the resource has not been named.
    Nothing,
    /// The resource.
    Resource,
    /// The entity that was brought along last.
    Further,
}

/// Names the resource: an entity that the engine knows. It becomes one that is brought along when a parent, attribute or tag
/// is added. Whatever the request brought along before is forgotten; the context stays.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_resource(
    request: Option<&mut bw_request>,
    type_name: bw_str<'_>,
    id: bw_str<'_>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        asking.name_resource(type_name.text("type_name")?, id.text("id")?);
        Ok(())
    })
}

/// Names the resource and brings it along, even when no parent, attribute or tag is added.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_bring_resource(
    request: Option<&mut bw_request>,
    type_name: bw_str<'_>,
    id: bw_str<'_>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        asking.name_resource(type_name.text("type_name")?, id.text("id")?);
        asking.resource.bring_itself();
        Ok(())
    })
}

/// Brings a further entity along, such as a parent that the engine does not know. Name the resource first.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_bring_entity(
    request: Option<&mut bw_request>,
    type_name: bw_str<'_>,
    id: bw_str<'_>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        asking.bring_further(type_name.text("type_name")?, id.text("id")?)
    })
}

/// Names the resource and brings it along, from Cedar's JSON form (`uid`, `attrs`, `parents`, `tags`). Allocates.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_bring_resource_json(
    request: Option<&mut bw_request>,
    json: bw_str<'_>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        let entity = Entity::from_json(&parsed(json)?)?;
        asking.name_resource("", "");
        asking.resource = Resource::entity(entity);
        Ok(())
    })
}

/// Brings a further entity along, from Cedar's JSON form. Allocates. Name the resource first.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_bring_entity_json(
    request: Option<&mut bw_request>,
    json: bw_str<'_>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        let entity = Entity::from_json(&parsed(json)?)?;
        asking.bring_further("", "")?;
        *asking.entity()? = entity;
        Ok(())
    })
}

/// Adds a parent: the entity becomes a member of it and of all its ancestors.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_parent(
    request: Option<&mut bw_request>,
    type_name: bw_str<'_>,
    id: bw_str<'_>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        let uid = asking.uid(type_name.text("type_name")?, id.text("id")?);
        asking.entity()?.parents_mut().push(uid);
        Ok(())
    })
}

fn attr(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: impl FnOnce(&mut Asking) -> Result<Value<'static>>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        let (name, value) = named(asking, name, value)?;
        asking.entity()?.attrs_mut().set(name, value);
        Ok(())
    })
}

fn tag(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: impl FnOnce(&mut Asking) -> Result<Value<'static>>,
) -> bw_status {
    step(request, |asking: &mut Asking| {
        let (name, value) = named(asking, name, value)?;
        asking.entity()?.tags_mut().set(name, value);
        Ok(())
    })
}

fn named(
    asking: &mut Asking,
    name: bw_str<'_>,
    value: impl FnOnce(&mut Asking) -> Result<Value<'static>>,
) -> Result<(Cow<'static, str>, Value<'static>)> {
    let name = asking.keep_for_resource(name.text("name")?);
    Ok((name, value(asking)?))
}

/// Sets an attribute of the entity; setting it again replaces it.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_bool(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bool,
) -> bw_status {
    attr(request, name, |_| Ok(Value::Bool(value)))
}

/// The same for a 64-bit integer (`Long`).
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_long(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: i64,
) -> bw_status {
    attr(request, name, |_| Ok(Value::Long(value)))
}

/// The same for a `String`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_string(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    attr(request, name, |asking| {
        Ok(Value::String(asking.keep_for_resource(value.text("value")?)))
    })
}

/// The same for a reference to an entity.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_entity(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    type_name: bw_str<'_>,
    id: bw_str<'_>,
) -> bw_status {
    attr(request, name, |asking| {
        Ok(Value::Entity(
            asking.uid(type_name.text("type_name")?, id.text("id")?),
        ))
    })
}

/// The same for an `ipaddr`: an address or range, such as `10.0.0.0/8`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_ip(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    attr(request, name, |_| Ok(Value::Ip(value.text("value")?.parse()?)))
}

/// The same for a `decimal`: a number with one to four decimal places, such as `12.50`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_decimal(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    attr(request, name, |_| {
        Ok(Value::Decimal(value.text("value")?.parse()?))
    })
}

/// The same for a `datetime`, in milliseconds since the Unix epoch.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_datetime(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    millis: i64,
) -> bw_status {
    attr(request, name, |_| {
        Ok(Value::Datetime(Datetime::from_millis(millis)))
    })
}

/// The same for a `duration`, in milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_duration(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    millis: i64,
) -> bw_status {
    attr(request, name, |_| {
        Ok(Value::Duration(Duration::from_millis(millis)))
    })
}

/// The same for a value in Cedar's JSON form, sets and records among them. Allocates.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_attr_json(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    json: bw_str<'_>,
) -> bw_status {
    attr(request, name, |_| json_value(json))
}

/// Sets a tag of the entity that is a `String`; setting it again replaces it.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_tag_string(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    tag(request, name, |asking| {
        Ok(Value::String(asking.keep_for_resource(value.text("value")?)))
    })
}

/// The same for a value in Cedar's JSON form. Allocates.
#[unsafe(no_mangle)]
pub extern "C" fn bw_request_tag_json(
    request: Option<&mut bw_request>,
    name: bw_str<'_>,
    json: bw_str<'_>,
) -> bw_status {
    tag(request, name, |_| json_value(json))
}

impl Asking {
    /// The entity that the steps speak of.
    fn entity(&mut self) -> Result<&mut Entity<'static>> {
        let entities = match self.filling {
            Filling::Nothing => return Err(unnamed()),
            Filling::Resource => {
                self.resource.bring_itself();
                self.resource.entities_mut().first_mut()
            }
            Filling::Further => self.resource.entities_mut().last_mut(),
        };
        entities.ok_or_else(unnamed)
    }

    fn bring_further(&mut self, type_name: &str, id: &str) -> Result<()> {
        if self.filling == Filling::Nothing {
            return Err(unnamed());
        }
        let uid = self.uid(type_name, id);
        self.resource.bring(uid);
        self.filling = Filling::Further;
        Ok(())
    }

    fn uid(&mut self, type_name: &str, id: &str) -> EntityUid<'static> {
        EntityUid::new(self.keep_for_resource(type_name), self.keep_for_resource(id))
    }
}

/// The error of a request whose resource has not been named.
#[cold]
pub(crate) fn unnamed() -> Error {
    Error::new(ErrorKind::ArgumentInvalid, "the request has no resource yet")
        .help("call bw_request_resource or bw_request_bring_resource first")
}
