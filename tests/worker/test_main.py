"""The worker as a process, spoken to by hand."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gladia_nb.record.file import FORMAT, VERSION, dump_line, load_record

HEADER = {"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}}


class Hand:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gladia_nb.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, audio: bytes = b"", *, session: int = 1, **command) -> None:
        order = {"session": session, "command": command, "audio_bytes": len(audio)}
        line = json.dumps(order).encode()
        self.process.stdin.write(line + b"\n" + audio)
        self.process.stdin.flush()

    def read(self) -> tuple[int, dict]:
        number, _, event = self.process.stdout.readline().partition(b" ")
        return int(number), json.loads(event)

    def until(self, kind: str) -> list[tuple[int, dict]]:
        found = [self.read()]
        while found[-1][1]["event"] != kind:
            found.append(self.read())
        return found


@pytest.fixture
def hand():
    hand = Hand()
    assert hand.read()[1]["event"] == "ready"
    yield hand
    hand.process.kill()
    hand.process.wait()
    for pipe in (hand.process.stdin, hand.process.stdout, hand.process.stderr):
        pipe.close()


def start(path: Path, server, **changes) -> dict:
    path.write_text(dump_line(HEADER))
    return {
        "cmd": "start",
        "session": 1,
        "path": str(path),
        "base_url": server.url,
        "key": server.key,
        "region": None,
        "body": {"messages_config": {"receive_partial_transcripts": True}},
        "frame_bytes": 2,
        "sample_rate": 16000,
        "chunk_ms": 100,
        "speed": 10,
        "json_audio": False,
        **changes,
    }


def test_what_it_tells_is_what_is_in_the_file(hand, local_server, tmp_path):
    hand.send(bytes(32000), **start(tmp_path / "a.run", local_server))
    told = hand.until("end")
    assert {number for number, _ in told} == {1}
    record = load_record(tmp_path / "a.run")
    assert [dict(event) for event in record.events] == [event for _, event in told]
    assert record.outcome == "finished"


def test_the_file_is_never_behind_what_it_tells(hand, local_server, tmp_path):
    hand.send(bytes(64000), **start(tmp_path / "a.run", local_server, speed=2))
    for _ in range(10):
        told = hand.read()[1]
    hand.process.send_signal(signal.SIGKILL)
    hand.process.wait()
    assert told in [dict(event) for event in load_record(tmp_path / "a.run").events]


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_commands(hand, local_server, tmp_path, command):
    hand.send(bytes(320_000), **start(tmp_path / "a.run", local_server, speed=1))
    hand.until("chunk")
    hand.send(cmd=command, session=1)
    hand.send(cmd=command, session=1)
    hand.send(cmd=command, session=99)
    end = hand.until("end")[-1][1]
    assert end["outcome"] == {"stop": "stopped", "abort": "aborted"}[command]
    hand.send(cmd=command, session=1)


def test_it_ends_with_its_input_and_closes_what_is_open(hand, local_server, tmp_path):
    hand.send(bytes(320_000), **start(tmp_path / "a.run", local_server, speed=1))
    hand.until("chunk")
    hand.process.stdin.close()
    assert hand.process.wait(8) == 0
    assert load_record(tmp_path / "a.run").outcome == "aborted"
    assert hand.process.stderr.read() == b""


def test_an_interrupt_of_the_terminal_does_not_end_it(hand, local_server, tmp_path):
    hand.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    hand.send(bytes(3200), **start(tmp_path / "a.run", local_server))
    assert hand.until("end")[-1][1]["outcome"] == "finished"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
def test_a_full_disk_ends_no_session(hand, local_server, tmp_path):
    command = start(tmp_path / "a.run", local_server) | {"path": "/dev/full"}
    hand.send(bytes(3200), **command)
    told = [event for _, event in hand.until("end")]
    assert told[-1]["outcome"] == "finished"
    (warning,) = [event for event in told if event["event"] == "warning"]
    assert warning["text"] == "The run could not be written to its file: No space left on device."


def test_a_run_file_that_has_gone(hand, local_server, tmp_path):
    command = start(tmp_path / "a.run", local_server) | {"path": str(tmp_path / "no" / "a.run")}
    hand.send(bytes(3200), **command)
    told = [event for _, event in hand.until("end")]
    assert [event["event"] for event in told] == ["error", "end"]
    assert "has gone: No such file or directory" in told[0]["text"]


def test_an_abort_right_behind_the_start_is_not_lost(hand, local_server, tmp_path):
    hand.send(bytes(3200), **start(tmp_path / "a.run", local_server))
    hand.send(cmd="abort", session=1)
    assert hand.until("end")[-1][1]["outcome"] == "aborted"
    assert load_record(tmp_path / "a.run").outcome == "aborted"


def test_live_audio_by_hand(hand, local_server, tmp_path):
    hand.send(**start(tmp_path / "a.run", local_server, stall_s=5.0, speed=1))
    hand.send(bytes(3000), cmd="feed", session=1, captured_ns=10**9, seq=0)
    hand.send(cmd="pause", session=1, captured_ns=10**9)
    hand.send(bytes(3400), cmd="feed", session=1, captured_ns=4 * 10**9, seq=1)
    hand.send(cmd="note", session=1, event={"event": "device", "ns": 1, "label": "by hand"})
    hand.send(cmd="end", session=1, clipped=0)
    told = [event for _, event in hand.until("end")]
    assert told[-1]["outcome"] == "finished"
    chunks = [event for event in told if event["event"] == "chunk"]
    assert [(c["start_frame"], c["end_frame"]) for c in chunks] == [
        (0, 1500),
        (1500, 1600),
        (1600, 3200),
    ]
    assert [c["due_ns"] for c in chunks] == [10**9, 3_900_000_000, 4 * 10**9]
    kinds = [event["event"] for event in told]
    assert {"gap", "gap_end", "audio_end", "device"} <= set(kinds)


def test_live_audio_ends_properly_with_its_input(hand, local_server, tmp_path):
    hand.send(**start(tmp_path / "a.run", local_server, stall_s=5.0, speed=1))
    hand.send(bytes(6400), cmd="feed", session=1, captured_ns=10**9, seq=0)
    hand.until("chunk")
    hand.process.stdin.close()
    assert hand.process.wait(10) == 0
    record = load_record(tmp_path / "a.run")
    assert record.outcome == "stopped"
    assert record.of("result")
    assert hand.process.stderr.read() == b""
