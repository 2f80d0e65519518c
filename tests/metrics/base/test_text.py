"""What counts as the same word."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import NORMALISERS, normalise
from gladia_nb.metrics.base.text import normaliser, plain

NUMBERS = (
    "a hundred thousand and nineteen eighty 21 $5 million twenty-one 3.5 percent - C++".split()
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Good morning.", "good morning"),
        ("It\u2019s, it's", "it's it's"),
        ("well-known - fact", "wellknown fact"),
        ("\u00c9t\u00e9 e\u0301te\u0301", "\u00e9t\u00e9 \u00e9t\u00e9"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947!", "\u0928\u092e\u0938\u094d\u0924\u0947"),
        # A sign of a currency is spoken, and says what the number is of.
        ("5 $ \u2014 ...", "five dollars"),
        ("我用 iPhone 手机。", "我 用 iphone 手 机"),
        ("ＡＢＣ１２", "abc twelve"),
        ("", ""),
    ],
)
def test_known_texts(text, expected):
    assert normalise(text) == expected


@given(st.text() | st.lists(st.sampled_from(NUMBERS)).map(" ".join))
@example("C:\u0327")
def test_twice_is_once(text):
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())


@given(st.text() | st.lists(st.sampled_from(NUMBERS)).map(" ".join))
def test_figures_that_stay_stay(text):
    choice = normaliser("basic", english=False)
    once = choice(text)
    assert choice(once) == once


def test_other_languages_keep_their_figures():
    choice = normaliser("basic", english=False)
    assert choice("Il y a 21 chats, 3,5 kg et C++ : 50%.") == "il y a 21 chats 3,5 kg et c + + 50 %"
    assert choice("vingt-et-un") == "vingtetun"


@given(st.lists(st.sampled_from(NUMBERS), max_size=6))
def test_the_tokens_of_words_are_those_of_the_text(words):
    for name in ("basic", "raw"):
        choice = normaliser(name)
        found = choice.of_words(words)
        assert len(found) == len(words)
        assert [token for tokens in found for token in tokens] == choice.tokens(" ".join(words))


def test_by_name():
    assert [normaliser(name).name for name in ("basic", "raw")] == ["basic", "raw"]
    assert set(NORMALISERS) == {"basic", "raw", "whisper"}
    assert normaliser(normaliser("raw")) is normaliser("raw")
    assert repr(normaliser("basic")) == "<normaliser basic>"
    assert normaliser("raw")("It's  $21.") == "It's $21."
    with pytest.raises(ConfigError, match="no normaliser 'best'; there are basic, raw, whisper"):
        normaliser("best")


def test_an_own_function_of_texts_or_lists():
    def loud(text):
        return text.upper()

    assert normaliser(loud).name == "loud"
    assert normaliser(loud).tokens("it is 好的") == ["IT", "IS", "好", "的"]
    assert normaliser(lambda text: ["one", "token"]).tokens("x") == ["one", "token"]
    assert normaliser(loud).of_words(["it", "is"]) == [("IT",), ("IS",)]
    with pytest.raises(ConfigError, match="must return a text or a list of tokens, not int"):
        normaliser(len).tokens("it")


def test_a_function_that_joins_words_gives_each_token_to_one():
    """The words of a number are one token by such a function, which is of the first of them."""

    def numbers(text):
        return text.replace("twenty one", "21").replace("-", "")

    words = "it is twenty one - now".split()
    assert normaliser(numbers).of_words(words) == [
        ("it",),
        ("is",),
        ("21",),
        (),
        (),
        ("now",),
    ]


def test_plain_is_how_it_is_written():
    assert plain("Twenty-one,") == "twentyone"
    assert plain("$21.") == "21"
