from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.cli.text import plain


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text):
    shown = plain(text)
    assert len(shown) == len(text)
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert plain(shown) == shown


def test_what_can_be_printed_stays():
    assert plain("naïve café, 日本\n\u202e!") == "naïve café, 日本\n !"
