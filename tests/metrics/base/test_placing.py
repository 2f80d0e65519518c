"""The part of the reference that an utterance covers, and how it stood after each update."""

import math

import numpy as np
import pytest
from hypothesis import given, settings

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import wer_at
from gladia_nb.metrics.base.placing import STATES, moment, placed_utterances, states_of
from gladia_nb.metrics.base.sent_part import sent_reference
from gladia_nb.metrics.base.text import normaliser
from tests.support.conversations import conversations
from tests.support.make_runs import make_run, reference, transcript, utterance, words


def counts(run, *taus):
    names = ["correct", "substitutions", "deletions", "insertions"]
    return wer_at(run, taus)[names].to_numpy().tolist()


def test_a_gap_belongs_to_the_nearest_utterance():
    """The fourth word is missing between two utterances; each partial sees only its own part."""
    first, second = words("one two three four", 0.5), words("five six", 10.0)
    arrivals = [
        *utterance(first[:3], "0"),
        *utterance(second, "1"),
    ]
    run = make_run(arrivals, duration_s=12, reference=reference([*first, *second]))
    assert counts(run, 0.2, math.inf) == [[5, 0, 1, 0], [5, 0, 1, 0]]


def test_a_word_is_not_right_before_it_is_spoken():
    """The first "the" on the screen is the first that was spoken, not the last."""
    said = words("the cat saw the", 0.5)
    shown = [transcript(0.85, [("cat", 0.5, 0.8)]), transcript(3.0, said, final=True)]
    run = make_run(shown, reference=reference(said))
    # "cat" begins at 0.9: what stands there at 0.85 can only be "the", wrong.
    assert counts(run, 0.1) == [[0, 1, 3, 0]]


BASIC = normaliser("basic")
SAID = words("hello it is very nice", 0.5)  # begins at 0.5, 0.9, 1.3, 1.7, 2.1
ABSENT, WRONG, CORRECT = range(3)


def placed(arrivals, known, **options):
    found = placed_utterances(make_run(arrivals, reference=reference(known), **options), BASIC)
    return {item.item.id: item for item in found}


def test_by_hand():
    arrivals = [
        transcript(1.0, [("hallo", 0.5, 0.8)]),
        transcript(1.75, SAID[:2]),
        transcript(2.0, [SAID[0], ("um", 0.8, 0.9), *SAID[1:3]], final=True),
    ]
    found = placed(arrivals, SAID)["00_00000000"]
    assert found.part.token == ["hello", "it", "is", "very", "nice"]
    assert found.part.start_s.tolist() == [0.5, 0.9, 1.3, 1.7, 2.1]
    states, extra, _ = states_of(found)
    assert STATES == ("not_yet", "wrong", "correct")
    assert states.tolist() == [
        [WRONG, ABSENT, ABSENT, ABSENT, ABSENT],
        [CORRECT, CORRECT, ABSENT, ABSENT, ABSENT],
        [CORRECT, CORRECT, CORRECT, ABSENT, ABSENT],
    ]
    assert extra.tolist() == [[0] * 5, [0] * 5, [1, 0, 0, 0, 0]]


def test_stamps_of_the_words():
    run = make_run(utterance(SAID), reference=reference(SAID), t0_ns=7_000)
    (found,) = placed_utterances(run, BASIC)
    assert found.part.start_ns.tolist() == [7_000 + round(w[1] * 1e9) for w in SAID]
    assert found.part.end_ns.tolist() == [7_000 + round(w[2] * 1e9) for w in SAID]
    assert moment(run, [0.0, 1.5]).tolist() == [7_000, 1_500_007_000]
    assert moment(make_run(speed=2.0, t0_ns=0), [1.0]).tolist() == [500_000_000]


def test_a_reference_word_of_several_tokens_or_of_none():
    known = [("--", 0.1, 0.2), ("hello there", 0.5, 0.8), ("Nice!", 0.9, 1.0)]
    found = placed([transcript(2.0, SAID[:1], final=True)], known)["00_00000000"]
    assert found.part.token == ["hello", "there", "nice"]
    # Both words share the time of what the reference has as one, so that each has a deadline.
    assert found.part.start_s.tolist() == pytest.approx([0.5, 0.65, 0.9])
    assert found.part.end_s.tolist() == pytest.approx([0.65, 0.8, 1.0])


def test_an_utterance_without_a_part_has_one_column():
    later = words("thank you", 9.0)
    arrivals = [
        transcript(3.0, SAID, "0", final=True),
        transcript(9.5, later[:1], "1"),
        transcript(10.0, later, "1", final=True),
    ]
    found = placed(arrivals, SAID, duration_s=12)
    assert found["1"].part.token == []
    states, extra, _ = states_of(found["1"])
    assert states.tolist() == [[ABSENT], [ABSENT]]
    assert extra.tolist() == [[1], [2]]
    assert found["0"].states.tolist() == [CORRECT] * 5


def test_channels_are_apart():
    known = [*reference(SAID[:2]), *reference(SAID[2:], channel=1)]
    arrivals = [
        transcript(3.0, SAID[:2], "a", final=True),
        transcript(3.0, SAID[2:], "a", final=True, channel=1),
        transcript(3.0, SAID[:1], "b", final=True, channel=2),
    ]
    run = make_run(arrivals, channels=3, reference=known)
    parts = [(p.item.channel, p.part.token) for p in placed_utterances(run, BASIC)]
    assert parts == [(0, ["hello", "it"]), (1, ["is", "very", "nice"]), (2, [])]


def test_without_a_reference():
    with pytest.raises(ConfigError, match="no reference words to compare with"):
        list(placed_utterances(make_run(utterance(SAID)), BASIC))
    assert list(placed_utterances(make_run(reference=reference(SAID)), BASIC)) == []


@settings(max_examples=60)
@given(conversations())
def test_laws(run):
    found = list(placed_utterances(run, BASIC))
    # Each reference word that was sent belongs to one utterance, in the order of the audio.
    assert [token for item in found for token in item.part.token] == [
        token for word in sent_reference(run)["word"] for token in BASIC.tokens(word)
    ]
    for item in found:
        states, extra, ahead = states_of(item)
        assert states.shape == extra.shape == (len(item.item.texts), max(len(item.part.token), 1))
        for row, more, further, text, recv_ns in zip(
            states, extra, ahead, item.item.texts, item.item.recv_ns, strict=True
        ):
            # A word on the screen is correct, here or ahead, or stands for another, or is too much.
            shown = (row != ABSENT).sum() + further.sum()
            assert shown + more.sum() == len(BASIC.tokens(text))
            assert (more >= 0).all()
            begun = item.part.start_ns < recv_ns
            if text is not item.item.texts[-1] and len(begun):
                assert (row[~begun] == ABSENT).all()
        if item.part.token:
            right = np.array(item.part.token)[states[-1] == CORRECT]
            assert set(right) <= set(BASIC.tokens(item.item.texts[-1]))
