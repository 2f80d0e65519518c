"""What counts as the same word."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gladia_nb.metrics import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Good morning.", "good morning"),
        ("It\u2019s, it's", "it's it's"),
        ("well-known - fact", "wellknown fact"),
        ("\u00c9t\u00e9 e\u0301te\u0301", "\u00e9t\u00e9 \u00e9t\u00e9"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947!", "\u0928\u092e\u0938\u094d\u0924\u0947"),
        ("5 $ \u2014 ...", "5"),
        ("", ""),
    ],
)
def test_known_texts(text, expected):
    assert normalise(text) == expected


@given(st.text())
@example("C:\u0327")
def test_twice_is_once(text):
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())
