"""What words and utterances wait for, and who says when they were spoken."""

import math

import pandas as pd
import pytest

from gladia_nb.metrics import (
    latency,
    match_rate,
    word_times,
)
from tests.support.known_latencies import SAID, ms, of
from tests.support.make_runs import make_run, reference, transcript, utterance, words

# -- the reference --


def test_reference_anchors_take_the_true_times():
    shifted = [(word, start - 0.1, end - 0.1) for word, start, end in SAID]
    run = make_run(utterance(SAID, partial_s=0.2), reference=reference(shifted))
    assert ms(run, "word_end -> first_seen @capture", "reference") == pytest.approx([300] * 5)
    assert ms(run, "word_end -> first_seen @capture", "service") == pytest.approx([200] * 5)


def test_only_equal_words_near_in_time_match():
    heard = [SAID[0], ("eat", 0.9, 1.2), SAID[2], SAID[3], ("nice", 4.5, 4.8)]
    run = make_run([transcript(5.0, heard, final=True)], reference=reference(SAID), duration_s=6)
    assert word_times(run)["reference"].tolist() == [0, pd.NA, 2, 3, pd.NA]
    rows = of(run, "word_end -> final @send", "reference").sort_values("reference")
    assert rows["event_s"].isna().tolist() == [False, True, False, False, True]
    # One was heard wrong, in an utterance; one is in none.
    assert rows["utterance_id"].isna().tolist() == [False, False, False, False, True]
    assert rows["word"].tolist() == [SAID[0][0], "eat", SAID[2][0], SAID[3][0], SAID[4][0]]
    assert match_rate(run).to_dict("records") == [
        {
            "channel": 0,
            "reference_words": 5,
            "matched": 3,
            "wrong": 1,
            "missing": 1,
            "rate": 0.6,
            "normaliser": "basic",
        }
    ]


def test_channels_are_apart():
    left, right = words("yes i do", 0.5), words("yes we do", 0.5)
    arrivals = utterance(left, "0") + utterance(right, "0", partial_s=0.4, channel=1)
    known = reference(left) + reference(right, channel=1)
    run = make_run(arrivals, channels=2, reference=known)
    rows = of(run, "word_end -> first_seen @send", "reference")
    assert rows.groupby("channel")["latency_ms"].mean().tolist() == pytest.approx([200, 400])
    assert match_rate(run)["rate"].tolist() == [1.0, 1.0]
    swapped = reference(left, channel=1) + reference(right, channel=2)
    rates = match_rate(make_run(arrivals, channels=2, reference=swapped))
    assert rates["channel"].tolist() == [0, 1, 2]
    assert rates["matched"].tolist() == [0, 2, 0]
    assert math.isnan(rates["rate"][0])


# -- utterances --


def test_utterance_milestones():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.5), reference=reference(SAID))
    for anchor in ("service", "reference"):
        assert ms(run, "speech_start -> first_partial @capture", anchor) == pytest.approx([500])
        assert ms(run, "speech_end -> last_word_seen @capture", anchor) == pytest.approx([200])
        assert ms(run, "speech_end -> last_partial_message @capture", anchor) == pytest.approx(
            [200]
        )
        assert ms(run, "speech_end -> final @capture", anchor) == pytest.approx([500])
    rows = latency(run)
    rows = rows[rows["unit"] == "utterance"]
    assert rows["position"].isna().all()
    assert rows["word"].isna().all()
    assert set(rows["trigger"]) == {"endpoint"}


def test_a_wrong_last_word_does_not_move_the_end_of_speech():
    heard = [*SAID[:-1], ("mice", 2.1, 2.4)]
    run = make_run(utterance(heard, final_s=0.5), reference=reference(SAID))
    assert of(run, "speech_end -> final @send", "reference")["anchor_s"].tolist() == [2.4]


def test_an_utterance_out_of_nothing_has_no_reference_anchor():
    run = make_run(utterance(words("uh", 3.0)), reference=reference(words("hello", 0.5)))
    rows = latency(run)
    spoken = rows[rows["anchor"] == "reference"]
    assert set(spoken["word"]) == {"hello"}
    assert spoken["event_s"].isna().all()
    assert len(spoken) == 4 * 3, "a row for each milestone and clock"


# -- the last word --


def test_the_last_word_may_be_seen_long_before_the_last_partial_message():
    """The last message repeats what was there; what the field asks is when the last word came."""
    again = [transcript(2.9, SAID), transcript(3.2, SAID, final=True)]
    run = make_run([transcript(2.5, SAID), *again], reference=reference(SAID))
    for anchor in ("service", "reference"):
        assert ms(run, "speech_end -> last_word_seen @capture", anchor) == pytest.approx([100])
        found = ms(run, "speech_end -> last_partial_message @capture", anchor)
        assert found == pytest.approx([500])
    assert ms(run, "last_partial_message -> final @arrival", "stopwatch") == pytest.approx([300])


def test_the_last_word_is_that_of_the_final():
    """A partial that ends otherwise has not shown it; without a partial the final has."""
    wrong = transcript(2.5, [*SAID[:-1], ("mice", 2.1, 2.4)])
    run = make_run([wrong, transcript(3.0, SAID, final=True)])
    assert ms(run, "speech_end -> last_word_seen @capture") == pytest.approx([600])
    early = make_run([transcript(2.2, SAID), transcript(3.0, SAID, final=True)])
    assert ms(early, "speech_end -> last_word_seen @capture") == pytest.approx([-200])


def test_without_a_final_its_last_word_never_came():
    rows = of(make_run([transcript(2.5, SAID)]), "speech_end -> last_word_seen @send")
    assert rows["event_s"].isna().tolist() == [True]
    # A final without words has no last word.
    empty = transcript(3.0, [], final=True, span=(0.5, 2.4))
    run = make_run([transcript(2.5, SAID), empty])
    assert not len(of(run, "speech_end -> last_word_seen @send"))
    assert len(of(run, "speech_end -> last_partial_message @send")) == 1


def test_each_utterance_has_its_own_last_word():
    said = [words("one two", 0.5), words("three four", 2.0)]
    arrivals = [*utterance(said[1], "b", partial_s=0.3), *utterance(said[0], "a", partial_s=0.1)]
    rows = of(make_run(arrivals), "speech_end -> last_word_seen @capture")
    assert rows.set_index("utterance_id")["latency_ms"].to_dict() == pytest.approx(
        {"a": 100, "b": 300}
    )
