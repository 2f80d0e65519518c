"""Turns from the words of a reference: by speaker, by sentence, by silence."""

from itertools import pairwise

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.turn_spans import (
    TURN_GAP_S,
    Piece,
    joined,
    reference_turns,
    spoken_pieces,
)
from gladia_nb.record.schema import REFERENCE, to_frame


def frame(*rows):
    """Rows of (word, start_s, end_s, channel, speaker, sentence)."""
    names = ("word", "start_s", "end_s", "channel", "speaker", "sentence")
    return to_frame({name: [row[k] for row in rows] for k, name in enumerate(names)}, REFERENCE)


def texts(reference, gap_s=0.8):
    pieces, told_by = spoken_pieces(reference, gap_s)
    return [piece.text for piece in joined(pieces, gap_s)], told_by


def test_a_sentence_is_not_divided_by_a_silence():
    said = frame(
        ("i", 0.5, 0.8, 0, "a", 0),
        ("would", 2.3, 2.6, 0, "a", 0),
        ("why", 2.8, 3.0, 0, "b", 1),
    )
    assert texts(said) == (["i would", "why"], "speaker")
    assert texts(said.assign(sentence=pd.NA).astype({"sentence": "Int64"})) == (
        ["i", "would", "why"],
        "speaker",
    )


def test_sentences_of_one_speaker_are_one_turn_until_a_long_silence():
    said = frame(
        ("one", 0.5, 0.8, 0, "a", 0),
        ("two", 1.2, 1.5, 0, "a", 1),
        ("three", 2.6, 2.9, 0, "a", 2),
    )
    assert texts(said) == (["one two", "three"], "speaker")
    assert texts(said, 2.0) == (["one two three"], "speaker")
    assert texts(said.assign(speaker=None).astype({"speaker": "str"})) == (
        ["one two", "three"],
        "sentence",
    )


def test_who_talks_at_the_same_time_does_not_divide_a_sentence():
    said = frame(
        ("fell", 1.0, 1.3, 1, "b", 5),
        ("that", 1.3, 1.5, 0, "a", 6),
        ("down", 1.4, 1.6, 1, "b", 5),
        ("is", 1.5, 1.7, 0, "a", 6),
        ("bad", 1.9, 2.1, 0, "a", 7),
    )
    assert texts(said) == (["fell down", "that is bad"], "speaker")


def test_without_more_silence_and_channel_tell():
    bare = frame(
        ("one", 0.5, 0.8, 0, None, None),
        ("two", 1.0, 1.3, 0, None, None),
        ("yes", 1.4, 1.6, 1, None, None),
        ("three", 1.7, 1.9, 0, None, None),
        ("four", 4.0, 4.3, 0, None, None),
    )
    assert texts(bare) == (["one two three", "yes", "four"], "gap")
    assert texts(bare, 0.3) == (["one two", "yes", "three", "four"], "gap")


def test_a_reference_that_names_some_speakers_does_not_tell_them():
    said = frame(("one", 0.5, 0.8, 0, "a", 0), ("two", 1.0, 1.3, 0, None, None))
    assert spoken_pieces(said, 0.8)[1] == "gap"


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 2), st.sampled_from("ab")), max_size=12),
    st.floats(0, 3),
)
def test_laws(spans, gap_s):
    pieces = [Piece(0, who, start, start + long, "x") for start, long, who in spans]
    turns = joined(pieces, gap_s)
    assert sum(len(turn.text.split()) for turn in turns) == len(pieces)
    assert [turn.start_s for turn in turns] == sorted(turn.start_s for turn in turns)
    for before, after in pairwise(turns):
        assert before.speaker != after.speaker or after.start_s - before.end_s > gap_s


def row(start_s, end_s, channel=0, **known):
    return {"word": "a", "start_s": start_s, "end_s": end_s, "channel": channel, **known}


def spans(rows):
    columns = {name: [one.get(name) for one in rows] for name in REFERENCE}
    found, told_by = reference_turns(to_frame(columns, REFERENCE))
    return [(turn.channel, turn.speaker, turn.start_s, turn.end_s) for turn in found], told_by


def test_no_reference_no_turns():
    assert spans([]) == ([], None)


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
