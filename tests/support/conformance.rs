//! Reading the suites of `tests/conformance` and building their engines. The format is described in the README there.

#![allow(
    dead_code,
    reason = "each test that includes this module uses its own part of it"
)]

use std::path::{Path, PathBuf};

use bailiwick::{
    Algorithm, Clock, Context, EncryptionKey, Engine, EngineBuilder, Entity, Error, Identity, KeySet,
    Principal, Profile, Proof, Provider, Resource, Session, Source, Tenant,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value as Json;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suite {
    pub(crate) description: String,
    pub(crate) policies: Option<PolicyTexts>,
    #[serde(default = "default_now")]
    pub(crate) now: i64,
    #[serde(default)]
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) load_error: Option<String>,
    #[serde(default)]
    pub(crate) loads: Vec<Load>,
    #[serde(default)]
    pub(crate) cases: Vec<Case>,
}

fn default_now() -> i64 {
    1_800_000_000
}

/// A load that must fail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    pub(crate) name: String,
    pub(crate) policies: PolicyTexts,
    #[serde(default)]
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) load_error: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "a handful of them exist at a time")]
pub(crate) enum PolicyTexts {
    /// A directory, relative to the repository's root.
    Directory(String),
    Inline(Inline),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inline {
    pub(crate) schema: Option<String>,
    pub(crate) schema_json: Option<Json>,
    pub(crate) cedar: Option<String>,
    pub(crate) entities: Option<Json>,
    pub(crate) links: Option<Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) jwks: Option<Json>,
    pub(crate) secrets: Option<Json>,
    pub(crate) encryption_keys: Option<Json>,
    pub(crate) provider: Option<String>,
    pub(crate) algorithms: Option<Vec<String>>,
    pub(crate) token_types: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) accept_untyped: bool,
    pub(crate) leeway: Option<u32>,
    pub(crate) max_lifetime: Option<u32>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    pub(crate) principal_claim: Option<String>,
    pub(crate) client_claims: Option<Vec<String>>,
    pub(crate) tenant_claim: Option<String>,
    #[serde(default)]
    pub(crate) tenant_from_request: bool,
    pub(crate) scope_claims: Option<Vec<String>>,
    pub(crate) service_account_when: Option<(String, String)>,
    #[serde(default)]
    pub(crate) context_claims: Vec<(String, String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) principal: Option<String>,
    pub(crate) identity: Option<HostIdentity>,
    pub(crate) token: Option<String>,
    pub(crate) proof: Option<PresentedProof>,
    pub(crate) tenant: Option<String>,
    pub(crate) at: Option<i64>,
    pub(crate) action: Option<String>,
    pub(crate) resource: Option<Json>,
    #[serde(default)]
    pub(crate) entities: Vec<Json>,
    pub(crate) context: Option<Json>,
    pub(crate) expect: Expect,
}

/// What is presented beside a token that is bound.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresentedProof {
    pub(crate) dpop: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) uri: Option<String>,
    /// The bytes of a certificate, in base64.
    pub(crate) certificate: Option<String>,
}

/// A caller whom the host has authenticated.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostIdentity {
    pub(crate) principal: String,
    pub(crate) app: Option<String>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) grant_type: Option<String>,
    pub(crate) expires: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Expect {
    Decision(ExpectedDecision),
    Error(ExpectedError),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedDecision {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) policies: Vec<String>,
    #[serde(default)]
    pub(crate) errors: Vec<String>,
    /// Texts that the explanation's tree contains.
    #[serde(default)]
    pub(crate) explained: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedError {
    pub(crate) error: String,
}

/// The repository's root: the directory above the including package that holds the suites.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find(|directory| directory.join("tests/conformance").is_dir())
        .expect("tests/conformance lies above every package")
        .to_owned()
}

/// The names of the suites, without `.json`, sorted.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("tests/conformance"))
        .expect("tests/conformance can be listed")
        .map(|entry| entry.expect("tests/conformance can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// Where the suite of that name lies.
pub(crate) fn path(name: &str) -> PathBuf {
    root().join("tests/conformance").join(name).with_extension("json")
}

/// Reads a suite strictly: no member twice, none that is unknown.
pub(crate) fn read(name: &str) -> Suite {
    let path = path(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let json = bailiwick::json::parse(name, &bytes).unwrap_or_else(|error| panic!("{}", error.report()));
    serde_json::from_value(json).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// An engine over these policies and issuers, with the clock that it reads.
pub(crate) fn engine(policies: &PolicyTexts, issuers: &[Issuer], now: i64) -> Result<(Engine, Clock), Error> {
    let clock = Clock::fixed(now);
    let mut builder = with_policies(Engine::builder(), policies)?.clock(clock.clone());
    for issuer in issuers {
        builder = builder.issuer(issuer.profile()?);
    }
    Ok((builder.build()?, clock))
}

fn with_policies(builder: EngineBuilder, policies: &PolicyTexts) -> Result<EngineBuilder, Error> {
    let inline = match policies {
        PolicyTexts::Directory(directory) => return builder.policies(root().join(directory)),
        PolicyTexts::Inline(inline) => inline,
    };
    let mut source = Source::new();
    if let Some(text) = &inline.schema {
        source = source.schema("inline.cedarschema", text);
    }
    if let Some(json) = &inline.schema_json {
        source = source.schema_json("inline.cedarschema.json", text_of(json));
    }
    if let Some(text) = &inline.cedar {
        source = source.cedar("inline.cedar", text);
    }
    if let Some(json) = &inline.entities {
        source = source.entities("entities.json", text_of(json));
    }
    if let Some(json) = &inline.links {
        source = source.links("links.json", text_of(json));
    }
    builder.source(source)
}

/// A string is the text itself.
fn text_of(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        json => json.to_string(),
    }
}

impl Issuer {
    fn profile(&self) -> Result<Profile, Error> {
        let mut profile = match &self.provider {
            Some(name) => {
                let provider = Provider::from_name(name).expect("a suite names known providers");
                Profile::of(provider, &self.issuer)
            }
            None => Profile::issuer(&self.issuer),
        };
        if let Some(jwks) = &self.jwks {
            profile = profile.jwks(KeySet::from_jwks(jwks.to_string().as_bytes())?);
        }
        if let Some(secrets) = &self.secrets {
            profile = profile.jwks(KeySet::from_secret_jwks(secrets.to_string().as_bytes())?);
        }
        if let Some(keys) = &self.encryption_keys {
            profile = profile.encryption_keys(EncryptionKey::from_jwks(keys.to_string().as_bytes())?);
        }
        for audience in &self.audience {
            profile = profile.audience(audience);
        }
        if let Some(names) = &self.algorithms {
            let named = |name: &String| Algorithm::from_name(name).expect("a suite names known algorithms");
            profile = profile.algorithms(names.iter().map(named));
        }
        if let Some(types) = &self.token_types {
            profile = profile.token_types(types);
        }
        if self.accept_untyped {
            profile = profile.accept_untyped();
        }
        if let Some(seconds) = self.leeway {
            profile = profile.leeway(seconds);
        }
        if let Some(seconds) = self.max_lifetime {
            profile = profile.max_lifetime(seconds);
        }
        for claim in &self.required {
            profile = profile.require(claim);
        }
        if let Some(claim) = &self.principal_claim {
            profile = profile.principal_claim(claim);
        }
        if let Some(claims) = &self.client_claims {
            profile = profile.client_claims(claims);
        }
        if let Some(claim) = &self.tenant_claim {
            profile = profile.tenant_claim(claim);
        }
        if self.tenant_from_request {
            profile = profile.tenant_from_request();
        }
        if let Some(claims) = &self.scope_claims {
            profile = profile.scope_claims(claims);
        }
        if let Some((claim, value)) = &self.service_account_when {
            profile = profile.service_account_when(claim, value);
        }
        for (attribute, claim, expected) in &self.context_claims {
            profile = profile.context_claim(attribute, claim, expected.parse()?);
        }
        Ok(profile)
    }
}

impl Case {
    /// Makes the session in whichever of the three ways the case says.
    pub(crate) fn session(&self, engine: &Engine) -> Result<Session, Error> {
        let tenant = self.tenant.as_deref().map_or_else(Tenant::none, Tenant::id);
        match (&self.principal, &self.identity, &self.token) {
            (Some(principal), None, None) => engine.session(principal_of(principal), tenant),
            (None, Some(identity), None) => engine.session_of(identity.identity(), tenant),
            (None, None, Some(token)) => match &self.proof {
                None => engine.authenticate(token, tenant),
                Some(proof) => proof.authenticate(engine, token, tenant),
            },
            _ => panic!("`{}` has not exactly one way in", self.name),
        }
    }

    /// The resource with everything that the request brings along.
    pub(crate) fn resource(&self) -> Resource<'static> {
        let json = self
            .resource
            .as_ref()
            .unwrap_or_else(|| panic!("`{}` has no resource", self.name));
        let entity = |json: &Json| {
            Entity::from_json(json).unwrap_or_else(|error| panic!("`{}`: {}", self.name, error.report()))
        };
        let resource = match (
            json.get("type").and_then(Json::as_str),
            json.get("id").and_then(Json::as_str),
        ) {
            (Some(type_name), Some(id)) => Resource::stored(type_name.to_owned(), id.to_owned()),
            _ => Resource::entity(entity(json)),
        };
        self.entities
            .iter()
            .fold(resource, |resource, json| resource.with(entity(json)))
    }

    /// The context; empty when the case has none.
    pub(crate) fn context(&self) -> Context<'static> {
        self.context.as_ref().map_or_else(Context::new, |json| {
            Context::from_json(json).unwrap_or_else(|error| panic!("`{}`: {}", self.name, error.report()))
        })
    }
}

impl PresentedProof {
    fn authenticate(&self, engine: &Engine, token: &str, tenant: Tenant<'_>) -> Result<Session, Error> {
        let mut proof = match (&self.dpop, &self.method, &self.uri) {
            (Some(dpop), Some(method), Some(uri)) => Proof::dpop(dpop, method, uri),
            (None, None, None) => Proof::none(),
            _ => panic!("a DPoP proof comes with method and address"),
        };
        if let Some(certificate) = &self.certificate {
            let der = STANDARD.decode(certificate).expect("a certificate is in base64");
            proof = proof.with_certificate_der(&der);
        }
        engine.authenticate_bound(token, tenant, &proof)
    }
}

impl HostIdentity {
    fn identity(&self) -> Identity<'_> {
        let principal = principal_of(&self.principal);
        let mut identity = match &self.scopes {
            Some(scopes) => Identity::token(principal, scopes.iter().map(String::as_str)),
            None => Identity::first_party(principal),
        };
        if let Some(app) = &self.app {
            identity = identity.app(app.as_str());
        }
        if let Some(grant_type) = &self.grant_type {
            identity = identity.grant_type(grant_type.as_str());
        }
        match self.expires {
            Some(at) => identity.expires(at),
            None => identity,
        }
    }
}

fn principal_of(text: &str) -> Principal<'static> {
    Principal::uid(
        text.parse()
            .unwrap_or_else(|error: Error| panic!("{}", error.report())),
    )
}
