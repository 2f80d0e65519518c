"""Which silences lie within turns, and which turns none of them ended."""

import numpy as np
import pytest

from gladia_nb.metrics.base.spoken_turns import goes_on, not_ended
from gladia_nb.metrics.base.turn_spans import Piece

SPANS = [(0, 0.5, 2.0), (1, 0.7, 1.0), (0, 2.5, 4.0)]
TURNS = [Piece(channel, "", start_s, end_s, "") for channel, start_s, end_s in SPANS]


def test_a_silence_lies_in_a_turn_by_its_middle():
    end_s, next_s = np.array([1.0, 1.9, 2.0, 3.0, 4.0]), np.array([1.2, 2.05, 2.5, 9.0, np.nan])
    assert goes_on(TURNS, 0, end_s, next_s).tolist() == [0, 0, -1, -1, -1]
    assert goes_on(TURNS, 1, end_s[:1] - 0.2, next_s[:1] - 0.3).tolist() == [1]
    assert goes_on([], 0, end_s, next_s).tolist() == [-1] * 5
    assert goes_on(TURNS, 0, end_s[:0], next_s[:0]).tolist() == []


@pytest.mark.parametrize(
    ("silences", "expected"),
    [
        ([], 1),
        ([(1.0, 1.2)], 1),
        ([(1.0, 1.2), (1.98, 2.52)], 0),
        ([(2.02, 2.45)], 0),
        ([(3.0, 3.5)], 1),
        ([(4.0, np.nan)], 1),
    ],
)
def test_a_turn_is_missed_when_no_silence_behind_it_ended_anything(silences, expected):
    table = np.array(silences, dtype="float64").reshape(-1, 2)
    assert not_ended(TURNS, 0, table[:, 0], table[:, 1]) == expected
    # The last turn of a channel runs into nothing.
    assert not_ended(TURNS, 1, table[:, 0], table[:, 1]) == 0
