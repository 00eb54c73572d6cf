//! How a client proves itself on the command line.

use std::io::Read as _;

use bailiwick::oauth::ClientAuthentication;
use clap::Args;

use crate::output::Failure;

/// No secret is longer.
const MAX_SECRET_BYTES: u64 = 1_024;

#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// The client: a service account or an app.
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Read its secret from standard input.
    #[arg(long)]
    client_secret_stdin: bool,
    /// Its secret. Other processes can see it on the command line: prefer the other two ways.
    #[arg(
        long,
        env = "BAILIWICK_CLIENT_SECRET",
        hide_env_values = true,
        conflicts_with = "client_secret_stdin",
        value_name = "SECRET"
    )]
    client_secret: Option<String>,
}

impl ClientArgs {
    pub(super) fn authentication(&self) -> Result<ClientAuthentication, Failure> {
        let secret = match (&self.client_secret, self.client_secret_stdin) {
            (_, true) => line()?,
            (Some(secret), false) => secret.clone(),
            (None, false) => {
                return Err(Failure::Usage(
                    "how does the client prove itself? Pipe its secret in with --client-secret-stdin"
                        .to_owned(),
                ));
            }
        };
        Ok(ClientAuthentication::post(&self.client_id, &secret)?)
    }
}

/// One line of standard input.
fn line() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_SECRET_BYTES)
        .read_to_string(&mut text)
        .map_err(|_| Failure::Usage("cannot read the secret from standard input".to_owned()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
