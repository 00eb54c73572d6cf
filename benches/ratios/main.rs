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

/// The first argument, if there is one: only cases whose name begins with it are measured. A second one runs our side of
/// the case of just this name so many times and measures nothing, for a tool that counts instructions.
fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let wanted = arguments.next().unwrap_or_default();
    if let Some(runs) = arguments.next() {
        let runs = runs.parse().unwrap();
        measure::COUNTED.get_or_init(|| (wanted.clone(), runs));
    }
    let groups: &[(&str, Rows)] = &[
        // First, for it measures how the process grows: memory that another row gave back would hide that.
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
    for (name, rows) in groups {
        if name.starts_with(&wanted) || wanted.starts_with(*name) {
            for row in rows() {
                if measure::COUNTED.get().is_none() {
                    println!("{row}");
                }
            }
        }
    }
}
