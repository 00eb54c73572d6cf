//! Sessions: one principal, acting in one tenant, perhaps through an app and within the scopes of a token.
//!
//! A session never changes and may be shared between threads. It follows the engine: a reload counts from the very next
//! decision.
//!
//! `tenant` is the id of the tenant that the request is about. It may be absent for schemas without tenants, and only for
//! those. A token that belongs to another tenant is refused, and nothing is guessed from the resource.

use std::mem::offset_of;

use bailiwick::{Engine, EntityUid, Error, ErrorKind, Identity, Principal, Proof, Result, Session, Tenant};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out, total};
use crate::engine::bw_engine;
use crate::error::bw_status;
use crate::object::{Tagged, free, given, maybe, object};
use crate::sized::{Growing, given_struct};
use crate::text::{bw_str, texts};

/// What an authenticated caller may ask.
pub struct bw_session(Tagged<Session>);

object!(bw_session of Session, "session");

/// The end of a session that has none; see `bw_identity`.
pub(crate) const BW_NEVER: i64 = i64::MAX;

/// A caller whom the host has authenticated itself. Set `size` to `sizeof(bw_identity)` and leave what is not needed zero:
/// an identity of zeroes has no scopes and has expired long ago.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct bw_identity<'a> {
    /// `sizeof(bw_identity)`.
    size: usize,
    /// The type of the principal's entity, with its namespace. Absent: the type that the schema annotates as the user.
    principal_type: bw_str<'a>,
    /// The id of the principal's entity.
    principal_id: bw_str<'a>,
    /// The app that acts for the principal; absent when none does.
    app: bw_str<'a>,
    /// How the token was obtained, for policies that read `context.grant_type`; absent when unknown.
    grant_type: bw_str<'a>,
    /// The scopes, `scope_count` of them. None at all covers nothing, unless `first_party` is set.
    scopes: *const bw_str<'a>,
    /// How many scopes there are.
    scope_count: usize,
    /// When the session ends, in seconds since the Unix epoch; `BW_NEVER` when it does not.
    expires: i64,
    /// The principal acts by itself on the platform's own pages: no scopes limit it. There must be none then.
    first_party: bool,
}

fn tenant_of(tenant: bw_str<'_>) -> Result<Tenant<'_>> {
    Ok(tenant.optional("tenant")?.map_or_else(Tenant::none, Tenant::id))
}

fn open<'a>(
    engine: Option<&bw_engine>,
    tenant: bw_str<'_>,
    out: HandleOut<'a, bw_session>,
    err: ErrorOut<'_>,
    make: impl FnOnce(&Engine, Tenant<'_>) -> Result<Session>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let engine = given(engine)?;
        hand_out(out, make(engine, tenant_of(tenant)?)?.into());
        Ok(())
    })
}

/// Verifies a bearer token and makes a session of it. Freed with `bw_session_free`.
///
/// Fails with a kind of 2xx for everything that is wrong with the token, among them `BW_TOKEN_TENANT` when it belongs to
/// another tenant. The error never holds the token. `token` is the token itself, without `Bearer `.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authenticate(
    engine: Option<&bw_engine>,
    token: bw_str<'_>,
    tenant: bw_str<'_>,
    out: HandleOut<'_, bw_session>,
    err: ErrorOut<'_>,
) -> bw_status {
    open(engine, tenant, out, err, |engine, tenant| {
        engine.authenticate(token.text("token")?, tenant)
    })
}

/// What a caller presents beside a token that is bound to a key or a certificate. Set `size` to `sizeof(bw_proof)` and leave
/// what is not needed zero.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct bw_proof<'a> {
    /// `sizeof(bw_proof)`.
    size: usize,
    /// The value of the request's one `DPoP` header (RFC 9449); absent when it has none. Refuse a request with two.
    dpop: bw_str<'a>,
    /// The request's method; needed with `dpop`.
    method: bw_str<'a>,
    /// The request's URI as the client sees it; needed with `dpop`.
    uri: bw_str<'a>,
    /// The SHA-256 of the client's certificate in DER (RFC 8705), 32 bytes, whose possession the TLS handshake has shown;
    /// absent without one.
    certificate_sha256: bw_str<'a>,
}

/// The same as `bw_authenticate` for a token that is bound, with the proof that its bearer holds what it is bound to. Also
/// fails with the kinds of proofs, and with `BW_ARGUMENT_INVALID` for a `size` that no version has, a field that this one does
/// not know, and a SHA-256 of another length.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authenticate_bound(
    engine: Option<&bw_engine>,
    token: bw_str<'_>,
    tenant: bw_str<'_>,
    proof: *const bw_proof<'_>,
    out: HandleOut<'_, bw_session>,
    err: ErrorOut<'_>,
) -> bw_status {
    open(engine, tenant, out, err, |engine, tenant| {
        let proof = given_struct(proof, "proof")?.proof()?;
        engine.authenticate_bound(token.text("token")?, tenant, &proof)
    })
}

// SAFETY: C's texts and a size, without padding.
unsafe impl Growing for bw_proof<'_> {
    const NAME: &'static str = "bw_proof";
    const FIRST_SIZE: usize = offset_of!(Self, certificate_sha256) + size_of::<bw_str<'_>>();
}

impl<'a> bw_proof<'a> {
    fn proof(&self) -> Result<Proof<'a>> {
        let invalid = |message: String| Error::new(ErrorKind::ArgumentInvalid, message);
        let proof = match self.dpop.optional("dpop")? {
            None => Proof::none(),
            Some(header) => Proof::dpop(header, self.method.text("method")?, self.uri.text("uri")?),
        };
        match self.certificate_sha256.bytes("certificate_sha256")? {
            [] => Ok(proof),
            thumbprint => <[u8; 32]>::try_from(thumbprint)
                .map(|thumbprint| proof.with_certificate(thumbprint))
                .map_err(|_| invalid("`certificate_sha256` has not 32 bytes".to_owned())),
        }
    }
}

/// A first-party session of a user (an entity of the type annotated `@bailiwick("user")`): no token, no limit by scopes.
/// Freed with `bw_session_free`. Fails with `BW_CONFIGURATION` when the schema has no such type, or has tenants and none is
/// named, and with `BW_ARGUMENT_INVALID` for an empty id.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_user(
    engine: Option<&bw_engine>,
    id: bw_str<'_>,
    tenant: bw_str<'_>,
    out: HandleOut<'_, bw_session>,
    err: ErrorOut<'_>,
) -> bw_status {
    open(engine, tenant, out, err, |engine, tenant| {
        engine.session(Principal::user(id.text("id")?), tenant)
    })
}

/// The same for a principal of any type.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_principal(
    engine: Option<&bw_engine>,
    type_name: bw_str<'_>,
    id: bw_str<'_>,
    tenant: bw_str<'_>,
    out: HandleOut<'_, bw_session>,
    err: ErrorOut<'_>,
) -> bw_status {
    open(engine, tenant, out, err, |engine, tenant| {
        let uid = EntityUid::new(type_name.text("type_name")?, id.text("id")?);
        engine.session(Principal::uid(uid), tenant)
    })
}

/// A session for a caller whom the host has authenticated itself. Freed with `bw_session_free`. Fails as
/// `bw_session_user` does, and with `BW_ARGUMENT_INVALID` for a `size` that no version has, a field that this one does not
/// know, and scopes of a first-party identity.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_identity(
    engine: Option<&bw_engine>,
    identity: *const bw_identity<'_>,
    tenant: bw_str<'_>,
    out: HandleOut<'_, bw_session>,
    err: ErrorOut<'_>,
) -> bw_status {
    open(engine, tenant, out, err, |engine, tenant| {
        engine.session_of(given_struct(identity, "identity")?.identity()?, tenant)
    })
}

// SAFETY: a size, C's texts, numbers and a truth value: zeroes are nothing, 0 and false.
unsafe impl Growing for bw_identity<'_> {
    const NAME: &'static str = "bw_identity";
    const FIRST_SIZE: usize = offset_of!(Self, first_party) + size_of::<bool>();
}

impl<'a> bw_identity<'a> {
    fn identity(&self) -> Result<Identity<'a>> {
        let invalid = |message: String| Error::new(ErrorKind::ArgumentInvalid, message);
        let id = self.principal_id.text("principal_id")?;
        let principal = match self.principal_type.optional("principal_type")? {
            None => Principal::user(id),
            Some(type_name) => Principal::uid(EntityUid::new(type_name, id)),
        };
        let scopes = texts(self.scopes, self.scope_count, "scopes")?;
        let mut identity = match self.first_party {
            false => Identity::token(principal, scopes),
            true if scopes.is_empty() => Identity::first_party(principal),
            true => return Err(invalid("a first-party identity has scopes".to_owned())),
        };
        if let Some(app) = self.app.optional("app")? {
            identity = identity.app(app);
        }
        if let Some(grant_type) = self.grant_type.optional("grant_type")? {
            identity = identity.grant_type(grant_type);
        }
        Ok(match self.expires {
            BW_NEVER => identity,
            at => identity.expires(at),
        })
    }
}

/// The type of the principal's entity.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_principal_type(session: Option<&bw_session>) -> bw_str<'_> {
    total(bw_str::NONE, || {
        Some(bw_str::lend(maybe(session)?.principal().type_name()))
    })
}

/// The id of the principal's entity.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_principal_id(session: Option<&bw_session>) -> bw_str<'_> {
    total(bw_str::NONE, || {
        Some(bw_str::lend(maybe(session)?.principal().id()))
    })
}

/// The id of the tenant; absent when the schema has no tenants.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_tenant(session: Option<&bw_session>) -> bw_str<'_> {
    total(bw_str::NONE, || {
        Some(bw_str::lend(maybe(session)?.tenant()?.id()))
    })
}

/// The id of the app that acts for the principal; absent when none does.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_app(session: Option<&bw_session>) -> bw_str<'_> {
    total(bw_str::NONE, || Some(bw_str::lend(maybe(session)?.app()?.id())))
}

/// How the token was obtained; absent when unknown.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_grant_type(session: Option<&bw_session>) -> bw_str<'_> {
    total(bw_str::NONE, || maybe(session)?.grant_type().map(bw_str::lend))
}

/// Whether scopes do not limit the session: it was made without a token.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_is_first_party(session: Option<&bw_session>) -> bool {
    total(false, || Some(maybe(session)?.scopes().is_none()))
}

/// How many scopes the session has.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_scope_count(session: Option<&bw_session>) -> usize {
    total(0, || Some(maybe(session)?.scopes()?.len()))
}

/// The scope at `index`; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_scope(session: Option<&bw_session>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        maybe(session)?.scopes()?.get(index).map(|it| bw_str::lend(it))
    })
}

/// When the session ends, in seconds since the Unix epoch; `BW_NEVER` when it does not, 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_expires(session: Option<&bw_session>) -> i64 {
    total(0, || Some(maybe(session)?.expires().unwrap_or(BW_NEVER)))
}

/// Frees a session; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_session_free(session: *mut bw_session) {
    free(session);
}
