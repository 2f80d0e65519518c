import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.errors import WorkerError
from gladia_nb.sessions.process import WorkerProcess, get_worker
from gladia_nb.worker.commands import Stop

#: Silence, which needs no time to be recognised.
SHORT = (np.zeros(3200, "float32"), 16_000)


def test_there_is_one_and_another_after_its_death():
    worker = get_worker()
    assert get_worker() is worker
    assert worker.alive
    worker._process.send_signal(signal.SIGKILL)
    worker._process.wait()
    assert worker.obituary() == "killed by signal 9"
    worker.send(1, Stop(), b"nobody hears it")
    assert get_worker().pid != worker.pid


def test_the_key_is_not_in_its_environment(monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", "a-key-that-nobody-may-see")
    worker = WorkerProcess()
    try:
        environment = Path(f"/proc/{worker.pid}/environ").read_bytes()
        assert b"a-key-that-nobody-may-see" not in environment
    finally:
        worker.close()
    assert not worker.alive
    assert worker.obituary() == "exit code 0"


def test_one_that_cannot_start(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(WorkerError, match="could not be started: No such file or directory"):
        WorkerProcess()


def works(server):
    """A whole session."""
    return gn.transcribe(SHORT, server=server, speed=20, progress=False).outcome == "finished"


def test_an_interrupt_while_audio_is_handed_over_cuts_nothing(local_server, tmp_path):
    """The process takes nothing for a while; whoever starts a session does not wait for it."""
    worker = get_worker()
    worker._process.send_signal(signal.SIGSTOP)
    try:
        minute = np.zeros(60 * 48_000, "float32")
        live = gn.start((minute, 48_000), server=local_server, path=tmp_path / "a.run")
        live.abort()
    finally:
        worker._process.send_signal(signal.SIGCONT)
    assert live.wait(60)
    assert live.state == "aborted"
    assert works(local_server)
    assert get_worker() is worker


def test_a_start_that_is_interrupted_is_ended(local_server, monkeypatch):
    """Nobody has a handle of it."""
    worker, sent = get_worker(), []
    send = worker.send

    def interrupted(session, command, audio=b""):
        send(session, command, audio)
        sent.append(type(command).__name__)
        if sent == ["Start"]:
            raise KeyboardInterrupt

    monkeypatch.setattr(worker, "send", interrupted)
    with pytest.raises(KeyboardInterrupt):
        gn.start(SHORT, server=local_server)
    assert sent == ["Start", "Abort"]


def test_a_session_that_nobody_gets_the_handle_of_is_ended(local_server, monkeypatch, tmp_path):
    """The interrupt comes when it has begun already; its audio would never end by itself."""
    begun = []

    def interrupted(_, live, config):
        begun.append(live)
        raise KeyboardInterrupt

    monkeypatch.setattr(gn.LiveAudio, "connect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        gn.start(gn.LiveAudio(), server=local_server, path=tmp_path / "a.run")
    (live,) = begun
    assert live.wait(60)
    assert live.state == "aborted"
    assert live.sound.wait(60)
    assert live._number not in get_worker()._live
    assert works(local_server)


def test_a_line_that_nobody_understands_stops_nothing(local_server):
    for line in (b"nonsense\n", b"\n", b"x {}\n", b"\xff\xfe 1\n", b"999999 {}\n"):
        get_worker()._take(line)
    assert works(local_server)


def test_an_event_that_nobody_understands_ends_its_session_only(local_server):
    worker = get_worker()
    live = gn.start(gn.sample("conversation"), server=local_server)
    worker._take(b"%d not an event\n" % live._number)
    assert live.wait(10)
    with pytest.raises(WorkerError):
        live.result(0)
    live.abort()
    assert works(local_server)


FORK = """
import os, sys, threading, warnings
warnings.simplefilter("ignore")
import gladia_nb as gn
url, key = sys.argv[1:]
short = ([0.0] * 3200, 16000)
service = {"url": url, "key": key, "progress": False, "speed": 20}
print("parent", gn.transcribe(short, **service).outcome, flush=True)
live = gn.start(gn.sample("conversation"), url=url, key=key)
if (child := os.fork()) == 0:
    print("inherited", live.wait(), live.state, flush=True)
    try:
        live.result()
    except gn.WorkerError as error:
        print("forked" in str(error), flush=True)
    print("child", gn.transcribe(short, **service).outcome, flush=True)
    sys.exit()
print("status", os.waitpid(child, 0)[1], flush=True)
live.abort()
live.wait()
print("parent", gn.transcribe(short, **service).outcome, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_child_of_a_fork_has_a_worker_of_its_own(local_server):
    done = subprocess.run(
        [sys.executable, "-c", FORK, local_server.url, local_server.key],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "parent finished",
        "inherited True incomplete",
        "True",
        "child finished",
        "status 0",
        "parent finished",
    ], done.stderr
