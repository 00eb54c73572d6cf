//! Refreshing: each refresh token is replaced by the next, and one that is presented too late ends the whole chain
//! (RFC 6749 §6, RFC 9700 §4.14).

use crate::platform::{
    App, Change, EndReason, FamilyId, Grant, GrantType, Installation, TokenFamily, TokenFamilyChange,
};

use super::client_credentials::not_in_manifest;
use super::consent::with;
use super::error::{OAuthError, OAuthResult};
use super::issue::Issuance;
use super::redemption::{grant_types, lineage};
use super::request::{Refresh, scopes};
use super::server::{Plan, Server};
use super::view::View;

/// One answer for every refresh token that is not good, so that nobody learns why.
fn bad_token() -> OAuthError {
    OAuthError::invalid_grant(
        "the refresh token is unknown, expired, revoked, used already, or another client's",
    )
}

/// A refresh token that belongs to the client.
struct Presented<'s> {
    app: &'s App,
    family: &'s TokenFamily,
    grant: &'s Grant,
    installation: &'s Installation,
    generation: u32,
}

impl Server {
    /// Plans a refresh. The current refresh token gets its successor; the one before gets the same successor again for a
    /// short time, since its response may have been lost; any older one means that somebody else has the chain as well.
    pub(crate) fn refresh(&self, view: &View<'_>, request: &Refresh) -> Plan<Issuance> {
        let authenticated = match self.authenticate(view, &request.client) {
            Ok(authenticated) => authenticated,
            Err(error) => return Plan::refused(vec![], error),
        };
        let mut changes = authenticated.changes;
        let found = authenticated
            .client
            .app()
            .and_then(|app| self.find(view, app, &request.refresh_token).ok_or_else(bad_token));
        let presented = match found {
            Ok(presented) => presented,
            Err(error) => return Plan::refused(changes, error),
        };
        let family = presented.family;
        let in_grace = presented.generation.checked_add(1) == Some(family.generation)
            && view.now < family.rotated.saturating_add(self.settings.grace_seconds);
        if presented.generation < family.generation && !in_grace {
            if family.ended.is_none() {
                changes.push(ended(&family.id, EndReason::RefreshReplayed, view.now));
            }
            return Plan::refused(changes, bad_token());
        }
        Plan::after(changes, |changes| {
            self.plan_refresh(view, request, changes, &presented)
        })
    }

    fn plan_refresh(
        &self,
        view: &View<'_>,
        request: &Refresh,
        mut changes: Vec<Change>,
        presented: &Presented<'_>,
    ) -> OAuthResult<(Vec<Change>, Issuance)> {
        let Presented {
            app,
            family,
            grant,
            installation,
            generation,
        } = *presented;
        if family.ended.is_some() || view.now >= family.expires || generation > family.generation {
            return Err(bad_token());
        }
        if !grant_types(app, installation).any(|it| it == GrantType::RefreshToken) {
            return Err(not_in_manifest(GrantType::RefreshToken));
        }
        let standing = self.user_standing(view, grant, installation, Some(&family.id))?;
        let asked = request.scope.as_deref().map(scopes).transpose()?;
        if let Some(outside) = asked
            .iter()
            .flat_map(|asked| asked.iter())
            .find(|scope| !view.covers(&family.scopes, scope))
        {
            return Err(OAuthError::invalid_scope(format!(
                "the refresh token does not cover {outside}"
            )));
        }
        let scopes = view.choose(asked, Some(&family.scopes), &standing)?;
        let successor = if generation == family.generation {
            let next = generation.checked_add(1).ok_or_else(bad_token)?;
            let rotated = TokenFamilyChange::Rotated {
                id: family.id.clone(),
                generation: next,
                at: view.now,
            };
            changes.push(rotated.into());
            next
        } else {
            family.generation
        };
        with(view.state, &changes)?;
        let sequence = view.state.sequence().saturating_add(changes.len() as u64);
        let issuance = Issuance {
            subject: grant.user.to_string(),
            client_id: app.id.to_string(),
            tenant: grant.tenant.to_string(),
            scopes,
            audiences: self.choose_audiences(&request.audiences, &self.settings.audiences)?,
            lineage: lineage(grant, installation, &family.id, sequence),
            grant_type: GrantType::RefreshToken.name(),
            expires_by: Some(family.expires),
            act: None,
            refresh: Some((family.id.clone(), successor)),
            issued_token_type: None,
        };
        Ok((changes, issuance))
    }

    fn find<'s>(&self, view: &View<'s>, app: &'s App, token: &str) -> Option<Presented<'s>> {
        let (family, generation) = self.refresh_key.read(token)?;
        let family = view.state.family(family.as_str())?;
        let grant = view.state.grant(family.grant.as_str())?;
        let installation = view.state.installation(grant.installation.as_str())?;
        (installation.app == app.id).then_some(Presented {
            app,
            family,
            grant,
            installation,
            generation,
        })
    }
}

pub(super) fn ended(family: &FamilyId, reason: EndReason, at: i64) -> Change {
    let id = family.clone();
    TokenFamilyChange::Ended { id, reason, at }.into()
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;
