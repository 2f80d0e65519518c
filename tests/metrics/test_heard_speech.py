"""What a run says of the speech that was heard: its stretches, silences, reasons, arrivals."""

import numpy as np
import pytest

from gladia_nb.metrics.heard_speech import heard_of, own_endpointing_s, sent_up_to
from tests.support.make_runs import make_run, reference, speech, transcript, utterance, words

FIRST, SECOND = words("hello there", 0.5), words("good morning", 2.0)


def test_a_run_without_transcripts_has_heard_nothing():
    assert heard_of(make_run()) == []
    assert heard_of(make_run(sent_s=0.0)) == []
    assert (sent_up_to(make_run(sent_s=0.0)), sent_up_to(make_run(duration_s=4.0))) == (0.0, 4.0)


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
    # Speech ends with the words; the chunks that bring 1.3 and 2.75 s end at 1.3 and 2.8 s.
    assert heard.spoken_s == pytest.approx([1.2, 2.7])
    assert heard.decided_s == pytest.approx([1.3, 2.8])


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
