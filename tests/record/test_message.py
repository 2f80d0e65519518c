"""Single messages, read as far as they can be, and texts that can be written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.record.message import Message, parse_message, writable


@given(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_what_is_writable_can_be_written(text):
    clean = writable(text)
    assert clean.encode().decode() == clean
    assert writable(clean) is clean


def test_a_message_by_hand():
    body = {
        "type": "audio_chunk",
        "session_id": "s",
        "created_at": "2026-11-20T10:00:01.234Z",
        "acknowledged": False,
        "error": {"status_code": 400, "message": "no base64"},
        "data": {"byte_range": [0, 2]},
        "more": 1,
    }
    raw = json.dumps(body)
    assert parse_message(raw) == Message(
        raw=raw,
        type="audio_chunk",
        session_id="s",
        created_at="2026-11-20T10:00:01.234Z",
        data={"byte_range": [0, 2]},
        error="no base64",
        acknowledged=False,
    )


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (b"\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("{}", "no type"),
        ('{"type": 3}', "no type"),
        ('{"type": ""}', None),
    ],
)
def test_why_a_frame_is_no_message(raw, problem):
    assert parse_message(raw).problem == problem


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"type": "x", "error": None}, None),
        ({"type": "x", "error": "no"}, "no"),
        ({"type": "x", "error": {"message": "no"}}, "no"),
        ({"type": "x", "error": {"message": 5}}, '{"message": 5}'),
        ({"type": "x", "error": [1]}, "[1]"),
        ({"type": "x", "data": {"message": "no"}}, None),
        ({"type": "error", "data": {"message": "no"}}, "no"),
        ({"type": "error", "message": "no"}, "no"),
        ({"type": "error", "message": "no", "error": "yes"}, "yes"),
        ({"type": "error"}, "unspecified error"),
    ],
)
def test_every_shape_of_an_error(body, error):
    assert parse_message(json.dumps(body)).error == error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = ("type", "session_id", "created_at", "data", "error", "acknowledged", "message")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_each_field_is_of_its_type_or_none(body):
    raw = json.dumps(body)
    found = parse_message(raw)
    assert found.raw == raw
    kinds = {"type": str, "session_id": str, "created_at": str, "data": dict, "acknowledged": bool}
    for name, kind in kinds.items():
        value = body.get(name)
        expected = value if isinstance(value, kind) else None
        # Through text, because NaN is no equal of itself.
        assert json.dumps(getattr(found, name)) == json.dumps(expected)
    assert (found.problem is None) == isinstance(body.get("type"), str)
    if body.get("error") is not None:
        assert isinstance(found.error, str)


@given(st.binary())
def test_bytes_come_back(raw):
    assert parse_message(raw).raw.encode("utf-8", "surrogateescape") == raw


def test_what_is_writable_stays_and_the_rest_is_escaped():
    for text in ("", "plain", "caf\u00e9", "\U0001f600"):
        assert writable(text) is text
    assert writable("a\ud800b") == "a\\ud800b"
    assert writable("\udcff") == "\\udcff"
