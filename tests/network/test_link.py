"""The law of a network, in numbers: no clock, no socket."""

import itertools
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.network.link import SLOT_NS, Link, Shape, Weather

MS = 1_000_000
S = 1_000_000_000
shapes = st.builds(
    Shape,
    seed=st.integers(0, 5),
    delay_ms=st.floats(50, 500),
    jitter_ms=st.floats(0, 50),
    bandwidth_kbps=st.sampled_from([0, 64, 5000]),
    stall_s=st.sampled_from([0, 0.3]),
    stall_every_s=st.just(2),
)
pieces = st.lists(st.tuples(st.integers(0, S), st.integers(1, 10_000)), max_size=30)


def through(shape, sent, direction="up"):
    link = Link(shape, Weather(shape), direction)
    at, left = 0, []
    for gap, size in sent:
        at += gap
        left.append((at, link.leave_ns(at, size), size))
    return left


@given(shapes, pieces)
def test_nothing_is_early_and_nothing_overtakes(shape, sent):
    found = through(shape, sent)
    least = (shape.delay_ms - shape.jitter_ms) * MS
    for at, left, size in found:
        took = size * 8 * MS / shape.bandwidth_kbps if shape.bandwidth_kbps else 0
        assert left - at >= least + took - 2
    assert [left for _, left, _ in found] == sorted(left for _, left, _ in found)


@given(shapes, pieces)
def test_the_same_seed_makes_the_same_network(shape, sent):
    assert through(shape, sent) == through(shape, sent)


@given(shapes, pieces)
def test_nothing_leaves_during_a_stall(shape, sent):
    spans = itertools.takewhile(lambda span: span[0] < 60 * S, Weather(shape).stalls())
    stalls = list(spans) if shape.stall_s else []
    for _, left, _ in through(shape, sent):
        assert not any(begin <= left < end for begin, end in stalls)


@given(st.integers(1, 50), st.integers(10, 2000))
def test_what_is_sent_at_once_leaves_at_the_bandwidth(count, size):
    shape = Shape(seed=0, bandwidth_kbps=100)
    left = through(shape, [(0, size)] * count)
    assert left[-1][1] == pytest.approx(count * size * 8 / 100 * MS, abs=count)


def test_the_delay_is_what_was_asked_for_and_varies_as_much():
    shape = Shape(seed=3, delay_ms=100, jitter_ms=40)
    added = [(left - at) / MS for at, left, _ in through(shape, [(SLOT_NS * 5, 100)] * 4000)]
    assert statistics.fmean(added) == pytest.approx(100, abs=1)
    assert min(added) >= 60
    assert max(added) <= 140
    # A uniform distribution.
    assert statistics.pstdev(added) == pytest.approx(40 / 3**0.5, rel=0.05)


def test_another_seed_and_the_other_direction_vary_otherwise():
    shape = Shape(seed=3, delay_ms=100, jitter_ms=40)
    sent = [(SLOT_NS, 100)] * 20
    up = through(shape, sent)
    assert up != through(Shape(seed=4, delay_ms=100, jitter_ms=40), sent)
    assert up != through(shape, sent, "down")


@pytest.mark.parametrize("what", ["stalls", "resets"])
def test_how_often_on_average_and_never_twice_at_once(what):
    shape = Shape(seed=1, stall_s=1, stall_every_s=10, reset_every_s=10)
    found = itertools.islice(getattr(Weather(shape), what)(), 4000)
    at = [one[0] if what == "stalls" else one for one in found]
    gaps = [(b - a) / S for a, b in itertools.pairwise([0, *at])]
    assert statistics.fmean(gaps) == pytest.approx(10, rel=0.05)
    assert min(gaps) >= 5


def test_a_stall_holds_what_would_leave_in_it():
    weather = Weather(Shape(seed=1, stall_s=2, stall_every_s=10))
    begin, end = next(weather.stalls())
    assert weather.clear_ns(begin - 1) == begin - 1
    assert weather.clear_ns(begin) == weather.clear_ns(end - 1) == end
    assert weather.clear_ns(end) == end
    # Looked up in any order.
    assert weather.clear_ns(begin + 100 * S) >= begin + 100 * S
    assert weather.clear_ns(begin) == end


def test_without_anything_there_is_nothing():
    shape = Shape(seed=1)
    assert through(shape, [(5, 100), (7, 9)]) == [(5, 5, 100), (12, 12, 9)]
    assert list(Weather(shape).stalls()) == list(Weather(shape).resets()) == []
