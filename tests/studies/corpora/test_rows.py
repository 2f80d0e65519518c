"""Corpora as plain data."""

from types import SimpleNamespace

import numpy as np
import pytest

from gladia_nb.studies.corpora.gathering import Gathering
from gladia_nb.studies.corpora.rows import read_rows
from tests.support.sounds import sound_file

TONE = np.full(8000, 0.25, np.float32)
AUDIO = {"array": TONE, "sampling_rate": 8000, "path": None}


def read(rows, folder):
    into = Gathering()
    read_rows(rows, folder, into)
    return into


def test_dicts(tmp_path):
    path = sound_file(tmp_path / "a.wav")
    (tmp_path / "a.txt").write_text("beside")
    rows = [
        {"audio": AUDIO, "text": "so it is", "speaker": 7, "language": "en"},
        {"audio": (TONE, 8000), "segments": [{"text": "hi", "start_s": 0.1, "end_s": 0.5}]},
        {
            "audio": "a.wav",
            "words": [{"word": "ho", "start_s": 0.1, "end_s": 0.5, "speaker": "ann"}],
            "name": "mine",
        },
        {"audio": path, "text": "by path"},
    ]
    into = read(iter(rows), tmp_path)
    assert into.problems == []
    facts = {n: (i.granularity, i.reference.text, i.speaker) for n, i in into.items.items()}
    assert facts == {
        "item-0001": ("text", "so it is", "7"),
        "item-0002": ("segment", "hi", None),
        "mine": ("word", "ho", "ann"),
        "a": ("text", "by path", None),
    }
    assert into.items["item-0001"].language == "en"
    again = read([*into.items.values(), into.items["a"]], tmp_path)
    assert again.items == into.items
    assert [p.sentence for p in again.problems] == [
        "there is an item 'a' already; names must differ."
    ]
    (only,) = read(["a.wav"], tmp_path).items.values()
    assert only.reference.text == "beside"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"text": "hi"}, "it has no audio."),
        ({"audio": AUDIO}, "it has no list of words, no segments and no text"),
        ({"audio": "none.wav", "text": "hi"}, "there is no sound file"),
        ({"audio": AUDIO, "words": [{"word": "hi"}]}, "word 1 needs word, start_s and end_s"),
        (
            {"audio": AUDIO, "segments": [{"text": "hi", "start_s": 1, "end_s": 3}]},
            "ends at 3.00 s",
        ),
        (3, "it is int; a row is a dict with audio and text, a path, or a cut"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, row, sentence):
    into = read([{"audio": AUDIO, "text": "first"}, row], tmp_path)
    assert "item-0001" in into.items
    assert any(sentence in problem.sentence for problem in into.problems)
    assert {problem.file for problem in into.problems} == {"row 2 of the corpus"}


def said(text, start, duration, words=None, **facts):
    alignment = words and {
        "word": [SimpleNamespace(symbol=w, start=s, duration=d) for w, s, d in words]
    }
    facts = {"speaker": None, "language": None, "channel": 0, **facts}
    return SimpleNamespace(text=text, start=start, duration=duration, alignment=alignment, **facts)


def cut(*supervisions):
    return SimpleNamespace(
        id="cut-1",
        duration=1.0,
        sampling_rate=8000,
        num_channels=1,
        supervisions=list(supervisions),
        load_audio=lambda: TONE[np.newaxis],
    )


@pytest.mark.parametrize(
    ("made", "granularity", "times"),
    [
        (cut(said("hi ho", 0.0, 1.0, speaker="ann", language="en")), "text", [(None, None)]),
        (cut(said("hi ho", 0.25, 0.5)), "segment", [(0.25, 0.75)]),
        (cut(said("hi", -0.25, 0.5), said("ho", 0.5, 0.25)), "segment", [(0, 0.25), (0.5, 0.75)]),
        (
            cut(said("hi ho", 0.0, 1.0, [("hi", 0.25, 0.25), ("", 0.5, 0.1), ("ho", 0.75, 0.25)])),
            "word",
            [(0.25, 0.5), (0.75, 1.0)],
        ),
    ],
)
def test_cuts_of_lhotse(tmp_path, made, granularity, times):
    into = read([made], tmp_path)
    assert into.problems == []
    item = into.items["cut-1"]
    assert (item.granularity, item.reference.text) == (granularity, "hi ho")
    assert [(row.start_s, row.end_s) for row in item.reference.rows] == times
    assert item.audio().samples[:, 0].tolist() == TONE.tolist()


def test_a_cut_in_which_nothing_was_said(tmp_path):
    into = read([cut(said(None, 0, 1)), cut()], tmp_path)
    assert into.items == {}
    assert [p.sentence for p in into.problems] == ["no supervision of this cut has a text."] * 2
