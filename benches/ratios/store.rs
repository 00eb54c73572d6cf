//! Durable changes in SQLite, through the engine and until decisions see them; and opening a large store.

use std::time::{Duration, Instant};

use bailiwick::platform::{
    AppChange, AppVersionChange, Assignee, Change, InstallationChange, Manifest, MembershipChange, Place,
    ProjectChange, Projects, RoleChange, RoleSet, ServiceAccountChange, State, TenantId,
};
use bailiwick::store::{Sqlite, Store as _, Transaction};
use bailiwick::{Clock, Engine, Principal, Resource, Session, Tenant};

use crate::measure::Row;

const NOW: i64 = 1_800_000_000;
const BATCH: usize = 1_000;
/// How long each way of committing is measured.
const SPAN: Duration = Duration::from_secs(3);
/// Changes of one transaction while a large store is made.
const CHUNK: usize = 10_000;
/// Who can get a role while committing is measured.
const MEMBERS: usize = 300_000;

fn engine(store: Sqlite) -> Engine {
    Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .clock(Clock::fixed(NOW))
        .host_key(*b"0123456789abcdef0123456789abcdef")
        .store(store)
        .build()
        .unwrap()
}

fn session(engine: &Engine, user: &str, tenant: &str) -> Session {
    let user = Principal::user(user.to_owned());
    engine.session(user, Tenant::id(tenant.to_owned())).unwrap()
}

/// `store/commit` and `store/commit-batch`: nanoseconds for each change.
pub(crate) fn commit() -> Vec<Row> {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::create(directory.path().join("platform.db")).unwrap();
    append(&store, &members());
    let engine = engine(store);
    let ana = session(&engine, "ana", "acme");
    let admin = engine.act_as(&ana);
    admin.create_project("acme", "p1", "Harbour bridge").unwrap();
    let place = Place::Project("p1".into());
    let rfi = Resource::stored("Rfi", "42");
    let user = |number: usize| format!("user{number}");
    let is_visible = |number: usize| session(&engine, &user(number), "acme").allows("rfis.view", &rfi);

    let (start, mut made) = (Instant::now(), 0);
    while start.elapsed() < SPAN {
        admin
            .assign_role(Assignee::User(user(made).into()), "rfis-standard", place.clone())
            .unwrap();
        assert!(is_visible(made));
        made += 1;
    }
    let one = Row::of_one("store/commit", start.elapsed().as_nanos() as f64 / made as f64);

    let (first, start) = (made, Instant::now());
    while start.elapsed() < SPAN && made + BATCH < MEMBERS {
        let assignees = (made..made + BATCH).map(|number| Assignee::User(user(number).into()));
        admin.assign_role_to(assignees, "rfis-standard", &place).unwrap();
        made += BATCH;
        assert!(is_visible(made - 1));
    }
    let nanoseconds = start.elapsed().as_nanos() as f64 / (made - first) as f64;
    vec![one, Row::of_one("store/commit-batch", nanoseconds)]
}

/// `store/open`: nanoseconds until an engine on 10,000 accounts, 10,000 installations and a million role
/// assignments decides.
pub(crate) fn open() -> Vec<Row> {
    let (accounts, assignments) = (10_000, 1_000_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("platform.db");
    {
        let store = Sqlite::create(&path).unwrap();
        fill(&store, accounts, assignments);
        engine(store).compact().unwrap();
    }
    let start = Instant::now();
    let engine = engine(Sqlite::open(&path).unwrap());
    let rfi = Resource::new("Rfi", "1").parent("Project", "p0");
    let account = Principal::service_account("svc0");
    let session = engine.session(account, Tenant::id("t0")).unwrap();
    let decision = session.decide("rfis.view", &rfi, &bailiwick::Context::new());
    let opened = start.elapsed().as_nanos() as f64;
    assert_eq!(
        engine
            .platform()
            .assignments_at(&Place::Project("p0".into()))
            .count(),
        1_000
    );
    assert_ne!(decision.reason().name(), "unknown");
    vec![Row::of_one("store/open", opened)]
}

/// 100 tenants with 10 projects each; apps, one installation for each account, and roles of the accounts in the projects.
fn fill(store: &Sqlite, accounts: usize, assignments: usize) {
    const TENANTS: usize = 100;
    const PROJECTS: usize = 10;
    const ROLES: [&str; 10] = [
        "rfis-read-only",
        "rfis-standard",
        "rfis-admin",
        "submittals-read-only",
        "submittals-standard",
        "budget-read-only",
        "budget-standard",
        "drawings-read-only",
        "drawings-standard",
        "documents-read-only",
    ];
    let mut changes: Vec<Change> = State::new()
        .found("operator".into(), "Operator", "olga".into(), NOW)
        .unwrap();
    for tenant in 0..TENANTS {
        let id = TenantId::from(format!("t{tenant}"));
        changes.extend(State::new().create_tenant((&id, "A tenant"), &"ana".into(), &[], NOW));
        for project in 0..PROJECTS {
            changes.push(
                ProjectChange::Created {
                    id: format!("p{}", tenant * PROJECTS + project).into(),
                    tenant: id.clone(),
                    name: "A project".to_owned(),
                }
                .into(),
            );
        }
    }
    for app in 0..accounts / TENANTS {
        let id = bailiwick::platform::AppId::from(format!("app{app}"));
        let registered = AppChange::Registered {
            id: id.clone(),
            name: "An app".to_owned(),
            owner: "t0".into(),
            developers: ["dana".into()].into(),
            at: NOW,
        };
        let drafted = AppVersionChange::Drafted {
            app: id.clone(),
            number: 1,
            manifest: Manifest::new("rfis:read rfis:write".parse().unwrap()),
        };
        let published = AppVersionChange::Published {
            app: id,
            number: 1,
            at: NOW,
        };
        changes.extend([registered.into(), drafted.into(), published.into()]);
    }
    for account in 0..accounts {
        let tenant = TenantId::from(format!("t{}", account % TENANTS));
        let project = format!("p{}", (account % TENANTS) * PROJECTS);
        changes.push(
            ServiceAccountChange::Created {
                id: format!("svc{account}").into(),
                name: "An account".to_owned(),
                tenant: tenant.clone(),
                installation: None,
                projects: Projects::listed([project.as_str()]),
                at: NOW,
            }
            .into(),
        );
        changes.push(
            InstallationChange::Installed {
                id: format!("ins{account}").into(),
                app: format!("app{}", account / TENANTS).into(),
                tenant,
                version: 1,
                scopes: "rfis:read".parse().unwrap(),
                projects: Projects::listed([project.as_str()]),
                by_user: None,
                at: NOW,
            }
            .into(),
        );
    }
    for number in 0..assignments {
        // Each account in every project of its tenant, with one role after another: no assignment comes twice.
        let (account, rest) = (number % accounts, number / accounts);
        let project = (account % TENANTS) * PROJECTS + rest % PROJECTS;
        changes.push(
            RoleChange::Assigned {
                assignee: Assignee::ServiceAccount(format!("svc{account}").into()),
                set: RoleSet::Host,
                role: ROLES[rest / PROJECTS].to_owned(),
                place: Place::Project(format!("p{project}").into()),
            }
            .into(),
        );
    }
    append(store, &changes);
}

/// A tenant with many members, none of whom has a role yet.
fn members() -> Vec<Change> {
    let acme = TenantId::from("acme");
    let roles = ["company-admin".to_owned(), "rfis-standard".to_owned()];
    let mut changes: Vec<Change> = State::new()
        .found("operator".into(), "Operator", "olga".into(), NOW)
        .unwrap();
    changes.extend(State::new().create_tenant((&acme, "Acme"), &"ana".into(), &roles, NOW));
    changes.extend((0..MEMBERS).map(|number| {
        let joined = MembershipChange::Joined {
            tenant: acme.clone(),
            user: format!("user{number}").into(),
            guest: false,
        };
        joined.into()
    }));
    changes
}

fn append(store: &Sqlite, changes: &[Change]) {
    for (head, chunk) in changes.chunks(CHUNK).enumerate() {
        let transaction = Transaction::new().audit(b"{}".to_vec());
        let transaction = chunk.iter().fold(transaction, |transaction, change| {
            transaction.change(serde_json::to_vec(change).unwrap())
        });
        store.append(head as u64, &[transaction]).unwrap();
    }
}
