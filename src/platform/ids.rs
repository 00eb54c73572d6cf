//! The ids of the platform's nouns. Each noun has a type of its own, so that one id is never taken for another.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_PLATFORM_ID_BYTES;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub(crate) const NOUN: &'static str = $noun;

            /// Whether it can be an id: not empty, not overlong, without control characters.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::PlatformInvalid`].
            pub fn check(&self) -> Result<()> {
                check(&self.0, Self::NOUN)
            }
        }

        impl Named for $name {
            fn noun(&self) -> &'static str {
                Self::NOUN
            }

            fn name(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(id: T) -> Self {
                Self(id.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    )*};
}

ids! {
    /// A customer company, or a developer's organisation, or the operator's own.
    TenantId, "tenant";
    /// A container of resources inside one tenant. The id is unique on the platform, as entity uids are.
    ProjectId, "project";
    /// A person.
    UserId, "user";
    /// An app, which is an OAuth client: this is its `client_id`.
    AppId, "app";
    /// An app installed in a tenant.
    InstallationId, "installation";
    /// A service account; this is its `client_id`.
    AccountId, "service account";
    /// A credential of a service account or an app. Not the secret itself.
    SecretId, "client secret";
    /// A user's consent.
    GrantId, "grant";
    /// An authorization code's keyed hash. Not the code itself.
    CodeId, "authorization code";
    /// The chain of refresh tokens that descend from one redemption.
    FamilyId, "token family";
    /// An access token (`jti`).
    TokenId, "access token";
    /// A signing key (`kid`).
    KeyId, "signing key";
    /// A role assignment; also the id of its template link.
    AssignmentId, "role assignment";
    /// A user's wish that an admin install an app.
    RequestId, "install request";
}

/// Something that an error can call by its noun and id.
pub(super) trait Named {
    fn noun(&self) -> &'static str;
    fn name(&self) -> &str;
}

fn check(id: &str, noun: &str) -> Result<()> {
    if !id.is_empty() && id.len() <= MAX_PLATFORM_ID_BYTES && !id.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::PlatformInvalid,
        format!("the id of a {noun} is empty, longer than {MAX_PLATFORM_ID_BYTES} bytes, or has control characters"),
    )
    .help("pass the id that the host knows it by"))
}
