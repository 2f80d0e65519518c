"""What the worker does with orders that it cannot carry out: it says so, and goes on."""

import contextlib
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gladia_nb.keys import Secret
from gladia_nb.record.event_kinds import AudioStartEvent
from gladia_nb.record.events import as_mapping, event_line
from gladia_nb.record.file import load_record
from gladia_nb.worker.commands import Direct, End, Events, Feed, Finish, Stop, encode_order
from gladia_nb.worker.pipe import pack_frame
from gladia_nb.worker.timer_descriptor import timers_keep_the_stamps_time
from tests.support.worker_by_hand import Hand, start


@pytest.fixture
def hand():
    hand = Hand()
    assert hand.read()[1]["event"] == "ready"
    yield hand
    hand.process.stdin.close()
    assert hand.process.wait(10) == 0
    for pipe in (hand.process.stdout, hand.process.stderr):
        pipe.close()


def works(hand, server, path):
    """A whole session, as if nothing had been."""
    hand.send(bytes(3200), **start(path, server, session=50))
    told = hand.until("end")
    assert {number for number, _ in told} == {50}
    return told[-1][1]["outcome"] == "finished"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cmd": "begin"}, "Invalid value 'begin'"),
        ({"chunk_ms": "long"}, "Expected `float`, got `str`"),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
)
def test_a_start_that_is_refused_is_a_failed_session(
    hand, local_server, tmp_path, change, sentence
):
    hand.send(bytes(3200), **{**start(tmp_path / "a.run", local_server), **change})
    told = hand.until("end")
    assert [(number, event["event"]) for number, event in told] == [(1, "error"), (1, "end")]
    assert sentence in told[0][1]["text"]
    assert told[1][1]["outcome"] == "failed"
    assert local_server.key not in told[0][1]["text"]
    assert works(hand, local_server, tmp_path / "b.run"), "and the bytes behind it were skipped"


@pytest.mark.parametrize(
    "command", [{"cmd": "feed"}, {"cmd": "explode"}, {"cmd": "stop", "now": True}]
)
def test_a_refused_command_fails_the_session_that_it_was_for(hand, local_server, tmp_path, command):
    hand.send(bytes(320_000), **start(tmp_path / "a.run", local_server, speed=1))
    hand.until("chunk")
    hand.send(session=1, **command)
    told = [event for _, event in hand.until("end")]
    assert told[-1]["outcome"] == "failed"
    record = load_record(tmp_path / "a.run")
    assert record.outcome == "failed"
    assert "refused a command" in record.of("error")[0]["text"]
    assert record.of("chunk")
    assert works(hand, local_server, tmp_path / "b.run")


def test_a_command_that_does_not_fit_fails_the_session(hand, local_server, tmp_path):
    hand.send(bytes(320_000), **start(tmp_path / "a.run", local_server, speed=1))
    hand.until("chunk")
    hand.send(cmd="pause", captured_ns=1)
    end = hand.until("end")
    (error,) = [event for _, event in end if event["event"] == "error"]
    assert error["text"] == (
        "The process for sessions refused a command: 'pause' does not fit here."
    )
    hand.send(**start(tmp_path / "b.run", local_server, session=2, stall_s=5.0, speed=1))
    hand.write(encode_order(2, Feed(1, None)), b"odd")
    hand.send(cmd="end", session=2, clipped=0)
    assert "3 bytes are not whole frames" in str(hand.until("end"))
    assert works(hand, local_server, tmp_path / "c.run")


def test_a_session_in_a_browser_takes_only_its_own_commands(hand, local_server, tmp_path):
    begin = start(tmp_path / "a.run", local_server)
    direct = {name: begin[name] for name in ("path", "base_url", "key", "region", "body")}
    hand.write(encode_order(1, Direct(**{**direct, "key": Secret(direct["key"])})))
    hand.until("ticket")
    event = AudioStartEvent(5)
    for command in (Events([event]), End(None), Finish("finished")):
        hand.write(encode_order(1, command))
    told = [event for _, event in hand.until("end")]
    assert as_mapping(event) in told
    assert "'end' does not fit here" in told[-2]["text"]
    assert told[-1]["outcome"] == "failed"
    assert event_line(event) in (tmp_path / "a.run").read_text()


def test_what_names_no_session_is_said_on_standard_error(hand, local_server, tmp_path):
    for line in (b"\xff\xfe{\n", b"[]\n", b'{"session":"one","command":{"cmd":"stop"}}\n', b"\n"):
        hand.write(line)
    assert works(hand, local_server, tmp_path / "a.run")
    hand.process.stdin.close()
    hand.process.wait(10)
    said = hand.process.stderr.read().decode().splitlines()
    assert len(said) == 4
    assert all(line.startswith("The process for sessions refused a command: ") for line in said)


def test_commands_that_are_damaged_end_the_process_and_say_so(hand, local_server, tmp_path):
    hand.send(bytes(320_000), **start(tmp_path / "a.run", local_server, speed=1))
    hand.until("chunk")
    # As after a command that was cut off in its audio.
    cut = b"".join(pack_frame(encode_order(1, Feed(1, None)), bytes(100)))[:80]
    stop = b"".join(pack_frame(encode_order(1, Stop()), bytes(100)))
    hand.process.stdin.write(cut + stop)
    hand.process.stdin.flush()
    assert hand.until("end")[-1][1]["outcome"] == "aborted"
    assert hand.process.wait(20) == 0
    assert b"damaged" in hand.process.stderr.read()


def test_a_command_for_a_session_that_is_over_is_nothing(hand, local_server, tmp_path):
    hand.send(bytes(3200), **start(tmp_path / "a.run", local_server))
    hand.until("end")
    hand.send(cmd="stop")
    hand.send(cmd="abort", session=99)
    assert works(hand, local_server, tmp_path / "b.run")


def descriptors(pid):
    """What a process holds open, by the names that the system gives it."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        # It may be closed meanwhile.
        with contextlib.suppress(FileNotFoundError):
            found.append(re.sub(r"\d+", "", str(path.readlink())))
    return sorted(found)


def settled(pid, expected, seconds=20):
    """What a process holds open, once that is what is expected, or after so long."""
    until = time.monotonic() + seconds
    while (found := descriptors(pid)) != expected and time.monotonic() < until:
        time.sleep(0.01)
    return found


@pytest.mark.skipif(not timers_keep_the_stamps_time(), reason="needs timer descriptors")
def test_all_sessions_wait_by_one_timer_and_none_leaves_a_descriptor(hand, local_server, tmp_path):
    pid = hand.process.pid
    idle = ["anon_inode:[eventpoll]", "anon_inode:[timerfd]", *["pipe:[]"] * 4, *["socket:[]"] * 2]
    assert settled(pid, idle) == idle
    for number in (1, 2, 3):
        hand.send(bytes(3200), **start(tmp_path / f"{number}.run", local_server, session=number))
    for _ in range(3):
        hand.until("end")
    assert settled(pid, idle) == idle


LOADED = """
import json, sys
import gladia_nb.worker.host
before = sorted(sys.modules)
from gladia_nb.worker.commands import Callbacks, Order, Start
from gladia_nb.worker.host import _load_receiver
fields = dict(path="", base_url="", key=None, region=None, body={}, frame_bytes=2,
              sample_rate=8000, chunk_ms=100, speed=1.0, json_audio=False)
_load_receiver(Order(1, Start(**fields)))
without = "aiohttp.web" in sys.modules
_load_receiver(Order(1, Start(**fields, callbacks=Callbacks())))
print(json.dumps([before, without, "aiohttp.web" in sys.modules]))
"""


def test_it_loads_little():
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    loaded, without, with_callbacks = json.loads(done.stdout)
    packages = {name.partition(".")[0] for name in loaded}
    assert {"aiohttp", "msgspec", "gladia_nb"} <= packages
    heavy = {"pandas", "numpy", "pydantic", "soundfile", "soxr", "matplotlib", "IPython", "jiwer"}
    assert packages & heavy == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("gladia_nb.")}
    assert rooms == {
        *("api", "clock", "drafts", "errors", "held", "keys", "network", "paths", "plain_text"),
        *("record", "worker"),
    }
    assert "aiohttp.web" not in loaded
    assert "ctypes" not in loaded, "it comes once the other side knows that the worker is ready"
    assert (without, with_callbacks) == (False, True)
