"""Python values as Cedar's, and what happens to those that are none."""

from __future__ import annotations

import gc
import ipaddress
import pickle
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

import bailiwick as bw

SCHEMA = """
entity User;
entity Thing = {{ value?: {type} }};
action see appliesTo {{ principal: User, resource: Thing, context: {{ value?: {type} }} }};
"""


class State(str, Enum):
    OPEN = "open"


class Level(IntEnum):
    HIGH = 7


def equal(type_name: str, literal: str, value: object) -> bool:
    """Whether Cedar finds the value equal to the literal, in a context and as an attribute."""
    condition = f"context.value == {literal} && resource.value == {literal}"
    policies = bw.Policies(
        schema=SCHEMA.format(type=type_name),
        cedar=f'@id("it") permit (principal, action, resource) when {{ context has value && resource has value && {condition} }};',
    )
    session = bw.Engine(policies).session(bw.EntityUid("User", "u"))
    decision = session.decide("see", bw.Resource("Thing", "t", attrs={"value": value}), value=value)
    assert decision.reason in {"permitted", "not_permitted"}, decision
    return bool(decision)


@pytest.mark.parametrize(
    ("type_name", "literal", "value"),
    [
        ("Bool", "true", True),
        ("Long", "1", 1),
        ("Long", "-9223372036854775808", -(2**63)),
        ("Long", "7", Level.HIGH),
        ("String", '"open"', "open"),
        ("String", '"open"', State.OPEN),
        ("String", '"Bäume 🌳"', "Bäume 🌳"),
        ("User", 'User::"ana"', bw.EntityUid("User", "ana")),
        ("User", 'User::"ana"', bw.Entity("User", "ana")),
        ("User", 'User::"ana"', bw.Resource("User", "ana")),
        ("Set<Long>", "[1, 2]", [2, 1, 2]),
        ("Set<Long>", "[1, 2]", (1, 2)),
        ("Set<Long>", "[1, 2]", {1, 2}),
        ("Set<Long>", "[1, 2]", frozenset({1, 2})),
        ("{a: Long}", "{a: 1}", {"a": 1}),
        ("{a: Long}", "{a: 1}", MappingProxyType({"a": 1})),
        ("Set<{a: Set<String>}>", '[{a: ["x"]}]', [{"a": ["x"]}]),
        ("ipaddr", 'ip("10.0.0.1")', ipaddress.ip_address("10.0.0.1")),
        ("ipaddr", 'ip("::1")', ipaddress.ip_address("::1")),
        ("ipaddr", 'ip("10.0.0.0/8")', ipaddress.ip_network("10.0.0.0/8")),
        ("ipaddr", 'ip("10.1.2.3/8")', ipaddress.ip_interface("10.1.2.3/8")),
        ("ipaddr", 'ip("fd00::/8")', ipaddress.ip_network("fd00::/8")),
        ("decimal", 'decimal("1.25")', Decimal("1.25")),
        ("decimal", 'decimal("-0.0001")', Decimal("-0.0001")),
        ("decimal", 'decimal("1.2500")', Decimal("1.25000000")),
        ("decimal", 'decimal("1200.0")', Decimal("1.2E3")),
        ("decimal", 'decimal("0.0")', Decimal("-0E+40")),
        ("decimal", 'decimal("922337203685477.5807")', Decimal("922337203685477.5807")),
        ("decimal", 'decimal("-922337203685477.5808")', Decimal("-922337203685477.5808")),
        ("datetime", 'datetime("2026-01-31T10:00:00.250Z")', datetime(2026, 1, 31, 10, 0, 0, 250999, timezone.utc)),
        (
            "datetime",
            'datetime("2026-01-31T10:00:00Z")',
            datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("datetime", 'datetime("1969-12-31T23:59:59.999Z")', datetime(1969, 12, 31, 23, 59, 59, 999999, timezone.utc)),
        ("duration", 'duration("1h30m")', timedelta(hours=1, minutes=30)),
        ("duration", 'duration("-1ms")', timedelta(milliseconds=-1)),
        ("duration", 'duration("1d")', bw.Extension("duration", "24h")),
    ],
    ids=lambda argument: repr(argument)[:60],
)
def test_an_ordinary_value_is_the_literal_of_cedar(type_name: str, literal: str, value: object) -> None:
    assert equal(type_name, literal, value)


def test_another_value_is_not() -> None:
    assert not equal("Long", "1", 2)
    assert not equal("decimal", 'decimal("1.25")', Decimal("1.26"))


class Unreadable(Mapping[str, Any]):
    def __getitem__(self, name: str) -> Any:
        raise LookupError("no such thing")

    def __iter__(self) -> Any:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


def itself() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        (None, TypeError, "leave the attribute out"),
        (1.5, TypeError, "use int or decimal.Decimal"),
        (b"bytes", TypeError, "bytes is no value of Cedar's"),
        (object(), TypeError, "object is no value of Cedar's"),
        (date(2026, 1, 31), TypeError, "date is no value"),
        (UUID(int=1), TypeError, r"pass str\(value\)"),
        ((item for item in "ab"), TypeError, "generator is no value"),
        (2**63, ValueError, "beyond 64 bits"),
        (-(2**63) - 1, ValueError, "beyond 64 bits"),
        (Decimal("0.00001"), ValueError, "at most 4 decimal places"),
        (Decimal("NaN"), ValueError, "finite"),
        (Decimal("-Infinity"), ValueError, "finite"),
        (Decimal("1E+400000000"), ValueError, "within"),
        (Decimal("922337203685477.5808"), ValueError, "within"),
        (datetime(2026, 1, 31), ValueError, "without a timezone"),
        (ipaddress.ip_address("fe80::1%eth0"), ValueError, "scope id"),
        (itself(), ValueError, "containing itself"),
        ({1: "a"}, TypeError, "names are str, not int"),
        ("\ud800", UnicodeEncodeError, "surrogates not allowed"),
        (Unreadable(), LookupError, "no such thing"),
    ],
    ids=lambda argument: repr(argument)[:40],
)
def test_a_value_without_a_counterpart_is_refused(
    session: bw.Session, value: object, error: type[Exception], says: str
) -> None:
    revision = session.decide("rfis.view", ("Rfi", "42")).revision
    for refused in (
        lambda: session.allows("rfis.view", ("Rfi", "42"), value=value),
        lambda: session.decide("rfis.view", ("Rfi", "42"), {"value": [value]}),
        lambda: bw.Resource("Rfi", "1", attrs={"value": {"deep": value}}),
        lambda: bw.Entity("Rfi", "1", tags={"value": value}),
    ):
        with pytest.raises(error, match=says):
            refused()
    assert session.decide("rfis.view", ("Rfi", "42")).revision == revision


def test_a_refusal_names_the_place() -> None:
    with pytest.raises(TypeError, match=r"^attrs\.owner\.\[\]\.score: float is no value of Cedar's"):
        bw.Resource("Rfi", "1", attrs={"owner": [{"score": 0.5}]})


def test_a_resource_keeps_its_texts_whatever_becomes_of_what_it_was_made_of() -> None:
    engine = bw.Engine(
        bw.Policies(
            schema="""entity User; entity Folder;
                entity Thing in [Folder] = { title: String, tags: Set<String>, owner: User, more: { note: String } };
                action see appliesTo { principal: User, resource: Thing };""",
            cedar="""permit (principal, action, resource in Folder::"f") when {
                resource.title like "*end" && resource.tags.contains("t9") && resource.owner == principal
                && resource.more.note == resource.title };""",
        )
    )
    session = engine.session(bw.EntityUid("User", "ana"))

    def made(length: int, end: str) -> bw.Resource:
        title = "é" * length + end
        tags, owner = [f"t{number}" for number in range(10)], bw.EntityUid("User", "an" + "a")
        attrs = {"title": title, "tags": tags, "owner": owner, "more": {"note": title}}
        resource = bw.Resource("Thi" + "ng", length, parents=[("Folder", "f")], attrs=attrs)
        attrs.clear()
        tags.clear()
        return resource

    lengths = [*range(0, 300, 7), 5_000, 70_000]
    ending = [made(length, "end") for length in lengths]
    others = [made(length, "und") for length in lengths]
    gc.collect()
    assert [resource.id for resource in ending] == [str(length) for length in lengths]
    assert session.filter("see", ending) == ending
    assert session.filter("see", others) == []
    copies = [pickle.loads(pickle.dumps(resource)) for resource in ending]
    del ending
    gc.collect()
    assert session.filter("see", copies) == copies


def test_entities_and_resources_survive_pickling() -> None:
    moment = datetime(2026, 1, 31, 12, 30, 15, 123_000, tzinfo=timezone.utc)
    attrs: dict[str, object] = {
        "flag": True,
        "count": -7,
        "name": 'Door "swing"',
        "owner": bw.EntityUid("User", "ana"),
        "watchers": [bw.EntityUid("User", "bob"), bw.EntityUid("User", "cy")],
        "address": {"city": "Oslo", "range": ipaddress.ip_network("10.0.0.0/8"), "host": ipaddress.ip_address("::1")},
        "price": Decimal("-1.25"),
        "due": moment,
        "before": datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
        "span": timedelta(days=-1, milliseconds=5),
    }
    entity = bw.Entity("Rfi", "1", parents=[("Project", "p1")], attrs=attrs, tags={"phase": "two"})
    assert pickle.loads(pickle.dumps(entity)) == entity
    assert entity.attrs["watchers"] == attrs["watchers"] and entity.tags == {"phase": "two"}
    project = bw.Entity("Project", "p1", parents=[("Company", "acme")])
    for resource in (
        bw.Resource("Rfi", "2"),
        bw.Resource("Rfi", "2", entities=[project]),
        bw.Resource("Rfi", "2", parents=[("Project", "p1")], attrs=attrs, tags={"phase": "two"}, entities=[project]),
        bw.Resource("Rfi", "2", attrs={}),
    ):
        copy = pickle.loads(pickle.dumps(resource))
        assert (copy.uid, copy.is_stored) == (resource.uid, resource.is_stored)
        assert repr(copy.__getnewargs_ex__()) == repr(resource.__getnewargs_ex__())
