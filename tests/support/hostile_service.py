"""A service that does everything that it should not, one misbehaviour at a time.

`MISBEHAVIOURS` is the table: what it does, and what a session makes of it. Where a misbehaviour
does not touch a request, the service is polite.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.raw_service import Act, Misbehaviour, Request, header, made

__all__ = ["MISBEHAVIOURS"]

NESTED = "[" * 200_000
HTML = b"<!DOCTYPE html>\n<html>\n<body>\n<h1>It works!</h1>\n</body>\n</html>\n"


def says(status: int, body: bytes | str, **headers: str) -> Act:
    async def act(request: Request) -> None:
        await request.answer(status, body, **headers)

    return act


def names(**changes: Any) -> Act:
    async def act(request: Request) -> None:
        await request.answer(201, made(request.service, **changes))

    return act


def redirects(status: int, change: Callable[[str], str]) -> Act:
    async def act(request: Request) -> None:
        await request.answer(status, location=change(request.service.url))

    return act


def endlessly(status: int, piece: bytes = b" " * 65536) -> Act:
    return lambda request: request.endless(status, piece)


def at_once(*frames: Callable[[Request], Awaitable[None]]) -> Act:
    """Accept, do this, and wait for the client to go, so that all of it arrives."""

    async def act(request: Request) -> None:
        await request.accept()
        for frame in frames:
            await frame(request)
        await request.reader.read()

    return act


def closes(code: int, reason: bytes = b"") -> Act:
    return lambda request: request.close(code, reason)


def sends(data: bytes, opcode: int = 1, **options: Any) -> Act:
    return lambda request: request.frame(data, opcode, **options)


async def hangs(request: Request) -> None:
    await request.reader.read()


async def drips(request: Request) -> None:
    await request.raw(b"HTTP/1.1 201 X\r\nx: ")
    while True:
        await request.raw(b"y")
        await asyncio.sleep(0.05)


async def echoes(request: Request) -> None:
    said = json.dumps({"message": f"unknown: {request.headers.get('x-gladia-key')}" + "x" * 10**5})
    await request.answer(401, said)


async def huge(request: Request) -> None:
    await request.raw(header(100 << 20, 1) + b"x" * 65536)
    await hangs(request)


async def grows(request: Request) -> None:
    """A message in pieces, none of them large, that never ends."""
    await request.frame(b'"', 1, first=0)
    while True:
        await request.frame(b"x" * 60_000, 0, first=0)


async def another_final(request: Request) -> None:
    utterance = {"channel": 0, "start": 0.0, "end": 0.1, "text": " again", "words": []}
    data = {"id": f"00_{request.number}", "is_final": True, "utterance": utterance}
    await request.say("transcript", data=data)


async def another_partial(request: Request) -> None:
    data = {"id": f"00_{request.number}", "is_final": False, "utterance": {"text": "x"}}
    await request.say("transcript", data=data)


async def acknowledges_too_much(request: Request) -> None:
    data = {"byte_range": [0, 10**9 + request.number]}
    await request.say("audio_chunk", acknowledged=True, data=data)


async def complains(request: Request) -> None:
    await request.say("error", data={"message": f"complaint {request.number}"})


async def hangs_up(request: Request) -> None:
    await request.accept()


async def goes_on(request: Request) -> None:
    await request.accept()
    await request.until_stop()
    while True:
        await request.say("end_recording")
        await asyncio.sleep(0.02)


async def goes_silent(request: Request) -> None:
    await request.accept()
    await request.until_stop()
    await hangs(request)


async def quiet_after_stop(request: Request) -> None:
    await request.accept()
    await request.until_stop()
    data = {"byte_range": [0, request.audio]}
    await request.say("audio_chunk", acknowledged=True, data=data)
    await request.close(4504)


ODD = (
    b"", b"null", b"17", b"[]", b"{}", b'{"type":"transcript"}', b'{"type":"transcript","data":7}',
    b'{"type":"transcript","data":{"id":{},"is_final":true,"utterance":[]}}', NESTED.encode(),
    b'{"type":"translation","error":{},"data":null}', b'{"type":"error","error":' + b'{"a":' * 9999,
    b'{"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1e999]}}',
    b'{"type":"audio_chunk","acknowledged":true,"data":{"byte_range":["0",null]}}',
    b'{"type":"stop_recording","acknowledged":false,"error":[]}', b'{"type":"end_session"}',
    b'{"n":' + b"9" * 5000 + b"}",
)  # fmt: skip


async def babbles(request: Request) -> None:
    await request.accept()
    for text in ODD:
        await request.frame(text)
        await request.frame(text, 2)
    await request.frame(b"\xff\xfe", 2)
    await request.until_stop()
    await request.close(1000)


BOMB = gzip.compress(bytes(200 << 20), 9)
LOST = {"error": "SessionError", "connections": 3}
GONE = {"error": "UnreachableError"}
KEPT = {"outcome": "finished", "error": ""}

MISBEHAVIOURS: dict[str, Misbehaviour] = {
    # the request to begin
    "a web server": Misbehaviour(says(200, HTML), words="is this a live speech-to-text service"),
    "a web server, 404": Misbehaviour(says(404, HTML), words="no live speech-to-text service"),
    "a web server, 405": Misbehaviour(says(405, HTML), words="answered 405 (Method Not Allowed): "),
    "an error without end": Misbehaviour(
        endlessly(400, b"no " * 9999), words="answered 400 (Bad Request): no"
    ),
    "a key repeated": Misbehaviour(echoes, error="AuthenticationError", words="unknown: [redacted"),
    "redirect to a host": Misbehaviour(
        redirects(308, lambda _: "https://elsewhere.test/v2/live"),
        words="redirects to https://elsewhere.test; the API key is not sent",
    ),
    "redirect to a port": Misbehaviour(
        redirects(307, lambda url: url[:-1] + str((int(url[-1]) + 1) % 10)), words="redirects to"
    ),
    "redirect to nowhere": Misbehaviour(redirects(302, lambda _: "http://["), words="no address"),
    "redirect in a circle": Misbehaviour(
        redirects(307, lambda _: "/v2/live"), words="redirects in a circle"
    ),
    "nested": Misbehaviour(says(201, NESTED), words="without id and url"),
    "nested name": Misbehaviour(
        says(201, '{"url":"ws://x","id":' + NESTED), words="without id and url"
    ),
    "no URL": Misbehaviour(names(url="ws://[::1"), words="no URL of a WebSocket"),
    "a script as URL": Misbehaviour(names(url="javascript:x"), words="no URL of a WebSocket"),
    "a bomb": Misbehaviour(says(201, BOMB, content_encoding="gzip"), words="is larger than 4 MiB"),
    "damaged gzip": Misbehaviour(
        says(201, HTML, content_encoding="gzip"), words="it cannot be unpacked"
    ),
    "an encoding": Misbehaviour(says(201, HTML, content_encoding="br"), words="nobody asked for"),
    "an answer without end": Misbehaviour(endlessly(201), words="is larger than 4 MiB"),
    "no HTTP": Misbehaviour(lambda r: r.raw(b"\x00\x16SSH-2.0\r\n\r\n"), **GONE, words="not HTTP"),
    "a header without end": Misbehaviour(
        lambda r: r.raw(b"HTTP/1.1 201 X\r\nx: " + b"y" * (1 << 20)), **GONE, words="not HTTP"
    ),
    "cut off": Misbehaviour(
        lambda r: r.raw(b"HTTP/1.1 201 X\r\ncontent-length: 99\r\n\r\n{"), **GONE, words="broke off"
    ),
    "hung up": Misbehaviour(lambda r: r.raw(b""), **GONE, words="without an answer"),
    "no answer": Misbehaviour(hangs, **GONE, words="no answer in time"),
    "drip by drip": Misbehaviour(drips, **GONE, words="no answer in time"),
    "a name that is a path": Misbehaviour(names(id="../../admin?x=#"), **KEPT),
    # the WebSocket
    "no WebSocket": Misbehaviour(live=says(200, HTML), words="with status 200"),
    "refused": Misbehaviour(live=says(403, b""), words="with status 403"),
    "redirected": Misbehaviour(
        live=redirects(302, lambda _: "wss://elsewhere.test/x"), words="redirects its WebSocket to"
    ),
    "never opened": Misbehaviour(
        live=says(503, b""), error="SessionError", words="could not be opened", connections=2
    ),
    "a wrong proof": Misbehaviour(
        live=says(101, b"", upgrade="websocket", connection="upgrade", sec_websocket_accept="x"),
        words="with status 101",
    ),
    "complains and closes": Misbehaviour(
        live=at_once(complains, closes(1011, b"sorry")), **LOST, words="close code 1011: sorry"
    ),
    "partials and 1011": Misbehaviour(
        live=at_once(another_partial, closes(1011)), **LOST, words="attempts to resume"
    ),
    "too much acknowledged": Misbehaviour(
        live=at_once(acknowledges_too_much, closes(1001)), **LOST, words="attempts to resume"
    ),
    "a final each time": Misbehaviour(
        live=at_once(another_final, closes(1011)),
        error="SessionError",
        words="was lost 6 times",
        connections=6,
    ),
    "hangs up": Misbehaviour(live=hangs_up, **LOST, words="no close frame"),
    "4504 at once": Misbehaviour(live=at_once(closes(4504)), **LOST, words="close code 4504"),
    "4504 after the stop": Misbehaviour(
        live=quiet_after_stop, **KEPT, words="nothing to transcribe"
    ),
    "a huge message": Misbehaviour(
        live=at_once(huge), error="SessionError", words="a message of more than 16 MiB"
    ),
    "a message without end": Misbehaviour(
        live=at_once(grows), error="SessionError", words="a message of more than 16 MiB"
    ),
    "no UTF-8": Misbehaviour(live=at_once(sends(b"\xff\xfe")), **LOST, words="close code 1007"),
    "reserved bits": Misbehaviour(
        live=at_once(sends(b"{}", first=0xF0)), **LOST, words="close code 1002"
    ),
    "no opcode": Misbehaviour(live=at_once(sends(b"{}", 7)), **LOST, words="close code 1002"),
    "goes on": Misbehaviour(live=goes_on, error="SessionError", words="went on for 0.6 s"),
    "goes silent": Misbehaviour(live=goes_silent, error="SessionError", words="silent for 0.4 s"),
    "babbles": Misbehaviour(live=babbles, **KEPT),
    # the stored result
    "a bomb as result": Misbehaviour(
        get=says(200, BOMB, content_encoding="gzip"), **KEPT, words="is larger than 96 MiB"
    ),
    "a nested result": Misbehaviour(get=says(200, NESTED), **KEPT, words="had not finished"),
    "a result elsewhere": Misbehaviour(
        get=redirects(302, lambda _: "http://127.0.0.1:9/"), **KEPT, words="redirects to"
    ),
    "no result": Misbehaviour(get=says(404, HTML), **KEPT, words="could not be fetched"),
    "no HTTP as result": Misbehaviour(
        get=lambda r: r.raw(b"\xff\xff\r\n\r\n"), **KEPT, words="could not be fetched"
    ),
}
