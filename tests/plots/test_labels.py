"""Names beside points: none covers another, or a point, wherever the points lie."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.text import Text

from gladia_nb.plots.labels import name_points
from tests.support.pictures import drawn


def named(points, names):
    _, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for point in points:
        ax.plot(*point, "o", ms=7)
    ax.margins(0.12)
    name_points(ax, points, names)
    return ax


def boxes(ax):
    return [Text.get_window_extent(text) for text in ax.texts]


PLACES = st.tuples(st.integers(0, 40), st.integers(0, 40))


@settings(max_examples=15, deadline=None)
@given(st.lists(PLACES, min_size=1, max_size=9), st.integers(1, 24))
def test_no_name_covers_another(points, letters):
    ax = named(points, ["endpointing=0.05, chunk_ms=50"[:letters]] * len(points))
    try:
        assert not any(a.overlaps(b) for a, b in combinations(boxes(ax), 2))
        marks = ax.transData.transform(points)
        assert not any(box.contains(*mark) for box in boxes(ax) for mark in marks)
    finally:
        plt.close(ax.figure)


def test_a_name_alone_stands_beside_its_point_without_a_line():
    ax = named([(1, 1)], ["fast"])
    (text,) = ax.texts
    assert (text.get_text(), text.get_ha(), text.arrow_patch.get_visible()) == (
        "fast",
        "left",
        False,
    )
    drawn(ax.figure)


def test_many_at_one_point_are_led_to_it():
    ax = named([(1, 1)] * 7, [f"arm {k}" for k in range(7)])
    assert sum(text.arrow_patch.get_visible() for text in ax.texts) >= 1
    drawn(ax.figure)


@pytest.mark.parametrize("name", ["$x^{$", "a\nb", "x" * 500, "\u4f60", ""])
def test_any_name_can_be_drawn(name):
    ax = named([(1, 1), (2, 2)], [name, name])
    assert all(len(text.get_text()) <= 41 for text in ax.texts)
    drawn(ax.figure)
