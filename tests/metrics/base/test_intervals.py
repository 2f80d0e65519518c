"""Quantiles and ratios with known answers; their intervals cover the truth as often as they say."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.intervals import needed, quantiles, ratio, share, span, student

#: So many that chance moves a coverage of 95 % by half a percent.
SIMULATIONS = 2000


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_same_as_numpy_without_censoring(values, probs):
    found = quantiles(values, range(len(values)), probs)
    for point, prob in zip(found.points, probs, strict=True):
        if len(values) >= needed(prob):
            assert point == pytest.approx(np.quantile(values, prob), abs=1e-6)
        else:
            assert math.isnan(point)


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=30),
    st.lists(st.floats(0, 0.89), min_size=2, max_size=5),
)
def test_quantiles_rise_and_lie_within_their_intervals(values, probs):
    labels = [k % 3 for k in range(len(values))]
    found = quantiles(values, labels, sorted(probs))
    for a, b in zip(found.points, found.points[1:], strict=False):
        assert b >= a or b == pytest.approx(a)
    assert found.never == sum(map(math.isnan, values))
    if found.clusters > 1:
        assert (found.low <= found.points).all()
        assert (found.points <= found.high).all()
    else:
        assert np.isnan(found.low).all()


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=40), st.integers(-1000, 1000))
def test_shifting_all_samples_shifts_everything(values, by):
    labels = [k // 2 for k in range(len(values))]
    one, moved = (quantiles(v, labels, (0.5,)) for v in (values, np.array(values) + by))
    for name in ("points", "low", "high"):
        assert getattr(moved, name) == pytest.approx(getattr(one, name) + by, abs=1e-6, nan_ok=True)


def test_censored_samples_are_greater_than_all():
    values = [10, 20, 30, math.nan, math.inf]
    found = quantiles(values, range(5), (0, 0.5, 0.6, 0.75))
    assert found.points.tolist() == [10, 30, math.inf, math.inf]
    assert (found.n, found.clusters, found.never) == (5, 5, 2)
    assert found.high[1] == math.inf
    assert quantiles([math.nan], ["a"]).points[0] == math.inf
    most = quantiles([1.0, 2, 3] + [math.nan] * 17, range(20), (0.5,))
    assert (most.points[0], most.low[0], most.high[0]) == (math.inf, math.inf, math.inf)


def test_infinite_differences_have_signs():
    assert quantiles([-math.inf, 1, 2], range(3), (0.5,)).points[0] == 1
    assert quantiles([-math.inf, 1], range(2), (0.5,)).points[0] == -math.inf
    assert quantiles([-math.inf, math.inf], range(2), (0.25, 0.5)).points.tolist() == [
        -math.inf,
        math.inf,
    ]


def test_far_quantiles_are_withheld_without_enough_clusters():
    probs = (0.9, 0.95, 0.99)
    for count, shown in ((28, 0), (29, 1), (58, 1), (59, 2), (298, 2), (299, 3)):
        found = quantiles(range(count), range(count), probs)
        for part in (found.points, found.low, found.high):
            assert np.isnan(part).tolist() == [k >= shown for k in range(3)]
        assert np.isfinite(found.points[:shown]).all()
    # Many samples of few utterances are few.
    assert math.isnan(quantiles(range(1000), [k % 20 for k in range(1000)]).points[2])


def test_bounds_beyond_the_samples_are_infinite():
    # The least and the greatest of five hold the median between them in 94 %, of six in 97.
    five, six = (quantiles(range(n), range(n), (0.5,)) for n in (5, 6))
    assert (five.low[0], five.high[0]) == (-math.inf, math.inf)
    assert 0 <= six.low[0] < 1 < 4 < six.high[0] <= 5
    # The greatest of 30 exceeds the 90th percentile in only 96 %, of 40 in 98.5.
    few, more = (quantiles(range(n), range(n), (0.9,)) for n in (30, 40))
    assert few.high[0] == math.inf
    assert few.low[0] > 18
    assert 38 <= more.high[0] <= 39


def test_words_of_one_side_do_not_make_the_error_vanish():
    # Each utterance has one word on either side of the median: between them nothing varies.
    even = quantiles([1, 4, 2, 5, 3, 6], [0, 0, 1, 1, 2, 2], (0.5,))
    assert (even.low[0], even.high[0]) == (-math.inf, math.inf)
    # Of three utterances each has one value: tied words are no more than three samples.
    tied = quantiles([5.0] * 60, np.repeat(range(3), 20), (0.5,))
    assert (tied.points[0], tied.low[0], tied.high[0]) == (5, -math.inf, math.inf)
    # Nearly all are tied at the median: those below and above count as well.
    most = quantiles([1.0, *[5.0] * 8, 9.0] * 6, np.repeat(range(6), 10), (0.5,))
    assert (most.low[0], most.high[0]) == (5, 5)


def test_interval_is_that_of_clusters_and_of_runs():
    rng = np.random.default_rng(3)
    values = np.repeat(rng.normal(300, 50, 40), 25) + rng.normal(0, 1, 1000)
    labels = np.repeat(np.arange(40), 25)
    together, alone = quantiles(values, labels, (0.5,)), quantiles(values, range(1000), (0.5,))
    assert together.high[0] - together.low[0] > 3 * (alone.high[0] - alone.low[0])
    runs = np.repeat(np.arange(8), 125)
    shifted = values + 100 * (runs % 4)
    apart = quantiles(shifted, labels, (0.5,), runs=runs)
    pooled = quantiles(shifted, labels, (0.5,))
    assert (apart.runs, apart.clusters, pooled.runs) == (8, 40, 1)
    assert apart.high[0] - apart.low[0] > pooled.high[0] - pooled.low[0]


def test_labels_of_clusters_need_to_be_unique_only_within_their_run():
    values = list(range(12))
    within = quantiles(values, [0, 0, 1, 1, 2, 2] * 2, (0.5,), runs=[0] * 6 + [1] * 6)
    over_all = quantiles(values, [k // 2 for k in range(12)], (0.5,), runs=[0] * 6 + [1] * 6)
    assert within.clusters == over_all.clusters == 6
    assert within.low[0] == over_all.low[0]


def _speech(rng, utterances, of_run=0.0):
    """Log-normal latencies; words of an utterance share a part, utterances of a run another."""
    sizes = rng.integers(1, 13, utterances)
    labels = np.repeat(np.arange(utterances), sizes)
    shared = rng.normal(0, 0.25, utterances)[labels]
    return 300 * np.exp(of_run + shared + rng.normal(0, 0.35, len(labels))), labels


@pytest.mark.parametrize(("utterances", "prob"), [(12, 0.5), (40, 0.5), (40, 0.9)])
def test_interval_covers_the_truth_of_one_run(utterances, prob):
    rng = np.random.default_rng(5)
    truth = 300 * math.exp(math.hypot(0.25, 0.35) * NormalDist().inv_cdf(prob))
    hits = 0
    for _ in range(SIMULATIONS):
        values, labels = _speech(rng, utterances)
        found = quantiles(values, labels, (prob,))
        hits += found.low[0] <= truth <= found.high[0]
    assert 0.93 <= hits / SIMULATIONS <= 0.97


def test_interval_covers_the_truth_of_several_runs():
    rng = np.random.default_rng(8)
    hits = alone = 0
    for _ in range(SIMULATIONS):
        parts = [_speech(rng, 20, rng.normal(0, 0.3)) for _ in range(10)]
        values, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
        runs = np.repeat(np.arange(10), [len(part[0]) for part in parts])
        found = quantiles(values, labels, (0.5,), runs=runs)
        hits += found.low[0] <= 300 <= found.high[0]
        blind = quantiles(values, labels + 100 * runs, (0.5,))
        alone += blind.low[0] <= 300 <= blind.high[0]
    assert 0.93 <= hits / SIMULATIONS <= 0.97
    assert alone / SIMULATIONS < 0.8  # what it would be if runs did not count


def test_edges():
    nothing = quantiles([], [])
    assert (nothing.n, nothing.clusters, nothing.runs, nothing.never) == (0, 0, 0, 0)
    assert np.isnan(nothing.points).all()
    single = quantiles([5.0, 7.0], ["a", "a"], (0.5,))
    assert single.points.tolist() == [6.0]
    assert np.isnan(single.low).all()
    same = quantiles([5.0] * 9, range(9), (0.5,))
    assert (same.low[0], same.high[0]) == (5, 5)
    with pytest.raises(ValueError, match="2 samples, but 1 cluster"):
        quantiles([1, 2], ["a"])
    with pytest.raises(ValueError, match="2 samples, but 1 run"):
        quantiles([1, 2], ["a", "b"], runs=[1])


def test_student():
    # Tables of the distribution, two-sided 95 %.
    known = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 10: 2.228, 30: 2.042, 1000: 1.962}
    for degrees, value in known.items():
        assert student(0.95, degrees) == pytest.approx(value, rel=2e-3)
    assert student(0.99, 10) == pytest.approx(3.169, rel=2e-3)


def test_ratio_pools():
    found = ratio([0, 1, 2, 3, 4], [10] * 5)
    # By hand: rest (-2 -1 0 1 2) / 0.8, lump 12.5 / 10, t of four degrees 2.7764, h 0.09636.
    assert found == pytest.approx((0.2, 0.07766, 0.51505), rel=1e-3)
    # The long tail is to the right: the interval is longer there, by hand and by Johnson.
    assert ratio([0, 0, 0, 0, 10], [10] * 5).high > 2 > ratio([2] * 5, [10] * 5).high > 0.2
    # Nothing was seen: t^2 / 10 of ten utterances, t of nine degrees 2.2622.
    assert ratio([0] * 10, [7] * 10) == pytest.approx((0, 0, 0.51174), rel=1e-3)
    for few in (1, 4):
        alone = ratio([5] * few, [2] * few)
        assert alone.value == 2.5
        assert math.isnan(alone.low)
        assert math.isnan(alone.high)
    with pytest.raises(ValueError, match="something to count by"):
        ratio([0], [0])
    with pytest.raises(ValueError, match="1 counts, but 2"):
        ratio([0], [1, 2])


def test_share_lies_between_nothing_and_all():
    # By hand: effect 10 / 9, t of nine degrees 2.2622, h 0.5686.
    found = share([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [1] * 10)
    assert found == pytest.approx((0.3, 0.08723, 0.65777), rel=1e-3)
    none, all_ = share([0] * 10, [6] * 10), share([6] * 10, [6] * 10)
    assert none == pytest.approx((0, 0, 0.33851), rel=1e-3)
    assert all_ == pytest.approx((1, 1 - 0.33851, 1), rel=1e-3)
    assert math.isnan(share([0] * 4, [1] * 4).high)
    with pytest.raises(ValueError, match="use ratio"):
        share([3, 1], [2, 2])
    with pytest.raises(ValueError, match="something to count by"):
        share([], [])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=5, max_size=20))
def test_a_part_and_what_is_left_have_intervals_that_mirror_each_other(counts):
    part, whole = (np.array(column) for column in zip(*counts, strict=True))
    part = np.minimum(part, whole)
    found, left = share(part, whole), share(whole - part, whole)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (1 - left.high, 1 - left.low) == pytest.approx((found.low, found.high))
    assert found.high - found.low > 0.02
    counted = ratio(part, whole)
    assert 0 <= counted.low <= counted.value < counted.high


def test_people_are_not_shown_infinite_numbers():
    ends = [math.nan, -math.inf, 5.0, math.inf]
    said = {(low, high): span(low, high, "{:.0f}".format) for low in ends[1:] for high in ends[1:]}
    assert said[5.0, 5.0] == "5 to 5"
    assert said[-math.inf, 5.0] == "less than 5"
    assert said[5.0, math.inf] == "more than 5"
    assert said[-math.inf, math.inf] == "no bounds"
    assert span(math.inf, math.inf, lambda _: "never") == "never"
    assert span(math.nan, math.nan, str) == "no interval"


def test_ratio_covers_the_truth():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(SIMULATIONS):
        words = rng.integers(1, 13, 40)
        rate = rng.gamma(2, 0.1, 40)  # of each utterance; 0.2 on average
        found = ratio(rng.poisson(rate * words), words)
        hits += found.low <= 0.2 <= found.high
    assert 0.93 <= hits / SIMULATIONS <= 0.97
