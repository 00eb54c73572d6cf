//! A decision with everything in force that the platform can put above a caller: a token, a consent, a chain of refresh
//! tokens, an installation with a list of projects, boundaries on the tenant and on the project; beside 100,000 role
//! assignments.

use std::time::Instant;

use bailiwick::audit::Audit;
use bailiwick::platform::{
    AppChange, AppVersionChange, Assignee, BoundaryChange, Bounded, Change, GrantChange, InstallationChange,
    Issued, Manifest, MembershipChange, Place, ProjectChange, Projects, Provenance, RoleChange, RoleSet,
    Scopes, State, TenantId, TokenFamilyChange, UserId,
};
use bailiwick::{Clock, Context, Engine, Identity, Principal, Resource, Session, Tenant};

use crate::measure::{Row, median};

const NOW: i64 = 1_800_000_000;
const ASSIGNMENTS: usize = 100_000;
const PROJECTS: usize = 100;
/// How many sessions meet one change.
const SESSIONS: usize = 256;
const CHANGES: usize = 200;

fn scopes(list: &str) -> Scopes {
    list.parse().unwrap()
}

fn state() -> State {
    let (acme, ana) = (TenantId::from("acme"), UserId::from("ana"));
    let mut state = State::new();
    let mut make = |changes: Vec<Change>| changes.iter().for_each(|change| state.apply(change).unwrap());
    make(
        State::new()
            .found("operator".into(), "Operator", "olga".into(), NOW)
            .unwrap(),
    );
    make(State::new().create_tenant((&acme, "Acme"), &ana, &[], NOW));
    for number in 0..PROJECTS {
        make(vec![
            ProjectChange::Created {
                id: format!("p{number}").into(),
                tenant: acme.clone(),
                name: "A project".to_owned(),
            }
            .into(),
        ]);
    }
    let role = |user: &str, project: usize| -> Change {
        RoleChange::Assigned {
            assignee: Assignee::User(user.into()),
            set: RoleSet::Host,
            role: "rfis-standard".to_owned(),
            place: Place::Project(format!("p{project}").into()),
        }
        .into()
    };
    for number in 0..ASSIGNMENTS / PROJECTS {
        make(vec![
            MembershipChange::Joined {
                tenant: acme.clone(),
                user: format!("user{number}").into(),
                guest: false,
            }
            .into(),
        ]);
    }
    for number in 0..ASSIGNMENTS - 1 {
        make(vec![role(
            &format!("user{}", number / PROJECTS),
            number % PROJECTS,
        )]);
    }
    let manifest = Manifest::new(scopes("rfis:read rfis:write")).redirect_uri("https://d.example.com/cb");
    make(vec![
        role("ana", 1),
        AppChange::Registered {
            id: "dashboards".into(),
            name: "Dashboards".to_owned(),
            owner: acme.clone(),
            developers: [ana.clone()].into(),
            at: NOW,
        }
        .into(),
        AppVersionChange::Drafted {
            app: "dashboards".into(),
            number: 1,
            manifest,
        }
        .into(),
        AppVersionChange::Published {
            app: "dashboards".into(),
            number: 1,
            at: NOW,
        }
        .into(),
        InstallationChange::Installed {
            id: "i1".into(),
            app: "dashboards".into(),
            tenant: acme.clone(),
            version: 1,
            scopes: scopes("rfis:read rfis:write"),
            projects: Projects::listed(["p1", "p2", "p3"]),
            by_user: None,
            at: NOW,
        }
        .into(),
        GrantChange::Given {
            id: "g1".into(),
            user: ana,
            installation: "i1".into(),
            scopes: scopes("rfis:read rfis:write"),
            at: NOW,
        }
        .into(),
        TokenFamilyChange::Opened {
            id: "f1".into(),
            grant: "g1".into(),
            scopes: scopes("rfis:read"),
            expires: NOW + 86_400,
            at: NOW,
        }
        .into(),
        BoundaryChange::Set {
            on: Bounded::Tenant(acme),
            scopes: Some(scopes("rfis:read rfis:write drawings:read")),
        }
        .into(),
        BoundaryChange::Set {
            on: Bounded::Project("p1".into()),
            scopes: Some(scopes("rfis:read")),
        }
        .into(),
    ]);
    state
}

fn engine(audit: Option<Audit>) -> Engine {
    let builder = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .clock(Clock::fixed(NOW))
        .platform(state());
    let builder = match audit {
        Some(audit) => builder.audit(audit),
        None => builder,
    };
    builder.build().unwrap()
}

fn session(engine: &Engine) -> Session {
    let mut provenance = Provenance::issued(Issued::Sequence(engine.platform().sequence()));
    provenance.token = Some("t1".into());
    provenance.installation = Some("i1".into());
    provenance.grant = Some("g1".into());
    provenance.family = Some("f1".into());
    let identity = Identity::token(Principal::user("ana"), ["rfis:read"])
        .app("dashboards")
        .expires(NOW + 900)
        .provenance(provenance);
    engine.session_of(identity, Tenant::id("acme")).unwrap()
}

/// Each factor denies alone, so each is in force.
fn check(engine: &Engine) {
    let (rfi, context) = (Resource::stored("Rfi", "42"), Context::new());
    let session = session(engine);
    assert!(session.decide("rfis.view", &rfi, &context).allowed());
    assert_eq!(
        session.decide("rfis.close", &rfi, &context).reason().name(),
        "scope"
    );
    let elsewhere = Resource::new("Rfi", "1").parent("Project", "p9");
    assert!(!session.decide("rfis.view", &elsewhere, &context).allowed());
}

/// `platform/decide`.
pub(crate) fn decide() -> Vec<Row> {
    let engine = engine(None);
    check(&engine);
    let (session, rfi, context) = (session(&engine), Resource::stored("Rfi", "42"), Context::new());
    vec![Row::alone("platform/decide", || {
        session.decide("rfis.view", &rfi, &context).allowed()
    })]
}

/// `platform/revalidate`: the first decision of each of many sessions after a change.
pub(crate) fn revalidate() -> Vec<Row> {
    let engine = engine(None);
    check(&engine);
    let sessions: Vec<Session> = (0..SESSIONS).map(|_| session(&engine)).collect();
    let (rfi, context) = (Resource::stored("Rfi", "42"), Context::new());
    let ana = engine
        .session(Principal::user("ana"), Tenant::id("acme"))
        .unwrap();
    let times = (0..CHANGES)
        .map(|number| {
            let admin = engine.act_as(&ana);
            admin.allow_user_installs("acme", number % 2 == 0).unwrap();
            let start = Instant::now();
            for session in &sessions {
                assert!(session.decide("rfis.view", &rfi, &context).allowed());
            }
            start.elapsed().as_nanos() as f64 / SESSIONS as f64
        })
        .collect();
    vec![Row::of_one("platform/revalidate", median(times))]
}

/// `platform/audit`: the decision with records and counters of usage, against the same without.
pub(crate) fn audit() -> Vec<Row> {
    let (audited, silent) = (engine(Some(Audit::builder().build())), engine(None));
    check(&audited);
    let (with, without) = (session(&audited), session(&silent));
    let (rfi, context) = (Resource::stored("Rfi", "42"), Context::new());
    vec![Row::measure(
        "platform/audit",
        || with.decide("rfis.view", &rfi, &context).allowed(),
        "off",
        || without.decide("rfis.view", &rfi, &context).allowed(),
    )]
}
