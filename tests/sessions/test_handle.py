import json
from pathlib import Path

import pytest

from gladia_nb.errors import SessionError, WorkerError
from gladia_nb.record.file import FORMAT, VERSION, dump_line
from gladia_nb.sessions.handle import Live
from gladia_nb.worker.commands import Abort, Feed, Stop

HEADER = {"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}}


class Process:
    def __init__(self):
        self.commands = []

    def send(self, session, command, audio=b""):
        self.commands.append((session, command, audio))

    def obituary(self):
        return "killed by signal 9"


def make(path: Path, **options):
    path.write_text(dump_line(HEADER))
    process = Process()
    layout = {"sample_rate": 16000, "channels": 1, **options}
    return Live(process, 7, path, **layout), process


def feed(live, *events):
    with live.path.open("a") as file:
        for event in events:
            file.write(dump_line(event))
            live._feed(dump_line(event).encode())


def chunk(end_frame):
    return {"event": "chunk", "end_frame": end_frame}


def test_what_it_knows_of_its_progress(tmp_path):
    live, _ = make(tmp_path / "a.run", duration_s=2.0)
    assert (live.state, live.sent_s, live.duration_s, live.is_live) == ("running", 0, 2.0, False)
    feed(live, chunk(16000), chunk(8000))
    assert live.sent_s == 1.0
    assert repr(live) == f"Live(running, 1.0 of 2.0 s sent, {tmp_path / 'a.run'})"
    feed(live, {"event": "end", "outcome": "finished"})
    assert (live.state, live.done) == ("finished", True)
    assert live.result(0).outcome == "finished"


def test_live_audio_is_as_long_as_what_was_sent(tmp_path):
    live, _ = make(tmp_path / "a.run")
    feed(live, chunk(4000))
    assert (live.is_live, live.duration_s) == (True, 0.25)
    assert "0.2 s sent" in repr(live)


def test_commands_and_what_comes_before_a_stop(tmp_path):
    live, process = make(tmp_path / "a.run")
    live.before_stop(lambda: live.command(Feed(1, None), b"last"))
    live.stop()
    live.stop()
    live.abort()
    assert process.commands == [
        (7, Feed(1, None), b"last"),
        (7, Stop(), b""),
        (7, Stop(), b""),
        (7, Abort(), b""),
    ]


def test_a_process_that_died(tmp_path):
    live, _ = make(tmp_path / "a.run")
    feed(live, chunk(4000))
    live._orphaned()
    assert live.state == "incomplete"
    with pytest.raises(WorkerError, match=r"died \(killed by signal 9\)") as caught:
        live.result(1)
    assert len(caught.value.run.record.events) == 1


def test_an_error_is_raised_as_what_it_was(tmp_path):
    live, _ = make(tmp_path / "a.run")
    error = {"event": "error", "name": "SessionError", "text": "It was lost.", "code": 4429}
    feed(live, error, {"event": "end", "outcome": "failed"})
    with pytest.raises(SessionError, match="It was lost") as caught:
        live.result(1)
    assert caught.value.code == 4429
    late = []
    live.subscribe(late.append)
    assert json.dumps(late[0]) == json.dumps(error)
