"""Starlette and any other ASGI application: a middleware that denies every request that no rule allows.

    middleware = [
        Middleware(
            AuthorizationMiddleware,
            engine=engine,
            tenant=lambda connection: connection.headers.get("X-Company-Id"),
            rules=[
                Public("GET", "/health"),
                Rule("GET", "/rfis/{rfi}", "rfis.view", lambda connection, rfi: Resource("Rfi", rfi)),
            ],
        )
    ]

The session is `request.state.session`, the decision `request.state.decision`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from bailiwick import Engine
from bailiwick._web import Gate, Refusal, known_action

__all__ = ["AuthorizationMiddleware", "Public", "Rule"]


@dataclass(frozen=True)
class Public:
    """Requests that need no authentication."""

    method: str
    path: str


@dataclass(frozen=True)
class Rule:
    """Requests that need an action on a resource.

    `resource` is called with the connection and the parameters of the path, and may be a coroutine function.
    """

    method: str
    path: str
    action: str
    resource: Callable[..., Any]
    context: Callable[[HTTPConnection], Mapping[str, Any]] | None = None


class AuthorizationMiddleware:
    """Denies every request that no rule allows. WebSockets are matched by the method `WEBSOCKET`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        engine: Engine,
        rules: Iterable[Rule | Public],
        tenant: Callable[[HTTPConnection], str | None] | None = None,
        realm: str = "api",
    ) -> None:
        self._app = app
        self._gate = Gate(engine, realm)
        self._tenant = tenant
        self._rules = [(rule, *compile_path(rule.path)) for rule in rules]
        for rule, *_ in self._rules:
            if isinstance(rule, Rule):
                known_action(engine, rule.action)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            await self._judge(connection)
        except Refusal as refusal:
            await self._refuse(refusal, scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _judge(self, connection: HTTPConnection) -> None:
        rule, parameters = self._match(connection.scope)
        if isinstance(rule, Public):
            return
        tenant = self._tenant(connection) if self._tenant else None
        session = self._gate.session(connection.headers.get("Authorization"), tenant)
        connection.state.session = session
        if rule is None:
            raise Refusal(403, "forbidden", {})
        resource = rule.resource(connection, **parameters)
        if inspect.isawaitable(resource):
            resource = await resource
        context = rule.context(connection) if rule.context else None
        connection.state.decision = self._gate.check(session, rule.action, resource, context)

    def _match(self, scope: Scope) -> tuple[Rule | Public | None, dict[str, Any]]:
        method = scope.get("method", "WEBSOCKET")
        # What the application routes by: its own path, below whatever it is mounted at.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        for rule, pattern, _, convertors in self._rules:
            match = pattern.match(path)
            if match is not None and rule.method in (method, "GET" if method == "HEAD" else method):
                return rule, {name: convertors[name].convert(value) for name, value in match.groupdict().items()}
        return None, {}

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        response = JSONResponse({"detail": refusal.detail}, refusal.status, refusal.headers)
        await response(scope, receive, send)
