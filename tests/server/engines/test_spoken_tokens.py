"""Words of tokens, and where they lie in the sound."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.engines.spoken_tokens import place


def sound(*spans: tuple[int, int], length: int) -> list[bool]:
    return [any(start <= frame < end for start, end in spans) for frame in range(length)]


def placed(tokens: list[str], times: list[float], loud: list[bool]) -> list[tuple[str, int, int]]:
    return [(word.text, word.start, word.end) for word in place(tokens, times, [], loud)]


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([" he", "llo", " you"], ["hello", "you"]),
        (["▁he", "llo", "▁you"], ["hello", "you"]),
        (["he", "llo", " ", "you", " "], ["hello", "you"]),
        (["h", "i", " ", "d", "u"], ["hi", "du"]),
        ([" Well", ",", " yes", "."], ["Well,", "yes."]),
        (["你", "好", " ok", "吗"], ["你", "好", "ok", "吗"]),
        ([" caf", "<0xC3>", "<0xA9>", " x"], ["café", "x"]),
        (["<0xE4>", "<0xBD>", "<0xA0>"], ["你"]),
        (["<0xFF>"], ["\ufffd"]),
        ([" ", "▁"], []),
        ([], []),
    ],
)
def test_words_by_hand(tokens: list[str], words: list[str]) -> None:
    times = [0.1 * index for index in range(len(tokens))]
    assert [word.text for word in place(tokens, times, [], [True] * 200)] == words


@pytest.mark.parametrize(
    ("times", "spans", "expected"),
    [
        pytest.param([0.3, 0.8], [(25, 50), (75, 90)], [(25, 50), (75, 90)], id="in the sound"),
        pytest.param([0.24, 0.72], [(25, 50), (75, 90)], [(25, 50), (75, 90)], id="a little early"),
        pytest.param([0.55, 0.95], [(25, 50), (75, 90)], [(25, 50), (75, 90)], id="late"),
        pytest.param([0.3, 0.52], [(25, 90)], [(25, 52), (52, 90)], id="no pause between"),
        pytest.param([0.3, 0.6], [(25, 45), (48, 90)], [(25, 60), (60, 90)], id="a closure"),
        pytest.param([0.3, 0.6], [(5, 8), (25, 45), (55, 90)], [(25, 45), (55, 90)], id="a click"),
        pytest.param([0.3, 0.3], [(25, 90)], [(25, 30), (30, 90)], id="both at once"),
        pytest.param([0.3, 0.6], [], [(30, 60), (60, 61)], id="no sound at all"),
    ],
)
def test_places_by_hand(
    times: list[float], spans: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    found = placed([" a", " b"], times, sound(*spans, length=100))
    if spans:
        assert [pair[1:] for pair in found] == expected
    assert [pair[0] for pair in found] == ["a", "b"]


def test_a_word_that_is_being_spoken_lasts_until_now() -> None:
    assert placed([" a"], [0.3], sound((25, 60), length=60)) == [("a", 25, 60)]


def test_probabilities_are_the_mean_of_a_words_tokens() -> None:
    logs = [math.log(0.9), math.log(0.4), math.log(0.5)]
    first, second = place([" a", "b", " c"], [0.1, 0.2, 0.3], logs, [True] * 50)
    assert first.probability == pytest.approx(0.6)
    assert second.probability == pytest.approx(0.5)
    (broken,) = place([" a"], [0.1], [math.nan], [True] * 50)
    assert broken.probability == 0.0
    (sure,) = place([" a"], [0.1], [0.5], [True] * 50)
    assert sure.probability == 1.0
    (untold,) = place([" a"], [0.1], [], [True] * 50)
    assert untold.probability is None


@given(st.data())
def test_words_follow_each_other_whatever_comes(data: Any) -> None:
    loud = data.draw(st.lists(st.booleans(), max_size=120))
    tokens = data.draw(st.lists(st.sampled_from([" a", "b", "你", " ", "<0xC3>"]), max_size=8))
    times = sorted(data.draw(st.floats(0, 2)) for _ in tokens)
    words = place(tokens, times, [], loud)
    now = 0
    for word in words:
        assert now <= word.start < word.end
        now = word.end
    assert "".join(word.text for word in words).count("a") == tokens.count(" a")
