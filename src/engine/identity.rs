//! Who acts, in which tenant, and through what.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::platform::Provenance;
use crate::policy::Vocabulary;
use crate::token::Attribute;
use crate::value::{EntityUid, Value};

/// The principal of a session, named by the part it plays or by its uid.
///
/// ```
/// use bailiwick::Principal;
///
/// let ana = Principal::user("ana");
/// let sync = Principal::service_account("erp-sync");
/// let bot = Principal::uid(r#"Robot::"r2""#.parse()?);
/// # let _ = (ana, sync, bot);
/// # Ok::<(), bailiwick::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal<'a>(Named<'a>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Named<'a> {
    User(Cow<'a, str>),
    ServiceAccount(Cow<'a, str>),
    Uid(EntityUid<'a>),
}

impl<'a> Principal<'a> {
    /// A person: an entity of the type annotated `@bailiwick("user")`.
    #[must_use]
    pub fn user(id: impl Into<Cow<'a, str>>) -> Self {
        Self(Named::User(id.into()))
    }

    /// A service account: an entity of the type annotated `@bailiwick("service_account")`.
    #[must_use]
    pub fn service_account(id: impl Into<Cow<'a, str>>) -> Self {
        Self(Named::ServiceAccount(id.into()))
    }

    /// Any entity.
    #[must_use]
    pub fn uid(uid: EntityUid<'a>) -> Self {
        Self(Named::Uid(uid))
    }

    pub(super) fn resolve(self, vocabulary: &Vocabulary) -> Result<EntityUid<'static>> {
        let typed = |type_name: Option<&str>, part: &str, id: Cow<'_, str>| {
            let type_name = type_name.ok_or_else(|| unplayed(part))?;
            Ok(EntityUid::new(type_name.to_owned(), id.into_owned()))
        };
        match self.0 {
            Named::User(id) => typed(vocabulary.user_type(), "user", id),
            Named::ServiceAccount(id) => typed(vocabulary.service_account_type(), "service_account", id),
            Named::Uid(uid) => Ok(uid.into_owned()),
        }
    }
}

/// The tenant that a request is about.
///
/// The host names it; a token that belongs to another tenant is refused, and nothing is guessed from the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant<'a>(Option<Cow<'a, str>>);

impl<'a> Tenant<'a> {
    /// The tenant with this id: an entity of the type annotated `@bailiwick("tenant")`.
    #[must_use]
    pub fn id(id: impl Into<Cow<'a, str>>) -> Self {
        Self(Some(id.into()))
    }

    /// No tenant: for schemas in which no type plays the tenant. With any other schema it is an error.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    pub(super) fn as_id(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(super) fn resolve(self, vocabulary: &Vocabulary) -> Result<Option<EntityUid<'static>>> {
        match (self.0, vocabulary.tenant_type()) {
            (Some(id), Some(_)) if id.is_empty() => {
                Err(Error::new(ErrorKind::Configuration, "the tenant's id is empty")
                    .help("pass the id of the tenant that the request is about"))
            }
            (Some(id), Some(type_name)) => Ok(Some(EntityUid::new(type_name.to_owned(), id.into_owned()))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(unplayed("tenant").help("annotate a type, or pass no tenant")),
            (None, Some(type_name)) => Err(Error::new(
                ErrorKind::Configuration,
                format!("the schema has tenants ({type_name}), but none is named"),
            )
            .help("pass the tenant that the request is about; it is never guessed")),
        }
    }
}

/// What a session acts as: the outcome of verifying a token, or of the host's own authentication.
///
/// [`Engine::session_of`](crate::Engine::session_of) turns it into a session. Use it when something else has verified the
/// caller already; [`Engine::authenticate`](crate::Engine::authenticate) does both for bearer tokens.
#[derive(Clone, Debug)]
pub struct Identity<'a> {
    pub(super) principal: Principal<'a>,
    pub(super) app: Option<Cow<'a, str>>,
    pub(super) scopes: Option<Vec<Cow<'a, str>>>,
    pub(super) grant_type: Option<Cow<'a, str>>,
    pub(super) expires: Option<i64>,
    pub(super) provenance: Option<Provenance>,
    pub(super) attributes: Vec<Attribute>,
}

impl<'a> Identity<'a> {
    /// A principal acting by itself, on the platform's own pages: no app, no token, no limit by scopes.
    #[must_use]
    pub fn first_party(principal: Principal<'a>) -> Self {
        Self {
            principal,
            app: None,
            scopes: None,
            grant_type: None,
            expires: None,
            provenance: None,
            attributes: vec![],
        }
    }

    /// A principal acting through a token with exactly these scopes; none at all covers nothing.
    #[must_use]
    pub fn token<S: Into<Cow<'a, str>>>(
        principal: Principal<'a>,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        let scopes = Some(scopes.into_iter().map(Into::into).collect());
        Self {
            principal,
            app: None,
            scopes,
            grant_type: None,
            expires: None,
            provenance: None,
            attributes: vec![],
        }
    }

    /// The app that acts for the principal: an entity of the type annotated `@bailiwick("app")`.
    #[must_use]
    pub fn app(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.app = Some(id.into());
        self
    }

    /// How the token was obtained, for policies that read `context.grant_type`.
    #[must_use]
    pub fn grant_type(mut self, grant_type: impl Into<Cow<'a, str>>) -> Self {
        self.grant_type = Some(grant_type.into());
        self
    }

    /// What the token came from, so that revoking any of it counts.
    #[must_use]
    pub fn provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = Some(provenance);
        self
    }

    /// An attribute of the context that the session knows, such as whether the caller has used a second factor. It joins
    /// the context of every action that declares it; a request cannot set it then.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Into<Value<'a>>) -> Self {
        self.attributes
            .push((name.into(), Some(value.into().into_owned())));
        self
    }

    /// When the session ends, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires(mut self, at: i64) -> Self {
        self.expires = Some(at);
        self
    }
}

/// No type of the schema plays a part that is asked for.
pub(super) fn unplayed(part: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("no entity type of the schema plays the {part}"),
    )
    .help(format!(
        "annotate one in the schema: @bailiwick(\"{part}\") entity …"
    ))
}
