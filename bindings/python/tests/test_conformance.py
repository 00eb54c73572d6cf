"""Every case of tests/conformance, through the Python interface. The format is described in the README there."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from conftest import ROOT

import bailiwick as bw

FOLDER = ROOT / "tests" / "conformance"
SUITE_MEMBERS = {"description", "policies", "now", "issuers", "load_error", "loads", "cases"}
CASE_MEMBERS = {
    *("name", "principal", "identity", "token", "proof", "tenant", "at", "action", "resource", "entities", "context", "expect"),
}


def suites() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.json")):
        suite = json.loads(path.read_text(encoding="utf-8"))
        assert suite.keys() <= SUITE_MEMBERS, path
        yield path.stem, suite


def loads() -> Iterator[Any]:
    for name, suite in suites():
        several = suite.get("loads", [])
        if "load_error" in suite:
            several = [{**suite, "name": "load"}]
        for load in several:
            yield pytest.param(load, id=f"{name}-{load['name']}")


def cases() -> Iterator[Any]:
    for name, suite in suites():
        for case in suite.get("cases", []):
            yield pytest.param(name, suite, case, id=f"{name}-{case['name']}")


def policies(described: str | dict[str, Any]) -> bw.Policies:
    if isinstance(described, str):
        return bw.Policies(ROOT / described)
    return bw.Policies(**described)


def engine(described: str | dict[str, Any], issuers: list[dict[str, Any]], clock: bw.Clock) -> bw.Engine:
    loaded = policies(described)
    return bw.Engine(loaded, issuers=[issuer(dict(it)) for it in issuers], clock=clock)


def issuer(settings: dict[str, Any]) -> bw.Issuer:
    if "service_account_when" in settings:
        settings["service_account_when"] = tuple(settings["service_account_when"])
    if "context_claims" in settings:
        settings["context_claims"] = [tuple(it) for it in settings["context_claims"]]
    return bw.Issuer(settings.pop("issuer"), **settings)


@cache
def engine_of(name: str) -> tuple[bw.Engine, bw.Clock]:
    suite = dict(suites())[name]
    clock = bw.Clock.fixed(suite.get("now", 1_800_000_000))
    return engine(suite["policies"], suite.get("issuers", []), clock), clock


def value(json_value: Any) -> Any:
    """Cedar's JSON form as the Python value that a host would pass."""
    if isinstance(json_value, list):
        return [value(item) for item in json_value]
    if not isinstance(json_value, dict):
        return json_value
    if json_value.keys() == {"__entity"}:
        return bw.EntityUid(json_value["__entity"]["type"], json_value["__entity"]["id"])
    if json_value.keys() == {"__extn"}:
        return extension(json_value["__extn"]["fn"], json_value["__extn"]["arg"])
    return {name: value(member) for name, member in json_value.items()}


def extension(function: str, argument: str) -> Any:
    """A value of Python's own classes, where they can read and hold it."""
    try:
        match function:
            case "decimal":
                return Decimal(argument)
            case "ip":
                return ipaddress.ip_interface(argument) if "/" in argument else ipaddress.ip_address(argument)
            case "datetime":
                moment = datetime.fromisoformat(argument)
                return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
            case "duration":
                return duration(argument)
    except (OverflowError, ValueError):
        return bw.Extension(function, argument)
    raise AssertionError(f"unknown function {function}")


def duration(text: str) -> timedelta:
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    total, digits, unit = timedelta(), "", ""
    for letter in text + "0":
        if letter.isdigit() and unit:
            total += timedelta(**{units[unit]: int(digits)})
            digits = unit = ""
        if letter.isdigit():
            digits += letter
        else:
            unit += letter
    return sign * total


def entity(described: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an Entity or Resource."""
    unknown = described.keys() - {"uid", "attrs", "parents", "tags"}
    assert not unknown, unknown
    return {
        "parents": [(parent["type"], parent["id"]) for parent in described.get("parents", [])],
        "attrs": value(described.get("attrs", {})),
        "tags": value(described.get("tags", {})),
    }


def resource(case: dict[str, Any]) -> bw.Resource:
    described = case["resource"]
    others = [bw.Entity(it["uid"]["type"], it["uid"]["id"], **entity(it)) for it in case.get("entities", [])]
    if "uid" in described:
        uid = described["uid"]
        return bw.Resource(uid["type"], uid["id"], **entity(described), entities=others)
    return bw.Resource(described["type"], described["id"], entities=others)


def proof(described: dict[str, str]) -> tuple[tuple[str, str, str] | None, bytes | None]:
    certificate = base64.b64decode(described["certificate"]) if "certificate" in described else None
    if "dpop" not in described:
        return None, certificate
    thumbprint = hashlib.sha256(certificate).digest() if certificate else None
    return (described["dpop"], described["method"], described["uri"]), thumbprint


def session(engine: bw.Engine, case: dict[str, Any]) -> bw.Session:
    tenant = case.get("tenant")
    if "token" in case:
        dpop, certificate = proof(case.get("proof", {}))
        return engine.authenticate(case["token"], tenant=tenant, dpop=dpop, certificate=certificate)
    if "identity" in case:
        described = dict(case["identity"])
        principal = bw.EntityUid.parse(described.pop("principal"))
        identity = bw.Identity(principal, scopes=described.pop("scopes", None), **described)
        return engine.session_of(identity, tenant=tenant)
    return engine.session(bw.EntityUid.parse(case["principal"]), tenant=tenant)


@pytest.mark.parametrize("load", list(loads()))
def test_load(load: dict[str, Any]) -> None:
    clock = bw.Clock.fixed(1_800_000_000)
    with pytest.raises(bw.BailiwickError) as raised:
        engine(load["policies"], load.get("issuers", []), clock)
    assert raised.value.kind == load["load_error"], raised.value.report()
    assert raised.value.message


@pytest.mark.parametrize(("suite_name", "suite", "case"), list(cases()))
def test_case(suite_name: str, suite: dict[str, Any], case: dict[str, Any]) -> None:
    assert case.keys() <= CASE_MEMBERS
    engine, clock = engine_of(suite_name)
    clock.advance(suite.get("now", 1_800_000_000) - clock.now())
    expected = dict(case["expect"])
    explained = expected.pop("explained", [])
    if "error" in expected:
        assert not case.keys() & {"action", "resource", "context"}
        with pytest.raises(bw.BailiwickError) as raised:
            session(engine, case)
        assert raised.value.kind == expected["error"], raised.value.report()
        return
    asking = session(engine, case)
    if "at" in case:
        clock.advance(case["at"] - clock.now())
    target, context = resource(case), value(case.get("context", {}))
    decision = asking.decide(case["action"], target, context)
    explanation = decision.explain()
    found = {
        "allowed": decision.allowed,
        "reason": decision.reason.value,
        "policies": list(decision.policies),
        "errors": list(decision.errors),
    }
    assert found == {"policies": [], "errors": []} | expected, str(explanation)
    assert bool(decision) is decision.allowed
    assert asking.allows(case["action"], target, context) is decision.allowed
    assert (explanation.allowed, explanation.reason) == (decision.allowed, decision.reason)
    assert explanation.message == decision.message
    for text in explained:
        assert text in str(explanation), str(explanation)


def test_there_are_at_least_120_cases() -> None:
    assert len(list(loads())) + len(list(cases())) >= 120
