"""Word errors, counted by hand."""

import math

import pytest
from make_runs import make_run, reference, transcript, words

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import WORD_ERRORS, word_errors

SAID = words("hello it is very nice", 0.5)


def errors(heard, known, **options):
    arrivals = [transcript(3.0, heard, final=True)] if heard else []
    return word_errors(make_run(arrivals, reference=known, **options)).to_dict("records")[-1]


def test_counts():
    heard = words("Hello, it's very, very nice!", 0.5)
    row = errors(heard, reference(SAID))
    # it -> it's, is -> very
    assert row["channel"] == "all"
    assert (row["substitutions"], row["deletions"], row["insertions"]) == (2, 0, 0)
    assert (row["reference_words"], row["transcript_words"], row["wer"]) == (5, 5, 0.4)
    assert errors(SAID, reference(SAID))["wer"] == 0
    assert errors(SAID, reference(SAID))["cer"] == 0


def test_nothing_heard_is_legal():
    row = errors([], reference(SAID))
    assert (row["deletions"], row["wer"], row["cer"]) == (5, 1.0, 1.0)


def test_channels_are_pooled_by_words():
    arrivals = [
        transcript(3.0, words("a b c x"), "0", final=True),
        transcript(3.1, words("y"), "1", final=True, channel=1),
        transcript(3.2, words("z z"), "2", final=True, channel=2),
    ]
    known = reference(words("a b c d")) + reference(words("q"), channel=1)
    table = word_errors(make_run(arrivals, reference=known, channels=3))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(WORD_ERRORS)
    assert table["channel"].tolist() == ["0", "1", "2", "all"]
    assert table["wer"].tolist()[:2] == [0.25, 1.0]
    assert math.isnan(table["wer"][2])
    assert table["insertions"].tolist() == [0, 0, 2, 2]
    assert table["wer"][3] == pytest.approx(4 / 5)


def test_finals_are_joined_in_the_order_of_their_audio():
    arrivals = [
        transcript(3.0, SAID[2:], "1", final=True),
        transcript(3.1, SAID[:2], "0", final=True),
        transcript(1.0, words("nonsense"), "2"),
    ]
    assert word_errors(make_run(arrivals, reference=reference(SAID)))["wer"].tolist() == [0, 0]


def test_no_reference_is_one_sentence():
    with pytest.raises(ConfigError, match="no reference words"):
        word_errors(make_run())
