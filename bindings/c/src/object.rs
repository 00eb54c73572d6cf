//! Handles: what C holds as `bw_thing *`. Each begins with a word that says what it is, so that a handle of another
//! type or one that has been freed is refused where its memory can still be read.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};

use bailiwick::{Error, ErrorKind, Result};

use crate::boundary::{catch, internal, null};
use crate::error::{BW_OK, bw_status};

/// A value behind its word.
#[repr(C)]
pub(crate) struct Tagged<T> {
    tag: AtomicU64,
    value: T,
}

/// The word of what has been freed.
const FREED: u64 = 0;

/// A type that C holds handles of. They are shared between the threads of the host, hence the bounds.
pub(crate) trait Object: Sized + Send + Sync {
    /// What messages call it.
    const NAME: &'static str;
    /// The word in front.
    const TAG: u64 = word(Self::NAME);
    /// What is behind it.
    type Value;

    fn tagged(&self) -> &Tagged<Self::Value>;

    fn is_one(&self) -> bool {
        self.tagged().tag.load(Ordering::Relaxed) == Self::TAG
    }
}

/// FNV-1a of the name: never 0 for the names there are.
const fn word(name: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0100_0000_01b3);
        rest = others;
    }
    hash
}

impl<T> Tagged<T> {
    pub(crate) const fn new(tag: u64, value: T) -> Self {
        Self {
            tag: AtomicU64::new(tag),
            value,
        }
    }
}

impl<T> Deref for Tagged<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Tagged<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Declares that a newtype of [`Tagged`] is a handle.
macro_rules! object {
    ($type:ident of $value:ty, $name:literal) => {
        impl $crate::object::Object for $type {
            const NAME: &'static str = $name;
            type Value = $value;

            fn tagged(&self) -> &$crate::object::Tagged<$value> {
                &self.0
            }
        }

        impl std::ops::Deref for $type {
            type Target = $value;

            fn deref(&self) -> &$value {
                &self.0
            }
        }

        impl std::ops::DerefMut for $type {
            fn deref_mut(&mut self) -> &mut $value {
                &mut self.0
            }
        }

        impl From<$value> for $type {
            fn from(value: $value) -> Self {
                Self($crate::object::Tagged::new(
                    <Self as $crate::object::Object>::TAG,
                    value,
                ))
            }
        }
    };
}
pub(crate) use object;

/// An object that must be given.
pub(crate) fn given<T: Object>(object: Option<&T>) -> Result<&T> {
    let object = object.ok_or_else(|| null(T::NAME))?;
    if object.is_one() {
        Ok(object)
    } else {
        Err(stale::<T>())
    }
}

/// The same for an object that is changed.
pub(crate) fn given_mut<T: Object>(object: Option<&mut T>) -> Result<&mut T> {
    let object = object.ok_or_else(|| null(T::NAME))?;
    if object.is_one() {
        Ok(object)
    } else {
        Err(stale::<T>())
    }
}

/// An object for a call that cannot fail.
pub(crate) fn maybe<T: Object>(object: Option<&T>) -> Option<&T> {
    object.filter(|object| object.is_one())
}

#[cold]
fn stale<T: Object>() -> Error {
    Error::new(
        ErrorKind::ArgumentInvalid,
        format!("the handle is not a live {}", T::NAME),
    )
    .help("it has been freed, or is a handle of another type")
}

/// Frees an object; nothing happens to NULL, nor to what is no live object of the type.
pub(crate) fn free<T: Object>(object: *mut T) {
    crate::boundary::total((), || {
        // SAFETY: C passes NULL or what a call handed out as a `T` and has not been freed; for anything else the check
        // of the word is made on a best effort and documented as such.
        let live = unsafe { object.as_ref() }.is_some_and(T::is_one);
        if live {
            // SAFETY: the object was made by `Box::into_raw` in `hand_out`, and by contract nobody else uses it now.
            let object = unsafe { Box::from_raw(object) };
            object.tagged().tag.store(FREED, Ordering::Relaxed);
            // Without this the store above, to memory about to be freed, could be left out.
            std::hint::black_box(&object);
            drop(object);
        }
        Some(())
    });
}

/// A builder with the first error that was met while it was filled: it fails whatever uses it, so that nobody has to
/// look at the status of each step.
pub struct Builder<T> {
    pub(crate) value: T,
    failure: Option<Error>,
}

impl<T> Builder<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { value, failure: None }
    }

    /// The value, unless a step failed.
    pub(crate) fn finished(&self) -> Result<&T> {
        match &self.failure {
            None => Ok(&self.value),
            Some(error) => Err(error.clone()),
        }
    }

    /// Forgets the error.
    pub(crate) fn forgive(&mut self) {
        self.failure = None;
    }
}

/// A step of a builder: changes it, or keeps the error.
pub(crate) fn step<B, T>(builder: Option<&mut B>, body: impl FnOnce(&mut T) -> Result<()>) -> bw_status
where
    B: Object<Value = Builder<T>> + DerefMut<Target = Builder<T>>,
{
    let builder = match given_mut(builder) {
        Ok(builder) => builder,
        Err(error) => return error.kind().code(),
    };
    if let Some(error) = &builder.failure {
        return error.kind().code();
    }
    match catch(|| body(&mut builder.value)).unwrap_or_else(|| Err(internal())) {
        Ok(()) => BW_OK,
        Err(error) => {
            let status = error.kind().code();
            builder.failure = Some(error);
            status
        }
    }
}
