"""Flask: an extension that denies every view that says neither what it requires nor that it is public.

    authz = Authz(app, engine=engine, tenant=lambda: request.headers.get("X-Company-Id"))

    @app.post("/rfis/<rfi>/close")
    @authz.requires("rfis.close", lambda rfi: Resource("Rfi", rfi))
    def close(rfi): ...

Within a view `authz.session` is the session and `authz.decision` the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, jsonify, request

from bailiwick import Decision, Engine, Session
from bailiwick._web import Gate, Refusal, known_action

__all__ = ["Authz"]

View = TypeVar("View", bound=Callable[..., Any])


class Authz:
    """The extension. Without `deny_by_default` a view that declares nothing is open."""

    def __init__(
        self,
        app: Flask | None = None,
        *,
        engine: Engine,
        tenant: Callable[[], str | None] | None = None,
        realm: str = "api",
        deny_by_default: bool = True,
    ) -> None:
        self.engine: Engine = engine
        self._gate = Gate(engine, realm)
        self._tenant = tenant
        self._deny_by_default = deny_by_default
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Attaches the extension to an application."""
        app.extensions["bailiwick"] = self
        app.register_error_handler(Refusal, _respond)
        if self._deny_by_default:
            app.before_request(self._require_declaration)

    def requires(
        self,
        action: str,
        resource: Callable[..., Any],
        *,
        context: Callable[[], Mapping[str, Any]] | None = None,
    ) -> Callable[[View], View]:
        """Lets a view run only if its caller may do the action to the resource.

        `resource` is called with the view's own arguments.
        """
        known_action(self.engine, action)

        def decorate(view: View) -> View:
            @wraps(view)
            def guarded(*args: Any, **kwargs: Any) -> Any:
                session = self.session
                given = context() if context else None
                g.bailiwick_decision = self._gate.check(session, action, resource(*args, **kwargs), given)
                return current_app.ensure_sync(view)(*args, **kwargs)

            guarded._bailiwick_declared = True  # type: ignore[attr-defined]
            return guarded  # type: ignore[return-value]

        return decorate

    def public(self, view: View) -> View:
        """Says that a view needs no authentication."""
        view._bailiwick_declared = True  # type: ignore[attr-defined]
        return view

    @property
    def session(self) -> Session:
        """The session of the current request; refuses the request if it has none."""
        if "bailiwick_session" not in g:
            tenant = self._tenant() if self._tenant else None
            g.bailiwick_session = self._gate.session(request.headers.get("Authorization"), tenant)
        session: Session = g.bailiwick_session
        return session

    @property
    def decision(self) -> Decision:
        """The decision that let the current view run."""
        decision: Decision = g.bailiwick_decision
        return decision

    def _require_declaration(self) -> None:
        if request.endpoint is None:
            return
        view = current_app.view_functions.get(request.endpoint)
        if request.endpoint != "static" and not getattr(view, "_bailiwick_declared", False):
            raise Refusal(403, "forbidden", {})


def _respond(refusal: Refusal) -> Response:
    response = jsonify(detail=refusal.detail)
    response.status_code = refusal.status
    response.headers.extend(refusal.headers)
    return response
