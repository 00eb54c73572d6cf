"""An authorization server and the API that it protects, in one FastAPI application, on one SQLite file.

`main` founds the platform where the file is new, and prints the credentials of the first service account once.
"""

import os
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI
from platform_data import POLICIES

import bailiwick as bw
from bailiwick.admin import Credential
from bailiwick.fastapi import Authz, header

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


def application(engine: bw.Engine) -> FastAPI:
    """The application over an engine that was built with `oauth`."""
    app = FastAPI(title="RFIs")
    authz = Authz(engine, tenant=header("X-Company-Id"))
    app.include_router(authz.oauth_router(), prefix="/oauth")
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
