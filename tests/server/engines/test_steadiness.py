"""Confidence by how long a word has stood."""

from __future__ import annotations

import pytest

from gladia_nb.server.engines.steadiness import Steadiness


def test_a_word_that_changes_begins_anew_and_its_neighbours_do_not() -> None:
    steadiness = Steadiness()
    for texts in (["a"], ["a", "b"], ["a", "c"], ["a", "c", "d"]):
        steadiness.look(texts)
    assert [steadiness.of(index) for index in range(3)] == [0.8, 0.667, 0.5]


def test_a_word_that_is_taken_back_is_forgotten() -> None:
    steadiness = Steadiness()
    for texts in (["a", "b"], ["a"], ["a", "b"]):
        steadiness.look(texts)
    assert steadiness.of(1) == 0.5
    with pytest.raises(IndexError):
        steadiness.of(2)
