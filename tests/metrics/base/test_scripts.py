"""Scripts without spaces, cut by character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.scripts import cut, joined

#: Words in which each part is told by a blank.
KNOWN = [
    "你 好， 世 界。",
    "我 用 iPhone 手 机",
    "「你 好」",
    "ス ー パ ー",
    "2026 年",
    "ข อ บ คุ ณ",
    "เมื อ ง ไท ย",
    "น้ำ",
    "ກິ ນ",
    "ក្រុ ង",
    "မြ န် မာ",
    "서울은",
    "naïve",
    "O'Neil,",
    "नमस्ते",
]


@pytest.mark.parametrize("known", KNOWN)
def test_by_hand(known):
    assert list(cut(known.replace(" ", ""))) == known.split()


@given(st.text(alphabet="你好ひカーไมิ่ทกำ、。aB1 -\u0301្က", max_size=12))
def test_nothing_is_lost(text):
    assert "".join(cut(text)) == text
    assert all(cut(text)) == bool(text) or not text


@given(st.text(st.characters(codec="ascii"), min_size=1))
def test_what_has_spaces_is_left_alone(text):
    assert cut(text) == (text,)


def test_joined():
    assert joined(["你", "好", "iphone", "手"]) == "你好 iphone 手"
    assert joined(["it", "is"]) == "it is"
    assert joined([]) == ""
    assert joined(["น้ำ", "ไท"]) == "น้ำไท"
