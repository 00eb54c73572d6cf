"""Threads, tasks and processes: engines are shared, reloaded and forked while they decide."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT

import bailiwick as bw

CONSTRUCTION = ROOT / "policies" / "construction"
RFI = bw.Resource("Rfi", "42")


def test_eight_threads_decide_while_one_reloads(engine: bw.Engine, construction: bw.Policies) -> None:
    schema = (CONSTRUCTION / "schema.cedarschema").read_text(encoding="utf-8")
    nothing = bw.Policies(schema=schema, cedar='@id("no") forbid (principal, action, resource);')
    session, done = engine.session("ana", tenant="acme"), threading.Event()
    latest = [0] * 8

    def decide(thread: int) -> set[tuple[int, str]]:
        seen = set()
        while not done.is_set():
            decision = session.decide("rfis.view", RFI)
            seen.add((decision.revision, decision.reason.value))
            latest[thread] = decision.revision
        return seen

    with ThreadPoolExecutor(8) as threads:
        running = [threads.submit(decide, thread) for thread in range(8)]
        try:
            for number in range(10):
                while min(latest) < number + 1:
                    time.sleep(0)
                engine.reload(nothing if number % 2 == 0 else construction)
        finally:
            done.set()
        seen = [it.result() for it in running]
    # Odd revisions permit; even ones know no such resource, and never does one show a bit of the other.
    right = {(revision, "permitted" if revision % 2 else "no_tenant") for revision in range(1, 12)}
    for found in seen:
        assert {revision for revision, _ in found} >= set(range(1, 11))
        assert found <= right


def test_a_reload_that_fails_leaves_every_thread_deciding(engine: bw.Engine) -> None:
    session = engine.session("ana", tenant="acme")
    with ThreadPoolExecutor(4) as threads:
        failing = [threads.submit(engine.reload, "no/such/directory") for _ in range(20)]
        assert all(session.allows("rfis.view", RFI) for _ in range(1000))
        assert all(isinstance(it.exception(), bw.ReadError) for it in failing)
    assert engine.revision == 1


def test_loading_in_a_thread_leaves_the_event_loop_alone(engine: bw.Engine, tmp_path: Path) -> None:
    """A file of the policies is a pipe, which the loop fills while the engine is loading: it must have its turn for that."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("the system has no pipes with a name")
    shutil.copytree(CONSTRUCTION, tmp_path / "policies")
    pipe = tmp_path / "policies" / "piped.cedar"
    os.mkfifo(pipe)

    async def main() -> int:
        loading = asyncio.ensure_future(asyncio.to_thread(engine.reload, str(tmp_path / "policies")))
        writing = None
        while writing is None:
            await asyncio.sleep(0)
            with contextlib.suppress(OSError):
                # It opens only once the other end has been.
                writing = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        await asyncio.sleep(0)
        os.write(writing, b'@id("no") forbid (principal, action, resource);')
        os.close(writing)
        return await loading

    assert asyncio.run(main()) == 2
    assert engine.session("ana", tenant="acme").decide("rfis.view", RFI).reason is bw.Reason.FORBIDDEN


def test_an_engine_survives_a_fork(engine: bw.Engine) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("the system has no fork")
    session = engine.session("ana", tenant="acme")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            fine = session.allows("rfis.view", RFI) and engine.reload(str(CONSTRUCTION)) == 2
            os.write(writing, b"1" if fine and session.allows("rfis.view", RFI) else b"0")
        finally:
            os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    assert os.waitpid(child, 0)[1] == 0
    assert engine.revision == 1 and session.allows("rfis.view", RFI)


def decide_elsewhere(directory: str) -> bool:
    return bw.Engine(directory).session("ana", tenant="acme").allows("rfis.view", bw.Resource("Rfi", "42"))


def test_processes_that_are_spawned_load_their_own() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(decide_elsewhere, (str(CONSTRUCTION),))


def test_a_function_for_keys_may_take_its_time(construction: bw.Policies, key: bw.SigningKey) -> None:
    """Threads that wait for keys do not hold the interpreter from the one that is getting them."""
    others, asked, answer = threading.Barrier(4), threading.Event(), threading.Event()

    def get() -> dict[str, object]:
        asked.set()
        answer.wait()
        return key.jwks

    issuer = bw.Issuer("https://id.example.com", audience="api", jwks=get)
    engine = bw.Engine(construction, issuers=[issuer])
    claims = {"iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "dashboards", "tenant": "acme"}
    token = key.sign(claims | {"scope": "rfis:read", "exp": int(time.time()) + 600})

    def authenticate() -> bool:
        others.wait()
        return engine.authenticate(token, tenant="acme").allows("rfis.view", RFI)

    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(authenticate) for _ in range(4)]
        asked.wait()
        # Whoever held the interpreter now would keep this thread from giving the answer.
        for _ in range(1000):
            time.sleep(0)
        assert not any(it.done() for it in waiting)
        answer.set()
        assert all(it.result() for it in waiting)


def test_nothing_is_leaked(engine: bw.Engine) -> None:
    """The number of live blocks does not grow with the number of calls."""
    session = engine.session("ana", tenant="acme")
    attrs = {"private": False, "assignees": [bw.EntityUid("User", "ana")], "state": "open", "note": {"deep": ["x" * 100]}}

    def calls() -> None:
        for _ in range(200):
            resource = bw.Resource("Rfi", "43", parents=[("Project", "p1")], attrs=attrs)
            decision = session.decide("rfis.close", resource, {"mfa": True}, note="x")
            repr(decision), decision.policies, decision.errors, decision.reason
            session.filter("rfis.view", [resource] * 3)
            for wrong in (None, 1.5, object()):
                try:
                    session.allows("rfis.view", RFI, note=wrong)
                except TypeError:
                    pass
            try:
                engine.authenticate("a.b.c", tenant="acme")
            except bw.TokenError:
                pass
        decision.explain()

    calls()
    before = sys.getallocatedblocks()
    for _ in range(5):
        calls()
    # A single object that stayed from each call would make a thousand.
    assert sys.getallocatedblocks() - before < 500


def test_no_native_memory_is_leaked(engine: bw.Engine) -> None:
    """What the library allocates itself does not grow with the number of calls: each would leave at least a text of 10 kB."""
    resource = pytest.importorskip("resource")
    session, text = engine.session("ana", tenant="acme"), "x" * 10_000

    def calls(times: int) -> None:
        for number in range(times):
            target = bw.Resource("Rfi", text, parents=[("Project", text)], attrs={"state": text}, tags={"note": text})
            session.decide("rfis.close", target, {"note": [text]}, other=text)
            bw.Entity("Rfi", text, attrs={"state": text})
            with contextlib.suppress(bw.TokenError):
                engine.authenticate(f"{text}.{number}", tenant="acme")

    calls(500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    calls(5000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # Kilobytes; on macOS bytes.
    assert grown < 20_000 * (1024 if sys.platform == "darwin" else 1)


def test_objects_that_are_passed_are_let_go(session: bw.Session) -> None:
    value = "a text that nobody else has " * 3
    before = sys.getrefcount(value)
    decision = session.decide("rfis.view", RFI, note=value)
    resource = bw.Resource("Rfi", value, attrs={"state": value})
    del decision, resource
    assert sys.getrefcount(value) == before
