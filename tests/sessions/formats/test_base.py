"""Rows, references, and lines as files have them."""

import math

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.record.schema import SPOKEN
from gladia_nb.sessions.formats.base import (
    Found,
    LineError,
    Problem,
    Reference,
    Row,
    channel_number,
    in_order,
    lines_of,
    read_lines,
    times,
)

HELLO = Row("hello", 0.5, 0.9, 0, "ann")
WORLD = Row("world", 1.0, 1.4, 1, "ben")


def test_the_frame_and_the_records_say_the_same():
    known = Reference((HELLO, WORLD), "word")
    assert known.records[0] == {
        "word": "hello",
        "start_s": 0.5,
        "end_s": 0.9,
        "channel": 0,
        "speaker": "ann",
    }
    frame = known.frame
    assert dict(frame.dtypes.astype(str)) == dict(SPOKEN)
    assert frame["text"].tolist() == ["hello", "world"]
    assert (known.text, len(known), known.speaker) == ("hello world", 2, None)


def test_a_text_has_no_times():
    known = Reference((Row("so it is", None, None),), "text")
    assert known.records == [{"text": "so it is", "start_s": None, "end_s": None, "channel": 0}]
    assert math.isnan(known.frame["start_s"].iloc[0])
    assert known.frame["speaker"].isna().all()


def test_a_reference_without_rows_has_a_frame():
    assert dict(Reference((), "word").frame.dtypes.astype(str)) == dict(SPOKEN)


def test_one_speaker_is_named():
    assert Reference((HELLO, HELLO), "word").speaker == "ann"


def test_rows_are_moved_in_time_where_they_have_one():
    assert HELLO.moved(2.0) == Row("hello", 2.5, 2.9, 0, "ann")
    assert Row("a", None, None).moved(2.0) == Row("a", None, None)


def test_a_problem_names_its_place():
    assert str(Problem("a.ctm", 3, "it is short.")) == "a.ctm, line 3: it is short."
    assert str(Problem("a.ctm", None, "it is empty.")) == "a.ctm: it is empty."


@pytest.mark.parametrize(
    "content",
    [
        b"one\ntwo",
        b"\xef\xbb\xbfone\r\ntwo",
        "one\ntwo".encode("utf-16"),
    ],
)
def test_marks_of_order_and_ends_of_lines_are_no_text(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    problems: list[Problem] = []
    assert list(lines_of(path, problems)) == [(1, "one"), (2, "two")]
    assert problems == []


def test_a_line_that_is_not_utf_8_is_told_and_left_out(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("eins\nzwölf\ndrei\n".encode("latin-1"))
    problems: list[Problem] = []
    assert [line for _, line in lines_of(path, problems)] == ["eins", "drei", ""]
    assert [(p.file, p.line) for p in problems] == [(str(path), 2)]


def test_lines_that_cannot_be_read_are_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("good\n\n  \nbad\n")
    read, found = [], Found()

    def parse(line):
        if line == "bad":
            raise LineError("it is bad.")
        read.append(line)

    read_lines(path, found, parse)
    assert read == ["good"]
    assert found.problems == [Problem(str(path), 4, "it is bad.")]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match=r"Cannot read the reference .*none.txt: No such file"):
        list(lines_of(tmp_path / "none.txt", []))


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("a", 1, "are no numbers"),
        (None, 1, "are no numbers"),
        (2, 1, "ends .1 s. before it starts .2 s."),
        (-1, 1, "starts below 0"),
        ("nan", 1, "before it starts"),
        (0, "inf", "before it starts"),
    ],
)
def test_times_that_cannot_be(start, end, sentence):
    with pytest.raises(LineError, match=sentence):
        times(start, end)


def test_channels():
    assert [channel_number(name) for name in ("A", "b", "1", "2", "0")] == [0, 1, 0, 1, 0]
    with pytest.raises(LineError, match="'left' is none of A, B, 1, 2"):
        channel_number("left")


def test_rows_without_times_stay_as_they_came():
    late, early = Row("b", None, None), Row("a", None, None)
    assert in_order([late, WORLD, early, HELLO]) == (HELLO, WORLD, late, early)
