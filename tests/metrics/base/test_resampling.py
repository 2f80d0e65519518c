"""The band of a distribution function: by hand, by laws, and by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.resampling import ecdf_band
from gladia_nb.metrics.summaries import ecdf


def test_by_hand():
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
def test_laws(samples, shift):
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
