//! A small generator of choices: the same seed, or the same bytes, give the same case on every machine.

pub struct Rng {
    state: u64,
    /// Choices that somebody else has made already, last first.
    made: Vec<u8>,
}

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03,
            made: Vec::new(),
        }
    }

    /// Takes the choices from bytes, as a fuzzer gives them, and goes on by itself behind their end.
    #[allow(dead_code, reason = "the fuzz target calls it")]
    pub fn of_choices(bytes: &[u8]) -> Self {
        Self {
            made: bytes.iter().rev().copied().collect(),
            ..Self::new(0)
        }
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        if let Some(choice) = self.made.pop() {
            return u64::from(choice);
        }
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}
