"""A folder of sounds with references beside them."""

import json
import sys

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.studies.corpora.folders import add_sound, is_sound, read_folder, sounds_in
from gladia_nb.studies.corpora.gathering import Gathering
from tests.support.sounds import sound_file

WORDS = json.dumps({"words": [{"word": "hi", "start_s": 0.5, "end_s": 0.9}]})


def read(folder):
    into = Gathering()
    read_folder(folder, into)
    return into


def test_each_reference_beside_its_sound(tmp_path):
    for name, content in {
        "a.words.json": WORDS,
        "b.txt": "hi",
        "c.srt": "1\n00:00:00,500 --> 00:00:00,900\nhi\n",
        "d.VTT": "WEBVTT\n\n00:00.500 --> 00:00.900\nhi\n",
        "e.ctm": "e 1 0.5 0.4 hi\n",
        "f.stm": "anything 1 ann 0.5 0.9 hi\n",
        "deep/g.txt": "hi",
    }.items():
        sound_file((tmp_path / name.partition(".")[0]).with_suffix(".wav"))
        (tmp_path / name).write_text(content)
    into = read(tmp_path)
    assert into.problems == []
    assert {item.reference.text for item in into.items.values()} == {"hi"}
    assert {name: item.granularity for name, item in into.items.items()} == {
        "a": "word",
        "b": "text",
        "c": "segment",
        "d": "segment",
        "deep/g": "text",
        "e": "word",
        "f": "segment",
    }


def test_the_finest_of_several_is_taken(tmp_path):
    sound_file(tmp_path / "a.flac")
    (tmp_path / "a.txt").write_text("hi there")
    (tmp_path / "a.words.json").write_text(WORDS)
    assert read(tmp_path).items["a"].granularity == "word"


def test_what_cannot_be_read_is_told_and_the_rest_is_there(tmp_path):
    for name in ("alone", "empty", "good", "odd", "others"):
        sound_file(tmp_path / f"{name}.wav")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "good.txt").write_text("hi")
    (tmp_path / "odd.words.json").write_text("{")
    (tmp_path / "others.ctm").write_text("x 1 0.5 0.1 hi\ny 1 0.5 0.1 hi\n")
    sound_file(tmp_path / "good.flac")
    into = read(tmp_path)
    assert list(into.items) == ["good"]
    assert [(str(p.file).rpartition("/")[2], p.sentence[:24]) for p in into.problems] == [
        ("alone.wav", "no reference lies beside"),
        ("empty.txt", "it has no text."),
        ("good.txt", "there is an item 'good' "),
        ("odd.words.json", "The reference " + str(tmp_path)[:10]),
        ("others.ctm", "it tells nothing of 'oth"),
    ]


def test_what_cannot_be_looked_at_is_no_reference(tmp_path):
    path = sound_file(tmp_path / "a.wav")
    (tmp_path / "a.txt").symlink_to("a.txt")
    into = Gathering()
    add_sound(path, "a", into)
    add_sound(tmp_path / "no" / "such.wav", "such", into)
    assert [problem.sentence.partition(" (")[0] for problem in into.problems] == [
        "no reference lies beside it",
        "there is no such sound file.",
    ]
    (tmp_path / "a.txt").unlink()
    (tmp_path / "a.txt").write_text("hi")
    (tmp_path / "b").symlink_to("b")
    add_sound(path, "a", into)
    assert list(into.items) == ["a"]


def test_a_folder_without_sounds(tmp_path):
    (tmp_path / "a.txt").write_text("hi")
    with pytest.raises(ConfigError, match="holds no sound file"):
        read(tmp_path)


def test_a_missing_library_is_no_fault_of_the_file(tmp_path, monkeypatch):
    path = sound_file(tmp_path / "a.wav")
    (tmp_path / "a.srt").write_text("")
    monkeypatch.setitem(sys.modules, "pysubs2", None)
    with pytest.raises(ConfigError, match="pip install"):
        add_sound(path, "a", Gathering())


def test_names_of_sounds(tmp_path):
    sound_file(tmp_path / "b" / "x.wav")
    sound_file(tmp_path / "a.wav")
    (tmp_path / "._a.wav").write_text("what some systems leave beside files")
    assert [name for name, _ in sounds_in(tmp_path)] == ["a", "b/x"]
    assert is_sound(tmp_path / "a.Mp3")
