"""Sessions in which nothing is said, though audio comes: an option ends them."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp

from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.settings.options import ServerOptions
from gladia_nb.server.settings.script import Script
from tests.support.scripted_helpers import SCRIPT
from tests.support.server_helpers import ALL, Client, Talk, read
from tests.support.serving import serving


async def send_silence(ws: aiohttp.ClientWebSocketResponse) -> None:
    """What keeps a session from being idle."""
    with contextlib.suppress(ConnectionError):
        while True:
            await ws.send_bytes(bytes(3200))
            await asyncio.sleep(0.02)


async def until_closed(client: Client) -> tuple[Talk, dict[str, object]]:
    """A session to which audio is sent until the server closes it, and what is stored then."""
    talk = await client.init(messages_config=ALL)
    async with client.connect(talk) as ws:
        sending = asyncio.create_task(send_silence(ws))
        await read(ws, talk)
        sending.cancel()
    async with asyncio.timeout(60):
        while (body := await client.get(talk))["status"] == "processing":
            await asyncio.sleep(0.02)
    return talk, body


async def test_it_is_an_option_that_is_off() -> None:
    assert ServerOptions().silence_timeout_s is None
    assert ServerOptions().silence_code == 4504


async def test_nothing_was_said_for_so_long() -> None:
    options = ServerOptions(silence_timeout_s=0.3, idle_timeout_s=60)
    async with serving(ScriptedEngine(Script.load(None)), options) as client:
        talk, body = await until_closed(client)
    assert (talk.close_code, body["status"]) == (4504, "done")
    assert talk.of("audio_chunk")
    assert not talk.of("transcript")


async def test_after_what_was_said_it_is_counted_anew_and_the_code_can_be_chosen() -> None:
    options = ServerOptions(silence_timeout_s=2, silence_code=4500, idle_timeout_s=60)
    async with serving(ScriptedEngine(Script.load(SCRIPT)), options) as client:
        talk, body = await until_closed(client)
    assert (talk.close_code, body["status"]) == (4500, "done")
    assert talk.of("speech_start")
    assert talk.texts()
