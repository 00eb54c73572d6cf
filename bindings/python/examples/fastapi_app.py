"""A FastAPI application. Run it with `uvicorn fastapi_app:app` once `application` is given an engine of yours."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from platform_data import Rfi, rfis

import bailiwick as bw
from bailiwick.fastapi import Authz, header


def application(engine: bw.Engine) -> FastAPI:
    """The application over an engine."""
    app = FastAPI(title="RFIs")
    authz = Authz(engine, tenant=header("X-Company-Id"))
    stored = rfis()

    def load_rfi(rfi: str, session: Annotated[bw.Session, Depends(authz.session)]) -> Rfi:
        # Only the authenticated get here, and an unknown RFI is answered like one that may not be seen.
        if rfi not in stored:
            raise HTTPException(403, "forbidden")
        return stored[rfi]

    @app.get("/projects/{project}/rfis")
    async def index(project: str, session: Annotated[bw.Session, Depends(authz.session)]) -> list[str]:
        listed = [rfi for rfi in stored.values() if rfi.project == project]
        return [rfi.id for rfi in session.filter("rfis.view", listed)]

    @app.get("/rfis/{rfi}", dependencies=[authz("rfis.view", load_rfi)])
    async def show(rfi: Annotated[Rfi, Depends(load_rfi)]) -> dict[str, Any]:
        return {"id": rfi.id, "subject": rfi.subject, "state": rfi.state}

    @app.post("/rfis/{rfi}/close")
    async def close(
        rfi: Annotated[Rfi, Depends(load_rfi)],
        decision: Annotated[bw.Decision, authz("rfis.close", load_rfi, context=lambda request: {"mfa": True})],
    ) -> dict[str, Any]:
        rfi.state = "closed"
        return {"id": rfi.id, "state": rfi.state, "by": list(decision.policies)}

    return app
