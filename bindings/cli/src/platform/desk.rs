//! The engine of one store, and in whose name it is asked.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use bailiwick::audit::Audit;
use bailiwick::oauth::Settings;
use bailiwick::platform::State;
use bailiwick::store::{SealingKey, Sqlite, Store as _};
use bailiwick::{
    Clock, Engine, EngineBuilder, Error, ErrorKind, KeyRing, Location, Principal, Session, Tenant,
};
use serde::{Deserialize, Serialize};

use super::Common;
use crate::output::Failure;

/// The name under which the store keeps what `init` was told.
const SETTINGS: &str = "command";

/// What `init` was told, for every later command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) policies: PathBuf,
    pub(crate) operator: String,
    pub(crate) operator_tenant: String,
    pub(crate) issuer: String,
    pub(crate) audience: String,
}

/// How the store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// For changes; only one process at a time.
    Write,
    /// For looking; beside any other process.
    Read,
    /// For changes if no other process makes any, else for looking.
    WriteIfFree,
}

/// An engine on a store.
pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) kept: Kept,
}

impl Desk {
    pub(crate) fn open(common: &Common, mode: Mode) -> Result<Self, Failure> {
        Self::open_with(common, mode, Ok)
    }

    /// Opens with more on the engine than the store asks for.
    pub(crate) fn open_with(
        common: &Common,
        mode: Mode,
        more: impl FnOnce(EngineBuilder) -> Result<EngineBuilder, Failure>,
    ) -> Result<Self, Failure> {
        let store = match mode {
            Mode::Write => Sqlite::open_existing(&common.store),
            Mode::Read => Sqlite::follow(&common.store),
            Mode::WriteIfFree => match Sqlite::open_existing(&common.store) {
                Err(error) if error.kind() == ErrorKind::StoreLocked => Sqlite::follow(&common.store),
                opened => opened,
            },
        };
        let store = store.map_err(|error| missing(&common.store, error))?;
        let kept = store.meta(SETTINGS)?.ok_or_else(|| {
            Error::new(
                ErrorKind::StoreVersion,
                "the store was not made by `bailiwick init`",
            )
            .at(Location::file(&common.store))
            .help("a store of another host is administered through that host")
        })?;
        let kept: Kept = serde_json::from_slice(&kept)
            .map_err(|error| Error::new(ErrorKind::StoreVersion, format!("unreadable settings: {error}")))?;
        let key = read_key(&key_path(common))?;
        let policies = common.policies.as_ref().unwrap_or(&kept.policies);
        let builder = Engine::builder()
            .policies(policies)?
            .clock(Clock::system())
            .host_key(*key.expose())
            .store(store)
            .audit(Audit::builder().build())
            .oauth(kept.server(), &KeyRing::new());
        let engine = more(builder)?.build()?;
        Ok(Self { engine, kept })
    }

    /// Founds a platform in a new file.
    pub(crate) fn found(common: &Common, kept: Kept) -> Result<Self, Failure> {
        // Whatever is wrong with the rest is better found before there is a file.
        let builder = Engine::builder().policies(&kept.policies)?;
        let settings = serde_json::to_vec(&kept).map_err(std::io::Error::other)?;
        let path = key_path(common);
        let key = if path.exists() {
            read_key(&path)?
        } else {
            new_key(&path)?
        };
        let store = Sqlite::create(&common.store)?;
        store.set_meta(SETTINGS, &settings)?;
        let engine = builder
            .host_key(*key.expose())
            .store(store)
            .oauth(kept.server(), &KeyRing::new())
            .build()?;
        engine.bootstrap(
            kept.operator_tenant.as_str(),
            &kept.operator_tenant,
            kept.operator.as_str(),
        )?;
        Ok(Self { engine, kept })
    }

    pub(crate) fn state(&self) -> State {
        self.engine.platform()
    }

    /// A session of whoever `--as` names, in a tenant.
    pub(crate) fn session(&self, common: &Common, tenant: &str) -> Result<Session, Failure> {
        let actor = common.actor.as_deref().ok_or_else(|| {
            Failure::Usage("in whose name? Say it with --as USER, or in BAILIWICK_AS".to_owned())
        })?;
        self.session_of(actor, tenant)
    }

    /// A session of the operator, or of whoever else `--as` names, in the operator's tenant.
    pub(crate) fn operator(&self, common: &Common) -> Result<Session, Failure> {
        self.operator_in(common, &self.kept.operator_tenant)
    }

    /// The same in the tenant of what is to be changed.
    pub(crate) fn operator_in(&self, common: &Common, tenant: &str) -> Result<Session, Failure> {
        let actor = common.actor.as_deref().unwrap_or(&self.kept.operator);
        self.session_of(actor, tenant)
    }

    fn session_of(&self, actor: &str, tenant: &str) -> Result<Session, Failure> {
        let principal = Principal::user(actor.to_owned());
        Ok(self.engine.session(principal, Tenant::id(tenant.to_owned()))?)
    }
}

impl Kept {
    fn server(&self) -> Settings {
        Settings::new(self.issuer.as_str()).audience(self.audience.as_str())
    }
}

fn missing(path: &Path, error: Error) -> Failure {
    if path.exists() {
        return error.into();
    }
    Error::new(
        ErrorKind::StoreIo,
        format!("there is no store at {}", path.display()),
    )
    .at(Location::file(path))
    .help("make one with `bailiwick init`, or name it with --store or in BAILIWICK_STORE")
    .into()
}

pub(super) fn key_path(common: &Common) -> PathBuf {
    common.key_file.clone().unwrap_or_else(|| {
        let mut name = OsString::from(&common.store);
        name.push(".key");
        name.into()
    })
}

fn read_key(path: &Path) -> Result<SealingKey, Error> {
    let unreadable = |what: String| {
        Error::new(ErrorKind::Io, what)
            .at(Location::file(path))
            .help("name the file that `init` wrote with --key-file; without it nothing sealed can be opened")
    };
    let bytes = fs::read(path).map_err(|error| {
        unreadable(format!(
            "cannot read the platform's key {}: {error}",
            path.display()
        ))
    })?;
    SealingKey::from_bytes(&bytes)
}

/// A fresh key in a file that its owner alone can read.
fn new_key(path: &Path) -> Result<SealingKey, Error> {
    let key = SealingKey::generate()?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(key.expose())?;
        file.sync_all()
    });
    written.map_err(|error| {
        Error::new(
            ErrorKind::Io,
            format!("cannot write the platform's key {}: {error}", path.display()),
        )
        .at(Location::file(path))
    })?;
    Ok(key)
}
