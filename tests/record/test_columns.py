"""One reading of all messages, whatever they hold; the fast way and the slow way agree."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.record import columns as reader
from gladia_nb.record import decode as shapes
from gladia_nb.record.file import Record
from tests.support.make_runs import make_run, rich_run, transcript, utterance, words

HEADER = {"config": {"sample_rate": 16000}, "reference": None}
GOOD = {
    "type": "transcript",
    "data": {
        "id": "00_0",
        "is_final": True,
        "utterance": {
            "text": " caf\u00e9",
            "start": 1,
            "end": 1.5,
            "channel": 0,
            "words": [{"word": " caf\u00e9", "start": 1, "end": 1.5, "confidence": 0.5}],
        },
    },
}


def record(*raws, via="websocket"):
    events = (
        {"event": "message", "recv_ns": k, "connection": 1, "via": via, "raw": raw}
        for k, raw in enumerate(raws)
    )
    return Record(HEADER, tuple(events))


def column(found, name):
    value = getattr(found, name)
    if isinstance(value, reader.Coded):
        return [None if code < 0 else value.levels[code] for code in value.codes]
    if isinstance(value, reader.Nullable):
        pairs = zip(value.value.tolist(), value.missing.tolist(), strict=True)
        return [None if missing else item for item, missing in pairs]
    return value.tolist() if isinstance(value, np.ndarray) else list(value)


def everything(found):
    return {name: column(found, name) for name in found._fields}


def slowly(monkeypatch, made):
    """The same record without the fast way."""

    class Never:
        def decode(self, raw):
            raise ValueError

    fresh = Record(made.header, made.events)
    with monkeypatch.context() as patch:
        patch.setattr(shapes, "_messages", Never())
        patch.setattr(shapes, "_transcripts", Never())
        return reader.read(fresh), reader.words(fresh)


def same(found, other, *without):
    one, two = everything(found), everything(other)
    for name in one.keys() - set(without):
        np.testing.assert_equal(one[name], two[name], err_msg=name)


def test_both_ways_agree_on_a_session(monkeypatch):
    made = rich_run().record
    messages, spoken = slowly(monkeypatch, made)
    assert len(messages.odd) == len(messages.recv_ns)
    assert not len(reader.read(made).odd)
    same(reader.read(made), messages, "odd")
    same(reader.words(made), spoken)


KEYS = {
    "channel": st.sampled_from([0, 1, None, -1, 2**63, 2**70, 1.0, "0", True]),
    "start": st.sampled_from([0, 1.25, None, "1", 10**400, True, -0.0]),
    "word": st.sampled_from([" a", "", None, 3, "\u00e9", " caf\u00e9 "]),
    "id": st.sampled_from(["00_0", "", None, 5, "\u00fc"]),
    "flag": st.sampled_from([True, False, None, "yes", 1]),
    "range": st.sampled_from(
        [[0, 1], [0.5, 2**70], [0], None, "ab", [None, 1], [0, 2**64], [1, 2, 3]]
    ),
    "created_at": st.sampled_from(["2026-11-21T09:00:00Z", None, 7]),
}


def some(**fields):
    """Objects that have any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


WORDS = st.lists(
    some(word=KEYS["word"], start=KEYS["start"], end=KEYS["start"], confidence=KEYS["start"])
    | st.sampled_from([1, None, []]),
    max_size=3,
)
UTTERANCES = some(
    text=KEYS["word"],
    start=KEYS["start"],
    end=KEYS["start"],
    language=KEYS["id"],
    confidence=KEYS["start"],
    channel=KEYS["channel"],
    words=WORDS | st.sampled_from([None, {}, "x"]),
)
BODIES = some(
    type=st.sampled_from(["transcript", "audio_chunk", "speech_end", "error", "new", 5, None]),
    created_at=KEYS["created_at"],
    error=st.sampled_from([None, "no", {"message": "no"}, {"code": 1}, 5]),
    acknowledged=KEYS["flag"],
    data=some(
        id=KEYS["id"],
        utterance_id=KEYS["id"],
        is_final=KEYS["flag"],
        utterance=UTTERANCES | st.sampled_from([None, "x"]),
        channel=KEYS["channel"],
        time=KEYS["start"],
        time_range=KEYS["range"],
        byte_range=KEYS["range"],
    )
    | st.sampled_from([None, [], "x"]),
)


@settings(max_examples=300)
@given(st.lists(BODIES, max_size=4))
def test_both_ways_agree_on_anything(bodies):
    made = record(*map(json.dumps, bodies))
    with pytest.MonkeyPatch.context() as monkeypatch:
        messages, spoken = slowly(monkeypatch, made)
    same(reader.read(made), messages, "odd")
    same(reader.words(made), spoken)


EXOTIC = [
    "",
    "\n",
    "not JSON",
    "[]",
    '{"type":"end_session"}\n{"type":"end_session"}',
    '{"type": "x",\n "data": null}',
    '{"type": "speech_end", "data": {"time": NaN}}',
    '{"type": "speech_end", "data": {"time": Infinity}}',
    '{"type": "speech_end", "data": {"time": 1e400}}',
    '{"type": "x", "data": {"id": "\\ud800"}}',
    '{"type": "x", "more": "\\ud800"}',
    '{"type": "x", "data": {"id": "\udc80"}}',
    '{"type": "a", "type": "b", "data": {"id": "1"}, "data": {"id": "2"}}',
    '{"type": "x", "data": ' + "[" * 3000 + "]" * 3000 + "}",
    '{"type": "x", "data": {"id": 1180591620717411303424, "channel": 1180591620717411303424}}',
    '{"type": "x"} ',
    '{"type": "x"}}',
    "\ufeff{}",
    '{"type": "x\x00"}',
    '{"type": "x\\u0000"}',
]


@pytest.mark.parametrize("raw", EXOTIC)
@pytest.mark.parametrize("neighbours", [0, 1, 300])
def test_exotic_texts_are_read_alone_and_among_others(raw, neighbours, monkeypatch):
    good = [json.dumps(GOOD)] * neighbours
    made = record(*good, raw, *good)
    messages, spoken = slowly(monkeypatch, made)
    same(reader.read(made), messages, "odd")
    same(reader.words(made), spoken)
    assert reader.read(made).raw[neighbours] == raw
    assert column(reader.words(made), "text") == ["caf\u00e9"] * 2 * neighbours
    assert column(reader.read(made), "problem").count(None) >= 2 * neighbours


def test_texts_can_be_written_whatever_they_hold():
    made = record(
        '{"type": "x\\ud800", "created_at": "\\udfff", "data": {"id": "\\ud800"}}', "\udc80"
    )
    found = reader.read(made)
    for name in ("type", "id", "created_at"):
        assert "\\ud" in column(found, name)[0].encode().decode()
    assert found.raw[1] == "\udc80"
    assert shapes.writable("\udc80") == "\\udc80"
    text = "caf\u00e9"
    assert shapes.writable(text) is text


def test_a_text_is_kept_once():
    made = rich_run().record
    found = reader.read(made)
    for event, raw in zip(made.of("message"), found.raw, strict=True):
        assert event["raw"] is raw


def test_a_record_is_read_once():
    made = rich_run().record
    assert reader.read(made) is reader.read(made)
    assert reader.words(made) is reader.words(made)
    assert reader.transcripts(made) is reader.transcripts(made)


def test_nothing():
    made = record()
    found, spoken, shown = reader.read(made), reader.words(made), reader.transcripts(made)
    assert all(len(column(found, name)) == 0 for name in found._fields)
    assert spoken.first.tolist() == [0]
    assert shown.id == []
    assert shown.first.tolist() == [0]


def test_callbacks_count_only_where_nothing_came_over_the_socket():
    inner = json.dumps({"event": "live.transcript", "payload": GOOD})
    alone = record(inner, via="callback")
    assert reader.read(alone).heard.tolist() == [True]
    assert column(reader.words(alone), "text") == ["caf\u00e9"]
    both = Record(HEADER, (*record(json.dumps(GOOD)).events, *alone.events))
    assert reader.read(both).heard.tolist() == [True, False]
    assert column(reader.words(both), "text") == ["caf\u00e9"]
    assert reader.transcripts(both).message.tolist() == [0]
    odd = record('{"payload": 5}', "[]", "no", via="callback")
    assert column(reader.read(odd), "type") == [None] * 3


def test_utterances_are_in_the_order_of_their_first_transcript():
    said = words("a b", 0.5)
    arrivals = [
        transcript(1.0, said, "b"),
        transcript(1.1, said, "a", channel=1),
        transcript(1.2, said, "a"),
        transcript(1.3, said, "b", final=True),
    ]
    shown = reader.transcripts(make_run(arrivals, ack_ms=None).record)
    assert list(zip(shown.channel.tolist(), shown.id, strict=True)) == [
        (0, "b"),
        (1, "a"),
        (0, "a"),
    ]
    assert shown.message.tolist() == [0, 3, 1, 2]
    assert shown.utterance.tolist() == [0, 0, 1, 2]
    assert shown.is_final.tolist() == [False, True, False, False]
    assert shown.first.tolist() == [0, 2, 3, 4]


def test_more_messages_than_a_batch(monkeypatch):
    made = make_run(utterance(words("a b c", 0.5)), duration_s=30).record
    whole = reader.read(made), reader.words(made)
    monkeypatch.setattr(reader, "_BATCH", 7)
    fresh = Record(made.header, made.events)
    same(whole[0], reader.read(fresh))
    same(whole[1], reader.words(fresh))


def test_events_need_not_say_how_they_came():
    made = Record(HEADER, ({"event": "message", "recv_ns": 5, "raw": "{}"},))
    found = reader.read(made)
    assert column(found, "via") == [None]
    assert column(found, "connection") == [None]
    assert not math.isfinite(found.start_s[0])
