"""A Flask application whose views are denied unless they say what they require."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from platform_data import rfis

import bailiwick as bw
from bailiwick.flask import Authz


def application(engine: bw.Engine) -> Flask:
    """The application over an engine."""
    app = Flask(__name__)
    authz = Authz(app, engine=engine, tenant=lambda: request.headers.get("X-Company-Id"))
    stored = rfis()

    def resource(rfi: str) -> object:
        return stored.get(rfi, bw.Resource("Rfi", rfi))

    @app.get("/health")
    @authz.public
    def health() -> str:
        return "ok"

    @app.get("/rfis/<rfi>")
    @authz.requires("rfis.view", resource)
    def show(rfi: str) -> dict[str, Any]:
        return {"id": rfi, "by": list(authz.decision.policies), "for": authz.session.principal.id}

    @app.post("/rfis/<rfi>/close")
    @authz.requires("rfis.close", resource, context=lambda: {"mfa": True})
    def close(rfi: str) -> dict[str, Any]:
        stored[rfi].state = "closed"
        return {"id": rfi, "state": stored[rfi].state}

    @app.get("/forgotten")
    def forgotten() -> str:
        return "nobody said what this requires"

    return app
