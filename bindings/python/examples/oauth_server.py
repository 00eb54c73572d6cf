"""An authorization server and the API that it protects, in one FastAPI application, on one SQLite file.

The page at `/oauth/authorize` asks a signed-in user for consent; how users sign in is the host's affair (`signed_in`).
`main` founds the platform where the file is new, and prints the credentials of the first service account once.
"""

import os
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from platform_data import POLICIES

import bailiwick as bw
from bailiwick.admin import Credential
from bailiwick.fastapi import Authz, header
from bailiwick.starlette import response_of

ISSUER = "https://id.example.com"


def open_engine(path: Path, host_key: bytes) -> bw.Engine:
    """The engine of this process. Its signing key lives as long as the process; a real server would keep it."""
    keys = bw.KeyRing()
    keys.rotate()
    oauth = bw.OAuth(ISSUER, audience="api", keys=keys)
    return bw.Engine(POLICIES, store=path, host_key=host_key, oauth=oauth, audit=bw.Audit())


def found(engine: bw.Engine) -> Credential:
    """Founds the platform with one tenant, one project, and a service account that may work in it."""
    engine.bootstrap("operator", "The operator", "olga")
    operator = engine.act_as(engine.session("olga", tenant="operator"))
    operator.create_tenant("initech", "Initech", admin="bill", roles=["rfis-standard"])
    admin = engine.act_as(engine.session("bill", tenant="initech"))
    admin.create_project("initech", "p7", "Harbour bridge")
    account = admin.create_service_account("initech", "ERP sync", projects=["p7"])
    admin.assign_role("rfis-standard", service_account=account.id, project="p7")
    return account


def nobody(request: Request) -> bw.Session:
    """In the place of the host's own sign-in."""
    raise HTTPException(401, "sign in first")


def consent_pages(engine: bw.Engine, signed_in: Callable[[Request], bw.Session]) -> APIRouter:
    """`/authorize`: a page that asks the user, and the answer that sends the browser back to the app."""
    router = APIRouter(include_in_schema=False)
    # No other site may show the page in a frame, and it answers for one user alone.
    headers = {"Content-Security-Policy": "frame-ancestors 'none'", "Cache-Control": "no-store"}

    @router.get("/authorize")
    def ask(request: Request, user: Annotated[bw.Session, Depends(signed_in)]) -> Response:
        asked = engine.authorize(request.url.query)
        if isinstance(asked, bw.Reply):
            return response_of(asked)
        scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked.scopes or ["all that was approved for it"])
        page = f"""<!doctype html><title>Consent</title>
            <h1>May {escape(asked.app_name)} act for {escape(user.principal.id)}?</h1><ul>{scopes}</ul>
            <form method="post"><button name="answer" value="yes">Yes</button>
            <button name="answer" value="no">No</button></form>"""
        return HTMLResponse(page, headers=headers)

    @router.post("/authorize")
    async def answer(request: Request, user: Annotated[bw.Session, Depends(signed_in)]) -> Response:
        # Only the page above may answer in the user's name.
        if request.headers.get("Origin") != ISSUER:
            raise HTTPException(403, "the answer comes from another site")
        answer = parse_qs((await request.body()).decode("latin-1")).get("answer")
        asked = engine.authorize(request.url.query)
        if isinstance(asked, bw.Reply):
            return response_of(asked)
        if answer == ["yes"]:
            return response_of(await run_in_threadpool(engine.consent, asked, user))
        return response_of(engine.decline(asked))

    return router


def application(engine: bw.Engine, signed_in: Callable[[Request], bw.Session] = nobody) -> FastAPI:
    """The application over an engine that was built with `oauth`; `signed_in` gives the session of a request's user."""
    app = FastAPI(title="RFIs")
    authz = Authz(engine, tenant=header("X-Company-Id"))
    app.include_router(authz.oauth_router(), prefix="/oauth")
    app.include_router(consent_pages(engine, signed_in), prefix="/oauth")
    app.include_router(authz.metadata_router())

    async def load_rfi(project: str, rfi: str) -> bw.Resource:
        attrs = {"private": False, "assignees": [], "state": "open"}
        return bw.Resource("Rfi", rfi, parents=[("Project", project)], attrs=attrs)

    @app.get("/projects/{project}/rfis/{rfi}")
    async def show(
        rfi: str,
        session: Annotated[bw.Session, Depends(authz.session)],
        _: Annotated[bw.Decision, authz("rfis.view", load_rfi)],
    ) -> dict[str, str]:
        return {"id": rfi, "for": session.principal.id}

    return app


def main() -> FastAPI:
    """For `uvicorn --factory oauth_server:main`, with the store's path and the host's key (in hex) in the environment."""
    path = Path(os.environ["BAILIWICK_STORE"])
    is_new = not path.exists()
    engine = open_engine(path, bytes.fromhex(os.environ["BAILIWICK_HOST_KEY"]))
    if is_new:
        account = found(engine)
        print(f"client_id={account.id} client_secret={account.secret}")
    return application(engine)
