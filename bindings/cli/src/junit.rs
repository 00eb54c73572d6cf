//! Test reports in JUnit's XML, as CI systems read it.

use std::fmt::Write as _;

use bailiwick::suites::SuiteReport;

pub(crate) fn xml(reports: &[SuiteReport]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    // Writing to a String cannot fail.
    for report in reports {
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\">",
            escape(&report.suite),
            escape(&report.file.display().to_string()),
            report.cases.len(),
            report.failed()
        );
        for case in &report.cases {
            let _ = write!(
                text,
                "    <testcase name=\"{}\" line=\"{}\"",
                escape(&case.name),
                case.line
            );
            if case.passed() {
                text.push_str("/>\n");
                continue;
            }
            let details = case.explanation.as_deref().unwrap_or("");
            let _ = writeln!(
                text,
                ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                escape(&case.failures.join("; ")),
                escape(details)
            );
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

/// XML has no way to write most control characters, so they become spaces.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            _ if c.is_control() => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}
