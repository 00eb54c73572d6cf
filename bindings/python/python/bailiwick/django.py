"""Django: an authentication backend for permissions, a decorator for views, and classes for the REST framework.

    # settings.py
    AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "bailiwick.django.Backend"]
    BAILIWICK = {
        "ENGINE": "shop.authz.engine",            # an Engine, or a function that returns one
        "TENANT": "shop.authz.tenant",            # from a request to the id of its tenant
        "USER_TENANT": "shop.authz.user_tenant",  # from a user to the id of the tenant of `user.has_perm`
        "PRINCIPAL": "shop.authz.principal",      # from a user to the id in the policies; the user name unless told
    }

An engine with `oauth=…` serves its endpoints too:

    urlpatterns = [path("oauth/", include(bailiwick.django.oauth_urls())), *bailiwick.django.metadata_urls()]

Permissions are actions: `user.has_perm("rfis.close", rfi)`. Objects are entities by `__bailiwick_entity__` or an adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLPattern, path
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bailiwick import Engine, Reply, Session
from bailiwick._web import Gate, Refusal, known_action, log

__all__ = ["Backend", "metadata_urls", "oauth_urls", "response_of", "requires", "session_of"]

View = TypeVar("View", bound=Callable[..., Any])
SETTINGS = {"ENGINE", "TENANT", "USER_TENANT", "PRINCIPAL", "REALM"}


class Backend(BaseBackend):
    """Answers `user.has_perm(action, obj)` from the policies; authenticates nobody itself."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the user may do the action to the object. Without an object nothing is permitted."""
        if obj is None or not user_obj.is_active or user_obj.is_anonymous:
            return False
        engine = _gate().engine
        if engine.scopes_covering(perm) is None:
            # A permission of Django's own, which is another backend's to grant.
            return False
        decision = _session_of_user(user_obj, _setting("USER_TENANT", lambda user: None)(user_obj)).decide(perm, obj)
        if not decision:
            log.info("denied %s on %s for %s: %s (%s)", perm, obj, user_obj, decision.message, decision.reason)
        return decision.allowed


def session_of(request: HttpRequest) -> Session:
    """The session of a request: of its bearer token, or else of the user who is logged in."""
    cached: Session | None = getattr(request, "_bailiwick_session", None)
    if cached is not None:
        return cached
    tenant = _setting("TENANT", lambda request: None)(request)
    user = getattr(request, "user", None)
    authorization = request.headers.get("Authorization")
    if authorization is None and user is not None and user.is_authenticated and user.is_active:
        session = _session_of_user(user, tenant)
    else:
        session = _gate().session(authorization, tenant)
    request._bailiwick_session = session  # type: ignore[attr-defined]
    return session


def requires(
    action: str,
    resource: Callable[..., Any],
    *,
    context: Callable[[HttpRequest], Mapping[str, Any]] | None = None,
) -> Callable[[View], View]:
    """Lets a view run only if its caller may do the action to the resource; answers 401 or 403 otherwise.

    `resource` is called with the view's own arguments.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                gate = _gate()
                known_action(gate.engine, action)
                session = session_of(request)
                given = context(request) if context else None
                gate.check(session, action, resource(request, *args, **kwargs), given)
            except Refusal as refusal:
                return JsonResponse({"detail": refusal.detail}, status=refusal.status, headers=refusal.headers)
            response: HttpResponseBase = view(request, *args, **kwargs)
            return response

        return guarded  # type: ignore[return-value]

    return decorate


def oauth_urls() -> list[URLPattern]:
    """The endpoints `token`, `revoke`, `introspect` and `jwks`, to be included beneath `OAuth(endpoints=…)`.

    `authorize` asks a signed-in user, so it is the host's own view: see `Engine.authorize` and `response_of`.
    """

    def posted(answer: Callable[[Engine, str | None, bytes], Reply]) -> Callable[[HttpRequest], HttpResponse]:
        # Clients authenticate with each request and have no cookies, so there is nothing to forge.
        @csrf_exempt
        @require_http_methods(["POST"])
        def view(request: HttpRequest) -> HttpResponse:
            return response_of(answer(_gate().engine, request.headers.get("Authorization"), request.body))

        return view

    return [
        path("token", posted(Engine.token_endpoint)),
        path("revoke", posted(Engine.revocation_endpoint)),
        path("introspect", posted(Engine.introspection_endpoint)),
        path("jwks", _read(Engine.jwks_endpoint)),
    ]


def metadata_urls() -> list[URLPattern]:
    """`.well-known/oauth-authorization-server` (RFC 8414), to stand at the root."""
    return [path(".well-known/oauth-authorization-server", _read(Engine.metadata_endpoint))]


def _read(answer: Callable[[Engine], Reply]) -> Callable[[HttpRequest], HttpResponse]:
    @require_http_methods(["GET", "HEAD"])
    def view(request: HttpRequest) -> HttpResponse:
        return response_of(answer(_gate().engine))

    return view


def response_of(reply: Reply) -> HttpResponse:
    """A reply of the engine's as Django's response."""
    response = HttpResponse(reply.body, status=reply.status)
    del response["Content-Type"]
    for name, value in reply.headers:
        response[name] = value
    return response


def _session_of_user(user: Any, tenant: str | None) -> Session:
    principal = _setting("PRINCIPAL", lambda user: user.get_username())(user)
    return _gate().engine.session(principal, tenant=tenant)


@lru_cache(maxsize=1)
def _gate() -> Gate:
    described = _settings()
    if "ENGINE" not in described:
        raise ImproperlyConfigured("settings.BAILIWICK has no ENGINE: name an Engine, or a function that returns one")
    engine = _imported(described["ENGINE"])
    if not isinstance(engine, Engine):
        engine = engine()
    if not isinstance(engine, Engine):
        raise ImproperlyConfigured("settings.BAILIWICK['ENGINE'] names neither an Engine nor a function that returns one")
    return Gate(engine, described.get("REALM", "api"))


def _settings() -> Mapping[str, Any]:
    described: Mapping[str, Any] = getattr(settings, "BAILIWICK", {})
    unknown = set(described) - SETTINGS
    if unknown:
        raise ImproperlyConfigured(f"settings.BAILIWICK has unknown members {sorted(unknown)}; known are {sorted(SETTINGS)}")
    return described


def _setting(name: str, default: Callable[[Any], Any]) -> Callable[[Any], Any]:
    described = _settings()
    if name not in described:
        return default
    function: Callable[[Any], Any] = _imported(described[name])
    return function


def _imported(named: Any) -> Any:
    return import_string(named) if isinstance(named, str) else named


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "BAILIWICK":
        _gate.cache_clear()


setting_changed.connect(_forget)
