//! A persistent vector: a copy costs one reference count, a change copies one page and the path to it.

use std::sync::Arc;

const PAGE_BITS: u32 = 5;
const PAGE: usize = 1 << PAGE_BITS;
const SHEET_BITS: u32 = 8;
const SHEET: usize = 1 << SHEET_BITS;

/// Items of one page.
type Page<T> = Arc<[T]>;
/// Pages of one sheet.
type Sheet<T> = Arc<[Page<T>]>;

/// The vector. Items beyond its length read as their default.
pub(crate) struct Pages<T> {
    sheets: Arc<[Sheet<T>]>,
    len: u32,
}

fn split(index: u32) -> (usize, usize, usize) {
    let index = index as usize;
    (
        index >> (PAGE_BITS + SHEET_BITS),
        (index >> PAGE_BITS) & (SHEET - 1),
        index & (PAGE - 1),
    )
}

impl<T: Clone + Default> Pages<T> {
    pub(crate) fn new() -> Self {
        Self {
            sheets: Arc::from(Vec::new()),
            len: 0,
        }
    }

    /// One more than the highest index ever written, less what was popped.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (sheet, page, item) = split(index);
        self.sheets.get(sheet)?.get(page)?.get(item)
    }

    /// The item at `index`, to be changed; the vector grows to hold it.
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let (sheet, page, item) = split(index);
        if sheet >= self.sheets.len() {
            let blank: Page<T> = Arc::from(vec![T::default(); PAGE]);
            let mut sheets = self.sheets.to_vec();
            while sheets.len() <= sheet {
                sheets.push(Arc::from(vec![Arc::clone(&blank); SHEET]));
            }
            self.sheets = Arc::from(sheets);
        }
        self.len = self.len.max(index.saturating_add(1));
        let sheet = Arc::make_mut(&mut self.sheets).get_mut(sheet)?;
        let page = Arc::make_mut(sheet).get_mut(page)?;
        Arc::make_mut(page).get_mut(item)
    }

    pub(crate) fn set(&mut self, index: u32, item: T) {
        if let Some(slot) = self.get_mut(index) {
            *slot = item;
        }
    }

    /// Adds an item at the end; returns its index.
    pub(crate) fn push(&mut self, item: T) -> u32 {
        let index = self.len;
        self.set(index, item);
        index
    }

    /// Takes the last item off.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        let item = std::mem::take(self.get_mut(last)?);
        self.len = last;
        Some(item)
    }

    /// Indices and items up to the length.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..self.len).filter_map(|index| Some((index, self.get(index)?)))
    }
}

impl<T> Clone for Pages<T> {
    fn clone(&self) -> Self {
        Self {
            sheets: Arc::clone(&self.sheets),
            len: self.len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_grow_pop_and_keep_their_clones_apart() {
        let mut pages: Pages<u32> = Pages::new();
        for value in 0..20_000 {
            assert_eq!(pages.push(value * 3), value);
        }
        let before = pages.clone();
        pages.set(12_345, 1);
        while pages.len() > 10 {
            pages.pop();
        }
        assert_eq!(pages.iter().map(|(_, item)| *item).sum::<u32>(), 135);
        assert!(before.iter().all(|(index, item)| *item == index * 3));
        assert_eq!(before.len(), 20_000);
        assert_eq!(pages.get(u32::MAX), None);
    }
}
