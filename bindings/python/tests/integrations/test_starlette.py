"""The Starlette example by the framework's client."""

from __future__ import annotations

import pytest
from conftest import Headers
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from starlette_app import application

import bailiwick as bw
from bailiwick.starlette import AuthorizationMiddleware, Rule


@pytest.fixture
def client(engine: bw.Engine) -> TestClient:
    return TestClient(application(engine))


def test_public_paths_need_no_token(client: TestClient) -> None:
    assert client.get("/health").text == "ok"
    assert client.head("/health").status_code == 200


def test_what_a_rule_permits_is_served(client: TestClient, headers: Headers) -> None:
    assert client.get("/rfis/100", headers=headers()).json() == {"id": "100", "by": ["rfis-standard@ana@p1"]}


def test_what_no_rule_allows_is_denied(client: TestClient, headers: Headers) -> None:
    assert client.get("/forgotten", headers=headers()).status_code == 403
    assert client.get("/forgotten").status_code == 401
    assert client.post("/health").status_code == 401
    assert client.post("/rfis/100", headers=headers()).status_code == 403
    assert client.get("/rfis/100/", headers=headers(), follow_redirects=False).status_code == 403


def test_a_denial_does_not_say_why(client: TestClient, headers: Headers) -> None:
    for rfi in ("101", "unknown"):
        refused = client.get(f"/rfis/{rfi}", headers=headers())
        assert (refused.status_code, refused.json()) == (403, {"detail": "forbidden"})


def test_a_websocket_without_a_rule_is_closed(client: TestClient, headers: Headers) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/ws", headers=headers()):
        pass
    assert closed.value.code == 1008


def test_an_unknown_action_is_noticed_at_once(engine: bw.Engine) -> None:
    async def app(*_: object) -> None: ...

    with pytest.raises(ValueError, match="no action"):
        AuthorizationMiddleware(app, engine=engine, rules=[Rule("GET", "/", "rfis.clsoe", lambda _: None)])
