"""The drawn bootstrap: by hand, its seed, its two levels, and beside the closed form."""

import numpy as np
import pytest

from gladia_nb.metrics.base.intervals import quantiles
from gladia_nb.metrics.base.resampling import bootstrap


def test_by_hand():
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
