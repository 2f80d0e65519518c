"""Stopwatches that are wrong in the ways in which they usually are: each must be found out.

Every test builds the mistake, prints how much it falsifies, and sees that the verdict or a check
of the results names it.
"""

import asyncio

import numpy as np
import pytest

from gladia_nb.metrics import check_latencies, health, latency
from gladia_nb.worker.chunks import ChunkSource
from tests.proofs.test_virtual_time import REFERENCE, WORDS, named
from tests.support.make_runs import make_run, reference, transcript, words
from tests.support.virtual_time import VirtualClock, virtual_run

DELAY_MS = 300.0
SCRIPT = {"words": WORDS, "delay": DELAY_MS / 1e3}
CAPTURE = "word_end -> first_seen @capture"
SEND = "word_end -> first_seen @send"


def measured(name=CAPTURE, **mistake):
    run, _ = virtual_run(SCRIPT, chunk_ms=20, reference=REFERENCE, endpointing=0.3, **mistake)
    return run, named(latency(run), name, "reference")["latency_ms"].to_numpy()


@pytest.fixture(scope="module")
def truth():
    """Latencies of an honest stopwatch, whose verdict is a clean one."""
    run, found = measured()
    assert run.verdict.status == "valid", run.verdict
    return found


def verdict_of(run, check):
    table = health(run).set_index("check")
    return table.loc[check, "verdict"], table.loc[check, "reason"]


def test_naive_sleep(truth):
    class Naive(VirtualClock):
        """Sleeps for the length of a chunk after each, and each sleep takes a little longer."""

        async def sleep_until(self, deadline_ns: int) -> None:
            await super().sleep_until(self.now_ns() + 20_000_000 + 1_100_000)

    run, found = measured(stamps=Naive)
    bias = found - truth
    print(f"naive sleep: words {bias[0]:+.1f} ms at the start, {bias[-1]:+.1f} ms at the end")
    assert bias[-1] > 100
    assert verdict_of(run, "drift")[0] == "invalid"
    assert run.verdict.status == "invalid"
    # What the send log is for: the same words, on the send clock, are still right.
    _, sent = measured(SEND, stamps=Naive)
    assert np.abs(sent - DELAY_MS).max() < 1e-3


def test_sending_at_the_start_of_a_chunk(truth):
    class Early(ChunkSource):
        """Gives each chunk away when its first sample is spoken."""

        def due_ns(self, frame: int) -> int:
            return super().due_ns(frame) - 20_000_000

    run, found = measured(source=Early)
    bias = float((found - truth).mean())
    print(f"sending at the start of a chunk: {bias:+.1f} ms")
    assert bias == pytest.approx(-20, abs=1e-3)
    assert verdict_of(run, "schedule")[0] == "invalid"


def test_sending_before_it_is_due(truth):
    class Hasty(VirtualClock):
        """Does not wait to the end."""

        async def sleep_until(self, deadline_ns: int) -> None:
            await super().sleep_until(deadline_ns - 20_000_000)

    run, found = measured(stamps=Hasty)
    print(f"sending before it is due: {(found - truth).mean():+.1f} ms")
    assert verdict_of(run, "sent early")[0] == "invalid"


def test_stamping_in_a_busy_loop(truth):
    async def redraw(loop):
        """80 ms of drawing, five times a second, in the loop that also reads the socket."""
        while True:
            await asyncio.sleep(0.12)
            loop.virtual.now_ns += 80_000_000

    run, found = measured(beside=redraw)
    bias = found - truth
    print(f"stamping in a busy loop: mean {bias.mean():+.1f}, worst {bias.max():+.1f} ms")
    assert bias.max() > 30
    status, reason = verdict_of(run, "event loop")
    assert status == "degraded"
    assert "may be stamped" in reason
    assert run.verdict.status != "valid"


def test_a_step_of_the_clock_that_stamps(truth):
    class Wall(VirtualClock):
        """Stamps with the wall clock, which is set forward by half a second meanwhile."""

        def now_ns(self) -> int:
            true = super().now_ns()
            return true + (500_000_000 if true > 1_002_000_000_000 else 0)

    run, found = measured(stamps=Wall)
    bias = found - truth
    print(f"a step of the wall clock: {bias.min():+.1f} to {bias.max():+.1f} ms")
    assert np.abs(bias).max() > 100
    assert verdict_of(run, "clock")[0] == "invalid"


def test_a_wall_clock_that_is_only_looked_at_may_be_set():
    def vitals(at_s, wall_ns):
        return {
            "event": "vitals",
            "ns": 5_000_000_000 + int(at_s * 1e9),
            "window_ns": 1_000_000_000,
            "loop_lag_ms": 1.2,
            "gc_count": 0,
            "gc_ms": 0.0,
            "gc_longest_ms": 0.0,
            "clock_ns": -300,
            "wall_ns": wall_ns,
            "wall_width_ns": 100,
            "backlog": 0,
            "cpu_ms": 30.0,
        }

    stepped = make_run(extra=[vitals(1, 10**18), vitals(2, 10**18 - 700_000_000)])
    status, reason = verdict_of(stepped, "wall clock")
    assert status == "degraded"
    assert "set by 700 ms" in reason
    assert "latencies hold" in reason


def test_clamping():
    spoken = words("one two three four five six")
    # The service says its words 150 ms before they end.
    arrivals = [transcript(word[2] - 0.15, spoken[: k + 1]) for k, word in enumerate(spoken)]
    arrivals.append(transcript(4.0, spoken, final=True))
    run = make_run(arrivals, duration_s=5.0, reference=reference(spoken))
    rows = latency(run)
    assert check_latencies(rows) == ()
    honest = named(rows, CAPTURE, "reference")["latency_ms"]
    clamped = rows.assign(latency_ms=rows["latency_ms"].clip(lower=0))
    bias = named(clamped, CAPTURE, "reference")["latency_ms"].mean() - honest.mean()
    print(f"clamping: {bias:+.1f} ms")
    assert bias == pytest.approx(150)
    assert any("clamped" in text for text in check_latencies(clamped))
    # Also when the events were clamped with them.
    events = rows["event_s"].where(rows["latency_ms"] >= 0, rows["anchor_clock_s"])
    covered = rows.assign(event_s=events, latency_ms=rows["latency_ms"].clip(lower=0))
    assert any("exactly 0" in text for text in check_latencies(covered))


def test_dropping():
    spoken = words("one two three four")
    run = make_run([transcript(3.0, spoken, final=True)], duration_s=4.0)
    rows = latency(run)
    came = rows["latency_ms"].notna()
    slow = rows["latency_ms"] > rows.loc[came, "latency_ms"].median()
    dropped = rows.assign(latency_ms=rows["latency_ms"].mask(slow))
    assert any("dropped" in text for text in check_latencies(dropped))
    invented = rows.assign(event_s=rows["event_s"].mask(slow))
    assert any("never came" in text for text in check_latencies(invented))
