"""A small client for the tests of the embedded server, which knows nothing of the real one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp

from gladia_nb import audio
from gladia_nb.server import LocalServer

CONVERSATION = Path(__file__).parents[2] / "data" / "conversation.flac"
#: "hello it is very nice to see you again / how are you doing today", then silence.
FIRST_WORDS_S = 5.1

ALL = dict.fromkeys(
    (
        "receive_partial_transcripts",
        "receive_final_transcripts",
        "receive_speech_events",
        "receive_pre_processing_events",
        "receive_realtime_processing_events",
        "receive_post_processing_events",
        "receive_acknowledgments",
        "receive_errors",
        "receive_lifecycle_events",
    ),
    True,
)


@lru_cache(maxsize=1)
def conversation() -> audio.Audio:
    return audio.read_audio(CONVERSATION)


def speech(
    seconds: float = FIRST_WORDS_S,
    *,
    start: float = 0.0,
    rate: int = 16000,
    encoding: str = "wav/pcm",
    depth: int = 16,
    channels: int = 1,
) -> bytes:
    whole = conversation()
    first = int(start * whole.sample_rate)
    part = whole.samples[first : first + int(seconds * whole.sample_rate)]
    sound = audio.resample(audio.audio_from_array(part, whole.sample_rate), rate)
    return audio.encode(audio.mix(sound, channels).samples, encoding, depth)


@dataclass
class Talk:
    """What came back in one session."""

    id: str
    url: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    close_code: int | None = None

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def texts(self, *, final: bool = True) -> list[str]:
        return [
            message["data"]["utterance"]["text"]
            for message in self.of("transcript")
            if message["data"]["is_final"] is final
        ]

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.messages]


@dataclass
class Client:
    http: aiohttp.ClientSession
    base: str

    async def init(self, **config: Any) -> Talk:
        async with self.http.post(f"{self.base}/v2/live", json=config) as response:
            body = await response.json()
            assert response.status == 201, body
        return Talk(body["id"], body["url"])

    async def get(self, talk: Talk) -> dict[str, Any]:
        async with self.http.get(f"{self.base}/v2/live/{talk.id}") as response:
            assert response.status == 200
            body: dict[str, Any] = await response.json()
            return body

    async def file(self, talk: Talk) -> bytes:
        async with self.http.get(f"{self.base}/v2/live/{talk.id}/file") as response:
            assert response.status == 200
            assert response.content_type == "application/octet-stream"
            return await response.read()

    def connect(self, talk: Talk) -> Any:
        return self.http.ws_connect(talk.url, compress=0, max_msg_size=0)

    async def talk(self, data: bytes, *, chunk: int = 3200, **config: Any) -> Talk:
        """A whole session: send everything at once, stop, and read to the end."""
        talk = await self.init(**config)
        async with self.connect(talk) as ws:
            for start in range(0, len(data), chunk):
                await ws.send_bytes(data[start : start + chunk])
            await stop(ws)
            await read(ws, talk)
        return talk


async def stop(ws: aiohttp.ClientWebSocketResponse) -> None:
    await ws.send_json({"type": "stop_recording"})


async def read(ws: aiohttp.ClientWebSocketResponse, talk: Talk, until: str = "") -> None:
    """Read to the close, or to the first message of a type."""
    async for message in ws:
        talk.messages.append(json.loads(message.data))
        if talk.messages[-1]["type"] == until:
            return
    talk.close_code = ws.close_code


@asynccontextmanager
async def client_of(server: LocalServer) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(headers={"x-gladia-key": server.key}) as http:
        yield Client(http, server.url)
