"""The words as arrays are those that `word_times` shows."""

import pytest
from hypothesis import given

from gladia_nb.metrics import word_times
from gladia_nb.metrics.base.choice import chosen
from gladia_nb.metrics.words_heard import heard_words
from tests.support.conversations import conversations
from tests.support.make_runs import make_run, rich_run


def same(run, normaliser):
    found = heard_words(run, chosen(run, normaliser))
    table = word_times(run, normaliser=normaliser)
    assert len(table) == len(found.word)
    ids = run.utterances["utterance_id"].tolist()
    assert table["utterance_id"].tolist() == [ids[k] for k in found.utterance]
    for name in ("position", "word", "start_s", "is_final", "final_s", "reformed"):
        pairs = zip(table[name].tolist(), getattr(found, name).tolist(), strict=True)
        assert all(a == b or (a != a and b != b) for a, b in pairs), name
    for name in ("reference", "place"):
        assert table[name].fillna(-1).tolist() == getattr(found, name).tolist()
    correct = table["correct"].astype(object).where(table["correct"].notna(), None)
    assert correct.tolist() == found.correct.tolist()


@pytest.mark.parametrize("normaliser", ["basic", "raw"])
@given(run=conversations())
def test_the_table_shows_the_arrays(run, normaliser):
    same(run, normaliser)


def test_with_a_reference_and_without_words():
    same(rich_run(), "basic")
    same(rich_run(with_reference=False), "basic")
    assert len(heard_words(make_run(), chosen(make_run(), "basic")).word) == 0


def test_they_are_made_once():
    run = rich_run()
    choice = chosen(run, "basic")
    assert heard_words(run, choice) is heard_words(run, choice)
