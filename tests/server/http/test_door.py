"""Which names and which pages the server lets in."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.http.door import Door, is_socket
from gladia_nb.server.http.refusal import RefusalError
from gladia_nb.server.settings.options import ServerOptions


def refused(headers: Any, method: str = "GET", path: str = "/v2/live", **options: Any) -> str:
    """Why a request is refused; nothing when it is let in."""
    door = Door(ServerOptions(**options))
    try:
        door.check(make_mocked_request(method, path, headers=headers))
    except RefusalError as refusal:
        assert refusal.status == 403
        return refusal.message
    return ""


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:1", "localhost.", "127.0.0.1", "127.0.0.1:8765", "127.1.2.3:9"),
        *("[::1]", "[::1]:8765", "::1", "[::ffff:127.0.0.1]:1"),
    ],
)
def test_the_names_of_this_machine(host: str) -> None:
    assert refused({"Host": host}) == ""


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:8765", "localhost.evil.example", "127.0.0.1.evil"),
        *("127.0.0.1@evil", "0.0.0.0:8765", "10.0.0.1", "[::]", "[fe80::1]", "0x7f.1", ":80"),
        *("localhost:80:80", "localhost evil", "[localhost", "[localhost]", "[::1", "[::1]x"),
    ],
)  # fmt: skip
def test_names_of_others(host: str) -> None:
    assert "start it with --host-name" in refused({"Host": host})


def test_there_is_one_name() -> None:
    assert refused({})
    assert refused([("Host", "localhost"), ("Host", "localhost")])


def test_names_that_were_given() -> None:
    names = {"host_names": ("Hub.example",), "host": "10.0.0.7"}
    for host in ("hub.example", "HUB.example:443", "10.0.0.7:8765", "localhost"):
        assert refused({"Host": host}, **names) == ""
    assert refused({"Host": "10.0.0.8"}, **names)
    assert refused({"Host": "a.hub.example"}, **names)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_who_listens_everywhere_is_reached_by_every_address_but_not_by_name(host: str) -> None:
    assert refused({"Host": "10.0.0.8:8765"}, host=host) == ""
    assert refused({"Host": "[fe80::1]:8765"}, host=host) == ""
    assert refused({"Host": "evil.example:8765"}, host=host)


HOST = {"Host": "localhost"}


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS"])
def test_pages(method: str) -> None:
    page = {**HOST, "Origin": "https://hub.example"}
    assert "may not ask this server" in refused(page, method)
    assert refused(page, method, allow_origins=("https://HUB.example",)) == ""
    assert refused(page, method, allow_origins=("*",)) == ""
    assert refused(page, method, allow_origins=("https://hub.example:8000",))
    assert refused({**HOST, "Origin": "null"}, method)


def test_every_page_may_open_a_websocket_and_nothing_else() -> None:
    page = {**HOST, "Origin": "https://hub.example", "Upgrade": "WebSocket"}
    assert refused(page) == ""
    assert refused({**page, "Host": "evil.example"})
    assert refused(page, "POST")
    for path in ("/v2/live/x", "/v2/live/x/file", "/_control/faults", "/"):
        assert refused(page, path=path)
    assert not is_socket(make_mocked_request("GET", "/v2/live", headers=HOST))


def test_what_a_browser_is_told() -> None:
    door = Door(ServerOptions(allow_origins=("https://hub.example",)))
    for headers in (HOST, {**HOST, "Origin": "https://evil.example"}):
        assert door.headers(make_mocked_request("GET", "/", headers=headers)) == {}
    page = {**HOST, "Origin": "https://hub.example"}
    told = door.headers(make_mocked_request("GET", "/", headers=page))
    assert told["Access-Control-Allow-Origin"] == "https://hub.example"
    assert told["Vary"] == "Origin"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_any_name_is_let_in_or_refused_in_words(host: str) -> None:
    why = refused({"Host": host})
    assert why or host.lower().startswith(("localhost", "127.", "[", "::"))
