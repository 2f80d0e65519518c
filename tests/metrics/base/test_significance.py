import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.significance import holm, interval_of_mean, t_tails, two_sided_p


@pytest.mark.parametrize(
    ("degrees", "at_95"),
    # Two-sided 95 % points, as printed in every table of the distribution.
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (29, 2.045)],
)
def test_points_of_the_printed_tables(degrees, at_95):
    assert t_tails(at_95, degrees) == pytest.approx(0.05, abs=5e-5)
    values = np.concatenate([[-1.0] * degrees, [float(degrees)]])
    mean, low, high = interval_of_mean(values)
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert (mean - low) / error == pytest.approx(at_95, abs=1e-3)
    assert high - mean == pytest.approx(mean - low)


@given(st.floats(-50, 50), st.integers(1, 60))
def test_tails_are_a_probability_that_falls_with_the_distance(t, degrees):
    tail = t_tails(t, degrees)
    assert 0 <= tail <= 1
    assert t_tails(-t, degrees) == tail
    assert t_tails(abs(t) + 0.5, degrees) <= tail + 1e-12
    assert t_tails(0, degrees) == pytest.approx(1)


def test_values_that_do_not_vary():
    assert two_sided_p([2.0, 2.0, 2.0]) == 0
    assert two_sided_p([0.0, 0.0]) == 1
    assert math.isnan(two_sided_p([1.0]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_each_test_and_bonferroni(ps):
    found = holm(ps)
    for p, corrected in zip(ps, found, strict=True):
        assert p <= corrected <= min(1.0, len(ps) * p) + 1e-12
    order = np.argsort(ps, kind="stable")
    assert (np.diff(np.array(found)[order]) >= 0).all()


def test_holm_by_hand_and_without_a_test():
    # 0.01 x 4 = 0.04; 0.02 x 3 = 0.06; 0.03 x 2 = 0.06; 0.04 x 1 is not below the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    found = holm([0.01, math.nan])
    assert found[0] == 0.01
    assert math.isnan(found[1])
