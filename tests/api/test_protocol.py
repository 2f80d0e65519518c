import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.api.protocol import (
    MAX_FRAME_BYTES,
    CloseOutcome,
    FrameKind,
    ResumeBuffer,
    SessionProtocol,
    State,
    audio_as_json,
    classify_close,
)
from gladia_nb.record.message import parse_message
from tests.support import protocol_vectors


def ack(start: int, end: int) -> str:
    return json.dumps(
        {
            "type": "audio_chunk",
            "acknowledged": True,
            "error": None,
            "data": {"byte_range": [start, end], "time_range": [0.0, 0.1]},
        }
    )


# -- messages --


@given(st.binary() | st.text())
def test_any_frame_is_read_without_an_exception_and_kept_verbatim(raw):
    message = parse_message(raw)
    kept = message.raw.encode("utf-8", "surrogateescape") if isinstance(raw, bytes) else message.raw
    assert kept == raw


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        "type": JSON | st.sampled_from(["audio_chunk", "transcript", "error", "stop_recording"]),
        "data": JSON | st.fixed_dictionaries({"byte_range": JSON | st.lists(st.integers())}),
        "error": JSON,
        "acknowledged": JSON,
        "session_id": JSON,
        "created_at": JSON,
    },
)


@given(SHAPED)
def test_no_message_disturbs_a_session(body):
    protocol = SessionProtocol()
    protocol.initiated()
    protocol.opened()
    protocol.feed(0, b"12")
    protocol.next_frame()
    message = protocol.receive(json.dumps(body))
    assert message.error is None or isinstance(message.error, str)
    assert protocol.state is State.STREAMING


def test_deep_nesting_is_no_crash():
    assert parse_message("[" * 100_000).problem == "not JSON"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"type": "x", "error": {"message": "quota exceeded"}}, "quota exceeded"),
        ({"type": "x", "error": {"status_code": 5}}, '{"status_code": 5}'),
        ({"type": "x", "error": "no"}, "no"),
        ({"type": "error", "data": {"code": "a", "message": "b"}}, "b"),
        ({"type": "error", "message": "c"}, "c"),
        ({"type": "error"}, "unspecified error"),
        ({"type": "x", "error": None}, None),
    ],
)
def test_errors_in_every_known_shape(body, error):
    assert parse_message(json.dumps(body)).error == error


# -- closing --


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (1000, CloseOutcome.FINISHED),
        (None, CloseOutcome.RETRY),
        (1001, CloseOutcome.RETRY),
        (1006, CloseOutcome.RETRY),
        (1009, CloseOutcome.RETRY),
        (1011, CloseOutcome.RETRY),
        (4000, CloseOutcome.RETRY),
        (4399, CloseOutcome.RETRY),
        (4400, CloseOutcome.REFUSED),
        (4403, CloseOutcome.ALREADY_ENDED),
        (4408, CloseOutcome.IDLE),
        (4499, CloseOutcome.REFUSED),
        (4500, CloseOutcome.RETRY),
        (4504, CloseOutcome.RETRY),
    ],
)
def test_each_close_code_has_an_outcome(code, outcome):
    assert classify_close(code) is outcome


# -- the buffer --


def test_acknowledgements_late_repeated_inside_a_chunk_or_impossible():
    buffer = ResumeBuffer()
    for seq in range(3):
        buffer.append(seq, bytes(10))
    assert [buffer.take() is not None for _ in range(4)] == [True, True, True, False]
    assert buffer.acknowledge(15)
    assert buffer.acknowledge(10), "late: fine, and without effect"
    assert buffer.acknowledge(15)
    assert not buffer.acknowledge(31), "more than was sent"
    assert not buffer.acknowledge(-1)
    assert (buffer.acknowledged, buffer.unacknowledged) == (15, 15)
    buffer.rewind()
    assert buffer.take() == (1, 15, bytes(5))
    assert buffer.take() == (2, 20, bytes(10))


def test_nothing_unsent_can_be_acknowledged():
    buffer = ResumeBuffer()
    buffer.append(0, bytes(10))
    assert not buffer.acknowledge(10)


def test_inclusive_acknowledgements_are_recognised():
    buffer = ResumeBuffer()
    buffer.append(0, bytes(10))
    buffer.append(1, bytes(10))
    buffer.take(), buffer.take()
    buffer.acknowledge(9)
    assert buffer.acknowledged == 10
    buffer.acknowledge(19)
    assert list(buffer) == []


# -- a session --


def frames(protocol: SessionProtocol) -> list:
    found = []
    while (frame := protocol.next_frame()) is not None:
        found.append(frame)
    return found


def test_the_plain_course():
    protocol = SessionProtocol()
    assert protocol.state is State.NEW
    protocol.initiated()
    protocol.feed(0, b"ab")
    assert frames(protocol) == [], "no connection yet"
    protocol.opened()
    protocol.feed(1, b"cd")
    assert [(f.kind, f.wire, f.start_byte, f.end_byte, f.resend) for f in frames(protocol)] == [
        (FrameKind.AUDIO, b"ab", 0, 2, False),
        (FrameKind.AUDIO, b"cd", 2, 4, False),
    ]
    protocol.finish()
    assert [f.wire for f in frames(protocol)] == ['{"type":"stop_recording"}']
    assert protocol.state is State.STOPPING
    assert protocol.closed(1000) is CloseOutcome.FINISHED
    assert protocol.state is State.ENDED


def test_json_audio():
    protocol = SessionProtocol(json_audio=True)
    protocol.initiated()
    protocol.opened()
    protocol.feed(0, b"\x00\x01")
    assert json.loads(frames(protocol)[0].wire) == {
        "type": "audio_chunk",
        "data": {"chunk": "AAE="},
    }


def test_a_stop_is_sent_again_after_a_loss():
    protocol = SessionProtocol()
    protocol.initiated()
    protocol.opened()
    protocol.finish()
    assert [f.kind for f in frames(protocol)] == [FrameKind.STOP]
    protocol.closed(1011)
    protocol.opened()
    assert [f.kind for f in frames(protocol)] == [FrameKind.STOP]


def test_without_an_answer_to_the_probe_the_last_acknowledgement_counts():
    protocol = SessionProtocol()
    protocol.initiated()
    protocol.opened()
    protocol.feed(0, b"abcd")
    protocol.feed(1, b"efgh")
    frames(protocol)
    protocol.receive(ack(0, 4))
    protocol.closed(None)
    protocol.opened()
    assert [f.kind for f in frames(protocol)] == [FrameKind.PROBE]
    assert frames(protocol) == []
    protocol.probe_unanswered()
    assert [(f.wire, f.resend) for f in frames(protocol)] == [(b"efgh", True)]


def test_without_acknowledgements_nothing_is_sent_twice():
    protocol = SessionProtocol(acknowledged=False)
    protocol.initiated()
    protocol.opened()
    protocol.feed(0, b"ab")
    frames(protocol)
    protocol.closed(None)
    protocol.feed(1, b"cd")
    protocol.opened()
    assert [f.wire for f in frames(protocol)] == [b"cd"]


def test_contradictions_are_told():
    protocol = SessionProtocol()
    protocol.initiated()
    protocol.opened()
    protocol.receive(ack(0, 999))
    protocol.receive('{"type":"audio_chunk","acknowledged":true,"data":{}}')
    protocol.receive(ack(0, 1))
    assert protocol.problems == {
        "an acknowledgement speaks of more than was sent": 2,
        "an acknowledgement has no byte range": 1,
    }


def test_what_cannot_be_sent_is_refused():
    protocol = SessionProtocol()
    with pytest.raises(ValueError, match="at most 1048576 bytes"):
        protocol.feed(0, bytes(MAX_FRAME_BYTES + 1))
    protocol.finish()
    with pytest.raises(ValueError, match="after finish"):
        protocol.feed(0, b"")


class Service:
    """A service that takes frames and acknowledges; its answers can be lost with a connection."""

    def __init__(self, answers_probe: bool, inclusive: bool) -> None:
        self.audio = bytearray()
        self.stopped = 0
        self.inbox: list = []
        self.outbox: list[str] = []
        self.answers_probe = answers_probe
        self.last = -1 if inclusive else 0

    def take(self) -> None:
        wire = self.inbox.pop(0)
        if isinstance(wire, bytes):
            start = len(self.audio)
            self.audio += wire
            self.outbox.append(ack(start, len(self.audio) + self.last))
        elif "stop" in wire:
            self.stopped += 1
        elif self.answers_probe and wire == audio_as_json(b""):
            self.outbox.append(ack(len(self.audio), len(self.audio)))


@settings(max_examples=300, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), max_size=30),
    seed=st.integers(0, 2**32),
    answers_probe=st.booleans(),
    inclusive=st.booleans(),
)
def test_every_byte_arrives_once_and_in_order_whatever_is_lost(
    sizes, seed, answers_probe, inclusive
):
    """Chunks of any size; frames and answers delayed, repeated, and lost with connections.

    Without an answer to the probe the last acknowledgement that arrived is all that is known;
    exactness then needs that answers that were sent do arrive. Inclusive ranges cannot be told
    from exclusive ones by chunks of a single byte.
    """
    sizes = [size + inclusive for size in sizes]
    rng = random.Random(seed)
    original = bytes(rng.randrange(256) for _ in range(sum(sizes)))
    protocol, service = SessionProtocol(), Service(answers_probe, inclusive)
    protocol.initiated()
    protocol.opened()
    position = seq = drops = 0
    history: list[str] = []
    while not (service.stopped and protocol.state is State.STOPPING and not service.inbox):
        step = rng.random()
        if step < 0.3 and seq < len(sizes):
            protocol.feed(seq, original[position : position + sizes[seq]])
            position += sizes[seq]
            seq += 1
            if seq == len(sizes):
                protocol.finish()
        elif not sizes:
            protocol.finish()
        if step < 0.7 and (frame := protocol.next_frame()) is not None:
            service.inbox.append(frame.wire)
        if rng.random() < 0.5 and service.inbox:
            service.take()
        if rng.random() < 0.5 and service.outbox:
            history.append(service.outbox.pop(0))
            protocol.receive(history[-1])
        if rng.random() < 0.1 and history and protocol.state is not State.RESUMING:
            protocol.receive(rng.choice(history))
        if rng.random() < 0.1 and drops < 5:
            drops += 1
            service.inbox.clear()
            if not answers_probe:
                for answer in service.outbox:
                    protocol.receive(answer)
            service.outbox.clear()
            service.stopped = 0
            protocol.closed(rng.choice([None, 1011, 4504]))
            protocol.opened()
        if protocol.state is State.RESUMING and not answers_probe and protocol.next_frame() is None:
            protocol.probe_unanswered()
    assert bytes(service.audio) == original


# -- the same in the page --


def test_the_shared_vectors_are_what_happens_here():
    """The page's own core is held to the same file, in `tests/browser/test_protocol.py`."""
    kept = json.loads(protocol_vectors.PATH.read_text())
    assert [tuple(pair) for pair in kept["closes"]] == protocol_vectors.outcomes()
    made = list(protocol_vectors.histories())
    assert [one["name"] for one in kept["sessions"]] == [one["name"] for one in made]
    for one, history in zip(kept["sessions"], made, strict=True):
        assert one["steps"] == history["steps"], one["name"]
        assert one["expect"] == protocol_vectors.play(one), one["name"]


@pytest.mark.parametrize(
    ("value", "end"),
    [([0, 4], 4), ([0, 4.0], 4), ([0, 4.5], 0), ([0, True], 0), ([True, 4], 0), (["0", "4"], 0)],
)
def test_a_range_is_two_whole_numbers_as_json_knows_them(value, end):
    protocol = SessionProtocol()
    protocol.initiated()
    protocol.opened()
    protocol.feed(0, b"abcd")
    frames(protocol)
    body = {"type": "audio_chunk", "acknowledged": True, "data": {"byte_range": value}}
    protocol.receive(json.dumps(body))
    assert protocol.buffer.acknowledged == end
    assert protocol.problems == ({} if end else {"an acknowledgement has no byte range": 1})
