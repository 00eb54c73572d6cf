//! What things cost here and in the library one would otherwise call: `make ratios`.
//!
//! One line for each case, tab-separated: name, ours in ns, the peer, the peer in ns, and how many times slower the
//! peer is; `-` where there is no peer. Before a case is measured, both sides must give its right answers.

#![expect(clippy::print_stdout, reason = "the lines are the result")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run has no result"
)]

mod cached;
mod cedar;
mod conditions;
mod links;
mod load;
mod measure;
mod memory;
mod mint;
mod overlay;
mod platform;
mod random;
mod session;
mod standing;
#[cfg(feature = "sqlite")]
mod store;
mod token;
mod verify;
mod wide;

use measure::Row;

/// The rows of one subject.
type Rows = fn() -> Vec<Row>;

/// Says that the next argument is the group whose rows this process measures.
const GROUP: &str = "--group";

/// The first argument, if there is one: only cases whose name begins with it are measured. A second one runs our side of
/// the case of just this name so many times and measures nothing, for a tool that counts instructions.
fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let only = match arguments.first() {
        Some(first) if first == GROUP => Some(arguments.drain(..2).next_back().unwrap()),
        _ => None,
    };
    let mut arguments = arguments.into_iter();
    let wanted = arguments.next().unwrap_or_default();
    if let Some(runs) = arguments.next() {
        let runs = runs.parse().unwrap();
        measure::COUNTED.get_or_init(|| (wanted.clone(), runs));
    }
    let groups: &[(&str, Rows)] = &[
        ("million", links::million),
        ("verify", verify::rows),
        ("verify/cached", cached::cached),
        ("verify/overflow", cached::overflow),
        ("mint", mint::rows),
        ("decide/links", links::rows),
        ("decide/conditions", conditions::rows),
        ("decide/wide", wide::rows),
        ("decide/overlay", overlay::rows),
        ("decide/together", links::together),
        ("session", session::rows),
        ("platform/client-credentials", platform::rows),
        ("platform/decide", standing::decide),
        ("platform/revalidate", standing::revalidate),
        ("platform/audit", standing::audit),
        #[cfg(feature = "sqlite")]
        ("store/commit", store::commit),
        #[cfg(feature = "sqlite")]
        ("store/open", store::open),
        ("load", load::rows),
    ];
    let groups = groups
        .iter()
        .filter(|(name, _)| name.starts_with(&wanted) || wanted.starts_with(*name));
    for (name, rows) in groups {
        if measure::COUNTED.get().is_some() {
            rows();
        } else if only.is_none() {
            in_its_own_process(name, &wanted);
        } else if only.as_deref() == Some(*name) {
            rows().iter().for_each(|row| println!("{row}"));
        }
    }
}

/// Measures a group in a process that has measured nothing else: the memory that other rows leave behind, scattered or
/// given back, shows in what a row takes and in how long it takes.
fn in_its_own_process(group: &str, wanted: &str) {
    let this = std::env::current_exe().unwrap();
    let status = std::process::Command::new(this)
        .args([GROUP, group, wanted])
        .status();
    assert!(status.unwrap().success(), "{group} was not measured");
}
