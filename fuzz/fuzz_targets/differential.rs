//! Policies, entities and requests by the differential test's generator, whose choices are the fuzzer's: every answer is
//! cedar-policy's.
#![no_main]
#![allow(unreachable_pub, reason = "the modules of one binary")]

#[path = "../../tests/differential/check.rs"]
mod check;
#[path = "../../tests/differential/compare.rs"]
mod compare;
#[path = "../../tests/differential/expressions.rs"]
mod expressions;
#[path = "../../tests/differential/generate.rs"]
mod generate;
#[path = "../../tests/differential/rng.rs"]
mod rng;
#[path = "../../tests/differential/words.rs"]
mod words;

use libfuzzer_sys::fuzz_target;

use generate::Generator;
use rng::Rng;

fuzz_target!(|choices: &[u8]| {
    let case = Generator::case(&mut Rng::of_choices(choices));
    let seed = choices.iter().fold(0_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(*byte))
    });
    check::check(&case, seed);
});
