//! The `bailiwick` command: check policies, run their tests, precompile them, ask for decisions, and administer a platform on one
//! SQLite file.
//!
//! Exit codes: 0 fine or allowed, 1 findings or denied, 2 wrong usage or unusable input, 3 a fault of the command itself.

#![forbid(unsafe_code)]

mod args;
mod build;
mod check;
mod decide;
mod issuers;
mod junit;
mod output;
mod platform;
mod test;

use std::io::ErrorKind as IoKind;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use output::{Failure, Outcome};

fn main() -> ExitCode {
    // clap ends the process by itself: with 0 for --help and --version, with 2 for wrong usage.
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Check(args) => check::run(args),
        Command::Decide(args) => decide::run(args),
        Command::Test(args) => test::run(args),
        Command::Build(args) => build::run(args),
        Command::Platform(command) => command.run(),
    };
    let is_json = matches!(&cli.command, Command::Platform(command) if command.is_json());
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        // Whoever read our output has seen enough.
        Err(Failure::Output(error)) if error.kind() == IoKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure, is_json);
            ExitCode::from(failure.exit_code())
        }
    }
}
