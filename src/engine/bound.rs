//! What a session amounts to at one revision of the engine.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use arc_swap::Guard;

use crate::decide::{Kept, KeptPrincipal, Version};
use crate::policy::{ActionIndex, ActionSet, SessionAttributes};
use crate::token::Attribute;
use crate::value::{Context, Value};

use super::ceilings::Ceilings;
use super::session::{Session, SessionInner};
use super::snapshot::Snapshot;

/// A session at one revision.
pub(super) struct Bound {
    revision: u64,
    known: Arc<Known>,
    /// What the platform's state puts above it.
    pub(super) ceilings: Arc<Ceilings>,
}

/// The session's entities as policies and entities know them, and the actions that its scopes cover. Changes of the
/// platform that touch neither policies nor entities leave it as it is.
pub(super) struct Known {
    version: Version,
    pub(super) principal: KeptPrincipal,
    /// Whether the schema has such a principal; if not, no request is valid.
    pub(super) principal_is_declared: bool,
    pub(super) tenant: Option<Kept>,
    /// The actions that the scopes cover; none when nothing limits them.
    bailiwick: Option<ActionSet>,
    /// What the session adds to the context of each action; made when first asked for, and only if the session has more
    /// to add than every session.
    added: Box<[OnceLock<Context<'static>>]>,
}

impl Deref for Bound {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.known
    }
}

impl Bound {
    /// Binds a session to a revision; what is known of it at an earlier one is taken over where it still holds.
    fn of(snapshot: &Snapshot, session: &SessionInner, before: Option<&Bound>) -> Self {
        let before = before.filter(|bound| bound.known.version == snapshot.authorizer.version());
        let known = before.map(|bound| Arc::clone(&bound.known));
        Self {
            revision: snapshot.revision,
            known: known.unwrap_or_else(|| Arc::new(Known::of(snapshot, session))),
            ceilings: Ceilings::of(snapshot, session, before.map(|bound| &bound.ceilings)),
        }
    }

    /// Binds a session that has just been made.
    pub(super) fn first(snapshot: &Snapshot, session: &SessionInner) -> Self {
        Self::of(snapshot, session, None)
    }
}

impl Known {
    fn of(snapshot: &Snapshot, session: &SessionInner) -> Self {
        let vocabulary = &snapshot.vocabulary;
        let keep = |uid| snapshot.authorizer.keep(uid);
        Self {
            version: snapshot.authorizer.version(),
            principal: snapshot
                .authorizer
                .keep_principal(session.principal.clone(), vocabulary.actions().count()),
            principal_is_declared: vocabulary.check_uid(session.principal.as_ref()).is_ok(),
            tenant: session.tenant.clone().map(keep),
            bailiwick: session
                .scopes
                .as_deref()
                .map(|scopes| vocabulary.covered_by(scopes.iter().map(String::as_str))),
            added: if session.attributes.is_empty() {
                Box::default()
            } else {
                vocabulary.actions().map(|_| OnceLock::new()).collect()
            },
        }
    }

    /// What the session adds to the context of an action: what every session adds, and these attributes.
    pub(super) fn added_to<'r, I: Iterator<Item = &'r Attribute>>(
        &'r self,
        action: ActionIndex,
        usual: &'r Context<'static>,
        attributes: impl Fn() -> I,
    ) -> &'r Context<'static> {
        let Some(added) = self.added.get(action.number()) else {
            return usual;
        };
        added.get_or_init(|| {
            let mut record = usual.clone();
            for (name, value) in attributes() {
                if let Some(value) = value {
                    record.set(name.to_string(), value.clone());
                }
            }
            record
        })
    }

    pub(super) fn covers(&self, action: ActionIndex) -> bool {
        self.bailiwick
            .as_ref()
            .is_none_or(|covered| covered.contains(action))
    }
}

/// A session bound to a revision: the one it was bound to last, or a new one.
pub(super) enum BoundRef {
    Known(Guard<Arc<Bound>>),
    New(Arc<Bound>),
}

impl Deref for BoundRef {
    type Target = Bound;

    fn deref(&self) -> &Bound {
        match self {
            BoundRef::Known(bound) => bound,
            BoundRef::New(bound) => bound,
        }
    }
}

impl Session {
    /// The session as a revision sees it.
    #[inline]
    pub(super) fn bound(&self, snapshot: &Snapshot) -> BoundRef {
        let bound = self.bound.load();
        if bound.revision == snapshot.revision {
            return BoundRef::Known(bound);
        }
        let fresh = Arc::new(Bound::of(snapshot, &self.inner, Some(&bound)));
        self.bound.store(Arc::clone(&fresh));
        BoundRef::New(fresh)
    }
}

/// What a session adds to the context of a request: one record for each set of attributes that an action may declare.
pub(super) struct Supplied([Context<'static>; 4]);

impl Supplied {
    pub(super) fn new(app: Option<Value<'static>>, grant_type: Option<Value<'static>>) -> Self {
        Self(
            [(false, false), (true, false), (false, true), (true, true)].map(|(wants_app, wants_grant)| {
                let mut record = Context::new();
                for (wanted, name, value) in [
                    (wants_app, SessionAttributes::APP, &app),
                    (wants_grant, SessionAttributes::GRANT_TYPE, &grant_type),
                ] {
                    if let (true, Some(value)) = (wanted, value) {
                        record.set(name, value.clone());
                    }
                }
                record
            }),
        )
    }

    /// The record for an action that declares these.
    #[inline]
    pub(super) fn to(&self, declared: SessionAttributes) -> &Context<'static> {
        let [neither, app, grant_type, both] = &self.0;
        match (declared.app, declared.grant_type) {
            (false, false) => neither,
            (true, false) => app,
            (false, true) => grant_type,
            (true, true) => both,
        }
    }
}
