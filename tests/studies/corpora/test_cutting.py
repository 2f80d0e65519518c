"""Cutting at silences loses no sample and no word, and moves times right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.sessions.formats.base import Reference, Row
from gladia_nb.studies.corpora.cutting import cut_at_silences, cut_frames, without_ignored
from gladia_nb.studies.corpora.items import Item
from gladia_nb.studies.corpora.sounds import ArraySound
from tests.support.sounds import RATE, bursts


def item_of(spans, duration_s, rows=None, granularity="word", **known):
    rows = [Row(f"w{k}", *span) for k, span in enumerate(spans)] if rows is None else rows
    sound = ArraySound(bursts(spans, duration_s))
    return Item("talk", sound, Reference(tuple(rows), granularity, **known))


def test_the_middle_of_the_last_silence_that_fits():
    item = item_of([(0.5, 1.0), (1.5, 2.0), (3.0, 3.5)], 4.0)
    notes: list[str] = []
    parts = cut_at_silences(item, 2.75, notes)
    assert [part.name for part in parts] == ["talk@0.00-2.50", "talk@2.50-4.00"]
    assert [part.start_s for part in parts] == pytest.approx([0, 2.5], abs=0.01)
    assert [part.end_s for part in parts] == pytest.approx([2.5, 4], abs=0.01)
    (row,) = parts[1].reference.rows
    assert (row.text, row.start_s) == ("w2", pytest.approx(0.5, abs=0.01))
    assert notes == []


def test_what_is_short_enough_stays():
    item = item_of([(0.5, 1.0)], 2.0)
    assert cut_at_silences(item, 2.0, []) == [item]


def test_a_part_of_a_part_knows_where_it_is_in_the_file():
    item = item_of([(0.5, 1.0), (1.5, 2.0), (2.5, 3.0), (3.5, 4.0)], 4.5)
    (_, second) = cut_at_silences(item, 2.5, [])
    again = cut_at_silences(second, 1.5, [])
    assert [part.start_s for part in again] == pytest.approx([2.25, 3.25], abs=0.01)
    assert again[1].name == "talk@2.25-4.50@3.25-4.50"


def test_where_there_is_no_silence_a_part_is_longer_and_that_is_told():
    notes: list[str] = []
    parts = cut_at_silences(item_of([(0.0, 2.0), (2.5, 3.0)], 3.0), 1.0, notes)
    assert [round(part.duration_s, 1) for part in parts] == [2.2, 0.8]
    assert len(notes) == 1
    assert "there is no silence to cut it at" in notes[0]


def test_a_text_is_not_cut_and_that_is_told():
    notes: list[str] = []
    text = item_of([(0.5, 1.0), (1.5, 2.0)], 2.5, [Row("so it is", None, None)], "text")
    assert cut_at_silences(text, 1.5, notes) == [text]
    assert "was not cut" in notes[0]


def test_a_word_that_the_detector_does_not_hear_is_not_cut_through():
    audio = bursts([(0.0, 1.0), (3.0, 4.0)], 4.0)
    (at,) = cut_frames(audio, [Row("quiet", 1.25, 2.5)], 3 * RATE)
    assert 2.5 * RATE <= at <= 3 * RATE


def test_silence_alone_is_not_cut():
    assert cut_frames(bursts([], 4.0), [], RATE) == []


@st.composite
def recordings(draw):
    gaps = draw(st.lists(st.integers(0, 6), min_size=1, max_size=9))
    lengths = draw(st.lists(st.integers(1, 8), min_size=len(gaps), max_size=len(gaps)))
    spans, now = [], 0.0
    for gap, length in zip(gaps, lengths, strict=True):
        spans.append((now + gap / 10, now + gap / 10 + length / 10))
        now = spans[-1][1]
    heard = [span for span in spans if draw(st.booleans())]
    rows = [Row(f"w{k}", *span, 0, "ann") for k, span in enumerate(spans)]
    # A word that ends a little behind the audio, as aligners round.
    duration_s = now + draw(st.sampled_from([-0.05, 0.0, 0.7]))
    sound = ArraySound(bursts(heard, max(duration_s, 0.1)))
    return Item("talk", sound, Reference(tuple(rows), "word"))


@settings(max_examples=60, deadline=None)
@given(item=recordings(), max_s=st.sampled_from([0.3, 0.9, 2.0]))
def test_no_sample_and_no_word_is_lost(item, max_s):
    notes: list[str] = []
    parts = cut_at_silences(item, max_s, notes)
    assert len(notes) == sum(len(part.audio().samples) > max_s * RATE for part in parts)
    joined = np.concatenate([part.audio().samples for part in parts])
    assert np.array_equal(joined, item.audio().samples)
    rows = [row.moved(part.start_s) for part in parts for row in part.reference.rows]
    assert [row.text for row in rows] == [row.text for row in item.reference.rows]
    assert [row.speaker for row in rows] == [row.speaker for row in item.reference.rows]
    for moved, row in zip(rows, item.reference.rows, strict=True):
        assert moved[1:3] == pytest.approx(row[1:3])
    for part in parts[:-1]:
        for row in part.reference.rows:
            assert 0 <= row.start_s <= row.end_s <= part.duration_s + 1e-9
    assert len({part.name for part in parts}) == len(parts)


def test_what_is_not_to_be_scored_is_cut_out():
    spans = [(0.5, 1.0), (1.5, 2.0), (3.0, 3.5)]
    item = item_of(spans, 4.0, granularity="segment", ignored=((0.0, 0.25, 0), (2.2, 2.8, 0)))
    notes: list[str] = []
    parts = without_ignored(item, notes)
    assert [(part.start_s, part.end_s) for part in parts] == [(0.25, 2.2), (2.8, 4.0)]
    assert [row.text for part in parts for row in part.reference.rows] == ["w0", "w1", "w2"]
    assert parts[0].reference.rows[0].start_s == 0.25
    assert all(part.reference.ignored == () for part in parts)
    assert "that are not to be scored" in notes[0]


def test_what_reaches_into_such_a_span_goes_with_it():
    rows = [Row("a", 0.5, 1.5), Row("b", 1.25, 2.0), Row("c", 3.0, 3.5)]
    item = item_of([], 4.0, rows, "segment", ignored=((1.9, 2.1, 0),))
    notes: list[str] = []
    (part,) = without_ignored(item, notes)
    assert [row.text for row in part.reference.rows] == ["c"]
    assert part.start_s == 2.1
    assert "with 2 segments that reach into them" in notes[0]


def test_without_such_spans_an_item_stays():
    item = item_of([(0.5, 1.0)], 2.0)
    assert without_ignored(item, []) == [item]
