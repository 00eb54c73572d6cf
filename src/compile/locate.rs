//! Where in the text of a policy its conditions and their parts are written.
//!
//! Cedar's syntax tree tells no places. The tokens of an expression are looked for among those of the policy's text,
//! brackets aside; what stands there twice, or was written in another way than it is shown, has no place.

use std::ops::Range;

/// A place in a text, counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The text of a policy, cut into tokens.
pub(crate) struct Located<'s> {
    source: &'s str,
    tokens: Vec<Token<'s>>,
    /// Where each `when` or `unless` stands among the tokens, and what is between its braces.
    clauses: Vec<(usize, Range<usize>)>,
}

#[derive(Clone, Copy)]
struct Token<'s> {
    at: usize,
    text: &'s str,
}

impl<'s> Located<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        let tokens = tokens(source);
        let mut clauses = Vec::new();
        let (mut depth, mut open) = (0_usize, None);
        for (number, token) in tokens.iter().enumerate() {
            match token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0
                        && let Some(keyword) = open.take()
                    {
                        clauses.push((keyword, keyword + 2..number));
                    }
                }
                "when" | "unless" if depth == 0 => {
                    let follows = tokens.get(number + 1).map(|token| token.text);
                    open = (follows == Some("{")).then_some(number);
                }
                _ => {}
            }
        }
        Self {
            source,
            tokens,
            clauses,
        }
    }

    /// The number of conditions: other than the policy's own when its text says something else.
    pub(crate) fn clauses(&self) -> usize {
        self.clauses.len()
    }

    /// Where the keyword of a condition stands.
    pub(crate) fn clause(&self, clause: usize) -> Option<Spot> {
        let (keyword, _) = self.clauses.get(clause)?;
        Some(self.spot(self.tokens.get(*keyword)?.at))
    }

    /// Where an expression stands within a condition, if it stands there once.
    pub(crate) fn expression(&self, clause: usize, text: &str) -> Option<Spot> {
        let (_, body) = self.clauses.get(clause)?;
        let is_bracket = |token: &Token<'_>| matches!(token.text, "(" | ")");
        let wanted: Vec<&str> = tokens(text)
            .iter()
            .filter(|token| !is_bracket(token))
            .map(|token| token.text)
            .collect();
        let body: Vec<Token<'_>> = (self.tokens.get(body.clone())?.iter().copied())
            .filter(|token| !is_bracket(token))
            .collect();
        let mut found = body
            .windows(wanted.len().max(1))
            .filter(|window| window.iter().map(|token| token.text).eq(wanted.iter().copied()));
        let first = found.next()?.first()?;
        found.next().is_none().then(|| self.spot(first.at))
    }

    fn spot(&self, at: usize) -> Spot {
        let before = self.source.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Spot {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// Words, strings and operators, without blanks and comments.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let bytes = source.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let run = |from: usize, keep: &dyn Fn(u8) -> bool| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len())
    };
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        let end = match (byte, next) {
            (byte, _) if byte.is_ascii_whitespace() || byte == 0x0b => {
                at += 1;
                continue;
            }
            (b'/', Some(b'/')) => {
                at = run(at, &|byte| byte != b'\n');
                continue;
            }
            (b'"', _) => string_end(bytes, at + 1),
            (byte, _) if is_word(byte) => run(at, &is_word),
            (b'&', Some(b'&'))
            | (b'|', Some(b'|'))
            | (b':', Some(b':'))
            | (b'=' | b'!' | b'<' | b'>', Some(b'=')) => at + 2,
            _ => at + 1,
        };
        if let Some(text) = source.get(at..end) {
            tokens.push(Token { at, text });
        }
        at = end;
    }
    tokens
}

/// The end of a string literal, its closing quote included.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'"' => break,
            _ => {}
        }
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "@id(\"when {\") // when { not here }\npermit (principal, action, resource)\n\
        when { context.a == \"é}\" && (context.b > 3) }\n  unless { context.b > 3 || context.b > 3 };";

    fn spot(line: usize, column: usize) -> Option<Spot> {
        Some(Spot { line, column })
    }

    #[test]
    fn conditions_and_their_parts_are_found_where_they_stand_once() {
        let located = Located::new(POLICY);
        assert_eq!(located.clauses(), 2);
        assert_eq!(located.clause(0), spot(3, 1));
        assert_eq!(located.clause(1), spot(4, 3));
        assert_eq!(located.expression(0, "context.b > 3"), spot(3, 30));
        assert_eq!(located.expression(0, "(context.a) == \"é}\""), spot(3, 8));
        assert_eq!(located.expression(0, "context.c > 3"), None);
        assert_eq!(
            located.expression(1, "context.b > 3"),
            None,
            "it stands there twice"
        );
        assert_eq!(located.expression(2, "context.b > 3"), None);
        assert_eq!(located.expression(0, ""), None);
    }

    #[test]
    fn text_without_an_end_has_places_or_none() {
        for cut in (0..POLICY.len()).filter(|cut| POLICY.is_char_boundary(*cut)) {
            let located = Located::new(&POLICY[..cut]);
            let _ = (located.clause(1), located.expression(0, "context.b > 3"));
        }
    }
}
