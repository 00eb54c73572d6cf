//! Profiles: what to demand of one issuer's tokens, and how to read them.
//!
//! A profile is a builder: fill it, then pass it to `bw_config_issuer`. The first step that fails makes that call fail, so
//! the statuses of the steps need not be looked at. One thread at a time.

use std::ffi::c_void;

use bailiwick::{Algorithm, EncryptionKey, Error, ErrorKind, KeySet, KeySource, Profile, Provider, Result};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out, null};
use crate::error::{BW_OK, bw_status};
use crate::keys::{bw_keys, given_keys};
use crate::object::{Builder, Tagged, free, object, step};
use crate::text::{bw_str, texts};

/// What to demand of one issuer's tokens. The defaults are those of RFC 9068: type `at+jwt`, `sub` as principal, `client_id`
/// or `azp` as client, `scope` or `scp` as scopes; the tenant is the claim `tenant`; clocks may differ by 60 seconds. `exp`
/// and `aud` are always required.
pub struct bw_profile(Tagged<Builder<Option<Profile>>>);

object!(bw_profile of Builder<Option<Profile>>, "profile");

impl bw_profile {
    /// The profile, unless a step failed.
    pub(crate) fn profile(&self) -> Result<Profile> {
        self.finished()?.clone().ok_or_else(crate::boundary::internal)
    }
}

fn change(profile: Option<&mut bw_profile>, how: impl FnOnce(Profile) -> Result<Profile>) -> bw_status {
    step(profile, |slot: &mut Option<Profile>| {
        let profile = slot.take().ok_or_else(crate::boundary::internal)?;
        *slot = Some(how(profile)?);
        Ok(())
    })
}

/// Begins a profile for the issuer whose tokens carry exactly this `iss`, byte by byte. Freed with `bw_profile_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_new(
    issuer: bw_str<'_>,
    out: HandleOut<'_, bw_profile>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let profile = Profile::issuer(issuer.text("issuer")?);
        hand_out(out, Builder::new(Some(profile)).into());
        Ok(())
    })
}

/// The same with the settings for the tokens of a provider: `rfc9068`, `auth0`, `keycloak`, `entra`, `okta`, `cognito` or
/// `spiffe`. What is set afterwards replaces them. `BW_CONFIGURATION` for another name. Freed with `bw_profile_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_of(
    provider: bw_str<'_>,
    issuer: bw_str<'_>,
    out: HandleOut<'_, bw_profile>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let provider = Provider::from_name(provider.text("provider")?).ok_or_else(|| {
            let known: Vec<&str> = Provider::ALL.iter().map(|it| it.name()).collect();
            Error::new(
                ErrorKind::Configuration,
                "`provider` is no provider that is known",
            )
            .help(format!("use {}", known.join(", ")))
        })?;
        let profile = Profile::of(provider, issuer.text("issuer")?);
        hand_out(out, Builder::new(Some(profile)).into());
        Ok(())
    })
}

/// Adds an audience. At least one is needed, and a token must name at least one of them in `aud`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_audience(profile: Option<&mut bw_profile>, audience: bw_str<'_>) -> bw_status {
    change(
        profile,
        |profile| Ok(profile.audience(audience.text("audience")?)),
    )
}

/// Sets the issuer's keys, of which the profile keeps a reference of its own.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_keys(profile: Option<&mut bw_profile>, keys: Option<&bw_keys>) -> bw_status {
    change(profile, |profile| Ok(profile.jwks(given_keys(keys)?)))
}

/// Gets an issuer's keys: writes a key set of its own to `out`, which the library then frees, and returns `BW_OK`; any other
/// status means that it could not, and the last good keys stay in use. `out` begins as NULL. It may be called on any thread
/// that authenticates, by several at once, which wait for it; it must not call the engine, and must not unwind.
pub type bw_keys_callback =
    Option<extern "C" fn(user_data: *mut c_void, out: *mut *mut bw_keys) -> bw_status>;

/// The host's function and what it is called with.
struct Hosts {
    get: extern "C" fn(*mut c_void, *mut *mut bw_keys) -> bw_status,
    user_data: *mut c_void,
}

// SAFETY: by contract of `bw_profile_keys_callback` the function may be called with `user_data` on any thread.
unsafe impl Send for Hosts {}
// SAFETY: as above, by several threads at once.
unsafe impl Sync for Hosts {}

impl Hosts {
    fn call(&self) -> Result<KeySet> {
        let mut handed: *mut bw_keys = std::ptr::null_mut();
        let status = (self.get)(self.user_data, &mut handed);
        // SAFETY: by contract what was handed over is NULL or a live key set that nobody else uses or frees.
        let keys = unsafe { handed.as_ref() };
        let found = match status {
            BW_OK => given_keys(keys),
            status => Err(Error::new(
                ErrorKind::KeyInvalid,
                format!("the function for keys returned status {status}"),
            )
            .help("the last good keys stay in use")),
        };
        free(handed);
        found
    }
}

/// Keys that the host's function gets: at the first token, every 300 seconds, and when a token names an unknown key.
fn called(get: bw_keys_callback, user_data: *mut c_void) -> Result<KeySource> {
    let get = get.ok_or_else(|| null("get"))?;
    let hosts = Hosts { get, user_data };
    Ok(KeySource::callback(move || hosts.call()))
}

/// Gets the issuer's keys by a function of the host's: when the first token arrives, again every 300 seconds, and when a token
/// names an unknown key. `user_data` is passed on to it, and must be good on any thread until no profile, configuration,
/// engine and session is left. `BW_NULL_ARGUMENT` without a function.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_keys_callback(
    profile: Option<&mut bw_profile>,
    get: bw_keys_callback,
    user_data: *mut c_void,
) -> bw_status {
    change(profile, |profile| Ok(profile.keys(called(get, user_data)?)))
}

/// Sets the issuer's keys from a JSON Web Key Set in memory. Fails as `bw_keys_from_jwks` does.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_jwks(profile: Option<&mut bw_profile>, jwks: bw_str<'_>) -> bw_status {
    change(profile, |profile| {
        Ok(profile.jwks(KeySet::from_jwks(jwks.bytes("jwks")?)?))
    })
}

/// Sets the issuer's keys from a file that holds a JSON Web Key Set.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_jwks_file(profile: Option<&mut bw_profile>, path: bw_str<'_>) -> bw_status {
    change(profile, |profile| profile.jwks_file(path.text("path")?))
}

/// Also accepts tokens that are encrypted (JWE) with a key of this JSON Web Key Set of symmetric keys, each with `kid`, `alg`
/// (`dir`, `A128GCMKW` or `A256GCMKW`) and, for `dir`, `enc` (`A128GCM` or `A256GCM`). Whoever has such a key can make tokens
/// as well as read them. `BW_KEY_INVALID` for a key that is none.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_encryption_keys(
    profile: Option<&mut bw_profile>,
    jwks: bw_str<'_>,
) -> bw_status {
    change(profile, |profile| {
        Ok(profile.encryption_keys(EncryptionKey::from_jwks(jwks.bytes("jwks")?)?))
    })
}

/// Accepts these algorithms alone (`EdDSA`, `ES256`, `RS256`, …). By default each key is good for the one it is bound to.
/// `BW_CONFIGURATION` for a name that is no algorithm this library verifies.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_algorithms(
    profile: Option<&mut bw_profile>,
    names: *const bw_str<'_>,
    count: usize,
) -> bw_status {
    change(profile, |profile| {
        let names = texts(names, count, "names")?;
        let named = |name: &str| {
            Algorithm::from_name(name).ok_or_else(|| {
                let known: Vec<&str> = Algorithm::ALL.iter().map(|it| it.name()).collect();
                Error::new(
                    ErrorKind::Configuration,
                    "a name in `names` is no algorithm that is verified here",
                )
                .help(format!("use {}", known.join(", ")))
            })
        };
        let algorithms: Vec<Algorithm> = names.into_iter().map(named).collect::<Result<_>>()?;
        Ok(profile.algorithms(algorithms))
    })
}

/// Accepts these header types (`typ`) alone, instead of `at+jwt`. Accept `JWT` only for issuers that know no `at+jwt`: it
/// lets every kind of token in that carries the right audience.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_token_types(
    profile: Option<&mut bw_profile>,
    types: *const bw_str<'_>,
    count: usize,
) -> bw_status {
    change(profile, |profile| {
        Ok(profile.token_types(texts(types, count, "types")?))
    })
}

/// Also accepts tokens whose header has no `typ`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_accept_untyped(profile: Option<&mut bw_profile>) -> bw_status {
    change(profile, |profile| Ok(profile.accept_untyped()))
}

/// How much clocks may differ, in seconds: 60 unless told, at most 300.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_leeway(profile: Option<&mut bw_profile>, seconds: u32) -> bw_status {
    change(profile, |profile| Ok(profile.leeway(seconds)))
}

/// The longest time from `iat` to `exp`, in seconds; makes `iat` required. Unlimited unless told.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_max_lifetime(profile: Option<&mut bw_profile>, seconds: u32) -> bw_status {
    change(profile, |profile| Ok(profile.max_lifetime(seconds)))
}

/// Requires a claim, of whatever value but null: a name, or a path such as `/org/id`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_require(profile: Option<&mut bw_profile>, claim: bw_str<'_>) -> bw_status {
    change(profile, |profile| Ok(profile.require(claim.text("claim")?)))
}

/// The claim that names the principal: `sub` unless told.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_principal_claim(
    profile: Option<&mut bw_profile>,
    claim: bw_str<'_>,
) -> bw_status {
    change(profile, |profile| {
        Ok(profile.principal_claim(claim.text("claim")?))
    })
}

/// The claims that may name the client: `client_id` and `azp` unless told. If a token has several they must agree.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_client_claims(
    profile: Option<&mut bw_profile>,
    claims: *const bw_str<'_>,
    count: usize,
) -> bw_status {
    change(profile, |profile| {
        Ok(profile.client_claims(texts(claims, count, "claims")?))
    })
}

/// The claim that names the tenant: a name, or a path such as `/org/id`. `tenant` unless told. Tokens without it are
/// refused.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_tenant_claim(profile: Option<&mut bw_profile>, claim: bw_str<'_>) -> bw_status {
    change(profile, |profile| Ok(profile.tenant_claim(claim.text("claim")?)))
}

/// The issuer's tokens name no tenant: they are good in whichever tenant the request is for.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_tenant_from_request(profile: Option<&mut bw_profile>) -> bw_status {
    change(profile, |profile| Ok(profile.tenant_from_request()))
}

/// The claims that may hold the scopes: `scope` and `scp` unless told. If a token has several they must agree.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_scope_claims(
    profile: Option<&mut bw_profile>,
    claims: *const bw_str<'_>,
    count: usize,
) -> bw_status {
    change(profile, |profile| {
        Ok(profile.scope_claims(texts(claims, count, "claims")?))
    })
}

/// The principal is a service account when this claim has this value (Auth0: `gty` is `client-credentials`; Entra: `idtyp`
/// is `app`), and a user otherwise. Unless told it is one when the principal and the client have the same name (RFC 9068
/// section 2.2); the issuer must then let no user choose a client's name as their own.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_service_account_when(
    profile: Option<&mut bw_profile>,
    claim: bw_str<'_>,
    value: bw_str<'_>,
) -> bw_status {
    change(profile, |profile| {
        Ok(profile.service_account_when(claim.text("claim")?, value.text("value")?))
    })
}

/// Hands a claim on to the policies: as an attribute of the context of every action whose schema declares one of that name. A
/// request cannot set the attribute itself then. `claim` is a name, or a path such as `/org/id`; `expected` is what it must be:
/// `bool`, `long`, `string`, `strings`, `datetime`, or `contains:` and a text, which makes a boolean of whether the claim is or
/// holds that text. A claim of another type refuses the token. `BW_CONFIGURATION` for another `expected`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_context_claim(
    profile: Option<&mut bw_profile>,
    attribute: bw_str<'_>,
    claim: bw_str<'_>,
    expected: bw_str<'_>,
) -> bw_status {
    change(profile, |profile| {
        let (attribute, claim) = (attribute.text("attribute")?, claim.text("claim")?);
        Ok(profile.context_claim(attribute, claim, expected.text("expected")?.parse()?))
    })
}

/// Frees a profile; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_profile_free(profile: *mut bw_profile) {
    free(profile);
}
