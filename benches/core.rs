//! The core's own operations, measured by criterion: `make bench`. Figures against peers are in `ratios`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has no result")]

use std::hint::black_box;

use bailiwick::{
    Clock, Context, Engine, KeySet, Policies, Principal, Profile, Resource, SigningKey, Tenant, context,
};
use criterion::{Criterion, criterion_group, criterion_main};

const NOW: i64 = 1_800_000_000;
const POLICIES: &str = "policies/construction";

fn engine() -> (Engine, String) {
    let key = SigningKey::generate_ed25519("k1").unwrap();
    let keys = KeySet::from_jwks(key.jwks().as_bytes()).unwrap();
    let engine = Engine::builder()
        .policies(POLICIES)
        .unwrap()
        .issuer(
            Profile::issuer("https://id.example.com")
                .audience("api")
                .jwks(keys),
        )
        .clock(Clock::fixed(NOW))
        .build()
        .unwrap();
    let claims = serde_json::json!({
        "iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "fieldlink", "tenant": "acme",
        "scope": "rfis:write", "iat": NOW - 60, "exp": NOW + 600, "jti": "bench",
    });
    let token = key.sign(&claims, "at+jwt").unwrap();
    (engine, token)
}

fn sessions(criterion: &mut Criterion) {
    let (engine, token) = engine();
    let ana = engine
        .session(Principal::user("ana"), Tenant::id("acme"))
        .unwrap();
    let stored = Resource::stored("Rfi", "42");
    let costly = Resource::stored("Rfi", "45");
    let foreign = Resource::stored("Rfi", "70");
    let brought = Resource::new("Rfi", "9001")
        .parent("Project", "p1")
        .attr("private", false)
        .attr("state", "open")
        .attr("assignees", Vec::<bailiwick::Value<'_>>::new());
    let none = Context::new();
    let mfa = context! { "mfa": true };
    assert!(ana.allows("rfis.view", &stored));
    assert!(!ana.allows("rfis.view", &foreign));
    assert!(ana.decide("rfis.close", &costly, &mfa).allowed());
    assert!(ana.allows("rfis.update", &brought));

    criterion.bench_function("session/allows", |b| {
        b.iter(|| ana.allows(black_box("rfis.view"), &stored))
    });
    criterion.bench_function("session/other tenant", |b| {
        b.iter(|| ana.allows(black_box("rfis.view"), &foreign))
    });
    criterion.bench_function("session/forbids and context", |b| {
        b.iter(|| ana.decide(black_box("rfis.close"), &costly, &mfa).allowed());
    });
    criterion.bench_function("session/brought resource", |b| {
        b.iter(|| ana.allows(black_box("rfis.update"), &brought))
    });
    criterion.bench_function("session/explain", |b| {
        b.iter(|| ana.explain(black_box("rfis.view"), &stored, &none))
    });
    criterion.bench_function("engine/authenticate", |b| {
        b.iter(|| {
            engine
                .authenticate(black_box(&token), Tenant::id("acme"))
                .unwrap()
        });
    });
}

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(20);
    group.bench_function("policies", |b| {
        b.iter(|| Policies::from_directory(POLICIES).unwrap())
    });
    group.bench_function("engine", |b| {
        b.iter(|| Engine::builder().policies(POLICIES).unwrap().build().unwrap());
    });
    group.finish();
}

criterion_group!(benches, sessions, loading);
criterion_main!(benches);
