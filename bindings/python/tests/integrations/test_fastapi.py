"""The FastAPI example by the framework's client, and over a real server with concurrent clients."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator

import httpx2 as httpx
import pytest
import uvicorn
from conftest import Headers
from fastapi.testclient import TestClient
from fastapi_app import application

import bailiwick as bw


@pytest.fixture
def client(engine: bw.Engine) -> TestClient:
    return TestClient(application(engine))


def test_what_is_permitted_is_served(client: TestClient, headers: Headers) -> None:
    assert client.get("/rfis/100", headers=headers()).json()["subject"] == "Door swing"
    closed = client.post("/rfis/100/close", headers=headers())
    assert closed.status_code == 200 and closed.json()["by"] == ["rfis-standard@ana@p1"]


def test_a_list_holds_what_may_be_seen(client: TestClient, headers: Headers) -> None:
    assert client.get("/projects/p1/rfis", headers=headers()).json() == ["100"]


def test_without_a_token_the_answer_is_a_challenge(client: TestClient) -> None:
    for path in ("/rfis/100", "/rfis/unknown", "/projects/p1/rfis"):
        refused = client.get(path)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    assert client.get("/rfis/100", headers={"Authorization": "Basic YTpi"}).status_code == 401
    assert client.post("/rfis/unknown/close").status_code == 401


def test_a_bad_token_says_only_that_it_is_bad(
    client: TestClient, headers: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bailiwick.web")
    refused = client.get("/rfis/100", headers=headers(aud="elsewhere"))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert refused.json() == {"detail": "the token is not valid here"}
    assert "token_audience" in caplog.text


def test_too_narrow_a_scope_is_named(client: TestClient, headers: Headers) -> None:
    for rfi in ("100", "101"):
        refused = client.post(f"/rfis/{rfi}/close", headers=headers(scope="rfis:read"))
        assert refused.status_code == 403
        challenge = 'Bearer realm="api", error="insufficient_scope", scope="rfis:write"'
        assert refused.headers["WWW-Authenticate"] == challenge


def test_a_denial_does_not_say_why(client: TestClient, headers: Headers, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bailiwick.web")
    private = client.get("/rfis/101", headers=headers())
    unknown = client.get("/rfis/unknown", headers=headers())
    assert private.status_code == unknown.status_code == 403
    assert private.json() == unknown.json() == {"detail": "forbidden"}
    assert "WWW-Authenticate" not in private.headers
    assert "not_permitted" in caplog.text


def test_a_token_of_another_tenant_is_refused(client: TestClient, headers: Headers) -> None:
    assert client.get("/rfis/100", headers=headers(tenant="globex")).status_code == 401


def test_scopes_stand_in_the_openapi_document(client: TestClient, engine: bw.Engine) -> None:
    document = client.get("/openapi.json").json()
    assert document["paths"]["/rfis/{rfi}/close"]["post"]["security"] == [{"oauth2": ["rfis:write"]}]
    assert document["paths"]["/rfis/{rfi}"]["get"]["security"] == [{"oauth2": ["rfis:read"]}]
    flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
    assert set(flows["clientCredentials"]["scopes"]) == set(engine.scopes)


def test_an_unknown_action_is_noticed_at_once(engine: bw.Engine) -> None:
    from bailiwick.fastapi import Authz

    with pytest.raises(ValueError, match="no action 'rfis.clsoe'"):
        Authz(engine)("rfis.clsoe", ("Rfi", "rfi"))


@pytest.fixture(scope="module")
def server(engine: bw.Engine) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application(engine), log_level="error", lifespan="off")
    served = uvicorn.Server(config)
    thread = threading.Thread(target=served.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 60
    while not served.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server does not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    served.should_exit = True
    thread.join()
    listener.close()


def test_concurrent_clients_over_a_real_server(server: str, headers: Headers, engine: bw.Engine) -> None:
    """Eight clients ask at once, each as somebody else, while the policies are reloaded; nobody gets another's answer."""
    asked = [
        (headers(), "/rfis/100", 200),
        (headers(), "/rfis/101", 403),
        (headers(tenant="globex"), "/rfis/100", 401),
        ({}, "/rfis/100", 401),
    ]

    async def client(offset: int) -> None:
        async with httpx.AsyncClient(base_url=server) as http:
            for number in range(20):
                sent, path, expected = asked[(offset + number) % len(asked)]
                assert (await http.get(path, headers=sent)).status_code == expected

    async def all_clients() -> None:
        reload = asyncio.to_thread(engine.reload, engine.policies)
        await asyncio.gather(reload, *(client(offset) for offset in range(8)))

    asyncio.run(all_clients())
