//! `bailiwick check`: is everything in this directory, or precompiled file, right?

use std::fmt::Write as _;

use bailiwick::{Error, Policies};
use serde_json::json;

use crate::args::{CheckArgs, Format};
use crate::output::{Failure, Outcome, error_json, print, print_json};

pub(crate) fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    let policies = match Policies::open(&args.directory) {
        Ok(policies) => policies,
        // A directory that cannot be read is wrong usage; everything else is what the command was asked to find.
        Err(error) if !is_finding(&error) => return Err(error.into()),
        Err(error) => {
            report(args, None, &error.all().collect::<Vec<_>>(), &[])?;
            return Ok(Outcome::Findings);
        }
    };
    report(args, Some(&policies), &[], policies.warnings())?;
    Ok(Outcome::fine_if(
        policies.warnings().is_empty() || !args.deny_warnings,
    ))
}

fn is_finding(error: &Error) -> bool {
    use bailiwick::ErrorKind::{LimitExceeded, NotUtf8};
    error.kind().is_policy() || matches!(error.kind(), LimitExceeded | NotUtf8)
}

fn report(
    args: &CheckArgs,
    policies: Option<&Policies>,
    errors: &[&Error],
    warnings: &[Error],
) -> Result<(), Failure> {
    match args.format {
        Format::Json => print_json(&json!({
            "ok": errors.is_empty(),
            "errors": errors.iter().map(|error| error_json(error)).collect::<Vec<_>>(),
            "warnings": warnings.iter().map(error_json).collect::<Vec<_>>(),
        })),
        Format::Junit => Err(Failure::Usage(
            "`check` has no junit format; use human or json".to_owned(),
        )),
        Format::Human => {
            let mut text = String::new();
            for error in errors {
                text.push_str(&one(error));
                text.push('\n');
            }
            for warning in warnings {
                text.push_str(&warning.report().replacen("error[", "warning[", 1));
                text.push('\n');
            }
            let directory = args.directory.display();
            // Writing to a String cannot fail.
            let _ = match policies {
                Some(policies) => writeln!(
                    text,
                    "{directory}: {}: fine{}",
                    counts(policies),
                    count_of(warnings.len())
                ),
                None => writeln!(text, "{directory}: {} found", plural(errors.len(), "error")),
            };
            print(&text)
        }
    }
}

/// An error without those related to it, which are printed on their own.
fn one(error: &Error) -> String {
    let mut alone = Error::new(error.kind(), error.message());
    if let Some(location) = error.location() {
        alone = alone.at(location.clone());
    }
    if let Some(help) = error.help_text() {
        alone = alone.help(help);
    }
    alone.report()
}

pub(crate) fn counts(policies: &Policies) -> String {
    let counts = policies.counts();
    let vocabulary = policies.vocabulary();
    let scopes = vocabulary.scopes().count();
    [
        plural(counts.static_policies, "policy"),
        plural(counts.templates, "template"),
        plural(counts.links, "link"),
        plural(vocabulary.actions().count() - scopes, "action"),
        plural(scopes, "scope"),
        plural(counts.entities, "entity"),
    ]
    .join(", ")
}

fn count_of(warnings: usize) -> String {
    if warnings == 0 {
        String::new()
    } else {
        format!(", with {}", plural(warnings, "warning"))
    }
}

fn plural(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}
