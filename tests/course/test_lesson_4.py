import math

import pandas as pd
import pytest

from gladia_nb.course.lesson_4 import FAULTS
from gladia_nb.course.worlds import make_world

from .conftest import SEED
from .judged import passes, says


@pytest.fixture(scope="module")
def world():
    return make_world(4, SEED)


def test_the_five_faults(world):
    assert passes("4a", FAULTS, world)
    assert passes("4a", {k.lower(): f" {v.title()}" for k, v in FAULTS.items()}, world)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"B": "busy kernel", "C": "stamp after work"}, "the other way round"),
        ({"A": "clamping"}, "4 of 5 are right. A has another fault."),
        ({"A": "survivors only"}, "what never came is thrown away"),
        ({"D": "survivors only", "E": "clamping"}, "3 of 5 are right. D"),
        ({"E": "clamping"}, "negative values into zero"),
        ({"A": ...}, "Nothing is said yet about A"),
        ({"A": "bad luck"}, "'bad luck' is none of"),
    ],
)
def test_what_is_wrong_with_a_diagnosis(world, change, said):
    assert said in says("4a", {**FAULTS, **change}, world)
    assert "a dict" in says("4a", "sleep drift", world)


def test_the_drift(world):
    left = [0.025 * (k + 1) for k in range(100)]  # due every 0.02 s
    assert passes("4b", 500, world, left)
    for value, said in (
        (2500, "When should it have left"),
        (520, "One chunk too few"),
        (5, "each chunk adds"),
        (-500, "turn it round"),
        (0.5, "a thousand times too small"),
    ):
        assert said in says("4b", value, world, left)
    assert "run stopwatch A first" in says("4b", 500, world, [])


def test_the_median_with_what_never_came(world):
    waits = [0.1, 0.2, 0.3, math.nan, math.nan]
    table = pd.DataFrame({"spoken_s": range(5), "shown_s": [k + w for k, w in enumerate(waits)]})
    assert passes("4c", 300, world, table)
    assert "NaN" in says("4c", 200, world, table)
    assert "fastest of all" in says("4c", 100, world, table)


def test_when_a_chunk_is_due(world):
    assert passes("4d", lambda k: (k + 1) * 0.02, world)
    for function, said in (
        (lambda k: k * 0.02, "hides a whole chunk"),
        (lambda k: 0.02, "how long a chunk is"),
        (lambda k: (k + 1) * 20, "milliseconds"),
        (lambda k: k, "chunk 9 at 0.2 s"),
        (lambda k: ..., "return a number"),
        (0.02, "without brackets"),
    ):
        assert said in says("4d", function, world)
