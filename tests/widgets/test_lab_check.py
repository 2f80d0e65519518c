"""A check in the Lab without a browser: alone, never beside a session, and without the key."""

import json
import threading

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.lab import checking
from gladia_nb.sessions.checkup.findings import Finding
from gladia_nb.widgets import presence
from tests.support.labs import PATIENCE_S, tell, until

KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def go(monkeypatch):
    """A check of two lines; the second one waits for this."""
    event = threading.Event()

    def examine(**given):
        yield Finding("browser", "ok", str(given["browser"]))
        assert event.wait(PATIENCE_S)
        yield Finding("service", "todo", "It is not there.", "Check the URL (GLADIA_API_URL).")

    monkeypatch.setattr(checking, "examine", examine)
    yield event
    event.set()


def test_its_lines_are_shown_until_it_is_closed(make, go):
    lab = make()
    until(lambda: lab.check == {"open": False, "running": False})
    tell(lab, "check", browser="Firefox")
    until(lambda: lab.check.get("rows"))
    assert lab.check["rows"][0]["found"] == "Firefox"
    assert lab.is_live
    until(lambda: lab.setup["missing"] == "A check is running; stop it first.")
    with pytest.raises(ConfigError, match="A check is running"):
        lab.start()
    go.set()
    until(lambda: lab.check.get("summary") == "To do: service.")
    assert lab.check["rows"][1]["advice"] == "Check the URL, in Settings."
    json.dumps(lab.check, allow_nan=False)
    until(lambda: lab.setup["missing"] == "")
    tell(lab, "check_close")
    until(lambda: not lab.check["open"])
    assert lab.sentences == []


def test_a_check_and_a_session_exclude_each_other(make, go):
    lab, other = make("sample:conversation"), make("sample:conversation")
    tell(lab, "start")
    until(lambda: lab.is_live)
    for one in (lab, other):
        tell(one, "check")
        until(lambda one=one: one.sentences)
    assert lab.sentences[0]["text"] == "A session is running; stop it first."
    assert "Another Lab of this kernel" in other.sentences[0]["text"]
    lab.stop()
    lab.handle.wait(PATIENCE_S)
    tell(lab, "check")
    until(lambda: lab.check.get("rows"))
    assert not lab.sentences, "what went wrong has gone well now"
    tell(other, "start")
    until(lambda: len(other.sentences) == 2)


def test_stop_ends_it(make, go):
    lab = make()
    tell(lab, "check")
    until(lambda: lab.check.get("rows"))
    tell(lab, "check_stop")
    until(lambda: lab.check["stopping"])
    go.set()
    until(lambda: not lab.check["running"])
    assert lab.check["summary"].startswith("Stopped before its end.")
    assert len(lab.check["rows"]) == 1


def test_a_page_that_goes_away_ends_it(make, go, monkeypatch):
    monkeypatch.setattr(presence, "_AWAY_S", 0.0)
    lab = make()
    tell(lab, "hello", view="a")
    tell(lab, "check")
    until(lambda: lab.check.get("rows"))
    tell(lab, "leave", view="a")
    until(lambda: lab.check.get("stopping"))
    assert lab.sentences[-1]["text"] == "The page was closed, so the check was stopped."


def test_the_key_is_not_shown(make, local_server, monkeypatch):
    # Of the real thing, without what takes its time.
    real = checking.examine
    monkeypatch.setattr(checking, "examine", lambda **given: real(session=False, **given))
    lab = make(target="url", url=local_server.url)
    for key, words in ((KEY, "refuses the key"), (local_server.key, "takes the key")):
        tell(lab, "key", value=key)
        until(lambda: lab.setup["key"] == "typed")
        tell(lab, "check")
        until(lambda words=words: words in str(lab.check) and not lab.check["running"])
        assert key not in json.dumps([lab.get_state(), lab.sent], default=repr)
    assert "Type one in Settings" not in str(lab.check)
