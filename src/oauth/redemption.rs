//! The redemption of an authorization code: once, by the app that it was issued to, with the verifier behind its
//! challenge (RFC 6749 §4.1.3, RFC 7636 §4.6).

use crate::platform::{
    App, AuthorizationCode, AuthorizationCodeChange, Caller, Change, FamilyId, Grant, GrantType,
    Installation, Standing, TokenFamilyChange,
};
use crate::token::Lineage;

use super::client_credentials::refused;
use super::consent::with;
use super::error::{OAuthError, OAuthResult};
use super::issue::Issuance;
use super::pkce::CodeChallenge;
use super::request::CodeRedemption;
use super::server::{Plan, Server, fresh_id};
use super::view::View;

/// One answer for every code that is not good, so that nobody learns why.
fn bad_code() -> OAuthError {
    OAuthError::invalid_grant("the code is unknown, expired, used already, or another client's")
}

impl Server {
    /// Plans the redemption of a code. A code that was redeemed before ends what it yielded.
    pub(crate) fn redeem(&self, view: &View<'_>, request: &CodeRedemption) -> Plan<Issuance> {
        let authenticated = match self.authenticate(view, &request.client) {
            Ok(authenticated) => authenticated,
            Err(error) => return Plan::refused(vec![], error),
        };
        let mut changes = authenticated.changes;
        let found = authenticated.client.app().and_then(|app| {
            let code = view.state.code(self.code_id(&request.code).as_str());
            let code = code.ok_or_else(bad_code)?;
            let (grant, installation) = behind(view, code).ok_or_else(bad_code)?;
            if installation.app != app.id {
                return Err(bad_code());
            }
            Ok((app, code, grant, installation))
        });
        let found = match found {
            Ok(found) => found,
            Err(error) => return Plan::refused(changes, error),
        };
        let (_, code, ..) = found;
        if code.redeemed.is_some() {
            changes.extend(view.state.replayed_code(&code.id, view.now));
            return Plan::refused(changes, bad_code());
        }
        Plan::after(changes, |changes| {
            self.plan_redemption(view, request, changes, found)
        })
    }

    fn plan_redemption(
        &self,
        view: &View<'_>,
        request: &CodeRedemption,
        mut changes: Vec<Change>,
        (app, code, grant, installation): (&App, &AuthorizationCode, &Grant, &Installation),
    ) -> OAuthResult<(Vec<Change>, Issuance)> {
        let is_answered = CodeChallenge::from_base64url(&code.challenge)
            .is_some_and(|challenge| challenge.is_answered_by(&request.code_verifier));
        if view.now >= code.expires || code.redirect_uri != request.redirect_uri || !is_answered {
            return Err(bad_code());
        }
        let family = FamilyId::from(fresh_id("fam_")?);
        let standing = self.user_standing(view, grant, installation, None)?;
        let scopes = view.choose(None, Some(&code.scopes), &standing)?;
        let refreshes = grant_types(app, installation).any(|it| it == GrantType::RefreshToken);
        let lifetime = if refreshes {
            self.settings.refresh_seconds
        } else {
            self.settings.access_seconds
        };
        let opened = TokenFamilyChange::Opened {
            id: family.clone(),
            grant: grant.id.clone(),
            scopes: scopes.clone(),
            expires: view.now.saturating_add(lifetime),
            at: view.now,
        };
        let redeemed = AuthorizationCodeChange::Redeemed {
            id: code.id.clone(),
            family: family.clone(),
            at: view.now,
        };
        changes.extend([Change::from(opened), redeemed.into()]);
        with(view.state, &changes)?;
        let sequence = view.state.sequence().saturating_add(changes.len() as u64);
        let issuance = Issuance {
            subject: grant.user.to_string(),
            client_id: app.id.to_string(),
            tenant: grant.tenant.to_string(),
            scopes,
            audiences: self.settings.audiences.clone(),
            lineage: lineage(grant, installation, &family, sequence),
            grant_type: GrantType::AuthorizationCode.name(),
            expires_by: None,
            act: None,
            refresh: refreshes.then_some((family, 1)),
            issued_token_type: None,
        };
        Ok((changes, issuance))
    }

    /// What an app amounts to that acts for the user who gave a grant.
    pub(super) fn user_standing<'s>(
        &self,
        view: &View<'s>,
        grant: &Grant,
        installation: &Installation,
        family: Option<&FamilyId>,
    ) -> OAuthResult<Standing<'s>> {
        let caller = Caller {
            tenant: Some(grant.tenant.clone()),
            user: Some(grant.user.clone()),
            app: Some(installation.app.clone()),
            ..Caller::default()
        };
        view.standing(caller, |provenance| {
            provenance.installation = Some(installation.id.clone());
            provenance.grant = Some(grant.id.clone());
            provenance.family = family.cloned();
        })
        .map_err(refused)
    }
}

fn behind<'s>(view: &View<'s>, code: &AuthorizationCode) -> Option<(&'s Grant, &'s Installation)> {
    let grant = view.state.grant(code.grant.as_str())?;
    Some((grant, view.state.installation(grant.installation.as_str())?))
}

/// How an app may get tokens: what the version says that was approved.
pub(super) fn grant_types<'s>(
    app: &'s App,
    installation: &Installation,
) -> impl Iterator<Item = GrantType> + 's {
    let version = app.version(installation.version).into_iter();
    version.flat_map(|version| version.manifest.grant_types.iter().copied())
}

pub(super) fn lineage(
    grant: &Grant,
    installation: &Installation,
    family: &FamilyId,
    sequence: u64,
) -> Lineage {
    Lineage {
        installation: Some(installation.id.to_string()),
        installation_epoch: Some(sequence),
        grant: Some(grant.id.to_string()),
        family: Some(family.to_string()),
        ..Lineage::default()
    }
}

#[cfg(test)]
#[path = "redemption_tests.rs"]
mod tests;
