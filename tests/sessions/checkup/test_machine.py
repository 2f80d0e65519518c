"""Processors, wake-ups, clocks and disks, each with its fault provoked; no time is measured."""

from types import SimpleNamespace

import pytest

from gladia_nb.clock import Anchor
from gladia_nb.sessions.checkup import machine


@pytest.mark.parametrize(
    ("count", "load", "state"), [(2, 0.3, "ok"), (2, 2.5, "todo"), (1, 0.3, "note"), (1, 3, "todo")]
)
def test_processors(monkeypatch, count, load, state):
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(count)), raising=False)
    found = machine.processor(lambda: (load, 0.0, 0.0))
    assert found.state == state
    assert found.found.startswith(f"{count} processor")
    assert bool(found.advice) == (state != "ok")


class Time:
    """A clock that moves when somebody sleeps, and wakes him late."""

    def __init__(self, *late_ms):
        self.now = 0
        self._late_ms = late_ms
        self._slept = 0

    def sleep(self, seconds):
        late_ms = self._late_ms[self._slept % len(self._late_ms)]
        self.now += round(seconds * 1e9 + late_ms * 1e6)
        self._slept += 1

    def now_ns(self):
        return self.now


@pytest.mark.parametrize(
    ("late_ms", "state", "words"),
    [
        ((0.1,), "ok", "0.10 ms late in the middle, 95 % within 0.10 ms"),
        ((0.1,) * 19 + (30.0,), "ok", "95 % within 0.10 ms"),
        ((0.1,) * 9 + (30.0,), "todo", "0.10 ms late in the middle, 95 % within 30.00 ms"),
        ((12.0,), "todo", "12.00 ms late in the middle"),
    ],
)
def test_how_late_it_wakes(late_ms, state, words):
    time = Time(*late_ms)
    found = machine.timer(time.sleep, time.now_ns)
    assert found.state == state
    assert words in found.found


def watched(wall_ms=0.0, other_ms=0.0):
    """What is found after ten seconds, in which clocks went away by so much."""
    anchors = iter([Anchor(0, 0, 100), Anchor(10**10, 10**10 + round(wall_ms * 1e6), 100)])
    witness = iter([0, 10**10 + round(other_ms * 1e6)])
    return machine.ClockWatch(lambda: next(anchors), lambda: next(witness)).finding()


def test_clocks():
    assert watched().state == "ok"
    assert watched(wall_ms=0.4).found == "They stayed together to 0.40 ms within 10.0 s."
    for step in (3_600_000, -50):
        found = watched(wall_ms=step)
        assert found.state == "todo"
        assert f"was set by {abs(step)} ms" in found.found
    found = watched(other_ms=7)
    assert (found.state, "left another one by 7.0 ms" in found.found) == ("todo", True)


def usage(free):
    return lambda _: SimpleNamespace(total=10**12, used=0, free=free)


def test_the_folder_of_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "deep" / "runs"))
    found = machine.runs_folder(usage(2 * 10**9))
    assert (found.state, "2.0 GB free" in found.found) == ("ok", True)
    assert not (tmp_path / "deep").exists(), "who looks makes nothing"
    assert machine.runs_folder(usage(10**8)).state == "todo"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "file"))
    found = machine.runs_folder(usage(2 * 10**9))
    assert (found.state, "GLADIA_NB_RUNS" in found.advice) == ("todo", True)


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr("gladia_nb.record.folders.os.access", lambda *_: False)
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path))
    found = machine.runs_folder()
    assert (found.state, "Nothing can be written" in found.found) == ("todo", True)
