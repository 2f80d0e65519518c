"""The end of a name says what a file is."""

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.reading import ENDS, read_file

CONTENTS = {
    "a.words.json": ('[{"word": "hi", "start_s": 0, "end_s": 1}]', "word"),
    "a.json": ('{"text": "hi"}', "text"),
    "a.CTM": ("a 1 0 1 hi", "word"),
    "a.stm": ("a 1 ann 0 1 hi", "segment"),
    "a.srt": ("1\n00:00:00,000 --> 00:00:01,000\nhi\n", "segment"),
    "a.vtt": ("WEBVTT\n\n00:00.000 --> 00:01.000\nhi\n", "segment"),
    "a.txt": ("hi", "text"),
    "1-2.trans.txt": ("1-2-0 hi", "text"),
    "1-2.alignment.txt": ('1-2-0 "hi" "1.0"', "word"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_each_kind(tmp_path, name):
    content, granularity = CONTENTS[name]
    (tmp_path / name).write_text(content)
    found = read_file(tmp_path / name)
    (known,) = found.references.values()
    assert (known.text, known.granularity, found.problems) == ("hi", granularity, [])


def test_another_kind(tmp_path):
    with pytest.raises(ConfigError, match=r"those end with \.words\.json.* or \.txt"):
        read_file(tmp_path / "a.pdf")


def test_finer_kinds_come_first():
    assert ENDS[:3] == (".words.json", ".textgrid", ".ctm")
    assert ENDS[-1] == ".txt"
