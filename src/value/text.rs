//! Values as a policy would write them, cut when they are long: for explanations.

use std::fmt::{self, Write};

use super::{Duration, Value};

/// Deepest nesting of a value that is written out; what lies deeper becomes an ellipsis.
const MAX_DEPTH: usize = 6;

/// What an explanation shows in place of a text that may be a secret.
pub(crate) const HIDDEN: &str = "(hidden)";

/// Endings of names whose texts are not shown, in lower case.
const SECRET_NAMES: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "credentials",
    "api_key",
    "apikey",
    "private_key",
    "cookie",
];

/// Text that takes no more than so many characters; the rest becomes an ellipsis.
pub(crate) struct Short {
    text: String,
    left: usize,
    is_cut: bool,
}

impl Short {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            text: String::new(),
            left: max,
            is_cut: false,
        }
    }

    /// Whether further text would be lost.
    pub(crate) fn is_full(&self) -> bool {
        self.is_cut
    }

    pub(crate) fn push(&mut self, text: &str) {
        // Writing here cannot fail: what does not fit is dropped.
        let _ = self.write_str(text);
    }

    pub(crate) fn finish(mut self) -> String {
        if self.is_cut {
            self.text.push('…');
        }
        self.text
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.left == 0 {
                self.is_cut = true;
                break;
            }
            self.text.push(c);
            self.left -= 1;
        }
        Ok(())
    }
}

/// Writes a string literal. Only as much as can be shown is looked at.
pub(crate) fn quote(text: &str, out: &mut Short) {
    out.push("\"");
    for c in text.chars() {
        if out.is_full() {
            return;
        }
        match c {
            '\'' => out.push("'"),
            c => {
                let _ = write!(out, "{}", c.escape_debug());
            }
        }
    }
    out.push("\"");
}

/// Writes a value in Cedar's syntax.
pub(crate) fn write(value: &Value<'_>, out: &mut Short) {
    write_within(value, MAX_DEPTH, out);
}

fn write_within(value: &Value<'_>, depth: usize, out: &mut Short) {
    let _ = match value {
        Value::Bool(value) => write!(out, "{value}"),
        Value::Long(value) => write!(out, "{value}"),
        Value::String(text) if is_secret(text) => write!(out, "{HIDDEN}"),
        Value::String(text) => {
            quote(text, out);
            Ok(())
        }
        Value::Entity(uid) => {
            out.push(uid.type_name());
            out.push("::");
            quote(uid.id(), out);
            Ok(())
        }
        Value::Ip(value) => {
            // A lone address is written without its length.
            let text = value.to_string();
            let lone = text.strip_suffix(if value.is_ipv4() { "/32" } else { "/128" });
            write!(out, "ip(\"{}\")", lone.unwrap_or(&text))
        }
        Value::Decimal(value) => {
            let text = value.to_string();
            let short = text.trim_end_matches('0');
            // Cedar wants a digit behind the point.
            let digit = if short.ends_with('.') { "0" } else { "" };
            write!(out, "decimal(\"{short}{digit}\")")
        }
        Value::Datetime(value) => {
            let text = value.to_string();
            if text.starts_with(['+', '-']) {
                // Cedar has no text for a year that is printed with a sign.
                let since = span(Duration(value.0));
                write!(out, "datetime(\"1970-01-01\").offset(duration(\"{since}\"))")
            } else {
                write!(out, "datetime(\"{text}\")")
            }
        }
        Value::Duration(value) => write!(out, "duration(\"{}\")", span(*value)),
        Value::Set(_) | Value::Record(_) if depth == 0 => write!(out, "…"),
        Value::Set(items) => {
            listed(out, ["[", "]"], items.iter(), |item, out| {
                write_within(item, depth - 1, out);
            });
            Ok(())
        }
        Value::Record(record) => {
            listed(
                out,
                ["{", "}"],
                record.entries().iter(),
                |(name, value), out| match hides(name, value) {
                    true => field(name, out, |out| out.push(HIDDEN)),
                    false => field(name, out, |out| write_within(value, depth - 1, out)),
                },
            );
            Ok(())
        }
    };
}

/// A span of time in its largest units.
fn span(value: Duration) -> String {
    let (mut left, mut text) = (value.millis().unsigned_abs(), String::new());
    for (unit, millis) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if left >= millis {
            let _ = write!(text, "{}{unit}", left / millis);
            left %= millis;
        }
    }
    match (text.is_empty(), value.millis() < 0) {
        (true, _) => "0ms".to_owned(),
        (false, true) => format!("-{text}"),
        (false, false) => text,
    }
}

/// Writes the name of a record's member and then its value.
pub(crate) fn field(name: &str, out: &mut Short, value: impl FnOnce(&mut Short)) {
    if is_plain_name(name) {
        out.push(name);
    } else {
        quote(name, out);
    }
    out.push(": ");
    value(out);
}

/// Writes items between brackets, as long as they can be seen.
pub(crate) fn listed<T>(
    out: &mut Short,
    [open, close]: [&str; 2],
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(T, &mut Short),
) {
    out.push(open);
    for (number, item) in items.enumerate() {
        if out.is_full() {
            return;
        }
        if number > 0 {
            out.push(", ");
        }
        write(item, out);
    }
    out.push(close);
}

/// Whether a name can be written without quotes.
pub(crate) fn is_plain_name(name: &str) -> bool {
    const RESERVED: [&str; 10] = [
        "true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar",
    ];
    let mut bytes = name.bytes();
    let starts = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    starts && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !RESERVED.contains(&name)
}

/// Whether a text has the form of a secret or of a token.
pub(crate) fn is_secret(text: &str) -> bool {
    let is_token = || text.starts_with("eyJ") && text.bytes().filter(|byte| *byte == b'.').count() >= 2;
    let is_ours = || {
        let prefix = text.split_once('_').map(|(prefix, _)| prefix);
        text.len() > 40 && matches!(prefix, Some("bws" | "bwc" | "bwr"))
    };
    is_token() || is_ours() || text.starts_with("-----BEGIN")
}

/// Whether the name of a value says that its text is not for everybody.
pub(crate) fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|ending| name.ends_with(ending))
}

fn hides(name: &str, value: &Value<'_>) -> bool {
    matches!(value, Value::String(_) | Value::Set(_) | Value::Record(_)) && names_secret(name)
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
