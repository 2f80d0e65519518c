"""Rows of many runs: texts are numbers until somebody asks for the table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.pooled_rows import NUMBERS, TEXTS, PooledRows, _small

RUNS = st.lists(
    st.lists(st.tuples(st.sampled_from(["a", "b", "é", "long " * 9]), st.floats(width=32))),
    max_size=5,
)


def put(table, rows):
    """A run whose texts are all the same, and whose numbers too."""
    texts, numbers = [text for text, _ in rows], np.array([number for _, number in rows])
    table.add(
        {
            **{name: table.places(name, texts) for name in TEXTS},
            **dict.fromkeys(NUMBERS, numbers),
            "channel": np.arange(len(rows), dtype="int32"),
            "reference": np.full(len(rows), np.nan),
        }
    )


@given(RUNS.filter(len))
def test_what_was_put_in_comes_out(runs):
    table = PooledRows()
    for rows in runs:
        put(table, rows)
    frame = table.frame()
    assert frame["_run"].tolist() == [k for k, rows in enumerate(runs) for _ in rows]
    assert frame["channel"].tolist() == [n for rows in runs for n in range(len(rows))]
    for name in TEXTS:
        assert frame[name].tolist() == [text for rows in runs for text, _ in rows]
    for name in NUMBERS:
        np.testing.assert_array_equal(frame[name], [n for rows in runs for _, n in rows])


def test_what_is_missing_has_no_text():
    table = PooledRows()
    places = np.append(table.places("name", ["x", "y"]), -1)
    part = {name: places if name == "name" else np.full(3, -1) for name in TEXTS}
    table.add({**part, "channel": np.zeros(3, dtype="int32")})
    assert table.frame()["name"].astype("object").where(lambda c: c.notna(), None).tolist() == [
        "x",
        "y",
        None,
    ]


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1))
def test_whole_numbers_stay_what_they_are(numbers):
    found = _small(np.array(numbers))
    assert found.tolist() == numbers
    most = max(*numbers, -1 - min(numbers))
    assert found.itemsize == next(size for size in (1, 2, 4, 8) if most < 2 ** (8 * size - 1))
