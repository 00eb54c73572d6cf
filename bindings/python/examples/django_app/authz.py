"""How the Django example finds its engine and its tenants."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from platform_data import POLICIES

import bailiwick as bw

_engine: bw.Engine | None = None


def use(engine: bw.Engine) -> None:
    """Takes an engine that was made elsewhere, such as one that trusts an issuer."""
    global _engine
    _engine = engine


def engine() -> bw.Engine:
    """The engine of this process."""
    return _engine or bw.Engine(POLICIES)


def tenant(request: HttpRequest) -> str | None:
    """The tenant that a request is about."""
    return request.headers.get("X-Company-Id")


def user_tenant(user: Any) -> str:
    """The tenant that a user belongs to; an application would look it up."""
    return "acme"
