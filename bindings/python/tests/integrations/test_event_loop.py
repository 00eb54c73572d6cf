"""What an event loop does while a token is verified whose keys a function must get first: everything else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import fastapi_app
import httpx2 as httpx
import pytest
import starlette_app
from conftest import PACKAGE

import bailiwick as bw


@pytest.mark.parametrize("application", [fastapi_app.application, starlette_app.application])
def test_keys_are_fetched_off_the_event_loop(application: Callable[[bw.Engine], Any]) -> None:
    key, asked, answer = bw.SigningKey.generate("k1"), threading.Event(), threading.Event()

    def get() -> dict[str, object]:
        asked.set()
        # Only the event loop lets it go on.
        assert answer.wait(20), "the event loop is held"
        return key.jwks

    issuer = bw.Issuer("https://id.example.com", audience="api", jwks=get)
    engine = bw.Engine(PACKAGE.parents[1] / "policies" / "construction", issuers=[issuer])
    assert engine.fetches_keys
    claims = {"iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "dashboards", "tenant": "acme"}
    token = key.sign(claims | {"scope": "rfis:read", "exp": int(time.time()) + 600})
    headers = {"Authorization": f"Bearer {token}", "X-Company-Id": "acme"}

    async def main() -> int:
        transport = httpx.ASGITransport(app=application(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example.com") as client:
            asking = asyncio.ensure_future(client.get("/rfis/100", headers=headers))
            while not asked.is_set():
                await asyncio.sleep(0)
            answer.set()
            return (await asking).status_code

    assert asyncio.run(main()) == 200
