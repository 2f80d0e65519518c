"""The service, the embedded server and the short session: as they are, and with each fault."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gladia_nb.errors import ServerError
from gladia_nb.server import LocalServer
from gladia_nb.sessions.checkup import services
from tests.support.elsewhere import Elsewhere
from tests.support.hostile_service import echoes, says
from tests.support.raw_service import Misbehaviour
from tests.support.scripted_helpers import SCRIPT

KEY = "a-key-that-nobody-may-see"
PATIENCE_S = 60


async def lists(request):
    """A polite service whose list is empty; `hostile` has no other route for it than `get`."""
    await request.answer(200, '{"items": [], "next": null}')


def test_the_embedded_server_takes_its_key(local_server):
    found = services.service(local_server.key, local_server.url)
    assert found.state == "ok"
    assert "answers in" in found.found
    assert "takes the key" in found.found


def test_the_embedded_server_can_be_meant_whatever_key_is_set(local_server, monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", KEY)
    monkeypatch.setenv("GLADIA_API_URL", "http://127.0.0.1:9")
    found = services.service(server=lambda: local_server)
    assert (found.state, found.found.split(" in ")[0]) == ("ok", "The embedded server answers")

    def fails():
        raise ServerError("It did not start.")

    found = services.service(server=fails)
    assert (found.state, found.found) == ("todo", "It did not start.")


def test_a_key_that_is_refused(local_server, monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", KEY)
    monkeypatch.setenv("GLADIA_API_URL", local_server.url)
    found = services.service()
    assert (found.state, "refuses the key" in found.found) == ("todo", True)
    assert KEY not in repr(found)


def test_a_service_without_a_key_for_it(local_server):
    found = services.service(url=local_server.url)
    assert (found.state, "there is no key" in found.found) == ("note", True)
    assert "GLADIA_API_KEY" in found.advice


def test_it_works_where_a_loop_runs_already(local_server):
    async def look():
        return services.service(local_server.key, local_server.url)

    assert asyncio.run(look()).state == "ok"


@pytest.mark.parametrize("key", [KEY, None])
def test_nobody_there(key):
    found = services.service(key, "http://127.0.0.1:9")
    assert (found.state, "Cannot reach http://127.0.0.1:9" in found.found) == ("todo", True)
    assert KEY not in repr(found)


@pytest.fixture
def silent(monkeypatch):
    """A service that takes connections and says nothing, and that may take an hour for it."""
    monkeypatch.setattr(services, "_ANSWER_S", 3600.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_silent_service_is_left_when_nobody_wants_to_know(silent):
    over = threading.Event()
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(services.service, KEY, url, None, over)
        connection, _ = silent.accept()
        assert connection.recv(1 << 16).startswith(b"GET /v2/live?limit=1")
        assert not looking.done()
        over.set()
        found = looking.result(PATIENCE_S)
        # It has hung up, and nothing of it goes on.
        assert connection.recv(1) == b""
        connection.close()
    assert (found.state, found.found) == ("note", "127.0.0.1 was not waited for.")
    left = [thread for thread in threading.enumerate() if "checkup" in thread.name]
    for thread in left:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in left)


def test_gladia_out_of_reach_is_no_fault_without_a_key(monkeypatch):
    monkeypatch.setattr(services, "GLADIA_URL", "http://127.0.0.1:9")
    found = services.service()
    assert (found.state, "embedded server is used" in found.advice) == ("note", True)
    assert services.service(KEY).state == "todo"


@pytest.mark.parametrize(
    ("act", "state", "words"),
    [
        (says(200, b"<html>It works!</html>"), "todo", "is no live speech-to-text service"),
        (says(200, b'{"items": 7}'), "todo", "is no live speech-to-text service"),
        (says(200, b"[" * 100_000), "todo", "is no live speech-to-text service"),
        (says(404, b"<html>Not here</html>"), "todo", "is no live speech-to-text service"),
        (says(500, b"{}"), "todo", "500"),
        (echoes, "todo", "refuses the key"),
        (lists, "ok", "takes the key"),
    ],
)
def test_what_a_service_may_answer(act, state, words):
    with Elsewhere(Misbehaviour(get=act)) as service:
        found = services.service(KEY, service.url)
    assert (found.state, words in found.found) == (state, True), found
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("key", "url"), [(KEY, "mailto:x"), (KEY, "http://[::1"), ("a\nb", "https://x.test")]
)
def test_what_cannot_be_asked(key, url):
    found = services.service(key, url)
    assert found.state == "todo"
    assert "GLADIA_API_URL" in found.advice
    assert key not in repr(found)


def test_a_server_that_does_not_start():
    with LocalServer(engine="scripted", script=SCRIPT) as taken:
        port = int(taken.url.rpartition(":")[2])
        found = services.started_server(LocalServer(port=port))
    assert found.state == "todo"
    assert "did not start" in found.found


def test_a_short_session(local_server):
    found = services.trial_session(local_server)
    assert "of audio" in found.found
    assert "final" in found.found
    # How the measurement went is this machine's business.
    assert "measurement" in found.found


def test_a_session_that_hears_nothing():
    with LocalServer(engine="scripted", script={"words": []}) as server:
        found = services.trial_session(server)
    assert (found.state, "heard nothing" in found.advice) == ("todo", True)


def test_a_session_that_fails():
    with LocalServer(engine="scripted", script=SCRIPT, faults=["refuse:status=403"]) as server:
        found = services.trial_session(server)
    assert (found.state, "gladia-nb demo" in found.advice) == ("todo", True)


def test_a_session_that_nobody_wants_any_more(local_server):
    over = threading.Event()
    over.set()
    found = services.trial_session(local_server, over)
    assert found.state == "todo"


def test_a_session_without_end(monkeypatch):
    monkeypatch.setattr(services, "_SESSION_S", 0.05)
    with LocalServer(engine="scripted", script=SCRIPT) as server:
        found = services.trial_session(server)
    assert (found.state, "has not ended" in found.found) == ("todo", True)
