from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.cli.text import plain, plain_lines

JOINERS = "\u200c\u200d"


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text):
    shown = plain(text)
    assert all(c.isprintable() or c in JOINERS for c in shown)
    assert plain(shown) == shown
    assert plain_lines(text).split("\n") == [plain(line) for line in text.split("\n")]


def test_what_can_be_printed_stays():
    assert plain("naïve café, 日本!") == "naïve café, 日本!"
    assert plain("déjà\u00a0! 👩\u200d💻") == "déjà ! 👩\u200d💻"


def test_what_cannot_is_seen():
    assert plain("a\x1b[2J\x9bm\r\n\tb\u202ec\ud800") == (r"a\x1b[2J\x9bm\r\n\tb\u202ec\ud800")
    assert plain_lines("a\n\rb") == "a\n\\rb"
    assert plain(Path("a\x07.run")) == r"a\x07.run"
