"""A pytest plugin: policy suites as tests, and fixtures that make engines, tokens and sessions.

Every `*.test.yaml` that pytest is pointed at is a suite of tests; its cases run against the policies of its directory.

    def test_an_app_may_not_close(bailiwick):
        engine = bailiwick.engine("policies/construction")
        session = engine.authenticate(bailiwick.token(sub="ana", scope="rfis:read", tenant="acme"), tenant="acme")
        assert not session.decide("rfis.close", ("Rfi", "42"))

An assertion about a decision that fails shows why the decision came out as it did.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import pytest

from bailiwick import Clock, Decision, Engine, Issuer, Policies, SigningKey

NOW = 1_800_000_000
ISSUER = "https://issuer.test"
AUDIENCE = "test"


class Bench:
    """What the fixture `bailiwick` is: a clock, a key, engines that trust it, and tokens signed by it."""

    def __init__(self) -> None:
        self.clock: Clock = Clock.fixed(NOW)
        self.key: SigningKey = SigningKey.generate("test")

    def engine(self, policies: str | PathLike[str] | Policies, **options: Any) -> Engine:
        """An engine that trusts this bench's tokens and goes by its clock."""
        issuer = Issuer(ISSUER, audience=AUDIENCE, jwks=self.key.jwks, **options)
        return Engine(policies, issuers=[issuer], clock=self.clock)

    def token(self, *, lifetime: int = 600, type: str = "at+jwt", **claims: Any) -> str:
        """A signed token. Claims are given by name; those that are `None` are left out. `lifetime` is in seconds."""
        now = self.clock.now()
        usual: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "client_id": "app", "iat": now, "exp": now + lifetime}
        said = {name: claim for name, claim in (usual | claims).items() if claim is not None}
        return self.key.sign(said, type=type)


@pytest.fixture
def bailiwick() -> Bench:
    """A clock at a fixed time, a fresh key, engines that trust it and tokens signed by it."""
    return Bench()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.name.endswith((".test.yaml", ".test.yml")):
        return SuiteFile.from_parent(parent, path=file_path)
    return None


class SuiteFile(pytest.File):
    """A suite: one test for each of its cases."""

    def collect(self) -> Iterator[pytest.Item]:
        report = Engine(self.path.parent).run_suite(self.path)
        for case in report["cases"]:
            yield CaseItem.from_parent(self, name=case["name"], case=case)


class CaseItem(pytest.Item):
    """A case of a suite."""

    def __init__(self, *, case: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._case = case

    def runtest(self) -> None:
        if self._case["failures"]:
            raise CaseFailed(self._case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._case["line"] - 1, self.name


class CaseFailed(AssertionError):
    """A case that came out otherwise than expected."""

    def __init__(self, case: dict[str, Any]) -> None:
        explanation = case.get("explanation")
        super().__init__("\n".join([*case["failures"], *([explanation] if explanation else [])]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if call.when != "call" or call.excinfo is None or not call.excinfo.errisinstance(AssertionError):
        return report
    # The decisions of the frame in which the assertion failed: those are what it was about.
    for name, value in call.excinfo.traceback[-1].frame.f_locals.items():
        if isinstance(value, Decision):
            report.sections.append((f"{name} was decided so", str(value.explain())))
    return report
