//! Handles of interned uids, and sets of them.

use std::sync::Arc;

use super::table::{Slot, Table};

/// The number of an interned uid, dense from 0; below [`MAX_HANDLES`].
pub(crate) type Handle = u32;

/// Handles leave the upper half of `u32` to the keys of types and to markers.
pub(crate) const MAX_HANDLES: u32 = 1 << 31;

/// A multiply-and-fold mix of two words: small integers become well-spread hashes.
#[inline]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xD1B5_4A32_D192_ED03);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded together")]
    let folded = (product as u64) ^ ((product >> 64) as u64);
    folded.wrapping_mul(0xA24B_AED4_963E_E407) ^ (folded >> 29)
}

/// One member of a large [`HandleSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member(std::num::NonZeroU32);

impl Member {
    fn new(handle: Handle) -> Option<Self> {
        std::num::NonZeroU32::new(handle.wrapping_add(1)).map(Self)
    }

    fn handle(self) -> Handle {
        self.0.get().wrapping_sub(1)
    }
}

impl Slot for Member {
    #[inline]
    fn hash(&self) -> u64 {
        mix(u64::from(self.0.get()), 0x2545_F491_4F6C_DD1D)
    }
}

/// A persistent set of handles: nothing, one in place, a short list, or a table. Two words, for there are several of
/// each handle.
#[derive(Clone, Default)]
pub(crate) enum HandleSet {
    #[default]
    None,
    One(Handle),
    Few(Arc<Vec<Handle>>),
    Many(Arc<Table<Member>>),
}

/// Above this a set turns into a table, whose changes copy a path instead of the whole.
const MAX_FEW: usize = 32;

impl HandleSet {
    pub(crate) fn len(&self) -> usize {
        match self {
            HandleSet::None => 0,
            HandleSet::One(_) => 1,
            HandleSet::Few(list) => list.len(),
            HandleSet::Many(table) => table.len(),
        }
    }

    pub(crate) fn contains(&self, handle: Handle) -> bool {
        match self {
            HandleSet::None => false,
            HandleSet::One(one) => *one == handle,
            HandleSet::Few(list) => list.contains(&handle),
            HandleSet::Many(table) => Member::new(handle)
                .is_some_and(|member| table.find(member.hash(), |other| *other == member).is_some()),
        }
    }

    /// Adds a handle that is not yet a member, or leaves the set alone.
    pub(crate) fn insert(&mut self, handle: Handle) {
        if !self.contains(handle) {
            self.insert_new(handle);
        }
    }

    /// Adds a handle that is not a member.
    pub(crate) fn insert_new(&mut self, handle: Handle) {
        match self {
            HandleSet::None => *self = HandleSet::One(handle),
            HandleSet::One(one) => *self = HandleSet::Few(Arc::new(vec![*one, handle])),
            HandleSet::Few(list) if list.len() < MAX_FEW => {
                Arc::make_mut(list).push(handle);
            }
            HandleSet::Few(list) => {
                let mut table = Table::new();
                let members = list.iter().copied().chain(std::iter::once(handle));
                members
                    .filter_map(Member::new)
                    .for_each(|member| table.insert(member));
                *self = HandleSet::Many(Arc::new(table));
            }
            HandleSet::Many(table) => {
                if let Some(member) = Member::new(handle) {
                    Arc::make_mut(table).insert(member);
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, handle: Handle) {
        if !self.contains(handle) {
            return;
        }
        match self {
            HandleSet::None | HandleSet::One(_) => *self = HandleSet::None,
            HandleSet::Few(list) => {
                let rest: Vec<Handle> = list.iter().copied().filter(|other| *other != handle).collect();
                *self = Self::from_list(&rest);
            }
            HandleSet::Many(table) => {
                if let Some(member) = Member::new(handle) {
                    Arc::make_mut(table).remove(member.hash(), |other| *other == member);
                }
                if table.len() <= MAX_FEW / 2 {
                    let mut rest = Vec::with_capacity(table.len());
                    table.for_each(&mut |member| rest.push(member.handle()));
                    *self = Self::from_list(&rest);
                }
            }
        }
    }

    fn from_list(list: &[Handle]) -> Self {
        match list {
            [] => HandleSet::None,
            [one] => HandleSet::One(*one),
            list => HandleSet::Few(Arc::new(list.to_vec())),
        }
    }

    /// Visits every member once.
    pub(crate) fn for_each(&self, visit: &mut impl FnMut(Handle)) {
        match self {
            HandleSet::None => {}
            HandleSet::One(one) => visit(*one),
            HandleSet::Few(list) => list.iter().for_each(|handle| visit(*handle)),
            HandleSet::Many(table) => table.for_each(&mut |member| visit(member.handle())),
        }
    }
}

/// Sorted, distinct handles: the ancestors of an entity, with a quick test for membership when there are many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ancestors {
    sorted: smallvec::SmallVec<[Handle; 4]>,
    /// Open-addressed places of `handle + 1`, a power of two of them; only for long lists.
    places: Option<Arc<Vec<u32>>>,
}

/// Up to this many ancestors a search of the sorted list is as quick as a hash look-up.
const MAX_SEARCHED: usize = 32;

impl Ancestors {
    /// No ancestors.
    pub(crate) const NONE: Self = Self {
        sorted: smallvec::SmallVec::new_const(),
        places: None,
    };

    /// From handles in any order, with repetitions.
    pub(crate) fn new(handles: impl IntoIterator<Item = Handle>) -> Self {
        let mut ancestors = Self::NONE;
        ancestors.sorted.extend(handles);
        ancestors.arrange();
        ancestors
    }

    /// Adds one to what will be [arranged](Self::arrange).
    #[inline]
    pub(crate) fn push(&mut self, handle: Handle) {
        self.sorted.push(handle);
    }

    /// Adds those of another entity.
    #[inline]
    pub(crate) fn extend(&mut self, others: &Self) {
        self.sorted.extend_from_slice(&others.sorted);
    }

    /// Puts what was added into order, each once, and makes it quick to search.
    pub(crate) fn arrange(&mut self) {
        let sorted = &mut self.sorted;
        if !sorted.is_sorted_by(|a, b| a < b) {
            sorted.sort_unstable();
            sorted.dedup();
        }
        self.places = (sorted.len() > MAX_SEARCHED).then(|| {
            let mut places = vec![0_u32; (sorted.len() * 2).next_power_of_two()];
            let mask = places.len() - 1;
            for &handle in sorted.iter() {
                let mut at = place_of(handle, mask);
                while places.get(at).is_some_and(|taken| *taken != 0) {
                    at = (at + 1) & mask;
                }
                if let Some(free) = places.get_mut(at) {
                    *free = handle.wrapping_add(1);
                }
            }
            Arc::new(places)
        });
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[Handle] {
        &self.sorted
    }

    #[inline]
    pub(crate) fn contains(&self, handle: Handle) -> bool {
        match &self.places {
            None if self.sorted.len() <= 8 => self.sorted.contains(&handle),
            None => self.sorted.binary_search(&handle).is_ok(),
            Some(places) => {
                let mask = places.len() - 1;
                let mut at = place_of(handle, mask);
                loop {
                    match places.get(at) {
                        Some(&taken) if taken == handle.wrapping_add(1) => return true,
                        Some(0) | None => return false,
                        Some(_) => at = (at + 1) & mask,
                    }
                }
            }
        }
    }
}

#[inline]
fn place_of(handle: Handle, mask: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only the trailing bits are wanted"
    )]
    let mixed = mix(u64::from(handle), 0x6C62_272E_07BB_0142) as usize;
    mixed & mask
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_handle_set_is_a_set_at_every_size() {
        let mut set = HandleSet::default();
        let mut model = BTreeSet::new();
        for step in 0..600_u32 {
            let handle = step * 7 % 101;
            if step % 200 < 120 {
                set.insert(handle);
                model.insert(handle);
            } else {
                set.remove(handle);
                model.remove(&handle);
            }
            let mut seen = BTreeSet::new();
            set.for_each(&mut |handle| assert!(seen.insert(handle)));
            assert_eq!(seen, model);
            assert_eq!(set.len(), model.len());
            assert_eq!(set.contains(5), model.contains(&5));
        }
    }

    #[test]
    fn ancestors_are_found_among_few_and_many() {
        for count in [0_u32, 1, 8, 9, 32, 33, 5_000] {
            let ancestors = Ancestors::new((0..count).rev().map(|n| n * 3));
            for handle in 0..count * 3 + 3 {
                assert_eq!(ancestors.contains(handle), handle % 3 == 0 && handle / 3 < count);
            }
        }
    }
}
