//! Entity uids, owned or borrowed from the host, and the borrowed pair that look-ups take.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NAME_BYTES;

/// The uid of an entity: its type and its id, as in `Rfi::"42"`. Compared byte by byte; nothing is folded or trimmed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityUid<'a> {
    type_name: Cow<'a, str>,
    id: Cow<'a, str>,
}

/// A borrowed entity uid: what a look-up takes. Two string slices, free to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef<'a> {
    /// The type, with its namespace: `Rfi`, `Platform::Rfi`.
    pub type_name: &'a str,
    /// The id, without quotes or escapes.
    pub id: &'a str,
}

impl<'a> EntityUid<'a> {
    /// A uid from a type name (with its namespace) and an id (without quotes).
    #[must_use]
    pub fn new(type_name: impl Into<Cow<'a, str>>, id: impl Into<Cow<'a, str>>) -> Self {
        Self {
            type_name: type_name.into(),
            id: id.into(),
        }
    }

    /// The type, with its namespace.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The id, without quotes or escapes.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The borrowed pair.
    #[must_use]
    pub fn as_ref(&self) -> EntityRef<'_> {
        EntityRef {
            type_name: &self.type_name,
            id: &self.id,
        }
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> EntityUid<'static> {
        EntityUid {
            type_name: Cow::Owned(self.type_name.into_owned()),
            id: Cow::Owned(self.id.into_owned()),
        }
    }
}

impl FromStr for EntityUid<'static> {
    type Err = Error;

    /// Reads Cedar's own form, `Type::"id"`, escapes included.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = || {
            Error::new(
                ErrorKind::EntityInvalid,
                format!("`{}` is not an entity uid", shorten(text)),
            )
            .help("write it as Type::\"id\", for example Rfi::\"42\"")
        };
        if text.len() > MAX_NAME_BYTES {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "an entity uid of {} bytes; at most {MAX_NAME_BYTES} are accepted",
                    text.len()
                ),
            ));
        }
        // Cedar's parser recurses on nested brackets, and no uid has one outside of its quoted id.
        let outside = text.split('"').next().unwrap_or("");
        if !outside.ends_with("::")
            || !outside
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_: \t".contains(&b))
        {
            return Err(invalid());
        }
        let uid = cedar_policy::EntityUid::from_str(text).map_err(|_| invalid())?;
        Ok(Self::from(&uid))
    }
}

impl From<&cedar_policy::EntityUid> for EntityUid<'static> {
    fn from(uid: &cedar_policy::EntityUid) -> Self {
        Self {
            type_name: Cow::Owned(uid.type_name().to_string()),
            id: Cow::Owned(AsRef::<str>::as_ref(uid.id()).to_owned()),
        }
    }
}

impl<'a> EntityRef<'a> {
    /// A pair from its parts.
    #[must_use]
    pub const fn new(type_name: &'a str, id: &'a str) -> Self {
        Self { type_name, id }
    }

    /// A uid that borrows the same text.
    #[must_use]
    pub fn to_uid(self) -> EntityUid<'a> {
        EntityUid::new(self.type_name, self.id)
    }

    /// The uid of cedar-policy; an error when the type is not a name of Cedar's.
    pub(crate) fn to_cedar(self) -> Result<cedar_policy::EntityUid> {
        let type_name = self.type_name;
        let plausible = type_name.len() <= MAX_NAME_BYTES
            && type_name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':');
        plausible
            .then(|| cedar_policy::EntityTypeName::from_str(type_name).ok())
            .flatten()
            .map(|name| {
                cedar_policy::EntityUid::from_type_name_and_id(name, cedar_policy::EntityId::new(self.id))
            })
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::RequestInvalid,
                    format!("`{}` is not an entity type", shorten(type_name)),
                )
                .help("a type is a name such as Rfi, with its namespace if it has one: Platform::Rfi")
            })
    }
}

impl fmt::Display for EntityRef<'_> {
    /// Cedar's own form, `Type::"id"`, with the id escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::\"{}\"", self.type_name, self.id.escape_debug())
    }
}

impl fmt::Display for EntityUid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// The beginning of a text from outside, fit for a message.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
