"""Lists of recordings."""

import json

from gladia_nb.studies.corpora.gathering import Gathering
from gladia_nb.studies.corpora.manifests import read_by_recording, read_common_voice, read_nemo
from tests.support.sounds import sound_file


def lines(path, *rows):
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_nemo(tmp_path):
    sound_file(tmp_path / "in" / "a.wav", 4.0)
    sound_file(tmp_path / "b.wav")
    path = lines(
        tmp_path / "list.json",
        {"audio_filepath": "in/a.wav", "text": "one ", "offset": 0, "duration": 1.5},
        {"audio_filepath": "in/a.wav", "text": "two", "offset": 1.5, "duration": 2, "speaker": 7},
        "",
        {"audio_filepath": "in/a.wav", "text": "three", "offset": 3.5},
        {"audio_filepath": str(tmp_path / "b.wav"), "text": "x", "duration": 0.98, "lang": "fr"},
    )
    into = Gathering()
    read_nemo(path, None, into)
    assert into.problems == []
    facts = {n: (i.reference.text, i.start_s, i.end_s) for n, i in into.items.items()}
    assert facts == {
        "in/a@0.00": ("one", 0.0, 1.5),
        "in/a@1.50": ("two", 1.5, 3.5),
        "in/a@3.50": ("three", 3.5, 4.0),
        "b": ("x", 0.0, None),
    }
    assert [item.duration_s for item in into.items.values()] == [1.5, 2.0, 0.5, 1.0]
    assert (into.items["in/a@1.50"].speaker, into.items["b"].language) == ("7", "fr")
    assert len(into.items["in/a@1.50"].audio().samples) == 16000


def test_broken_lines_of_nemo_are_told_and_the_rest_is_there(tmp_path):
    sound_file(tmp_path / "a.wav")
    good = {"audio_filepath": "a.wav", "text": "good"}
    path = lines(
        tmp_path / "list.jsonl",
        good,
        "{",
        "[]",
        {"text": "x"},
        {**good, "audio_filepath": "none.wav"},
        {**good, "text": " "},
        {**good, "offset": 3},
        {**good, "offset": -1},
        {**good, "duration": "long"},
        good,
    )
    into = Gathering()
    read_nemo(path, None, into)
    assert [item.reference.text for item in into.items.values()] == ["good"]
    assert [(p.line, p.sentence[:20]) for p in into.problems] == [
        (2, "it is no JSON object"),
        (3, "it is no JSON object"),
        (4, "it has no audio_file"),
        (5, "there is no sound fi"),
        (6, "it has no text."),
        (7, "its offset is 3 s, a"),
        (8, "its offset (-1) or d"),
        (9, "its offset and durat"),
        (10, "there is an item 'a'"),
    ]


def test_common_voice(tmp_path):
    for name in ("clips/a.wav", "clips/b.mp3.wav", "elsewhere/c.wav"):
        sound_file(tmp_path / name)
    (tmp_path / "clips" / "b.mp3.wav").rename(tmp_path / "clips" / "b.mp3")
    path = tmp_path / "dev.tsv"
    path.write_bytes(
        "\ufeffclient_id\tpath\tsentence\tlocale\r\n"
        'ann\ta.wav\t"He said ""no"" twice."\ten\r\n'
        'ben\tb\tA lone " quote\t\r\n'
        "ann\tnone.mp3\tx\ten\r\n"
        "ann\ta.wav\r\n"
        "ann\ta.wav\t\ten\r\n".encode()
    )
    into = Gathering()
    read_common_voice(path, None, into)
    facts = {n: (i.reference.text, i.speaker, i.language) for n, i in into.items.items()}
    assert facts == {
        "a": ('He said "no" twice.', "ann", "en"),
        "b": ('A lone " quote', "ben", None),
    }
    assert [(p.line, p.sentence[:20]) for p in into.problems] == [
        (4, "there is no sound fi"),
        (5, "it has 2 columns, an"),
        (6, "it has no path or no"),
    ]
    other = Gathering()
    lines(tmp_path / "c.tsv", "path\tsentence", "c.wav\thi")
    read_common_voice(tmp_path / "c.tsv", tmp_path / "elsewhere", other)
    assert list(other.items) == ["c"]


def test_a_table_of_something_else(tmp_path):
    for content in ("a\tb\n1\t2", ""):
        into = Gathering()
        read_common_voice(lines(tmp_path / "a.tsv", content), None, into)
        assert [p.sentence[:31] for p in into.problems] == ["it is no table of Common Voice:"]


def test_recordings_of_a_ctm(tmp_path):
    sound_file(tmp_path / "audio" / "call.wav", channels=2)
    path = lines(
        tmp_path / "all.ctm", "call A 0.5 0.2 hi", "call B 0.6 0.2 ho", "gone 1 0 1 x", "call A"
    )
    into = Gathering()
    read_by_recording(path, tmp_path / "audio", into)
    rows = into.items["call"].reference.rows
    assert [(row.text, row.channel) for row in rows] == [("hi", 0), ("ho", 1)]
    assert [(p.line, p.sentence[:26]) for p in into.problems] == [
        (4, "it has 2 columns; a CTM li"),
        (None, "there is no sound of 'gone"),
    ]


def test_recordings_of_an_stm_lie_beside_it(tmp_path):
    sound_file(tmp_path / "sph" / "talk.flac")
    path = lines(tmp_path / "all.stm", "talk 1 ann 0.3 0.9 <o,f0,male> good evening")
    into = Gathering()
    read_by_recording(path, None, into)
    item = into.items["talk"]
    assert (item.granularity, item.speaker, item.reference.text) == (
        "segment",
        "ann",
        "good evening",
    )
