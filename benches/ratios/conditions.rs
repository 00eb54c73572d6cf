//! Thirty policies with heavy conditions, all of them candidates of every request.

use std::str::FromStr as _;

use bailiwick::cedar::{Authorizer, Request};
use bailiwick::{Context, EntityRef, context};
use cedar_policy::{Entities, PolicySet};
use serde_json::json;

use crate::cedar::{Cedar, assert_same, request};
use crate::measure::{Row, Stream};

const POLICIES: usize = 30;

fn policies() -> String {
    (0..POLICIES)
        .map(|number| {
            let effect = if number % 5 == 4 { "forbid" } else { "permit" };
            let condition = match number % 6 {
                0 => format!("resource.state == \"open\" && principal.level >= {}", number % 7),
                1 => format!("resource.labels.contains(\"label-{number}\") || resource.name like \"*plan*{}\"", number % 4),
                2 => format!("context.from.isInRange(ip(\"10.{}.0.0/16\")) && !context.from.isLoopback()", number % 3),
                3 => "context.at < datetime(\"2026-06-01\").offset(duration(\"12h\")) && resource has due && context.at < resource.due".to_owned(),
                4 => format!("[\"draft\", \"void-{number}\", \"closed\"].contains(resource.state) && principal.name like \"con*tor-{number}\""),
                _ => format!("principal.skills.containsAll([\"skill-1\", \"skill-{}\"]) && resource.size * 2 + 1 > {}", number % 4, number * 10),
            };
            format!("@id(\"rule-{number}\") {effect}(principal, action, resource) when {{ {condition} }};\n")
        })
        .collect()
}

fn entities() -> Entities {
    let users = (0..10).map(|number| {
        json!({"uid": {"type": "User", "id": format!("user-{number}")}, "parents": [], "attrs": {
            "level": number, "name": format!("contractor-{number}"),
            "skills": (0..5 + number).map(|skill| format!("skill-{skill}")).collect::<Vec<_>>(),
        }})
    });
    let states = ["open", "draft", "closed"];
    let drawings = (0..20).map(|number| {
        json!({"uid": {"type": "Drawing", "id": format!("drawing-{number}")}, "parents": [], "attrs": {
            "state": states[number % 3], "name": format!("ground plan of house {number}"),
            "labels": (0..number).map(|label| format!("label-{label}")).collect::<Vec<_>>(), "size": number * 9,
            "due": {"__extn": {"fn": "datetime", "arg": format!("2026-0{}-11T08:30:00Z", 1 + number % 9)}},
        }})
    });
    Entities::from_json_value(users.chain(drawings).collect(), None).unwrap()
}

/// `decide/conditions`
pub(crate) fn rows() -> Vec<Row> {
    let policies = PolicySet::from_str(&policies()).unwrap();
    let entities = entities();
    let ours = Authorizer::compile(&policies, None)
        .unwrap()
        .with_entities(&entities)
        .unwrap();
    let cedar = Cedar::new(policies, entities);
    let ids: Vec<(String, String)> = (0..200)
        .map(|number| {
            (
                format!("user-{}", number % 10),
                format!("drawing-{}", number % 20),
            )
        })
        .collect();
    let contexts: Vec<Context<'_>> = (0..7)
        .map(|number| {
            let from: bailiwick::IpNet = format!("10.{number}.3.7").parse().unwrap();
            let at: bailiwick::Datetime = format!("2026-0{}-01T10:00:00Z", number + 1).parse().unwrap();
            context! { "from": from, "at": at }
        })
        .collect();
    let action = EntityRef::new("Action", "view");
    let our_requests: Vec<Request<'_>> = ids
        .iter()
        .zip(contexts.iter().cycle())
        .map(|((user, drawing), context)| {
            Request::new(
                EntityRef::new("User", user),
                action,
                EntityRef::new("Drawing", drawing),
                context,
            )
        })
        .collect();
    let requests: Vec<_> = our_requests
        .iter()
        .zip((0..7).cycle())
        .map(|(asked, number)| {
            let context = json!({
                "from": {"__extn": {"fn": "ip", "arg": format!("10.{number}.3.7")}},
                "at": {"__extn": {"fn": "datetime", "arg": format!("2026-0{}-01T10:00:00Z", number + 1)}},
            });
            let context = cedar_policy::Context::from_json_value(context, None).unwrap();
            request(asked.principal, asked.action, asked.resource, context)
        })
        .collect();
    for (asked, theirs) in our_requests.iter().zip(&requests) {
        assert_same(&ours.is_authorized(asked), &cedar.decide(theirs));
    }
    let (mut asked, mut theirs) = (Stream::new(&our_requests), Stream::new(&requests));
    vec![Row::measure(
        "decide/conditions",
        || ours.is_authorized(asked.next()).allowed(),
        "cedar-policy",
        || cedar.decide(theirs.next()).decision(),
    )]
}
