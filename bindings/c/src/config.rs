//! Configurations: what an engine needs besides its policies.
//!
//! A configuration is a builder: fill it, then pass it to `bw_engine_open` or `bw_engine_from_source`, as often as wanted.
//! The first step that fails makes that call fail. One thread at a time.

use bailiwick::audit::Audit;
use bailiwick::oauth::Settings;
use bailiwick::{Clock, EngineBuilder, Error, ErrorKind, KeyRing, Profile, Result};
use zeroize::Zeroizing;

use crate::audit::bw_audit;
use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out};
use crate::clock::bw_clock;
use crate::error::bw_status;
use crate::key_ring::bw_key_ring;
use crate::object::{Builder, Tagged, free, given, object, step};
use crate::profile::bw_profile;
use crate::text::bw_str;

/// The issuers that an engine trusts, where it takes the time from, and where it keeps its state.
pub struct bw_config(Tagged<Builder<Configuration>>);

#[derive(Default)]
pub struct Configuration {
    profiles: Vec<Profile>,
    clock: Clock,
    store: Option<StorePath>,
    host_key: Option<Zeroizing<[u8; 32]>>,
    oauth: Option<(Settings, KeyRing)>,
    audit: Option<Audit>,
    max_staleness: Option<u32>,
}

/// A store that is opened when the engine is made.
struct StorePath {
    path: String,
    follow: bool,
}

object!(bw_config of Builder<Configuration>, "configuration");

/// Applies the configuration; without a configuration no issuer is trusted, and the time is the system's.
pub(crate) fn configured(builder: EngineBuilder, config: Option<&bw_config>) -> Result<EngineBuilder> {
    let Some(config) = config else {
        return Ok(builder);
    };
    let configuration = given(Some(config))?.finished()?;
    let mut builder = builder.clock(configuration.clock.clone());
    if let Some(store) = &configuration.store {
        builder = stored(builder, store)?;
    }
    if let Some(key) = &configuration.host_key {
        builder = builder.host_key(**key);
    }
    if let Some((settings, ring)) = &configuration.oauth {
        builder = builder.oauth(settings.clone(), ring);
    }
    if let Some(audit) = &configuration.audit {
        builder = builder.audit(audit.clone());
    }
    if let Some(seconds) = configuration.max_staleness {
        builder = builder.max_staleness(seconds);
    }
    Ok(configuration
        .profiles
        .iter()
        .cloned()
        .fold(builder, EngineBuilder::issuer))
}

#[cfg(feature = "sqlite")]
fn stored(builder: EngineBuilder, store: &StorePath) -> Result<EngineBuilder> {
    use bailiwick::store::Sqlite;
    let opened = match store.follow {
        true => Sqlite::follow(&store.path)?,
        false => Sqlite::open(&store.path)?,
    };
    Ok(builder.store(opened))
}

#[cfg(not(feature = "sqlite"))]
fn stored(_: EngineBuilder, _: &StorePath) -> Result<EngineBuilder> {
    Err(
        Error::new(ErrorKind::Configuration, "the library was built without a store")
            .help("build it with the feature `sqlite`"),
    )
}

/// Makes a configuration: no trusted issuer, the system's clock. Freed with `bw_config_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_new(out: HandleOut<'_, bw_config>, err: ErrorOut<'_>) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, Builder::new(Configuration::default()).into());
        Ok(())
    })
}

/// Trusts an issuer of tokens; call it once for each. The profile is copied and may be freed.
///
/// A profile without audience or keys, and two for one issuer, are found when the engine is made (`BW_CONFIGURATION`).
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_issuer(
    config: Option<&mut bw_config>,
    profile: Option<&bw_profile>,
) -> bw_status {
    step(config, |configuration: &mut Configuration| {
        configuration.profiles.push(given(profile)?.profile()?);
        Ok(())
    })
}

/// Takes the time from a clock that the host moves: for tests.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_clock(config: Option<&mut bw_config>, clock: Option<&bw_clock>) -> bw_status {
    step(config, |configuration: &mut Configuration| {
        configuration.clock = given(clock)?.clock();
        Ok(())
    })
}

/// Keeps the platform's state in an SQLite file, which is made where there is none; one engine writes it at a time. With
/// `follow` another process writes it, and the engine reads: see `bw_engine_follow`. Without a store the state ends with the
/// engine. The file is opened when the engine is made, and what is wrong with it, a kind of 5xx, is found then.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_store(
    config: Option<&mut bw_config>,
    path: bw_str<'_>,
    follow: bool,
) -> bw_status {
    step(config, |configuration: &mut Configuration| {
        let path = path.text("path")?.to_owned();
        configuration.store = Some(StorePath { path, follow });
        Ok(())
    })
}

/// Denies everything once the engine has not heard from its store for longer than this, in seconds.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_max_staleness(config: Option<&mut bw_config>, seconds: u32) -> bw_status {
    step(config, |configuration: &mut Configuration| {
        configuration.max_staleness = Some(seconds);
        Ok(())
    })
}

/// The host's key: 32 random bytes that live outside of the store. Client secrets and refresh tokens are protected by it.
/// `BW_ARGUMENT_INVALID` for another number of bytes.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_host_key(config: Option<&mut bw_config>, key: bw_str<'_>) -> bw_status {
    step(config, |configuration: &mut Configuration| {
        let key = <[u8; 32]>::try_from(key.bytes("key")?).map_err(|_| {
            Error::new(ErrorKind::ArgumentInvalid, "the host's key has not 32 bytes")
                .help("draw it once from a source of randomness, and keep it")
        })?;
        configuration.host_key = Some(Zeroizing::new(key));
        Ok(())
    })
}

/// Makes the engine an authorization server, which signs with the keys of `ring` and accepts the tokens that it issues.
///
/// `settings` is a JSON object: `issuer`, the `iss` of its tokens, a URL; `audience`, an array of whom they are for;
/// `endpoints`, the URL beneath which the host serves `/authorize`, `/token`, `/revoke`, `/introspect` and `/jwks` (the
/// issuer's `/oauth` unless told); the lifetimes `access_tokens` (900), `codes` (60), `refresh_tokens` (30 days) and
/// `refresh_grace` (30) in seconds; `documentation`, a URL. See `bw_oauth`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_oauth(
    config: Option<&mut bw_config>,
    settings: bw_str<'_>,
    ring: Option<&bw_key_ring>,
) -> bw_status {
    step(config, |configuration: &mut Configuration| {
        let ring = given(ring)?.ring.clone();
        configuration.oauth = Some((crate::oauth::server(settings)?, ring));
        Ok(())
    })
}

/// Records decisions and changes in an audit. Without one nothing is recorded, at no cost.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_audit(config: Option<&mut bw_config>, audit: Option<&bw_audit>) -> bw_status {
    step(config, |configuration: &mut Configuration| {
        configuration.audit = Some(given(audit)?.audit());
        Ok(())
    })
}

/// Frees a configuration; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_free(config: *mut bw_config) {
    free(config);
}
