//! The texts of a resource that a request brings along: copied into few blocks of memory instead of one for each.

use std::borrow::Cow;
use std::marker::PhantomData;

use bailiwick::EntityUid;

/// Where the texts of what is built go, which lives for `'t`.
pub(crate) trait Keep<'t> {
    /// A copy of a text.
    fn text(&mut self, text: &str) -> Cow<'t, str>;

    /// A copy of a uid.
    fn uid(&mut self, uid: bailiwick::EntityRef<'_>) -> EntityUid<'t> {
        EntityUid::new(self.text(uid.type_name), self.text(uid.id))
    }
}

/// Copies each text by itself.
pub(crate) struct Copied;

impl Keep<'static> for Copied {
    fn text(&mut self, text: &str) -> Cow<'static, str> {
        Cow::Owned(text.to_owned())
    }
}

/// Size of the first block; the texts of an ordinary resource fit into it.
const FIRST_BLOCK: usize = 240;

/// Blocks whose texts are never written to again nor moved while they are in use.
struct Blocks {
    last: Vec<u8>,
    full: Vec<Vec<u8>>,
}

impl Blocks {
    const fn new() -> Self {
        Self {
            last: Vec::new(),
            full: Vec::new(),
        }
    }

    /// The block that has room for so many bytes.
    fn with_room(&mut self, bytes: usize) -> &mut Vec<u8> {
        let capacity = self.last.capacity();
        if capacity - self.last.len() < bytes {
            let next = Vec::with_capacity(bytes.max(2 * capacity).max(FIRST_BLOCK));
            let full = std::mem::replace(&mut self.last, next);
            if capacity > 0 {
                self.full.push(full);
            }
        }
        &mut self.last
    }
}

/// Copies texts into blocks that live for `'t`.
pub(crate) struct InBlocks<'t> {
    blocks: &'t mut Blocks,
    /// Neither a longer nor a shorter life will do.
    life: PhantomData<fn(&'t ()) -> &'t ()>,
}

impl<'t> Keep<'t> for InBlocks<'t> {
    fn text(&mut self, text: &str) -> Cow<'t, str> {
        let block = self.blocks.with_room(text.len());
        let start = block.len();
        block.extend_from_slice(text.as_bytes());
        let copy: *const [u8] = block.get(start..).unwrap_or_default();
        // SAFETY: the block had room, so its memory did not move and will not; nothing writes to this part of it again, and
        // it lives for 't. The bytes are those of a `str`.
        Cow::Borrowed(unsafe { std::str::from_utf8_unchecked(&*copy) })
    }
}

/// A resource with the blocks that its texts lie in.
pub(crate) struct HeldResource {
    /// Borrows from the blocks: handed out for the life of both alone.
    resource: bailiwick::Resource<'static>,
    _blocks: Blocks,
}

impl HeldResource {
    /// Builds a resource whose texts are kept.
    pub(crate) fn build<E>(
        build: impl for<'t> FnOnce(&mut InBlocks<'t>) -> Result<bailiwick::Resource<'t>, E>,
    ) -> Result<Self, E> {
        let mut blocks = Blocks::new();
        let resource = {
            let life = PhantomData;
            let resource = build(&mut InBlocks {
                blocks: &mut blocks,
                life,
            })?;
            // SAFETY: what `build` returns borrows from the blocks at most, as it must do for any 't. They stay beside the
            // resource, which is dropped first and never given away with this lifetime.
            unsafe { std::mem::transmute::<bailiwick::Resource<'_>, bailiwick::Resource<'static>>(resource) }
        };
        Ok(Self {
            resource,
            _blocks: blocks,
        })
    }

    /// The resource, borrowing from this.
    pub(crate) fn get(&self) -> &bailiwick::Resource<'_> {
        &self.resource
    }
}

impl From<bailiwick::Resource<'static>> for HeldResource {
    fn from(resource: bailiwick::Resource<'static>) -> Self {
        Self {
            resource,
            _blocks: Blocks::new(),
        }
    }
}
