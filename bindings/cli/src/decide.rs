//! `bailiwick decide`: one request, decided and explained.

use std::io::Read as _;

use bailiwick::{
    Clock, Context, Engine, EngineBuilder, EntityUid, Error, ErrorKind, Identity, Principal, Proof, Resource,
    Session, Tenant, Vocabulary, json, limits,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::args::{DecideArgs, Format};
use crate::issuers;
use crate::output::{Failure, Outcome, error_json, print, print_json};
use crate::platform::{Desk, Mode};

pub(crate) fn run(args: &DecideArgs) -> Result<Outcome, Failure> {
    if args.format == Format::Junit {
        return Err(Failure::Usage(
            "`decide` has no junit format; use human or json".to_owned(),
        ));
    }
    let clock = args.now.map_or_else(Clock::system, Clock::fixed);
    let engine = engine(args, &clock)?;
    let session = match session(args, &engine)? {
        Ok(session) => session,
        Err(refused) => return refusal(args, &refused),
    };
    if let (Some(now), Some(at)) = (args.now, args.at) {
        clock.advance(at.saturating_sub(now));
    }
    let (resource, context) = request(args, &engine)?;
    answer(args, &session, &resource, &context)
}

/// The engine of a store, or of policies alone.
fn engine(args: &DecideArgs, clock: &Clock) -> Result<Engine, Failure> {
    let more = |mut builder: EngineBuilder| {
        builder = builder.clock(clock.clone());
        if let Some(file) = &args.issuers {
            for profile in issuers::load(file)? {
                builder = builder.issuer(profile);
            }
        }
        Ok(builder)
    };
    if let Some(common) = args.common() {
        // Who may write keeps the counters of usage as well.
        return Ok(Desk::open_with(&common, Mode::WriteIfFree, more)?.engine);
    }
    let policies = args.policies.as_ref().ok_or_else(|| {
        Failure::Usage("which policies? Name their directory with --policies, or a --store".to_owned())
    })?;
    Ok(more(Engine::builder().policies(policies)?)?.build()?)
}

/// Who asks. A token that is refused is an answer, not a failure of the command.
fn session(args: &DecideArgs, engine: &Engine) -> Result<Result<Session, Error>, Failure> {
    let tenant = args.tenant.as_deref().map_or_else(Tenant::none, Tenant::id);
    if let Some(uid) = &args.principal {
        return Ok(Ok(engine.session(Principal::uid(uid.parse()?), tenant)?));
    }
    if let Some(text) = &args.identity {
        let written: WrittenIdentity = serde_json::from_value(json::parse("--identity", text.as_bytes())?)
            .map_err(|error| Failure::Usage(format!("--identity: {error}")))?;
        return Ok(Ok(engine.session_of(written.identity()?, tenant)?));
    }
    let token = match &args.token {
        Some(token) => token.clone(),
        None => token_from_stdin()?,
    };
    match engine.authenticate_bound(&token, tenant, &proof(args)?) {
        Ok(session) => Ok(Ok(session)),
        Err(error) if error.kind().is_token() => Ok(Err(error)),
        Err(error) => Err(error.into()),
    }
}

/// What was presented beside the token.
fn proof(args: &DecideArgs) -> Result<Proof<'_>, Failure> {
    let certificate = match &args.certificate {
        None => None,
        Some(path) => Some(std::fs::read(path).map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot read {}: {error}", path.display()))
                .help("--certificate names a file in DER: `openssl x509 -in FILE -outform der`")
        })?),
    };
    let proof = match (&args.dpop, &args.method, &args.uri) {
        (Some(dpop), Some(method), Some(uri)) => Proof::dpop(dpop, method, uri),
        _ => Proof::none(),
    };
    Ok(match certificate {
        Some(der) => proof.with_certificate_der(&der),
        None => proof,
    })
}

pub(crate) fn token_from_stdin() -> Result<String, Failure> {
    let mut token = String::new();
    // One byte more than a token may have, so that an oversized one is refused and not cut.
    let limit = limits::MAX_TOKEN_BYTES as u64 + 3;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut token)
        .map_err(|_| {
            Failure::Usage("cannot read the token from standard input, or it is not text".to_owned())
        })?;
    // The end of the line that `echo` adds is no part of the token.
    let end = token.trim_end_matches(['\r', '\n']).len();
    token.truncate(end);
    Ok(token)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIdentity {
    principal: String,
    app: Option<String>,
    scopes: Option<Vec<String>>,
    grant_type: Option<String>,
    expires: Option<i64>,
}

impl WrittenIdentity {
    fn identity(self) -> Result<Identity<'static>, Error> {
        let principal = Principal::uid(self.principal.parse()?);
        let mut identity = match self.scopes {
            Some(scopes) => Identity::token(principal, scopes),
            None => Identity::first_party(principal),
        };
        if let Some(app) = self.app {
            identity = identity.app(app);
        }
        if let Some(grant_type) = self.grant_type {
            identity = identity.grant_type(grant_type);
        }
        if let Some(expires) = self.expires {
            identity = identity.expires(expires);
        }
        Ok(identity)
    }
}

/// What is asked for.
fn request(args: &DecideArgs, engine: &Engine) -> Result<(Resource<'static>, Context<'static>), Failure> {
    let vocabulary = engine.vocabulary();
    let mut resource = if args.resource.trim_start().starts_with('{') {
        resource(&vocabulary, &json::parse("RESOURCE", args.resource.as_bytes())?)?
    } else {
        Resource::stored_uid(args.resource.parse::<EntityUid<'static>>()?)
    };
    if let Some(text) = &args.entities {
        let Json::Array(items) = json::parse("--entities", text.as_bytes())? else {
            return Err(Error::new(ErrorKind::JsonInvalid, "--entities takes a JSON array").into());
        };
        for item in items {
            resource = resource.with(vocabulary.entity_from_json(&item)?);
        }
    }
    let context = match &args.context {
        None => Context::new(),
        Some(text) => {
            let json = json::parse("--context", text.as_bytes())?;
            match vocabulary.action(&args.action) {
                Some(action) => vocabulary.context_from_json(action, &json)?,
                None => Context::from_json(&json)?,
            }
        }
    };
    Ok((resource, context))
}

/// `{"type", "id"}` alone names a stored resource; with more members it is brought along.
fn resource(vocabulary: &Vocabulary, json: &Json) -> Result<Resource<'static>, Error> {
    let members = json.as_object().map_or(0, serde_json::Map::len);
    if members == 2 && json.get("type").is_some() && json.get("id").is_some() {
        return Ok(Resource::stored_uid(EntityUid::from_json(json)?));
    }
    Ok(Resource::entity(vocabulary.entity_from_json(json)?))
}

fn answer(
    args: &DecideArgs,
    session: &Session,
    resource: &Resource<'_>,
    context: &Context<'_>,
) -> Result<Outcome, Failure> {
    let decision = session.decide(&args.action, resource, context);
    let explanation = args
        .explain
        .then(|| session.explain(&args.action, resource, context));
    match (args.format, &explanation) {
        (Format::Json, _) => {
            let errors: Vec<Json> = decision
                .errors()
                .map(|fault| json!({ "policy": fault.policy, "message": fault.message }))
                .collect();
            let mut answer = json!({
                "allowed": decision.allowed(),
                "reason": decision.reason().name(),
                "message": decision.message(),
                "policies": decision.policies().collect::<Vec<_>>(),
                "errors": errors,
            });
            if let (Some(explanation), Some(members)) = (&explanation, answer.as_object_mut()) {
                let explanation = serde_json::to_value(explanation).unwrap_or(Json::Null);
                members.insert("explanation".to_owned(), explanation);
            }
            print_json(&answer)?;
        }
        (_, Some(explanation)) => print(&format!("{explanation}\n"))?,
        (_, None) => print(&format!("{decision}\n"))?,
    }
    Ok(Outcome::fine_if(decision.allowed()))
}

fn refusal(args: &DecideArgs, error: &Error) -> Result<Outcome, Failure> {
    match args.format {
        Format::Json => {
            print_json(
                &json!({ "allowed": false, "reason": error.kind().name(), "error": error_json(error) }),
            )?;
        }
        _ => {
            let help = error
                .help_text()
                .map_or_else(String::new, |help| format!("\n  help: {help}"));
            print(&format!(
                "deny: the token is refused ({}): {}{help}\n",
                error.kind(),
                error.message()
            ))?;
        }
    }
    Ok(Outcome::Findings)
}
