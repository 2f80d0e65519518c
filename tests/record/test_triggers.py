"""Which speech events belong to an utterance, in whatever order they came."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.record.triggers import Surroundings
from tests.support.make_runs import make_run, speech

SLACK_S, WAIT_S = 0.75, 0.3
EVENTS = st.lists(st.tuples(st.sampled_from(["start", "end"]), st.integers(0, 60)), max_size=12)


def plainly(events, start, end):
    """One event after the other."""
    begin, finish = math.nan, math.nan
    for kind, tenths in events:
        time = tenths / 10
        if kind == "start" and time < end:
            begin = time
        elif kind == "end" and start < time and end - SLACK_S <= time <= end + WAIT_S + SLACK_S:
            finish = time
            break
    return begin, finish


@settings(max_examples=200)
@given(EVENTS, st.booleans(), st.integers(0, 60), st.integers(0, 30))
def test_as_a_plain_loop_finds_them(events, rising, start, length):
    events = sorted(events, key=lambda event: event[1]) if rising else events
    arrivals = [speech(k / 10, kind, tenths / 10) for k, (kind, tenths) in enumerate(events)]
    run = make_run(arrivals, duration_s=1.0, config={"endpointing": WAIT_S})
    found = Surroundings(run.record).around(0, start / 10, (start + length) / 10)
    begin, finish = plainly(events, start / 10, (start + length) / 10)
    assert [found.start_s, found.end_s].__repr__() == [begin, finish].__repr__()
    assert (found.end_ns is None) == math.isnan(finish)


def test_channels_are_apart():
    run = make_run([speech(1.0, "start", 0.5, channel=1), speech(2.0, "end", 1.5, channel=1)])
    assert math.isnan(Surroundings(run.record).around(0, 0.5, 1.5).start_s)
    assert Surroundings(run.record).around(1, 0.5, 1.5)[:2] == (0.5, 1.5)
