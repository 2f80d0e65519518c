"""Gladia's own client, as it is installed, against the embedded server."""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gladia_nb.server import LocalServer
from tests.support.breaking_network import breaking_network
from tests.support.server_helpers import ALL, speech

CHUNK = 3_200

# The package calls websockets in a way that newer versions of it advise against.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:connect\(\) must be used as a context manager:DeprecationWarning"
)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


@pytest.fixture(scope="module")
def sdk(server: LocalServer) -> Iterator[Any]:
    """The package, imported with the server's address in the environment: it reads it only then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLADIA_API_URL", server.url)
        for name in [name for name in sys.modules if name.split(".")[0] == "gladiaio_sdk"]:
            patch.delitem(sys.modules, name)
        yield importlib.import_module("gladiaio_sdk")
        for name in [name for name in sys.modules if name.split(".")[0] == "gladiaio_sdk"]:
            patch.delitem(sys.modules, name)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, server: LocalServer) -> None:
    monkeypatch.setenv("GLADIA_API_KEY", server.key)


@pytest.fixture
def client(sdk: Any) -> Iterator[Any]:
    client = sdk.GladiaClient().live()
    yield client
    client._http_client._client.close()


@pytest.fixture
async def async_client(sdk: Any) -> Any:
    client = sdk.GladiaClient().live_async()
    yield client
    await client._http_client._client.aclose()


def request(sdk: Any, **more: Any) -> Any:
    """A typed request for every message."""
    return sdk.LiveV2InitRequest(
        endpointing=0.3,
        messages_config=sdk.LiveV2MessagesConfig(**ALL),
        realtime_processing=sdk.LiveV2RealtimeProcessingConfig(
            sentiment_analysis=True,
            named_entity_recognition=True,
            translation=True,
            translation_config=sdk.LiveV2TranslationConfig(target_languages=["fr"]),
        ),
        post_processing=sdk.LiveV2PostProcessingConfig(summarization=True),
        **more,
    )


class Listener:
    """Everything that a session's events said."""

    def __init__(self, session: Any) -> None:
        self.messages: list[Any] = []
        self.errors: list[Exception] = []
        self.ended: list[Any] = []
        self.connected = 0
        self.is_over = threading.Event()
        session.on("message", self.messages.append)
        session.on("error", self.errors.append)
        session.on("connected", self._on_connected)
        session.on("ended", self._on_ended)

    def _on_connected(self, _: Any) -> None:
        self.connected += 1

    def _on_ended(self, event: Any) -> None:
        self.ended.append(event)
        self.is_over.set()

    def of(self, kind: str) -> list[Any]:
        return [message for message in self.messages if message.type == kind]

    def check(self, sdk: Any) -> None:
        """A whole session of two utterances, without a single error."""
        assert self.errors == []
        assert [event.code for event in self.ended] == [1000]
        assert not any(isinstance(m, sdk.LiveV2UnknownWebSocketMessage) for m in self.messages)
        assert not any(message._unknown_fields for message in self.messages)
        kinds = [message.type for message in self.messages]
        assert set(kinds) == {
            *("start_session", "start_recording", "end_recording", "end_session"),
            *("audio_chunk", "stop_recording", "speech_start", "speech_end", "transcript"),
            *("translation", "named_entity_recognition", "sentiment_analysis"),
            *("post_transcript", "post_final_transcript", "post_summarization"),
        }
        assert kinds.count("start_session") == 1
        finals = [m.data for m in self.of("transcript") if m.data.is_final]
        partials = [m.data for m in self.of("transcript") if not m.data.is_final]
        assert finals[0].utterance.text == " hello it is very nice to see you again"
        assert {data.id for data in partials} >= {data.id for data in finals}
        assert self.of("sentiment_analysis")[0].data.results[0].sentiment == "positive"
        assert "embedded" in self.of("translation")[0].error.message
        assert self.of("post_summarization")[0].data.results
        last = self.of("post_final_transcript")[0].data
        assert last.summarization.success
        assert last.metadata.audio_duration == 5, "whole seconds"


def check_job(job: Any, listener: Listener) -> None:
    assert (job.status, job.kind, job.version) == ("done", "live", 2)
    assert not job._unknown_fields
    assert job.custom_metadata == {"by": "sdk"}
    assert job.file.audio_duration == 5
    assert job.file.id == job.id
    assert job.request_params.endpointing == 0.3
    finals = [m.data.utterance for m in listener.of("transcript") if m.data.is_final]
    assert job.result.transcription.utterances == finals
    assert job.result.sentiment_analysis.success
    assert job.result.translation.error.status_code == 501
    # All but the one that the client itself has made up.
    assert len(job.result.messages) == len(listener.messages) - 1


def chunks(data: bytes) -> list[bytes]:
    return [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]


def test_a_session(sdk: Any, client: Any) -> None:
    session = client.start_session(request(sdk, custom_metadata={"by": "sdk"}))
    listener = Listener(session)
    assert session.wait_until_ready(10)
    data = speech()
    for chunk in chunks(data):
        session.send_audio(chunk)
    session.stop_recording()
    assert listener.is_over.wait(30)
    assert session.join(5)
    listener.check(sdk)

    job_id = session.session_id
    check_job(client.get(job_id), listener)
    wav = client.get_file(job_id)
    assert wav.startswith(b"RIFF")
    assert wav.endswith(data)
    assert client.delete(job_id) is True
    with pytest.raises(sdk.HttpError) as caught:
        client.get(job_id)
    assert caught.value.status == 404
    assert "Not found | G-" in str(caught.value)


async def test_a_session_of_the_async_client(sdk: Any, async_client: Any) -> None:
    session = async_client.start_session(request(sdk, custom_metadata={"by": "sdk"}))
    listener = Listener(session)
    job_id = await session.get_session_id()
    data = speech()
    for chunk in chunks(data):
        session.send_audio(chunk)
        await asyncio.sleep(0.001)
    session.stop_recording()
    assert await asyncio.to_thread(listener.is_over.wait, 30)
    listener.check(sdk)
    check_job(await async_client.get(job_id), listener)
    assert (await async_client.get_file(job_id)).endswith(data)
    assert await async_client.delete(job_id) is True
    for call in (async_client.get, async_client.get_file, async_client.delete):
        with pytest.raises(sdk.HttpError) as caught:
            await call(job_id)
        assert caught.value.status == 404


def test_lists(sdk: Any, client: Any) -> None:
    for number in range(3):
        session = client.start_session({"custom_metadata": {"list": "sdk", "number": number}})
        assert session.wait_until_ready(10)
        session.stop_recording()
        assert session.join(10)
    wanted = sdk.LiveV2ListParams(limit=2, custom_metadata={"list": "sdk"})
    first = client.list(wanted)
    assert [item.custom_metadata["number"] for item in first.items] == [2, 1]
    second = client.list({"url": first.next})
    assert [item.custom_metadata["number"] for item in second.items] == [0]
    assert second.next is None
    assert client.list({"url": second.first}).items == first.items
    found = client.list(
        {
            "status": ["done", "error"],
            "custom_metadata": {"list": "sdk", "number": 1},
            "after_date": "2020-01-01",
        }
    )
    assert [item.custom_metadata["number"] for item in found.items] == [1]
    with pytest.raises(sdk.HttpError) as caught:
        client.list({"limit": 0})
    assert caught.value.status == 400
    assert "limit" in caught.value.invalid_parameters


async def test_lists_of_the_async_client(sdk: Any, async_client: Any) -> None:
    found = await async_client.list({"limit": 1, "date": "2020-01-01"})
    assert (found.items, found.next) == ([], None)


# Its thread ends with the error that it has reported.
@pytest.mark.filterwarnings(
    "ignore:Exception in thread live-v2-ws:pytest.PytestUnhandledThreadExceptionWarning"
)
def test_errors(sdk: Any, client: Any) -> None:
    for _ in range(50):
        session = client.start_session({"sample_rate": 22050})
        listener = Listener(session)
        assert session.join(10)
        # It may be over before anybody listens.
        if listener.is_over.is_set():
            break
    assert [event.code for event in listener.ended] == [1006]
    wrong = next(error for error in listener.errors if isinstance(error, sdk.HttpError))
    assert wrong.status == 400
    assert "sample_rate" in wrong.invalid_parameters
    assert "sample_rate must be one of" in str(wrong)

    stranger = sdk.GladiaClient(api_key="guess").live()
    with pytest.raises(sdk.HttpError) as caught:
        stranger.list()
    stranger._http_client._client.close()
    assert caught.value.status == 401
    assert "gladia user not found" in str(caught.value)

    queued = client.start_session({})
    assert queued.wait_until_ready(5)
    with pytest.raises(sdk.HttpError) as caught:
        client.delete(queued.session_id)
    assert caught.value.status == 403
    queued.stop_recording()
    assert queued.join(10)


def test_a_url_that_another_has_made(sdk: Any, client: Any) -> None:
    first = client.start_session({})
    made: list[Any] = []
    first.on("started", made.append)
    assert first.wait_until_ready(10)
    response = made[0] if made else first._init_session_response
    options = sdk.LiveV2ConnectSessionOptions(id=response.id, url=response.url)
    second = client.connect_session(options)
    listener = Listener(second)
    assert second.wait_until_ready(10)
    # The newer connection has the session; the older one is told not to come back.
    assert first.join(10)
    second.send_audio(speech(1.2))
    second.stop_recording()
    assert listener.is_over.wait(20)
    assert second.join(5)
    assert listener.errors == []
    assert client.get(response.id).status == "done"


async def test_it_resumes_after_a_drop(sdk: Any) -> None:
    """Every byte arrives once and in its order, though the connection breaks twice."""
    with LocalServer() as server:
        async with breaking_network(server.url, 40_000, 2) as (url, drops):
            client = sdk.GladiaClient(api_key=server.key, api_url=url).live_async()
            session = client.start_session(request(sdk))
            listener = Listener(session)
            job_id = await session.get_session_id()
            data = speech()
            for chunk in chunks(data):
                session.send_audio(chunk)
                await asyncio.sleep(0.02)
            while drops() < 2 or session.status != "connected":
                await asyncio.sleep(0.02)
            session.stop_recording()
            assert await asyncio.to_thread(listener.is_over.wait, 30)
            assert listener.errors == []
            assert listener.connected >= 3
            assert (await client.get_file(job_id))[44:] == data
            await client._http_client._client.aclose()


def test_the_sync_client_resumes_after_a_drop(sdk: Any) -> None:
    with LocalServer(faults=["drop:at_byte=40000"]) as server:
        client = sdk.GladiaClient(api_key=server.key, api_url=server.url).live()
        session = client.start_session(request(sdk))
        listener = Listener(session)
        assert session.wait_until_ready(10)
        data = speech()
        for chunk in chunks(data):
            session.send_audio(chunk)
            time.sleep(0.02)
        while listener.connected < 2 or session.status != "connected":
            time.sleep(0.02)
        session.stop_recording()
        assert listener.is_over.wait(30)
        assert session.join(5)
        assert listener.errors == []
        assert [event.code for event in listener.ended] == [1000]
        assert client.get_file(session.session_id)[44:] == data
        client._http_client._client.close()
