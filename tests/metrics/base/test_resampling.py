"""What is drawn: by hand, by laws and by simulation, and beside the closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.metrics.base.intervals import quantiles
from gladia_nb.metrics.base.resampling import bootstrap, ecdf_band
from gladia_nb.metrics.summaries import ecdf


def test_a_band_by_hand():
    # Two clusters: each draw has one of them twice (a quarter each), or both.
    low, high = ecdf_band([1, 1, 9, 9], list("aabb"), [0, 1, 8, 9])
    assert low.tolist() == [0, 0, 0, 1]
    assert high.tolist() == [0, 1, 1, 1]


def test_what_never_came_keeps_the_band_below_one():
    low, high = ecdf_band([1, np.nan, 1, np.inf], [0, 0, 1, 1], [5.0])
    assert (low[0], high[0]) == (0.5, 0.5)


def test_one_cluster_has_no_band():
    low, high = ecdf_band([1, 2], [0, 0], [1, 2])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_labels_must_fit():
    with pytest.raises(ValueError, match="2 samples, but 1 cluster labels"):
        ecdf_band([1, 2], [0], [1])


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 4)), min_size=2, max_size=40),
    st.integers(-1000, 1000),
)
def test_laws_of_the_band(samples, shift):
    values = np.array([value for value, _ in samples], dtype=float)
    groups = [group for _, group in samples]
    at, _ = ecdf(values)
    low, high = ecdf_band(values, groups, at, resamples=50)
    if len(set(groups)) < 2:
        return
    assert (low <= high).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()
    assert high[-1] == low[-1] == 1
    moved = ecdf_band(values + shift, groups, at + shift, resamples=50)
    assert np.array_equal(moved[0], low)
    assert np.array_equal(moved[1], high)


def test_it_covers_the_truth():
    rng = np.random.default_rng(5)
    hits = 0
    for seed in range(200):
        centres = rng.normal(300, 40, 30)
        values = rng.normal(np.repeat(centres, 8), 30)
        low, high = ecdf_band(values, np.repeat(np.arange(30), 8), [300.0], seed=seed)
        hits += low[0] <= 0.5 <= high[0]
    assert 0.90 <= hits / 200 <= 0.99


def test_an_interval_by_hand():
    # Draws of two clusters are {a,a}, {a,b}, {b,b}: nothing else can come.
    assert bootstrap([1, 1, 5, 5], list("aabb")) == (1.0, 5.0)
    assert bootstrap([7.0] * 6, range(6)) == (7.0, 7.0)


def test_its_seed_decides():
    rng = np.random.default_rng(1)
    values, labels = rng.normal(size=60), np.repeat(np.arange(20), 3)
    first = bootstrap(values, labels, seed=3)
    assert first == bootstrap(values, labels, seed=3)
    assert first != bootstrap(values, labels, seed=4)


def test_any_statistic():
    low, high = bootstrap([0, 0, 1, 1], range(4), statistic=np.mean)
    assert 0 <= low < 0.5 < high <= 1
    assert bootstrap([1, np.inf, np.inf], range(3)) == (1.0, np.inf)


def test_runs_are_drawn_as_wholes():
    # Within each run nothing varies, between them everything does.
    values, runs = np.repeat([1.0, 2.0, 3.0, 4.0], 25), np.repeat(np.arange(4), 25)
    clusters = np.tile(np.arange(25), 4)
    low, high = bootstrap(values, clusters, runs=runs, statistic=np.mean, resamples=400)
    assert high - low > 1.5
    alone = bootstrap(values, runs * 25 + clusters, statistic=np.mean, resamples=400)
    assert alone[1] - alone[0] < 0.6


def test_it_agrees_with_the_closed_form_where_clusters_are_many():
    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = np.repeat(np.arange(80), rng.integers(2, 9, 80))
        values = rng.normal(300 + 60 * rng.normal(size=80)[labels], 40)
        low, high = bootstrap(values, labels, seed=seed, resamples=300)
        closed = quantiles(values, labels, (0.5,))
        ratios.append((high - low) / (closed.high[0] - closed.low[0]))
    assert 0.9 < np.median(ratios) < 1.1


def test_what_cannot_be_drawn():
    assert np.isnan(bootstrap([1.0, 2.0], ["a", "a"])).all()
    with pytest.raises(ValueError, match="as many labels"):
        bootstrap([1.0], [])
    with pytest.raises(ValueError, match="as many labels"):
        bootstrap([], [])


SAMPLES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 4)), min_size=2, max_size=30)


@settings(max_examples=25)
@given(SAMPLES, st.integers(0, 9))
def test_laws_of_the_interval(samples, seed):
    values = np.array([value for value, _ in samples], dtype=float)
    groups = [group for _, group in samples]
    low, high = bootstrap(values, groups, seed=seed, resamples=30)
    if len(set(groups)) < 2:
        assert np.isnan([low, high]).all()
        return
    assert values.min() <= low <= high <= values.max()
    named = [f"utterance {group}" for group in groups]
    assert bootstrap(values, named, seed=seed, resamples=30) == (low, high)
    one = bootstrap(values, groups, runs=["same"] * len(values), seed=seed, resamples=30)
    assert one == (low, high)
    moved = bootstrap(values + 1000, groups, seed=seed, resamples=30)
    assert moved == (low + 1000, high + 1000)
    narrow = bootstrap(values, groups, seed=seed, resamples=30, level=0.5)
    assert low <= narrow[0] <= narrow[1] <= high
