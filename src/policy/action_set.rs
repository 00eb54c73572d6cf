//! Actions as numbers, and sets of them as bits.

use smallvec::SmallVec;

/// The number of an action of the schema, dense from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionIndex(pub(super) u32);

impl ActionIndex {
    /// The number.
    #[must_use]
    pub fn number(self) -> usize {
        self.0 as usize
    }
}

/// A set of actions of one schema, as bits.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ActionSet(SmallVec<[u64; 4]>);

impl Clone for ActionSet {
    /// All words at once: the derived one clones each.
    fn clone(&self) -> Self {
        Self(SmallVec::from_slice(&self.0))
    }
}

impl ActionSet {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an action.
    pub fn insert(&mut self, action: ActionIndex) {
        let (word, bit) = (action.number() / 64, action.number() % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << bit;
        }
    }

    /// Whether the set has an action.
    #[must_use]
    pub fn contains(&self, action: ActionIndex) -> bool {
        self.0
            .get(action.number() / 64)
            .is_some_and(|bits| bits >> (action.number() % 64) & 1 == 1)
    }

    /// Adds every action of another set.
    pub fn union_with(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (bits, more) in self.0.iter_mut().zip(&other.0) {
            *bits |= more;
        }
    }

    /// Keeps only the actions that another set has too.
    pub fn intersect_with(&mut self, other: &Self) {
        for (index, bits) in self.0.iter_mut().enumerate() {
            *bits &= other.0.get(index).copied().unwrap_or(0);
        }
    }

    /// The bits, lowest first.
    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }

    /// A set from its bits.
    pub(super) fn of_words(words: &[u64]) -> Self {
        Self(SmallVec::from_slice(words))
    }

    /// The highest number of its actions.
    pub(super) fn highest(&self) -> Option<usize> {
        let at = self.0.iter().rposition(|bits| *bits != 0)?;
        let bits = self.0.get(at)?;
        Some(at * 64 + bits.ilog2() as usize)
    }

    /// Number of actions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }
}
