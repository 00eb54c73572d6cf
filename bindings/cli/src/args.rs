//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::platform::{Common, PlatformCommand};

/// Authorization with Cedar policies and OAuth tokens.
#[derive(Debug, Parser)]
#[command(name = "bailiwick", version, about, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 fine or allowed, 1 findings or denied, 2 wrong usage or unusable input, 3 internal fault.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Parse and validate the policies, schema, links and entities of a directory.
    Check(CheckArgs),
    /// Decide one request, and say why.
    Decide(Box<DecideArgs>),
    /// Run the test suites (*.test.yaml) that lie next to the policies.
    Test(TestArgs),
    /// Precompile a directory into one file that loads without parsing.
    Build(BuildArgs),
    #[command(flatten)]
    Platform(Box<PlatformCommand>),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
    /// JUnit XML, for CI systems; `test` alone has it.
    Junit,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The directory with *.cedar, *.cedarschema, links.json and entities.json; or a precompiled file.
    pub(crate) directory: PathBuf,
    /// Treat warnings as findings.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The directory with the policies and their *.test.yaml.
    pub(crate) directory: PathBuf,
    /// Test this precompiled file instead of the policies of the directory.
    #[arg(long)]
    pub(crate) artifact: Option<PathBuf>,
    /// Run only cases whose name contains this text.
    #[arg(long)]
    pub(crate) filter: Option<String>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The directory with *.cedar, *.cedarschema, links.json and entities.json.
    pub(crate) directory: PathBuf,
    /// The file to write; one that is there is replaced once the new one is complete.
    #[arg(long, short)]
    pub(crate) output: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true).args(["token", "token_stdin", "principal", "identity"]))]
pub(crate) struct DecideArgs {
    /// The action, by its id: rfis.view
    pub(crate) action: String,
    /// The resource: Rfi::"42" for a stored one, or JSON, {"type", "id", "parents", "attrs"}, to bring one along.
    pub(crate) resource: String,
    /// The directory with the policies, or a precompiled file.
    #[arg(long, short, env = "BAILIWICK_POLICIES")]
    pub(crate) policies: Option<PathBuf>,
    /// The SQLite file with the platform, which counts then, and whose tokens are accepted.
    #[arg(long, env = "BAILIWICK_STORE", value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// The file with the platform's key; the store's name with `.key` by default.
    #[arg(long, env = "BAILIWICK_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The tenant that the request is about.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// A bearer token. Other processes can see it on the command line: prefer --token-stdin outside of tests.
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// Read the bearer token from standard input.
    #[arg(long)]
    pub(crate) token_stdin: bool,
    /// The DPoP proof (RFC 9449) that came with the token.
    #[arg(long, requires_all = ["method", "uri"])]
    pub(crate) dpop: Option<String>,
    /// The method of the request that the proof is for.
    #[arg(long, requires = "dpop")]
    pub(crate) method: Option<String>,
    /// The address of the request that the proof is for, as the client sees it.
    #[arg(long, requires = "dpop")]
    pub(crate) uri: Option<String>,
    /// The certificate, in DER, of the client that presented the token (RFC 8705).
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Ask as this principal, in a first-party session: User::"ana"
    #[arg(long)]
    pub(crate) principal: Option<String>,
    /// Ask as a caller authenticated elsewhere: {"principal", "app", "scopes", "grant_type", "expires"} as JSON.
    #[arg(long)]
    pub(crate) identity: Option<String>,
    /// The trusted issuers of tokens: a JSON file, see README.
    #[arg(long, env = "BAILIWICK_ISSUERS")]
    pub(crate) issuers: Option<PathBuf>,
    /// The context, a JSON object.
    #[arg(long)]
    pub(crate) context: Option<String>,
    /// Further entities that the request brings along, a JSON array.
    #[arg(long)]
    pub(crate) entities: Option<String>,
    /// What time it is when the session is made, in seconds since the Unix epoch; the system's time by default.
    #[arg(long)]
    pub(crate) now: Option<i64>,
    /// What time it is when the decision is made; the same by default.
    #[arg(long, requires = "now")]
    pub(crate) at: Option<i64>,
    /// Explain: which ceilings held, which policies applied, which came close and what they missed.
    #[arg(long)]
    pub(crate) explain: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

impl DecideArgs {
    /// What the commands on a store take, where one is named.
    pub(crate) fn common(&self) -> Option<Common> {
        Some(Common {
            store: self.store.clone()?,
            policies: self.policies.clone(),
            key_file: self.key_file.clone(),
            actor: None,
            format: self.format,
            json: false,
        })
    }
}
