"""Custom spelling of words with times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.engines.base import Word
from gladia_nb.server.engines.spelling import Spelling, share_out


def spoken(text: str) -> list[Word]:
    return [
        Word(word, float(index), index + 0.8, 0.9 - index / 100)
        for index, word in enumerate(text.split())
    ]


def written(text: str, dictionary: dict[str, list[str]]) -> str:
    return " ".join(word.text for word in Spelling(dictionary).apply(spoken(text)))


@pytest.mark.parametrize(
    ("heard", "dictionary", "wanted"),
    [
        ("hello sarah", {"Sarah": ["sarah"]}, "hello Sarah"),
        ("SARAH, hello", {"Zahra": ["sarah", "zara"]}, "Zahra, hello"),
        ("please ask a lady uh to write", {"Gladia": ["a lady uh"]}, "please ask Gladia to write"),
        ("in new york city", {"NY": ["new york"], "NYC": ["new york city"]}, "in NYC"),
        ("see sea sea", {"C": ["sea"]}, "see C C"),
        ("dont go", {"do not": ["dont"]}, "do not go"),
        ("seaside", {"C": ["sea"]}, "seaside"),
        ("a b", {}, "a b"),
        ("a b", {"": ["a"], "x": ["", " "]}, "a b"),
        ("was it sarah?", {"Sarah": ["Sarah"]}, "was it Sarah?"),
    ],
)
def test_replacements(heard: str, dictionary: dict[str, list[str]], wanted: str) -> None:
    assert written(heard, dictionary) == wanted


def test_times_and_confidence() -> None:
    words = Spelling({"Gladia": ["a lady"]}).apply(spoken("ask a lady"))
    assert words[1] == Word("Gladia", 1.0, 2.8, 0.88)
    assert [(w.text, w.start, w.end) for w in share_out(Word("New York", 1.0, 1.7, 0.9))] == [
        ("New", 1.0, 1.3),
        ("York", 1.3, 1.7),
    ]


@given(
    st.lists(st.sampled_from(["a", "b", "c", "c."]), max_size=8),
    st.dictionaries(
        st.sampled_from(["X", "Y Z"]),
        st.lists(st.sampled_from(["a", "a b", "c a", "b c c"]), max_size=3),
    ),
)
def test_times_stay_in_order(heard: list[str], dictionary: dict[str, list[str]]) -> None:
    before = spoken(" ".join(heard))
    after = Spelling(dictionary).apply(before)
    times = [time for word in after for time in (word.start, word.end)]
    assert times == sorted(times)
    assert bool(after) is bool(before)
    if before:
        assert (after[0].start, after[-1].end) == (before[0].start, before[-1].end)
