"""A scripted server, its controls and short audio with known bytes, for tests of both ends."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from gladia_nb.server import LocalServer
from gladia_nb.server.settings.options import CONTROL_HEADER

RATE = 16000
WORDS = [
    {"word": word, "start_s": 0.2 + 0.2 * index, "end_s": 0.35 + 0.2 * index}
    for index, word in enumerate("one two three four".split())
] + [
    {"word": word, "start_s": 1.6 + 0.2 * index, "end_s": 1.75 + 0.2 * index}
    for index, word in enumerate("five six seven".split())
]
TEXT = "one two three four\nfive six seven"
SCRIPT = {"words": WORDS, "delay": 0.01}


def words(*spans: tuple[str, float, float], **more: Any) -> list[dict[str, Any]]:
    """Words of a script from text, start and end of each."""
    return [{"word": w, "start_s": a, "end_s": b, **more} for w, a, b in spans]


def make_sound(path: Path, seconds: float = 3.0) -> bytes:
    """Write noise as a sound file; returns the bytes that a session with its rate sends."""
    noise = np.random.default_rng(7).normal(0, 300, int(seconds * RATE)).astype(np.int16)
    soundfile.write(path, noise, RATE, subtype="PCM_16")
    return noise.tobytes()


def ask(
    server: LocalServer,
    path: str,
    body: Any = None,
    method: str = "",
    key: str | None = None,
    **headers: str,
) -> tuple[int, bytes]:
    """A request to the server, with its key and its control token; returns status and body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        server.url + path,
        data,
        {
            "x-gladia-key": server.key if key is None else key,
            CONTROL_HEADER: server.control_token,
            **headers,
        },
        method=method or ("GET" if body is None else "POST"),
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def trace_of(server: LocalServer, session_id: str) -> dict[str, Any]:
    """What the server says it received and sent."""
    status, body = ask(server, f"/_trace/{session_id}")
    assert status == 200, body
    trace: dict[str, Any] = json.loads(body)
    return trace
