"""Histories of sessions, and what the protocol makes of each step, here and in the page.

`tests/data/protocol_vectors.json` holds them. The core in Python and the core in JavaScript are
both played through it and have to agree with it in every field. To write it anew:
`python -m tests.support.protocol_vectors`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gladia_nb.api.protocol import (
    EMPTY,
    MAX_FRAME_BYTES,
    Frame,
    FrameKind,
    SessionProtocol,
    classify_close,
)

__all__ = ["PATH", "histories", "outcomes", "play", "sound"]

PATH = Path(__file__).resolve().parents[1] / "data" / "protocol_vectors.json"

Step = dict[str, Any]
OPEN: Step = {"do": "opened"}
SEND: Step = {"do": "send"}
FINISH: Step = {"do": "finish"}
UNANSWERED: Step = {"do": "unanswered"}
LOST: Step = {"do": "closed", "code": None}


def sound(start: int, size: int) -> bytes:
    """Audio that tells where in the session it belongs."""
    return bytes((7 * k + 3) % 251 for k in range(start, start + size))


def feed(seq: int, size: int) -> Step:
    return {"do": "feed", "seq": seq, "size": size}


def says(body: Any) -> Step:
    return {"do": "receive", "text": body if isinstance(body, str) else json.dumps(body)}


def ack(*byte_range: Any, **more: Any) -> Step:
    data = {"byte_range": list(byte_range)}
    return says({"type": "audio_chunk", "acknowledged": True, "data": data, **more})


# -- what Python does --


def play(history: Step) -> list[dict[str, Any]]:
    """What the core in Python makes of each step."""
    protocol = SessionProtocol(acknowledged=history["acknowledged"])
    protocol.initiated()
    found = []
    for step in history["steps"]:
        what = _take(protocol, step)
        buffer = protocol.buffer
        found.append(
            {
                **what,
                "state": protocol.state.value,
                "positions": [buffer.fed, buffer.sent, buffer.acknowledged],
                "stop_sent": protocol.stop_sent,
                "problems": sorted(map(list, protocol.problems.items())),
            }
        )
    return found


def _take(protocol: SessionProtocol, step: Step) -> dict[str, Any]:
    match step["do"]:
        case "opened":
            protocol.opened()
        case "finish":
            protocol.finish()
        case "unanswered":
            protocol.probe_unanswered()
        case "closed":
            return {"outcome": protocol.closed(step["code"]).value}
        case "feed":
            try:
                protocol.feed(step["seq"], sound(protocol.buffer.fed, step["size"]))
            except ValueError as error:
                return {"refused": str(error)}
        case "send":
            frames = iter(protocol.next_frame, None)
            return {"frames": [_plain(frame) for frame in frames]}
        case "receive":
            return {"progress": _receive(protocol, step)}
    return {}


def _receive(protocol: SessionProtocol, step: Step) -> bool:
    raw = bytes(step["bytes"]) if "bytes" in step else step["text"]
    before = protocol.progress
    protocol.receive(raw)
    return protocol.progress > before


def _plain(frame: Frame) -> list[Any]:
    if frame.kind is not FrameKind.AUDIO:
        return [frame.kind.value, frame.wire]
    assert isinstance(frame.wire, bytes)
    place = [frame.seq, frame.start_byte, frame.end_byte, frame.resend]
    return [frame.kind.value, frame.wire.hex(), *place]


def outcomes() -> list[tuple[int | None, str]]:
    """What each close code means; None is a connection that broke without one."""
    codes = [*range(1000, 1016), 3000, 3008, 4000, 4399, *range(4400, 4500), 4500, 4504, 4999]
    return [(code, classify_close(code).value) for code in (None, *codes)]


# -- histories --


def histories() -> Iterator[Step]:
    """Scripted ones, then some by chance."""
    for name, acknowledged, steps in _scripted():
        yield {"name": name, "acknowledged": acknowledged, "steps": steps}
    for seed in range(40):
        steps = list(_by_chance(random.Random(seed)))
        yield {"name": f"chance {seed}", "acknowledged": seed % 5 != 0, "steps": steps}


def _scripted() -> list[tuple[str, bool, list[Step]]]:
    two = [OPEN, feed(0, 10), feed(1, 10), SEND]
    again = [LOST, OPEN, SEND]
    return [
        ("plain course", True, [*two, ack(0, 10), ack(10, 20), FINISH, SEND, closed(1000)]),
        ("fed before there is a connection", True, [feed(0, 3), SEND, OPEN, SEND]),
        ("nothing is sent", True, [OPEN, FINISH, SEND, closed(1000)]),
        ("empty chunks", True, [OPEN, feed(0, 0), feed(1, 2), SEND, ack(0, 0), ack(0, 2)]),
        ("late and repeated", True, [*two, ack(10, 20), ack(0, 10), ack(10, 20)]),
        ("more than was sent", True, [*two, ack(0, 21), ack(0, 10**12), ack(0, -1)]),
        ("fed, not sent", True, [OPEN, feed(0, 4), ack(0, 4), SEND, ack(0, 4)]),
        ("inclusive ends", True, [*two, ack(0, 9), ack(10, 19), *again]),
        ("inclusive end inside", True, [*two, ack(0, 8), *again, ack(0, 8), SEND]),
        ("one byte each", True, [OPEN, feed(0, 1), feed(1, 1), SEND, ack(0, 0), ack(0, 1), *again]),
        ("probe answered", True, [*two, ack(0, 10), *again, ack(0, 15), SEND]),
        ("probe answered with everything", True, [*two, *again, ack(0, 20), SEND, FINISH, SEND]),
        ("probe answered without a range", True, [*two, *again, ack(), SEND]),
        ("probe answered with too much", True, [*two, *again, ack(0, 99), SEND]),
        ("probe refused, then unanswered", True, [*two, *again, refused(), SEND, UNANSWERED, SEND]),
        ("probe unanswered", True, [*two, ack(0, 10), *again, UNANSWERED, SEND]),
        (
            "answered before it is sent",
            True,
            [*two, LOST, OPEN, ack(0, 10), SEND, ack(0, 10), SEND],
        ),
        ("unanswered before it is sent", True, [*two, LOST, OPEN, UNANSWERED, SEND]),
        ("lost while resuming", True, [*two, *again, LOST, OPEN, SEND, ack(0, 20), SEND]),
        ("lost with all acknowledged", True, [*two, ack(0, 20), *again, feed(2, 5), SEND]),
        ("fed while lost", True, [*two, LOST, feed(2, 5), SEND, OPEN, SEND, ack(0, 10), SEND]),
        ("stop lost", True, [*two, ack(0, 20), FINISH, SEND, *again, closed(1000)]),
        ("stop lost behind audio", True, [*two, FINISH, SEND, *again, ack(0, 10), SEND]),
        ("ended meanwhile", True, [*two, ack(0, 20), FINISH, SEND, LOST, closed(4403)]),
        ("without acknowledgements", False, [*two, LOST, feed(2, 5), OPEN, SEND, FINISH, SEND]),
        ("fed after the end", True, [OPEN, FINISH, feed(0, 4), SEND]),
        ("too long", True, [OPEN, feed(0, MAX_FRAME_BYTES + 1), feed(0, 2), SEND]),
        ("closed in every way", True, [*two, *_closes()]),
        ("messages of every kind", True, [OPEN, *_messages()]),
        ("answers of every kind", True, [*two, *_answers(again)]),
    ]


def closed(code: int | None) -> Step:
    return {"do": "closed", "code": code}


def refused() -> Step:
    error = {"message": "quota exceeded"}
    return says({"type": "audio_chunk", "acknowledged": False, "error": error, "data": None})


def _closes() -> list[Step]:
    steps: list[Step] = []
    for code in (None, 1001, 1006, 1009, 1011, 4399, 4400, 4403, 4408, 4499, 4500, 1000):
        steps += [closed(code), OPEN, SEND]
    return steps


#: What may stand for a byte range, of twenty bytes that were sent.
RANGES: tuple[Any, ...] = (
    [0, 4.0], [0, 4.5], [0.5, 4], [0, 1e300], [True, True], [0, True], ["0", "4"], [0, None], [4],
    [0, 2, 4], [], None, "0-4", {"0": 0, "1": 4}, 4, [0, [4]], [-1, 4], [9, 5],
)  # fmt: skip


def _finals() -> list[str]:
    """Transcripts, of which only the first final of an utterance is progress."""
    whole = {"id": "00_0", "is_final": True, "utterance": {"channel": 0}}
    changes: list[dict[str, Any]] = [
        {"is_final": False}, {"is_final": 1}, {}, {}, {"utterance": None}, {"id": "00_1"},
        {"utterance": {"channel": 1}}, {"utterance": {"channel": "1"}}, {"id": 5}, {"id": None},
        {"utterance": {"channel": True}}, {"utterance": {"channel": 1.0}}, {"utterance": []},
    ]  # fmt: skip
    return [json.dumps({"type": "transcript", "data": {**whole, **one}}) for one in changes]


def _messages() -> list[Step]:
    texts = [
        "", "not JSON", "null", "17", '"text"', "[]", "{}", '{"type":1}', '{"type":null}',
        '{"type":"transcript","data":{}}', *_finals(),
        '{"type":"start_session"}', '{"type":"start_recording"}',
        '{"type":"stop_recording","acknowledged":true}', '{"type":"end_session"}', '{"type":""}',
        '{"type":"audio_chunk"}', '{"type":"audio_chunk","acknowledged":1}', "\ufeff{}",
        '{"type":"audio_chunk","acknowledged":true}',
        '{"type":"audio_chunk","acknowledged":true,"data":"text"}',
        '{"type":"audio_chunk","acknowledged":true,"data":[0,4]}',
        '{"type":["audio_chunk"],"acknowledged":true,"data":{"byte_range":[0,0]}}',
        '{"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,0]}} and more',
    ]  # fmt: skip
    binary = [b"", b"\xff\xfe", b'{"type":"transcript"}', b'{"type":"start_session","x":"\xff"}']
    return [*map(says, texts), *({"do": "receive", "bytes": list(raw)} for raw in binary)]


def _answers(again: list[Step]) -> list[Step]:
    """Every range, to a probe and without one; then one in a binary frame."""
    steps: list[Step] = []
    for value in RANGES:
        body = {"type": "audio_chunk", "acknowledged": True, "data": {"byte_range": value}}
        steps += [says(body), *again, says(body), UNANSWERED, SEND]
    whole = json.dumps({**body, "data": {"byte_range": [0, 12]}}).encode()
    return [*steps, {"do": "receive", "bytes": list(whole)}]


def _by_chance(rng: random.Random) -> Iterator[Step]:
    """Anything in any order, as long as a session can come to it."""
    fed = seq = 0
    is_open = False
    for _ in range(rng.randrange(10, 40)):
        draw = rng.random()
        if not is_open and draw < 0.6:
            is_open = True
            yield OPEN
        elif draw < 0.3:
            size = rng.choice([1, 2, 3, 5, 8, 16])
            yield feed(seq, size)
            seq, fed = seq + 1, fed + size
        elif draw < 0.55:
            yield SEND
        elif is_open and draw < 0.85:
            start = rng.randint(0, fed)
            yield ack(start, rng.choice([start, fed, fed - 1, fed + 1, rng.randint(0, fed + 2)]))
        elif is_open and draw < 0.92:
            is_open = False
            yield closed(rng.choice([None, 1001, 1006, 1011, 4504, 1000, 4403]))
        else:
            yield rng.choice([UNANSWERED, UNANSWERED, FINISH, refused()])


def main() -> None:
    """Write the file."""
    made = [{**history, "expect": play(history)} for history in histories()]
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in made)
    closes = json.dumps(outcomes(), separators=(",", ":"))
    PATH.write_text(
        f'{{"empty":{json.dumps(EMPTY)},\n"closes":{closes},\n"sessions":[\n{lines}\n]}}\n'
    )


if __name__ == "__main__":
    main()
