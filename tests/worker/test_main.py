"""The worker as a process, spoken to by hand."""

import signal
import time

from gladia_nb.record.file import load_record
from tests.support.worker_by_hand import start


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


def test_a_run_file_that_has_gone(hand, local_server, tmp_path):
    command = start(tmp_path / "a.run", local_server) | {"path": str(tmp_path / "no" / "a.run")}
    hand.send(bytes(3200), **command)
    told = [event for _, event in hand.until("end")]
    assert [event["event"] for event in told] == ["error", "end"]
    assert "has gone: No such file or directory" in told[0]["text"]
