//! Printing what a command on a store did or found.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value as Json;

use super::Common;
use crate::output::{Failure, Outcome, print, print_json};

/// A change that was made: a line for people, a value for programs.
pub(super) fn done(common: &Common, line: &str, value: &impl Serialize) -> Result<Outcome, Failure> {
    if common.is_json() {
        print_json(value)?;
    } else {
        print(&format!("{line}\n"))?;
    }
    Ok(Outcome::Fine)
}

/// A listing: columns for people, the records for programs.
pub(super) fn listing<R: Serialize, const N: usize>(
    common: &Common,
    heads: [&str; N],
    records: &[R],
    row: impl Fn(&R) -> [String; N],
) -> Result<Outcome, Failure> {
    if common.is_json() {
        print_json(&records)?;
        return Ok(Outcome::Fine);
    }
    let mut rows = vec![heads.map(str::to_uppercase)];
    rows.extend(records.iter().map(row));
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    print(&text)?;
    Ok(Outcome::Fine)
}

/// A record as JSON, without what only the store needs.
pub(super) fn record(record: Option<&impl Serialize>) -> Json {
    let mut json = record
        .and_then(|record| serde_json::to_value(record).ok())
        .unwrap_or(Json::Null);
    if let Some(members) = json.as_object_mut() {
        members.remove("digest");
        members.remove("sealed");
    }
    json
}

/// A list in a cell; `-` for an empty one.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() {
        "-".to_owned()
    } else {
        items.join(" ")
    }
}

/// The permitted projects in a cell.
pub(super) fn projects(projects: &bailiwick::platform::Projects) -> String {
    match projects {
        bailiwick::platform::Projects::All => "all".to_owned(),
        bailiwick::platform::Projects::Listed(listed) => list(listed.iter()),
    }
}

/// A time in seconds since the Unix epoch, as RFC 3339 in UTC.
pub(super) fn time(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let second = seconds.rem_euclid(86_400);
    // Howard Hinnant's civil_from_days, on eras of 400 years.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}
