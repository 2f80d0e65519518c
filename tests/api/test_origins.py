"""The key goes to one scheme, host and port; a WebSocket is never less safe than the request."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.api.origins import is_loopback, origin_of, place_of, websocket_fault
from tests.support.fuzzing import fuzzed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://a.example:443/y?z", True),
        ("https://a.example", "https://A.EXAMPLE.", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example", "https://b.example", False),
        ("https://a.example", "https://a.example@b.example", False),
        ("https://a.example", "https://a.example.b.example", False),
        ("http://[::1]:80", "http://[::1]", True),
    ],
)
def test_what_is_one_service(one, other, same):
    assert (origin_of(one) == origin_of(other)) is same


@pytest.mark.parametrize(
    ("base", "url", "words"),
    [
        ("https://a.example", "wss://a.example/?token=1", None),
        ("https://a.example", "wss://eu.b.example/?token=1", None),
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/", None),
        ("http://127.0.0.1:8000", "wss://a.example", None),
        ("https://a.example", "ws://a.example/?token=1", r"not encrypted \(ws://a.example\)"),
        ("https://a.example", "https://a.example", "no URL of a WebSocket"),
        ("https://a.example", "", "no URL of a WebSocket"),
        ("https://a.example", "javascript:alert(1)", "no URL of a WebSocket"),
        ("https://a.example", "wss://[::1", "no URL of a WebSocket"),
        ("https://a.example", "wss://a:99999999", "no URL of a WebSocket"),
    ],
)
def test_a_websocket_is_as_safe_as_the_request(base, url, words):
    fault = websocket_fault(base, url)
    if words is None:
        assert fault is None
    else:
        assert re.search(words, fault)


@fuzzed
@given(st.text() | st.from_regex(r"(https?|wss?)://\S{0,30}"))
def test_nothing_raises_and_no_place_shows_a_password(text):
    origin_of(text)
    websocket_fault("https://a.example", text)
    assert "@" not in place_of(text)


def test_this_machine():
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "x")] == [1, 1, 1, 0]
