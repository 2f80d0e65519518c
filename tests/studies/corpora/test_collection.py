"""A corpus in memory."""

import math

import numpy as np
import pytest

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import Problem, Reference, Row
from gladia_nb.studies.corpora.collection import CORPUS, Corpus
from gladia_nb.studies.corpora.items import Item
from gladia_nb.studies.corpora.sounds import ArraySound

SOUND = ArraySound(Audio(np.zeros((4000, 1)), 8000))
WORDS = Reference((Row("hi", 0.1, 0.2),), "word", left_out=2)
TEXT = Reference((Row("good evening", None, None),), "text")
ITEMS = [Item("a", SOUND, WORDS, speaker="ann"), Item("b", SOUND, TEXT), Item("<c>", SOUND, TEXT)]
BROKEN = Problem("list", 3, "it has no <text>.")
WHOLE = Corpus(ITEMS, problems=[BROKEN], notes=["b stays whole."])


def test_it_is_a_sequence():
    assert len(WHOLE) == 3
    assert list(WHOLE) == ITEMS
    assert (WHOLE[0], WHOLE[-1], WHOLE["b"]) == (ITEMS[0], ITEMS[2], ITEMS[1])
    part = WHOLE[1:]
    assert isinstance(part, Corpus)
    assert list(part) == ITEMS[1:]
    assert (part.problems, part.notes) == (WHOLE.problems, WHOLE.notes)
    with pytest.raises(ConfigError, match=r"no item 'z' .* table\(\) lists all names"):
        WHOLE["z"]


def test_what_it_says_of_itself():
    assert repr(WHOLE) == "Corpus(3 items, 1 by word, 2 by text, 1 problem)"
    assert (WHOLE.granularity, Corpus(ITEMS[:1]).granularity) == ("text", "word")
    assert Corpus([]).granularity is None
    assert WHOLE.duration_s == 1.5


def test_the_table():
    table = WHOLE.table()
    assert dict(table.dtypes.astype(str)) == dict(CORPUS)
    row = table.iloc[0].to_dict()
    assert (row["name"], row["words"], row["left_out"], row["duration_s"]) == ("a", 1, 2, 0.5)
    assert math.isnan(row["end_s"])
    assert table["speaker"].isna().tolist() == [False, True, True]
    assert dict(Corpus([]).table().dtypes.astype(str)) == dict(CORPUS)


def test_its_page_escapes_what_is_foreign():
    page = WHOLE._repr_html_()
    assert "list, line 3: it has no &lt;text&gt;." in page
    assert "&lt;c&gt;" in page
    assert "<c>" not in page
    assert "b stays whole." in page


def test_its_page_shows_a_few_problems_and_counts_the_rest():
    page = Corpus(ITEMS, problems=[BROKEN] * 9)._repr_html_()
    assert page.count("line 3") == 5
    assert "4 more in problems" in page
