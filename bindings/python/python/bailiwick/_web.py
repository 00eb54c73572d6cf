"""What the web frameworks have in common: from a request's header to a session or a refusal (RFC 6750).

A refusal tells the client no more than it must know; why is written to the log `bailiwick.web`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from bailiwick import Decision, Engine, Session, TokenError

log = logging.getLogger("bailiwick.web")


class Refusal(Exception):
    """A response that refuses: its status, its headers, and a sentence without particulars."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str]) -> None:
        super().__init__(detail)
        self.status: int = status
        self.detail: str = detail
        self.headers: dict[str, str] = dict(headers)


class Gate:
    """Sessions for requests, and decisions for sessions."""

    def __init__(self, engine: Engine, realm: str = "api") -> None:
        if any(character in realm for character in '"\\') or not realm.isprintable():
            raise ValueError(f"a realm is printable text without quotes and backslashes, not {realm!r}")
        self.engine: Engine = engine
        self.realm: str = realm

    def session(self, authorization: str | None, tenant: str | None) -> Session:
        """The session of an `Authorization` header, in the tenant that the request is about."""
        if not authorization:
            raise Refusal(401, "authentication is required", self._challenge())
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip(" "):
            raise Refusal(401, "authentication is required", self._challenge())
        try:
            return self.engine.authenticate(token.strip(" "), tenant=tenant)
        except TokenError as error:
            log.info("refused a token: %s (%s)", error, error.kind)
            challenge = self._challenge(error="invalid_token")
            raise Refusal(401, "the token is not valid here", challenge) from None

    def check(
        self, session: Session, action: str, resource: object, context: Mapping[str, Any] | None = None
    ) -> Decision:
        """The decision, if it allows."""
        self._check_scopes(session, action)
        decision = session.decide(action, resource, context)
        if not decision:
            log.info("denied %s on %s for %s: %s (%s)", action, resource, session, decision.message, decision.reason)
            raise Refusal(403, "forbidden", {})
        return decision

    def _check_scopes(self, session: Session, action: str) -> None:
        # Asked before the resource is looked at, so that the answer says nothing about the resource.
        if session.scopes is None:
            return
        covering = self.engine.scopes_covering(action)
        if covering is None or set(covering) & set(session.scopes):
            return
        log.info("denied %s for %s: the token's scopes do not cover it", action, session)
        scope = narrowest(self.engine, action)
        extra = {"scope": scope} if scope is not None else {}
        raise Refusal(403, "forbidden", self._challenge(error="insufficient_scope", **extra))

    def _challenge(self, **parameters: str) -> dict[str, str]:
        parameters = {"realm": self.realm, **parameters}
        return {"WWW-Authenticate": "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())}


def narrowest(engine: Engine, action: str) -> str | None:
    """Of the scopes that cover an action, the one that covers the fewest actions; for documentation and challenges."""
    covering = engine.scopes_covering(action) or []
    return min(covering, key=lambda scope: (len(engine.actions_covered(scope)), scope), default=None)


def known_action(engine: Engine, action: str) -> str:
    """The action, if the schema has it: a misspelt one would deny every request."""
    if engine.scopes_covering(action) is None:
        raise ValueError(f"the schema has no action {action!r}")
    return action


