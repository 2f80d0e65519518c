"""Intervals hold as often as they say, and nothing is found where there is nothing: a part of it.

`python benchmarks/coverage.py` prints the whole, of many more simulations.
"""

import math

import pytest

from benchmarks.coverage import (
    POPULATIONS,
    Pairing,
    alarms,
    of_quantile,
    of_ratio,
    of_share,
)
from gladia_nb.metrics.base.intervals import share

#: Seeds are fixed: so many that what is too narrow shows, and a test takes a second.
FEW = {"simulations": 300, "seed": 4}


@pytest.mark.parametrize("name", POPULATIONS)
def test_intervals_of_quantiles_hold(name):
    found = [of_quantile(name, clusters, 0.5, **FEW) for clusters in (5, 10)]
    assert min(one.held for one in found) >= 93
    assert of_quantile(name, 30, 0.9, **FEW).held >= 92.5
    few = of_quantile(name, 14, 0.9, simulations=5, seed=4)
    assert few.withheld == 100
    assert math.isnan(few.held)


@pytest.mark.parametrize("words", [1, 12])
def test_intervals_of_shares_hold(words):
    found = [
        of_share(rate, 0.3, words, clusters, of=share, **FEW)
        for rate in (0.02, 0.5, 0.95)
        for clusters in (5, 10)
    ]
    assert min(one.held for one in found) >= 93


@pytest.mark.parametrize("kind", ["gamma", "all or nothing", "geometric"])
def test_intervals_of_ratios_hold(kind):
    found = [of_ratio(kind, rate, 10, **FEW) for rate in (0.02, 0.2, 1.5)]
    assert min(one.held for one in found) >= 91


def test_a_kind_compared_with_itself_does_not_differ():
    cases = [
        Pairing(3),
        Pairing(3, 33.0, never=0.1),
        Pairing(5, 200.0),
        Pairing(3, 33.0, by_run=True),
        Pairing(5, 33.0, by_run=True),
        Pairing(6, 33.0, recordings=3, own=60.0),
    ]
    found = [alarms(case, simulations=200, seed=seed) for seed, case in enumerate(cases)]
    assert {one.kinds for one in found} == {100}
    assert sum(one.alarms for one in found) / len(found) <= 6
    assert max(one.alarms for one in found) <= 9


def test_one_pair_of_runs_is_about_its_two_sessions():
    found = alarms(Pairing(1, 33.0), simulations=200, seed=2)
    assert (found.kinds, found.runs) == (0, 100)
    assert found.held >= 92
    # Read as one about the kinds, it would find what is not there.
    assert found.read_wrongly > 20
    by_run = alarms(Pairing(2, 33.0, by_run=True), simulations=20, seed=2)
    assert (by_run.kinds, by_run.runs) == (0, 0)
