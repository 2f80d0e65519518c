"""A scripted server that faults can be armed on, and a sound to send to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gladia_nb.server import LocalServer
from tests.support.scripted_helpers import SCRIPT, ask, make_sound


@pytest.fixture(scope="module")
def armable() -> Iterator[LocalServer]:
    with LocalServer(engine="scripted", script=SCRIPT, trace=True, idle_timeout_s=1.5) as found:
        yield found
        # Nothing is left open once all sessions are over.
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            open_ones = [
                one
                for one in psutil.Process(found.pid).net_connections()
                if one.status not in ("LISTEN", "TIME_WAIT")
            ]
            if not open_ones:
                break
            time.sleep(0.05)
        assert not open_ones


@pytest.fixture
def server(armable: LocalServer) -> Iterator[LocalServer]:
    yield armable
    ask(armable, "/_control/faults", method="DELETE")


@pytest.fixture
def sound(tmp_path: Path) -> tuple[Path, bytes]:
    path = tmp_path / "sound.wav"
    return path, make_sound(path)
