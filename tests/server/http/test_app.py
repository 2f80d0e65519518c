"""Routes, checks and errors of the embedded server."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from gladia_nb.server import LocalServer
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.settings.options import CONTROL_HEADER, ServerOptions
from gladia_nb.server.settings.script import Script
from tests.support.server_helpers import Client, client_of, read, speech, stop
from tests.support.serving import serving


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


@pytest.fixture
async def client(server: LocalServer) -> AsyncIterator[Client]:
    async with client_of(server) as client:
        yield client


def quick(**options: Any) -> AbstractAsyncContextManager[Client]:
    """A service in this process that hears nothing."""
    return serving(ScriptedEngine(Script.load(None)), ServerOptions(**options))


async def refusal(client: Client, method: str, path: str, **request: Any) -> tuple[int, Any]:
    async with client.http.request(method, client.base + path, **request) as response:
        body = await response.json()
        assert set(body) >= {"timestamp", "path", "request_id", "statusCode", "message"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
        assert re.fullmatch(r"G-[0-9a-f]{8}", body["request_id"])
        assert body["statusCode"] == response.status
        assert body["path"] == path.partition("?")[0]
        assert not [name for name in response.headers if name.startswith("Access-Control")]
        return response.status, body


async def test_an_empty_body_makes_a_session(client: Client) -> None:
    for request in ({}, {"json": {}}, {"params": {"region": "eu-west"}}):
        async with client.http.post(f"{client.base}/v2/live", **request) as response:
            body = await response.json()
            assert response.status == 201
        assert set(body) == {"id", "created_at", "url"}
        host = client.base.removeprefix("http://")
        token = body["url"].removeprefix(f"ws://{host}/v2/live?token=")
        assert re.fullmatch(r"[0-9a-f-]{36}", token)
        assert token != body["id"]


async def test_the_url_is_made_from_the_host_that_was_asked() -> None:
    headers = {"Host": "Speech.example:81"}
    async with (
        quick(host_names=("speech.example",)) as client,
        client.http.post(f"{client.base}/v2/live", headers=headers) as response,
    ):
        url = (await response.json())["url"]
    assert url.startswith("ws://Speech.example:81/v2/live?token=")


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"sample_rate": 22050}, "sample_rate must be one of 8000, 16000, 32000, 44100, 48000"),
        ({"bit_depth": 12}, "bit_depth must be one of"),
        ({"encoding": "mp3"}, "encoding must be one of"),
        ({"channels": 9}, "channels must be between 1 and 8"),
        ({"endpointing": 11}, "endpointing must be between 0.01 and 10"),
        ({"maximum_duration_without_endpointing": 4}, "must be between 5 and 60"),
        ({"language_config": {"languages": [""]}}, "language_config.languages"),
        ({"channels": 1.5}, "channels must be a whole number between 1 and 8 (got 1.5)"),
        ({"language_config": {"languages": ["fr"]}}, "knows English only"),
        ({"language_config": {"languages": ["en", "fr"]}}, "knows English only"),
    ],
)
async def test_a_wrong_field_is_named(client: Client, config: Any, sentence: str) -> None:
    status, body = await refusal(client, "POST", "/v2/live", json=config)
    assert status == 400
    assert body["message"] == "Invalid parameter(s)"
    assert sentence in " ".join(body["validation_errors"])


@pytest.mark.parametrize("data", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(client: Client, data: bytes) -> None:
    status, body = await refusal(client, "POST", "/v2/live", data=data)
    assert status == 400
    assert body["validation_errors"][0].startswith("body must be")


async def test_a_huge_body_is_refused(client: Client) -> None:
    status, body = await refusal(client, "POST", "/v2/live", data=io.BytesIO(b" " * (2 << 20)))
    assert (status, body["message"]) == (413, "payload too large")


async def test_unknown_fields_and_null_are_tolerated(client: Client) -> None:
    talk = await client.init(
        numerals=True,
        callback_config=None,
        language_config={"languages": ["en"], "dialect": "scots"},
        realtime_processing={"words_accurate_timestamps": True, "translation": None},
        custom_metadata={"a": None},
    )
    body = await client.get(talk)
    assert "numerals" not in body["request_params"]
    assert body["custom_metadata"] == {"a": None}
    assert body["request_params"]["realtime_processing"]["translation"] is False


def nulls_in(data: Any, path: str = "") -> list[str]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    found = []
    for name, value in pairs:
        if value is None:
            found.append(f"{path}{name}")
        elif isinstance(value, dict | list):
            found += nulls_in(value, f"{path}{name}.")
    return found


async def test_what_was_not_asked_for_is_left_out_and_not_null(client: Client) -> None:
    everything: dict[str, Any] = {
        "custom_metadata": {"a": None},
        "callback_config": {},
        "realtime_processing": {
            "translation_config": {"target_languages": ["fr"]},
            "custom_vocabulary_config": {"vocabulary": [{"value": "a"}]},
        },
    }
    for config in ({}, everything):
        talk = await client.init(**config)
        body = await client.get(talk)
        async with client.http.get(f"{client.base}/v2/live?limit=1") as response:
            [listed] = (await response.json())["items"]
        assert listed == body
        assert nulls_in(body["request_params"]) == []
        assert "custom_metadata" not in body["request_params"]
        assert body["custom_metadata"] == config.get("custom_metadata")


@pytest.mark.parametrize("region", ["mars", "", "EU-WEST"])
async def test_a_region_that_is_none(client: Client, region: str) -> None:
    status, body = await refusal(client, "POST", f"/v2/live?region={region}", json={})
    assert status == 400
    assert body["validation_errors"] == [f"region must be one of eu-west, us-west (got {region!r})"]


async def test_a_whole_session_with_switches_that_lack_their_settings() -> None:
    names = ("translation", "custom_vocabulary", "custom_spelling")
    async with quick() as client:
        talk = await client.talk(
            bytes(3200), callback=True, realtime_processing=dict.fromkeys(names, True)
        )
        body = await client.get(talk)
    assert talk.close_code == 1000
    assert body["status"] == "done"
    assert body["request_params"]["callback"] is True


async def test_keys(client: Client) -> None:
    for method, path in (("POST", "/v2/live"), ("GET", "/v2/live/x"), ("GET", "/v2/live/x/file")):
        status, body = await refusal(client, method, path, headers={"x-gladia-key": ""})
        assert (status, body["message"]) == (401, "no gladia key provided")
        status, body = await refusal(client, method, path, headers={"x-gladia-key": "guess"})
        assert (status, body["message"]) == (401, "gladia user not found")


async def test_unknown_sessions_and_routes(client: Client) -> None:
    assert (await refusal(client, "GET", "/v2/live/nobody"))[1]["message"] == "Not found"
    assert (await refusal(client, "GET", "/v2/live/nobody/file"))[0] == 404
    for method, path in (
        ("PUT", "/v2/live"),
        ("GET", "/"),
        ("POST", "/v2/live/x"),
        ("GET", "/a?b"),
    ):
        status, body = await refusal(client, method, path)
        assert status == 404
        assert body["message"] == f"Cannot {method} {path.partition('?')[0]}"


async def test_pages_of_an_origin_that_was_named_may_ask() -> None:
    headers = {"Origin": "https://hub.example"}
    async with quick(allow_origins=("https://hub.example",)) as client:
        url = f"{client.base}/v2/live"
        async with client.http.options(url, headers=headers) as response:
            assert response.status == 204
            assert "POST" in response.headers["Access-Control-Allow-Methods"]
            assert response.headers["Access-Control-Allow-Headers"] == "*"
        for method, status in (("GET", 200), ("POST", 201), ("PUT", 404)):
            async with client.http.request(method, url, headers=headers) as response:
                assert response.status == status
                assert response.headers["Access-Control-Allow-Origin"] == "https://hub.example"
                assert response.headers["Vary"] == "Origin"
        headers = {"Origin": "https://evil.example"}
        assert (await refusal(client, "GET", "/v2/live", headers=headers))[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8888", ""])
async def test_other_pages_may_not_ask(client: Client, origin: str) -> None:
    headers = {"Origin": origin}
    for method in ("GET", "POST", "OPTIONS", "PUT"):
        status, body = await refusal(client, method, "/v2/live", headers=headers)
        assert status == 403
        assert f"Pages of {origin!r} may not ask this server" in body["message"]
        assert "--allow-origin" in body["message"]


async def test_the_url_of_the_websocket_is_the_ticket_of_any_page(client: Client) -> None:
    talk = await client.init()
    headers = {"Origin": "https://hub.example"}
    async with client.http.ws_connect(talk.url, headers=headers) as ws:
        await stop(ws)
        await read(ws, talk)
    assert talk.close_code == 1000


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil", "10.0.0.1"])
async def test_a_name_that_is_not_the_server_s_own_is_refused(client: Client, host: str) -> None:
    talk = await client.init()
    headers = {"Host": host}
    for method, path in (
        ("GET", "/v2/live"),
        ("POST", "/v2/live"),
        ("OPTIONS", "/v2/live"),
        ("GET", f"/v2/live/{talk.id}"),
        ("PATCH", f"/v2/live/{talk.id}"),
        ("DELETE", f"/v2/live/{talk.id}"),
        ("GET", f"/v2/live/{talk.id}/file"),
        ("GET", f"/_trace/{talk.id}"),
        ("POST", "/_control/script"),
        ("GET", "/nothing"),
    ):
        status, body = await refusal(client, method, path, headers=headers)
        assert status == 403
        assert body["message"].startswith(f"This server is not the host {host!r}; ")
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await client.http.ws_connect(talk.url, headers=headers)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/v2/live/../../../../etc/passwd",
        "/v2/live/..%2f..%2f..%2fetc%2fpasswd/file",
        "/v2/live/%2e%2e/%2e%2e/etc/passwd/file",
        "/v2/live/%00/file",
        "/_trace/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
    ],
)
async def test_no_path_leads_to_a_file(server: LocalServer, path: str) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nx-gladia-key: {server.key}\r\n"
        f"{CONTROL_HEADER}: {server.control_token}\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"root:" not in answer


async def test_half_open_connections_are_in_nobody_s_way(client: Client) -> None:
    host, _, port = client.base.removeprefix("http://").partition(":")
    held = await asyncio.gather(*(asyncio.open_connection(host, int(port)) for _ in range(300)))
    for number, (_, writer) in enumerate(held):
        writer.write(b"POST /v2/live HTTP/1.1\r\nHost: x\r\n"[: number % 40])
    talk = await client.talk(speech(1.2), endpointing=0.3)
    assert talk.close_code == 1000
    for _, writer in held:
        writer.close()


async def test_old_sessions_make_room_and_running_ones_stay() -> None:
    async with quick(keep_sessions=2) as client:
        running = await client.init()
        async with client.connect(running) as ws:
            for _ in range(3):
                await client.talk(bytes(3200))
            async with client.http.get(f"{client.base}/v2/live") as response:
                items = (await response.json())["items"]
            assert [item["status"] for item in items] == ["done", "processing"]
            assert items[-1]["id"] == running.id
            await stop(ws)
            await read(ws, running)


async def test_keys_that_anyone_can_make_up_share_one_limit() -> None:
    async with quick(max_sessions=2) as client:
        for key, status in (("a", 201), ("b", 201), ("c", 429)):
            headers = {"x-gladia-key": key}
            async with client.http.post(f"{client.base}/v2/live", headers=headers) as response:
                assert response.status == status
        assert response.headers["Retry-After"] == "1"


async def test_a_key_of_bytes_that_are_no_text(server: LocalServer) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"GET /v2/live HTTP/1.1\r\nHost: localhost\r\nx-gladia-key: \xff\xfe\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
    writer.close()


async def test_an_unknown_token_is_refused_with_403(client: Client) -> None:
    for url in (f"{client.base}/v2/live?token=guess", f"{client.base}/v2/live"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.http.ws_connect(url)
        assert caught.value.status == 403


async def test_a_queued_session_has_no_result_and_no_file(client: Client) -> None:
    talk = await client.init(endpointing=0.3, custom_metadata={"run": "a1"})
    body = await client.get(talk)
    assert body["status"] == "queued"
    assert body["result"] is body["file"] is body["completed_at"] is None
    assert (await refusal(client, "GET", f"/v2/live/{talk.id}/file"))[0] == 404


async def test_the_result_is_complete(client: Client) -> None:
    data = speech()
    talk = await client.talk(data, endpointing=0.3, custom_metadata={"run": "a1"})
    body = await client.get(talk)
    assert set(body) == {
        *("id", "request_id", "version", "status", "created_at", "completed_at", "kind", "file"),
        *("custom_metadata", "error_code", "post_session_metadata", "request_params", "result"),
    }
    assert body["id"] == talk.id
    assert body["request_id"] == f"G-{talk.id[:8]}"
    assert (body["version"], body["kind"], body["status"]) == (2, "live", "done")
    took = datetime.fromisoformat(body["completed_at"]) - datetime.fromisoformat(body["created_at"])
    assert body["result"]["metadata"]["transcription_time"] == took.total_seconds() > 0
    assert body["custom_metadata"] == {"run": "a1"}
    assert body["error_code"] is None
    assert body["file"]["filename"] == f"{talk.id}.wav"
    assert body["file"]["id"] == talk.id
    assert body["file"]["audio_duration"] == 5, "whole seconds, of 5.1"
    params = body["request_params"]
    assert (params["endpointing"], params["bit_depth"], params["model"]) == (0.3, 16, "solaria-1")
    result = body["result"]
    assert result["metadata"]["billing_time"] == result["metadata"]["audio_duration"] == 5
    [post] = talk.of("post_final_transcript")
    assert post["data"]["metadata"] == result["metadata"]
    assert result["transcription"]["full_transcript"].startswith("hello it is very nice")
    assert result["transcription"]["languages"] == ["en"]
    assert len(result["transcription"]["utterances"]) == len(talk.texts())
    assert all(isinstance(message, str) for message in result["messages"])
    assert (await client.file(talk))[44:] == data


async def test_add_ons_are_answered_in_words(client: Client) -> None:
    talk = await client.talk(
        speech(3.2),
        endpointing=0.3,
        realtime_processing={
            "named_entity_recognition": True,
            "translation": True,
            "translation_config": {"target_languages": ["fr", "de"]},
        },
    )
    finals = len(talk.texts())
    assert finals >= 1
    for kind, count in (
        ("translation", 2 * finals),
        ("named_entity_recognition", finals),
    ):
        messages = talk.of(kind)
        assert len(messages) == count
        for message in messages:
            assert message["data"] is None
            assert "embedded" in message["error"]["message"]
    result = (await client.get(talk))["result"]
    assert result["translation"]["success"] is False
    assert "sentiment_analysis" not in result


async def test_a_session_is_private_to_its_key() -> None:
    with LocalServer(keys=["other"]) as server:
        async with client_of(server) as client:
            talk = await client.init()
            headers = {"x-gladia-key": "other"}
            status, body = await refusal(client, "GET", f"/v2/live/{talk.id}", headers=headers)
            assert (status, body["message"]) == (404, "Not found")
            async with client.http.post(f"{client.base}/v2/live", headers=headers) as response:
                assert response.status == 201


async def test_any_key() -> None:
    with LocalServer(any_key=True) as server:
        async with client_of(server) as client:
            headers = {"x-gladia-key": "whatever"}
            async with client.http.post(f"{client.base}/v2/live", headers=headers) as response:
                assert response.status == 201
            headers = {"x-gladia-key": ""}
            status, _ = await refusal(client, "POST", "/v2/live", headers=headers)
            assert status == 401
