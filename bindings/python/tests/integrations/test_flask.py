"""The Flask example by the framework's client."""

from __future__ import annotations

import pytest
from conftest import Headers
from flask.testing import FlaskClient
from flask_app import application

import bailiwick as bw


@pytest.fixture
def client(engine: bw.Engine) -> FlaskClient:
    return application(engine).test_client()


def test_what_is_permitted_is_served(client: FlaskClient, headers: Headers) -> None:
    assert client.get("/health").text == "ok"
    shown = client.get("/rfis/100", headers=headers()).json
    assert shown == {"id": "100", "by": ["rfis-standard@ana@p1"], "for": "ana"}
    assert client.post("/rfis/100/close", headers=headers()).json == {"id": "100", "state": "closed"}


def test_a_view_that_declares_nothing_is_denied(client: FlaskClient, headers: Headers) -> None:
    assert client.get("/forgotten", headers=headers()).status_code == 403
    assert client.get("/no/such/page").status_code == 404


def test_refusals_say_no_more_than_they_must(client: FlaskClient, headers: Headers) -> None:
    refused = client.get("/rfis/100")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    refused = client.get("/rfis/100", headers=headers(aud="elsewhere"))
    assert (refused.status_code, refused.json) == (401, {"detail": "the token is not valid here"})
    refused = client.post("/rfis/100/close", headers=headers(scope="rfis:read"))
    assert refused.status_code == 403 and "insufficient_scope" in refused.headers["WWW-Authenticate"]
    for rfi in ("101", "unknown"):
        refused = client.get(f"/rfis/{rfi}", headers=headers())
        assert (refused.status_code, refused.json) == (403, {"detail": "forbidden"})
