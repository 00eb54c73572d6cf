use std::sync::{Arc, Mutex};

use crate::oauth::test_world::{CHALLENGE, ISSUER, NOW, REDIRECT, VERIFIER, World};
use crate::oauth::{ClientAuthentication, ClientCredentials, OAuthErrorCode, Parameters, Reply, Settings};
use crate::platform::{
    AccountId, Assignee, BoundaryChange, Bounded, Change, ClientSecretChange, MembershipChange, Place,
    RoleChange, RoleSet, ServiceAccountChange, TenantChange,
};
use crate::value::Context;
use crate::{Clock, Principal, Reason, Resource, Session, Tenant};

use super::*;

const NEW: &str = "bws_0000000000000000000000000000000000000000000000000";

struct Host {
    world: World,
    engine: Engine,
    clock: Clock,
}

impl Host {
    fn new() -> Self {
        let (world, clock) = (World::new(), Clock::fixed(NOW));
        let engine = Engine::builder()
            .policies("policies/construction")
            .unwrap()
            .platform(world.state())
            .clock(clock.clone())
            .host_key([7; 32])
            .oauth(Settings::new(ISSUER).audience("api"), &world.ring)
            .build()
            .unwrap();
        Self { world, engine, clock }
    }

    fn change(&self, change: impl Into<Change>) {
        let changes = vec![change.into()];
        let made = self
            .engine
            .inner
            .commit(Actor::Nobody("test"), |_| Ok((changes, ())));
        made.unwrap();
    }

    fn assign(&self, assignee: Assignee, role: &str, project: &str) {
        self.change(RoleChange::Assigned {
            assignee,
            set: RoleSet::Host,
            role: role.to_owned(),
            place: Place::Project(project.into()),
        });
    }

    fn account_token(&self) -> String {
        let request = ClientCredentials::new(self.world.client("erp")).scope("rfis:write");
        let response = self.engine.client_credentials(&request).unwrap();
        response.access_token().to_owned()
    }

    fn session(&self, token: &str) -> Session {
        self.engine.authenticate(token, Tenant::id("acme")).unwrap()
    }

    fn reason(&self, token: &str) -> Reason {
        reason(&self.session(token))
    }

    fn user(&self, name: &str) -> Session {
        let user = Principal::user(name.to_owned());
        self.engine.session(user, Tenant::id("acme")).unwrap()
    }

    fn request(&self, app: &str, scope: &str) -> AuthorizationRequest {
        let parameters = [
            ("response_type", "code"),
            ("client_id", app),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "xyz"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        self.engine
            .authorize(&Parameters::from_pairs(parameters).unwrap())
            .unwrap()
    }

    fn code(&self) -> String {
        let request = self.request("dashboards", "rfis:read rfis:write");
        let response = self.engine.consent(&request, &self.user("ana")).unwrap();
        let query = response.location().split_once('?').unwrap().1;
        Parameters::parse(query).unwrap().get("code").unwrap().to_owned()
    }

    fn form(&self, client: &str, rest: &str) -> Reply {
        let body = format!(
            "client_id={client}&client_secret={}&{rest}",
            self.world.secret(client)
        );
        self.engine.token_endpoint(None, body)
    }

    fn redeem(&self, code: &str) -> Reply {
        let redirect = REDIRECT.replace(':', "%3A").replace('/', "%2F");
        let rest = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={redirect}&code_verifier={VERIFIER}"
        );
        self.form("dashboards", &rest)
    }

    fn refresh(&self, token: &str) -> Reply {
        self.form(
            "dashboards",
            &format!("grant_type=refresh_token&refresh_token={token}"),
        )
    }
}

fn member(reply: &Reply, name: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(reply.body()).unwrap();
    body[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in a reply {reply:?}"))
        .to_owned()
}

fn reason(session: &Session) -> Reason {
    let rfi = Resource::new("Rfi", "42")
        .parent("Project", "p1")
        .attr("private", false)
        .attr("state", "open")
        .attr("assignees", crate::Value::Set(vec![]));
    session.decide("rfis.view", &rfi, &Context::new()).reason()
}

fn erp() -> Assignee {
    Assignee::ServiceAccount(AccountId::from("erp"))
}

#[test]
fn scenario_1_a_new_account_gets_a_token_and_may_do_nothing() {
    let host = Host::new();
    assert_eq!(host.reason(&host.account_token()), Reason::NotPermitted);
}

#[test]
fn scenario_2_a_role_on_a_project_counts_at_once() {
    let host = Host::new();
    let token = host.account_token();
    host.assign(erp(), "rfis-standard", "p1");
    assert_eq!(host.reason(&token), Reason::Permitted);
}

#[test]
fn scenario_3_both_secrets_work_until_the_deadline_of_the_old_one() {
    let host = Host::new();
    let owner = crate::platform::SecretOwner::ServiceAccount("erp".into());
    let digest = host
        .engine
        .inner
        .pepper
        .digest(crate::platform::SecretKind::ClientSecret, NEW);
    let rotated = host
        .engine
        .platform()
        .rotate_secret(&owner, ("new".into(), digest), 86_400, NOW);
    rotated
        .unwrap()
        .into_iter()
        .for_each(|change| host.change(change));
    let old = ClientCredentials::new(host.world.client("erp")).scope("rfis:read");
    let new = ClientCredentials::secret("erp", NEW).unwrap().scope("rfis:read");
    assert!(host.engine.client_credentials(&old).is_ok());
    assert!(host.engine.client_credentials(&new).is_ok());
    host.clock.advance(86_400);
    let error = host.engine.client_credentials(&old).unwrap_err();
    assert_eq!(error.code(), OAuthErrorCode::InvalidClient);
    assert!(host.engine.client_credentials(&new).is_ok());
}

#[test]
fn scenario_4_a_leaked_secret_takes_its_own_tokens_along() {
    let host = Host::new();
    host.assign(erp(), "rfis-standard", "p1");
    let leaked = host.account_token();
    let owner = crate::platform::SecretOwner::ServiceAccount("erp".into());
    let digest = host
        .engine
        .inner
        .pepper
        .digest(crate::platform::SecretKind::ClientSecret, NEW);
    host.change(ClientSecretChange::Added {
        id: "new".into(),
        owner,
        digest,
        at: NOW,
    });
    let request = ClientCredentials::secret("erp", NEW).unwrap().scope("rfis:read");
    let other = host.engine.client_credentials(&request).unwrap();
    let session = host.session(&leaked);
    assert_eq!(reason(&session), Reason::Permitted);
    host.change(ClientSecretChange::Revoked {
        id: "sec-erp".into(),
        at: NOW,
        with_tokens: true,
    });
    assert_eq!(reason(&session), Reason::Revoked);
    assert_eq!(host.reason(other.access_token()), Reason::Permitted);
}

#[test]
fn scenarios_5_and_6_a_disabled_account_is_denied_and_its_old_token_stays_dead() {
    let host = Host::new();
    host.assign(erp(), "rfis-standard", "p1");
    let token = host.account_token();
    let session = host.session(&token);
    assert_eq!(reason(&session), Reason::Permitted);
    host.change(ServiceAccountChange::Disabled {
        id: "erp".into(),
        at: NOW,
    });
    assert_eq!(reason(&session), Reason::Disabled);
    let request = ClientCredentials::new(host.world.client("erp")).scope("rfis:read");
    assert!(host.engine.client_credentials(&request).is_err());
    host.change(ServiceAccountChange::Enabled { id: "erp".into() });
    assert_eq!(reason(&session), Reason::Outdated);
    assert_eq!(host.reason(&host.account_token()), Reason::Permitted);
}

#[test]
fn scenario_7_with_user_installs_off_a_consent_leaves_a_request_and_nothing_else() {
    let host = Host::new();
    let error = host
        .engine
        .consent(&host.request("widgets", "rfis:read"), &host.user("ana"))
        .unwrap_err();
    assert_eq!(error.error().code(), OAuthErrorCode::AccessDenied);
    assert!(error.location().unwrap().contains("error=access_denied"));
    let state = host.engine.platform();
    assert!(state.installed(&"acme".into(), &"widgets".into()).is_none());
    assert_eq!(state.install_requests_in("acme").count(), 1);
}

#[test]
fn scenario_8_a_user_cannot_install_an_app_that_wants_more_than_the_boundary() {
    let host = Host::new();
    host.change(TenantChange::UserInstallsSet {
        id: "acme".into(),
        allowed: true,
    });
    host.change(BoundaryChange::Set {
        on: Bounded::Tenant("acme".into()),
        scopes: Some("rfis:read".parse().unwrap()),
    });
    let request = host.request("widgets", "rfis:read drawings:read");
    let error = host.engine.consent(&request, &host.user("ana")).unwrap_err();
    assert!(error.error().description().contains("drawings:read"), "{error}");
    assert!(
        host.engine
            .platform()
            .installed(&"acme".into(), &"widgets".into())
            .is_none()
    );
    assert!(
        host.engine
            .consent(&host.request("widgets", "rfis:read"), &host.user("ana"))
            .is_ok()
    );
}

#[test]
fn scenario_19_a_lost_response_is_repeated_and_a_thief_ends_the_family() {
    let host = Host::new();
    host.assign(Assignee::User("ana".into()), "rfis-standard", "p1");
    let first = host.redeem(&host.code());
    let token = member(&first, "refresh_token");
    let next = host.refresh(&token);
    assert_eq!(
        member(&host.refresh(&token), "refresh_token"),
        member(&next, "refresh_token")
    );
    let session = host.session(&member(&next, "access_token"));
    assert_eq!(reason(&session), Reason::Permitted);
    host.clock.advance(31);
    assert_eq!(host.refresh(&token).status(), 400);
    assert_eq!(reason(&session), Reason::Revoked);
    assert_eq!(
        member(&host.refresh(&member(&next, "refresh_token")), "error"),
        "invalid_grant"
    );
}

#[test]
fn scenario_20_a_hundred_threads_redeem_one_code_and_one_succeeds() {
    let host = Host::new();
    let code = host.code();
    let start = std::sync::Barrier::new(100);
    let won = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    host.redeem(&code).status() == 200
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .filter(|won| *won)
            .count()
    });
    assert_eq!(won, 1);
}

#[test]
fn scenario_25_the_tokens_of_a_compromised_key_die_at_once_and_others_go_on() {
    let host = Host::new();
    let purpose = crate::KeyPurpose::Sign(crate::Algorithm::EdDsa);
    let old = host.account_token();
    let compromised = host.world.ring.keys()[0].id.clone();
    host.world.ring.rotate(purpose, NOW).unwrap();
    let new = host.account_token();
    host.world.ring.compromise(&compromised, NOW).unwrap();
    assert!(host.engine.authenticate(&old, Tenant::id("acme")).is_err());
    assert!(host.engine.authenticate(&new, Tenant::id("acme")).is_ok());
    assert!(!host.engine.jwks().unwrap().contains(&compromised));
}

#[test]
fn a_revoked_token_is_denied_at_the_very_next_decision() {
    let host = Host::new();
    host.assign(erp(), "rfis-standard", "p1");
    let token = host.account_token();
    let session = host.session(&token);
    assert_eq!(reason(&session), Reason::Permitted);
    let body = format!(
        "token={token}&client_id=erp&client_secret={}",
        host.world.secret("erp")
    );
    assert_eq!(host.engine.revocation_endpoint(None, &body).status(), 200);
    assert_eq!(reason(&session), Reason::Revoked);
    assert_eq!(
        host.engine.introspection_endpoint(None, &body).body(),
        r#"{"active":false}"#
    );
}

#[test]
fn a_deactivated_users_app_is_denied_and_gets_nothing_more() {
    let host = Host::new();
    host.assign(Assignee::User("ana".into()), "rfis-standard", "p1");
    let tokens = host.redeem(&host.code());
    let session = host.session(&member(&tokens, "access_token"));
    assert_eq!(reason(&session), Reason::Permitted);
    host.change(MembershipChange::Deactivated {
        tenant: "acme".into(),
        user: "ana".into(),
        at: NOW,
    });
    assert_eq!(reason(&session), Reason::Disabled);
    assert_eq!(host.refresh(&member(&tokens, "refresh_token")).status(), 400);
}

#[test]
fn an_app_consents_on_nobodys_behalf() {
    let host = Host::new();
    let tokens = host.redeem(&host.code());
    for session in [
        host.session(&member(&tokens, "access_token")),
        host.session(&host.account_token()),
    ] {
        let error = host
            .engine
            .consent(&host.request("dashboards", "rfis:read"), &session)
            .unwrap_err();
        assert_eq!(error.error().code(), OAuthErrorCode::AccessDenied);
    }
    let stranger = host.user("eve");
    assert!(
        host.engine
            .consent(&host.request("dashboards", "rfis:read"), &stranger)
            .is_err()
    );
}

#[test]
fn a_user_who_declines_sends_the_app_away_without_a_code() {
    let host = Host::new();
    let reply = Reply::from(host.engine.decline(&host.request("dashboards", "rfis:read")));
    let location = reply.header("Location").unwrap();
    assert!(location.starts_with(REDIRECT) && location.contains("error=access_denied"));
    assert!(location.contains("state=xyz") && !location.contains("code="));
}

#[test]
fn every_committed_flow_is_told_to_whoever_listens_without_secrets() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let (world, sink) = (World::new(), Arc::clone(&told));
    let engine = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .platform(world.state())
        .clock(Clock::fixed(NOW))
        .host_key([7; 32])
        .oauth(Settings::new(ISSUER).audience("api"), &world.ring)
        .on_change(move |record| sink.lock().unwrap().push(serde_json::to_string(record).unwrap()))
        .build()
        .unwrap();
    let clock = Clock::fixed(NOW);
    let host = Host { world, engine, clock };
    let code = host.code();
    let tokens = host.redeem(&code);
    let refresh = member(&tokens, "refresh_token");
    host.refresh(&refresh);
    let told = told.lock().unwrap().join("\n");
    for action in ["installations.request", "oauth.redeem_code", "oauth.refresh"] {
        assert!(told.contains(action), "{action}");
    }
    for secret in [code, refresh, member(&tokens, "access_token")] {
        assert!(!told.contains(&secret));
    }
}

#[test]
fn an_engine_that_is_no_authorization_server_says_so_to_its_operator_alone() {
    let engine = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .build()
        .unwrap();
    let client = ClientAuthentication::post("a", "b").unwrap();
    let error = engine
        .client_credentials(&ClientCredentials::new(client))
        .unwrap_err();
    assert_eq!((error.code(), error.status()), (OAuthErrorCode::ServerError, 500));
    assert_eq!(error.cause().unwrap().kind(), ErrorKind::Configuration);
    assert!(!Reply::from(error).body().contains("authorization server"));
    assert_eq!(engine.jwks_endpoint().status(), 500);
}

#[test]
fn the_documents_are_published() {
    let host = Host::new();
    let metadata = host.engine.metadata().unwrap();
    assert!(metadata.scopes_supported.contains(&"rfis:read".to_owned()));
    assert!(
        metadata
            .scopes_supported
            .contains(&"service_accounts:read".to_owned())
    );
    let keys = crate::KeySet::from_jwks(host.engine.jwks_endpoint().body().as_bytes()).unwrap();
    assert_eq!(keys.iter().count(), 1);
}

#[test]
fn flows_leave_records_and_refused_ones_count_nothing() {
    let (world, clock) = (World::new(), Clock::fixed(NOW));
    let engine = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .platform(world.state())
        .clock(clock)
        .host_key([7; 32])
        .oauth(Settings::new(ISSUER).audience("api"), &world.ring)
        .audit(Audit::builder().build())
        .build()
        .unwrap();
    let ask = |client| engine.client_credentials(&ClientCredentials::new(client).scope("rfis:read"));
    ask(world.client("erp")).unwrap();
    ask(ClientAuthentication::post("erp", NEW).unwrap()).unwrap_err();
    ask(ClientAuthentication::post(&"x".repeat(200), NEW).unwrap()).unwrap_err();
    let mut records = engine.audit().unwrap().recent(10);
    records.retain(|record| record.action == "oauth.client_credentials");
    let shown: Vec<_> = records
        .iter()
        .map(|record| (record.tenant.as_str(), record.allowed, record.reason))
        .collect();
    assert_eq!(shown.len(), 3);
    for expected in [
        ("acme", true, "permitted"),
        ("acme", false, "invalid_client"),
        ("", false, "invalid_client"),
    ] {
        assert!(shown.contains(&expected), "{expected:?} in {shown:?}");
    }
    assert!(records.iter().all(|record| record.principal.len() < 200));
    assert!(!format!("{records:?}").contains("bws_"));
    assert!(
        engine
            .audit()
            .unwrap()
            .usage()
            .unwrap()
            .report("acme")
            .rows()
            .is_empty()
    );
}

#[test]
fn a_token_exchanged_for_one_project_is_good_in_no_other() {
    let host = Host::new();
    host.assign(erp(), "rfis-standard", "p1");
    let token = host.account_token();
    let narrowed = |project: &str| {
        let request = Exchange::new(host.world.client("erp"), &token).project(project);
        host.engine.exchange(&request)
    };
    let narrow = narrowed("p1").unwrap().access_token().to_owned();
    assert_eq!(host.reason(&narrow), Reason::Permitted);
    let other = Resource::new("Rfi", "1")
        .parent("Project", "p2")
        .attr("private", false)
        .attr("state", "open")
        .attr("assignees", crate::Value::Set(vec![]));
    let decision = host.session(&narrow).decide("rfis.view", &other, &Context::new());
    assert_eq!(decision.reason(), Reason::Project);

    let claims = host.engine.issued_claims(&token).unwrap().unwrap();
    host.change(crate::platform::RevocationChange::TokenRevoked {
        token: claims.token_id().unwrap().into(),
        expires: claims.valid_until(),
        tenant: None,
    });
    assert_eq!(host.reason(&narrow), Reason::Revoked);
}

#[test]
fn what_strangers_ask_for_washes_out_no_decision() {
    let (world, clock) = (World::new(), Clock::fixed(NOW));
    let engine = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .platform(world.state())
        .clock(clock)
        .host_key([7; 32])
        .oauth(Settings::new(ISSUER).audience("api"), &world.ring)
        .audit(Audit::builder().records(16).build())
        .build()
        .unwrap();
    let ask = |client| engine.client_credentials(&ClientCredentials::new(client).scope("rfis:read"));
    ask(world.client("erp")).unwrap();
    for _ in 0..100 {
        ask(ClientAuthentication::post("erp", NEW).unwrap()).unwrap_err();
        ask(ClientAuthentication::public("erp").unwrap()).unwrap_err();
        // Whoever knows the id of a public app can ask in its name.
        let query = TokenQuery::new(ClientAuthentication::public("phone").unwrap(), "no token");
        drop(engine.revoke(&query));
    }
    let recent = engine.audit().unwrap().recent(100);
    let issued = recent
        .iter()
        .filter(|record| record.action == "oauth.client_credentials" && record.allowed);
    assert_eq!(issued.count(), 1);
}

#[test]
fn a_change_of_keys_that_cannot_be_shown_is_not_made_durable() {
    let ring = crate::KeyRing::new();
    let store = crate::store::Memory::new();
    let engine = Engine::builder()
        .policies("policies/construction")
        .unwrap()
        .store(store.clone())
        .host_key(std::array::from_fn(|at| at as u8))
        .oauth(Settings::new(ISSUER).audience("api"), &ring)
        .build()
        .unwrap();
    engine.bootstrap("operator", "The operator", "olga").unwrap();
    let before = (engine.revision(), crate::store::Store::head(&store).unwrap());
    let staged = crate::platform::SigningKeyChange::Staged {
        id: "key-1".into(),
        purpose: "sign:EdDSA".to_owned(),
        public: r#"{"keys":[]}"#.to_owned(),
        sealed: "AAAA".to_owned(),
        at: NOW,
    };
    let made = engine
        .inner
        .commit(Actor::Nobody("test"), |_| Ok((vec![staged.into()], ())));
    assert!(made.is_err());
    assert_eq!(
        (engine.revision(), crate::store::Store::head(&store).unwrap()),
        before
    );
}
