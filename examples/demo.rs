//! Real tokens judged against real policies: signs tokens with a key made on the spot and asks the engine what their
//! bearers may do on the reference construction platform.
//!
//!     cargo run --release --example demo

#![allow(clippy::print_stdout, reason = "printing is what a demonstration does")]

use std::time::Instant;

use bailiwick::{Clock, Context, Engine, KeySet, Profile, Resource, SigningKey, Tenant, context};
use serde_json::{Value as Json, json};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.example.com";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = SigningKey::generate_ed25519("demo")?;
    let stranger = SigningKey::generate_ed25519("demo")?;
    let engine = Engine::builder()
        .policies("policies/construction")?
        .issuer(
            Profile::issuer(ISSUER)
                .audience("api")
                .jwks(KeySet::from_jwks(key.jwks().as_bytes())?),
        )
        .clock(Clock::fixed(NOW))
        .build()?;

    let ana = |scope: &str| claims("ana", "fieldlink", scope);
    let job = claims("erp-sync", "erp-sync", "rfis:write budget:read");
    let expired = with(ana("rfis:read"), "exp", json!(NOW - 3_600));
    let elsewhere = with(ana("rfis:read"), "aud", json!("another-api"));
    let sign = |claims: &Json| key.sign(claims, "at+jwt");
    let rfi = |id: &'static str| Resource::stored("Rfi", id);

    let cases = [
        (
            "ana reads an RFI",
            sign(&ana("rfis:read"))?,
            "rfis.view",
            rfi("42"),
            context! {},
        ),
        (
            "ana closes it",
            sign(&ana("rfis:write"))?,
            "rfis.close",
            rfi("42"),
            context! {},
        ),
        (
            "… with a token that may only read",
            sign(&ana("rfis:read"))?,
            "rfis.close",
            rfi("42"),
            context! {},
        ),
        (
            "a costly one, without MFA",
            sign(&ana("rfis:write"))?,
            "rfis.close",
            rfi("45"),
            context! {},
        ),
        (
            "the same with MFA",
            sign(&ana("rfis:write"))?,
            "rfis.close",
            rfi("45"),
            context! { "mfa": true },
        ),
        (
            "a private one of somebody else",
            sign(&ana("rfis:read"))?,
            "rfis.view",
            rfi("43"),
            context! {},
        ),
        (
            "one of another company",
            sign(&ana("rfis:read"))?,
            "rfis.view",
            rfi("70"),
            context! {},
        ),
        (
            "one that only the host knows",
            sign(&ana("rfis:write"))?,
            "rfis.update",
            Resource::new("Rfi", "9001")
                .parent("Project", "p1")
                .attr("private", false)
                .attr("state", "open")
                .attr("assignees", Vec::<bailiwick::Value<'_>>::new()),
            context! {},
        ),
        (
            "a service account writes",
            sign(&job)?,
            "rfis.update",
            rfi("42"),
            context! {},
        ),
        (
            "… and approves a budget change",
            sign(&job)?,
            "budget.approve",
            Resource::stored("BudgetLine", "concrete"),
            context! {},
        ),
        (
            "a token with scopes edited in",
            spliced(&sign(&ana("rfis:read"))?, &sign(&ana("rfis:admin"))?),
            "rfis.view",
            rfi("42"),
            context! {},
        ),
        (
            "an expired token",
            sign(&expired)?,
            "rfis.view",
            rfi("42"),
            context! {},
        ),
        (
            "a token for another audience",
            sign(&elsewhere)?,
            "rfis.view",
            rfi("42"),
            context! {},
        ),
        (
            "a token signed by a stranger",
            stranger.sign(&ana("rfis:read"), "at+jwt")?,
            "rfis.view",
            rfi("42"),
            context! {},
        ),
    ];

    println!(
        "policies/construction, tenant acme. Times: tokens are verified once; a decision is the median of 1,001.\n"
    );
    println!(
        "{:<35} {:<15} {:<6} {:<52} {:>9} {:>9}",
        "request", "action", "effect", "why", "token", "decision"
    );
    for (title, token, action, resource, context) in &cases {
        let row = judge(&engine, token, action, resource, context);
        println!(
            "{title:<35} {action:<15} {:<6} {:<52} {:>9} {:>9}",
            row.effect,
            shorten(&row.why, 52),
            row.token_time,
            row.decision_time
        );
    }

    let session = engine.authenticate(&sign(&ana("rfis:read"))?, Tenant::id("acme"))?;
    println!("\nWhy not? The third one, explained:\n");
    println!("{}", session.explain("rfis.close", &rfi("42"), &Context::new()));
    let session = engine.authenticate(&sign(&ana("rfis:write"))?, Tenant::id("acme"))?;
    println!("\nAnd the costly one with a second factor that failed:\n");
    println!(
        "{}",
        session.explain("rfis.close", &rfi("45"), &context! { "mfa": false })
    );
    Ok(())
}

struct Row {
    effect: &'static str,
    why: String,
    token_time: String,
    decision_time: String,
}

fn judge(engine: &Engine, token: &str, action: &str, resource: &Resource<'_>, context: &Context<'_>) -> Row {
    let begun = Instant::now();
    let session = match engine.authenticate(token, Tenant::id("acme")) {
        Ok(session) => session,
        Err(error) => {
            let token_time = format!("{:.1} µs", begun.elapsed().as_secs_f64() * 1e6);
            let why = format!("{}: {}", error.kind(), error.message());
            return Row {
                effect: "deny",
                why,
                token_time,
                decision_time: "-".to_owned(),
            };
        }
    };
    let token_time = format!("{:.1} µs", begun.elapsed().as_secs_f64() * 1e6);
    let mut times: Vec<u128> = (0..1_001)
        .map(|_| {
            let begun = Instant::now();
            let decision = session.decide(action, resource, context);
            let time = begun.elapsed().as_nanos();
            drop(decision);
            time
        })
        .collect();
    times.sort_unstable();
    let decision = session.decide(action, resource, context);
    Row {
        effect: if decision.allowed() { "allow" } else { "deny" },
        why: decision.message(),
        token_time,
        decision_time: times
            .get(500)
            .map_or_else(String::new, |time| format!("{time} ns")),
    }
}

fn claims(subject: &str, client: &str, scope: &str) -> Json {
    json!({
        "iss": ISSUER, "aud": "api", "sub": subject, "client_id": client, "tenant": "acme", "scope": scope,
        "iat": NOW - 60, "exp": NOW + 600, "jti": "demo",
    })
}

fn with(mut claims: Json, name: &str, value: Json) -> Json {
    if let Some(members) = claims.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    claims
}

/// The header and signature of one token around the claims of another.
fn spliced(token: &str, claims_of: &str) -> String {
    let own: Vec<&str> = token.split('.').collect();
    let other: Vec<&str> = claims_of.split('.').collect();
    match (own.as_slice(), other.as_slice()) {
        ([header, _, signature], [_, claims, _]) => format!("{header}.{claims}.{signature}"),
        _ => token.to_owned(),
    }
}

fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
