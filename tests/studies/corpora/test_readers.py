"""One door for all layouts."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.sessions.samples import sample
from gladia_nb.studies.corpora.readers import corpus
from tests.support.sounds import sound_file

ROW = {"audio": (np.full(8000, 0.25), 8000), "text": "hi"}


def test_a_folder(tmp_path):
    sound_file(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text("hi")
    assert [item.name for item in corpus(tmp_path)] == ["a"]
    assert [item.name for item in corpus(str(tmp_path / "a.wav"))] == ["a"]


def test_the_layout_of_librispeech(tmp_path):
    sound_file(tmp_path / "84" / "121" / "84-121-0000.flac")
    (tmp_path / "84" / "121" / "84-121.trans.txt").write_text("84-121-0000 HI\n")
    assert [item.name for item in corpus(tmp_path)] == ["84-121-0000"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.jsonl", json.dumps({"audio_filepath": "a.wav", "text": "hi"})),
        ("l.tsv", "path\tsentence\na.wav\thi"),
        ("l.ctm", "a 1 0.3 0.2 hi"),
        ("l.STM", "a 1 ann 0.3 0.5 hi"),
    ],
)
def test_lists_of_recordings(tmp_path, name, content):
    sound_file(tmp_path / "sounds" / "a.wav")
    (tmp_path / name).write_text(content)
    (item,) = corpus(tmp_path / name, audio=tmp_path / "sounds")
    assert (item.name, item.reference.text) == ("a", "hi")


def test_rows_of_a_table():
    found = corpus(pd.DataFrame([ROW, {**ROW, "text": None, "segments": None}]))
    assert [item.name for item in found] == ["item-0001"]
    assert [problem.file for problem in found.problems] == ["row 2 of the corpus"]


def test_strict_loads_nothing_where_a_line_is_broken(tmp_path):
    sound_file(tmp_path / "a.wav")
    path = tmp_path / "l.jsonl"
    path.write_text(json.dumps({"audio_filepath": "a.wav", "text": "hi"}) + "\n{\n[]\n")
    found = corpus(path)
    assert (len(found), len(found.problems)) == (1, 2)
    with pytest.raises(
        ConfigError, match=r"l\.jsonl, line 2: it is no JSON.*\(and 1 more\)"
    ) as error:
        corpus(path, strict=True)
    assert len(error.value.problems) == 2


def test_long_recordings_are_cut():
    found = corpus([{"audio": sample("conversation"), "words": words()}], max_s=20)
    assert len(found) == 3
    assert sum(len(item.reference) for item in found) == 131
    assert sum(len(item.audio().samples) for item in found) == 49067 * 16
    assert all(item.duration_s <= 20 for item in found)
    assert len({item.sha256 for item in found}) == 3


def words():
    return json.loads(sample("conversation").with_suffix(".words.json").read_text())["words"]


def test_what_is_not_to_be_scored_is_left_out(tmp_path):
    sound_file(tmp_path / "a.wav", 4.0)
    path = tmp_path / "a.stm"
    path.write_text("a 1 gap 0 1 ignore_time_segment_in_scoring\na 1 ann 1.5 2 hi\n")
    (item,) = corpus(path)
    assert (item.start_s, item.duration_s, item.reference.rows[0].start_s) == (1.0, 3.0, 0.5)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda d: d / "none", "There is no file or folder"),
        (lambda d: d, "holds no sound file"),
        (lambda d: (d / "a.pdf").write_text("") or d / "a.pdf", "is no corpus that can be read"),
        (lambda d: sound_file(d / "a.wav"), "no recording with a reference.*lies beside it"),
        (lambda d: [], "no recording with a reference"),
        (lambda d: 3, "a path or an iterable of rows, not int"),
    ],
)
def test_nothing_there(tmp_path, make, sentence):
    with pytest.raises(ConfigError, match=sentence):
        corpus(make(tmp_path))


@pytest.mark.parametrize("max_s", [0, -1, float("inf"), float("nan")])
def test_a_length_that_is_none(max_s):
    with pytest.raises(ConfigError, match="max_s is a length in seconds"):
        corpus([ROW], max_s=max_s)


def test_a_recording_that_cannot_be_cut_is_told():
    def load_audio():
        raise AudioError("the disk is gone.")

    said = SimpleNamespace(text="hi", start=0.5, duration=1.0, alignment=None, language=None)
    cut = SimpleNamespace(
        id="c", duration=9.0, sampling_rate=8000, supervisions=[said], load_audio=load_audio
    )
    with pytest.raises(AudioError, match="the disk is gone"):
        corpus([cut], max_s=2)
