"""The Django example by the framework's clients."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import django
import pytest
from conftest import Headers

import bailiwick as bw

os.environ["DJANGO_SETTINGS_MODULE"] = "django_app.settings"
django.setup()

from django.contrib.auth.models import AnonymousUser, User  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django_app import authz  # noqa: E402
from django_app.urls import STORED  # noqa: E402

from bailiwick.django import Backend  # noqa: E402


@pytest.fixture(autouse=True)
def trusting(engine: bw.Engine) -> Iterator[None]:
    authz.use(engine)
    # Setting them anew makes the integration ask for the engine again.
    from django.conf import settings

    with override_settings(BAILIWICK=settings.BAILIWICK):
        yield


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.mark.parametrize("prefix", ["/rfis/", "/api/rfis/"])
def test_a_token_is_judged(client: Client, headers: Headers, prefix: str) -> None:
    def get(rfi: str, **sent: str) -> Any:
        return client.get(prefix + rfi, headers=sent)

    assert get("100", **headers()).json() == {"id": "100"}
    assert get("101", **headers()).status_code == 403
    anonymous = get("100")
    assert (anonymous.status_code, anonymous["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    refused = get("100", **headers(aud="elsewhere"))
    assert (refused.status_code, refused.json()) == (401, {"detail": "the token is not valid here"})
    assert refused["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert get("100", **headers(tenant="globex")).status_code == 401


def test_a_method_without_an_action_is_denied(client: Client, headers: Headers) -> None:
    assert client.put("/api/rfis/100", headers=headers()).status_code == 403


def test_too_narrow_a_scope_is_denied(client: Client, headers: Headers) -> None:
    refused = client.get("/rfis/100", headers=headers(scope="drawings:read"))
    assert refused.status_code == 403 and "insufficient_scope" in refused["WWW-Authenticate"]


def test_a_user_has_the_permissions_that_the_policies_give() -> None:
    call_command("migrate", verbosity=0)
    ana: Any = User.objects.create(username="ana")
    nobody: Any = User.objects.create(username="nobody")
    gone: Any = User(username="ana", is_active=False)
    assert ana.has_perm("rfis.view", STORED["100"])
    assert not ana.has_perm("rfis.view", STORED["101"])
    assert not nobody.has_perm("rfis.view", STORED["100"])
    assert not ana.has_perm("rfis.view")
    assert not ana.has_perm("auth.add_user", STORED["100"])
    assert not gone.has_perm("rfis.view", STORED["100"])
    assert not Backend().has_perm(AnonymousUser(), "rfis.view", STORED["100"])


def test_settings_are_checked() -> None:
    with override_settings(BAILIWICK={"ENGINE": "django_app.authz.engine", "TENNANT": "x"}):
        with pytest.raises(ImproperlyConfigured, match="TENNANT"):
            Backend().has_perm(User(username="ana"), "rfis.view", STORED["100"])
    with override_settings(BAILIWICK={}):
        with pytest.raises(ImproperlyConfigured, match="no ENGINE"):
            Backend().has_perm(User(username="ana"), "rfis.view", STORED["100"])
