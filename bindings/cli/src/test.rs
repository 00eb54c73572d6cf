//! `bailiwick test`: the suites next to the policies.

use std::fmt::Write as _;

use bailiwick::Engine;
use bailiwick::suites::{self, SuiteReport};
use serde_json::json;

use crate::args::{Format, TestArgs};
use crate::junit;
use crate::output::{Failure, Outcome, print, print_json};

pub(crate) fn run(args: &TestArgs) -> Result<Outcome, Failure> {
    let policies = args.artifact.as_ref().unwrap_or(&args.directory);
    let engine = Engine::builder().policies(policies)?.build()?;
    let mut reports = Vec::new();
    for file in suites::discover(&args.directory)? {
        reports.push(suites::run(&engine, file)?);
    }
    if let Some(filter) = &args.filter {
        for report in &mut reports {
            report.cases.retain(|case| case.name.contains(filter.as_str()));
        }
    }
    let cases: usize = reports.iter().map(|report| report.cases.len()).sum();
    let failed: usize = reports.iter().map(SuiteReport::failed).sum();
    if cases == 0 {
        // A run that tests nothing must not look like one that passed.
        return Err(Failure::Usage(format!(
            "no test case found in {}",
            args.directory.display()
        )));
    }
    match args.format {
        Format::Human => print(&human(&reports, cases - failed, failed))?,
        Format::Json => {
            print_json(&json!({ "passed": cases - failed, "failed": failed, "suites": reports }))?
        }
        Format::Junit => print(&junit::xml(&reports))?,
    }
    Ok(Outcome::fine_if(failed == 0))
}

fn human(reports: &[SuiteReport], passed: usize, failed: usize) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for report in reports {
        let _ = writeln!(text, "{} ({})", report.suite, report.file.display());
        for case in &report.cases {
            if case.passed() {
                let _ = writeln!(text, "  ok    {}", case.name);
                continue;
            }
            let _ = writeln!(
                text,
                "  FAIL  {}  ({}:{})",
                case.name,
                report.file.display(),
                case.line
            );
            for failure in &case.failures {
                let _ = writeln!(text, "        {failure}");
            }
            for line in case
                .explanation
                .iter()
                .flat_map(|explanation| explanation.lines())
            {
                let _ = writeln!(text, "        {line}");
            }
        }
    }
    let _ = writeln!(text, "{passed} passed, {failed} failed");
    text
}
