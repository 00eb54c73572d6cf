"""Administration, the OAuth flows, the audit and the store, from the founding to a token and its revocation."""

from __future__ import annotations

import base64
import gc
import hashlib
import inspect
import json
import re
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from conftest import NOW, ROOT

import bailiwick as bw
from bailiwick.admin import Credential

VERIFIER = "a" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "https://dashboards.example/callback"


@pytest.fixture
def keys(clock: bw.Clock) -> bw.KeyRing:
    keys = bw.KeyRing(clock=clock)
    keys.rotate()
    return keys


def platform(policies: bw.Policies, clock: bw.Clock, keys: bw.KeyRing, **settings: object) -> bw.Engine:
    oauth = bw.OAuth("https://id.example.com", audience="api", keys=keys)
    engine = bw.Engine(policies, clock=clock, oauth=oauth, host_key=bytes(range(32)), **settings)  # type: ignore[arg-type]
    if engine.revision == 1:
        engine.bootstrap("operator", "The operator", "olga")
        operator = engine.act_as(engine.session("olga", tenant="operator"))
        operator.create_tenant("initech", "Initech", admin="bill", roles=["rfis-standard"])
    return engine


@pytest.fixture
def engine(construction: bw.Policies, clock: bw.Clock, keys: bw.KeyRing) -> bw.Engine:
    return platform(construction, clock, keys, audit=bw.Audit())


@pytest.fixture
def admin(engine: bw.Engine) -> bw.Admin:
    admin = engine.act_as(engine.session("bill", tenant="initech"))
    admin.create_project("initech", "p7", "Harbour bridge")
    return admin


def rfi(project: str = "p7") -> bw.Resource:
    attrs = {"private": False, "assignees": [], "state": "open"}
    return bw.Resource("Rfi", "1", parents=[("Project", project)], attrs=attrs)


def basic(credential: Credential) -> str:
    return "Basic " + base64.b64encode(f"{credential.id}:{credential.secret}".encode()).decode()


def form(**parameters: str) -> bytes:
    return urlencode(parameters).encode()


def test_a_service_account_gets_a_token_that_dies_with_it(engine: bw.Engine, admin: bw.Admin) -> None:
    account = admin.create_service_account("initech", "ERP sync", projects=["p7"])
    admin.assign_role("rfis-standard", service_account=account.id, project="p7")
    reply = engine.token_endpoint(basic(account), form(grant_type="client_credentials", scope="rfis:read"))
    assert reply.status == 200 and reply.header("cache-control") == "no-store"
    session = engine.authenticate(json.loads(reply.body)["access_token"], tenant="initech")
    assert session.grant_type == "client_credentials"
    assert session.allows("rfis.view", rfi()) and not session.allows("rfis.close", rfi())
    admin.disable_account(account.id)
    decision = session.decide("rfis.view", rfi())
    assert not decision and decision.reason is bw.Reason.DISABLED


def test_a_rotated_secret_is_good_until_its_deadline(engine: bw.Engine, admin: bw.Admin, clock: bw.Clock) -> None:
    old = admin.create_service_account("initech", "ERP sync")
    new = admin.rotate_secret(service_account=old.id, overlap=3600)
    body = form(grant_type="client_credentials", scope="rfis:read")
    fresh = Credential(old.id, new.secret)
    assert [engine.token_endpoint(basic(it), body).status for it in (old, fresh)] == [200, 200]
    clock.advance(3600)
    assert [engine.token_endpoint(basic(it), body).status for it in (old, fresh)] == [401, 200]


def test_a_user_consents_and_the_app_acts_refreshes_and_gives_back(engine: bw.Engine, admin: bw.Admin) -> None:
    admin.register_app("initech", "Dashboards", id="dashboards")
    number = admin.draft_version(
        "dashboards",
        scopes=["rfis:read"],
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
    )
    admin.publish_version("dashboards", number)
    admin.install("initech", "dashboards", scopes=["rfis:read"], projects="all")
    secret = admin.create_secret(app="dashboards")
    query = urlencode(
        {
            "response_type": "code",
            "client_id": "dashboards",
            "redirect_uri": REDIRECT,
            "scope": "rfis:read",
            "state": "s1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
    )
    request = engine.authorize(query)
    assert isinstance(request, bw.AuthorizationRequest)
    assert (request.app_name, request.redirect_uri, request.scopes) == ("Dashboards", REDIRECT, ("rfis:read",))
    declined = parse_qs(urlsplit(engine.decline(request).header("location") or "").query)
    assert declined["error"] == ["access_denied"]
    consented = engine.consent(request, engine.session("bill", tenant="initech"))
    assert consented.status == 303
    code = parse_qs(urlsplit(consented.header("location") or "").query)["code"][0]
    assert code not in repr(consented)
    client = basic(Credential("dashboards", secret.secret))
    redeem = form(grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER)
    issued = json.loads(engine.token_endpoint(client, redeem).body)
    session = engine.authenticate(issued["access_token"], tenant="initech")
    assert session.app == bw.EntityUid("App", "dashboards") and session.allows("rfis.view", rfi())
    refreshed = engine.token_endpoint(client, form(grant_type="refresh_token", refresh_token=issued["refresh_token"]))
    assert refreshed.status == 200
    about = json.loads(engine.introspection_endpoint(client, form(token=issued["access_token"])).body)
    assert about["active"] is True and about["sub"] == "bill"
    assert engine.revocation_endpoint(client, form(token=issued["access_token"])).status == 200
    assert session.decide("rfis.view", rfi()).reason is bw.Reason.REVOKED
    assert [it["installation"] for it in admin.connected_apps()] == [it["id"] for it in admin.installations("initech")]


def test_a_bad_authorization_request_is_answered(engine: bw.Engine) -> None:
    refused = engine.authorize("client_id=nobody&response_type=code")
    assert isinstance(refused, bw.Reply) and refused.status == 400 and refused.header("location") is None
    assert isinstance(engine.authorize("client_id=a&client_id=b"), bw.Reply)


def test_the_documents_are_published(engine: bw.Engine, keys: bw.KeyRing) -> None:
    metadata = json.loads(engine.metadata_endpoint().body)
    assert metadata["token_endpoint"] == "https://id.example.com/oauth/token"
    assert json.loads(engine.jwks_endpoint().body) == keys.jwks


def test_who_may_not_is_told_so_and_nothing_changes(engine: bw.Engine, admin: bw.Admin) -> None:
    revision = engine.revision
    olga = engine.act_as(engine.session("olga", tenant="operator"))
    with pytest.raises(bw.AdministrationDenied) as denied:
        olga.create_project("initech", "p8", "Not hers")
    assert isinstance(denied.value, PermissionError) and denied.value.kind == "platform_forbidden"
    with pytest.raises(bw.PlatformError):
        admin.create_project("initech", "p7", "Twice")
    with pytest.raises(TypeError, match="exactly one of user, service_account"):
        admin.assign_role("rfis-standard", tenant="initech")
    with pytest.raises(TypeError, match="not a single str"):
        admin.consent("dashboards", "rfis:read")
    with pytest.raises(ValueError):
        engine.authenticate("a.b.c", dpop=("p", "GET", "https://x"), certificate=b"short")
    assert engine.revision == revision


def test_secrets_are_in_no_repr(engine: bw.Engine, admin: bw.Admin, keys: bw.KeyRing) -> None:
    account = admin.create_service_account("initech", "ERP sync")
    reply = engine.token_endpoint(basic(account), form(grant_type="client_credentials", scope="rfis:read"))
    token = json.loads(reply.body)["access_token"]
    minted = bw.Minter("https://id.example.com", keys).sign("ana", "dashboards", audience="api")
    shown = "".join(map(repr, [account, admin, reply, minted, keys, engine, engine.audit]))
    for secret in (account.secret, token, minted.token):
        assert secret not in shown


def test_minted_tokens_are_good_until_the_key_is_compromised(
    construction: bw.Policies, clock: bw.Clock, keys: bw.KeyRing
) -> None:
    issuer = bw.Issuer("https://id.example.com", audience="api", jwks=keys.jwks)
    engine = bw.Engine(construction, issuers=[issuer], clock=clock)
    minter = bw.Minter("https://id.example.com", keys)
    minted = minter.sign("ana", "dashboards", audience="api", tenant="acme", scopes=["rfis:read"], lifetime=60)
    assert (minted.issued_at, minted.expires) == (NOW, NOW + 60)
    session = engine.authenticate(minted.token, tenant="acme")
    assert session.principal.id == "ana" and session.scopes == ("rfis:read",)
    staged = keys.stage("ES256")
    keys.promote(staged)
    first, second = keys.keys
    assert (first["stage"], second["stage"], second["purpose"]) == ("verify-only", "signing", "sign ES256")
    keys.compromise(staged)
    with pytest.raises(bw.BailiwickError, match="key"):
        minter.sign("ana", "dashboards", audience="api")


def test_a_token_bound_to_a_certificate_needs_it(
    engine: bw.Engine, construction: bw.Policies, clock: bw.Clock, key: bw.SigningKey
) -> None:
    issuer = bw.Issuer("https://mtls.example.com", audience="api", jwks=key.jwks)
    engine = bw.Engine(construction, issuers=[issuer], clock=clock)
    certificate = b"the client's certificate in DER"
    thumbprint = hashlib.sha256(certificate).digest()
    confirmed = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    claims = {"iss": "https://mtls.example.com", "aud": "api", "sub": "ana", "client_id": "dashboards"}
    claims |= {"tenant": "acme", "scope": "rfis:read"}
    token = key.sign({**claims, "exp": NOW + 60, "cnf": {"x5t#S256": confirmed}})
    for given in (certificate, thumbprint):
        assert engine.authenticate(token, tenant="acme", certificate=given).principal.id == "ana"
    for missing in (None, b"another certificate"):
        with pytest.raises(bw.TokenError):
            engine.authenticate(token, tenant="acme", certificate=missing)
    with pytest.raises(bw.TokenError):
        engine.authenticate(token, tenant="acme", dpop=("no.proof.here", "GET", "https://api.example.com/"))


def integers(der: bytes) -> Iterator[int]:
    """The integers of a structure in DER, in their order, those within octet strings included."""
    while der:
        tag, size, start = der[0], der[1], 2
        if size >= 0x80:
            start = 2 + size - 0x80
            size = int.from_bytes(der[2:start], "big")
        content, der = der[start : start + size], der[start + size :]
        if tag == 0x02:
            yield int.from_bytes(content, "big")
        elif tag in (0x30, 0x04):
            yield from integers(content)


class Prover:
    """A client with an RSA key, which proves that it holds it (RFC 9449)."""

    def __init__(self) -> None:
        pkcs8 = (ROOT / "tests" / "data" / "rsa-2048.test-key.pk8").read_bytes()
        public = bw.SigningKey.from_pkcs8("p", pkcs8, algorithm="RS256").jwks["keys"][0]
        self.jwk = {name: public[name] for name in ("e", "kty", "n")}
        _, _, self.modulus, _, self.exponent, *_ = integers(pkcs8)

    @property
    def thumbprint(self) -> str:
        return encoded(hashlib.sha256(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")).encode()).digest())

    def proof(self, token: str, **changes: Any) -> str:
        access = encoded(hashlib.sha256(token.encode()).digest())
        claims = {"jti": "j1", "htm": "GET", "htu": "https://api.example.com/rfis", "iat": NOW, "ath": access} | changes
        header = {"typ": "dpop+jwt", "alg": "RS256", "jwk": self.jwk}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        # RFC 8017, section 9.2.
        info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed.encode()).digest()
        padded = b"\0\1" + b"\xff" * (256 - 3 - len(info)) + b"\0" + info
        return signed + "." + encoded(pow(int.from_bytes(padded, "big"), self.exponent, self.modulus).to_bytes(256, "big"))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_token_bound_to_a_key_needs_a_proof_of_it(construction: bw.Policies, clock: bw.Clock, key: bw.SigningKey) -> None:
    engine = bw.Engine(construction, issuers=[bw.Issuer("https://id.example.com", audience="api", jwks=key.jwks)], clock=clock)
    prover, uri = Prover(), "https://api.example.com/rfis"
    claims = {"iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "dashboards", "tenant": "acme"}
    confirmed = {"cnf": {"jkt": prover.thumbprint}}
    token = key.sign({**claims, **confirmed, "scope": "rfis:read", "exp": NOW + 60})
    proof = prover.proof(token)
    session = engine.authenticate(token, tenant="acme", dpop=(proof, "GET", uri))
    assert session.allows("rfis.view", bw.Resource("Rfi", "42"))
    refused = {
        "a replay": (proof, "GET", uri),
        "another method": (prover.proof(token, jti="j2"), "POST", uri),
        "another URI": (prover.proof(token, jti="j3"), "GET", uri + "/1"),
        "another token": (prover.proof(token + "x", jti="j4"), "GET", uri),
        "an old proof": (prover.proof(token, jti="j5", iat=NOW - 3600), "GET", uri),
        "a wrong signature": (prover.proof(token, jti="j6")[:-4] + "AAAA", "GET", uri),
        "no proof": None,
    }
    for what, dpop in refused.items():
        with pytest.raises(bw.TokenError):
            engine.authenticate(token, tenant="acme", dpop=dpop)
            pytest.fail(what)
    assert engine.authenticate(token, tenant="acme", dpop=(prover.proof(token, jti="j7"), "GET", uri)).principal.id == "ana"


def test_usage_and_decisions_are_recorded(engine: bw.Engine, admin: bw.Admin) -> None:
    audit = engine.audit
    assert audit is not None
    engine.session("bill", tenant="initech").allows("rfis.view", rfi())
    rows = {row["action"]: row for row in admin.usage("initech")}
    assert rows["rfis.view"]["calls"] == 1 and rows["rfis.view"]["project"] == "p7"
    assert rows["rfis.view"] in audit.usage("initech")
    recent = admin.recent_decisions("initech")
    assert any(it["action"] == "rfis.view" and it["allowed"] for it in recent)
    assert audit.recent(5) and audit.lost == 0


def test_a_sink_is_called_with_decisions_and_changes(
    construction: bw.Policies, clock: bw.Clock, keys: bw.KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[dict[str, object]] = []
    threads = set()

    def sink(record: dict[str, object]) -> None:
        threads.add(threading.current_thread())
        seen.append(record)
        if len(seen) == 1:
            raise RuntimeError("a sink that fails once")

    audit = bw.Audit(sink=sink)
    engine = platform(construction, clock, keys, audit=audit)
    engine.session("bill", tenant="initech").allows("rfis.view", rfi())
    audit.flush()
    kinds = {next(iter(record)) for record in seen}
    assert kinds == {"decision", "change"} and threading.current_thread() not in threads
    assert "the audit's function failed" in caplog.text
    # An engine that is dropped hands its last records on, and waits for nobody who waits for the interpreter.
    before = len(seen)
    engine.session("bill", tenant="initech").allows("rfis.view", rfi())
    del engine
    gc.collect()
    audit.flush()
    assert len(seen) > before


def test_a_file_takes_every_record(
    construction: bw.Policies, clock: bw.Clock, keys: bw.KeyRing, tmp_path: Path
) -> None:
    audit = bw.Audit(sink=tmp_path / "audit.jsonl")
    platform(construction, clock, keys, audit=audit)
    audit.flush()
    records = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert any("change" in record for record in records)


def test_a_store_keeps_the_platform(
    construction: bw.Policies, clock: bw.Clock, keys: bw.KeyRing, tmp_path: Path
) -> None:
    path = tmp_path / "platform.db"
    engine = platform(construction, clock, keys, store=path)
    admin = engine.act_as(engine.session("bill", tenant="initech"))
    admin.create_project("initech", "p7", "Harbour bridge")
    follower = bw.Engine(construction, clock=clock, store=path, follow=True, host_key=bytes(range(32)))
    session = follower.session("bill", tenant="initech")
    assert session.allows("rfis.view", rfi())
    with pytest.raises(bw.StoreError):
        follower.act_as(session).create_project("initech", "p8", "By a reader")
    admin.remove_project("p7")
    follower.follow()
    assert not session.allows("rfis.view", rfi())
    with pytest.raises(bw.StoreError):
        platform(construction, clock, keys, store=path)
    del engine, admin, follower, session
    gc.collect()
    opened = bw.Engine.open(construction, store=path, host_key=bytes(range(32)))
    assert opened.act_as(opened.session("bill", tenant="initech")).installations("initech") == []
    with pytest.raises(ValueError, match="32 random bytes"):
        bw.Engine(construction, host_key=b"short")


def test_the_state_keeps_the_keys(construction: bw.Policies, clock: bw.Clock, tmp_path: Path) -> None:
    path, ring = tmp_path / "platform.db", bw.KeyRing(clock=clock)
    engine = platform(construction, clock, ring, store=path)
    operator = engine.act_as(engine.session("olga", tenant="operator"))
    first = operator.rotate_key()
    second = operator.stage_key("ES256")
    operator.promote_key(second)
    assert {key["id"] for key in ring.keys} == {first, second}
    assert {it["id"] for it in operator.signing_keys()} == {first, second}
    assert all(it["sealed"] == "" for it in operator.signing_keys())
    operator.mark_key_compromised(second)
    admin = engine.act_as(engine.session("bill", tenant="initech"))
    admin.create_project("initech", "p7", "Harbour bridge")
    assert [it["id"] for it in admin.projects("initech")] == ["p7"]
    assert [it["user"] for it in admin.members("initech")] == ["bill"]


def test_every_operation_has_a_method() -> None:
    manual = (Path(__file__).resolve().parents[3] / "src/engine/admin/operations.md").read_text(encoding="utf-8")
    source = inspect.getsource(bw.Admin)
    cells = re.findall(r"^\| (`[^|]*) \|", manual, re.MULTILINE)
    operations = [name for cell in cells for name in re.findall(r"\w+", cell)]
    assert len(operations) > 30
    assert [it for it in operations if f'"{it}"' not in source] == []


def test_no_python_object_leaks(engine: bw.Engine, admin: bw.Admin) -> None:
    account = admin.create_service_account("initech", "ERP sync", projects=["p7"])
    session, body = engine.session("bill", tenant="initech"), form(grant_type="client_credentials", scope="rfis:read")

    def work() -> None:
        engine.token_endpoint(basic(account), body)
        admin.service_accounts("initech")
        session.decide_many("rfis.view", [rfi()] * 10, {"hour": 9})[3].explain()
        session.filter("rfis.view", [rfi(), ("Rfi", "none")])
        with pytest.raises(bw.PlatformError):
            admin.create_project("initech", "p7", "Twice")

    tracemalloc.start()
    # Caches and rings fill up first.
    for _ in range(1000):
        work()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    rounds = 600
    for _ in range(rounds):
        work()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    # The smallest object that could be lost in each round takes 48 bytes.
    assert grown < rounds * 32, grown
