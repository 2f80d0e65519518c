"""All tokens at once are those of each text."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.text import normaliser
from gladia_nb.metrics.base.tokens import shared, spread, tokens_of

WORDS = st.sampled_from("it a hundred 21 $5 million nineteen eighty - 好的 C++ Six".split())


def upper(text):
    return text.upper()


@given(
    st.lists(st.lists(WORDS, max_size=6), max_size=5),
    st.sampled_from(["basic", "raw", upper]),
)
def test_as_each_text_by_itself(texts, choice):
    choice = normaliser(choice)
    flat = [word for text in texts for word in text]
    levels = list(dict.fromkeys(flat))
    codes = np.array([levels.index(word) for word in flat], dtype="int32")
    numbers = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    found = spread(levels, codes, numbers, choice)
    expected = [tokens for text in texts for tokens in choice.of_words(text)]
    assert [found.texts[code] for code in found.code] == [t for tokens in expected for t in tokens]
    assert found.word.tolist() == [k for k, tokens in enumerate(expected) for _ in tokens]
    assert found.nth.tolist() == [j for tokens in expected for j in range(len(tokens))]
    assert found.total.tolist() == [len(tokens) for tokens in expected for _ in tokens]


def test_forms_of_writing():
    """Characters are pieces of their own, case is no form, and figures are one."""
    levels = ["好的", "好", "Six", "six.", "6"]
    found = spread(levels, np.arange(5, dtype="int32"), np.arange(5), normaliser("basic"))
    assert [found.texts[code] for code in found.code] == ["好", "的", "好", "six", "six", "six"]
    assert found.written[0] == found.written[2]
    assert found.written[3] != found.written[4]
    forms = found.forms[found.written]
    assert forms[3] == forms[4] != forms[5]


def test_shares_of_time():
    nan = float("nan")
    start_s, end_s = np.array([1.0, 1.0, 3.0, nan]), np.array([2.0, 2.0, nan, nan])
    begins, ends = shared(start_s, end_s, np.array([0, 1, 0, 0]), np.array([2, 2, 1, 1]))
    assert begins.tolist()[:3] == [1.0, 1.5, 3.0]
    assert ends.tolist()[:2] == [1.5, 2.0]
    assert np.isnan(ends[2:]).all()


def test_one_text():
    tokens, word, index, count = tokens_of(["it", "-", "21"], normaliser("basic"))
    assert tokens == ["it", "twenty", "one"]
    assert (word.tolist(), index.tolist(), count.tolist()) == ([0, 2, 2], [0, 0, 1], [1, 2, 2])
    assert tokens_of([], normaliser("basic"))[0] == []
