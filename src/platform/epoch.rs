//! When something was last taken out of service: what was issued before stays dead for ever.

use serde::{Deserialize, Serialize};

/// The last time that a noun was disabled, suspended or blocked.
///
/// The number is the state's sequence at that moment. A token carries the sequence at which it was minted, so one
/// comparison says whether it is older, and putting the noun back into service revives no old token. Tokens of other
/// issuers carry no sequence: for them the time counts, compared with the time at which the token was issued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// The state's sequence then; 0 for never.
    pub number: u64,
    /// The time then, in seconds since the Unix epoch.
    pub at: i64,
}

/// When a token was made: by the state's sequence, or by its own claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issued {
    /// Minted here, at this sequence.
    Sequence(u64),
    /// Minted elsewhere; its `iat`, where it has one.
    Time(Option<i64>),
}

impl Epoch {
    /// Whether a token outlived the moment: it was issued after it, or there was none.
    #[must_use]
    pub fn admits(self, issued: Issued) -> bool {
        match issued {
            _ if self.number == 0 => true,
            Issued::Sequence(number) => number >= self.number,
            // A token that does not say when it was issued cannot show that it is new enough.
            Issued::Time(at) => at.is_some_and(|at| at > self.at),
        }
    }
}
