"""Django REST framework: bearer tokens as authentication, actions as permissions.

    class RfiView(RetrieveUpdateAPIView):
        authentication_classes = [BearerAuthentication]
        permission_classes = [ActionPermission]
        bailiwick_actions = {"GET": "rfis.view", "PATCH": "rfis.update"}

A method without an action is denied. Objects are checked where the framework checks them, in `get_object`; a view without
an object (a list, a creation) names the resource it acts on by a method `bailiwick_resource(request)`.
"""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from bailiwick import Session
from bailiwick._web import Refusal
from bailiwick.django import _gate, session_of

__all__ = ["ActionPermission", "Bearer", "BearerAuthentication"]


class Bearer:
    """The user of a request that came with a bearer token."""

    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True

    def __init__(self, session: Session) -> None:
        self.session: Session = session
        self.pk: str = session.principal.id

    def get_username(self) -> str:
        """The principal's id."""
        return self.session.principal.id

    def __str__(self) -> str:
        return str(self.session.principal)


class BearerAuthentication(BaseAuthentication):
    """Verifies bearer tokens; requests without one are left to other classes."""

    def authenticate(self, request: Request) -> tuple[Any, Session] | None:
        """The principal and the session; nothing for a request without a bearer token."""
        if not request.headers.get("Authorization", "").lower().startswith("bearer"):
            return None
        try:
            session = session_of(request._request)
        except Refusal as refusal:
            raise AuthenticationFailed(refusal.detail) from None
        return Bearer(session), session

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401; of a token that was refused it says so."""
        error = ', error="invalid_token"' if request.headers.get("Authorization") else ""
        return f'Bearer realm="{_gate().realm}"{error}'


class ActionPermission(BasePermission):
    """Permits what the policies permit. The action is looked up in the view's `bailiwick_actions` by method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the request may go on: its method has an action, and its resource, if it names one, is permitted."""
        if not request.user or not request.user.is_authenticated or _action(request, view) is None:
            return False
        resource = getattr(view, "bailiwick_resource", None)
        if resource is not None:
            return self.has_object_permission(request, view, resource(request))
        # Without a resource of its own the view must come to `get_object`, which asks for the object.
        key = getattr(view, "lookup_url_kwarg", None) or getattr(view, "lookup_field", None)
        return hasattr(view, "get_object") and key in view.kwargs

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        """Whether the action may be done to the object."""
        action = _action(request, view)
        if action is None:
            return False
        try:
            _gate().check(session_of(request._request), action, obj)
        except Refusal:
            return False
        return True


def _action(request: Request, view: Any) -> str | None:
    actions = getattr(view, "bailiwick_actions", {})
    action: str | None = actions.get("GET" if request.method == "HEAD" else request.method)
    return action
