//! The whole path of a decision through a session: what the strict engine adds to the bare authorizer.

use bailiwick::cedar::Request;
use bailiwick::{Context, Engine, EntityRef, Identity, Policies, Principal, Resource, Tenant};

use crate::measure::Row;

const POLICIES: &str = "policies/construction";

/// `session/decide` for a stored resource and `session/brought` for one that comes along; the peer is the bare
/// authorizer, which checks neither tenant nor scopes nor the request.
pub(crate) fn rows() -> Vec<Row> {
    let policies = Policies::from_directory(POLICIES).unwrap();
    let bare = policies.authorizer().clone();
    let engine = Engine::builder().loaded(policies).build().unwrap();
    let identity = Identity::token(Principal::user("ana"), ["rfis:read", "rfis:write"]);
    let session = engine.session_of(identity, Tenant::id("acme")).unwrap();
    let context = Context::new();
    let stored = Resource::stored("Rfi", "42");
    let brought = Resource::new("Rfi", "9001")
        .parent("Project", "p1")
        .attr("private", false)
        .attr("state", "open")
        .attr("assignees", Vec::<bailiwick::Value<'_>>::new());
    let ana = EntityRef::new("User", "ana");
    let row = |name: &str, action: &str, resource: &Resource<'_>| {
        let request = Request::new(ana, EntityRef::new("Action", action), resource.uid(), &context)
            .with_entities(resource.entities());
        assert!(bare.is_authorized(&request).allowed());
        assert!(session.decide(action, resource, &context).allowed());
        Row::measure(
            name,
            || session.decide(action, resource, &context).allowed(),
            "bare",
            || bare.is_authorized(&request).allowed(),
        )
    };
    vec![
        row("session/decide", "rfis.view", &stored),
        row("session/brought", "rfis.update", &brought),
    ]
}
