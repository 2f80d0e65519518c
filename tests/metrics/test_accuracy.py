"""Word errors, counted by hand."""

import math
import sys

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    WORD_ALIGNMENT,
    WORD_ERRORS,
    word_alignment,
    word_errors,
)
from gladia_nb.metrics.base import text
from tests.support.make_runs import make_run, reference, transcript, words

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


# -- which word --


def test_word_alignment():
    heard = words("Hello, it's very, very - nice!", 0.5)
    known = words("hello it is very nice now", 0.4)
    run = make_run([transcript(4.0, heard, final=True)], reference=reference(known))
    table = word_alignment(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(WORD_ALIGNMENT)
    assert table["op"].tolist() == [
        "equal",
        "substitute",
        "substitute",
        "equal",
        "equal",
        "delete",
    ]
    assert table["reference"].tolist() == "hello it is very nice now".split()
    assert table["transcript"].fillna("").tolist() == [
        "Hello,",
        "it's",
        "very,",
        "very",
        "nice!",
        "",
    ]
    assert table["position"].tolist()[:5] == [0, 1, 2, 3, 5]
    assert table["reference_start_s"].tolist() == pytest.approx([w[1] for w in known])
    assert table["transcript_end_s"].tolist()[:2] == [heard[0][2], heard[1][2]]
    assert math.isnan(table["transcript_start_s"].iloc[-1])
    assert table["utterance_id"].isna().tolist() == [False] * 5 + [True]


def test_word_alignment_of_one_side_only():
    run = make_run([transcript(3.0, SAID, final=True)], reference=reference(SAID, channel=1))
    table = word_alignment(run)
    assert table["op"].tolist() == ["insert"] * 5 + ["delete"] * 5
    assert table["channel"].tolist() == [0] * 5 + [1] * 5
    with pytest.raises(ConfigError, match="no reference words"):
        word_alignment(make_run())


def test_a_second_final_and_the_order_of_arrival_do_not_matter():
    arrivals = [
        transcript(3.0, SAID[2:], "1", final=True),
        transcript(3.1, SAID[:2], "0", final=True),
        transcript(3.2, words("nonsense"), "0", final=True),
    ]
    run = make_run(arrivals, reference=reference(SAID))
    assert word_alignment(run)["op"].tolist() == ["equal"] * 5


@given(
    st.lists(st.sampled_from("the a cat sat on".split()), max_size=12),
    st.lists(st.sampled_from("the a cat sat on".split()), min_size=1, max_size=12),
)
def test_alignment_and_rates_agree(heard, spoken):
    arrivals = [transcript(9.0, words(" ".join(heard)), final=True)] if heard else []
    run = make_run(arrivals, reference=reference(words(" ".join(spoken))), duration_s=9)
    ops = word_alignment(run)["op"].value_counts()
    row = word_errors(run).iloc[-1]
    for op, name in (
        ("substitute", "substitutions"),
        ("delete", "deletions"),
        ("insert", "insertions"),
    ):
        assert ops.get(op, 0) == row[name]
    signs = jiwer.process_characters(" ".join(spoken), " ".join(heard))
    wrong = signs.substitutions + signs.deletions + signs.insertions
    assert row["cer"] == pytest.approx(wrong / len(" ".join(spoken)))


def test_same_rate_as_meeteval():
    """By meeteval 0.4.3 (siso_word_error_rate): 8 errors in 15 words, 4, 1 and 3 of a kind."""
    spoken = "good morning mister o'neil it's six o'clock and the the cat sat on a mat"
    heard = "good mourning mister oneil its six clock and the cat the sat on on a mat today"
    row = errors(words(heard, 0.5), reference(words(spoken, 0.5)), duration_s=9)
    assert row["wer"] == pytest.approx(8 / 15)
    assert row["substitutions"] + row["deletions"] + row["insertions"] == 8


# -- normalisers --


def test_normalisers():
    run = make_run(
        [transcript(3.0, words("It is thirty six colours.", 0.5), final=True)],
        reference=reference(words("it's 36 colors", 0.5)),
    )
    assert word_errors(run, normaliser="raw")["wer"].iloc[-1] == pytest.approx(5 / 3)
    # "36" is "thirty six": of four tokens "it is" for "it's" and the spelling of colours are wrong.
    assert word_errors(run, normaliser="basic")["wer"].iloc[-1] == pytest.approx(3 / 4)
    pytest.importorskip("whisper_normalizer", reason="the extra `whisper` is not installed")
    assert word_errors(run, normaliser="whisper")["wer"].iloc[-1] == 0
    with pytest.raises(ConfigError, match="no normaliser 'best'"):
        word_errors(run, normaliser="best")


def test_a_normaliser_that_is_not_installed_is_one_sentence(monkeypatch):
    text._whisper.cache_clear()
    monkeypatch.setitem(sys.modules, "whisper_normalizer.english", None)
    run = make_run(reference=reference(SAID))
    with pytest.raises(ConfigError, match=r'pip install "gladia-nb\[whisper\]"'):
        word_errors(run, normaliser="whisper")
