import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.clock import LEAD_NS, Anchor, MonotonicClock, estimate_offset


def test_anchor_pairs_both_clocks():
    before = time.time_ns()
    anchor = Anchor.take()
    after = time.time_ns()
    assert before - anchor.width_ns <= anchor.wall_ns <= after + anchor.width_ns
    assert anchor.wall_of(anchor.mono_ns + 5) == anchor.wall_ns + 5


async def test_sleep_until_never_returns_early():
    clock = MonotonicClock()
    for ahead_ms in (0, 1, 3, 7):
        deadline = clock.now_ns() + ahead_ms * 1_000_000
        await clock.sleep_until(deadline)
        assert clock.now_ns() >= deadline


async def test_sleep_until_lets_others_run_while_it_waits():
    clock = MonotonicClock()
    seen = []

    async def other():
        for n in range(3):
            seen.append(n)
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await clock.sleep_until(clock.now_ns() + 1_000_000)
    assert seen == [0, 1, 2]
    await task


def test_the_lead_is_told():
    assert MonotonicClock().lead_ns == LEAD_NS


def test_offset_of_nothing_and_of_a_stepped_clock_is_unknown():
    assert estimate_offset([]) is None
    assert estimate_offset([(0, 1000, 10), (100, 5000, 110)]) is None


@given(
    offset=st.integers(-(10**15), 10**15),
    legs=st.lists(
        st.tuples(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1
    ),
)
def test_the_true_offset_is_always_inside_and_within_half_the_shortest_round_trip(offset, legs):
    exchanges = [(sent, sent + up + offset, sent + up + down) for sent, up, down in legs]
    found = estimate_offset(exchanges)
    assert found is not None
    assert found.n == len(legs)
    assert abs(found.offset_ns - offset) <= found.uncertainty_ns + 1
    assert found.uncertainty_ns <= min(up + down for _, up, down in legs) / 2 + 1
