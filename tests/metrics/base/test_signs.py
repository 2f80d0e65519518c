"""Differences as they are written: near the truth, and never a negative zero."""

import math

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.signs import signed


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3))
def test_differences_are_written_with_a_sign_and_no_negative_zero(numbers):
    number = signed(*numbers, math.inf, math.nan)
    for value in numbers:
        text = number(value)
        assert text[0] in "+-"
        assert text[0] == "+" or float(text) < 0
        assert abs(float(text) - value) <= 0.5
        assert ("." in text) == (round(max(map(abs, numbers)), 1) < 10)
