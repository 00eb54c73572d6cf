"""What the tests of the integrations share: an engine, headers with tokens it trusts, and the examples."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bailiwick as bw
from bailiwick.pytest_plugin import Bench

PACKAGE = Path(__file__).parents[2]
sys.path.insert(0, str(PACKAGE / "examples"))

Headers = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def engine(bench: Bench) -> bw.Engine:
    return bench.engine(PACKAGE.parents[1] / "policies" / "construction")


def claims_of(scope: str, changed: dict[str, str]) -> dict[str, Any]:
    return {"sub": "ana", "client_id": "dashboards", "tenant": "acme", "scope": scope, **changed}


@pytest.fixture(scope="session")
def headers(bench: Bench) -> Headers:
    def make(scope: str = "rfis:write", tenant: str = "acme", **claims: str) -> dict[str, str]:
        token = bench.token(**claims_of(scope, claims))
        return {"Authorization": f"Bearer {token}", "X-Company-Id": tenant}

    return make
