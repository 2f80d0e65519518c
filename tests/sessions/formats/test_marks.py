"""Words among marks."""

import pytest

from gladia_nb.sessions.formats.marks import is_mark, spoken_words


@pytest.mark.parametrize("token", ["<unk>", "<NOISE>", "[laughter]", "%hesitation", "sil", "SPN"])
def test_marks(token):
    assert is_mark(token)


@pytest.mark.parametrize("token", ["", "word", "<b>bold</b>", "<", "silent", "100%"])
def test_words(token):
    assert not is_mark(token)


@pytest.mark.parametrize(
    ("text", "words", "left_out"),
    [
        ("plain words", "plain words", 0),
        ("{ a / b } c", "a c", 0),
        ("{a b/c} d", "a b/c d", 0),
        ("{a b / c} d", "a b d", 0),
        ("{ @ / uh } then", "then", 0),
        ("{ a { b / c } / d } e", "a b e", 0),
        ("{ a / { b / c } d } e", "a e", 0),
        ("and / or", "and / or", 0),
        ("(uh) so ((what))", "uh so what", 0),
        ("in <unk> [noise] (%uh) paris", "in paris", 3),
        ("(())", "", 0),
        ("} odd {", "odd", 0),
    ],
)
def test_what_was_spoken(text, words, left_out):
    assert spoken_words(text.split()) == (words.split(), left_out)
