//! The trusted issuers, from a JSON file: an array of profiles.

use std::fs;
use std::path::Path;

use bailiwick::{Algorithm, EncryptionKey, Error, ErrorKind, KeySet, Location, Profile, Provider, json};
use serde::Deserialize;
use serde_json::Value as Json;

/// One issuer as it is written. Only `issuer`, `audience` and one of `jwks`, `jwks_file` and `secrets` are needed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: String,
    audience: Vec<String>,
    jwks: Option<Json>,
    jwks_file: Option<String>,
    secrets: Option<Json>,
    encryption_keys: Option<Json>,
    provider: Option<String>,
    algorithms: Option<Vec<String>>,
    token_types: Option<Vec<String>>,
    #[serde(default)]
    accept_untyped: bool,
    leeway: Option<u32>,
    max_lifetime: Option<u32>,
    #[serde(default)]
    required: Vec<String>,
    principal_claim: Option<String>,
    client_claims: Option<Vec<String>>,
    tenant_claim: Option<String>,
    #[serde(default)]
    tenant_from_request: bool,
    scope_claims: Option<Vec<String>>,
    service_account_when: Option<(String, String)>,
    #[serde(default)]
    context_claims: Vec<(String, String, String)>,
}

/// Reads the profiles of a file; a `jwks_file` is taken relative to it.
pub(crate) fn load(path: &Path) -> Result<Vec<Profile>, Error> {
    let bytes = fs::read(path).map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot read {}: {error}", path.display()))
            .at(Location::file(path))
            .help("--issuers names the JSON file with the trusted issuers")
    })?;
    let parsed = json::parse(&path.display().to_string(), &bytes)?;
    let written: Vec<Written> = serde_json::from_value(parsed).map_err(|error| {
        Error::new(ErrorKind::Configuration, error.to_string())
            .at(Location::file(path))
            .help("issuers are an array of {\"issuer\", \"audience\": […], \"jwks\": {…}}")
    })?;
    written.into_iter().map(|issuer| issuer.profile(path)).collect()
}

impl Written {
    fn profile(self, path: &Path) -> Result<Profile, Error> {
        let mut profile = match self.provider {
            Some(name) => Profile::of(provider(&name)?, self.issuer),
            None => Profile::issuer(self.issuer),
        };
        for audience in self.audience {
            profile = profile.audience(audience);
        }
        if let Some(jwks) = self.jwks {
            profile = profile.jwks(KeySet::from_jwks(jwks.to_string().as_bytes())?);
        }
        if let Some(file) = self.jwks_file {
            profile = profile.jwks_file(path.parent().unwrap_or(Path::new("")).join(file))?;
        }
        if let Some(secrets) = self.secrets {
            profile = profile.jwks(KeySet::from_secret_jwks(secrets.to_string().as_bytes())?);
        }
        if let Some(keys) = self.encryption_keys {
            profile = profile.encryption_keys(EncryptionKey::from_jwks(keys.to_string().as_bytes())?);
        }
        if let Some(names) = self.algorithms {
            profile = profile.algorithms(
                names
                    .iter()
                    .map(|name| algorithm(name))
                    .collect::<Result<Vec<_>, _>>()?,
            );
        }
        if let Some(types) = self.token_types {
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
        for claim in self.required {
            profile = profile.require(claim);
        }
        if let Some(claim) = self.principal_claim {
            profile = profile.principal_claim(claim);
        }
        if let Some(claims) = self.client_claims {
            profile = profile.client_claims(claims);
        }
        if let Some(claim) = self.tenant_claim {
            profile = profile.tenant_claim(claim);
        }
        if self.tenant_from_request {
            profile = profile.tenant_from_request();
        }
        if let Some(claims) = self.scope_claims {
            profile = profile.scope_claims(claims);
        }
        if let Some((claim, value)) = self.service_account_when {
            profile = profile.service_account_when(claim, value);
        }
        for (attribute, claim, expected) in self.context_claims {
            profile = profile.context_claim(attribute, claim, expected.parse()?);
        }
        Ok(profile)
    }
}

fn provider(name: &str) -> Result<Provider, Error> {
    Provider::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Provider::ALL.iter().map(|provider| provider.name()).collect();
        Error::new(ErrorKind::Configuration, "the provider of an issuer is unknown")
            .help(format!("the providers are {}", known.join(", ")))
    })
}

fn algorithm(name: &str) -> Result<Algorithm, Error> {
    Algorithm::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        Error::new(ErrorKind::Configuration, "an unknown algorithm is allowed")
            .help(format!("the algorithms are {}", known.join(", ")))
    })
}
