"""The decoding process by hand: a real one, at the other end of its control socket."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from gladia_nb.child import child_command, child_environment
from gladia_nb.server.engines import decoding
from gladia_nb.server.engines import pipe as wire
from gladia_nb.server.engines.base import Ended, Event, Progress, Transcript
from gladia_nb.server.engines.recogniser import StreamSettings
from tests.support.processes import gone
from tests.support.server_helpers import speech

SETTINGS = StreamSettings("wav/pcm", 16, 16000, 0.3, 15.0, 0.6, 0.1, end_first=True)
PATIENCE_S = 60


class Decoding:
    """The process that holds the model, and our end of its control socket."""

    def __init__(self, kind: str = "sphinx", model: str = "") -> None:
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PATIENCE_S)
        with theirs:
            self.process = subprocess.Popen(
                child_command(
                    "gladia_nb.server.engines.decoding", str(theirs.fileno()), kind, model
                ),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=child_environment(),
            )
        self.said = json.loads(self.control.makefile("rb").readline())

    def stream(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE_S)
        with theirs:
            socket.send_fds(self.control, [b"+"], [theirs.fileno()])
        return ours

    def close(self) -> int:
        self.control.close()
        return self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def running() -> Iterator[Decoding]:
    running = Decoding()
    yield running
    running.close()


def talk(stream: socket.socket, *frames: bytes) -> list[Event]:
    """Send frames; returns all events up to the end."""
    found = []
    with stream, stream.makefile("rb") as lines:
        # A process that has failed reads no more, and its end of the socket is reset.
        with contextlib.suppress(ConnectionError):
            for frame in frames:
                stream.sendall(frame)
        with contextlib.suppress(ConnectionError):
            for line in lines:
                found.append(wire.read_line(line))
    return found


def stream_and_process(running: Decoding) -> tuple[socket.socket, psutil.Process]:
    """A new stream that has its settings, and the process that serves it."""
    model = psutil.Process(running.process.pid)
    # Those of streams that are over may not be reaped yet.
    before = set(model.children())
    stream = running.stream()
    stream.sendall(settings())
    while not (made := set(model.children()) - before):
        time.sleep(0.01)
    (process,) = made
    return stream, process


def settings(**changes: object) -> bytes:
    return wire.frame(wire.SETTINGS, json.dumps({**asdict(SETTINGS), **changes}).encode())


def texts(events: list[Event]) -> list[str]:
    return [
        " ".join(word.text for word in event.words)
        for event in events
        if isinstance(event, Transcript) and event.is_final
    ]


def test_it_says_that_it_is_ready(running: Decoding) -> None:
    assert running.said == {"ready": True}
    assert psutil.Process(running.process.pid).nice() >= 10


def test_a_stream_from_its_settings_to_its_end(running: Decoding) -> None:
    data = speech(1.2)
    whole = talk(running.stream(), settings(), wire.frame(wire.AUDIO, data), _FINISH)
    assert texts(whole) == ["hello"]
    assert whole[-2:] == [Progress(1.2), Ended()]
    assert talk(running.stream(), settings(), *_torn(data), _FINISH) == whole


_FINISH = wire.frame(wire.FINISH)


def _torn(data: bytes) -> list[bytes]:
    """One frame, torn in the middle of its head and in the middle of its audio."""
    framed = wire.frame(wire.AUDIO, data)
    return [framed[:3], framed[3:20_000], framed[20_000:]]


def test_the_same_audio_gives_the_same_text_whatever_ran_before(running: Decoding) -> None:
    audio = wire.frame(wire.AUDIO, speech(1.2))
    first = talk(running.stream(), settings(), audio, _FINISH)
    talk(running.stream(), settings(), wire.frame(wire.AUDIO, speech(1.0, start=3.4)), _FINISH)
    assert talk(running.stream(), settings(), audio, _FINISH) == first


def test_what_goes_wrong_is_told_and_the_others_live(running: Decoding) -> None:
    (ended,) = talk(running.stream(), settings(sample_rate="fast"), wire.frame(wire.AUDIO, b"ab"))
    assert isinstance(ended, Ended)
    assert str(ended.problem).startswith("The recogniser failed: TypeError: ")
    (ended,) = talk(running.stream(), wire.frame(wire.SETTINGS, b"{"))
    assert "The recogniser failed: JSONDecodeError" in str(ended)
    assert talk(running.stream(), settings(), _FINISH) == [Progress(0.0), Ended()]


def test_a_stream_that_nobody_wants_any_more_ends(running: Decoding) -> None:
    stream, process = stream_and_process(running)
    stream.sendall(wire.frame(wire.AUDIO, speech(1.0)))
    stream.close()
    assert gone([process], PATIENCE_S)


def test_it_ends_when_the_server_does() -> None:
    running = Decoding()
    stream, process = stream_and_process(running)
    assert running.close() == 0
    assert gone([process], PATIENCE_S)
    stream.close()


@pytest.mark.parametrize(
    ("stub", "sentence"),
    [
        (
            "raise ModuleNotFoundError('no', name='pocketsphinx')",
            'The recogniser needs pocketsphinx: pip install "gladia-nb[local]".',
        ),
        ("raise ImportError('odd')", "The recogniser cannot be loaded (odd)."),
    ],
)
def test_without_pocketsphinx_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stub: str, sentence: str
) -> None:
    (tmp_path / "pocketsphinx.py").write_text(stub)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    running = Decoding()
    assert running.said == {"problem": sentence}
    assert running.close() == 1


def test_as_many_bytes_as_were_promised() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(wire.frame(wire.AUDIO, b"abc") + wire.frame(wire.FINISH) + b"\x01")
        assert decoding._receive(theirs) == (wire.AUDIO, b"abc")
        assert decoding._receive(theirs) == (wire.FINISH, b"")
        ours.close()
        with pytest.raises(EOFError):
            decoding._receive(theirs)
