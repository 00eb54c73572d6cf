//! What things cost here and in rivals that bring many dependencies: part of `make ratios`.
//!
//! The lines are those of `benches/ratios`.

mod decide;
#[path = "../../ratios/measure.rs"]
#[expect(dead_code, reason = "the cases here need only a part of it")]
mod measure;
#[path = "../../ratios/token.rs"]
mod token;
mod verify;

fn main() {
    for row in decide::rows().into_iter().chain(verify::rows()) {
        println!("{row}");
    }
}
