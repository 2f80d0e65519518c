import json

import pytest

from gladia_nb.record.event_kinds import KINDS
from gladia_nb.record.validation import (
    STAMPS,
    UnbelievableError,
    check_event,
    decoded_line,
    middle_ns,
    near,
)
from tests.support.stored_events import stored_chunk

CHUNK = stored_chunk(0, end_frame=10)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"oops", "not JSON"),
        (b"[1]", "not an object"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": Infinity, "b": "\\ud800"}', "not JSON"),
        (b'{"a": 1e999, "b": "\\ud800"}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "not JSON"),
        (b'{"event": "chunk"', "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_what_is_no_object_is_refused(line, why):
    with pytest.raises(UnbelievableError, match=why):
        decoded_line(line)


def test_lone_surrogates_are_read():
    assert decoded_line(b'{"raw": "\\ud800", "ns": 1.5}') == {"raw": "\ud800", "ns": 1.5}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({}, "what kind"),
        ({"event": 5}, "what kind"),
        ({"event": "chunk"}, "missing required field seq"),
        ({**CHUNK, "seq": "0"}, "chunk, seq: expected int, got str"),
        ({**CHUNK, "seq": -1}, "seq"),
        ({**CHUNK, "due_ns": 2**62}, "due_ns"),
        ({**CHUNK, "due_ns": 10**400}, "due_ns"),
        ({**CHUNK, "start_frame": 11}, "ends before it begins"),
        ({**CHUNK, "end_frame": 10**12}, "beyond two days"),
        ({"event": "clock", "ns": 1, "name": "x", "offset_ns": 1e300}, "offset_ns"),
        ({"event": "mood", "ns": "x"}, "ns is no stamp"),
    ],
)
def test_what_is_no_event_is_refused(event, why):
    with pytest.raises(UnbelievableError, match=why):
        check_event(event, most_frames=10**10)


def test_what_a_later_version_adds_stays():
    check_event({**CHUNK, "mood": [1]})
    check_event({"event": "mood", "ns": 5, "what": {}})


def test_durations_of_older_files_are_numbers():
    start = {"event": "connect", "connection": 1, "start_ns": 1, "error": None, "end_ns": 2}
    check_event({**start, "tcp_ms": 1.5})
    with pytest.raises(UnbelievableError, match="tcp_ms is no duration"):
        check_event({**start, "tcp_ms": "1.5"})


def test_every_kind_has_its_moments():
    assert set(STAMPS) == set(KINDS)
    assert STAMPS["chunk"] == ("due_ns", "send_start_ns", "send_end_ns")
    assert STAMPS["vitals"] == ("ns",)
    assert all(STAMPS.values())


def test_the_middle_is_by_most():
    events = [{"event": "audio_start", "t0_ns": stamp} for stamp in (5, 10**18, 7)]
    assert middle_ns(events) == 7
    assert middle_ns([{"event": "mood"}]) is None
    assert [near(event, 7) for event in events] == [True, False, True]
    assert near(json.loads(json.dumps({**CHUNK, "send_end_ns": None})), 7)
