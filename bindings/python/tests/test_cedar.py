"""Plain Cedar: cedar-policy's answers, policies that err included."""

from __future__ import annotations

import pytest
from conftest import ROOT

import bailiwick as bw
from bailiwick.cedar import Authorizer

POLICIES = """
@id("owner") permit (principal, action, resource) when { resource.owner == principal };
@id("office") permit (principal, action == Action::"view", resource in Album::"team") when { context.ip.isInRange(ip("10.0.0.0/8")) };
@id("frozen") forbid (principal, action == Action::"edit", resource) when { resource.frozen };
"""


@pytest.fixture(scope="module")
def authorizer() -> Authorizer:
    return Authorizer(bw.Policies(cedar=POLICIES))


def photo(**attrs: object) -> bw.Entity:
    return bw.Entity("Photo", "p", parents=[("Album", "team")], attrs=attrs)


def test_a_permit_decides(authorizer: Authorizer) -> None:
    mine = photo(owner=bw.EntityUid("User", "ana"))
    answer = authorizer.is_authorized(("User", "ana"), "edit", mine, entities=[mine])
    assert answer and answer.policies == ("owner",)
    # Cedar skips a forbid that errs; the answer says so.
    assert list(answer.errors) == ["frozen"]
    assert "frozen" in answer.errors["frozen"]


def test_a_forbid_decides(authorizer: Authorizer) -> None:
    mine = photo(owner=bw.EntityUid("User", "ana"), frozen=True)
    answer = authorizer.is_authorized(("User", "ana"), ("Action", "edit"), mine, entities=[mine])
    assert not answer and answer.policies == ("frozen",) and not answer.errors


def test_a_context_decides(authorizer: Authorizer) -> None:
    theirs = photo(owner=bw.EntityUid("User", "bob"))

    def answer(ip: str) -> bool:
        context = {"ip": bw.Extension("ip", ip)}
        return bool(authorizer.is_authorized(("User", "ana"), "view", theirs, context, entities=[theirs]))

    assert answer("10.1.2.3") and not answer("192.168.1.1")


def test_nothing_known_is_denied(authorizer: Authorizer) -> None:
    answer = authorizer.is_authorized(("User", "ana"), "view", ("Photo", "unknown"), {})
    assert not answer and answer.policies == ()
    assert repr(authorizer) == "<Authorizer: 3 policies, 0 entities>"


def test_a_directory_is_compiled() -> None:
    authorizer = Authorizer(ROOT / "policies" / "construction")
    assert authorizer.is_authorized(("User", "ana"), "rfis.view", ("Rfi", "42"))


def test_what_does_not_load_is_refused() -> None:
    with pytest.raises(bw.PolicyError):
        Authorizer(bw.Policies(cedar="permit"))
    with pytest.raises(TypeError, match="named by an EntityUid or a pair"):
        Authorizer(bw.Policies(cedar="")).is_authorized("ana", "view", ("Photo", "p"))  # type: ignore[arg-type]
