"""What lies behind the audio that was sent counts nowhere."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    error_delay,
    latency,
    match_rate,
    matched_words,
    turns,
    verdict,
    wer_at,
    word_alignment,
    word_errors,
)
from gladia_nb.metrics.base.granularity import segments_cut, spoken_words, why_no_rates
from gladia_nb.metrics.base.sent_part import (
    audio_length,
    sent_reference,
    sent_wholly,
    sent_words,
    unsent,
)
from gladia_nb.record.data import RunData
from tests.support.make_runs import as_live, make_run, reference, transcript, utterance, words
from tests.support.references import with_segments, with_text

SAID = words("hello it is very nice", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4


def stopped(sent_s, heard=SAID[:2], known=SAID, **options):
    """A session of 4 s that was stopped, and what came of it."""
    arrivals = utterance(heard) if heard else []
    return make_run(arrivals, reference=reference(known), sent_s=sent_s, **options)


@pytest.mark.parametrize(
    ("sent_s", "count"), [(0.0, 0), (0.5, 0), (0.8, 1), (1.1, 1), (1.2, 2), (2.3, 4), (2.4, 5)]
)
def test_a_word_counts_when_its_end_was_sent(sent_s, count):
    run = stopped(sent_s, ())
    assert run.sent_s == sent_s
    assert sent_words(run).tolist() == [True] * count + [False] * (5 - count)
    assert sent_reference(run)["word"].tolist() == [word for word, _, _ in SAID[:count]]
    assert sent_reference(as_live(run)).equals(sent_reference(run))


def test_how_long_it_was_is_what_was_sent():
    assert audio_length(stopped(None)) == "4.0 s"
    assert audio_length(stopped(1.5)) == "1.5 of 4.0 s"
    assert audio_length(as_live(stopped(1.5))) == "1.5 s"


def test_ends_are_rounded():
    """A word that ends 0.1 s behind the audio was sent with it, one behind the audio was not."""
    run = make_run(
        utterance(SAID), duration_s=2.3, reference=reference([*SAID, ("more", 2.3, 2.6)])
    )
    assert sent_words(run).tolist() == [True] * 5 + [False]
    assert unsent(run) == "1 word of the reference was not sent."


def test_the_silence_behind_the_audio_is_no_part_of_it():
    run = with_text(make_run(utterance(SAID), duration_s=4.0, sent_s=3.0), "Hello")
    assert not sent_wholly(run).any()
    header = {**run.record.header, "options": {**run.record.header["options"], "tail_s": 1.0}}
    assert sent_wholly(RunData(replace(run.record, header=header))).all()


def test_a_session_that_was_stopped_has_the_errors_of_what_it_sent():
    run = stopped(1.5)
    row = word_errors(run).iloc[-1]
    assert (row["reference_words"], row["wer"], row["cer"]) == (2, 0.0, 0.0)
    assert word_alignment(run)["op"].tolist() == ["equal"] * 2
    assert match_rate(run)[["reference_words", "matched", "missing"]].to_numpy().tolist() == [
        [2, 2, 0]
    ]
    last = wer_at(run, [math.inf]).iloc[0]
    assert (last["reference_words"], last["wer"]) == (2, 0.0)
    assert matched_words(run) == (
        "2 of 2 words that were spoken are in a final. 3 words of the reference were not sent."
    )
    assert not any("reference words" in reason for reason in verdict(run).reasons)


def test_turns_that_were_not_sent_are_none():
    known = [*SAID, *words("and you", 3.2)]
    whole = make_run(utterance(SAID), reference=reference(known))
    assert turns(whole)["text"].tolist() == ["hello it is very nice", "and you"]
    assert turns(stopped(2.5, SAID, known))["text"].tolist() == ["hello it is very nice"]


def test_what_is_heard_where_nothing_was_spoken_is_too_much():
    run = stopped(0.4, [("uh", 0.1, 0.3)])
    row = word_errors(run).iloc[-1]
    assert (row["reference_words"], row["insertions"]) == (0, 1)
    assert math.isnan(row["wer"])
    assert match_rate(run)["rate"].isna().all()
    assert wer_at(run)["wer"].isna().all()
    assert error_delay(run)["correct"].isna().all()
    # No word of it is right, because the channel has a reference.
    assert latency(run).query("milestone == 'first_correct'")["latency_ms"].isna().all()


@given(st.floats(0, 4), st.booleans())
def test_the_end_of_the_reference_changes_nothing(sent_s, live):
    """Whoever stops has the rates of a reference that ends there."""
    sent_s = round(sent_s, 1)
    run = stopped(sent_s, SAID[:3])
    short = [word for word in SAID if word[2] <= sent_s + 1e-9]
    if not short:
        return
    other = stopped(sent_s, SAID[:3], short)
    if live:
        run, other = as_live(run), as_live(other)
    for measure in (word_errors, word_alignment, match_rate, wer_at):
        assert measure(run).equals(measure(other))


# -- segments and texts --

FIRST, SECOND = words("good evening all", 0.5), words("see you", 2.0)


def cut(sent_s, heard):
    arrivals = [transcript(3.0, heard, final=True)]
    return make_run(arrivals, duration_s=4.0, sent_s=sent_s)


def test_a_segment_that_was_sent_in_part_is_left_out_with_what_was_heard_of_it():
    run = with_segments(
        cut(2.4, [*FIRST, *SECOND[:1]]),
        ("Good evening, all.", 0.5, FIRST[-1][2]),
        ("See you.", 2.0, SECOND[-1][2]),
    )
    assert sent_wholly(run).tolist() == [True, False]
    assert segments_cut(run) == {0: 2.0}
    assert spoken_words(run)["word"].tolist() == ["Good", "evening,", "all."]
    row = word_errors(run).iloc[-1]
    assert (row["reference_words"], row["transcript_words"], row["wer"]) == (3, 3, 0.0)
    assert word_alignment(run)["transcript"].tolist() == ["good", "evening", "all"]
    assert unsent(run) == "1 segment of the reference was not sent."
    assert matched_words(run).endswith("1 segment of the reference was not sent.")


def test_of_a_part_of_a_text_nobody_knows_the_words():
    run = with_text(cut(2.4, [*FIRST, *SECOND[:1]]), "Good evening, all. See you.")
    said = (
        "2.4 s of 4.0 s were sent, and the reference of this run is a text: nobody knows which of "
        "its words were among them."
    )
    assert why_no_rates(run) == said
    for measure in (word_errors, word_alignment):
        with pytest.raises(ConfigError, match=r"2\.4 s of 4\.0 s were sent"):
            measure(run)
    whole = with_text(cut(None, [*FIRST, *SECOND]), "Good evening, all. See you.")
    assert why_no_rates(whole) == ""
    assert word_errors(whole)["wer"].iloc[-1] == 0
    assert why_no_rates(as_live(run)) == ""
