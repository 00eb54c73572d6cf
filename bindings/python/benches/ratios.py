"""What things cost in Python, here and in the packages one would otherwise use: `make ratios-python`.

One line for each case, tab-separated as those of `make ratios`: name, ours in ns, the peer, the peer in ns, and how many
times slower the peer is; `-` where there is no peer. For `rss` and `wheel` the unit is bytes. Before a case is measured,
both sides must give its right answers.
"""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from timeit import Timer
from typing import Any

import cedarpy
import jwt
import yaml
from cedarling_python import BootstrapConfig, CedarEntityMapping, Cedarling, EntityData, RequestUnsigned
from cryptography.hazmat.primitives import serialization

import bailiwick as bw

ROOT = Path(__file__).parents[3]
NOW = 1_800_000_000
BLOCK_SECONDS = 0.002
ROW_SECONDS = 2.0
LEAST_BLOCKS = 15


def row(name: str, ours: float, peer: str = "-", theirs: float | None = None) -> None:
    columns = [name, f"{ours:.1f}", peer, "-", "-"]
    if theirs is not None:
        columns[3:] = [f"{theirs:.1f}", f"{theirs / ours:.1f}"]
    print("\t".join(columns), flush=True)


def measure(*cases: tuple[str, dict[str, Any]]) -> list[float]:
    """The median times of several statements in ns, measured in alternating blocks."""
    timers = [Timer(statement, globals=names) for statement, names in cases]
    runs = [max(1, int(BLOCK_SECONDS / max(timer.timeit(3) / 3, 1e-9))) for timer in timers]
    times: list[list[float]] = [[] for _ in timers]
    start = time.perf_counter()
    while len(times[0]) < LEAST_BLOCKS or time.perf_counter() - start < ROW_SECONDS:
        for timer, count, found in zip(timers, runs, times, strict=True):
            found.append(timer.timeit(count) / count * 1e9)
    return [statistics.median(found) for found in times]


def construction() -> None:
    key = bw.SigningKey.from_pkcs8("k1", (ROOT / "tests/data/rsa-2048.test-key.pk8").read_bytes(), algorithm="RS256")
    issuer = bw.Issuer("https://id.example.com", audience="api", jwks=key.jwks)
    engine = bw.Engine(ROOT / "policies/construction", issuers=[issuer], clock=bw.Clock.fixed(NOW))
    session = engine.session("ana", tenant="acme")
    names: dict[str, Any] = {"session": session, "rfi": bw.Resource("Rfi", "42"), "Resource": bw.Resource}
    assert session.allows("rfis.view", names["rfi"]) and not session.allows("rfis.view", bw.Resource("Rfi", "none"))
    (ours,) = measure(("session.allows('rfis.view', rfi)", names))
    row("python/allows", ours)
    overlay(construction_like())
    batch(session)
    authenticate(engine, key)


def construction_like() -> bw.Session:
    """A platform whose resources have six attributes and whose actions take three context values."""
    schema = """
        @bailiwick("tenant") entity Company;
        @bailiwick("user") entity User in [Company];
        entity Project in [Company];
        entity Rfi in [Project] = {
            private: Bool, state: String, number: Long, assignees: Set<User>, author: User, title: String };
        action "rfis.close" appliesTo {
            principal: User, resource: Rfi, context: { mfa: Bool, channel: String, attempts: Long } };
    """
    cedar = """
        @id("close") permit (principal, action == Action::"rfis.close", resource in Project::"p1") when {
            context.mfa && context.attempts < 3 && resource.state == "open"
            && (!resource.private || resource.assignees.contains(principal)) };
    """
    entities = [{"uid": {"type": "Project", "id": "p1"}, "attrs": {}, "parents": [{"type": "Company", "id": "acme"}]}]
    return bw.Engine(bw.Policies(schema=schema, cedar=cedar, entities=entities)).session("ana", tenant="acme")


def overlay(session: bw.Session) -> None:
    asked = "session.allows('rfis.close', RESOURCE, {'mfa': True, 'channel': 'web', 'attempts': 1})"
    by_name = "session.allows('rfis.close', RESOURCE, mfa=True, channel='web', attempts=1)"
    resource = (
        "Resource('Rfi', '43', parents=parents, attrs={'private': True, 'state': 'open', 'number': 7, "
        "'assignees': assignees, 'author': ana, 'title': 'Door swing'})"
    )
    ana = bw.EntityUid("User", "ana")
    names: dict[str, Any] = {"session": session, "Resource": bw.Resource, "ana": ana}
    names |= {"assignees": [ana], "parents": [bw.EntityUid("Project", "p1")]}
    names["made"] = eval(resource, dict(names))
    statements = [asked.replace("RESOURCE", resource), by_name.replace("RESOURCE", resource), asked.replace("RESOURCE", "made")]
    for statement in statements[:2]:
        assert eval(statement, dict(names)) and not eval(statement.replace("open", "closed"), dict(names))
    times = measure(*((statement, names) for statement in statements))
    for name, ours in zip(("python/overlay", "python/overlay/by-name", "python/overlay/made"), times):
        row(name, ours)


def batch(session: bw.Session) -> None:
    rfis = [bw.Resource("Rfi", str(number)) for number in range(100)]
    assert [bool(it) for it in session.decide_many("rfis.view", rfis)] == [session.allows("rfis.view", it) for it in rfis]
    (ours,) = measure(("session.decide_many('rfis.view', rfis)", {"session": session, "rfis": rfis}))
    row("python/batch", ours / len(rfis))


def authenticate(engine: bw.Engine, key: bw.SigningKey) -> None:
    claims = {"iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "dashboards", "tenant": "acme"}
    token = key.sign(claims | {"scope": "rfis:read", "exp": int(time.time()) + 10_000_000_000 // 100})
    private = serialization.load_der_private_key((ROOT / "tests/data/rsa-2048.test-key.pk8").read_bytes(), None)
    names: dict[str, Any] = {"engine": engine, "jwt": jwt, "token": token, "public": private.public_key()}
    theirs = "jwt.decode(token, public, algorithms=['RS256'], audience='api', issuer='https://id.example.com')"
    assert eval(theirs, dict(names))["sub"] == engine.authenticate(token, tenant="acme").principal.id
    row("python/authenticate", *with_peer(("engine.authenticate(token, tenant='acme')", names), "PyJWT", (theirs, names)))


def with_peer(ours: tuple[str, dict[str, Any]], peer: str, theirs: tuple[str, dict[str, Any]]) -> tuple[float, str, float]:
    first, second = measure(ours, theirs)
    return first, peer, second


SCHEMA = """namespace Demo {
    entity User; entity Rfi = { state?: String };
    action "view" appliesTo { principal: User, resource: Rfi };
}"""


def policies(count: int) -> dict[str, str]:
    return {
        f"p{number}": f'@id("p{number}") permit (principal == Demo::User::"user{number}", '
        f'action == Demo::Action::"view", resource == Demo::Rfi::"r{number}");'
        for number in range(count)
    }


def asked(count: int) -> tuple[dict[str, Any], int]:
    """Our side: a session of the user in the middle, whose own policy allows one resource."""
    engine = bw.Engine(bw.Policies(schema=SCHEMA, cedar="\n".join(policies(count).values())))
    middle = count // 2
    session = engine.session(bw.EntityUid("Demo::User", f"user{middle}"))
    names = {"session": session, "rfi": bw.Resource("Demo::Rfi", f"r{middle}")}
    assert session.allows("view", names["rfi"]) and not session.allows("view", bw.Resource("Demo::Rfi", "r0"))
    return names, middle


OURS = "session.allows('view', rfi)"


def cedarling(count: int) -> None:
    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    store = {
        "cedar_version": "v4.0.0",
        "name": "ratios",
        "policies": {
            name: {"description": name, "creation_date": "2026-01-01T00:00:00.000000", "policy_content": encoded(text)}
            for name, text in policies(count).items()
        },
        "schema": {"encoding": "base64", "content_type": "cedar", "body": encoded(SCHEMA)},
    }
    settings = {
        "CEDARLING_APPLICATION_NAME": "ratios",
        "CEDARLING_POLICY_STORE_ID": "a1",
        "CEDARLING_POLICY_STORE_LOCAL": yaml.safe_dump({"cedar_version": "v4.0.0", "policy_stores": {"a1": store}}),
        "CEDARLING_LOG_TYPE": "off",
        "CEDARLING_JWT_SIG_VALIDATION": "disabled",
        "CEDARLING_LOCK": "disabled",
    }
    peer = Cedarling(BootstrapConfig(settings))
    names, middle = asked(count)

    def request(resource: str) -> RequestUnsigned:
        def entity(type_name: str, id: str) -> EntityData:
            return EntityData(CedarEntityMapping(type_name, id))

        return RequestUnsigned(
            'Demo::Action::"view"', entity("Demo::Rfi", resource), {}, entity("Demo::User", f"user{middle}")
        )

    theirs = {"peer": peer, "request": request(f"r{middle}")}
    assert peer.authorize_unsigned(theirs["request"]).is_allowed()
    assert not peer.authorize_unsigned(request("r0")).is_allowed()
    row(
        f"python/cedarling/{count}",
        *with_peer((OURS, names), "cedarling_python", ("peer.authorize_unsigned(request)", theirs)),
    )


def with_cedarpy() -> None:
    names, middle = asked(10)
    request = {
        "principal": {"type": "Demo::User", "id": f"user{middle}"},
        "action": {"type": "Demo::Action", "id": "view"},
        "resource": {"type": "Demo::Rfi", "id": f"r{middle}"},
        "context": {},
    }
    theirs = {
        "cedarpy": cedarpy,
        "request": request,
        "policies": cedarpy.PolicySet.from_str("\n".join(policies(10).values())),
        "entities": cedarpy.Entities.from_json_str("[]"),
    }
    call = "cedarpy.is_authorized(request, policies, entities)"
    assert eval(call, dict(theirs)).allowed
    denied = request | {"resource": {"type": "Demo::Rfi", "id": "r0"}}
    assert not cedarpy.is_authorized(denied, theirs["policies"], theirs["entities"]).allowed
    row("python/cedarpy", *with_peer((OURS, names), "cedarpy", (call, theirs)))


IMPORT = """
import json, resource, sys, time
def rss():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
before, start = rss(), time.perf_counter_ns()
import {module}
print(json.dumps([time.perf_counter_ns() - start, rss() - before]))
"""


def imported() -> None:
    modules = ("bailiwick", "cedarling_python")
    found: dict[str, list[list[int]]] = {module: [] for module in modules}
    for _ in range(15):
        for module in modules:
            ran = subprocess.run([sys.executable, "-c", IMPORT.format(module=module)], capture_output=True, check=True)
            found[module].append(json.loads(ran.stdout))
    for column, name in enumerate(("python/import", "python/rss")):
        ours, theirs = (statistics.median(it[column] for it in found[module]) for module in modules)
        row(name, ours, "cedarling_python", theirs)


def wheel(ours: Path, theirs: Path) -> None:
    row("python/wheel", ours.stat().st_size, "cedarling_python", theirs.stat().st_size)


def main(arguments: list[str]) -> None:
    wheels, prefix = Path(arguments[0]), (arguments[1:] or [""])[0]
    groups: Iterator[tuple[str, Callable[[], None]]] = iter(
        [
            ("python/a python/o python/b", construction),
            ("python/cedarling", lambda: cedarling(10)),
            ("python/cedarling", lambda: cedarling(1000)),
            ("python/cedarpy", with_cedarpy),
            ("python/import python/rss", imported),
            (
                "python/wheel",
                lambda: wheel(next(wheels.glob("release/*.whl")), next(wheels.glob("peers/cedarling_python*.whl"))),
            ),
        ]
    )
    for names, group in groups:
        if any(name.startswith(prefix) or prefix.startswith(name) for name in names.split()):
            group()


if __name__ == "__main__":
    main(sys.argv[1:])
