//! `bailiwick token`.

use bailiwick::oauth::{ClientCredentials, TokenQuery};
use bailiwick::{Error, ErrorKind};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::Common;
use super::client::ClientArgs;
use super::desk::{Desk, Mode};
use super::show::done;
use crate::decide::token_from_stdin;
use crate::output::{Failure, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Issue a token to a client for itself (client credentials). Prints the token alone; as JSON, the whole response.
    Issue {
        #[command(flatten)]
        client: ClientArgs,
        /// The scopes to ask for, separated by spaces.
        #[arg(long)]
        scope: Option<String>,
        /// The tenant, for an app that is installed in several.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Revoke a token, as whoever administers its account or consent: the very next decision denies it.
    Revoke {
        #[command(flatten)]
        token: TokenArgs,
    },
    /// Say whether a token is good at this moment, and what it says. Ends with 1 for one that is not.
    Introspect {
        #[command(flatten)]
        client: ClientArgs,
        #[command(flatten)]
        token: TokenArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// The token. Other processes can see it on the command line: prefer --token-stdin outside of tests.
    #[arg(long, required_unless_present = "token_stdin", conflicts_with = "token_stdin")]
    token: Option<String>,
    /// Read the token from standard input.
    #[arg(long)]
    token_stdin: bool,
}

impl TokenArgs {
    fn read(&self) -> Result<String, Failure> {
        match &self.token {
            Some(token) => Ok(token.clone()),
            None => token_from_stdin(),
        }
    }
}

pub(super) fn run(common: &Common, command: &TokenCommand) -> Result<Outcome, Failure> {
    match command {
        TokenCommand::Issue {
            client,
            scope,
            tenant,
        } => {
            let mut request = ClientCredentials::new(client.authentication()?);
            if let Some(scope) = scope {
                request = request.scope(scope.as_str());
            }
            if let Some(tenant) = tenant {
                request = request.tenant(tenant.as_str());
            }
            let desk = Desk::open(common, Mode::WriteIfFree)?;
            let response = desk.engine.client_credentials(&request)?;
            done(common, response.access_token(), &response)
        }
        TokenCommand::Revoke { token } => revoke(common, &token.read()?),
        TokenCommand::Introspect { client, token } => {
            let query = TokenQuery::new(client.authentication()?, &token.read()?);
            let desk = Desk::open(common, Mode::WriteIfFree)?;
            let response = desk.engine.introspect(&query)?;
            let shown = serde_json::to_value(&response).unwrap_or(Json::Null);
            let line = serde_json::to_string_pretty(&shown).unwrap_or_default();
            done(common, &line, &shown)?;
            Ok(Outcome::fine_if(response.active))
        }
    }
}

/// A service account's token ends alone; a user's ends with the chain of refresh tokens it belongs to.
fn revoke(common: &Common, token: &str) -> Result<Outcome, Failure> {
    let desk = Desk::open(common, Mode::Write)?;
    let claims = desk.engine.issued_claims(token)?.ok_or_else(|| {
        Error::new(
            ErrorKind::ArgumentInvalid,
            "the token is none of this platform's, or has expired: there is nothing to revoke",
        )
    })?;
    let tenant = claims.tenant().unwrap_or_default();
    let session = desk.session(common, tenant)?;
    let admin = desk.engine.act_as(&session);
    let id = claims.token_id().unwrap_or_default();
    match &claims.lineage().family {
        Some(family) => {
            admin.end_family(family.as_str())?;
            let line = format!("the tokens of family {family} are revoked");
            done(common, &line, &json!({ "family": family, "revoked": true }))
        }
        None => {
            admin.revoke_account_token(claims.subject(), id, claims.valid_until())?;
            done(
                common,
                &format!("token {id} is revoked"),
                &json!({ "token": id, "revoked": true }),
            )
        }
    }
}
