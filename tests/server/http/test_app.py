"""Routes, checks and errors of the embedded server."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from gladia_nb.server import LocalServer
from tests.support.server_helpers import Client, client_of, speech


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


@pytest.fixture
async def client(server: LocalServer) -> AsyncIterator[Client]:
    async with client_of(server) as client:
        yield client


async def refusal(client: Client, method: str, path: str, **request: Any) -> tuple[int, Any]:
    async with client.http.request(method, client.base + path, **request) as response:
        body = await response.json()
        assert set(body) >= {"timestamp", "path", "request_id", "statusCode", "message"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
        assert re.fullmatch(r"G-[0-9a-f]{8}", body["request_id"])
        assert body["statusCode"] == response.status
        assert body["path"] == path.partition("?")[0]
        assert response.headers["Access-Control-Allow-Origin"] == "*"
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


async def test_the_url_is_made_from_the_host_that_was_asked(client: Client) -> None:
    headers = {"Host": "speech.example:81"}
    async with client.http.post(f"{client.base}/v2/live", headers=headers) as response:
        url = (await response.json())["url"]
    assert url.startswith("ws://speech.example:81/v2/live?token=")


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


async def test_a_browser_may_ask(client: Client) -> None:
    async with client.http.options(f"{client.base}/v2/live") as response:
        assert response.status == 204
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        assert response.headers["Access-Control-Allow-Headers"] == "*"


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
    assert body["completed_at"] > body["created_at"]
    assert body["custom_metadata"] == {"run": "a1"}
    assert body["error_code"] is None
    assert body["file"]["filename"] == f"{talk.id}.wav"
    assert body["file"]["audio_duration"] == 5.1
    params = body["request_params"]
    assert (params["endpointing"], params["bit_depth"], params["model"]) == (0.3, 16, "solaria-1")
    result = body["result"]
    assert result["metadata"]["billing_time"] == result["metadata"]["audio_duration"] == 5.1
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
