import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.record.letters import Letters

STAMP = st.datetimes().map(lambda at: at.isoformat() + "Z")
TEXT = STAMP | st.none() | st.text(max_size=8) | st.just("\udc80") | st.just("ends in\0")


@given(st.lists(st.lists(TEXT, max_size=5) | st.lists(STAMP, max_size=5), max_size=6))
def test_what_went_in_comes_out(parts):
    texts = Letters()
    for part in parts:
        texts.extend(part)
    whole = [text for part in parts for text in part]
    assert list(texts) == whole
    assert texts == whole
    assert len(texts) == len(whole)
    assert [texts[k] for k in range(-len(whole), len(whole))] == whole * 2
    assert texts[1:-1] == whole[1:-1]
    with pytest.raises(IndexError):
        texts[len(whole)]


def test_stamps_take_no_more_than_their_letters():
    texts = Letters()
    texts.extend([f"2026-11-21T09:00:{second:02d}.000Z" for second in range(60)])
    assert sum(part.nbytes for part in texts._parts) == 60 * 24
