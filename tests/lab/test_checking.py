"""A check in the Lab: which service it asks, its lines as they come, and how it ends."""

import json
import socket
import threading

import psutil
import pytest

from gladia_nb.errors import ConfigError, ServerError
from gladia_nb.keys import Secret
from gladia_nb.lab import checking
from gladia_nb.lab.checking import Checking
from gladia_nb.lab.recipe import Recipe
from gladia_nb.sessions.checkup import examination
from gladia_nb.sessions.checkup.findings import Finding
from tests.support.processes import gone

PATIENCE_S = 60
KEY = "a-key-that-nobody-may-see"
OK = Finding("python", "ok", "It is there.")
BAD = Finding("service", "todo", "x.test refuses the key.", "Copy the key anew from your account.")


@pytest.fixture
def asked(monkeypatch):
    """Instead of looking, remember what was asked for; a line that waits is let go by `go`."""
    seen = {"go": threading.Event(), "closed": threading.Event()}

    def examine(**given):
        seen.update(given)
        try:
            yield OK
            assert seen["go"].wait(PATIENCE_S)
            yield BAD
        finally:
            seen["closed"].set()

    monkeypatch.setattr(checking, "examine", examine)
    return seen


def begin(recipe=Recipe(), server=None, key=None, browser=None):  # noqa: B008 - it is frozen
    told = threading.Event()
    found = Checking(told.set)
    found.launch(recipe, key=key, server=server, browser=browser)
    assert told.wait(PATIENCE_S)
    return found


def until_shown(found, count):
    for _ in range(6000):
        if len(found.view()["rows"]) == count:
            return
        found.wait(0.01)
    raise AssertionError(f"there are {found.view()['rows']}")


def test_lines_come_one_by_one_and_the_end_says_what_to_do(asked):
    found = begin(browser="Mozilla/5.0 Firefox/140.0")
    until_shown(found, 1)
    view = found.view()
    assert (view["open"], view["running"], view["stopping"]) == (True, True, False)
    assert view["rows"] == [{"name": "python", "state": "ok", "found": OK.found, "advice": ""}]
    with pytest.raises(ConfigError, match="A check is running"):
        found.launch(Recipe(), key=None, server=None, browser=None)
    asked["go"].set()
    assert found.wait(PATIENCE_S)
    view = json.loads(json.dumps(found.view()))
    assert (view["running"], view["summary"]) == (False, "To do: service.")
    assert asked["browser"] == "Mozilla/5.0 Firefox/140.0"
    found.close()
    assert found.view() == {"open": False, "running": False}


def test_stopped_before_its_end(asked):
    found = begin()
    until_shown(found, 1)
    found.stop()
    assert found.view()["stopping"]
    assert found.view()["summary"] == "It is being stopped."
    asked["go"].set()
    assert found.wait(PATIENCE_S)
    assert asked["closed"].is_set()
    assert len(found.view()["rows"]) == 1, "what came after that is not told"
    assert found.view()["summary"] == "Stopped before its end. Nothing to do."


@pytest.mark.parametrize(
    ("recipe", "url"),
    [
        (Recipe(target="gladia"), "https://api.gladia.io"),
        (Recipe(target="url", url="http://127.0.0.1:9"), "http://127.0.0.1:9"),
    ],
)
def test_the_service_of_the_form_is_asked(asked, recipe, url):
    asked["go"].set()
    key = Secret(KEY)
    found = begin(recipe, key=key, browser=["no", "text"] * 999)
    assert found.wait(PATIENCE_S)
    assert asked["key"] is key
    assert (asked["url"], "server" in asked) == (url, False)
    assert len(asked["browser"]) <= 500
    assert KEY not in repr(found.view())


def test_the_embedded_server_is_asked_where_it_is_meant(asked, monkeypatch):
    asked["go"].set()
    monkeypatch.setenv("GLADIA_API_KEY", KEY)
    mine = object()
    assert begin(server=mine).wait(PATIENCE_S)
    assert (asked["server"](), "url" in asked) == (mine, False)


def test_a_url_that_is_none_is_mended_first(asked):
    found = Checking(lambda: None)
    with pytest.raises(ConfigError, match="url is needed"):
        found.launch(Recipe(target="url"), key=None, server=None, browser=None)
    # What else is wrong does not matter to it.
    asked["go"].set()
    found.launch(Recipe(config={"endpointing": 30}), key=None, server=None, browser=None)
    assert found.wait(PATIENCE_S)


def test_an_embedded_server_that_does_not_start_is_a_line(monkeypatch):
    def fails():
        raise ServerError("The embedded server did not start.")

    monkeypatch.setattr(checking, "shared_server", fails)
    found = begin()
    for _ in range(6000):
        if "service" in {row["name"] for row in found.view()["rows"]}:
            break
        found.wait(0.01)
    found.stop()
    (row,) = (row for row in found.view()["rows"] if row["name"] == "service")
    assert (row["state"], row["advice"]) == ("todo", "Then start it again.")
    assert found.wait(PATIENCE_S)


def test_who_stops_it_while_a_service_is_silent_does_not_wait_for_it(monkeypatch):
    monkeypatch.setattr(examination.services, "_ANSWER_S", 3600.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = begin(Recipe(target="url", url=url))
        connection, _ = silent.accept()
        found.stop()
        assert found.wait(PATIENCE_S)
        connection.close()
    assert "service" not in {row["name"] for row in found.view()["rows"]}
    assert found.view()["summary"].startswith("Stopped before its end.")


def test_who_stops_it_in_the_short_session_waits_for_nothing_and_leaves_nothing(
    monkeypatch, local_server
):
    begun = threading.Event()
    trial = examination.services.trial_session
    before = {process.pid for process in psutil.Process().children(recursive=True)}

    def tried(server, over):
        begun.set()
        return trial(server, over)

    monkeypatch.setattr(examination.services, "trial_session", tried)
    found = begin(server=local_server)
    assert begun.wait(PATIENCE_S)
    started = [
        process
        for process in psutil.Process().children(recursive=True)
        if process.pid not in before and "gladia_nb.server" in " ".join(process.cmdline())
    ]
    found.stop()
    assert found.wait(PATIENCE_S)
    assert "session" not in {row["name"] for row in found.view()["rows"]}
    service = next(row for row in found.view()["rows"] if row["name"] == "service")
    assert service["found"].startswith("The embedded server answers in")
    assert local_server.key not in repr(found.view())
    assert started
    assert gone(started)
