"""What was on the screen in time: exact on made-up histories, and lawful at random."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import ERROR_DELAY, WER_AT, error_delay, wer_at, word_errors
from tests.support.make_runs import (
    as_live,
    make_run,
    reference,
    rich_run,
    transcript,
    utterance,
    words,
)

SAID = words("hello it is very nice", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4


def counts(run, *taus):
    names = ["correct", "substitutions", "deletions", "insertions"]
    return wer_at(run, taus)[names].to_numpy().tolist()


def test_constant_lag_is_a_step():
    run = make_run(utterance(SAID, partial_s=0.2), reference=reference(SAID))
    table = wer_at(run, (-0.1, 0.0, 0.199, 0.2, 1.0, math.inf))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(WER_AT)
    assert table["wer"].tolist() == [1, 1, 1, 0, 0, 0]
    assert table["reference_words"].tolist() == [5] * 6
    assert counts(run, 0.1, 0.3) == [[0, 0, 5, 0], [5, 0, 0, 0]]


def test_words_that_were_never_sent_are_left_out():
    whole = make_run(utterance(SAID, partial_s=0.2), reference=reference(SAID))
    assert wer_at(as_live(whole)).equals(wer_at(whole))
    # It was stopped after two of five words, which were all that came.
    arrivals = utterance(SAID[:2], partial_s=0.2)
    cut = as_live(make_run(arrivals, reference=reference(SAID), sent_s=1.2))
    assert counts(cut, 0.1, 0.3, math.inf) == [[0, 0, 2, 0], [2, 0, 0, 0], [2, 0, 0, 0]]
    shares = error_delay(cut, width_s=0.5, until_s=2)
    assert shares["correct"].tolist()[1:] == pytest.approx([1.0] * 3)
    # More than half of the third was sent, and its end was not.
    cut = as_live(make_run(arrivals, reference=reference(SAID), sent_s=1.5))
    assert counts(cut, 0.3, math.inf) == [[2, 0, 0, 0]] * 2


def test_a_word_that_is_corrected():
    """ "hallo" stands for "hello" from 0.1 s to 0.6 s after it was spoken."""
    wrong = [("hallo", 0.5, 0.8)]
    arrivals = [
        transcript(0.9, wrong),
        transcript(1.4, SAID[:2]),
        transcript(2.0, SAID[:2], final=True),
    ]
    run = make_run(arrivals, reference=reference(SAID[:2]))
    # "it" ended at 1.2 and came at 1.4.
    assert counts(run, 0.05, 0.1, 0.2, 0.6) == [
        [0, 0, 2, 0],
        [0, 1, 1, 0],
        [1, 1, 0, 0],
        [2, 0, 0, 0],
    ]
    table = error_delay(run, width_s=0.1, until_s=0.8)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(ERROR_DELAY)
    assert table["wrong"].tolist() == pytest.approx([0, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0], abs=1e-9)
    assert table["correct"].tolist() == pytest.approx([0, 0, *[0.5] * 4, 1, 1], abs=1e-9)
    assert table["not_yet"].tolist() == pytest.approx([1, 0.5, *[0] * 6], abs=1e-9)
    wide = error_delay(run, width_s=0.8, until_s=0.8).iloc[0]
    assert wide["wrong"] == pytest.approx(0.5 * 5 / 8)


def test_a_change_for_the_worse():
    arrivals = [transcript(1.0, SAID[:1]), transcript(1.5, [("jello", 0.5, 0.8)], final=True)]
    run = make_run(arrivals, reference=reference(SAID[:1]))
    assert wer_at(run, (0.1, 0.2, 0.7))["wer"].tolist() == [1, 0, 1]


def test_insertions_belong_to_the_word_that_they_follow():
    shown = [SAID[0], ("um", 0.8, 0.9), ("er", 0.9, 1.0), SAID[1]]
    run = make_run([transcript(1.5, shown, final=True)], reference=reference(SAID[:2]))
    # "hello" at 0.8 sees both from 0.7 s on; "it" at 1.2 is there from 0.3 s on.
    assert counts(run, 0.2, 0.3, 0.7) == [[0, 0, 2, 0], [1, 0, 1, 0], [2, 0, 0, 2]]
    before = make_run(
        [transcript(1.5, [("um", 0.4, 0.5), *SAID[:2]], final=True)], reference=reference(SAID[:2])
    )
    assert counts(before, 0.3, 0.7) == [[1, 0, 1, 0], [2, 0, 0, 1]]


def test_an_utterance_out_of_nothing_counts_from_its_end():
    noise = words("thank you", 5.0)  # ends at 5.7
    arrivals = [
        *utterance(SAID, partial_s=0.2),
        transcript(5.8, noise[:1], "1"),
        transcript(6.0, noise, "1", final=True),
    ]
    run = make_run(arrivals, duration_s=8, reference=reference(SAID))
    assert counts(run, 0.0, 0.2, 0.3, math.inf) == [
        [0, 0, 5, 0],
        [5, 0, 0, 1],
        [5, 0, 0, 2],
        [5, 0, 0, 2],
    ]
    assert wer_at(run, [math.inf])["wer"].tolist() == [2 / 5]


def test_what_nobody_heard_is_a_deletion_at_every_deadline():
    run = make_run(reference=reference(SAID))
    assert wer_at(run, (0, math.inf))["wer"].tolist() == [1, 1]
    assert counts(run, math.inf) == [[0, 0, 5, 0]]
    assert error_delay(run)["not_yet"].tolist() == [1.0] * 50
    other = make_run(
        [transcript(1, SAID, final=True, channel=1)], channels=2, reference=reference(SAID)
    )
    assert counts(other, math.inf) == [[0, 0, 5, 5]]


def test_partials_that_were_never_final_stay_on_the_screen():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=None), reference=reference(SAID))
    assert wer_at(run, [math.inf])["wer"].tolist() == [0]
    assert word_errors(run)["wer"].iloc[-1] == 1


def test_speed_divides_the_capture_clock():
    run = make_run([transcript(1.0, SAID[:1], final=True)], reference=reference(SAID[:1]), speed=2)
    assert wer_at(run, (0.59, 0.6))["wer"].tolist() == [1, 0]


def test_utterances_without_times_come_last_and_count_from_their_arrival():
    nan = math.nan
    arrivals = [
        transcript(1.0, [("um", nan, nan)], "0", span=(nan, nan), final=True),
        transcript(1.5, SAID[:1], "1", final=True),
    ]
    run = make_run(arrivals, reference=reference(SAID[:1]))
    assert counts(run, -0.1, 0.0, 0.7) == [[0, 0, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]]


def test_bad_input_is_one_sentence():
    good = make_run(reference=reference(SAID))
    for function in (wer_at, error_delay):
        with pytest.raises(ConfigError, match="no reference words"):
            function(make_run())
        with pytest.raises(ConfigError, match="no word with a letter"):
            function(make_run(reference=reference([("-", 0.5, 0.6)])))
    with pytest.raises(ConfigError, match="NaN"):
        wer_at(good, [math.nan])
    with pytest.raises(ConfigError, match="must be positive"):
        error_delay(good, width_s=0)


def test_the_end_is_the_word_error_rate_of_the_finals():
    run = rich_run()
    # One utterance of it has no final; the screen keeps its last partial.
    finals = run.utterances[run.utterances["is_final"]]
    assert len(finals) == len(run.utterances) - 1
    curve = wer_at(run)
    assert curve["wer"].iloc[0] > 0.9
    assert curve["wer"].iloc[-1] <= word_errors(run)["wer"].iloc[-1]


@st.composite
def conversations(draw):
    said = [words(" ".join(text), 0.5 + 5 * k) for k, text in enumerate(draw(_TEXTS))]
    arrivals = []
    for k, spoken in enumerate(said):
        at = spoken[0][1]
        for final in (False, False, True):
            at += draw(st.floats(0.01, 1.5))
            heard = [
                (draw(st.sampled_from([word, word, "x"])), begin, end)
                for word, begin, end in spoken
                if draw(st.booleans())
            ]
            heard = [*heard, *([("extra", 1.0, 1.1)] if draw(st.booleans()) else [])]
            span = (spoken[0][1], spoken[-1][2])
            arrivals.append(transcript(at, heard, str(k), final=final, span=span))
    known = [word for spoken in said for word in spoken]
    return make_run(arrivals, duration_s=20, reference=reference(known), ack_ms=None)


_TEXTS = st.lists(
    st.lists(st.sampled_from("the a cat sat".split()), min_size=1, max_size=5),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60)
@given(conversations())
def test_laws(run):
    table = wer_at(run, [-1.0, 0.0, 0.3, 1.0, 3.0, math.inf])
    total = table["correct"] + table["substitutions"] + table["deletions"]
    assert (total == table["reference_words"]).all()
    assert (table[["correct", "substitutions", "deletions", "insertions"]] >= 0).all(axis=None)
    last, known = table.iloc[-1], word_errors(run).iloc[-1]
    assert last["wer"] == pytest.approx(known["wer"])
    bins = error_delay(run, width_s=0.25, until_s=6)
    shares = bins[["correct", "wrong", "not_yet"]]
    assert np.allclose(shares.sum(axis=1), 1)
    assert (shares > -1e-9).all(axis=None)
    # The average over all bins is what many moments say.
    fine = wer_at(run, (np.arange(6000) + 0.5) / 1000)
    mean = fine["correct"].mean() / fine["reference_words"].iloc[0]
    assert bins["correct"].mean() == pytest.approx(mean, abs=2e-3)
