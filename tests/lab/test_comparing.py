"""Runs beside each other: a letter each, what differs, and whether their words can be paired."""

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.lab.comparing import LETTERS, beside, difference
from gladia_nb.lab.views import Look
from tests.support.make_runs import make_run, rich_run, utterance, words


def test_a_column_a_run_and_what_differs():
    runs = [rich_run(7), rich_run(8), rich_run(7, with_reference=False)]
    found = beside(runs)
    assert found["table"]["columns"] == ["What", "A", "B", "C"]
    rows = found["table"]["rows"]
    assert found["differs"] == [len({*row[1:]}) > 1 for row in rows]
    assert True in found["differs"]
    assert False in found["differs"]
    assert found["paired"][1].startswith("word by word where their texts are the same")


def test_the_same_run_is_paired_with_itself_and_does_not_differ():
    run = rich_run()
    found = beside([run, run])
    assert found["paired"] == ["word by word"]
    assert True not in found["differs"]


@pytest.mark.parametrize(("count", "words"), [(1, "two runs or more"), (9, "8 runs at most")])
def test_how_many(count, words):
    with pytest.raises(ConfigError, match=words):
        beside([rich_run()] * count)
    assert len(LETTERS) == 8


def test_what_is_said_of_the_picture():
    run, other = rich_run(), make_run(utterance(words("of another sound")))
    _, text = difference(run, run, Look())
    assert "word by word" in text
    data, text = difference(run, other, Look(width=500, scale=1))
    assert data.startswith(b"\x89PNG")
    assert "medians of the whole runs" in text
    assert "word by word" not in text
    _, text = difference(run, rich_run(8, with_reference=False), Look(width=500, scale=1))
    assert "word by word where their texts are the same" in text
