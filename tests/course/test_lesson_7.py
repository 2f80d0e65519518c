import math
from types import SimpleNamespace

import pandas as pd
import pytest

from gladia_nb.course.lesson_7 import MEASURE
from gladia_nb.course.worlds import make_world

from .conftest import SEED
from .judged import passes, says


@pytest.fixture(scope="module")
def world():
    return make_world(7, SEED)


def effects(finding, difference=40.0, low=20.0, high=60.0):
    row = {"measure": MEASURE, "arm": "B", "finding": finding, "difference": difference}
    return pd.DataFrame(
        [
            {**row, "arm": "baseline again"},
            {**row, "low": low, "high": high, "noise": 7.0, "noise_low": -9.0, "noise_high": 23.0},
        ]
    )


def test_how_many_sessions(world):
    design = SimpleNamespace(items=[None] * 8, arms=["A", "B"])
    study = SimpleNamespace(design=design, plan=lambda: SimpleNamespace(cells=24))
    assert passes("7a", 24, world, study)
    assert "forgot A again" in says("7a", 16, world, study)
    assert "the recordings" in says("7a", 8, world, study)


def test_what_a_differs_from_itself(world):
    table = effects("higher")
    assert passes("7b", 7, world, table)
    assert "B against A" in says("7b", 40, world, table)
    assert "end of its interval" in says("7b", 23, world, table)


@pytest.mark.parametrize(
    ("finding", "right", "difference", "low", "high"),
    [
        ("higher", "slower", 40, 20, 60),
        ("lower", "faster", -40, -60, -20),
        ("undecided", "cannot tell", 10, -20, 40),
        ("undecided", "cannot tell", -10, -40, 20),
        ("equivalent", "cannot tell", 1, -2, 4),
    ],
)
def test_the_verdict_is_that_of_the_interval(world, finding, right, difference, low, high):
    table = effects(finding, difference, low, high)
    assert passes("7c", right, world, table)
    for other in {"slower", "faster", "cannot tell"} - {right}:
        assert says("7c", other, world, table)
    assert "Hand in one of" in says("7c", True, world, table)


def test_recordings_are_the_witnesses(world):
    words = world.table["difference_ms"]
    units = world.table.groupby("recording")["difference_ms"].mean()
    assert passes("7d", units.std() / math.sqrt(12), world)
    for value, said in (
        (words.std() / math.sqrt(len(words)), "share their fate"),
        (units.std(), "is the spread"),
        (units.std() / math.sqrt(len(words)), "there are 12 recordings"),
        (units.std() / 12, "square root"),
        (units.std(ddof=0) / math.sqrt(12), ".std()"),
    ):
        assert said in says("7d", value, world)


def test_how_many_it_takes(world):
    spread = world.table.groupby("recording")["difference_ms"].mean().std()
    right = math.ceil((1.96 * spread / 20) ** 2)
    assert passes("7e", right, world)
    assert "square is missing" in says("7e", math.ceil(1.96 * spread / 20), world)
    assert says("7e", math.ceil((spread / 20) ** 2), world)
