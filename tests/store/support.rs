//! A small platform, and other processes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bailiwick::platform::{Assignee, Place};
use bailiwick::store::{EachPair, Entry, Item, Memory, Sqlite, Store, StoreId, Transaction};
use bailiwick::{
    Engine, EngineBuilder, Error, ErrorKind, NewTenant, Principal, Resource, Result, Session, Source, Tenant,
};

const SCHEMA: &str = r#"
    @bailiwick("tenant") entity Company;
    @bailiwick("project") entity Project in [Company];
    @bailiwick("user") entity User in [Company, Project];
    @bailiwick("service_account") entity ServiceAccount in [Company, Project];
    @bailiwick("app") entity App;
    entity Rfi in [Project];
    @bailiwick("scope") action "rfis:read";
    action "rfis.view" in ["rfis:read"] appliesTo { principal: [User, ServiceAccount], resource: Rfi };
"#;

const ROLES: &str = r#"@id("reader") permit (principal == ?principal, action == Action::"rfis.view", resource in ?resource);"#;

/// An engine of the small platform, without a state.
pub(crate) fn builder() -> EngineBuilder {
    let source = Source::new()
        .schema("s.cedarschema", SCHEMA)
        .cedar("r.cedar", ROLES);
    Engine::builder().source(source).unwrap()
}

/// Founds the platform: tenant `acme` with admin `ana`, project `p1`, and `ben` who may read in it.
pub(crate) fn found(engine: &Engine) {
    engine.bootstrap("operator", "The operator", "olga").unwrap();
    let olga = session(engine, "olga", "operator");
    engine
        .act_as(&olga)
        .create_tenant("acme", NewTenant::named("Acme").admin("ana").role("reader"))
        .unwrap();
    let ana = session(engine, "ana", "acme");
    let admin = engine.act_as(&ana);
    admin.create_project("acme", "p1", "Harbour bridge").unwrap();
    admin.add_member("acme", "ben").unwrap();
    admin.assign_role(ben(), "reader", p1()).unwrap();
}

pub(crate) fn ben() -> Assignee {
    Assignee::User("ben".into())
}

pub(crate) fn p1() -> Place {
    Place::Project("p1".into())
}

pub(crate) fn session(engine: &Engine, user: &str, tenant: &str) -> Session {
    engine
        .session(Principal::user(user.to_owned()), Tenant::id(tenant.to_owned()))
        .unwrap()
}

/// Whether ben may do what his role in `p1` permits.
pub(crate) fn ben_may_read(engine: &Engine) -> bool {
    let rfi = Resource::new("Rfi", "42").parent("Project", "p1");
    session(engine, "ben", "acme").allows("rfis.view", &rfi)
}

/// Ends ben's authority.
pub(crate) fn deactivate_ben(engine: &Engine) -> Result<()> {
    let ana = session(engine, "ana", "acme");
    engine.act_as(&ana).deactivate_user("acme", "ben")
}

/// A directory with room for a store.
pub(crate) struct Directory {
    pub(crate) directory: tempfile::TempDir,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("platform.db")
    }

    pub(crate) fn engine(&self) -> Engine {
        builder()
            .store(Sqlite::open(self.database()).unwrap())
            .build()
            .unwrap()
    }
}

/// This program again, in another part.
pub(crate) fn process(part: &str, database: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env("BAILIWICK_STORE_CHILD", part)
        .env("BAILIWICK_STORE", database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A store that fails when it is told to.
#[derive(Debug, Default)]
pub(crate) struct Failing {
    pub(crate) memory: Memory,
    pub(crate) fails: Arc<AtomicBool>,
}

impl Failing {
    fn check_disk(&self) -> Result<()> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::StoreFull, "the disk is full"));
        }
        Ok(())
    }
}

impl Store for Failing {
    fn id(&self) -> StoreId {
        self.memory.id()
    }

    fn head(&self) -> Result<u64> {
        self.check_disk()?;
        self.memory.head()
    }

    fn base(&self) -> Result<u64> {
        self.memory.base()
    }

    fn append(&self, expected: u64, transactions: &[Transaction]) -> Result<u64> {
        self.check_disk()?;
        self.memory.append(expected, transactions)
    }

    fn load(&self, each: &mut dyn FnMut(Item<'_>) -> Result<()>) -> Result<u64> {
        self.memory.load(each)
    }

    fn read_after(&self, revision: u64, each: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<u64> {
        self.memory.read_after(revision, each)
    }

    fn compact(&self, revision: u64, rows: &mut dyn Iterator<Item = Vec<u8>>) -> Result<()> {
        self.memory.compact(revision, rows)
    }

    fn audit_after(&self, revision: u64, each: &mut dyn FnMut(u64, &[u8]) -> Result<bool>) -> Result<()> {
        self.memory.audit_after(revision, each)
    }

    fn drop_audit(&self, revision: u64) -> Result<u64> {
        self.memory.drop_audit(revision)
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.memory.meta(name)
    }

    fn each_meta(&self, each: &mut dyn FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
        self.memory.each_meta(each)
    }

    fn set_meta(&self, name: &str, value: &[u8]) -> Result<()> {
        self.memory.set_meta(name, value)
    }

    fn usage(&self, each: &mut EachPair<'_>) -> Result<()> {
        self.memory.usage(each)
    }

    fn save_usage(&self, rows: &mut dyn Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<()> {
        self.memory.save_usage(rows)
    }

    fn check(&self) -> Result<()> {
        self.memory.check()
    }
}
