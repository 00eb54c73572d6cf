//! What is checked of Cedar text before Cedar's parser sees it.
//!
//! The parser and the tree conversions behind it recurse without a bound of their own and abort the process on text
//! that nests too deeply. This scan knows just enough of the language (strings, comments, brackets, `if`) to bound the
//! depth, and to cut a file into its statements.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_POLICY_BYTES, MAX_POLICY_CONDITIONALS, MAX_POLICY_NESTING, MAX_POLICY_OPERATORS};

use super::source::Document;

/// One policy or template of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// Byte offset of its first character that is neither blank nor comment.
    pub(super) start: usize,
    /// Byte offset behind its semicolon.
    pub(super) end: usize,
    /// Whether it has slots (`?principal`, `?resource`), which makes it a template.
    pub(super) template: bool,
    /// Whether its syntax tree may be deeper than trees usually are.
    pub(super) deep: bool,
}

impl Statement {
    /// What is written there.
    pub(super) fn text<'d>(&self, document: &'d Document) -> &'d str {
        document.text.get(self.start..self.end).unwrap_or_default()
    }
}

/// More operators or conditionals than this may make a deep tree.
const MAX_FLAT_OPERATORS: usize = 500;
const MAX_FLAT_CONDITIONALS: usize = 32;

/// What has been counted since the last statement began.
#[derive(Default)]
struct Counts {
    start: Option<usize>,
    nesting: usize,
    conditionals: usize,
    operators: usize,
    template: bool,
}

/// Cuts policy text into statements.
///
/// # Errors
///
/// [`ErrorKind::LimitExceeded`] at the place where a limit is passed.
pub(super) fn statements(document: &Document) -> Result<Vec<Statement>> {
    let mut statements = Vec::new();
    let mut counts = Counts::default();
    let mut tokens = Tokens {
        text: document.text.as_bytes(),
        at: 0,
    };
    while let Some((at, token)) = tokens.next() {
        let start = *counts.start.get_or_insert(at);
        counts.take(document, at, token, b"([{", b")]}")?;
        let end = tokens.at;
        if end - start > MAX_POLICY_BYTES {
            return Err(too_much(
                document,
                start,
                "policy",
                &format!("{MAX_POLICY_BYTES} bytes long"),
            ));
        }
        if counts.nesting == 0 && token == Token::Byte(b';') {
            statements.push(counts.statement(start, end));
            counts = Counts::default();
        }
    }
    if let Some(start) = counts.start {
        statements.push(counts.statement(start, document.text.len()));
    }
    Ok(statements)
}

/// Checks schema text; generics nest there too.
///
/// # Errors
///
/// [`ErrorKind::LimitExceeded`] at the place where a limit is passed.
pub(super) fn schema(document: &Document) -> Result<()> {
    let mut counts = Counts::default();
    let tokens = Tokens {
        text: document.text.as_bytes(),
        at: 0,
    };
    for (at, token) in tokens {
        counts.take(document, at, token, b"([{<", b")]}>")?;
        // Only depth matters in a schema: it has no operators.
        counts.operators = 0;
    }
    Ok(())
}

impl Counts {
    /// What has been counted, as a statement.
    fn statement(&self, start: usize, end: usize) -> Statement {
        Statement {
            start,
            end,
            template: self.template,
            deep: self.operators > MAX_FLAT_OPERATORS || self.conditionals > MAX_FLAT_CONDITIONALS,
        }
    }

    fn take(
        &mut self,
        document: &Document,
        at: usize,
        token: Token,
        open: &[u8],
        close: &[u8],
    ) -> Result<()> {
        match token {
            Token::Byte(byte) if open.contains(&byte) => {
                self.nesting += 1;
                if self.nesting > MAX_POLICY_NESTING {
                    return Err(too_much(
                        document,
                        at,
                        "text",
                        &format!("nested {MAX_POLICY_NESTING} levels deep"),
                    ));
                }
            }
            Token::Byte(byte) if close.contains(&byte) => self.nesting = self.nesting.saturating_sub(1),
            Token::Byte(b'?') => self.template = true,
            Token::Byte(b'&' | b'|' | b'+' | b'-' | b'*' | b'.' | b'!') => {
                self.operators += 1;
                // `&&` and `||` count for two bytes, so the bound on bytes is twice the bound on operators.
                if self.operators > 2 * MAX_POLICY_OPERATORS {
                    let limit = format!("made of {MAX_POLICY_OPERATORS} operators");
                    return Err(too_much(document, at, "policy", &limit));
                }
            }
            Token::If => {
                self.conditionals += 1;
                if self.conditionals > MAX_POLICY_CONDITIONALS {
                    let limit = format!("made of {MAX_POLICY_CONDITIONALS} conditionals");
                    return Err(too_much(document, at, "policy", &limit));
                }
            }
            Token::Byte(_) | Token::Word | Token::Text => {}
        }
        Ok(())
    }
}

fn too_much(document: &Document, at: usize, what: &str, limit: &str) -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!("{what} that is more than {limit}"),
    )
    .at(document.place(at, 1))
    .help("split it into several policies, or turn the chain into a set: [a, b, c].contains(x)")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// The keyword `if`.
    If,
    /// Any other word or number.
    Word,
    /// A string literal.
    Text,
    /// Any other byte.
    Byte(u8),
}

/// Walks over text, passing over blanks and comments.
struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = (usize, Token);

    fn next(&mut self) -> Option<(usize, Token)> {
        loop {
            let byte = *self.text.get(self.at)?;
            let start = self.at;
            self.at += 1;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => {}
                b'/' if self.text.get(self.at) == Some(&b'/') => self.skip_while(|byte| byte != b'\n'),
                b'"' => {
                    self.skip_string();
                    return Some((start, Token::Text));
                }
                _ if is_word(byte) => {
                    self.skip_while(is_word);
                    let word = self.text.get(start..self.at).unwrap_or_default();
                    return Some((start, if word == b"if" { Token::If } else { Token::Word }));
                }
                _ => return Some((start, Token::Byte(byte))),
            }
        }
    }
}

impl Tokens<'_> {
    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len());
    }

    /// Passes over the rest of a string; one that never ends takes the rest of the text.
    fn skip_string(&mut self) {
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => return,
                _ => {}
            }
        }
        self.at = self.text.len();
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
#[path = "bounds_tests.rs"]
mod tests;
