"""What each update did to the tokens of an utterance, by hand and by laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.changes import UPDATES, liveliest, updates
from tests.support.make_runs import make_run, transcript, words

ID = "00_00000000"


def shown(*texts, final=None):
    """A run of one utterance with these partials, and a final."""
    arrivals = [transcript(1.0 + 0.2 * k, words(text), ID) for k, text in enumerate(texts)]
    if final is not None:
        arrivals.append(transcript(1.0 + 0.2 * len(texts), words(final), ID, final=True))
    return make_run(arrivals, duration_s=6.0)


def changes(run, **options):
    table = updates(run, ID, **options)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(UPDATES)
    return [(row.update, row.word, row.change, row.age) for row in table.itertuples(index=False)]


def test_by_hand():
    assert changes(shown("a", "a b", "a c", final="a c d")) == [
        (0, "a", "new", 0),
        (1, "a", "kept", 1),
        (1, "b", "new", 0),
        (2, "a", "kept", 2),
        (2, "c", "replaced", 0),
        (3, "a", "kept", 3),
        (3, "c", "kept", 1),
        (3, "d", "new", 0),
    ]


def test_a_word_in_front_leaves_the_others_kept():
    assert changes(shown("b c", "a b c"))[2:] == [
        (1, "a", "new", 0),
        (1, "b", "kept", 1),
        (1, "c", "kept", 1),
    ]


def test_what_is_taken_away():
    assert changes(shown("a b", "a"))[2:] == [(1, "b", "removed", 0), (1, "a", "kept", 1)]


def test_case_and_punctuation_count_only_when_asked_for():
    run = shown("hello there", final="Hello, there.")
    assert [c for _, _, c, _ in changes(run)][2:] == ["kept", "kept"]
    assert [c for _, _, c, _ in changes(run, normaliser="raw")][2:] == ["replaced", "replaced"]


def test_the_liveliest():
    calm = [transcript(1.0 + k, words("a b c"), "calm") for k in range(4)]
    lively = [transcript(1.0, words("x"), "lively"), transcript(2.0, words("y"), "lively")]
    assert liveliest(make_run(calm + lively)) == (0, "lively")
    assert liveliest(make_run(calm)) == (0, "calm")
    assert liveliest(make_run()) is None


def test_an_utterance_that_is_not_there():
    with pytest.raises(ConfigError, match="no utterance 'x' with words in channel 0"):
        updates(shown("a"), "x")


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), min_size=1, max_size=6))
def test_nothing_comes_from_nowhere(texts):
    table = updates(shown(*[" ".join(text) for text in texts]), ID)
    for number, text in enumerate(texts):
        rows = table[(table["update"] == number) & (table["change"] != "removed")]
        assert rows["word"].tolist() == text
        if number:
            gone = (table["update"] == number) & (table["change"] == "removed")
            before = len(texts[number - 1])
            added = (rows["change"] == "new").sum()
            assert before + added - gone.sum() == len(text)
    assert (table["age"] <= table["update"]).all()
    assert (table.loc[table["change"].isin(["new", "replaced"]), "age"] == 0).all()
