"""What a run says of the speech that was heard: its stretches, silences, reasons, arrivals."""

import numpy as np
import pytest

from gladia_nb.metrics.heard_speech import (
    heard_of,
    least_waits_s,
    own_endpointing_s,
)
from tests.support.make_runs import make_run, reference, speech, transcript, utterance, words

FIRST, SECOND = words("hello there", 0.5), words("good morning", 2.0)


def test_a_run_without_transcripts_has_heard_nothing():
    assert heard_of(make_run()) == []
    assert heard_of(make_run(sent_s=0.0)) == []
    assert (make_run(sent_s=0.0).sent_s, make_run(duration_s=4.0).sent_s) == (0.0, 4.0)


def test_the_endpointing_is_that_of_the_configuration_or_the_default():
    assert own_endpointing_s(make_run(config={"endpointing": 0.3})) == 0.3
    assert own_endpointing_s(make_run()) == 0.05


def test_stretches_by_speech_events():
    said = [
        speech(0.6, "start", 0.45),
        speech(1.4, "end", 1.25),
        transcript(1.5, FIRST, "0", final=True),
        *utterance(SECOND, "1", speech_end_s=0.3, final_s=0.5),
    ]
    (heard,) = heard_of(make_run(said, duration_s=4.0))
    first, second = heard.stretches
    assert (first.start_s, first.end_s, first.pause_s) == (0.45, 1.25, 0.75)
    assert first.words == ((0.5, 0.8), (0.9, 1.2))
    assert (second.start_s, second.end_s) == (2.0, 2.7)
    assert second.pause_s == pytest.approx(1.3)
    assert heard.triggers == ["endpoint", "endpoint"]
    assert heard.anchors == {"service"}
    assert heard.final_s == pytest.approx([1.5, 3.2])
    # Speech ends with the words.
    assert heard.spoken_s == pytest.approx([1.2, 2.7])
    # At 1.4 and 3.0 s all but the last chunk, which takes 20 ms, is acknowledged.
    assert heard.told_s == pytest.approx([1.3 - 1.25, 2.9 - 2.7])


def test_without_speech_events_words_tell():
    said = [transcript(1.5, FIRST, "0", final=True), transcript(3.2, SECOND, "1", final=True)]
    config = {"messages_config": {"receive_speech_events": False}}
    (heard,) = heard_of(make_run(said, duration_s=4.0, config=config))
    assert [stretch[:2] for stretch in heard.stretches] == [(0.5, 1.2), (2.0, 2.7)]
    assert heard.triggers == ["endpoint", "endpoint"]


def test_silence_cannot_contradict_what_became_of_an_utterance():
    # By the service's own times the next one begins before the silence was over.
    near = [(word, start - 0.75, end - 0.75) for word, start, end in SECOND]
    said = [*utterance(FIRST, "0"), *utterance(near, "1", speech_end_s=None, final_s=1.0)]
    run = make_run(said, duration_s=3.0, stop_s=2.0, config={"endpointing": 0.3})
    (heard,) = heard_of(run)
    assert heard.triggers == ["endpoint", "stop"]
    assert heard.stretches[0].pause_s == 0.3
    # The stop came before there was enough of it, though there was more audio.
    assert heard.stretches[1].pause_s < 0.3


def test_an_utterance_whose_final_was_lost_ended_by_silence_all_the_same():
    said = [*utterance(FIRST, "0", final_s=None), *utterance(SECOND, "1")]
    (heard,) = heard_of(make_run(said, duration_s=4.0))
    assert heard.triggers == ["endpoint", "endpoint"]
    assert np.isinf(heard.final_s).tolist() == [True, False]


def test_the_reference_says_when_speech_ended_and_channels_are_apart():
    said = [
        *utterance(FIRST, "0", channel=1),
        *utterance(SECOND, "1", channel=0),
    ]
    spoken = [(word, start - 0.1, end - 0.1) for word, start, end in FIRST]
    run = make_run(said, channels=2, reference=reference(spoken, channel=1))
    left, right = heard_of(run)
    assert (left.number, right.number) == (0, 1)
    assert (left.anchors, right.anchors) == ({"service"}, {"reference"})
    assert left.spoken_s == pytest.approx([2.7])
    assert right.spoken_s == pytest.approx([1.1])


def test_what_follows_a_cut_by_force_begins_with_its_words():
    long = words(" ".join("abcdefghij"), 0.5, each_s=0.4, gap_s=0.1)
    said = [
        speech(0.6, "start", 0.4),
        transcript(5.6, long[:9], "0", final=True),
        transcript(6.4, long[9:], "1", final=True),
        speech(6.3, "end", 5.45),
    ]
    (heard,) = heard_of(make_run(said, duration_s=8.0))
    assert heard.triggers == ["max_duration", "endpoint"]
    assert [stretch[:2] for stretch in heard.stretches] == [(0.4, 4.9), (5.0, 5.45)]
    assert heard.stretches[0].pause_s == pytest.approx(0.1)


def waiting(endpointing_s, *, holds_s=0.0, takes_s=0.0, **options):
    """A service that holds on for so long at least, and takes so long to say that speech is over.

    It answers at the end of the chunk of 10 ms that brings the silence.
    """
    said = []
    for number, part in enumerate([FIRST, SECOND, words("one two", 4.0), words("three", 5.0)]):
        late_s = max(endpointing_s, holds_s) + takes_s + 0.021
        said += utterance(part, str(number), partial_s=None, speech_end_s=late_s, final_s=late_s)
    options = {"duration_s": 9.0, "chunk_ms": 10, **options}
    return make_run(said, config={"endpointing": endpointing_s}, **options)


@pytest.mark.parametrize("holds_s", [0.0, 0.12])
@pytest.mark.parametrize("takes_s", [0.0, 0.2])
def test_two_runs_tell_a_service_that_holds_on_from_one_that_takes_its_time(holds_s, takes_s):
    low, high = (waiting(value, holds_s=holds_s, takes_s=takes_s) for value in (0.05, 0.3))
    expected = [max(0.05, holds_s), 0.3]
    assert least_waits_s([low, high]) == pytest.approx(expected, abs=0.0101)
    assert least_waits_s([high, low]) == least_waits_s([low, high])[::-1]
    # One alone waits for what is configured, whatever it takes.
    assert least_waits_s([low]) == [0.05]


def test_nobody_waits_for_longer_than_there_was_silence():
    # The third utterance begins 0.3 s behind the second: 0.35 s cannot have been waited for.
    low = waiting(0.05, takes_s=0.35)
    near = waiting(1.5)
    assert least_waits_s([low, near])[0] == pytest.approx(0.3)


def test_a_service_that_confirms_nothing_waits_for_what_is_configured():
    silent = waiting(0.05, holds_s=0.12, ack_ms=None)
    assert np.isnan(heard_of(silent)[0].told_s).all()
    assert least_waits_s([silent, waiting(0.3)]) == [0.05, 0.3]
    assert least_waits_s([make_run(), waiting(0.3)]) == [0.05, 0.3]
    assert least_waits_s([]) == []
