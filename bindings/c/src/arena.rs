//! Memory for the texts of one request: filled by copying, emptied all at once, used again.

use std::borrow::Cow;
use std::ptr::NonNull;

/// Size of the block at first; the texts of an ordinary request fit into it.
const FIRST_BLOCK: usize = 2 << 10;

/// The block does not grow beyond this; what does not fit is allocated by itself.
const LARGEST_BLOCK: usize = 64 << 10;

/// A block of memory that does not move while texts lie in it.
pub(crate) struct Arena {
    block: NonNull<[u8]>,
    taken: usize,
    /// How much the texts since the last `clear` would have taken.
    wanted: usize,
}

// SAFETY: the arena owns its block as a `Box<[u8]>` does; nothing in it is tied to a thread.
unsafe impl Send for Arena {}
// SAFETY: a shared arena can do nothing.
unsafe impl Sync for Arena {}

impl Arena {
    pub(crate) fn new() -> Self {
        Self {
            block: block(FIRST_BLOCK),
            taken: 0,
            wanted: 0,
        }
    }

    /// Copies a text into the block, or by itself when the block is full.
    ///
    /// # Safety
    ///
    /// The copy must not be read any more after [`clear`](Arena::clear), nor after the arena is dropped.
    #[inline]
    pub(crate) unsafe fn keep(&mut self, text: &str) -> Cow<'static, str> {
        self.wanted += text.len();
        if self.block.len() - self.taken < text.len() {
            return Cow::Owned(text.to_owned());
        }
        // SAFETY: the block has room for the text behind what is taken, and nothing else refers to that part until
        // `clear`, before which the caller ends the use of the copy. The bytes are those of a `str`.
        let copy = unsafe {
            let start = self.block.cast::<u8>().as_ptr().add(self.taken);
            copy(text.as_bytes(), start);
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(start, text.len()))
        };
        self.taken += text.len();
        Cow::Borrowed(copy)
    }

    /// Forgets all texts, and makes the block large enough for as many again.
    pub(crate) fn clear(&mut self) {
        if self.wanted > self.block.len() && self.block.len() < LARGEST_BLOCK {
            self.release();
            self.block = block(self.wanted.next_power_of_two().min(LARGEST_BLOCK));
        }
        self.taken = 0;
        self.wanted = 0;
    }

    fn release(&mut self) {
        // SAFETY: `block` came from a box and is given back once: by `clear`, which puts another in its place, or by drop.
        drop(unsafe { Box::from_raw(self.block.as_ptr()) });
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.release();
    }
}

/// Copies bytes to where there is room for them. Most are short, and a call would cost more than the copying.
///
/// # Safety
///
/// `to` is good for writing as many bytes as there are, and they lie elsewhere.
#[inline]
unsafe fn copy(bytes: &[u8], to: *mut u8) {
    // SAFETY: the parts lie within the bytes, the first at the beginning and the last at the end of the room.
    unsafe {
        match bytes.len() {
            4..8 => copy_ends::<4>(bytes, to),
            8..=16 => copy_ends::<8>(bytes, to),
            _ => std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()),
        }
    }
}

/// Copies the first and the last `N` bytes, which overlap or meet.
///
/// # Safety
///
/// As for [`copy`]; the number of bytes is from `N` to twice `N`.
#[inline]
unsafe fn copy_ends<const N: usize>(bytes: &[u8], to: *mut u8) {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) {
        // SAFETY: there are at least `N` bytes, so both places lie within the room for them.
        unsafe {
            to.cast::<[u8; N]>().write_unaligned(*first);
            to.add(bytes.len() - N).cast::<[u8; N]>().write_unaligned(*last);
        }
    }
}

/// A block, kept as a bare pointer: moving a box would end the use of what points into it.
fn block(size: usize) -> NonNull<[u8]> {
    NonNull::from(Box::leak(vec![0; size].into_boxed_slice()))
}
