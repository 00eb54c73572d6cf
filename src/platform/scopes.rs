//! Sets of OAuth scopes, in their one spelling.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_SCOPES;
use crate::value::shorten;

/// A set of scopes: sorted, each once, compared byte by byte. Empty grants nothing.
///
/// ```
/// use bailiwick::platform::Scopes;
///
/// let scopes: Scopes = "rfis:read drawings:read".parse()?;
/// assert_eq!(scopes.to_string(), "drawings:read rfis:read");
/// assert!("rfis:read\u{a0}rfis:write".parse::<Scopes>().is_err());
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scopes(Arc<[Box<str>]>);

impl Scopes {
    /// No scopes.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::from(Vec::new()))
    }

    /// From names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PlatformInvalid`] for a name that is no `scope-token` of RFC 6749 §3.3 (printable ASCII without
    /// space, quote and backslash), and for more than [`MAX_SCOPES`].
    pub fn new<'s>(names: impl IntoIterator<Item = &'s str>) -> Result<Self> {
        let mut scopes = BTreeSet::new();
        for name in names {
            let is_token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(Error::new(
                    ErrorKind::PlatformInvalid,
                    format!("`{}` is no scope", shorten(&name.escape_default().to_string())),
                )
                .help("a scope is printable ASCII without spaces, quotes and backslashes"));
            }
            scopes.insert(Box::from(name));
            if scopes.len() > MAX_SCOPES {
                return Err(Error::new(
                    ErrorKind::PlatformInvalid,
                    format!("more than {MAX_SCOPES} scopes"),
                ));
            }
        }
        Ok(Self(scopes.into_iter().collect()))
    }

    /// Whether both are one and the same list, which is sooner seen than that they are equal.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// Whether the set has a scope of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|scope| (**scope).cmp(name)).is_ok()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every scope is in `other` too.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.iter().all(|name| other.contains(name))
    }

    /// The scopes that both sets have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|name| other.contains(name))
                .cloned()
                .collect(),
        )
    }

    /// The scopes that are in this set and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|name| !other.contains(name))
                .cloned()
                .collect(),
        )
    }
}

impl std::str::FromStr for Scopes {
    type Err = Error;

    /// Splits at single spaces and nothing else, as RFC 6749 §3.3 writes a list of scopes.
    fn from_str(list: &str) -> Result<Self> {
        Self::new(list.split(' ').filter(|name| !name.is_empty()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Self::new(names.iter().map(String::as_str)).map_err(serde::de::Error::custom)
    }
}
