//! OAuth 2.0: the endpoints of an authorization server whose HTTP the host serves, for an engine that was configured with
//! `bw_config_oauth`. Every function may be called from several threads at once, except freeing.

use bailiwick::oauth::{AuthorizationRequest, Parameters, Reply, Settings};
use bailiwick::{Error, ErrorKind, Result};

use crate::boundary::{ErrorOut, HandleOut, fallible, hand_out, handle_out, total};
use crate::engine::bw_engine;
use crate::error::bw_status;
use crate::object::{Tagged, free, given, maybe, object};
use crate::options::Options;
use crate::session::bw_session;
use crate::text::bw_str;

/// An HTTP response, to be sent as it is. It may hold tokens: keep it out of logs.
pub struct bw_reply(Tagged<Reply>);

object!(bw_reply of Reply, "reply");

/// A valid request to the authorization endpoint: what to ask the signed-in user.
pub struct bw_authorization(Tagged<AuthorizationRequest>);

object!(bw_authorization of AuthorizationRequest, "authorization request");

/// Answers a request to an endpoint: `token` (RFC 6749), `revoke` (RFC 7009), `introspect` (RFC 7662), `jwks` (RFC 7517) or
/// `metadata` (RFC 8414). `authorization` is the request's `Authorization` header, absent when it has none; `body` is its
/// body, a form, of any bytes. What is wrong with the request is a reply, not an error. Freed with `bw_reply_free`.
///
/// Fails with `BW_ARGUMENT_INVALID` for another endpoint, and with `BW_NOT_UTF8` or `BW_LIMIT_EXCEEDED` for a header that is
/// no text or a body beyond all bounds: answer those with status 400.
#[unsafe(no_mangle)]
pub extern "C" fn bw_oauth(
    engine: Option<&bw_engine>,
    endpoint: bw_str<'_>,
    authorization: bw_str<'_>,
    body: bw_str<'_>,
    out: HandleOut<'_, bw_reply>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let engine = given(engine)?;
        let endpoint = endpoint.text("endpoint")?;
        let (authorization, body) = (authorization.optional("authorization")?, body.bytes("body")?);
        let reply = match endpoint {
            "token" => engine.token_endpoint(authorization, body),
            "revoke" => engine.revocation_endpoint(authorization, body),
            "introspect" => engine.introspection_endpoint(authorization, body),
            "jwks" => engine.jwks_endpoint(),
            "metadata" => engine.metadata().into(),
            _ => {
                return Err(
                    Error::new(ErrorKind::ArgumentInvalid, "`endpoint` is no endpoint")
                        .help("use token, revoke, introspect, jwks or metadata"),
                );
            }
        };
        hand_out(out, reply.into());
        Ok(())
    })
}

/// Checks the query of a request to the authorization endpoint. One of the two outputs is set: `request`, and then the host
/// asks the user and answers with `bw_authorization_consent` or `bw_authorization_decline`; or `refused`, to be sent
/// instead. Freed with `bw_authorization_free` and `bw_reply_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorize(
    engine: Option<&bw_engine>,
    query: bw_str<'_>,
    request: HandleOut<'_, bw_authorization>,
    refused: HandleOut<'_, bw_reply>,
    err: ErrorOut<'_>,
) -> bw_status {
    // Both are NULL before either is found missing.
    let (request, refused) = (handle_out(request, "request"), handle_out(refused, "refused"));
    fallible(err, || {
        let (request, refused) = (request?, refused?);
        let engine = given(engine)?;
        let parameters = match Parameters::parse(query.text("query")?) {
            Ok(parameters) => parameters,
            Err(error) => {
                hand_out(refused, Reply::from(error).into());
                return Ok(());
            }
        };
        match engine.authorize(&parameters) {
            Ok(asked) => hand_out(request, asked.into()),
            Err(error) => hand_out(refused, Reply::from(error).into()),
        }
        Ok(())
    })
}

/// The app that asks.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_app(request: Option<&bw_authorization>) -> bw_str<'_> {
    total(bw_str::NONE, || Some(bw_str::lend(maybe(request)?.app.as_str())))
}

/// What people call the app.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_app_name(request: Option<&bw_authorization>) -> bw_str<'_> {
    total(bw_str::NONE, || Some(bw_str::lend(&maybe(request)?.app_name)))
}

/// Where the answer goes.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_redirect_uri(request: Option<&bw_authorization>) -> bw_str<'_> {
    total(bw_str::NONE, || Some(bw_str::lend(&maybe(request)?.redirect_uri)))
}

/// How many scopes it asks for; 0 when it asks for all that was approved.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_scope_count(request: Option<&bw_authorization>) -> usize {
    total(0, || Some(maybe(request)?.scopes.as_ref()?.iter().count()))
}

/// The scope at `index`; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_scope(request: Option<&bw_authorization>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        maybe(request)?
            .scopes
            .as_ref()?
            .iter()
            .nth(index)
            .map(bw_str::lend)
    })
}

/// The user of a first-party session consents: the reply sends the browser back to the app with a code, or says why not.
/// Freed with `bw_reply_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_consent(
    request: Option<&bw_authorization>,
    engine: Option<&bw_engine>,
    session: Option<&bw_session>,
    out: HandleOut<'_, bw_reply>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let (request, engine, session) = (given(request)?, given(engine)?, given(session)?);
        let reply = match engine.consent(request, session) {
            Ok(response) => Reply::from(response),
            Err(refused) => Reply::from(refused),
        };
        hand_out(out, reply.into());
        Ok(())
    })
}

/// The user declines: the reply tells the app so. Freed with `bw_reply_free`.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_decline(
    request: Option<&bw_authorization>,
    engine: Option<&bw_engine>,
    out: HandleOut<'_, bw_reply>,
    err: ErrorOut<'_>,
) -> bw_status {
    fallible(err, || {
        let out = handle_out(out, "out")?;
        let (request, engine) = (given(request)?, given(engine)?);
        hand_out(out, Reply::from(engine.decline(request)).into());
        Ok(())
    })
}

/// Frees an authorization request; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_authorization_free(request: *mut bw_authorization) {
    free(request);
}

/// The status code; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reply_status(reply: Option<&bw_reply>) -> u32 {
    total(0, || Some(maybe(reply)?.status().into()))
}

/// How many headers there are.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reply_header_count(reply: Option<&bw_reply>) -> usize {
    total(0, || Some(maybe(reply)?.headers().count()))
}

/// The name of the header at `index`; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reply_header_name(reply: Option<&bw_reply>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        let (name, _) = maybe(reply)?.headers().nth(index)?;
        Some(bw_str::lend(name))
    })
}

/// The value of the header at `index`; absent beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reply_header_value(reply: Option<&bw_reply>, index: usize) -> bw_str<'_> {
    total(bw_str::NONE, || {
        let (_, value) = maybe(reply)?.headers().nth(index)?;
        Some(bw_str::lend(value))
    })
}

/// The body; empty for none.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reply_body(reply: Option<&bw_reply>) -> bw_str<'_> {
    total(bw_str::NONE, || Some(bw_str::lend(maybe(reply)?.body())))
}

/// Frees a reply; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bw_reply_free(reply: *mut bw_reply) {
    free(reply);
}

/// The settings of an authorization server.
pub(crate) fn server(text: bw_str<'_>) -> Result<Settings> {
    let known = [
        "issuer",
        "audience",
        "endpoints",
        "access_tokens",
        "codes",
        "refresh_tokens",
        "refresh_grace",
        "documentation",
    ];
    let options = Options::read("settings", text, &known)?;
    let mut server = Settings::new(options.required("issuer")?);
    for audience in options.texts("audience")? {
        server = server.audience(audience);
    }
    if let Some(url) = options.text("endpoints")? {
        server = server.endpoints(url);
    }
    if let Some(url) = options.text("documentation")? {
        server = server.documentation(url);
    }
    let seconds = |name| options.number(name);
    if let Some(seconds) = seconds("access_tokens")? {
        server = server.access_tokens(seconds);
    }
    if let Some(seconds) = seconds("codes")? {
        server = server.codes(seconds);
    }
    if let Some(seconds) = seconds("refresh_tokens")? {
        server = server.refresh_tokens(seconds);
    }
    if let Some(seconds) = seconds("refresh_grace")? {
        server = server.refresh_grace(seconds);
    }
    Ok(server)
}
