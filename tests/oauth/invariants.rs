//! Invariants of tokens and decisions as properties over drawn requests. Those of the platform's state lie in
//! `tests/platform/invariants.rs`, which says where the others are.

use std::collections::BTreeSet;

use bailiwick::oauth::{ClientCredentials, Exchange, Refresh};
use bailiwick::{Clock, Context, Engine, Principal, Reason, Resource, Session, Source, Tenant};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::world::{NOW, World, rfi};

/// A small generator of choices, the same on every machine.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % bound
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Some of the items, in their order, joined by a space.
    fn some(&mut self, items: &[&str]) -> String {
        let some: Vec<&str> = items.iter().copied().filter(|_| self.chance(50)).collect();
        some.join(" ")
    }
}

const ACTIONS: [&str; 3] = ["rfis.view", "rfis.close", "rfis.print"];

/// What a token says and does, each part as a set.
#[derive(Debug)]
struct Authority {
    scopes: BTreeSet<String>,
    audiences: BTreeSet<String>,
    expires: i64,
    /// What a session of it may do where; nothing for a token that is for others.
    allowed: BTreeSet<(&'static str, &'static str)>,
}

impl Authority {
    fn of(world: &World, token: &str) -> Self {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let texts = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.split(' ').map(str::to_owned).collect(),
            serde_json::Value::Array(items) => {
                items.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
            }
            _ => BTreeSet::new(),
        };
        let mut allowed = BTreeSet::new();
        if let Ok(session) = world.engine.authenticate(token, Tenant::id("acme")) {
            for project in ["p1", "p2"] {
                let of_project = ACTIONS
                    .into_iter()
                    .filter(|action| session.allows(action, &rfi(project)));
                allowed.extend(of_project.map(|action| (action, project)));
            }
        }
        Self {
            scopes: texts(&claims["scope"]),
            audiences: texts(&claims["aud"]),
            expires: claims["exp"].as_i64().unwrap(),
            allowed,
        }
    }

    fn contains(&self, child: &Self) -> bool {
        // `rfis:write` covers `rfis:read`.
        let covers = |scope: &String| {
            self.scopes.contains(scope) || scope == "rfis:read" && self.scopes.contains("rfis:write")
        };
        child.scopes.iter().all(covers)
            && child.audiences.is_subset(&self.audiences)
            && child.expires <= self.expires
            && child.allowed.is_subset(&self.allowed)
    }
}

#[test]
fn invariant_03_a_derived_token_is_contained_in_its_parent() {
    let mut rng = Rng(3);
    let (mut derived, mut narrower) = (0, 0);
    for _ in 0..8 {
        let world = World::new();
        world.install();
        let account = world.account();
        world.assign(&account, "p1");
        world.assign(&account, "p2");
        let issued = ClientCredentials::new(account.client()).scope("rfis:read rfis:write");
        let issued = world.engine.client_credentials(&issued).unwrap();
        let redeemed = world.redeem(&world.code("ana")).unwrap();
        let mut refresh_token = redeemed.refresh_token().unwrap().to_owned();
        let first = Authority::of(&world, redeemed.access_token());
        let mut tokens = vec![issued.access_token().to_owned()];
        for _ in 0..12 {
            world.clock.advance(i64::try_from(rng.below(40)).unwrap());
            let parent = rng.below(tokens.len());
            let mut exchange = Exchange::new(account.client(), &tokens[parent]);
            let scope = rng.some(&["rfis:read", "rfis:write"]);
            if !scope.is_empty() {
                exchange = exchange.scope(scope);
            }
            if rng.chance(30) {
                exchange = exchange.audience(rng.of(&["api", "files"]));
            }
            if rng.chance(30) {
                exchange = exchange.project(rng.of(&["p1", "p2"]));
            }
            if let Ok(child) = world.engine.exchange(&exchange) {
                let (above, below) = (
                    Authority::of(&world, &tokens[parent]),
                    Authority::of(&world, child.access_token()),
                );
                assert!(above.contains(&below), "{below:?}\nfrom {above:?}");
                derived += 1;
                narrower += usize::from(below.allowed.len() < above.allowed.len());
                tokens.push(child.access_token().to_owned());
            }
            let mut refresh = Refresh::new(world.app(), &refresh_token);
            let scope = rng.some(&["rfis:read", "rfis:write", "rfis:print"]);
            if !scope.is_empty() {
                refresh = refresh.scope(scope);
            }
            if let Ok(next) = world.engine.refresh(&refresh) {
                let next_authority = Authority::of(&world, next.access_token());
                // A refresh prolongs, and nothing else.
                assert!(
                    next_authority.scopes.is_subset(&first.scopes),
                    "{next_authority:?}"
                );
                assert!(next_authority.audiences.is_subset(&first.audiences));
                assert!(next_authority.allowed.is_subset(&first.allowed));
                derived += 1;
                next.refresh_token().unwrap().clone_into(&mut refresh_token);
            }
        }
    }
    assert!(
        derived > 60 && narrower > 5,
        "{derived} derived, {narrower} narrower"
    );
}

/// A text that may be anything.
fn anything(rng: &mut Rng) -> String {
    let pieces = [
        "rfis.view",
        "Action::\"rfis.view\"",
        "",
        " ",
        "\0",
        "\"",
        "\\",
        "::",
        "é",
        "\u{202e}",
        "𝕏",
        "*",
        "../",
        "p1",
        "{{",
        "%s",
        "-1",
        "9223372036854775808",
    ];
    let mut text = String::new();
    for _ in 0..rng.below(5) {
        let piece = rng.of(&pieces);
        let times = if rng.chance(3) { 2_000 } else { 1 };
        text.push_str(&piece.repeat(times));
    }
    text
}

#[test]
fn invariant_21_whatever_is_wrong_with_a_request_is_a_deny_with_a_reason() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let session = world.session(&world.token(&account, "rfis:read"));
    let mut rng = Rng(21);
    for round in 0..4_000 {
        let token = anything(&mut rng);
        let refused = world.engine.authenticate(&token, Tenant::id(anything(&mut rng)));
        assert!(!refused.unwrap_err().to_string().is_empty());
        let action = match rng.chance(50) {
            true => rng.of(&ACTIONS).to_owned(),
            false => anything(&mut rng),
        };
        let mut resource = match rng.chance(50) {
            true => Resource::new("Rfi", anything(&mut rng)),
            false => Resource::new(anything(&mut rng), anything(&mut rng)),
        };
        for _ in 0..rng.below(3) {
            resource = resource.parent(rng.of(&["Project", "Company", "Rfi", "?"]), anything(&mut rng));
        }
        if rng.chance(20) {
            resource = resource.attr(anything(&mut rng), anything(&mut rng));
        }
        let mut context = Context::new();
        if rng.chance(20) {
            context.set(anything(&mut rng), i64::MIN);
        }
        // No project has a name that is drawn, so nothing is allowed but in `p1` itself.
        let decision = session.decide(&action, &resource, &context);
        let is_in_p1 = resource.entities()[0].parents().iter().any(|it| it.id() == "p1");
        if !is_in_p1 {
            assert!(!decision.allowed(), "{round}: {decision:?}");
        }
        assert!(!decision.to_string().is_empty() && !decision.reason().name().is_empty());
    }
    assert!(session.allows("rfis.view", &rfi("p1")));
}

#[test]
fn invariant_22_a_forbid_that_cannot_be_evaluated_denies() {
    // Conditions that hold, that do not, and one that overflows.
    const CONDITIONS: [(&str, Option<bool>); 4] = [
        ("true", Some(true)),
        ("false", Some(false)),
        ("resource has rule && resource.rule.urgent", Some(false)),
        ("context.level + 9223372036854775807 > 0", None),
    ];
    let schema = r#"
        @bailiwick("tenant") entity Company; @bailiwick("user") entity User; entity Rule { urgent: Bool };
        entity Rfi in [Company] { rule?: Rule };
        action "rfis.view" appliesTo { principal: User, resource: Rfi, context: { level: Long } };
    "#;
    let mut rng = Rng(22);
    let mut denied_for_errors = 0;
    for _ in 0..150 {
        let mut policies = String::new();
        let (mut permits, mut forbids, mut errs) = (false, false, false);
        for number in 0..1 + rng.below(4) {
            let is_forbid = rng.chance(40);
            let (condition, outcome) = CONDITIONS[rng.below(CONDITIONS.len())];
            let effect = if is_forbid { "forbid" } else { "permit" };
            policies.push_str(&format!(
                "@id(\"p{number}\") {effect} (principal, action, resource) when {{ {condition} }};\n"
            ));
            permits |= !is_forbid && outcome == Some(true);
            forbids |= is_forbid && outcome == Some(true);
            errs |= is_forbid && outcome.is_none();
        }
        let source = Source::new()
            .schema("s.cedarschema", schema)
            .cedar("p.cedar", policies.as_str());
        let engine = Engine::builder()
            .source(source)
            .unwrap()
            .clock(Clock::fixed(NOW))
            .build()
            .unwrap();
        let session = engine
            .session(Principal::user("ana"), Tenant::id("acme"))
            .unwrap();
        let mut context = Context::new();
        context.set("level", 1_i64);
        let resource = Resource::new("Rfi", "1").parent("Company", "acme");
        let decision = session.decide("rfis.view", &resource, &context);
        assert_eq!(
            decision.allowed(),
            permits && !forbids && !errs,
            "{policies}{decision}"
        );
        if errs && !forbids {
            assert_eq!(decision.reason(), Reason::PolicyError, "{policies}");
            denied_for_errors += 1;
        }
    }
    assert!(denied_for_errors > 20, "{denied_for_errors}");
}

#[test]
fn invariant_26_a_decision_depends_on_state_request_and_clock_alone() {
    let world = World::new();
    let account = world.account();
    world.assign(&account, "p1");
    let mut rng = Rng(26);
    let token = world.token(&account, "rfis:read");
    let (long, context) = (world.session(&token), Context::new());
    for _ in 0..40 {
        let requests: Vec<(&str, Resource<'static>)> = (0..rng.below(12))
            .map(|_| {
                let action = rng.of(&["rfis.view", "rfis.close", "rfis.print", "rfis.none"]);
                (action, rfi(rng.of(&["p1", "p2", "b1", "p9"])))
            })
            .collect();
        // Asked once more, by a session of another kind, in a batch, and as a list: always the same.
        let singles = |session: &Session| -> Vec<Reason> {
            let decide = |(action, resource): &(&str, Resource<'static>)| {
                session.decide(action, resource, &context).reason()
            };
            requests.iter().map(decide).collect()
        };
        let expected = singles(&long);
        assert_eq!(singles(&long), expected);
        assert_eq!(singles(&world.session(&token)), expected);
        let batch = long.decide_many(
            requests
                .iter()
                .map(|(action, resource)| (*action, resource, &context)),
        );
        let batch: Vec<Reason> = batch.iter().map(bailiwick::Decision::reason).collect();
        assert_eq!(batch, expected);
        for ((action, resource), reason) in requests.iter().zip(&expected) {
            let listed = long.filter(action, [resource], &context);
            assert_eq!(listed.len() == 1, *reason == Reason::Permitted);
            let explained = long.explain(action, resource, &context);
            assert_eq!(explained.allowed, *reason == Reason::Permitted);
            let possible = long.allowed_actions(resource, &context);
            assert_eq!(
                possible.iter().any(|it| it.id() == *action),
                *reason == Reason::Permitted
            );
        }
    }
}

#[test]
fn invariant_27_no_movement_of_the_clock_lengthens_a_life() {
    let mut rng = Rng(27);
    for _ in 0..60 {
        let world = World::new();
        let account = world.account();
        world.assign(&account, "p1");
        let issued = world.issue(&account, "rfis:read").unwrap();
        let token = issued.access_token().to_owned();
        let session = world.session(&token);
        // The platform's own tokens have no leeway at their end but that of verification.
        let end = NOW + issued.expires_in() + 60;
        for _ in 0..30 {
            let step = i64::try_from(rng.below(500)).unwrap() - 200;
            world.clock.advance(step);
            let now = world.clock.now();
            if now >= end {
                assert!(world.engine.authenticate(&token, Tenant::id("acme")).is_err());
                assert!(!session.allows("rfis.view", &rfi("p1")));
            }
        }
    }
}
