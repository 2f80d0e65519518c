"""Orders cross the pipe by type; what is none is refused in a sentence."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.keys import Secret
from gladia_nb.record.event_kinds import AudioStartEvent, MessageEvent, StopEvent
from gladia_nb.worker import commands
from gladia_nb.worker.commands import (
    AnyCommand,
    Callbacks,
    Direct,
    Order,
    Ready,
    Refusal,
    Start,
    Ticket,
    decode_order,
    encode_order,
    read_ticket,
    told_line,
)

KEY = "a-key-that-nobody-may-see"
BEGIN = {
    "path": "a.run",
    "base_url": "http://x",
    "key": Secret(KEY),
    "region": None,
    "body": {"a": [1]},
}
START = Start(
    **BEGIN,
    frame_bytes=2,
    sample_rate=16000,
    chunk_ms=100,
    speed=1.0,
    json_audio=False,
    callbacks=Callbacks(port=80),
    stall_s=2.0,
)
EVERY = [
    START,
    Direct(**BEGIN),
    commands.Stop(),
    commands.Abort(),
    commands.Feed(5, None),
    commands.Feed(5, 0),
    commands.Pause(5),
    commands.End(None),
    commands.Note(StopEvent(1, None, 2)),
    commands.Events([AudioStartEvent(1), MessageEvent(recv_ns=1, via="callback", raw="\udcff")]),
    commands.Finish("finished"),
    commands.Finish("failed", commands.Failure("SessionError", "Lost.", 4400)),
]


@pytest.mark.parametrize("command", EVERY)
def test_what_is_told_is_what_is_heard(command):
    line = encode_order(7, command)
    assert line.isascii()
    assert line.count(b"\n") == line.endswith(b"\n") == 1
    assert decode_order(line) == Order(7, command)


def test_every_command_is_there():
    assert {type(command) for command in EVERY} == set(AnyCommand.__args__)


def test_no_repr_shows_a_secret():
    order = decode_order(encode_order(1, START))
    shown = repr(START) + repr(Direct(**BEGIN)) + repr(order) + repr([order])
    assert KEY not in shown
    assert "Start('a.run')" in shown
    ticket = Ticket("ws://x/?token=secret")
    assert "secret" not in repr(ticket) + str([ticket])


def changed(**fields):
    order = json.loads(encode_order(7, commands.End(3)))
    order["command"] |= fields.pop("command", {})
    return {**order, **fields}


@pytest.mark.parametrize(
    ("order", "sentence", "session"),
    [
        (changed(command={"cmd": "explode"}), "Invalid value 'explode'", 7),
        (changed(command={"more": 1}), "unknown field `more`", 7),
        (changed(command={"clipped": "a few"}), "Expected `int | null`, got `str`", 7),
        ({"session": 7, "command": {"cmd": "end"}}, "missing required field `clipped`", 7),
        ({"session": 7, "command": {"cmd": "note", "event": {"event": "song"}}}, "'song'", 7),
        ({"session": 7, "command": {"cmd": "note", "event": {"event": "ping"}}}, "`send_ns`", 7),
        ({"session": 7, "cmd": "stop"}, "unknown field `cmd`", 7),
        (changed(session="seven"), "Expected `int`, got `str`", None),
        (changed(audio_bytes=1), "unknown field `audio_bytes`", 7),
        ([], "Expected `object`, got `array`", None),
        (None, "Expected `object`, got `null`", None),
    ],
)
def test_what_is_no_order_is_refused_in_a_sentence(order, sentence, session):
    refusal = decode_order(json.dumps(order).encode())
    assert isinstance(refusal, Refusal)
    assert refusal.why.startswith("The process for sessions refused a command: ")
    assert sentence in refusal.why
    assert refusal.why.endswith("restart the kernel.")
    assert refusal.session == session


@given(st.binary(max_size=60))
def test_no_line_raises(line):
    assert isinstance(decode_order(line), Refusal)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x)))
def test_no_json_raises(value):
    assert isinstance(decode_order(json.dumps(value).encode()), Refusal)


@pytest.mark.parametrize("key", [5, ["a"], "", "a\nb"])
def test_what_is_no_key_is_refused(key):
    order = json.loads(encode_order(7, START))
    order["command"]["key"] = key
    refusal = decode_order(json.dumps(order).encode())
    assert isinstance(refusal, Refusal)
    assert refusal.session == 7


def test_a_refusal_shows_no_key():
    wrong = json.loads(encode_order(7, START))
    del wrong["command"]["path"]
    assert KEY not in decode_order(json.dumps(wrong).encode()).why


def test_a_number_of_numpy_is_a_number():
    start = Start(
        **{**{f: getattr(START, f) for f in START.__struct_fields__}, "chunk_ms": np.float64(20)}
    )
    assert decode_order(encode_order(1, start)).command.chunk_ms == 20.0
    with pytest.raises(TypeError, match="cannot hold a int64"):
        encode_order(1, Direct(**{**BEGIN, "body": {"a": np.int64(1)}}))


def test_a_ticket_among_events():
    assert read_ticket(told_line(Ticket("ws://x"))) == Ticket("ws://x")
    assert read_ticket(b'{"event":"end","ns":1}\n') is None
    assert json.loads(told_line(Ready(5))) == {"event": "ready", "pid": 5}
