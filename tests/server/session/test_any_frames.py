"""Whatever frames a client sends, in whatever order: a session takes or refuses each, and ends."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb import audio
from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.session.client_frames import Audio, BadAudio, Stop, read_text
from gladia_nb.server.session.courier import Courier
from gladia_nb.server.session.session import Session, Status
from gladia_nb.server.settings.faults import FaultBoard
from gladia_nb.server.settings.options import ServerOptions
from gladia_nb.server.settings.script import Script
from tests.support.scripted_helpers import WORDS
from tests.support.server_helpers import ALL

pytestmark = pytest.mark.fuzz

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
BASE64 = st.binary(max_size=64).map(lambda data: base64.b64encode(data).decode())
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["audio_chunk", "stop_recording", "ping"]) | JSON,
        "data": st.fixed_dictionaries({}, optional={"chunk": BASE64 | JSON}) | JSON,
    },
)
TEXTS = st.text(max_size=30) | JSON.map(json.dumps) | MESSAGES.map(json.dumps)
HEADERS = st.tuples(
    st.sampled_from([b"RIFF", b"RIF", b"RIFX"]),
    st.binary(max_size=4),
    st.sampled_from([b"WAVE", b"WAVEfmt ", b"WAVEdata", b"AVI "]),
    st.binary(max_size=12),
).map(b"".join)
FRAMES = st.lists(st.binary(max_size=700) | HEADERS | TEXTS, max_size=12)
CONFIGS = st.builds(
    SessionConfig,
    encoding=st.sampled_from(["wav/pcm", "wav/alaw"]),
    channels=st.integers(1, 3),
    sample_rate=st.sampled_from([8000, 48000]),
    messages_config=st.just(ALL),
)


async def said_to(config: SessionConfig, frames: list[bytes | str]) -> tuple[Session, list[Any]]:
    """A session in which these frames were received and then nothing more; and what it said."""
    options, over = ServerOptions(), asyncio.Event()
    engine = ScriptedEngine(Script.load({"words": WORDS}))
    session = Session(
        config,
        engine=engine,
        options=options,
        courier=Courier(options),
        faults=FaultBoard(),
        key="any",
        when_over=lambda _: over.set(),
    )
    await session._begin()
    for frame in frames:
        if isinstance(frame, bytes):
            session._take(frame)
        else:
            session._on_text(frame)
    session._stop()
    async with asyncio.timeout(60):
        await over.wait()
    await session.close()
    await engine.close()
    return session, [json.loads(text) for text in session._missed]


@given(CONFIGS, FRAMES)
def test_any_frames(config: SessionConfig, frames: list[bytes | str]) -> None:
    session, said = asyncio.run(said_to(config, frames))
    assert session.status is Status.DONE
    taken = [m["data"]["byte_range"] for m in said if m["type"] == "audio_chunk" and m["data"]]
    assert [start for start, _ in taken] == [0, *[end for _, end in taken]][: len(taken)]
    assert session.intake.received == (taken[-1][1] if taken else 0)
    width = audio.frame_bytes(config.encoding, config.bit_depth, config.channels)
    assert session.intake.kept_bytes % width == 0
    assert session.intake.kept_bytes <= session.intake.received
    kinds = [message["type"] for message in said]
    assert (kinds[0], kinds[-1]) == ("start_recording", "end_session")
    refusals = [m for m in said if m.get("acknowledged") is False]
    assert all(m["data"] is None and m["error"]["message"] for m in refusals)
    json.dumps(session.summary())


@given(TEXTS)
def test_any_text(text: str) -> None:
    asked = read_text(text)
    assert asked is None or isinstance(asked, Audio | BadAudio | Stop)
