"""A Starlette application behind a middleware that denies what no rule allows."""

from __future__ import annotations

from platform_data import rfis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

import bailiwick as bw
from bailiwick.starlette import AuthorizationMiddleware, Public, Rule


def application(engine: bw.Engine) -> Starlette:
    """The application over an engine."""
    stored = rfis()

    def resource(connection: HTTPConnection, rfi: str) -> object:
        # An unknown RFI is denied like one that may not be seen.
        return stored.get(rfi, bw.Resource("Rfi", rfi))

    async def health(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def show(request: Request) -> JSONResponse:
        rfi = stored[request.path_params["rfi"]]
        return JSONResponse({"id": rfi.id, "by": list(request.state.decision.policies)})

    async def forgotten(request: Request) -> PlainTextResponse:
        return PlainTextResponse("nobody wrote a rule for this")

    rules: list[Rule | Public] = [Public("GET", "/health"), Rule("GET", "/rfis/{rfi}", "rfis.view", resource)]
    return Starlette(
        routes=[Route("/health", health), Route("/rfis/{rfi}", show), Route("/forgotten", forgotten)],
        middleware=[
            Middleware(
                AuthorizationMiddleware,
                engine=engine,
                rules=rules,
                tenant=lambda connection: connection.headers.get("X-Company-Id"),
            )
        ],
    )
