import json
from pathlib import Path

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.reference import find_reference
from gladia_nb.samples import sample

ROW = {"word": "hello", "start_s": 0.5, "end_s": 0.9, "channel": 0}


def test_words_beside_the_sound_file_are_found():
    words = find_reference(sample("call"))
    assert {word["channel"] for word in words} == {0, 1}
    assert words == sorted(words, key=lambda word: word["start_s"])
    assert find_reference(sample("call"), False) is None


def test_nothing_beside(tmp_path: Path):
    assert find_reference(tmp_path / "a.wav") is None
    assert find_reference((None, 16000)) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda d: [ROW],
        lambda d: pd.DataFrame([ROW]),
        lambda d: (d / "r.json").write_text(json.dumps({"words": [ROW]})) and d / "r.json",
        lambda d: (d / "r.json").write_text(json.dumps([{**ROW, "speaker": 1}])) and d / "r.json",
    ],
)
def test_every_form(tmp_path: Path, make):
    assert find_reference("x.wav", make(tmp_path)) == [ROW]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda d: d / "none.json", "Cannot read the reference"),
        (lambda d: (d / "r.json").write_text("hi") and d / "r.json", "is not JSON"),
        (lambda d: (d / "r.json").write_text("{}") and d / "r.json", "has no list of words"),
        (lambda d: [{"word": "a"}], "Word 1 of the reference needs word, start_s and end_s"),
        (lambda d: ["hello"], "Word 1 of the reference needs"),
        (lambda d: [ROW, {**ROW, "end_s": 0.1}], "Word 2 .* ends before it starts"),
        (lambda d: [{**ROW, "start_s": float("nan")}], "no number"),
    ],
)
def test_mistakes(tmp_path: Path, make, sentence):
    with pytest.raises(ConfigError, match=sentence):
        find_reference("x.wav", make(tmp_path))
