"""What a page knows of each word: by hand, and equal to the measures."""

import json

import numpy as np
import pytest

from gladia_nb.metrics import latency, run_anchor
from gladia_nb.reporting.listening_part import listening
from tests.support.make_runs import (
    make_run,
    reference,
    rich_run,
    transcript,
    utterance,
    words,
)
from tests.support.tones import run_of_tones

SAID = words("one two three", 0.5)


def test_a_word_with_all_that_is_known_of_it():
    arrivals = [
        transcript(0.9, [("won", 0.5, 0.8)]),
        transcript(1.3, SAID[:2]),
        transcript(1.7, [SAID[0], ("to", 0.9, 1.2), SAID[2]]),
        transcript(2.0, SAID, final=True),
    ]
    found = listening(make_run(arrivals, reference=reference(words("one too three", 0.5))))
    said = found["words"]
    assert said["text"] == ["one", "two", "three"]
    assert said["start"] == [0.5, 0.9, 1.3]
    assert said["seen"] == [1.3, 1.3, 1.7]
    assert said["final"] == [2.0, 2.0, 2.0]
    assert said["state"] == ["correct", "wrong", "correct"]
    assert said["reference"] == ["one", "too", "three"]
    assert said["from"] == [0.5, 0.9, 1.3]
    assert said["history"] == [
        [[0.9, "won"], [1.3, "one"]],
        [[1.3, "two"], [1.7, "to"], [2.0, "two"]],
        None,
    ]
    # From the moment at which the chunk with the end of the word was sent.
    assert said["seen_ms"] == [500, None, 100]
    assert said["final_ms"] == [1200, None, 400]
    assert found["utterances"]["partials"] == [[0.9, 1.3, 1.7]]
    assert found["utterances"]["final"] == [2.0]
    assert (found["anchor"], found["referenced"], found["duration"]) == ("reference", True, 4.0)


def test_words_that_were_missed_invented_or_never_final():
    heard = [SAID[0], ("oh", 0.9, 1.0), SAID[2]]
    arrivals = [
        transcript(2.0, heard, final=True),
        transcript(3.4, words("open", 3.0), "00_00000001"),
    ]
    spoken = reference([SAID[0], SAID[2], ("gone", 2.2, 2.5), ("open", 3.0, 3.3)])
    found = listening(make_run(arrivals, reference=spoken))
    assert found["words"]["state"] == ["correct", "inserted", "correct", "open"]
    assert found["words"]["reference"][1] is None
    assert "gone" in found["missing"]["text"]
    assert found["utterances"]["final"] == [2.0, None]


def test_without_a_reference_nobody_knows_what_is_right():
    found = listening(make_run(utterance(SAID)))
    assert (found["referenced"], found["anchor"]) == (False, "service")
    assert found["words"]["state"] == ["", "", ""]
    assert found["missing"]["text"] == []


@pytest.mark.parametrize("seed", [7, 8])
def test_latencies_are_those_of_the_measures(seed):
    run = rich_run(seed=seed)
    found, rows = listening(run), latency(run)
    rows = rows[
        (rows["unit"] == "word")
        & (rows["clock"] == "send")
        & (rows["anchor"] == run_anchor(run))
        & rows["anchor_clock_s"].notna()
    ]
    for name, milestone in (("seen", "first_seen"), ("final", "final")):
        own, spread = rows[rows["milestone"] == milestone], found["spread"][name]
        assert spread["total"] == len(own)
        truth = np.sort(own["latency_ms"].dropna().to_numpy())
        assert np.abs(np.array(spread["ms"]) - truth).max() <= 0.5
        # And of each word the same.
        waits = found["words"][f"{name}_ms"]
        assert all(
            waits[word] == ms
            for ms, word in zip(spread["ms"], spread["word"], strict=True)
            if word >= 0
        )


def test_at_another_speed_moments_are_the_audio_that_was_spoken_then():
    # Twice as fast: one second of the session is two of the audio.
    run = make_run(utterance(SAID, partial_s=-0.3, final_s=0.5), speed=2.0, duration_s=8.0)
    found = listening(run)
    assert found["words"]["final"][0] == pytest.approx(2 * (1.6 + 0.5), abs=1e-3)
    late = make_run([transcript(5.0, SAID, final=True)], speed=2.0, duration_s=8.0)
    assert listening(late)["words"]["final"][0] == pytest.approx(10.0, abs=1e-3)


@pytest.mark.parametrize("arrivals", [[], [transcript(1.0, [], final=True)]])
def test_runs_with_little_in_them(arrivals):
    found = listening(make_run(arrivals))
    assert found["words"]["text"] == []
    json.dumps(found, allow_nan=False)


def test_it_is_plain_data(tmp_path):
    for run in (rich_run(), run_of_tones(tmp_path, sound=False)):
        found = json.loads(json.dumps(listening(run), allow_nan=False))
        columns = found["words"]
        assert len({len(column) for column in columns.values()}) == 1
        first, behind = found["utterances"]["first"], found["utterances"]["behind"]
        spans = [k for a, b in zip(first, behind, strict=True) for k in range(a, b)]
        assert spans == list(range(len(columns["text"])))
        for name, curve in found["curves"].items():
            assert len(curve["at"]) == len(curve["audio"]) <= 1500, name
