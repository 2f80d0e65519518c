"""The Labs of a kernel: with Labs in memory first, then with those of pages."""

import gc
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from weakref import WeakSet

import pytest

import gladia_nb as gn
from gladia_nb.widgets import registry
from tests.support.labs import PATIENCE_S, tell, until


class Told:
    """A Lab that keeps what it was told."""

    def __init__(self, cell="", *, live=False):
        self.cell = cell
        self.is_live = live
        self.told = []
        self.stopped = threading.Event()

    def stop(self):
        self.told.append("stop")
        self.stopped.set()

    def close(self):
        self.told.append("close")


@pytest.fixture
def alone(monkeypatch):
    """No Labs but those of the test, and no IPython."""
    monkeypatch.setattr(registry, "_labs", WeakSet())
    monkeypatch.delitem(sys.modules, "IPython", raising=False)


def ipython(monkeypatch, shell):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


@pytest.mark.usefixtures("alone")
def test_a_new_lab_is_told_which_ones_had_something_live():
    idle, live, new = Told(), Told(live=True), Told()
    assert registry.register(idle) == []
    assert registry.register(live) == []
    assert registry.register(new) == [live]
    assert (idle.told, live.told, new.told) == (["stop", "stop"], ["stop"], [])


@pytest.mark.usefixtures("alone")
def test_files_are_being_written_by_sessions_alone():
    labs = [Told(), Told(), Told()]
    for lab, under_way in zip(
        labs, (None, SimpleNamespace(path=Path("a.run")), SimpleNamespace()), strict=True
    ):
        lab.under_way = under_way
        registry.register(lab)
    assert registry.being_written() == [Path("a.run")]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("cell-1", "cell-1", ["stop", "close"]),
        ("cell-1", "cell-2", ["stop"]),
        ("", "", ["stop"]),
        ("", "cell-1", ["stop"]),
    ],
)
def test_only_what_the_same_cell_made_before_is_closed(old, new, told):
    before, after = Told(old), Told(new)
    registry.register(before)
    registry.register(after)
    assert before.told == told
    assert after.told == []


@pytest.mark.usefixtures("alone")
def test_others_are_those_with_a_live_session_but_not_oneself():
    labs = [Told(live=True), Told(live=True), Told()]
    for lab in labs:
        registry.register(lab)
    assert registry.others(labs[0]) == [labs[1]]
    assert registry.others(labs[1]) == [labs[0]]
    assert {id(lab) for lab in registry.others(labs[2])} == {id(labs[0]), id(labs[1])}
    labs[0].is_live = False
    assert registry.others(labs[1]) == []


class Ending:
    """What is under way, and ends in time or not."""

    def __init__(self, *, ends):
        self.ends = ends

    def wait(self, timeout_s=None):
        return self.ends


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("under_way", "stopping", "free"),
    [
        (None, False, True),
        (Ending(ends=True), True, True),
        (Ending(ends=False), True, False),
        (Ending(ends=True), False, False),
    ],
)
def test_what_is_about_to_end_is_awaited_and_nothing_else(under_way, stopping, free):
    lab, other = Told(), Told(live=True)
    other.under_way, other.is_stopping = under_way, stopping
    registry.register(lab)
    registry.register(other)
    if free:
        registry.check_alone(lab)
    else:
        with pytest.raises(gn.ConfigError, match="Another Lab of this kernel"):
            registry.check_alone(lab)


@pytest.mark.usefixtures("alone")
def test_it_keeps_no_lab_alive():
    lab, watcher = Told(live=True), Told()
    registry.register(lab)
    registry.register(watcher)
    assert registry.others(watcher) == [lab]
    del lab
    gc.collect()
    assert registry.others(watcher) == []


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("parent", "cell"),
    [
        ({"metadata": {"cellId": "a1b2"}}, "a1b2"),
        ({"metadata": {}}, ""),
        ({}, ""),
        (None, ""),
        ({"metadata": None}, ""),
    ],
)
def test_the_cell_that_is_being_executed(monkeypatch, parent, cell):
    assert registry.current_cell() == "", "there is no IPython"
    ipython(monkeypatch, None)
    assert registry.current_cell() == "", "IPython was imported by a plain script"
    ipython(monkeypatch, SimpleNamespace())
    assert registry.current_cell() == "", "a terminal has no cells"
    ipython(monkeypatch, SimpleNamespace(get_parent=lambda: parent))
    assert registry.current_cell() == cell


@pytest.mark.usefixtures("alone")
def test_an_interrupt_of_an_idle_kernel_stops_what_is_live(monkeypatch):
    kernel = SimpleNamespace(saved_sigint_handler=signal.SIG_IGN)
    ipython(monkeypatch, SimpleNamespace(kernel=kernel))
    first, second = Told(live=True), Told(live=True)
    registry.register(first)
    registry.register(second)
    first.stopped.clear()
    # The lock may be held by whatever is interrupted: the handler itself must not take it.
    with registry._lock:
        kernel.saved_sigint_handler(signal.SIGINT, None)
    for lab in (first, second):
        assert lab.stopped.wait(PATIENCE_S)
        assert "close" not in lab.told


@pytest.mark.usefixtures("alone")
def test_a_kernel_that_keeps_no_handler_is_left_alone(monkeypatch):
    kernel = SimpleNamespace()
    ipython(monkeypatch, SimpleNamespace(kernel=kernel))
    registry.register(Told())
    assert vars(kernel) == {}


# -- with Labs of pages --


def test_a_new_lab_stops_the_session_of_an_older_one(make):
    old = make("sample:conversation")
    old.start()
    until(lambda: old.live.get("sent", 0) > 0.2)
    make()
    until(lambda: old.after.get("facts"))
    assert old.run.outcome == "stopped"


def test_a_new_lab_of_the_same_cell_closes_the_older_one(make, monkeypatch):
    monkeypatch.setattr(registry, "current_cell", lambda: "cell-1")
    old = make("sample:conversation")
    live = old.start()
    # A stop before any audio went out is an abort: nothing was said that is worth waiting for.
    until(lambda: old.live.get("sent", 0) > 0.2)
    make()
    assert live.wait(PATIENCE_S)
    assert live.result().outcome == "stopped"
    assert old._closed.is_set()
    for thread in old._threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_session_that_is_just_being_started_does_not_slip_through(make, monkeypatch):
    monkeypatch.setattr(registry, "current_cell", lambda: "cell-2")
    old = make("sample:conversation")
    tell(old, "start")
    new = make("sample:conversation")
    for thread in old._threads:
        thread.join(PATIENCE_S)
    assert old.handle is None or old.handle.wait(PATIENCE_S)
    assert not old.is_live
    with pytest.raises(gn.ConfigError, match="This Lab was closed"):
        old.start()
    new.start()
    assert new.is_live
