"""Turns of a reference, by what it knows; and which silences lie within them."""

import numpy as np
import pytest

from gladia_nb.metrics.base.spoken_turns import TURN_GAP_S, Turn, goes_on, not_ended, turn_spans


def row(start_s, end_s, channel=0, **known):
    return {"word": "a", "start_s": start_s, "end_s": end_s, "channel": channel, **known}


def spans(rows):
    found, told_by = turn_spans(rows)
    return [(turn.channel, turn.speaker, turn.start_s, turn.end_s) for turn in found], told_by


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_no_reference_no_turns(nothing):
    assert turn_spans(nothing) == ([], None)


def test_silences_alone_tell_turns():
    rows = [row(0, 1), row(1 + TURN_GAP_S, 2), row(2.8125, 3)]
    assert spans(rows) == ([(0, "", 0, 2), (0, "", 2.8125, 3)], "gap")


def test_a_speaker_takes_the_turn_of_another_without_any_silence():
    rows = [row(0, 1, speaker="a"), row(1, 2, speaker="b"), row(2, 3, speaker="a")]
    assert spans(rows) == ([(0, "a", 0, 1), (0, "b", 1, 2), (0, "a", 2, 3)], "speaker")


def test_a_sentence_is_not_divided_and_sentences_of_one_speaker_are_one_turn():
    rows = [row(0, 1, sentence=0), row(3, 4, sentence=0), row(4.5, 5, sentence=1)]
    assert spans(rows) == ([(0, "", 0, 5)], "sentence")
    rows.append(row(6, 7, sentence=2))
    assert spans(rows)[0] == [(0, "", 0, 5), (0, "", 6, 7)]


def test_one_word_without_a_sentence_makes_silences_tell():
    rows = [row(0, 1, sentence=0), row(3, 4)]
    assert spans(rows) == ([(0, "", 0, 1), (0, "", 3, 4)], "gap")


def test_words_that_overlap_in_two_channels_stay_in_their_turns():
    rows = [row(0, 1), row(0.5, 1.5, 1), row(1.25, 2), row(1.75, 2.5, 1)]
    assert spans(rows) == ([(0, "", 0, 2), (1, "", 0.5, 2.5)], "gap")


TURNS = [Turn(0, "", 0.5, 2.0), Turn(1, "", 0.7, 1.0), Turn(0, "", 2.5, 4.0)]


def test_a_silence_lies_in_a_turn_by_its_middle():
    end_s, next_s = np.array([1.0, 1.9, 2.0, 3.0, 4.0]), np.array([1.2, 2.05, 2.5, 9.0, np.nan])
    assert goes_on(TURNS, 0, end_s, next_s).tolist() == [0, 0, -1, -1, -1]
    assert goes_on(TURNS, 1, end_s[:1] - 0.2, next_s[:1] - 0.3).tolist() == [1]
    assert goes_on([], 0, end_s, next_s).tolist() == [-1] * 5
    assert goes_on(TURNS, 0, end_s[:0], next_s[:0]).tolist() == []


@pytest.mark.parametrize(
    ("silences", "expected"),
    [
        ([], 1),
        ([(1.0, 1.2)], 1),
        ([(1.0, 1.2), (1.98, 2.52)], 0),
        ([(2.02, 2.45)], 0),
        ([(3.0, 3.5)], 1),
        ([(4.0, np.nan)], 1),
    ],
)
def test_a_turn_is_missed_when_no_silence_behind_it_ended_anything(silences, expected):
    table = np.array(silences, dtype="float64").reshape(-1, 2)
    assert not_ended(TURNS, 0, table[:, 0], table[:, 1]) == expected
    # The last turn of a channel runs into nothing.
    assert not_ended(TURNS, 1, table[:, 0], table[:, 1]) == 0
