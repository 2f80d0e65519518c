"""Sessions with a server on which things go wrong on purpose, and whether they are whole."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import gladia_nb as gn
from gladia_nb.server import LocalServer
from tests.support.scripted_helpers import TEXT, ask

BOUND_S = 25.0


def arm(server: LocalServer, *faults: Any) -> None:
    status, body = ask(server, "/_control/faults", list(faults))
    assert status == 200, body


def left(server: LocalServer) -> list[dict[str, Any]]:
    return json.loads(ask(server, "/_control/faults")[1])["faults"]


def run_session(server: LocalServer, path: Path, **options: Any) -> gn.Run:
    live = gn.start(path, server=server, **{"speed": 8, "endpointing": 0.3, **options})
    return live.result(BOUND_S)


def failure_of(server: LocalServer, path: Path, **options: Any) -> Any:
    with pytest.raises(gn.GladiaNbError) as caught:
        run_session(server, path, **options)
    assert caught.value.run is not None
    return caught.value


def file_of(server: LocalServer, run: gn.Run, seconds: float = 4.0) -> bytes:
    """The audio that the server has, once it has given up waiting for the client."""
    deadline = time.monotonic() + seconds
    while True:
        status, body = ask(server, f"/v2/live/{run.session_id}/file")
        if status == 200:
            return body[44:]
        assert time.monotonic() < deadline, "the server never ended the session"
        time.sleep(0.05)


def stored_messages(server: LocalServer, run: gn.Run) -> list[str]:
    body = json.loads(ask(server, f"/v2/live/{run.session_id}")[1])
    return body["result"]["messages"]


def check_whole(server: LocalServer, run: gn.Run, data: bytes) -> None:
    """The session finished, and not a byte of audio is missing or doubled."""
    assert run.outcome == "finished"
    assert run.error is None
    assert file_of(server, run) == data
    stored = json.loads(run.record.of("result")[0]["raw"])
    texts = [item["text"].strip() for item in stored["result"]["transcription"]["utterances"]]
    assert "\n".join(texts) == TEXT
    for frame in (run.messages, run.chunks, run.utterances, run.words):
        assert len(frame)
    assert isinstance(run._repr_html_(), str)
