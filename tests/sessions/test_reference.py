import json
from pathlib import Path

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import Problem, Reference, Row
from gladia_nb.sessions.reference import (
    check_reference,
    find_reference,
    load_reference,
    on_one_channel,
    raise_first,
)
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
        lambda d: (d / "r.json").write_text(json.dumps([{**ROW, "age": 1}])) and d / "r.json",
    ],
)
def test_every_form(tmp_path: Path, make):
    (row,) = find_reference("x.wav", make(tmp_path)).records
    assert row.items() >= ROW.items()


def test_who_spoke_is_kept_where_it_is_known():
    told = {**ROW, "speaker": 1, "sentence": 3.0}
    known = {**ROW, "speaker": "1", "sentence": 3}
    silent = {**ROW, "speaker": None, "sentence": float("nan")}
    assert find_reference("x.wav", [told, silent, {**ROW, "sentence": 0}]).records == [
        known,
        ROW,
        {**ROW, "sentence": 0},
    ]
    frame = pd.DataFrame([told, ROW]).astype({"speaker": "str", "sentence": "Int64"})
    assert find_reference("x.wav", frame).records[1] == ROW
    assert {row.speaker for row in find_reference(sample("call")).rows} == {"slt", "rms"}
    for wrong in ("two", 0.5, float("inf")):
        with pytest.raises(ConfigError, match="sentences are numbered"):
            find_reference("x.wav", [{**ROW, "sentence": wrong}])


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


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_what_a_frame_or_a_loaded_reference_holds_is_kept():
    text = Reference((Row("so it is", None, None),), "text")
    assert find_reference("x.wav", text) is text
    again = find_reference("x.wav", text.frame)
    assert (again.rows, again.granularity) == (text.rows, "text")
    segments = known([{"text": "hi", "start_s": 0.5, "end_s": 0.9, "speaker": "ann"}])
    assert find_reference("x.wav", segments.frame) == segments


def test_of_many_recordings_the_one_of_that_name(tmp_path: Path):
    path = write(tmp_path / "all.ctm", "a 1 0 1 hi\nb 1 0 1 ho\n")
    assert find_reference(tmp_path / "b.wav", path).text == "ho"
    assert load_reference(path, recording="a").text == "hi"
    with pytest.raises(ConfigError, match=r"tells of 2 recordings \(a, b\); say which"):
        find_reference("c.wav", path)
    with pytest.raises(ConfigError, match="tells nothing of 'c'; it does of a, b"):
        load_reference(path, recording="c")


def test_of_one_recording_the_name_does_not_matter(tmp_path: Path):
    path = write(tmp_path / "one.stm", "talk 1 ann 0.5 1.5 hi\n")
    assert find_reference("c.wav", path).granularity == "segment"


def test_a_broken_line_is_told_or_with_strict_nothing_is_loaded(tmp_path: Path):
    path = write(tmp_path / "a.ctm", "a 1 0 1 hi\na 1 0\na 1\n")
    loaded = load_reference(path)
    assert loaded.text == "hi"
    assert [problem.line for problem in loaded.problems] == [2, 3]
    for load in (lambda: load_reference(path, strict=True), lambda: find_reference("a.wav", path)):
        with pytest.raises(ConfigError, match=r"a\.ctm, line 2: .* \(and 1 more\)"):
            load()
    # Who has seen the problems can go on without those lines.
    assert find_reference("a.wav", loaded).text == "hi"


def test_a_file_that_tells_nothing(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"tells of nothing that was spoken \(.*it has no text"):
        load_reference(write(tmp_path / "a.txt", ""))
    with pytest.raises(ConfigError, match=r"tells of nothing that was spoken\."):
        load_reference(write(tmp_path / "a.ctm", ";; nothing\n"))


def test_what_is_not_to_be_scored_is_no_reference_of_a_whole_audio(tmp_path: Path):
    path = write(tmp_path / "a.stm", "a 1 x 1 2.5 ignore_time_segment_in_scoring\na 1 x 3 4 hi\n")
    assert load_reference(path).ignored == ((1.0, 2.5, 0),)
    with pytest.raises(ConfigError, match=r"1 spans, the first from 1\.00 to 2\.50 s"):
        find_reference("a.wav", path)


def test_one_text_is_not_of_two_channels():
    text = known({"text": "hi"})
    check_reference(text, channels=1, duration_s=1.0)
    with pytest.raises(ConfigError, match="is one text, and the audio has 2 channels"):
        check_reference(text, channels=2, duration_s=1.0)
    check_reference(known([{"text": "hi"}, {"text": "ho", "channel": 1}]), channels=2, duration_s=1)


def test_channels_that_were_mixed():
    words = on_one_channel(known([ROW, {**ROW, "channel": 1}]))
    assert {row.channel for row in words.rows} == {0}
    with pytest.raises(ConfigError, match="has a text for each channel"):
        on_one_channel(known([{"text": "hi"}, {"text": "ho", "channel": 1}]))


def test_the_first_problem_is_raised():
    raise_first([])
    with pytest.raises(ConfigError, match=r"^a, line 1: x$"):
        raise_first([Problem("a", 1, "x")])
