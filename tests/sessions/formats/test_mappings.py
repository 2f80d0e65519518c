"""References as plain data."""

import json

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import Problem, Row
from gladia_nb.sessions.formats.mappings import read_json, reference_of

WORD = {"word": "hello", "start_s": 0.5, "end_s": 0.9}
SEGMENT = {"text": "good evening", "start_s": 0.5, "end_s": 1.5, "speaker": 3}


@pytest.mark.parametrize(
    ("content", "granularity", "rows"),
    [
        ([WORD], "word", (Row("hello", 0.5, 0.9),)),
        ({"words": [WORD], "text": "other"}, "word", (Row("hello", 0.5, 0.9),)),
        ({"words": None, "text": "good  evening"}, "text", (Row("good evening", None, None),)),
        ({"segments": [SEGMENT]}, "segment", (Row("good evening", 0.5, 1.5, 0, "3"),)),
        ([SEGMENT], "segment", (Row("good evening", 0.5, 1.5, 0, "3"),)),
        (
            {"segments": [{"text": "a", "start": 0, "end": 1}]},
            "segment",
            (Row("a", 0.0, 1.0),),
        ),
        (
            [{"text": "left"}, {"text": "right", "channel": 1, "start_s": float("nan")}],
            "text",
            (Row("left", None, None), Row("right", None, None, 1)),
        ),
        ([], "word", ()),
    ],
)
def test_every_form(content, granularity, rows):
    problems: list[Problem] = []
    known = reference_of(content, "this", problems)
    assert (known.granularity, known.rows, problems) == (granularity, rows, [])


@pytest.mark.parametrize("content", [{}, "words", {"words": "hello"}, 3, None])
def test_what_has_no_rows(content):
    with pytest.raises(ConfigError, match="this has no list of words, no segments and no text"):
        reference_of(content, "this", [])


def test_rows_that_cannot_be_read_are_told_and_the_rest_is_there():
    problems: list[Problem] = []
    bad = [{"word": "a"}, "hello", {**WORD, "end_s": 0.1}, {**WORD, "channel": "left"}]
    known = reference_of([WORD, *bad], "this", problems)
    assert known.text == "hello"
    assert [str(problem)[:28] for problem in problems] == [
        "this: word 2 needs word, sta",
        "this: word 3 needs word, sta",
        "this: word 4 ('hello') ends ",
        "this: word 5 needs word, sta",
    ]


def test_json(tmp_path):
    path = tmp_path / "a.words.json"
    path.write_text("\ufeff" + json.dumps({"language": "en", "words": [WORD]}), encoding="utf-8")
    known = read_json(path).references[""]
    assert (known.text, known.language) == ("hello", "en")
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match="is not JSON"):
        read_json(path)
