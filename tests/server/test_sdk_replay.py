"""Gladia's own client, both kinds of it, with a recording that is played back to it."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gladia_nb as gn
from tests.server.test_sdk import Listener
from tests.support.recorded_sessions import CONFIG, SILENCE, plain, record_session, said

CHUNK = 6_400
DATA = SILENCE.astype("int16").tobytes()
#: Loses none, however often the connection breaks.
FAULTS = ["drop:at_byte=150000"]

# The package calls websockets in a way that newer versions of it advise against.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:connect\(\) must be used as a context manager:DeprecationWarning"
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> gn.Run:
    path: Path = tmp_path_factory.mktemp("recorded") / "interview.run"
    return record_session(path, callbacks=False)


@pytest.fixture(scope="module")
def server(recorded: gn.Run) -> Iterator[gn.LocalServer]:
    with gn.LocalServer(replay=recorded.path, faults=FAULTS * 2, replay_missed=True) as server:
        yield server


def check(listener: Listener, job: Any, recorded: gn.Run) -> None:
    """Everything came, in order, and is stored."""
    assert listener.errors == []
    assert [event.code for event in listener.ended] == [1000]
    assert listener.connected == 2
    told = [json.loads(text) for text in said(recorded)]
    heard = [m for m in listener.messages if m.type not in ("audio_chunk", "stop_recording")]
    # The first is the client's own.
    assert [m.type for m in heard[1:]] == [message["type"] for message in told]
    finals = [m["data"] for m in told if m["type"] == "transcript" and m["data"]["is_final"]]
    assert [
        (m.data.id, m.data.utterance.text)
        for m in heard
        if m.type == "transcript" and m.data.is_final
    ] == [(data["id"], data["utterance"]["text"]) for data in finals]
    acks = [m.data.byte_range[1] for m in listener.of("audio_chunk") if m.data is not None]
    assert acks[-1] == len(DATA)
    assert job.status == "done"
    assert plain(job.result.messages, job.id) == said(recorded)


def test_the_sync_client(server: gn.LocalServer, recorded: gn.Run) -> None:
    sdk = importlib.import_module("gladiaio_sdk")
    client = sdk.GladiaClient(api_key=server.key, api_url=server.url).live()
    session = client.start_session(dict(CONFIG))
    listener = Listener(session)
    assert session.wait_until_ready(10)
    for start in range(0, len(DATA), CHUNK):
        session.send_audio(DATA[start : start + CHUNK])
        time.sleep(0.02)
    while listener.connected < 2 or session.status != "connected":
        time.sleep(0.02)
    session.stop_recording()
    assert listener.is_over.wait(30)
    assert session.join(5)
    check(listener, client.get(session.session_id), recorded)
    client._http_client._client.close()


async def test_the_async_client(server: gn.LocalServer, recorded: gn.Run) -> None:
    sdk = importlib.import_module("gladiaio_sdk")
    client = sdk.GladiaClient(api_key=server.key, api_url=server.url).live_async()
    session = client.start_session(dict(CONFIG))
    listener = Listener(session)
    job_id = await session.get_session_id()
    for start in range(0, len(DATA), CHUNK):
        session.send_audio(DATA[start : start + CHUNK])
        await asyncio.sleep(0.02)
    while listener.connected < 2 or session.status != "connected":
        await asyncio.sleep(0.02)
    session.stop_recording()
    assert await asyncio.to_thread(listener.is_over.wait, 30)
    check(listener, await client.get(job_id), recorded)
    await client._http_client._client.aclose()


def test_another_configuration_is_refused(server: gn.LocalServer) -> None:
    sdk = importlib.import_module("gladiaio_sdk")
    client = sdk.GladiaClient(api_key=server.key, api_url=server.url).live()
    with pytest.raises(sdk.HttpError) as caught:
        client._http_client.post("/v2/live", json={**CONFIG, "endpointing": 0.9})
    assert caught.value.status == 400
    assert "endpointing must be 0.3 as in interview.run (got 0.9)" in str(caught.value)
    client._http_client._client.close()
