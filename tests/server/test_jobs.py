"""What can be done with sessions over HTTP: list, change, delete, and how many there may be."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from gladia_nb.server import LocalServer
from tests.support.server_helpers import Client, client_of, read, speech, stop


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(keys=["other"]) as server:
        yield server


@pytest.fixture
async def client(server: LocalServer) -> AsyncIterator[Client]:
    async with client_of(server) as client:
        yield client


async def ask(client: Client, method: str, path: str, **request: Any) -> tuple[int, Any]:
    async with client.http.request(method, client.base + path, **request) as response:
        text = await response.text()
        return response.status, json.loads(text) if text else None


async def test_the_list_is_the_newest_first_and_by_pages(client: Client) -> None:
    made = [(await client.init(custom_metadata={"test": "pages", "n": n})).id for n in range(5)]
    path = "/v2/live?limit=2&custom_metadata[test]=pages"
    found = []
    for _ in range(3):
        status, body = await ask(client, "GET", path)
        assert status == 200
        assert set(body) == {"first", "current", "next", "items"}
        assert body["current"].startswith(f"{client.base}/v2/live?offset={len(found)}&limit=2&")
        found += [item["id"] for item in body["items"]]
        path = (body["next"] or "").removeprefix(client.base)
    assert (found, path) == (made[::-1], "")
    _, body = await ask(client, "GET", f"/v2/live/{made[0]}")
    _, listed = await ask(client, "GET", "/v2/live?limit=100")
    assert body in listed["items"]
    assert "offset=0&limit=100" in listed["first"]
    assert listed["next"] is None


async def test_the_list_by_status_and_metadata(client: Client) -> None:
    talk = await client.talk(speech(1.2), custom_metadata={"test": "status", "take": 2})
    queued = await client.init(custom_metadata={"test": "status", "take": 3})
    for query, ids in (
        ("", [queued.id, talk.id]),
        ("&status=done", [talk.id]),
        ("&status=queued&status=error", [queued.id]),
        ('&custom_metadata={"take":2}', [talk.id]),
        ("&custom_metadata[take]=3", [queued.id]),
        ("&before_date=2020-01-01", []),
        ("&after_date=2020-01-01", [queued.id, talk.id]),
    ):
        _, body = await ask(client, "GET", f"/v2/live?custom_metadata[test]=status{query}")
        assert [item["id"] for item in body["items"]] == ids, query
    finished = (await ask(client, "GET", "/v2/live?status=done&limit=1"))[1]["items"][0]
    assert finished["result"]["transcription"]["full_transcript"]


async def test_the_list_is_private_to_its_key(client: Client) -> None:
    talk = await client.init()
    status, body = await ask(client, "GET", "/v2/live", headers={"x-gladia-key": "other"})
    assert (status, body["items"]) == (200, [])
    for name in ("", "guess"):
        status, body = await ask(client, "GET", "/v2/live", headers={"x-gladia-key": name})
        assert status == 401
    for method in ("PATCH", "DELETE"):
        headers = {"x-gladia-key": "other"}
        status, body = await ask(client, method, f"/v2/live/{talk.id}", headers=headers, json={})
        assert (status, body["message"]) == (404, "Not found")


async def test_wrong_queries_are_named(client: Client) -> None:
    status, body = await ask(client, "GET", "/v2/live?limit=0&offset=-1&status=x&date=y")
    assert status == 400
    assert body["message"] == "Invalid parameter(s)"
    assert len(body["validation_errors"]) == 4


async def test_a_token_in_the_query_is_not_repeated(client: Client) -> None:
    status, body = await ask(client, "GET", "/v2/live?token=secret")
    assert status == 200
    assert "secret" not in json.dumps(body)


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not known before its end."""
    for start in range(0, len(data), 50_000):
        yield data[start : start + 50_000]


async def test_patch(client: Client) -> None:
    talk = await client.init()
    path = f"/v2/live/{talk.id}"
    assert (await client.get(talk))["post_session_metadata"] == {}
    data = {"note": "é", "nested": [1, {"a": None}]}
    assert await ask(client, "PATCH", path, json=data) == (204, None)
    assert (await client.get(talk))["post_session_metadata"] == data
    for wrong in (b"{", b"[]", b"3", b"\xff"):
        status, body = await ask(client, "PATCH", path, data=wrong)
        assert status == 400
        assert body["validation_errors"][0].startswith("body must be")
    room = 100 * 1024 - len('{"a":""}')
    largest = b'{"a":"' + b"x" * room + b'"}'
    for size in (len(largest) + 1, 2 << 20):
        big = largest.ljust(size)
        for body_data in (io.BytesIO(big), in_pieces(big)):
            status, body = await ask(client, "PATCH", path, data=body_data)
            assert (status, body["message"]) == (413, "payload too large")
    assert (await client.get(talk))["post_session_metadata"] == data
    assert await ask(client, "PATCH", path, data=largest) == (204, None)
    status, body = await ask(client, "PATCH", "/v2/live/nobody", json={})
    assert (status, body["message"]) == (404, "Not found")


async def test_delete(client: Client) -> None:
    talk = await client.init()
    path = f"/v2/live/{talk.id}"
    status, body = await ask(client, "DELETE", path)
    assert (status, body["statusCode"], body["request_id"]) == (403, 403, f"G-{talk.id[:8]}")
    async with client.connect(talk) as ws:
        await ws.send_bytes(speech(1.2))
        await read(ws, talk, until="audio_chunk")
        assert (await client.get(talk))["status"] == "processing"
        assert (await ask(client, "DELETE", path))[0] == 403
        await stop(ws)
        await read(ws, talk)
    assert talk.close_code == 1000
    async with client.http.delete(client.base + path) as response:
        assert (response.status, await response.read()) == (202, b"")
    for method, place in (
        ("GET", path),
        ("GET", f"{path}/file"),
        ("DELETE", path),
        ("PATCH", path),
    ):
        assert (await ask(client, method, place))[0] == 404
    _, body = await ask(client, "GET", "/v2/live?limit=100")
    assert talk.id not in [item["id"] for item in body["items"]]


async def test_too_many_sessions() -> None:
    with LocalServer(max_sessions=2, idle_timeout_s=0.5, keys=["other"]) as server:
        async with client_of(server) as client:
            await client.init()
            running = await client.init()
            async with client.connect(running) as ws:
                async with client.http.post(f"{client.base}/v2/live", json={}) as response:
                    body = await response.json()
                assert response.status == body["statusCode"] == 429
                assert body["message"] == "Maximum number of concurrent sessions reached (2)"
                assert response.headers["Retry-After"] == "1"
                headers = {"x-gladia-key": "other"}
                assert (await ask(client, "POST", "/v2/live", headers=headers))[0] == 201
                await ws.send_bytes(b"")
                await asyncio.sleep(0.3)
                await ws.send_bytes(b"")
                await asyncio.sleep(0.3)
                await client.init()  # in the place of the one that nobody has connected to
                await stop(ws)
                await read(ws, running)
            await client.init()
