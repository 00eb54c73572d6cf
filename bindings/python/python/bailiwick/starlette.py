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

An engine with `oauth=…` serves its endpoints too:

    routes = [Mount("/oauth", routes=oauth_routes(engine)), metadata_route(engine)]
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from bailiwick import Engine, Reply, Session
from bailiwick._web import Gate, Refusal, known_action

__all__ = ["AuthorizationMiddleware", "Public", "Rule", "metadata_route", "oauth_routes", "response_of"]

Endpoint = Callable[[Request], Awaitable[Response]]
# More than any request of the protocol has.
MAX_BODY_BYTES = 65_536


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
        session = await session_of(self._gate, connection.headers.get("Authorization"), tenant)
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


async def session_of(gate: Gate, authorization: str | None, tenant: str | None) -> Session:
    """The session of a request. What may wait for a function that gets keys does so off the event loop."""
    if gate.engine.fetches_keys:
        return await run_in_threadpool(gate.session, authorization, tenant)
    return gate.session(authorization, tenant)


def oauth_routes(engine: Engine) -> list[Route]:
    """The endpoints `/token`, `/revoke`, `/introspect` and `/jwks`, to be mounted beneath `OAuth(endpoints=…)`.

    `/authorize` asks a signed-in user, so it is the host's own: see `Engine.authorize` and `response_of`.
    """
    return [Route(path, endpoint, methods=[method]) for path, endpoint, method in oauth_endpoints(engine)]


def metadata_route(engine: Engine) -> Route:
    """`/.well-known/oauth-authorization-server` (RFC 8414), to stand at the root."""
    path, endpoint, method = oauth_metadata(engine)
    return Route(path, endpoint, methods=[method])


def oauth_endpoints(engine: Engine) -> list[tuple[str, Endpoint, str]]:
    """Path, function and method of each endpoint."""

    def posted(answer: Callable[[str | None, bytes], Reply]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body = b""
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return Response(status_code=413)
            # It may wait for the store.
            return response_of(await run_in_threadpool(answer, request.headers.get("Authorization"), body))

        return endpoint

    return [
        ("/token", posted(engine.token_endpoint), "POST"),
        ("/revoke", posted(engine.revocation_endpoint), "POST"),
        ("/introspect", posted(engine.introspection_endpoint), "POST"),
        ("/jwks", _read(engine.jwks_endpoint), "GET"),
    ]


def oauth_metadata(engine: Engine) -> tuple[str, Endpoint, str]:
    """Path, function and method of the server's metadata document."""
    return "/.well-known/oauth-authorization-server", _read(engine.metadata_endpoint), "GET"


def _read(answer: Callable[[], Reply]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return response_of(answer())

    return endpoint


def response_of(reply: Reply) -> Response:
    """A reply of the engine's as Starlette's response."""
    return Response(reply.body, status_code=reply.status, headers=dict(reply.headers))
