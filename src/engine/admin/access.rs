//! Administration of roles, boundaries, tokens and signing keys.

use crate::engine::keys::OwnKeys;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_TOKEN_LIFETIME_SECONDS;
use crate::platform::{
    Assignee, AssignmentId, BoundaryChange, Bounded, EndReason, FamilyId, KeyId, KeyStatus, Place,
    RevocationChange, RoleAssignment, RoleChange, RoleSet, Scopes, SigningKey, SigningKeyChange,
    TokenFamilyChange, TokenId, unknown,
};
use crate::token::KeyPurpose;

use super::installations::grant;
use super::{Admin, Target, authority};

impl Admin<'_> {
    /// Assigns a role of the host's policies. Nobody assigns a role that gives more than they have: see
    /// [`PlatformExceeded`](crate::ErrorKind::PlatformExceeded).
    ///
    /// The rule: whoever assigns it holds, at the same place or above it, either that role or roles without conditions
    /// that cover all its actions together; with a token, its scopes cover them too.
    ///
    /// # Errors
    ///
    /// Those of every change, and the above.
    pub fn assign_role(&self, assignee: Assignee, role: &str, place: Place) -> Result<AssignmentId> {
        self.assign(RoleAssignment::new(assignee, RoleSet::Host, role, place))
    }

    /// Assigns a role at one place to many, in one change: all of them hold it afterwards, or none.
    ///
    /// # Errors
    ///
    /// As for [`assign_role`](Self::assign_role).
    pub fn assign_role_to(
        &self,
        assignees: impl IntoIterator<Item = Assignee>,
        role: &str,
        place: &Place,
    ) -> Result<Vec<AssignmentId>> {
        let wanted: Vec<RoleAssignment> = assignees
            .into_iter()
            .map(|assignee| RoleAssignment::new(assignee, RoleSet::Host, role, place.clone()))
            .collect();
        let Some(first) = wanted.first() else {
            return Ok(vec![]);
        };
        self.change(
            "roles.assign",
            |state| Target::role(state, first),
            |snapshot| {
                // Whether it may be handed on depends on the role and the place, not on who gets it.
                authority::check(snapshot, &self.session, first)?;
                let changes = wanted.iter().map(|it| assigned(it).into()).collect();
                Ok((changes, wanted.iter().map(|it| it.id.clone()).collect()))
            },
        )
    }

    /// Assigns a role of the platform's policies, by the same rule.
    ///
    /// # Errors
    ///
    /// As for [`assign_role`](Self::assign_role).
    pub fn assign_administration(
        &self,
        assignee: Assignee,
        role: &str,
        place: Place,
    ) -> Result<AssignmentId> {
        self.assign(RoleAssignment::new(
            assignee,
            RoleSet::Administration,
            role,
            place,
        ))
    }

    fn assign(&self, wanted: RoleAssignment) -> Result<AssignmentId> {
        self.change(
            "roles.assign",
            |state| Target::role(state, &wanted),
            |snapshot| {
                authority::check(snapshot, &self.session, &wanted)?;
                Ok((vec![assigned(&wanted).into()], wanted.id.clone()))
            },
        )
    }

    /// Withdraws a role.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn withdraw_role(&self, id: impl Into<AssignmentId>) -> Result<()> {
        let id = id.into();
        let change = RoleChange::Withdrawn { id: id.clone() };
        self.make(
            "roles.withdraw",
            |state| {
                let assignment = state.assignment(id.as_str());
                Target::role(
                    state,
                    assignment.ok_or_else(|| unknown("role assignment", id.as_str()))?,
                )
            },
            change,
        )
    }

    /// The roles that hold at a place itself, sorted by id.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden).
    pub fn roles_at(&self, place: &Place) -> Result<Vec<RoleAssignment>> {
        let target = |state: &_| match place {
            Place::Platform => Target::operator(state),
            Place::Tenant(id) => Target::tenant(state, id),
            Place::Project(id) => Target::project(state, id),
        };
        self.view("roles.view", target, |state| {
            state.assignments_at(place).cloned().collect()
        })
    }

    /// Caps something by scopes, or lifts the cap with none.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn set_boundary(&self, on: &Bounded, scopes: Option<Scopes>) -> Result<()> {
        let shown = scopes.clone().unwrap_or_else(Scopes::none);
        let change = BoundaryChange::Set {
            on: on.clone(),
            scopes,
        };
        self.make(
            "boundaries.set",
            |state| Target::boundary(state, on, &shown),
            change,
        )
    }

    /// Ends a chain of refresh tokens, with the access tokens that came of it.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn end_family(&self, id: impl Into<FamilyId>) -> Result<()> {
        let id = id.into();
        let change = TokenFamilyChange::Ended {
            id: id.clone(),
            reason: EndReason::Revoked,
            at: self.now(),
        };
        self.make(
            "tokens.revoke",
            |state| {
                let family = state
                    .family(id.as_str())
                    .ok_or_else(|| unknown("token family", id.as_str()))?;
                Target::grant_tokens(state, grant(state, &family.grant)?, id.as_str())
            },
            change,
        )
    }

    /// Revokes one access token of a service account, known by its id and the time at which it expires anyway. A token of
    /// that id that is not the account's is not touched. The
    /// revocation is remembered at least for now and at most for the longest lifetime that a token can have.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn revoke_account_token(
        &self,
        account: impl Into<crate::platform::AccountId>,
        token: impl Into<TokenId>,
        expires: i64,
    ) -> Result<()> {
        let (account, token, now) = (account.into(), token.into(), self.now());
        let expires = expires.clamp(now, now.saturating_add(MAX_TOKEN_LIFETIME_SECONDS.into()));
        let revoked = RevocationChange::AccountTokenRevoked {
            account: account.clone(),
            token: token.clone(),
            expires,
        };
        // Whoever adds to what is remembered also takes away what has had its time.
        let before = now.saturating_sub(crate::oauth::REMEMBERED_SECONDS);
        let forgotten = RevocationChange::Forgotten { before };
        self.change(
            "tokens.revoke",
            |state| Target::account_token(state, &account, token.as_str()),
            |_| Ok((vec![revoked.into(), forgotten.into()], ())),
        )
    }

    /// Makes a key and publishes it before it signs. It is sealed under the host's key.
    ///
    /// # Errors
    ///
    /// Those of every change; [`Configuration`](crate::ErrorKind::Configuration) for an engine that is no authorization
    /// server, or whose host keeps the keys itself; and those of [`KeyRing::stage`](crate::KeyRing::stage).
    pub fn stage_key(&self, purpose: KeyPurpose) -> Result<KeyId> {
        let (own, at) = (self.own_keys()?, self.now());
        self.change("keys.rotate", Target::operator, |snapshot| {
            let (id, staged) = own.stage(&snapshot.platform, purpose, at)?;
            Ok((vec![staged.into()], id))
        })
    }

    /// Lets a staged key of this purpose make the tokens, or a fresh one if none is staged; the one before it verifies
    /// only. Where others verify tokens by a copy of the key set, [stage](Self::stage_key) it a while before.
    ///
    /// # Errors
    ///
    /// As for [`stage_key`](Self::stage_key).
    pub fn rotate_key(&self, purpose: KeyPurpose) -> Result<KeyId> {
        let (own, at) = (self.own_keys()?, self.now());
        self.change("keys.rotate", Target::operator, |snapshot| {
            let state = &snapshot.platform;
            let purpose_name = purpose.to_string();
            let staged = state
                .signing_keys()
                .find(|key| key.status == KeyStatus::Staged && key.purpose == purpose_name);
            if let Some(key) = staged {
                return Ok((state.promote_key(&key.id, at), key.id.clone()));
            }
            let (id, staged) = own.stage(state, purpose, at)?;
            let mut changes = vec![staged.into()];
            changes.extend(state.with(&changes)?.promote_key(&id, at));
            Ok((changes, id))
        })
    }

    fn own_keys(&self) -> Result<&OwnKeys> {
        self.engine.inner.keys.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "the engine keeps no keys: it is no authorization server, or its host gave it a ring with keys",
            )
            .help("build it with `.oauth(settings, &KeyRing::new())`")
        })
    }

    /// The keys without their private parts, sorted by id.
    ///
    /// # Errors
    ///
    /// [`PlatformForbidden`](crate::ErrorKind::PlatformForbidden).
    pub fn signing_keys(&self) -> Result<Vec<SigningKey>> {
        self.view("keys.view", Target::operator, |state| {
            let public = |key: &SigningKey| SigningKey {
                sealed: String::new(),
                ..key.clone()
            };
            state.signing_keys().map(public).collect()
        })
    }

    /// Lets a staged key sign; the one before it verifies only.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn promote_key(&self, id: impl Into<KeyId>) -> Result<()> {
        let (id, at) = (id.into(), self.now());
        self.change("keys.rotate", Target::operator, |snapshot| {
            Ok((snapshot.platform.promote_key(&id, at), ()))
        })
    }

    /// Publishes a key no longer, once its tokens have expired.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn retire_key(&self, id: impl Into<KeyId>) -> Result<()> {
        let change = SigningKeyChange::Retired {
            id: id.into(),
            at: self.now(),
        };
        self.make("keys.rotate", Target::operator, change)
    }

    /// Says that somebody else may have a key: nothing it signed is good from now on.
    ///
    /// # Errors
    ///
    /// Those of every change; see [`Admin`].
    pub fn mark_key_compromised(&self, id: impl Into<KeyId>) -> Result<()> {
        let id = id.into();
        let change = SigningKeyChange::Compromised {
            id: id.clone(),
            at: self.now(),
        };
        self.make(
            "keys.mark_compromised",
            |state| Target::signing_key(state, id.as_str()),
            change,
        )
    }
}

fn assigned(wanted: &RoleAssignment) -> RoleChange {
    RoleChange::Assigned {
        assignee: wanted.assignee.clone(),
        set: wanted.set,
        role: wanted.role.clone(),
        place: wanted.place.clone(),
    }
}
