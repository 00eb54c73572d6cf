"""The OAuth endpoints in FastAPI, Starlette and Django, by the frameworks' own clients."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from oauth_server import application, found, open_engine
from starlette.applications import Starlette
from starlette.routing import Mount

import bailiwick as bw
from bailiwick.admin import Credential
from bailiwick.starlette import metadata_route, oauth_routes

GRANT = {"grant_type": "client_credentials", "scope": "rfis:read"}


@pytest.fixture
def engine(tmp_path: Path) -> bw.Engine:
    return open_engine(tmp_path / "platform.db", bytes(range(32)))


@pytest.fixture
def account(engine: bw.Engine) -> Credential:
    return found(engine)


def test_an_account_gets_a_token_uses_it_and_gives_it_back(engine: bw.Engine, account: Credential) -> None:
    client = TestClient(application(engine))
    issued = client.post("/oauth/token", data=GRANT, auth=account)
    assert issued.status_code == 200 and issued.headers["Cache-Control"] == "no-store"
    token = issued.json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Company-Id": "initech"}
    assert client.get("/projects/p7/rfis/1", headers=headers).json() == {"id": "1", "for": account.id}
    assert client.get("/projects/p8/rfis/1", headers=headers).status_code == 403
    assert client.post("/oauth/introspect", data={"token": token}, auth=account).json()["active"] is True
    assert client.post("/oauth/revoke", data={"token": token}, auth=account).status_code == 200
    assert client.post("/oauth/introspect", data={"token": token}, auth=account).json() == {"active": False}
    assert client.get("/projects/p7/rfis/1", headers=headers).status_code in (401, 403)


def test_wrong_credentials_are_challenged(engine: bw.Engine, account: Credential) -> None:
    client = TestClient(application(engine))
    refused = client.post("/oauth/token", data=GRANT, auth=(account.id, "wrong"))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    assert client.post("/oauth/token", content=b"a" * 70_000).status_code == 413
    assert client.get("/oauth/token").status_code == 405


def test_keys_and_metadata_stand_where_the_metadata_says(engine: bw.Engine) -> None:
    app = Starlette(routes=[Mount("/oauth", routes=oauth_routes(engine)), metadata_route(engine)])
    client = TestClient(app)
    metadata = client.get("/.well-known/oauth-authorization-server").json()
    assert metadata["jwks_uri"] == "https://id.example.com/oauth/jwks"
    keys = client.get("/oauth/jwks")
    assert keys.headers["Content-Type"] == "application/jwk-set+json" and len(keys.json()["keys"]) == 1
    assert client.post("/oauth/token", data=GRANT).json()["error"] == "invalid_client"


VERIFIER = "v" * 64
REDIRECT = "https://dashboards.example/callback"
ASKED = {
    "response_type": "code",
    "client_id": "dashboards",
    "redirect_uri": REDIRECT,
    "scope": "rfis:read",
    "state": "s1",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}


def test_a_user_is_asked_on_a_page_and_the_app_gets_a_code(engine: bw.Engine, account: Credential) -> None:
    def bill(_: object = None) -> bw.Session:
        return engine.session("bill", tenant="initech")

    admin = engine.act_as(bill())
    admin.register_app("initech", "<Dashboards>", id="dashboards")
    admin.draft_version(
        "dashboards",
        scopes=["rfis:read"],
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
    )
    admin.publish_version("dashboards", 1)
    admin.install("initech", "dashboards", scopes=["rfis:read"], projects="all")
    secret = admin.create_secret(app="dashboards")
    client = TestClient(application(engine, bill), follow_redirects=False)
    page = client.get("/oauth/authorize", params=ASKED)
    assert page.status_code == 200 and "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "May &lt;Dashboards&gt; act for bill?" in page.text and "<li>rfis:read</li>" in page.text

    def answered(answer: str, origin: str = "https://id.example.com") -> httpx.Response:
        return client.post("/oauth/authorize", params=ASKED, data={"answer": answer}, headers={"Origin": origin})

    assert answered("yes", "https://evil.example").status_code == 403
    for anything_else in ("no", "", "maybe"):
        sent_back = parse_qs(urlsplit(answered(anything_else).headers["Location"]).query)
        assert sent_back["error"] == ["access_denied"] and sent_back["state"] == ["s1"]
    sent_back = parse_qs(urlsplit(answered("yes").headers["Location"]).query)
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    issued = client.post("/oauth/token", data=form | {"code": sent_back["code"][0]}, auth=("dashboards", secret.secret))
    assert issued.status_code == 200 and issued.json()["scope"] == "rfis:read"
    wrong = client.get("/oauth/authorize", params=ASKED | {"redirect_uri": "https://evil.example/callback"})
    assert wrong.status_code == 400 and "Location" not in wrong.headers
    assert TestClient(application(engine)).get("/oauth/authorize", params=ASKED).status_code == 401


@pytest.fixture
def authz(engine: bw.Engine) -> Iterator[ModuleType]:
    from test_django import client as configured  # noqa: F401  sets Django up

    import bailiwick.django
    from django_app import authz

    authz.use(engine)
    bailiwick.django._gate.cache_clear()
    yield authz
    bailiwick.django._gate.cache_clear()


def test_django_serves_them_too(authz: ModuleType, account: Credential) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    basic = base64.b64encode(f"{account.id}:{account.secret}".encode()).decode()
    issued = client.post("/oauth/token", GRANT, headers={"Authorization": f"Basic {basic}"})
    assert issued.status_code == 400, "a form of files is none of the protocol's"
    form = "grant_type=client_credentials&scope=rfis:read"
    kind = "application/x-www-form-urlencoded"
    issued = client.post("/oauth/token", form, kind, headers={"Authorization": f"Basic {basic}"})
    assert issued.status_code == 200 and issued["Cache-Control"] == "no-store"
    assert issued.json()["token_type"] == "Bearer"
    assert client.get("/oauth/token").status_code == 405
    assert client.get("/oauth/jwks")["Content-Type"] == "application/jwk-set+json"
    assert client.get("/.well-known/oauth-authorization-server").json()["issuer"] == "https://id.example.com"
