//! Configurations: what an engine needs besides its policies.
//!
//! A configuration is a builder: fill it, then pass it to `bw_engine_open` or `bw_engine_from_source`, as often as wanted.
//! The first step that fails makes that call fail. One thread at a time.

use bailiwick::{Clock, EngineBuilder, Profile, Result};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out};
use crate::clock::bw_clock;
use crate::error::bw_status;
use crate::object::{Builder, Tagged, free, given, object, step};
use crate::profile::bw_profile;

/// The issuers that an engine trusts, and where it takes the time from.
pub struct bw_config(Tagged<Builder<Settings>>);

#[derive(Default)]
pub struct Settings {
    profiles: Vec<Profile>,
    clock: Clock,
}

object!(bw_config of Builder<Settings>, "configuration");

/// Applies the settings; without a configuration no issuer is trusted, and the time is the system's.
pub(crate) fn configured(builder: EngineBuilder, config: Option<&bw_config>) -> Result<EngineBuilder> {
    let Some(config) = config else {
        return Ok(builder);
    };
    let settings = given(Some(config))?.finished()?;
    let builder = builder.clock(settings.clock.clone());
    Ok(settings
        .profiles
        .iter()
        .cloned()
        .fold(builder, EngineBuilder::issuer))
}

/// Makes a configuration: no trusted issuer, the system's clock. Freed with `bw_config_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_new(out: HandleOut<'_, bw_config>, err: ErrorOut<'_>) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        hand_out(out, Builder::new(Settings::default()).into());
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
    step(config, |settings: &mut Settings| {
        settings.profiles.push(given(profile)?.profile()?);
        Ok(())
    })
}

/// Takes the time from a clock that the host moves: for tests.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_clock(config: Option<&mut bw_config>, clock: Option<&bw_clock>) -> bw_status {
    step(config, |settings: &mut Settings| {
        settings.clock = given(clock)?.clock();
        Ok(())
    })
}

/// Frees a configuration; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_config_free(config: *mut bw_config) {
    free(config);
}
