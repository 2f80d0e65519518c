"""TextGrid as the Montreal Forced Aligner and Praat write it."""

import sys

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import Row
from gladia_nb.sessions.formats.textgrids import read_textgrid


def tier(number, name, intervals):
    rows = "".join(
        f"        intervals [{k}]:\n            xmin = {start}\n            xmax = {end}\n"
        f'            text = "{text}"\n'
        for k, (start, end, text) in enumerate(intervals, 1)
    )
    return (
        f'    item [{number}]:\n        class = "IntervalTier"\n        name = "{name}"\n'
        f"        xmin = 0\n        xmax = 2\n        intervals: size = {len(intervals)}\n{rows}"
    )


def grid(*tiers):
    body = "".join(tier(k, name, rows) for k, (name, rows) in enumerate(tiers, 1))
    return (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 2\n'
        f"tiers? <exists>\nsize = {len(tiers)}\nitem []:\n{body}"
    )


WORDS = [(0, 0.5, ""), (0.5, 0.9, "hello"), (0.9, 1.2, "<unk>"), (1.2, 1.4, "sil"), (1.4, 2, "you")]
PHONES = [(0, 0.5, ""), (0.5, 0.9, "HH"), (0.9, 2, "Y")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_words_without_silences_and_phones(tmp_path, encoding):
    path = tmp_path / "a.TextGrid"
    path.write_text(grid(("words", WORDS), ("phones", PHONES)), encoding, newline="\r\n")
    found = read_textgrid(path)
    assert found.problems == []
    known = found.references[""]
    assert (known.granularity, known.left_out) == ("word", 1)
    assert known.rows == (Row("hello", 0.5, 0.9), Row("you", 1.4, 2.0))


def test_tiers_of_speakers(tmp_path):
    path = tmp_path / "a.TextGrid"
    ann, ben = [(0, 1, "hi")], [(0.5, 1.5, "ho")]
    path.write_text(grid(("ann - words", ann), ("ann - phones", PHONES), ("ben - words", ben)))
    assert read_textgrid(path).references[""].rows == (
        Row("hi", 0, 1, 0, "ann"),
        Row("ho", 0.5, 1.5, 0, "ben"),
    )


def test_tiers_that_are_not_called_words_are_segments(tmp_path):
    path = tmp_path / "a.TextGrid"
    path.write_text(grid(("ann", [(0, 1, "good evening"), (1, 2, "")]), ("phones", PHONES)))
    known = read_textgrid(path).references[""]
    assert known.granularity == "segment"
    assert known.rows == (Row("good evening", 0, 1, 0, "ann"),)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "it is empty"),
        ("hello", "it is no whole TextGrid"),
        (grid(("words", WORDS))[:300], "it is no whole TextGrid"),
        (grid(("phones", PHONES)), "it has no tier of words or of segments"),
    ],
)
def test_what_is_none_is_told(tmp_path, content, sentence):
    path = tmp_path / "a.TextGrid"
    path.write_text(content)
    found = read_textgrid(path)
    assert found.references == {}
    (problem,) = found.problems
    assert problem.file == str(path)
    assert sentence in problem.sentence


def test_without_its_library_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "praatio", None)
    with pytest.raises(ConfigError, match=r'pip install "gladia-nb\[corpora\]"'):
        read_textgrid(tmp_path / "a.TextGrid")
