"""What is wrong by utterance: by hand, and its sum is what the tables of a run say."""

import math

import pandas as pd
import pytest

from gladia_nb.metrics import stability_summary, word_errors
from gladia_nb.metrics.error_counts import (
    ERROR_COUNTS,
    erasure_counts,
    pooled_rate,
    word_error_counts,
)
from tests.support.make_runs import make_run, reference, rich_run, transcript, utterance, words
from tests.support.references import with_segments, with_text

SPOKEN = words("one two three four five six", 0.5)


def rows_of(counts):
    return list(counts[["channel", "utterance_id", "wrong", "of"]].itertuples(index=False))


def test_each_wrong_word_is_of_the_utterance_in_which_it_fell():
    """One and four are missing, three is another, and "so" is new."""
    first = [SPOKEN[1], ("tree", *SPOKEN[2][1:])]
    second = [*SPOKEN[4:], ("so", 3.0, 3.2)]
    heard = utterance(first, "a") + utterance(second, "b")
    run = make_run(sorted(heard), duration_s=5.0, reference=reference(SPOKEN))
    # What is missing belongs to what was heard last; before that nothing was.
    assert rows_of(word_error_counts(run)) == [(0, "", 1, 1), (0, "a", 2, 3), (0, "b", 1, 2)]
    assert pooled_rate(word_error_counts(run)) == pytest.approx(4 / 6)


def test_words_that_are_taken_back():
    arrivals = [
        transcript(1.0, words("one too", 0.2), "a"),
        transcript(1.2, words("one two three", 0.2), "a"),
        transcript(1.4, words("one two", 0.2), "a", final=True),
        transcript(2.0, words("four", 1.5), "b"),
        transcript(2.2, [], "b", final=True),
    ]
    run = make_run(arrivals, duration_s=5.0)
    # An utterance that ended in nothing has taken back a word, and is counted by none.
    assert rows_of(erasure_counts(run)) == [(0, "a", 2, 2), (0, "b", 1, 0)]
    assert pooled_rate(erasure_counts(run)) == 1.5


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_are_those_of_the_tables(seed):
    run = rich_run(seed)
    table = word_errors(run).iloc[-1]
    counts = word_error_counts(run)
    assert counts["of"].sum() == table["reference_words"]
    assert pooled_rate(counts) == pytest.approx(table["wer"])
    told = stability_summary(run).set_index(["text", "measure"])["value"]
    known = told["normalised", "normalised_erasure"]
    assert pooled_rate(erasure_counts(run)) == pytest.approx(known)


def test_channels_are_apart():
    known = reference(SPOKEN[:3]) + reference(SPOKEN[3:], channel=1)
    run = make_run(utterance(SPOKEN[:3], "a"), channels=2, duration_s=5.0, reference=known)
    assert rows_of(word_error_counts(run)) == [(0, "a", 0, 3), (1, "", 3, 3)]


def test_any_reference_tells_errors_and_none_tells_none():
    bare = make_run(utterance(SPOKEN), duration_s=5.0)
    text = " ".join(word for word, *_ in SPOKEN)
    for known in (with_text(bare, f"zero {text}"), with_segments(bare, (f"zero {text}", 0.4, 3.0))):
        assert pooled_rate(word_error_counts(known)) == pytest.approx(1 / 7)
    nothing = word_error_counts(bare)
    assert list(nothing) == list(ERROR_COUNTS)
    assert len(nothing) == 0
    assert math.isnan(pooled_rate(nothing))
    # A part of a text: nobody knows which of its words were sent.
    stopped = make_run(utterance(SPOKEN[:2]), duration_s=5.0, sent_s=2.0)
    assert len(word_error_counts(with_text(stopped, text))) == 0
    both = pd.concat([word_error_counts(with_text(bare, "one")), nothing])
    assert pooled_rate(both) == 5
