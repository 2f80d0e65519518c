"""The probe beside a session: what it sees, and that it leaves nothing behind."""

import asyncio
import gc

import pytest

from gladia_nb.sessions.runner import transcribe
from gladia_nb.sessions.samples import sample
from gladia_nb.worker.vitals import PING_EVERY_S, WINDOW_S, Vitals
from tests.support.stored_events import stored_in
from tests.support.virtual_time import VirtualClock, run_virtual


class Line:
    """A transport that answers each ping after 3 ms, or never."""

    def __init__(self, clock, *, answers=True):
        self.clock = clock
        self.answers = answers
        self.backlogs = [2, 0, 5]

    async def ping(self, on_pong):
        sent = self.clock.now_ns()
        asyncio.get_running_loop().call_later(
            0.003, lambda: on_pong(sent, self.clock.now_ns() if self.answers else None)
        )

    def take_backlog(self):
        return self.backlogs.pop(0) if self.backlogs else 0


def watched(seconds, beside=None, *, clock_type=VirtualClock, answers=True):
    """Events of so many virtual seconds."""

    async def work():
        loop = asyncio.get_running_loop()
        honest, clock = VirtualClock(loop), clock_type(loop)
        events = []
        vitals = Vitals(
            clock, Line(clock, answers=answers), stored_in(events), witness=honest.now_ns
        )
        task = asyncio.create_task(vitals.watch())
        if beside is not None:
            loop.call_later(0.37, beside, loop)
        await asyncio.sleep(seconds)
        vitals.finish()
        kept = len(events)
        await asyncio.sleep(3)
        assert len(events) == kept  # nothing after the end
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1
        return events

    before = len(gc.callbacks)
    events = run_virtual(work())
    assert len(gc.callbacks) == before
    return events


def of(events, kind):
    return [event for event in events if event["event"] == kind]


def test_a_quiet_process():
    events = watched(3.5)
    found = of(events, "vitals")
    assert len(found) == 4
    assert [round(e["window_ns"] / 1e9, 3) for e in found] == [1, 1, 1, 0.5]
    assert {e["clock_ns"] for e in found} == {0}
    assert all(e["loop_lag_ms"] == 0 for e in found)
    assert [e["backlog"] for e in found] == [2, 0, 5, 0]


def test_a_stall_is_seen_in_its_second():
    def stall(loop):
        loop.virtual.now_ns += 70_000_000

    found = of(watched(2.2, stall), "vitals")
    assert found[0]["loop_lag_ms"] == pytest.approx(50, abs=21)
    assert found[1]["loop_lag_ms"] == 0


def test_a_collection_is_seen():
    found = of(watched(2.2, lambda _: gc.collect()), "vitals")
    assert found[0]["gc_count"] >= 1
    assert 0 < found[0]["gc_longest_ms"] <= found[0]["gc_ms"]


def test_a_step_of_the_stamps_is_seen():
    class Stepped(VirtualClock):
        def now_ns(self):
            true = super().now_ns()
            return true + 40_000_000 * (true > 1_001_500_000_000)

    found = of(watched(3.5, clock_type=Stepped), "vitals")
    assert [e["clock_ns"] for e in found[:3]] == [0, 40_000_000, 40_000_000]


def test_how_early_the_clock_wakes_is_recorded_as_it_is_learnt():
    class Learning(VirtualClock):
        @property
        def lead_ns(self):
            return 300_000 if self.now_ns() < 1_001_500_000_000 else 240_400

    found = of(watched(2.2, clock_type=Learning), "vitals")
    assert [e["lead_ms"] for e in found] == [0.3, 0.24, 0.24]


@pytest.mark.parametrize("answers", [True, False])
def test_pings(answers):
    seconds = WINDOW_S + 2 * PING_EVERY_S + 1
    found = of(watched(seconds, answers=answers), "ping")
    assert len(found) == 3
    assert {e["recv_ns"] and e["recv_ns"] - e["send_ns"] for e in found} == (
        {3_000_000} if answers else {None}
    )


def test_in_a_real_worker(local_server, tmp_path):
    run = transcribe(
        sample("monologue"),
        url=local_server.url,
        key=local_server.key,
        speed=8,
        path=tmp_path / "watched.run",
    )
    seconds = run.record.of("vitals")
    assert sum(e["window_ns"] for e in seconds) > 2e9
    assert all(e["cpu_ms"] > 0 for e in seconds)
    assert all(0.1 <= e["lead_ms"] <= 3 for e in seconds)
    assert run.record.of("ping")[0]["recv_ns"] > run.record.of("ping")[0]["send_ns"]
    assert run.record.events[-1]["event"] == "end"
