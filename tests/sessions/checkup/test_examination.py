"""All looks in one go: in order, none ends another, nothing is left behind, and no key is shown."""

import psutil
import pytest

import gladia_nb as gn
from gladia_nb.sessions.checkup import examination, installed, machine, services
from gladia_nb.sessions.checkup.findings import FINDINGS, Finding
from tests.support.processes import gone

NAMES = [
    "python", "packages", "extras", "widgets", "browser", "sound", "microphone", "processor",
    "timer", "runs folder", "service", "embedded server", "session", "clocks",
]  # fmt: skip
KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def quick(monkeypatch):
    """Without what waits for time to pass, or for another process."""
    monkeypatch.setattr(machine, "timer", lambda: Finding("timer", "ok", "It wakes."))
    monkeypatch.setattr(services, "started_server", lambda _: Finding("embedded server", "ok", ""))
    monkeypatch.setattr(services, "trial_session", lambda *_: Finding("session", "ok", ""))


def test_everything_is_looked_at_in_this_order(quick):
    table = gn.doctor(key=KEY, url="http://127.0.0.1:9", browser="Mozilla/5.0 Firefox/140.0")
    assert table["name"].tolist() == NAMES
    assert list(table.columns) == list(FINDINGS)
    assert KEY not in table.to_json()
    assert table.set_index("name").loc["browser", "state"] == "ok"
    assert table.set_index("name").loc["service", "state"] == "todo"


def test_what_fails_ends_nothing_else(quick, monkeypatch):
    def broken():
        raise RuntimeError("out of order")

    monkeypatch.setattr(installed, "sound", broken)
    table = gn.doctor(url="http://127.0.0.1:9").set_index("name")
    assert list(table.index) == NAMES
    assert "out of order" in table.loc["sound", "found"]
    assert table.loc["sound", "state"] == "todo"


def test_without_a_server_there_is_no_session(quick, monkeypatch):
    bad = Finding("embedded server", "todo", "It did not start.")
    monkeypatch.setattr(services, "started_server", lambda _: bad)
    assert "session" not in set(gn.doctor(url="http://127.0.0.1:9")["name"])
    table = gn.doctor(url="http://127.0.0.1:9", session=False)
    assert table["name"].tolist() == [n for n in NAMES if n not in ("embedded server", "session")]


def test_who_stops_looking_leaves_no_server():
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    looking = examination.examine(url="http://127.0.0.1:9")
    assert next(f for f in looking if f.name == "embedded server").state == "ok"
    begun = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert begun
    looking.close()
    assert gone(begun)
