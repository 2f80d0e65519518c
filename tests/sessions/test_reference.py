import json
from pathlib import Path

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.reference import check_reference, find_reference
from gladia_nb.sessions.samples import sample

ROW = {"word": "hello", "start_s": 0.5, "end_s": 0.9, "channel": 0}


def known(rows):
    return find_reference(None, rows)


def test_words_beside_the_sound_file_are_found():
    words = find_reference(sample("call")).records
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
    (row,) = find_reference("x.wav", make(tmp_path)).records
    assert row.items() >= ROW.items()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda d: d / "none.json", "Cannot read the reference"),
        (lambda d: (d / "r.json").write_text("hi") and d / "r.json", "is not JSON"),
        (lambda d: (d / "r.json").write_text("{}") and d / "r.json", "has no list of words"),
        (lambda d: [{"word": "a"}], "the reference: word 1 needs word, start_s and end_s"),
        (lambda d: ["hello"], "the reference: word 1 needs"),
        (lambda d: [ROW, {**ROW, "end_s": 0.1}], "word 2 .* ends before it starts"),
        (lambda d: [{**ROW, "start_s": float("nan")}], "no number"),
    ],
)
def test_mistakes(tmp_path: Path, make, sentence):
    with pytest.raises(ConfigError, match=sentence):
        find_reference("x.wav", make(tmp_path))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"channel": 1},
            r"Word 2 of the reference \('hello'\) is in channel 1, and the audio has 1",
        ),
        ({"channel": -1}, "is in channel -1"),
        ({"end_s": 2.2}, r"ends at 2.20 s, and the audio at 2.00 s; is it the reference of this"),
    ],
)
def test_a_reference_of_another_audio(changes, sentence):
    with pytest.raises(ConfigError, match=sentence):
        check_reference(known([ROW, {**ROW, **changes}]), channels=1, duration_s=2.0)


def test_a_reference_of_this_audio():
    assert check_reference(None, channels=1, duration_s=2.0) is None
    assert check_reference(known([{**ROW, "end_s": 2.05}]), channels=1, duration_s=2.0) is None
    assert check_reference(known([{**ROW, "end_s": 99.0}]), channels=1, duration_s=None) is None
