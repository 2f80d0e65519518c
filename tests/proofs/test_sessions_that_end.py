"""Through the real worker: whatever happens to a session, whoever waits for it is told the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.api.limits import MAX_RESULT_BYTES
from gladia_nb.sessions.process import WorkerProcess, get_worker
from tests.support.elsewhere import Elsewhere
from tests.support.hostile_service import BOMB, NESTED, at_once, endlessly, grows, names, says
from tests.support.raw_service import Misbehaviour

SHORT = (np.zeros(1600, "float32"), 16_000)
KEY = "a-key-that-nobody-may-see"
#: Far above what any of them takes.
BOUND_S = 60
#: The documented bound of a process that meets all of this.
MOST_BYTES = 1 << 30


def failure(url: str, folder: Path, **options: Any) -> gn.GladiaNbError:
    live = gn.start(SHORT, url=url, key=KEY, **options)
    with pytest.raises(gn.GladiaNbError) as caught:
        live.result(BOUND_S)
    assert live.state == "failed"
    run = caught.value.run
    kept = run.save(folder / "kept.run") if run.path is None else run.path
    assert KEY not in kept.read_text()
    # Without a session there is nothing in it that would have to be kept.
    assert (run.path is None) == (run.session_id is None) == (not live.path.exists())
    return caught.value


@pytest.mark.parametrize("host", ["a..b", "no such host", "x" * 300, "\ud800", "", "256.1.1.1"])
def test_a_host_for_callbacks_that_is_none(host, tmp_path):
    with Elsewhere(Misbehaviour()) as service:
        if host == "":
            # Every address of the machine: that is one.
            run = gn.start(SHORT, url=service.url, key=KEY, callbacks={"host": host}).result(
                BOUND_S
            )
            assert run.complete
            return
        error = failure(service.url, tmp_path, callbacks={"host": host})
    assert isinstance(error, gn.UnreachableError), error
    assert "Cannot listen for callbacks" in str(error)


@pytest.mark.parametrize(
    ("misbehaviour", "words"),
    [
        (Misbehaviour(names(url="ws://[::1")), "no URL of a WebSocket"),
        (Misbehaviour(says(201, NESTED)), "without id and url"),
        (Misbehaviour(says(201, '{"url":"ws://x","id":' + NESTED)), "without id and url"),
    ],
)
@pytest.mark.parametrize("direct", [False, True])
def test_an_answer_that_is_none(misbehaviour, words, direct, tmp_path):
    with Elsewhere(misbehaviour) as service:
        if direct:
            live = gn.start_direct(url=service.url, key=KEY)
            with pytest.raises(gn.SessionError, match="ended before it began"):
                live.ticket(BOUND_S)
            with pytest.raises(gn.GladiaNbError, match=words):
                live.result(BOUND_S)
        else:
            assert words in str(failure(service.url, tmp_path))


def peak_bytes(worker: WorkerProcess) -> int:
    status = Path(f"/proc/{worker.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


@pytest.fixture
def own_worker() -> Iterator[WorkerProcess]:
    """A worker that has met nothing yet."""
    gn.shutdown()
    yield get_worker()
    gn.shutdown()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory in /proc")
def test_the_memory_of_the_worker_is_bounded(own_worker, tmp_path):
    for misbehaviour in (
        Misbehaviour(says(201, BOMB, content_encoding="gzip")),
        Misbehaviour(endlessly(201)),
        Misbehaviour(live=at_once(grows)),
    ):
        with Elsewhere(misbehaviour) as service:
            failure(service.url, tmp_path)
    # As long as may be, of signs that are three times as long in a file.
    frame = (b'{"status":"done","result":"', b'"}')
    room = MAX_RESULT_BYTES - len(b"".join(frame))
    result = (b"\xc3\xa9" * (room // 2)).join(frame)
    with Elsewhere(Misbehaviour(get=says(200, result))) as service:
        live = gn.start(SHORT, url=service.url, key=KEY)
        assert live.wait(BOUND_S)
        assert live.state == "finished"
        assert live.path.stat().st_size > 2.9 * len(result)
    # Many values without content, and bytes that are no text.
    for result, stored in (
        (b'{"status":"done","x":[' + b"[]," * (room // 4) + b"0]}", True),
        (b"\xff" * room, False),
    ):
        with Elsewhere(Misbehaviour(get=says(200, result))) as service:
            live = gn.start(SHORT, url=service.url, key=KEY)
            assert live.wait(BOUND_S)
            assert live.state == "finished"
            assert (live.path.stat().st_size > len(result)) == stored
    assert peak_bytes(own_worker) < MOST_BYTES
