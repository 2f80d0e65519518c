import json
from pathlib import Path

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.reference import check_reference, find_reference
from gladia_nb.sessions.samples import sample

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
        lambda d: (d / "r.json").write_text(json.dumps([{**ROW, "age": 1}])) and d / "r.json",
    ],
)
def test_every_form(tmp_path: Path, make):
    assert find_reference("x.wav", make(tmp_path)) == [ROW]


def test_who_spoke_is_kept_where_it_is_known():
    told = {**ROW, "speaker": 1, "sentence": 3.0}
    known = {**ROW, "speaker": "1", "sentence": 3}
    silent = {**ROW, "speaker": None, "sentence": float("nan")}
    assert find_reference("x.wav", [told, silent, {**ROW, "sentence": 0}]) == [
        known,
        ROW,
        {**ROW, "sentence": 0},
    ]
    frame = pd.DataFrame([told, ROW]).astype({"speaker": "str", "sentence": "Int64"})
    assert find_reference("x.wav", frame)[1] == ROW
    assert {word["speaker"] for word in find_reference(sample("call"))} == {"slt", "rms"}
    for wrong in ("two", 0.5, float("inf")):
        with pytest.raises(ConfigError, match="sentences are numbered"):
            find_reference("x.wav", [{**ROW, "sentence": wrong}])


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
        check_reference([ROW, {**ROW, **changes}], channels=1, duration_s=2.0)


def test_a_reference_of_this_audio():
    assert check_reference(None, channels=1, duration_s=2.0) is None
    assert check_reference([{**ROW, "end_s": 2.05}], channels=1, duration_s=2.0) is None
    assert check_reference([{**ROW, "end_s": 99.0}], channels=1, duration_s=None) is None
