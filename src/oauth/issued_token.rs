//! Tokens that this server issued, presented again: read, and checked against the state as it is now.

use serde_json::Value;

use crate::platform::{
    AccountId, AppId, Caller, FamilyId, GrantId, InstallationId, Issued, KeyId, Projects, Provenance,
    Refusal, SecretId, Standing, State, TenantId, TokenId, UserId,
};
use crate::token::{Claims, PrincipalKind, base64url};

use super::server::Server;

/// An access token of this server whose signature, audience and time hold.
pub(super) struct IssuedToken {
    pub(super) claims: Claims,
    pub(super) audiences: Vec<String>,
    pub(super) act: Option<Value>,
}

impl Server {
    /// Verifies an access token; none for anything but a good one of this server's.
    pub(super) fn read_token(&self, token: &str, now: i64) -> Option<IssuedToken> {
        let claims = self.verifier.verify(token, now).ok()?;
        // The signature holds, so this is what was signed.
        let payload = base64url::decode(token.split('.').nth(1)?).ok()?;
        let payload = crate::json::parse("claims", &payload).ok()?;
        let audiences = match payload.get("aud")? {
            Value::String(audience) => vec![audience.clone()],
            Value::Array(audiences) => audiences
                .iter()
                .filter_map(|audience| audience.as_str().map(str::to_owned))
                .collect(),
            _ => return None,
        };
        Some(IssuedToken {
            claims,
            audiences,
            act: payload.get("act").cloned(),
        })
    }

    /// What an access token says that this server issued and that has not expired.
    pub(crate) fn claims_of(&self, token: &str, now: i64) -> Option<Claims> {
        self.read_token(token, now).map(|token| token.claims)
    }
}

impl IssuedToken {
    /// The tenant in which it is good.
    pub(super) fn tenant(&self) -> &str {
        self.claims.tenant().unwrap_or_default()
    }

    /// The client it was issued to.
    pub(super) fn client_id(&self) -> &str {
        self.claims.client_id().unwrap_or_default()
    }

    /// What the token amounts to now; everything that it descends from is looked at again.
    pub(super) fn standing<'s>(&self, state: &'s State) -> Result<Standing<'s>, Refusal> {
        let claims = &self.claims;
        let subject = claims.subject();
        let is_account = claims.principal_kind() == PrincipalKind::ServiceAccount;
        let caller = Caller {
            tenant: claims.tenant().map(TenantId::from),
            user: (!is_account).then(|| UserId::from(subject)),
            account: is_account.then(|| AccountId::from(subject)),
            app: claims.client_id().filter(|_| !is_account).map(AppId::from),
            provenance: Some(provenance(claims)),
        };
        state.standing(&caller)
    }
}

/// What a verified token came from, in the platform's words.
pub(crate) fn provenance(claims: &Claims) -> Provenance {
    let lineage = claims.lineage();
    // The platform's own tokens carry the state's sequence at which they were minted; of two, the older counts.
    let sequences = [lineage.installation_epoch, lineage.account_epoch];
    let issued = match sequences.into_iter().flatten().min() {
        Some(sequence) => Issued::Sequence(sequence),
        None => Issued::Time(claims.issued_at()),
    };
    Provenance {
        issued,
        token: claims.token_id().map(TokenId::from),
        key: claims.key_id().filter(|_| !lineage.is_empty()).map(KeyId::from),
        installation: lineage.installation.as_deref().map(InstallationId::from),
        grant: lineage.grant.as_deref().map(GrantId::from),
        family: lineage.family.as_deref().map(FamilyId::from),
        secret: lineage.secret.as_deref().map(SecretId::from),
        parents: lineage
            .parents
            .iter()
            .map(|id| TokenId::from(id.as_str()))
            .collect(),
        projects: match &lineage.projects {
            None => Projects::All,
            Some(projects) => Projects::listed(projects.iter().map(String::as_str)),
        },
    }
}
