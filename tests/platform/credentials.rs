//! The naive model of what is presented: client secrets, authorization codes and refresh families, under a clock that
//! jumps both ways.

use bailiwick::platform::{
    AuthorizationCodeChange, Change, ClientSecretChange, Digest, EndReason, RevocationChange, SecretOwner,
    State, TokenFamilyChange,
};

use crate::model::{Model, Rng, Set, scopes};

/// What the model knows of credentials.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) now: i64,
    /// The latest that the clock has said.
    furthest: i64,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) families: Vec<Family>,
    codes: Vec<Code>,
}

#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) owner: usize,
    /// None while it is active; then the time from which it is good no longer.
    until: Option<i64>,
    revoked: bool,
    pub(crate) with_tokens: bool,
}

#[derive(Clone)]
pub(crate) struct Family {
    pub(crate) grant: usize,
    scopes: Set,
    generation: u32,
    expires: i64,
    pub(crate) ended: bool,
    pub(crate) forgotten: bool,
}

#[derive(Clone)]
struct Code {
    grant: usize,
    scopes: Set,
    expires: i64,
    redeemed: Option<usize>,
    forgotten: bool,
}

impl Secret {
    fn is_usable(&self, now: i64) -> bool {
        !self.revoked && self.until.is_none_or(|until| now < until)
    }
}

fn digest(number: usize) -> Digest {
    serde_json::from_value(format!("{:064x}", number + 1).into()).unwrap()
}

fn owner(account: usize) -> SecretOwner {
    SecretOwner::ServiceAccount(format!("acc{account}").into())
}

/// Draws a change of credentials, makes it in the model, and says whether the model allows it.
pub(crate) fn step(model: &mut Model, state: &State, rng: &mut Rng) -> (Vec<Change>, bool) {
    // The clock goes forth, stands still, and now and then goes back.
    let jump = [0, 0, 0, 0, 1, 1, 7, 60, 400, -5, -300];
    model.credentials.now += rng.of(&jump);
    model.credentials.furthest = model.credentials.furthest.max(model.credentials.now);
    match rng.below(10) {
        0 | 1 => add_secret(model, rng),
        2 => rotate_secret(model, state, rng),
        3 => revoke_secret(model, rng),
        4 | 5 => issue_code(model, rng),
        6 | 7 => present_code(model, state, rng),
        8 => turn_family(model, rng),
        _ => forget(model),
    }
}

fn add_secret(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (account, now) = (rng.below(model.accounts.len() + 1), model.credentials.now);
    let secrets = &mut model.credentials.secrets;
    let usable = secrets
        .iter()
        .filter(|it| it.owner == account && it.is_usable(now));
    let ok = usable.count() < 2 && model.accounts.get(account).is_some_and(|it| !it.deleted);
    let change = ClientSecretChange::Added {
        id: format!("s{}", secrets.len()).into(),
        owner: owner(account),
        digest: digest(secrets.len()),
        at: now,
    };
    if ok {
        push_secret(secrets, account, now);
    }
    (vec![change.into()], ok)
}

/// A new secret ends for good what had retired by then.
fn push_secret(secrets: &mut Vec<Secret>, account: usize, now: i64) {
    for secret in secrets.iter_mut().filter(|it| it.owner == account) {
        secret.revoked |= secret.until.is_some_and(|until| until <= now);
    }
    secrets.push(Secret {
        owner: account,
        until: None,
        revoked: false,
        with_tokens: false,
    });
}

/// Rotation as the library plans it: all that are active retire, and one is added.
fn rotate_secret(model: &mut Model, state: &State, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (account, now) = (rng.below(model.accounts.len() + 1), model.credentials.now);
    let overlap = rng.of(&[0, 1, 60, 86_400]);
    let number = model.credentials.secrets.len();
    let id = format!("s{number}").into();
    let changes = state
        .rotate_secret(&owner(account), (id, digest(number)), overlap, now)
        .unwrap();
    let mut after = model.credentials.secrets.clone();
    for secret in after.iter_mut().filter(|it| it.owner == account && !it.revoked) {
        secret.until = secret.until.or(Some(now + overlap));
    }
    let usable = after.iter().filter(|it| it.owner == account && it.is_usable(now));
    let ok = usable.count() < 2 && model.accounts.get(account).is_some_and(|it| !it.deleted);
    if ok {
        push_secret(&mut after, account, now);
        model.credentials.secrets = after;
    }
    (changes, ok)
}

fn revoke_secret(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let secrets = &mut model.credentials.secrets;
    let (which, with_tokens) = (rng.below(secrets.len() + 1), rng.below(2) == 0);
    let known = secrets.get_mut(which);
    let ok = known
        .as_ref()
        .is_some_and(|it| !it.revoked || with_tokens && !it.with_tokens);
    if let (true, Some(secret)) = (ok, known) {
        secret.revoked = true;
        secret.with_tokens = with_tokens;
    }
    let change = ClientSecretChange::Revoked {
        id: format!("s{which}").into(),
        at: model.credentials.now,
        with_tokens,
    };
    (vec![change.into()], ok)
}

fn issue_code(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    // Mostly a grant that is still good, and no more than it covers.
    let live = (0..model.grants.len()).find(|at| !model.grants[*at].revoked);
    let grant = match live.filter(|_| rng.below(6) > 0) {
        Some(live) => live,
        None => rng.below(model.grants.len() + 1),
    };
    let wanted = match model.grants.get(grant).filter(|_| rng.below(4) > 0) {
        Some(grant) => grant.scopes.clone(),
        None => rng.scopes(),
    };
    let lifetime = rng.of(&[0, 1, 60, 600, 600, 600, 601]);
    let now = model.credentials.now;
    let known = model.grants.get(grant).filter(|it| !it.revoked);
    let ok = (1..=600).contains(&lifetime) && known.is_some_and(|it| wanted.is_subset(&it.scopes));
    let codes = &mut model.credentials.codes;
    let change = AuthorizationCodeChange::Issued {
        id: digest(codes.len()).to_hex().into(),
        grant: format!("g{grant}").into(),
        scopes: scopes(&wanted),
        redirect_uri: "https://app.example/cb".to_owned(),
        challenge: "c".to_owned(),
        expires: now + lifetime,
        at: now,
    };
    if ok {
        codes.push(Code {
            grant,
            scopes: wanted,
            expires: now + lifetime,
            redeemed: None,
            forgotten: false,
        });
    }
    (vec![change.into()], ok)
}

/// A code is presented: the first time in time it opens a family; each time after that it ends that family.
fn present_code(model: &mut Model, state: &State, rng: &mut Rng) -> (Vec<Change>, bool) {
    let now = model.credentials.now;
    let which = rng.below(model.credentials.codes.len() + 1);
    let id = digest(which).to_hex();
    let known = model
        .credentials
        .codes
        .get(which)
        .filter(|it| !it.forgotten)
        .cloned();
    if let Some(opened) = known.as_ref().and_then(|code| code.redeemed) {
        let changes = state.replayed_code(&id.into(), now);
        let family = &mut model.credentials.families[opened];
        let is_open = !family.ended && !family.forgotten;
        assert_eq!(changes.is_empty(), !is_open, "a replay ends what is open");
        family.ended = true;
        return (changes, true);
    }
    assert!(state.replayed_code(&id.clone().into(), now).is_empty());
    let family = model.credentials.families.len();
    let grant = known.as_ref().map_or(0, |code| code.grant);
    let wanted = match &known {
        Some(code) if rng.below(4) > 0 => code.scopes.clone(),
        _ => rng.scopes(),
    };
    let covers = model
        .grants
        .get(grant)
        .is_some_and(|it| !it.revoked && wanted.is_subset(&it.scopes));
    let ok = covers && known.is_some_and(|code| now < code.expires);
    let expires = now + rng.of(&[1, 100, 10_000]);
    let changes = vec![
        TokenFamilyChange::Opened {
            id: format!("f{family}").into(),
            grant: format!("g{grant}").into(),
            scopes: scopes(&wanted),
            expires,
            at: now,
        }
        .into(),
        AuthorizationCodeChange::Redeemed {
            id: id.into(),
            family: format!("f{family}").into(),
            at: now,
        }
        .into(),
    ];
    if ok {
        model.credentials.codes[which].redeemed = Some(family);
        model.credentials.families.push(Family {
            grant,
            scopes: wanted,
            generation: 1,
            expires,
            ended: false,
            forgotten: false,
        });
    }
    (changes, ok)
}

fn turn_family(model: &mut Model, rng: &mut Rng) -> (Vec<Change>, bool) {
    let (now, grants) = (model.credentials.now, &model.grants);
    let families = &mut model.credentials.families;
    let which = rng.below(families.len() + 1);
    let id = format!("f{which}").into();
    let known = families.get_mut(which).filter(|it| !it.ended && !it.forgotten);
    if rng.below(4) == 0 {
        let ok = known.is_some();
        if let Some(family) = known {
            family.ended = true;
        }
        let reason = rng.of(&[EndReason::Revoked, EndReason::RefreshReplayed]);
        return (vec![TokenFamilyChange::Ended { id, reason, at: now }.into()], ok);
    }
    // The next generation, or one that was replaced already.
    let current = known.as_ref().map_or(1, |family| family.generation);
    let generation = current + u32::from(rng.below(4) > 0);
    let ok = generation > current
        && known
            .as_ref()
            .is_some_and(|it| now < it.expires && !grants[it.grant].revoked);
    if let (true, Some(family)) = (ok, known) {
        family.generation = generation;
    }
    (
        vec![
            TokenFamilyChange::Rotated {
                id,
                generation,
                at: now,
            }
            .into(),
        ],
        ok,
    )
}

fn forget(model: &mut Model) -> (Vec<Change>, bool) {
    let before = model.credentials.now;
    for code in &mut model.credentials.codes {
        code.forgotten |= code.expires < before;
    }
    for family in &mut model.credentials.families {
        family.forgotten |= family.expires < before;
    }
    // Tokens of the model expire at 9.
    if before > 9 {
        model.revoked_tokens.clear();
        model.tokens.clear();
    }
    (vec![RevocationChange::Forgotten { before }.into()], true)
}

/// Every listing and every look-up of a credential agrees.
pub(crate) fn compare(model: &Model, state: &State, seed: u64) {
    let Credentials {
        now,
        furthest,
        secrets,
        families,
        codes,
    } = &model.credentials;
    for account in 0..model.accounts.len() {
        let mut listed: Vec<&str> = state
            .secrets_of(&owner(account))
            .map(|it| it.id.as_str())
            .collect();
        let of_account = secrets.iter().enumerate().filter(|(_, it)| it.owner == account);
        let mut expected: Vec<String> = of_account.map(|(number, _)| format!("s{number}")).collect();
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected, "seed {seed}");
        // Whatever the clock says, also one that was set back far: never more than two.
        let client = owner(account);
        for at in [i64::MIN, now - 86_400, *now, *furthest] {
            let usable = state.secrets_of(&client).filter(|it| it.is_usable(at));
            assert!(usable.count() <= 2, "seed {seed}: at {at}");
        }
    }
    for (number, secret) in secrets.iter().enumerate() {
        let client = owner(secret.owner);
        for at in [*now, now - 1, now - 300, now + 86_400] {
            let found = state.matching_secret(Some(&client), &digest(number), at);
            assert_eq!(
                found.is_some(),
                secret.is_usable(at),
                "seed {seed}: s{number} at {at}"
            );
            assert!(
                found.is_none_or(|it| it.id.as_str() == format!("s{number}")),
                "seed {seed}"
            );
        }
        assert!(state.matching_secret(None, &digest(number), *now).is_none());
    }
    for (number, code) in codes.iter().enumerate() {
        let found = state.code(&digest(number).to_hex());
        assert_eq!(found.is_none(), code.forgotten, "seed {seed}: code {number}");
        if let Some(found) = found {
            let family = code.redeemed.map(|family| format!("f{family}"));
            assert_eq!(
                found.redeemed.as_ref().map(|id| id.to_string()),
                family,
                "seed {seed}"
            );
            assert_eq!(
                (found.grant.as_str(), found.expires),
                (&*format!("g{}", code.grant), code.expires)
            );
        }
    }
    for (number, family) in families.iter().enumerate() {
        let found = state.family(&format!("f{number}"));
        assert_eq!(found.is_none(), family.forgotten, "seed {seed}: f{number}");
        let Some(found) = found else { continue };
        assert_eq!(
            (found.generation, found.ended.is_some(), found.expires),
            (family.generation, family.ended, family.expires),
            "seed {seed}: f{number}"
        );
        assert_eq!(found.scopes, scopes(&family.scopes), "seed {seed}");
    }
    for grant in 0..model.grants.len() {
        let listed = state.families_of(&format!("g{grant}")).count();
        let expected = families
            .iter()
            .filter(|it| it.grant == grant && !it.forgotten)
            .count();
        assert_eq!(listed, expected, "seed {seed}: g{grant}");
    }
}
