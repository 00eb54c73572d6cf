"""What the tests share: the reference platform, and a key whose tokens it trusts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bailiwick as bw

ROOT = next(path for path in Path(__file__).parents if (path / "tests" / "conformance").is_dir())
NOW = 1_800_000_000
ISSUER = "https://id.example.com"


@pytest.fixture(scope="session")
def key() -> bw.SigningKey:
    return bw.SigningKey.generate("k1")


@pytest.fixture(scope="session")
def construction() -> bw.Policies:
    return bw.Policies(ROOT / "policies" / "construction")


@pytest.fixture
def clock() -> bw.Clock:
    return bw.Clock.fixed(NOW)


@pytest.fixture
def engine(construction: bw.Policies, key: bw.SigningKey, clock: bw.Clock) -> bw.Engine:
    issuer = bw.Issuer(ISSUER, audience="api", jwks=key.jwks)
    return bw.Engine(construction, issuers=[issuer], clock=clock)


@pytest.fixture
def session(engine: bw.Engine) -> bw.Session:
    return engine.session("ana", tenant="acme")


@pytest.fixture
def token(key: bw.SigningKey) -> Callable[..., str]:
    """Signs a token that the engine accepts, with claims changed or (by None) left out."""

    def sign(**claims: Any) -> str:
        usual = {
            "iss": ISSUER,
            "aud": "api",
            "sub": "ana",
            "client_id": "dashboards",
            "tenant": "acme",
            "scope": "rfis:read",
            "exp": NOW + 600,
        }
        return key.sign({name: value for name, value in (usual | claims).items() if value is not None})

    return sign
