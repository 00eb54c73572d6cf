//! A suite file as it is written.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_saphyr::Spanned;

use crate::error::{Error, ErrorKind, Location, Result};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suite {
    pub(super) suite: String,
    pub(super) tenant: Option<String>,
    pub(super) cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: Spanned<String>,
    pub(super) principal: Option<String>,
    pub(super) token: Option<Token>,
    pub(super) tenant: Option<String>,
    pub(super) action: String,
    pub(super) resource: Json,
    #[serde(default)]
    pub(super) entities: Vec<Json>,
    pub(super) context: Option<Json>,
    pub(super) allow: Option<bool>,
    pub(super) deny: Option<String>,
    pub(super) policies: Option<Vec<String>>,
    pub(super) errors: Option<Vec<String>>,
}

/// What a token would say; no signature is involved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) user: Option<String>,
    pub(super) service_account: Option<String>,
    pub(super) app: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) tenant: Option<String>,
    pub(super) grant_type: Option<String>,
}

pub(super) fn parse(file: &Path, text: &str) -> Result<Suite> {
    serde_saphyr::from_str(text).map_err(|error| {
        let location = error.location().map_or_else(
            || Location::file(file),
            |at| {
                let line = usize::try_from(at.line()).unwrap_or(0);
                let column = usize::try_from(at.column()).unwrap_or(0);
                let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
                let line_text = text.get(start..).unwrap_or("");
                let within: usize = line_text.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
                Location::in_text(file, text, start + within, 1)
            },
        );
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or("not a suite").to_owned();
        Error::new(ErrorKind::SuiteInvalid, message)
            .at(location)
            .help("a suite has `suite`, `cases` and perhaps `tenant`; a case `name`, `principal` or `token`, `action`, `resource`, and `allow` or `deny`")
    })
}
