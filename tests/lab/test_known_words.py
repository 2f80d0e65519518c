"""Where the words of a sound are known from, and what is done with them."""

import json

import numpy as np
import pytest
import soundfile

from gladia_nb.audio import read_audio
from gladia_nb.errors import ConfigError
from gladia_nb.lab.known_words import KnownWords

ROWS = [
    {"word": "hello", "start_s": 0.1, "end_s": 0.4},
    {"word": "you", "start_s": 0.5, "end_s": 0.8},
]


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(8000), 8000)
    return path


def written(path, rows=ROWS):
    path.write_text(json.dumps({"words": rows}))
    return path


def test_nothing_is_known(sound):
    known = KnownWords.beside(sound)
    assert (known.chosen, known.facts()) == (None, None)
    assert known.without().chosen is None


def test_beside_the_sound(sound):
    written(sound.with_suffix(".words.json"))
    known = KnownWords.beside(sound)
    assert known.chosen is None
    assert known.facts() == {"name": "a.words.json", "size": "2 words, beside the sound"}
    assert (known.without().chosen, known.without().facts()) == (False, None)


def test_given(sound, tmp_path):
    written(sound.with_suffix(".words.json"))
    mine = written(tmp_path / "mine.json", ROWS[:1])
    known = KnownWords.beside(sound).with_file(mine, read_audio(sound))
    assert (known.chosen, known.facts()) == (str(mine), {"name": "mine.json", "size": "1 word"})
    assert known.without().facts()["name"] == "a.words.json"
    assert known.without().without().chosen is False
    # Whoever wants nothing of what lies beside it, and then gives something, has that.
    left_out = KnownWords.beside(sound).without().with_file(mine, None)
    assert (left_out.chosen, left_out.without().chosen) == (str(mine), False)


def test_of_another_sound(sound, tmp_path):
    far = written(tmp_path / "far.json", [{"word": "x", "start_s": 7, "end_s": 8}])
    with pytest.raises(ConfigError, match=r"ends at 8\.00 s, and the audio at 1\.00 s"):
        KnownWords().with_file(far, read_audio(sound))
    assert KnownWords().with_file(far, None).chosen == str(far)
