"""Where an endpointing cuts: by hand, by law, and as the scripted engine plans it."""

import math

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.endpoint_rule import Stretch, cuts_of
from gladia_nb.server.engines.base import Transcript
from gladia_nb.server.engines.plan import Planner
from gladia_nb.server.settings.script import Script


def stretches(*gaps, each=1.0, start=0.5, tail=1.0):
    """Stretches of one word each, with these silences between them and one behind the last."""
    found = []
    for gap in (*gaps, tail):
        found.append(Stretch(start, start + each, gap, ((start, start + each),)))
        start += each + gap
    return found, start


def cuts(found, until, endpointing, longest=60.0):
    return list(cuts_of(found, endpointing_s=endpointing, longest_s=longest, until_s=until))


def test_a_silence_as_long_as_the_endpointing_cuts_and_a_shorter_one_does_not():
    found, until = stretches(0.25, 0.5)
    for endpointing, ends in ((0.125, [1.5, 2.75, 4.25]), (0.25, [1.5, 2.75, 4.25])):
        made = cuts(found, until, endpointing)
        assert [cut.end_s for cut in made] == ends
        assert [cut.at_s for cut in made] == [end + endpointing for end in ends]
        assert {cut.trigger for cut in made} == {"endpoint"}
    made = cuts(found, until, 0.375)
    assert [(c.start_s, c.end_s, c.first, c.stretch) for c in made] == [
        (0.5, 2.75, 0, 1),
        (3.25, 4.25, 2, 2),
    ]
    assert made[0].next_s == 3.25
    assert math.isnan(made[-1].next_s)


def test_what_is_open_when_the_audio_ends_is_ended_by_the_stop():
    found, until = stretches(0.25, tail=0.5)
    (cut,) = cuts(found, until, 0.75)
    assert (cut.trigger, cut.at_s, cut.end_s) == ("stop", 3.25, 2.75)


def test_an_utterance_that_becomes_too_long_is_cut_in_front_of_the_next_word():
    found, until = stretches(0.25, 0.25, 0.25)
    made = cuts(found, until, 0.5, longest=2.75)
    # It began at 0.5: at 3.25 the second word has ended and the third has not.
    first, second = made
    assert (first.trigger, first.at_s, first.end_s, first.next_s) == (
        "max_duration",
        3.25,
        2.75,
        3.0,
    )
    assert (second.trigger, second.start_s, second.end_s) == ("endpoint", 3.0, 5.25)


def test_a_cut_by_force_lies_between_words_also_within_a_stretch():
    words = tuple((0.5 + k, 1.5 + k) for k in range(4))
    made = cuts([Stretch(0.5, 4.5, 1.0, words)], 5.5, 0.25, longest=2.25)
    assert [(cut.trigger, cut.at_s, cut.end_s, cut.next_s) for cut in made[:1]] == [
        ("max_duration", 2.75, 2.5, 2.5)
    ]
    assert [(cut.trigger, cut.start_s, cut.at_s) for cut in made[1:]] == [("endpoint", 2.5, 4.75)]


def test_force_that_comes_before_enough_silence_ends_the_utterance():
    found, until = stretches(2.0)
    made = cuts(found, until, 1.0, longest=1.5)
    assert [(cut.trigger, cut.at_s) for cut in made] == [
        ("max_duration", 2.0),
        ("max_duration", 5.0),
    ]


def test_a_word_longer_than_the_limit_is_not_divided():
    found, until = stretches(0.25, each=2.0)
    made = cuts(found, until, 0.5, longest=1.0)
    assert [(cut.trigger, cut.at_s, cut.end_s) for cut in made] == [
        ("max_duration", 2.5, 2.5),
        ("max_duration", 4.75, 4.75),
    ]


def test_no_speech_no_cut():
    assert cuts([], 3.0, 0.1) == []


#: Sixteenths, so that sums are exact.
times = st.integers(1, 40).map(lambda k: k / 16)
talks = st.lists(times, max_size=12).map(lambda gaps: stretches(*gaps))


@given(talks, times, times)
def test_a_longer_endpointing_cuts_at_some_of_the_places_of_a_shorter_one(talk, one, other):
    found, until = talk
    short, long = sorted((one, other))
    ends = {value: {cut.stretch for cut in cuts(found, until, value)} for value in (short, long)}
    assert ends[long] <= ends[short]


@given(talks, times, times)
def test_every_word_is_in_one_utterance_and_none_is_too_long_for_nothing(talk, value, longest):
    found, until = talk
    made = cuts(found, until, value, longest)
    bounds = [(cut.start_s, cut.end_s) for cut in made]
    assert bounds == sorted(bounds)
    for stretch in found:
        assert sum(a <= stretch.start_s and stretch.end_s <= b for a, b in bounds) == 1
    for cut in made:
        held = [s for s in found if cut.start_s <= s.start_s and s.end_s <= cut.end_s]
        assert cut.end_s - cut.start_s <= longest or len(held) == 1


@given(st.lists(st.tuples(times, times), min_size=1, max_size=12), times, st.integers(5, 8))
def test_the_scripted_engine_cuts_at_the_same_places(spoken, value, longest):
    words, at = [], 0.5
    for each, gap in spoken:
        words.append({"word": "a", "start_s": at, "end_s": at + each})
        at += each + gap
    planner = Planner(Script.load({"words": words}), 0, endpointing=value, longest=longest)
    finals = [
        (planned.position, planned.event.words[0].start, planned.event.words[-1].end)
        for planned in planner.events()
        if isinstance(planned.event, Transcript) and planned.event.is_final
    ]
    found = [
        Stretch(
            word["start_s"],
            word["end_s"],
            following["start_s"] - word["end_s"],
            ((word["start_s"], word["end_s"]),),
        )
        for word, following in zip(words, [*words[1:], {"start_s": 1e9}], strict=True)
    ]
    made = cuts(found, 1e9, value, longest)
    assert [(cut.at_s, cut.start_s, cut.end_s) for cut in made] == finals
