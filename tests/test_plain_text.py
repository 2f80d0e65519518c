"""Text of others is shown as it is where it can be, and as escapes where it could do harm."""

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.plain_text import visible


@given(st.text(), st.sampled_from(["", "\n", "\n\t"]))
def test_visible_text(text, keep):
    shown = visible(text, keep)
    assert all(c.isprintable() or c in keep or c in "\u200c\u200d" for c in shown)
    assert visible(shown, keep) == shown
    if text.isprintable():
        assert shown == text


def test_by_hand():
    assert visible("naïve, 日本, 👩\u200d💻, déjà\u00a0!") == "naïve, 日本, 👩\u200d💻, déjà !"
    assert visible("a\x1b[2J\x9b\x7f\u2028\u202e\ud800") == (r"a\x1b[2J\x9b\x7f\u2028\u202e\ud800")
    assert visible("a\tb\nc", keep="\n") == "a\\tb\nc"
