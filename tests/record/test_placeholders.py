"""Placeholders have the length of their words, stay equal where these are, and are none of them."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.scripts import cut
from gladia_nb.record.placeholders import Placeholders

TEXTS = st.lists(st.text(), max_size=8)
WORDS = st.lists(st.text(st.characters(categories=["Ll"]), min_size=1, max_size=4), max_size=60)


def of(*texts: str) -> Placeholders:
    placeholders = Placeholders()
    for text in texts:
        placeholders.collect(text)
    return placeholders


@given(TEXTS)
def test_length_and_punctuation_stay_and_it_can_be_repeated(texts):
    placeholders = of(*texts)
    found = [placeholders.text(text) for text in texts]
    assert found == [of(*texts).text(texts[0]) if k == 0 else f for k, f in enumerate(found)]
    for text, other in zip(texts, found, strict=True):
        signs = [(c, d) for c, d in zip(text, other, strict=False) if _is_sign(c)]
        assert all(c == d for c, d in signs) or not unicodedata.is_normalized("NFC", text)
        assert len(other) >= len(text) or any(len(c.upper()) > 1 for c in text)


def _is_sign(sign: str) -> bool:
    return unicodedata.category(sign)[0] not in "LNM"


@given(WORDS)
def test_words_are_equal_where_they_were_and_none_of_them_is_left(words):
    placeholders = of(*words)
    found = {word: placeholders.text(word) for word in words}
    assert len(set(found.values())) == len(found)
    assert not set(found.values()) & set(words)
    assert all(len(word) == len(other) for word, other in found.items())


def test_capitals_and_what_is_glued_to_a_word():
    placeholders = of("Morning, NASA: it's good-ish morning 42!")
    assert placeholders.text("Morning, NASA: it's good-ish morning 42!") == (
        "Bbbbbbb, BBBB: bb'b bbbc-bbb bbbbbbb bc!"
    )


def test_more_short_words_than_there_are_consonants():
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    found = {of(*letters).text(letter) for letter in letters}
    assert not found & set(letters)
    placeholders = of(*letters)
    assert len({placeholders.text(letter) for letter in letters}) == len(letters)


def test_scripts_without_spaces_keep_the_number_of_their_characters():
    text = "\u6211\u7528iPhone\u3002\u6211"
    placeholders = of(text)
    other = placeholders.text(text)
    assert [len(part) for part in cut(other)] == [len(part) for part in cut(text)]
    assert other[0] == other[-1]
    assert not set(other) & set("\u6211\u7528iPhone")


def test_letters_with_marks_are_one_word():
    text = "\u0928\u092e\u0938\u094d\u0924\u0947 \u0928\u092e\u0938\u094d\u0924\u0947"
    first, second = of(text).text(text).split()
    assert first == second
    assert first.isascii()
    assert len(first) == 6


def test_a_sentence_loses_only_what_was_said():
    placeholders = of("the zebra")
    assert placeholders.sentence("The word 'zebra' is too long.") == "Bbb word 'bbbbb' is too long."
