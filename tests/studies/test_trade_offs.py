import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.studies.trade_offs import PARETO, frontier

NUMBERS = st.floats(0, 100)


def test_by_hand():
    table = frontier(
        {
            "fast": [(0, 100.0, 0.30)],
            "right": [(0, 300.0, 0.10)],
            "neither": [(0, 320.0, 0.20)],
            "same": [(0, 100.0, 0.30)],
        }
    ).set_index("arm")
    assert list(frontier({"a": [(0, 1.0, 1.0)]}).columns) == list(PARETO)
    assert table["beaten_by"].fillna("").to_dict() == {
        "fast": "",
        "right": "",
        "neither": "right",
        "same": "",
    }
    # One run each: nothing is sure.
    assert not table.loc["neither", "surely"]
    assert math.isnan(table.loc["fast", "x_low"])


def test_surely_takes_intervals_that_do_not_overlap():
    def around(x, y):
        return [(k, x + k, y + 0.01 * k) for k in range(3)]

    table = frontier({"good": around(100, 0.1), "bad": around(200, 0.5)}).set_index("arm")
    assert table.loc["bad", "beaten_by"] == "good"
    assert table.loc["bad", "surely"]
    near = frontier({"good": around(100, 0.1), "bad": around(101, 0.11)}).set_index("arm")
    assert near.loc["bad", "beaten_by"] == "good"
    assert not near.loc["bad", "surely"]


def test_a_recording_counts_once():
    repeated = [(item, 10.0 * item + k, 1.0) for item in range(3) for k in (-1, 1)]
    once = [(item, 10.0 * item, 1.0) for item in range(3)]
    found = frontier({"repeated": repeated, "once": once})
    assert found["x"].tolist() == [10, 10]
    assert found["x_high"][0] == pytest.approx(found["x_high"][1])
    assert found["blocks"].tolist() == [6, 3]


@given(st.dictionaries(st.text(max_size=3), st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6))
def test_some_arm_is_never_beaten_and_winners_beat(points):
    table = frontier({arm: [(0, x, y)] for arm, (x, y) in points.items()}).set_index("arm")
    assert table["beaten_by"].isna().any()
    for arm, row in table.iterrows():
        if isinstance(row["beaten_by"], str):
            (x, y), (better_x, better_y) = points[arm], points[row["beaten_by"]]
            assert better_x <= x
            assert better_y <= y
            assert (better_x, better_y) != (x, y)


def test_nothing_to_compare():
    with pytest.raises(ConfigError, match="No arm has both numbers"):
        frontier({"a": [], "b": []})
