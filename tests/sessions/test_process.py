import signal
import sys
from pathlib import Path

import pytest

from gladia_nb.errors import WorkerError
from gladia_nb.sessions.process import WorkerProcess, get_worker
from gladia_nb.worker.commands import Stop


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
