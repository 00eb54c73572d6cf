"""FastAPI: dependencies that authenticate and authorize, with their scopes in the OpenAPI document.

    authz = Authz(engine, tenant=header("X-Company-Id"))

    @app.post("/projects/{project}/rfis/{rfi}/close")
    async def close(rfi: Annotated[Rfi, Depends(load_rfi)], _: Annotated[Decision, authz("rfis.close", load_rfi)]): ...

The dependency that loads the resource runs once for each request, however often it is named.

An engine with `oauth=…` serves its endpoints too:

    app.include_router(authz.oauth_router(), prefix="/oauth")       # /token /revoke /introspect /jwks
    app.include_router(authz.metadata_router())                     # /.well-known/oauth-authorization-server
"""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Security
from fastapi.security import OAuth2

from bailiwick import Decision, Engine, Resource, Session
from bailiwick._web import Gate, Refusal, known_action, narrowest
from bailiwick.starlette import oauth_endpoints, oauth_metadata, session_of

__all__ = ["Authz", "header", "path"]

Tenant = Callable[[Request], str | None]


def header(name: str) -> Tenant:
    """The tenant that a header names."""
    return lambda request: request.headers.get(name)


def path(name: str) -> Tenant:
    """The tenant that a parameter of the path names."""
    return lambda request: request.path_params.get(name)


class Authz:
    """Makes dependencies that authenticate requests and decide them.

    `tenant` says which tenant a request is about; `token_url` is where clients obtain tokens, for the OpenAPI document.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        tenant: Tenant | None = None,
        realm: str = "api",
        token_url: str = "oauth/token",
        scheme_name: str = "oauth2",
    ) -> None:
        self.engine: Engine = engine
        self._gate = Gate(engine, realm)
        self._tenant = tenant
        flow = {"tokenUrl": token_url, "scopes": dict.fromkeys(engine.scopes, "")}
        self.scheme: OAuth2 = OAuth2(flows={"clientCredentials": flow}, scheme_name=scheme_name, auto_error=False)
        self.session: Callable[..., Any] = self._session_dependency()

    def __call__(
        self,
        action: str,
        resource: Callable[..., Any] | tuple[str, str],
        *,
        context: Callable[[Request], Mapping[str, Any]] | None = None,
    ) -> Any:
        """A dependency that yields the decision, or answers 401 or 403.

        `resource` is the dependency that loads the resource, or a type of entity with the parameter of the path that
        holds the id: `("Rfi", "rfi")`. `context` computes the context of the decision from the request.
        """
        known_action(self.engine, action)
        gate, load = self._gate, resource if callable(resource) else _stored(*resource)

        async def authorize(
            request: Request, session: Session = Depends(self.session), target: Any = Depends(load)
        ) -> Decision:
            try:
                return gate.check(session, action, target, context(request) if context else None)
            except Refusal as refusal:
                raise _response(refusal) from None

        scope = narrowest(self.engine, action)
        return Security(authorize, scopes=[scope] if scope is not None else [])

    def oauth_router(self) -> APIRouter:
        """The endpoints `/token`, `/revoke`, `/introspect` and `/jwks`, to be included beneath `OAuth(endpoints=…)`.

        `/authorize` asks a signed-in user, so it is the host's own: see `Engine.authorize`.
        """
        router = APIRouter()
        for path, endpoint, method in oauth_endpoints(self.engine):
            router.add_route(path, endpoint, [method], include_in_schema=False)
        return router

    def metadata_router(self) -> APIRouter:
        """`/.well-known/oauth-authorization-server` (RFC 8414), to be included without a prefix."""
        router = APIRouter()
        path, endpoint, method = oauth_metadata(self.engine)
        router.add_route(path, endpoint, [method], include_in_schema=False)
        return router

    def _session_dependency(self) -> Callable[..., Any]:
        async def session(request: Request, authorization: str | None = Security(self.scheme)) -> Session:
            tenant = self._tenant(request) if self._tenant else None
            try:
                return await session_of(self._gate, authorization, tenant)
            except Refusal as refusal:
                raise _response(refusal) from None

        return session


def _stored(type_name: str, parameter: str) -> Callable[..., Any]:
    async def stored(request: Request) -> Resource:
        return Resource(type_name, request.path_params[parameter])

    return stored


def _response(refusal: Refusal) -> HTTPException:
    return HTTPException(refusal.status, refusal.detail, refusal.headers)
