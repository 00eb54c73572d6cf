"""Engines, sessions and decisions; and that arguments of the wrong kind are refused with a helpful message."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from conftest import ISSUER, NOW, ROOT

import bailiwick as bw
from bailiwick import adapters

CONSTRUCTION = ROOT / "policies" / "construction"
RFI = bw.Resource("Rfi", "42")

# For calls that a type checker would rightly refuse.
untyped: Any = bw


def test_a_token_opens_a_session(engine: bw.Engine, token: Callable[..., str]) -> None:
    session = engine.authenticate(token(), tenant="acme")
    assert (session.principal, session.tenant) == (bw.EntityUid("User", "ana"), bw.EntityUid("Company", "acme"))
    assert (session.app, session.scopes) == (bw.EntityUid("App", "dashboards"), ("rfis:read",))
    assert session.expires is not None and session.expires >= NOW + 600
    assert session.allows("rfis.view", RFI)
    decision = session.decide("rfis.close", RFI, mfa=True)
    assert not decision
    assert decision.reason is bw.Reason.SCOPE
    assert decision.reason.is_outside_bailiwick
    assert "rfis:write" in decision.message
    assert repr(decision) == f"<Decision deny: {decision.message}>"


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"exp": NOW - 600}, "token_expired"),
        ({"aud": "other"}, "token_audience"),
        ({"iss": "https://elsewhere.example.com"}, "token_issuer"),
        ({"tenant": "globex"}, "token_tenant"),
        ({"sub": None}, "token_claim_missing"),
        ({"scope": 7}, "token_claim_invalid"),
    ],
    ids=lambda argument: str(argument),
)
def test_a_bad_token_says_what_is_wrong(
    engine: bw.Engine, token: Callable[..., str], claims: dict[str, Any], kind: str
) -> None:
    signed = token(**claims)
    with pytest.raises(bw.TokenError) as raised:
        engine.authenticate(signed, tenant="acme")
    assert raised.value.kind == kind
    assert signed not in raised.value.report()


@pytest.mark.parametrize("text", ["", "...", "a.b.c", "x" * 10_000_000, "tökén"])
def test_what_is_no_token_is_refused(engine: bw.Engine, text: str) -> None:
    with pytest.raises(bw.TokenError):
        engine.authenticate(text, tenant="acme")


def test_a_session_expires(engine: bw.Engine, clock: bw.Clock, token: Callable[..., str]) -> None:
    session = engine.authenticate(token(), tenant="acme")
    clock.advance(3600)
    assert session.decide("rfis.view", RFI).reason is bw.Reason.EXPIRED


def test_a_host_authenticates_by_itself(engine: bw.Engine) -> None:
    identity = bw.Identity("ana", scopes=["rfis:read"], app="dashboards", expires=NOW + 60)
    session = engine.session_of(identity, tenant="acme")
    assert session.allows("rfis.view", RFI)
    assert not session.allows("rfis.close", RFI, mfa=True)
    assert repr(identity) == "Identity('ana', app='dashboards', scopes=['rfis:read'])"
    with pytest.raises(TypeError, match="scopes"):
        untyped.Identity("ana")


def test_a_service_account_has_a_session(engine: bw.Engine) -> None:
    session = engine.session(service_account="erp-sync", tenant="acme")
    assert session.principal == bw.EntityUid("ServiceAccount", "erp-sync")


def test_a_resource_is_brought_along(session: bw.Session) -> None:
    attrs = {"private": False, "assignees": {bw.EntityUid("User", "ana")}, "state": "open"}
    brought = bw.Resource("Rfi", 43, parents=[("Project", "p1")], attrs=attrs)
    assert not brought.is_stored
    decision = session.decide("rfis.view", brought)
    assert decision, decision.explain()
    assert decision.resource is brought
    assert session.decide("rfis.view", bw.Resource("Rfi", "no such thing")).reason is bw.Reason.NO_TENANT


def test_whatever_names_a_resource_will_do(session: bw.Session) -> None:
    class Rfi:
        def __bailiwick_entity__(self) -> bw.EntityUid:
            return bw.EntityUid("Rfi", "42")

    for resource in (RFI, ("Rfi", "42"), ("Rfi", 42), bw.EntityUid("Rfi", 42), Rfi()):
        assert session.allows("rfis.view", resource)
    with pytest.raises(TypeError, match="__bailiwick_entity__"):
        session.allows("rfis.view", "Rfi::42")


def test_many_are_decided_at_once(session: bw.Session) -> None:
    rfis = [("Rfi", "42"), ("Rfi", "no such thing"), bw.EntityUid("Rfi", 42)]
    decisions = session.decide_many("rfis.close", iter(rfis), {"mfa": True})
    assert [bool(decision) for decision in decisions] == [True, False, True]
    assert [decision.resource for decision in decisions] == rfis
    assert all(decision.explain().allowed is decision.allowed for decision in decisions)
    assert session.filter("rfis.close", rfis, mfa=True) == [rfis[0], rfis[2]]
    assert session.decide_many("rfis.view", []) == session.filter("rfis.view", ()) == []
    with pytest.raises(TypeError):
        session.filter("rfis.view", [*rfis, None])


def test_a_decision_keeps_the_context_it_was_asked_with(session: bw.Session) -> None:
    context = {"mfa": True}
    decision = session.decide("rfis.close", RFI, context)
    context["mfa"] = False
    assert decision.explain().allowed is decision.allowed


def test_require_raises_what_it_denies(session: bw.Session) -> None:
    assert session.require("rfis.view", RFI)
    with pytest.raises(PermissionError, match="belongs to no tenant") as raised:
        session.require("rfis.view", ("Rfi", "no such thing"))
    assert isinstance(raised.value, bw.AccessDenied)
    assert raised.value.decision is not None and raised.value.decision.action == "rfis.view"
    unpickled = pickle.loads(pickle.dumps(raised.value))
    assert (str(unpickled), unpickled.kind) == (str(raised.value), raised.value.kind)


def test_an_explanation_is_a_tree_and_a_table(session: bw.Session) -> None:
    explanation = session.explain("rfis.view", ("Rfi", "<script>"))
    assert "├─ tenant" in str(explanation)
    table = explanation._repr_html_()
    assert "&lt;script&gt;" in table and "<script>" not in table
    assert explanation.data["action"] == "rfis.view"


def test_an_explanation_tells_conditions_and_what_decided_them(session: bw.Session) -> None:
    explanation = session.explain("rfis.view", RFI)
    policy = next(policy for policy in explanation.candidates if policy.outcome == "does_not_apply")
    (condition,) = policy.conditions
    assert (condition.clause, condition.value, condition.outcome) == ("when", False, "does_not_hold")
    assert condition.decided_by is not None and condition.decided_by.value is False
    assert condition.decided_by.expression in condition.expression
    assert condition.place is not None and str(condition.place).endswith(f":{condition.place.line}:1")
    table = explanation._repr_html_()
    assert f"<code>{policy.id}</code>" in table and condition.decided_by.expression in table

    nobody = session.explain("rfis.view", ("Rfi", "<script>"))
    assert not nobody.close or all(policy.lacks for policy in nobody.close)


def test_an_engine_is_reloaded_as_a_whole_or_not_at_all(engine: bw.Engine) -> None:
    session = engine.session("ana", tenant="acme")
    with pytest.raises(bw.PolicyError) as raised:
        engine.reload(bw.Policies(cedar="permit (principal", schema="entity User;"))
    assert raised.value.location is not None and raised.value.location.line == 1
    assert engine.revision == 1 and session.allows("rfis.view", RFI)
    schema = (CONSTRUCTION / "schema.cedarschema").read_text(encoding="utf-8")
    nothing = bw.Policies(schema=schema, cedar='@id("no") forbid (principal, action, resource);')
    assert engine.reload(nothing) == engine.revision == 2
    assert not session.allows("rfis.view", RFI)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: untyped.Engine(7), "policies is the path of a directory or precompiled file, or Policies, not int"),
        (lambda: untyped.Engine(CONSTRUCTION, issuers=7), "not iterable"),
        (lambda: untyped.Engine(CONSTRUCTION, issuers=["https://id"]), "issuers holds Issuer objects, not str"),
        (lambda: untyped.Engine(CONSTRUCTION, clock=7), "Clock"),
        (lambda: untyped.Policies(), "no policies"),
        (lambda: untyped.Policies("here", cedar=""), "not both"),
        (lambda: untyped.Policies(cedar=7), "cedar is a text or a mapping"),
        (lambda: untyped.Policies(cedar="", entities=[{1, 2}]), "entities: JSON text"),
        (lambda: untyped.Issuer("i", audience="a", jwks=7), "returns one of the latter, not int"),
        (lambda: untyped.Issuer("i", audience=7, jwks={}), "array `keys`|not iterable"),
        (lambda: untyped.Issuer("i", audience="a"), "jwks"),
        (lambda: untyped.Identity("ana", scopes="rfis:read"), "not a single str"),
        (lambda: untyped.Identity(7, scopes=[]), "a principal is the id of a user"),
        (lambda: untyped.Identity("ana", service_account="erp", scopes=[]), "not both"),
        (lambda: untyped.Identity(scopes=[]), "needs a principal"),
        (lambda: untyped.EntityUid("Rfi", None), "an id is a str, an int or a UUID, not NoneType"),
        (lambda: untyped.EntityUid("Rfi", True), "not bool"),
        (lambda: untyped.EntityUid(7, "42"), "str"),
        (lambda: untyped.Resource("Rfi", "42", parents=["p1"]), "a pair such as"),
        (lambda: untyped.Resource("Rfi", "42", attrs=["private"]), "attrs: a mapping of names to values, not list"),
        (lambda: untyped.Resource("Rfi", "42", entities=[("Project", "p1")]), "entities holds Entity objects, not tuple"),
    ],
    ids=lambda argument: argument if isinstance(argument, str) else "",
)
def test_an_argument_of_the_wrong_type_is_refused(call: Callable[[], object], says: str) -> None:
    with pytest.raises((TypeError, bw.KeySetError), match=says):
        call()


def test_a_session_refuses_arguments_of_the_wrong_type(session: bw.Session) -> None:
    wrong: Any
    asking: Any = session
    for wrong in (None, 7, b"rfis.view", ["rfis.view"]):
        with pytest.raises(TypeError):
            session.allows(wrong, RFI)
        with pytest.raises(TypeError):
            session.decide("rfis.view", wrong)
    with pytest.raises(TypeError, match="context: a mapping of names to values, not int"):
        asking.decide("rfis.view", RFI, 7)
    to_nothing: Any = lambda number: "Rfi::42"  # noqa: E731
    adapters.register(complex, to_nothing)
    with pytest.raises(TypeError, match="an adapter returns"):
        try:
            session.allows("rfis.view", 1j)
        finally:
            adapters.unregister(complex)
    decision = session.decide("no.such.action", RFI)
    assert decision.reason is bw.Reason.INVALID_REQUEST


@pytest.mark.parametrize(
    ("call", "error", "kind"),
    [
        (lambda: bw.Engine("no/such/directory"), bw.ReadError, "io"),
        (lambda: bw.Policies(cedar="permit (principal"), bw.PolicyError, "policy_syntax"),
        (lambda: bw.Engine(bw.Policies(cedar="")), bw.ConfigurationError, "configuration"),
        (lambda: bw.Issuer("i", audience="a", jwks={"keys": []}), bw.KeySetError, "key_invalid"),
        (lambda: bw.Issuer("i", audience="a", jwks=b"{"), bw.PolicyError, "json_invalid"),
        (lambda: bw.Issuer("i", audience="a", jwks="no.json"), bw.ReadError, "io"),
        (lambda: bw.EntityUid.parse("Rfi"), bw.PolicyError, "entity_invalid"),
        (lambda: bw.SigningKey.generate("k", algorithm="none"), bw.RequestError, "argument_invalid"),
    ],
)
def test_an_error_has_its_class_and_kind(call: Callable[[], object], error: type[bw.BailiwickError], kind: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert raised.value.kind == kind
    assert raised.value.report().startswith(f"error[{kind}]: ")
    assert pickle.loads(pickle.dumps(raised.value)).kind == kind


def test_every_reason_and_kind_is_known() -> None:
    from bailiwick import _bailiwick

    assert [(reason.value, reason.code) for reason in bw.Reason] == _bailiwick._REASONS
    names = [name for name, _ in _bailiwick._ERROR_KINDS]
    assert len(set(names)) == len(names)


def test_uids_are_values(tmp_path: Path) -> None:
    uid = bw.EntityUid("Rfi", UUID(int=7))
    assert uid == bw.EntityUid.parse(str(uid)) and hash(uid) == hash(bw.EntityUid("Rfi", str(UUID(int=7))))
    assert uid != bw.EntityUid("Rfi", "7") and uid != "Rfi"
    assert sorted([bw.EntityUid("B", 1), bw.EntityUid("A", 2)])[0].type == "A"
    assert pickle.loads(pickle.dumps(uid)) == uid == copy.deepcopy(uid)


def test_classes_are_frozen(session: bw.Session) -> None:
    frozen: Any
    for frozen in (session, RFI, bw.EntityUid("Rfi", "42"), session.decide("rfis.view", RFI)):
        with pytest.raises(AttributeError):
            frozen.allowed = True


def test_a_key_never_shows_itself(key: bw.SigningKey) -> None:
    assert repr(key) == "<SigningKey k1 for EdDSA>"
    assert all("d" not in public for public in key.jwks["keys"])
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_an_issuer_reports_the_keys_it_skipped(key: bw.SigningKey) -> None:
    jwks = {"keys": [*key.jwks["keys"], {"kty": "oct?", "kid": "odd"}]}
    issuer = bw.Issuer(ISSUER, audience=["api"], jwks=jwks)
    assert len(issuer.warnings) == 1 and "odd" in issuer.warnings[0]


def test_keys_come_from_a_function(
    construction: bw.Policies, key: bw.SigningKey, clock: bw.Clock, token: Callable[..., str], caplog: Any
) -> None:
    answers: list[Any] = [key.jwks]

    def get() -> Any:
        answer = answers[-1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    issuer = bw.Issuer(ISSUER, audience="api", jwks=get)
    engine = bw.Engine(construction, issuers=[issuer], clock=clock)
    assert engine.authenticate(token(), tenant="acme")
    # A key that appears later is found without a restart.
    successor = bw.SigningKey.generate("k2")
    claims = {"iss": ISSUER, "aud": "api", "sub": "ana", "client_id": "dashboards", "tenant": "acme", "exp": NOW + 6000}
    answers.append({"keys": [*key.jwks["keys"], *successor.jwks["keys"]]})
    clock.advance(60)
    assert engine.authenticate(successor.sign(claims | {"scope": "rfis:read"}), tenant="acme")
    # A failure keeps the last good keys, and its text stays out of the error.
    answers.append(RuntimeError("password=hunter2"))
    with pytest.raises(bw.KeySetError) as raised:
        issuer.refresh(clock.now())
    assert "RuntimeError" in str(raised.value) and "hunter2" not in raised.value.report()
    assert "the function for keys failed" in caplog.text
    answers.append(7)
    with pytest.raises(bw.KeySetError, match="returned int"):
        issuer.refresh(clock.now())
    assert engine.authenticate(token(), tenant="acme")


def test_a_suite_is_run(engine: bw.Engine, tmp_path: Path) -> None:
    report = engine.run_suite(next(CONSTRUCTION.glob("*.test.yaml")))
    assert report["cases"] and all(not case["failures"] for case in report["cases"])
    broken = tmp_path / "broken.test.yaml"
    broken.write_text("cases: 7")
    with pytest.raises(bw.PolicyError) as raised:
        engine.run_suite(broken)
    assert raised.value.kind == "suite_invalid"


def test_scopes_are_listed(engine: bw.Engine) -> None:
    assert "rfis:read" in engine.scopes
    assert engine.scopes_covering("rfis.view") and engine.scopes_covering("no.such.action") is None
    assert set(engine.actions_covered("rfis:read")) < set(engine.actions_covered("rfis:write"))
    assert engine.actions_covered("unknown") == []
