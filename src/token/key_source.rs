//! Where an issuer's keys come from, and how they change while tokens are verified.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::SystemTime;

use arc_swap::{ArcSwap, Guard};

use crate::error::{Error, ErrorKind, Result};

use super::encryption_key::EncryptionKey;
use super::key_set::KeySet;

/// Where an issuer's keys come from: fixed, from a watched file, or from a function that gets them somewhere.
///
/// Clones share the keys. Keys are replaced as a whole: a token is verified with the old set or with the new one. A
/// refresh that fails keeps the last good keys, and [`status`](KeySource::status) tells of it. There is no thread: the
/// verification that finds the interval over refreshes, and only that one; the others go on with the keys there are.
/// A token with an unknown `kid` causes a refresh too, at most one in each
/// [`unknown_key_interval`](KeySource::unknown_key_interval), and waits for one that is under way.
///
/// ```
/// use bailiwick::{KeySet, KeySource, SigningKey};
///
/// let key = SigningKey::generate_ed25519("2026-01")?;
/// let jwks = key.jwks();
/// let keys = KeySource::callback(move || KeySet::from_jwks(jwks.as_bytes()));
/// assert!(keys.refresh(1_800_000_000)?);
/// assert_eq!(keys.keys().iter().count(), 1);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone)]
pub struct KeySource(Arc<Inner>);

struct Inner {
    origin: Origin,
    current: ArcSwap<Published>,
    /// When the origin was last asked for whatever reason, in seconds since the Unix epoch.
    checked: AtomicI64,
    /// When the origin last answered well.
    succeeded: AtomicI64,
    /// When an unknown key last caused a refresh.
    sought: AtomicI64,
    settings: Settings,
    /// How long the origin said that its keys may be kept, in seconds; 0 if it said nothing.
    lifetime: AtomicU32,
    /// Held by the one thread that refreshes.
    history: Mutex<History>,
    /// How many refreshes have ended, well or not.
    attempts: AtomicU64,
}

#[derive(Clone, Copy)]
struct Settings {
    interval: u32,
    unknown_key_interval: u32,
    max_age: Option<u32>,
}

enum Origin {
    /// Changed by its owner alone, or never.
    Held,
    File(PathBuf),
    Callback(Box<Load>),
    /// Says with its keys how long they may be kept, in seconds.
    #[cfg(feature = "fetch")]
    Remote(Box<LoadRemote>),
}

impl Origin {
    /// Whether there are no keys before the first refresh.
    fn begins_empty(&self) -> bool {
        !matches!(self, Self::Held | Self::File(_))
    }
}

type Load = dyn Fn() -> Result<KeySet> + Send + Sync;
#[cfg(feature = "fetch")]
type LoadRemote = dyn Fn() -> Result<(KeySet, Option<u32>)> + Send + Sync;

#[derive(Default)]
struct History {
    stamp: Option<Stamp>,
    failed: Option<(i64, Error)>,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
}

/// The keys at one moment.
#[derive(Debug)]
pub(crate) struct Published {
    /// Grows whenever the keys change.
    pub(crate) version: u64,
    pub(crate) set: KeySet,
    /// For tokens that are encrypted to their own issuer.
    pub(crate) decryption: Vec<Arc<EncryptionKey>>,
}

/// How an issuer's keys are doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyStatus {
    /// Grows whenever the keys change.
    pub version: u64,
    /// When the keys were last found good, in seconds since the Unix epoch; `None` for fixed keys and before the first
    /// refresh.
    pub succeeded: Option<i64>,
    /// When a refresh last failed and why, unless one has succeeded since.
    pub failed: Option<(i64, Error)>,
}

/// How often a file's state is looked at, in seconds.
const FILE_INTERVAL: u32 = 10;
/// How often a callback is asked, in seconds.
const CALLBACK_INTERVAL: u32 = 300;
/// The least time between refreshes for unknown keys, in seconds.
const UNKNOWN_KEY_INTERVAL: u32 = 30;
/// Earlier than any time.
const NEVER: i64 = i64::MIN;

impl KeySource {
    /// Keys that do not change.
    #[must_use]
    pub fn fixed(keys: KeySet) -> Self {
        Self::new(Origin::Held, keys, 0)
    }

    /// Keys from a JWKS file, which is read now, and again when its time or length has changed; that is looked at
    /// every 10 seconds unless [told otherwise](KeySource::interval). Replace the file by renaming a new one over it,
    /// so that no half of it is ever read.
    ///
    /// # Errors
    ///
    /// As [`KeySet::from_jwks_file`].
    pub fn file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        // The state is taken first: a change between the two is noticed later.
        let stamp = Stamp::of(&path)?;
        let keys = KeySet::from_jwks_file(&path)?;
        let source = Self::new(Origin::File(path), keys, FILE_INTERVAL);
        source.history().stamp = Some(stamp);
        Ok(source)
    }

    /// Keys that a function gets, for instance from a secret store or by HTTP with the host's own client.
    ///
    /// It is first called when a token of the issuer arrives, or by [`refresh`](KeySource::refresh); and again every 300
    /// seconds unless [told otherwise](KeySource::interval). It must not block for long: the caller of one verification
    /// waits for it.
    pub fn callback(load: impl Fn() -> Result<KeySet> + Send + Sync + 'static) -> Self {
        Self::new(
            Origin::Callback(Box::new(load)),
            KeySet::empty(),
            CALLBACK_INTERVAL,
        )
    }

    /// Keys that a function gets together with how long they may be kept.
    #[cfg(feature = "fetch")]
    pub(super) fn remote(load: impl Fn() -> Result<(KeySet, Option<u32>)> + Send + Sync + 'static) -> Self {
        Self::new(Origin::Remote(Box::new(load)), KeySet::empty(), CALLBACK_INTERVAL)
    }

    /// How often the origin is asked: as it said, or as it is set.
    fn period(&self) -> u32 {
        match self.0.lifetime.load(Ordering::Acquire) {
            0 => self.0.settings.interval,
            lifetime => lifetime,
        }
    }

    /// Keys that their owner replaces by [`publish`](Self::publish).
    pub(crate) fn held() -> Self {
        Self::fixed(KeySet::empty())
    }

    fn new(origin: Origin, set: KeySet, interval: u32) -> Self {
        Self(Arc::new(Inner {
            origin,
            current: ArcSwap::from_pointee(Published {
                version: 0,
                set,
                decryption: vec![],
            }),
            checked: AtomicI64::new(NEVER),
            succeeded: AtomicI64::new(NEVER),
            sought: AtomicI64::new(NEVER),
            settings: Settings {
                interval,
                unknown_key_interval: UNKNOWN_KEY_INTERVAL,
                max_age: None,
            },
            history: Mutex::default(),
            lifetime: AtomicU32::new(0),
            attempts: AtomicU64::new(0),
        }))
    }

    /// How often the origin is asked for new keys, in seconds.
    ///
    /// Settings are made before the source is cloned; a shared one stays as it is.
    #[must_use]
    pub fn interval(self, seconds: u32) -> Self {
        self.set(|settings| settings.interval = seconds)
    }

    /// The least time between two refreshes that tokens with unknown keys cause, in seconds; 30 unless told.
    #[must_use]
    pub fn unknown_key_interval(self, seconds: u32) -> Self {
        self.set(|settings| settings.unknown_key_interval = seconds)
    }

    /// Refuses the issuer's tokens when no refresh has succeeded for so long, in seconds. Unless told, the last good
    /// keys are kept however old they become.
    #[must_use]
    pub fn max_age(self, seconds: u32) -> Self {
        self.set(|settings| settings.max_age = Some(seconds))
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(&mut inner.settings);
        }
        self
    }

    /// Asks the origin for its keys now; returns whether they have changed. `now` is in seconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// What the origin failed with. The last good keys stay.
    pub fn refresh(&self, now: i64) -> Result<bool> {
        let mut history = self.history();
        self.load(&mut history, now, true)
    }

    /// The current keys.
    #[must_use]
    pub fn keys(&self) -> KeySet {
        self.0.current.load().set.clone()
    }

    /// How the keys are doing. Waits for a refresh that is under way.
    #[must_use]
    pub fn status(&self) -> KeyStatus {
        let history = self.history();
        KeyStatus {
            version: self.0.current.load().version,
            succeeded: Some(self.0.succeeded.load(Ordering::Acquire)).filter(|at| *at != NEVER),
            failed: history.failed.clone(),
        }
    }

    /// The keys to verify with at `now`, refreshed when their time has come.
    pub(crate) fn current(&self, now: i64) -> Result<Guard<Arc<Published>>> {
        if matches!(self.0.origin, Origin::Held) {
            return Ok(self.0.current.load());
        }
        let checked = self.0.checked.load(Ordering::Acquire);
        if is_over(checked, self.period(), now) {
            self.check(checked, now);
        }
        let current = self.0.current.load();
        self.check_age(&current, now)?;
        Ok(current)
    }

    /// The version of the keys at `now`, refreshed when their time has come.
    pub(crate) fn version(&self, now: i64) -> Result<u64> {
        Ok(self.current(now)?.version)
    }

    /// Asks for new keys since a token names one that is unknown to version `seen`. True if the keys have changed.
    pub(crate) fn seek(&self, seen: u64, now: i64) -> bool {
        let inner = &self.0;
        if matches!(inner.origin, Origin::Held) {
            return inner.current.load().version != seen;
        }
        let attempts = inner.attempts.load(Ordering::Acquire);
        let mut history = self.history();
        let is_due = is_over(
            inner.sought.load(Ordering::Acquire),
            inner.settings.unknown_key_interval,
            now,
        );
        // Whoever waited for another thread's refresh has its result.
        if is_due && inner.attempts.load(Ordering::Acquire) == attempts {
            inner.sought.store(now, Ordering::Release);
            // The failure is told by `status`; the token is refused for its unknown key.
            let _ = self.load(&mut history, now, true);
        }
        inner.current.load().version != seen
    }

    /// Replaces the keys at once.
    pub(crate) fn publish(&self, set: KeySet, decryption: Vec<Arc<EncryptionKey>>) {
        let version = self.0.current.load().version + 1;
        self.0.current.store(Arc::new(Published {
            version,
            set,
            decryption,
        }));
    }

    /// The refresh whose time has come, by one thread; the first one ever is waited for by all.
    fn check(&self, checked: i64, now: i64) {
        let mut history = if checked == NEVER {
            self.history()
        } else {
            match self.0.history.try_lock() {
                Ok(history) => history,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            }
        };
        if is_over(self.0.checked.load(Ordering::Acquire), self.period(), now) {
            // The failure is told by `status`; the last good keys stay.
            let _ = self.load(&mut history, now, false);
        }
    }

    fn load(&self, history: &mut History, now: i64, forced: bool) -> Result<bool> {
        let inner = &self.0;
        let loaded = match &inner.origin {
            Origin::Held => return Ok(false),
            Origin::Callback(load) => call(load).map(Some),
            #[cfg(feature = "fetch")]
            Origin::Remote(load) => call(load).map(|(keys, lifetime)| {
                inner.lifetime.store(lifetime.unwrap_or(0), Ordering::Release);
                Some(keys)
            }),
            Origin::File(path) => Stamp::of(path).and_then(|stamp| {
                if !forced && history.failed.is_none() && history.stamp == Some(stamp) {
                    return Ok(None);
                }
                let keys = KeySet::from_jwks_file(path)?;
                history.stamp = Some(stamp);
                Ok(Some(keys))
            }),
        };
        let result = match loaded {
            Ok(loaded) => {
                history.failed = None;
                let changed = loaded.filter(|keys| {
                    let current = inner.current.load();
                    current.version == 0 || !keys.is_same(&current.set)
                });
                let has_changed = changed.is_some();
                if let Some(keys) = changed {
                    self.publish(keys, vec![]);
                }
                inner.succeeded.store(now, Ordering::Release);
                inner.checked.store(now, Ordering::Release);
                Ok(has_changed)
            }
            Err(error) => {
                history.failed = Some((now, error.clone()));
                // What failed is tried again sooner than what succeeded.
                let sooner = self.period().saturating_sub(inner.settings.unknown_key_interval);
                let checked = now.saturating_sub(sooner.into());
                inner.checked.store(checked, Ordering::Release);
                Err(error)
            }
        };
        inner.attempts.fetch_add(1, Ordering::AcqRel);
        result
    }

    fn check_age(&self, current: &Published, now: i64) -> Result<()> {
        let succeeded = self.0.succeeded.load(Ordering::Acquire);
        let age = now.saturating_sub(succeeded);
        let problem = if current.version == 0 && self.0.origin.begins_empty() {
            "could not be loaded yet".to_owned()
        } else if let Some(max_age) = self.0.settings.max_age
            && age > max_age.into()
        {
            format!("could not be refreshed for longer than {max_age} seconds")
        } else {
            return Ok(());
        };
        let failed = self.history().failed.clone();
        Err(Error::new(
            ErrorKind::KeysUnavailable,
            format!("the keys of the token's issuer {problem}"),
        )
        .help("see the key source's status for what its last refresh failed with")
        .with_related(failed.map(|(_, error)| error)))
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.0.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls the host's function; a panic of it is an error like another.
fn call<T>(load: &dyn Fn() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(load)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::KeysUnavailable,
            "the function that gets the issuer's keys panicked",
        ))
    })
}

/// Whether `interval` seconds have passed, in whichever direction: a clock that was set back must not stop refreshes.
fn is_over(last: i64, interval: u32, now: i64) -> bool {
    last == NEVER || now.saturating_sub(last).unsigned_abs() >= interval.into()
}

impl Stamp {
    fn of(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|error| Error::io(path, &error))?;
        Ok(Self {
            modified: metadata.modified().ok(),
            len: metadata.len(),
        })
    }
}

impl From<KeySet> for KeySource {
    fn from(keys: KeySet) -> Self {
        Self::fixed(keys)
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match &self.0.origin {
            Origin::Held => "held",
            Origin::File(_) => "file",
            Origin::Callback(_) => "callback",
            #[cfg(feature = "fetch")]
            Origin::Remote(_) => "https",
        };
        let current = self.0.current.load();
        f.debug_struct("KeySource")
            .field("origin", &origin)
            .field("version", &current.version)
            .field("keys", &current.set)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "key_source_tests.rs"]
mod tests;
