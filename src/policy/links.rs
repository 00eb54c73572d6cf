//! Template links that belong to the rule files: role assignments, in JSON.

use std::collections::HashMap;

use cedar_policy::{PolicyId, PolicySet, SlotId};
use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::json;
use crate::value::{EntityUid, shorten};

use super::entities::{array_elements, element_place};
use super::origin::{Origins, Written};
use super::source::{Document, Kind, Source};
use super::text::Lines;

/// Adds every link of the source to the set.
pub(super) fn load(source: &Source, set: &mut PolicySet, origins: &mut Origins, errors: &mut Vec<Error>) {
    for document in source.of(Kind::Links) {
        origins.begin(document);
        let items = match read(document) {
            Ok(items) => items,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let places = array_elements(&document.text);
        let mut lines = Lines::new(&document.text);
        for (index, item) in items.iter().enumerate() {
            let (offset, len) = places.get(index).copied().unwrap_or((0, 0));
            let spot = lines.spot_of(offset);
            let result = Link::from_json(item).and_then(|link| {
                let written = Written {
                    spot,
                    offset,
                    len,
                    counted_from: offset,
                };
                if let Some(taken) = origins.insert(&link.id, written) {
                    let message = format!(
                        "the id `{}` is used twice: here and at {taken}",
                        shorten(&link.id)
                    );
                    return Err(Error::new(ErrorKind::PolicyDuplicate, message)
                        .help("give the link an \"id\" of its own, or remove one of the two"));
                }
                link.add_to(set)
            });
            if let Err(error) = result {
                errors.push(error.at(element_place(document, offset, len)));
            }
        }
    }
}

fn read(document: &Document) -> Result<Vec<Json>> {
    match json::parse(&document.label(), document.text.as_bytes())? {
        Json::Array(items) => Ok(items),
        _ => Err(
            Error::new(ErrorKind::JsonInvalid, "template links are a JSON array")
                .at(document.place(0, 1))
                .help("write [{\"template\": …, \"principal\": …, \"resource\": …}]"),
        ),
    }
}

struct Link {
    id: String,
    template: String,
    principal: Option<EntityUid<'static>>,
    resource: Option<EntityUid<'static>>,
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::LinkInvalid, message)
        .help("a link is {\"template\": …, \"principal\": \"User::\\\"ana\\\"\", \"resource\": …, \"id\": …}")
}

impl Link {
    fn from_json(json: &Json) -> Result<Self> {
        let members = json
            .as_object()
            .ok_or_else(|| invalid("a link is a JSON object"))?;
        let known = ["template", "principal", "resource", "id"];
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(invalid(format!("a link has no member `{}`", shorten(name))));
        }
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Json::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(invalid(format!("`{name}` must be a string that is not empty"))),
        };
        let slot = |name: &str| members.get(name).map(EntityUid::from_json).transpose();
        let template = text("template")?.ok_or_else(|| invalid("a link names its `template`"))?;
        let (principal, resource) = (slot("principal")?, slot("resource")?);
        let id = text("id")?.unwrap_or_else(|| {
            let parts = [
                Some(template.as_str()),
                principal.as_ref().map(EntityUid::id),
                resource.as_ref().map(EntityUid::id),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join("@")
        });
        Ok(Self {
            id,
            template,
            principal,
            resource,
        })
    }

    fn add_to(self, set: &mut PolicySet) -> Result<()> {
        let mut slots = HashMap::new();
        for (slot, uid) in [
            (SlotId::principal(), &self.principal),
            (SlotId::resource(), &self.resource),
        ] {
            if let Some(uid) = uid {
                slots.insert(slot, uid.as_ref().to_cedar()?);
            }
        }
        let template = PolicyId::new(&self.template);
        if set.template(&template).is_none() {
            return Err(invalid(format!(
                "no template is called `{}`",
                shorten(&self.template)
            )));
        }
        set.link(template, PolicyId::new(&self.id), slots)
            .map_err(|error| {
                invalid(format!(
                    "template `{}` cannot be linked so: {error}",
                    shorten(&self.template)
                ))
            })
    }
}
