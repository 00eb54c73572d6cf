//! What things cost here and in the library one would otherwise call: `make ratios`.
//!
//! One line for each case, tab-separated: name, ours in ns, the peer, the peer in ns, and how many times slower the
//! peer is.

#![expect(clippy::print_stdout, reason = "the lines are the result")]

mod measure;
mod verify;

fn main() {
    for row in verify::rows() {
        println!("{row}");
    }
}
