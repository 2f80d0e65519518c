"""Turns by hand: what an agent waits for, by our definitions and by those of others."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import TURNS, latency, turns
from tests.support.make_runs import (
    make_run,
    reference,
    rich_run,
    speech,
    transcript,
    utterance,
    words,
)

SAID = words("hello it is very nice", 0.5)  # 0.5 to 2.4
TIMES = (
    "first_final_ms",
    "last_final_ms",
    "end_of_speech_detected_ms",
    "last_change_ms",
    "ttfs_ms",
    "transcription_delay_ms",
    "end_of_utterance_delay_ms",
)


def spoken(*groups):
    """A reference of (words, speaker), a sentence each."""
    return [
        {**row, "speaker": speaker, "sentence": number}
        for number, (said, speaker) in enumerate(groups)
        for row in reference(said)
    ]


def times(run, **options):
    row = turns(run, **options).iloc[0]
    return {name: row[name] for name in TIMES}


def test_one_turn_of_one_utterance():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.6), reference=reference(SAID))
    table = turns(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(TURNS)
    row = table.iloc[0]
    assert row[["turn", "channel", "text", "start_s", "end_s", "told_by", "clock"]].tolist() == [
        *(0, 0, "hello it is very nice", 0.5, 2.4, "gap", "capture")
    ]
    assert (row["n_finals"], row["premature_finals"]) == (1, 0)
    assert times(run) == pytest.approx(
        {
            "first_final_ms": 600,
            "last_final_ms": 600,
            "end_of_speech_detected_ms": 300,
            "last_change_ms": 200,
            "ttfs_ms": 600,
            "transcription_delay_ms": 600,
            "end_of_utterance_delay_ms": 600,
        }
    )


def test_the_clock_is_chosen():
    run = make_run(utterance(SAID), reference=reference(SAID), late_ms=lambda seq: 40.0)
    spoken_ms, sent_ms, acked_ms = (
        turns(run, clock=clock)["last_final_ms"][0] for clock in ("capture", "send", "ack")
    )
    assert (spoken_ms, sent_ms, acked_ms) == pytest.approx((500, 460, 439.9))
    with pytest.raises(ConfigError, match="There is no clock 'arrival'"):
        turns(run, clock="arrival")
    with pytest.raises(ConfigError, match="gap_s is a silence"):
        turns(run, gap_s=-1)


def test_a_final_in_a_pause_is_premature():
    """Endpointing takes a hesitation for the end: the agent would talk into the turn."""
    first, second = words("i would love to", 0.5), words("but i have to ask", 3.0)  # to 2.0; 4.9
    arrivals = [*utterance(first, "a"), *utterance(second, "b", final_s=0.7)]
    known = spoken(([*first, *second], "rms"))
    row = turns(make_run(arrivals, duration_s=6, reference=known)).iloc[0]
    assert (row["speaker"], row["told_by"]) == ("rms", "speaker")
    assert (row["n_finals"], row["premature_finals"]) == (2, 1)
    assert (row["first_final_ms"], row["last_final_ms"]) == pytest.approx((700, 700))
    # LiveKit has a final by then and answers it, 2.4 s before the turn was over.
    assert row["transcription_delay_ms"] == pytest.approx(-2400)
    assert row["end_of_utterance_delay_ms"] == pytest.approx(550)
    assert row["ttfs_ms"] == pytest.approx(700)


def test_a_forced_final_is_not_premature():
    said = words(" ".join("abcdefghijklmnopqrst"), 0.5)  # to 8.4
    arrivals = [
        transcript(5.2, said[:12], "a", final=True),
        *utterance(said[12:], "b"),
    ]
    run = make_run(arrivals, duration_s=10, reference=spoken((said, "rms")))
    assert run.utterances["trigger"].tolist() == ["max_duration", "endpoint"]
    assert turns(run)[["n_finals", "premature_finals"]].to_numpy().tolist() == [[2, 0]]


def test_what_never_came_is_missing():
    lost = turns(make_run(utterance(SAID, final_s=None), reference=reference(SAID))).iloc[0]
    assert math.isnan(lost["last_final_ms"])
    assert math.isnan(lost["end_of_utterance_delay_ms"])
    assert lost["last_change_ms"] == pytest.approx(200)
    # One part of the turn has a final, the other has none: the turn is not complete.
    first, second = words("one two", 0.5), words("three four", 1.5)
    arrivals = [*utterance(first, "a"), *utterance(second, "b", final_s=None)]
    half = turns(make_run(arrivals, reference=reference([*first, *second]))).iloc[0]
    assert half["n_finals"] == 1
    assert math.isnan(half["last_final_ms"])
    assert half["transcription_delay_ms"] < 0
    silent = turns(make_run(reference=reference(SAID))).iloc[0]
    assert silent["n_finals"] == 0
    assert silent[list(TIMES)].isna().all()


def test_pipecat_waits_two_seconds():
    late = make_run(utterance(SAID, final_s=2.21), duration_s=6, reference=reference(SAID))
    assert math.isnan(times(late)["ttfs_ms"])
    assert times(late)["last_final_ms"] == pytest.approx(2210)
    in_time = make_run(utterance(SAID, final_s=2.19), duration_s=6, reference=reference(SAID))
    assert times(in_time)["ttfs_ms"] == pytest.approx(2190)


def test_two_speakers_are_two_turns():
    first, second = words("what happened", 0.5), words("a big storm", 1.4)  # to 1.2; 2.5
    run = make_run(
        [*utterance(first, "a"), *utterance(second, "b")],
        reference=spoken((first, "slt"), (second, "rms")),
    )
    table = turns(run)
    assert table["speaker"].tolist() == ["slt", "rms"]
    assert table["last_final_ms"].tolist() == pytest.approx([500, 500])
    # One utterance over both belongs to both: each waits for it.
    both = make_run(utterance([*first, *second]), reference=spoken((first, "slt"), (second, "rms")))
    assert turns(both)["last_final_ms"].tolist() == pytest.approx([1800, 500])


def test_channels_are_apart():
    left, right = words("yes i do", 0.5), words("yes we do", 0.7)
    arrivals = utterance(left, "0", final_s=0.4) + utterance(right, "1", final_s=0.9, channel=1)
    known = reference(left) + reference(right, channel=1)
    table = turns(make_run(arrivals, channels=2, reference=known))
    assert table["channel"].tolist() == [0, 1]
    assert table["last_final_ms"].tolist() == pytest.approx([400, 900])


def test_without_a_reference_the_service_tells():
    first, second = words("one two", 0.5), words("three", 1.5)
    arrivals = [*utterance(first, "a"), *utterance(second, "b", final_s=0.7)]
    run = make_run(arrivals)
    row = turns(run).iloc[0]
    assert (row["told_by"], row["text"], row["n_finals"]) == ("service", "one two three", 2)
    assert pd.isna(row["premature_finals"])
    assert row["last_final_ms"] == pytest.approx(700)
    assert turns(run, gap_s=0.1)["text"].tolist() == ["one two", "three"]


def test_the_end_of_speech_of_others_is_that_of_voice_activity():
    """The last word is said to end at 2.4 s, and the sound ends at 2.3 s."""
    spans = pd.DataFrame({"channel": [0], "start_s": [0.5], "end_s": [2.3]})
    run = make_run(utterance(SAID, final_s=0.6), reference=reference(SAID))
    row = turns(run, audio=spans).iloc[0]
    assert row["vad_end_s"] == 2.3
    assert row["ttfs_ms"] == pytest.approx(700)
    assert row["end_of_utterance_delay_ms"] == pytest.approx(700)
    assert row["last_final_ms"] == pytest.approx(600)
    # Speech that goes on into the next turn does not tell where this one ended.
    more = words("fine", 2.5)
    known = spoken((SAID, "a"), (more, "b"))
    spans = pd.DataFrame({"channel": [0], "start_s": [0.5], "end_s": [2.8]})
    two = turns(make_run(utterance(SAID), reference=known), audio=spans)
    assert two["vad_end_s"].tolist() == pytest.approx([math.nan, 2.8], nan_ok=True)
    with pytest.raises(ConfigError, match="spans of speech end at"):
        turns(run, audio=spans.assign(end_s=9.0))


def test_the_last_change_is_blind_to_case_and_punctuation():
    arrivals = [
        transcript(2.5, SAID[:4]),
        transcript(2.6, SAID),
        transcript(2.7, SAID),
        transcript(3.0, [("Hello,", 0.5, 0.8), *SAID[1:]], final=True),
        transcript(3.5, SAID[:1], final=True),
    ]
    assert times(make_run(arrivals))["last_change_ms"] == pytest.approx(200)


def test_of_several_ends_of_speech_the_last_counts():
    said = words("one two three", 0.5)  # to 1.6
    arrivals = [speech(1.0, "end", 0.8), *utterance(said, speech_end_s=0.4)]
    assert times(make_run(arrivals))["end_of_speech_detected_ms"] == pytest.approx(400)


def test_nothing_spoken_and_nothing_begun():
    assert not len(turns(make_run()))
    run = make_run()
    events = tuple(e for e in run.record.events if e["event"] == "end")
    bare = type(run)(type(run.record)(run.record.header, events))
    assert {name: str(dtype) for name, dtype in turns(bare).dtypes.items()} == dict(TURNS)


def test_a_turn_that_is_an_utterance_agrees_with_latency():
    """Where nothing is joined the two tables tell of the same finals."""
    run = rich_run(with_reference=False)
    rows = latency(run, anchor="service")
    finals = rows[rows["name"] == "speech_end -> final @capture"]["latency_ms"]
    ours = turns(run, gap_s=0.0)["last_final_ms"]
    assert len(ours) == len(finals)
    np.testing.assert_allclose(np.sort(ours), np.sort(finals))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.2, 3), st.floats(-0.5, 3)), min_size=1, max_size=5))
def test_laws(parts):
    """Of every turn the first final after its end is not behind the last; counts add up."""
    arrivals, known, at = [], [], 0.5
    for number, (gap_s, final_s) in enumerate(parts):
        said = words("one two", round(at, 3))
        arrivals += utterance(said, f"{number}", final_s=final_s)
        known += reference(said)
        at = said[-1][2] + gap_s
    table = turns(make_run(arrivals, duration_s=at + 1, reference=known))
    assert table["n_finals"].sum() == len(parts)
    assert (table["premature_finals"] <= table["n_finals"]).all()
    both = table.dropna(subset=["first_final_ms", "last_final_ms"])
    assert (both["first_final_ms"] <= both["last_final_ms"]).all()
    assert (table["ttfs_ms"].dropna() >= 0).all()
    assert (table["end_of_utterance_delay_ms"] >= 550 - 1e-6).all()
    assert (table["transcription_delay_ms"] <= table["end_of_utterance_delay_ms"] + 1e-6).all()
