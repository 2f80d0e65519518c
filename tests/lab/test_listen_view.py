"""A run word by word for a page: what is sent of it, and why it cannot be heard."""

import io
import json

import numpy as np
import pytest
import soundfile

from gladia_nb.errors import AudioError, ConfigError, GladiaNbError
from gladia_nb.lab.listen_view import listened, sound_piece
from gladia_nb.reporting.listening_part import listening
from gladia_nb.run import load
from tests.support.kept_sounds import saved_with_sound
from tests.support.make_runs import make_run
from tests.support.tones import RATE, run_of_tones


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_of_tones(tmp_path_factory.mktemp("tones"))


def test_words_and_where_the_sound_lies(run):
    content, words = listened(run)
    assert content == {"rate": RATE, "pieces": [[0, 30], [30, 36]], "silent": ""}
    assert json.loads(words) == listening(run)


def test_a_piece_is_the_sound_sample_for_sample(run):
    for number, (start, end) in enumerate([(0, 33), (30, 36)]):
        found, rate = soundfile.read(io.BytesIO(sound_piece(run, number)), always_2d=True)
        assert rate == RATE
        assert np.array_equal(found, run.audio.samples[start * RATE : end * RATE])


@pytest.mark.parametrize("number", [-1, 2, 1.0, "0", None])
def test_there_are_no_other_pieces(run, number):
    with pytest.raises(ConfigError, match=r"has 2 pieces \(asked: "):
        sound_piece(run, number)


def silent(run):
    content, words = listened(run)
    assert content["pieces"] == []
    assert json.loads(words) == listening(run)
    # What it says is what whoever asks all the same is told.
    with pytest.raises(GladiaNbError) as told:
        sound_piece(run, 0)
    assert str(told.value) == content["silent"]
    return content["silent"]


def test_it_says_why_there_is_no_sound(tmp_path):
    assert silent(make_run()) == "This run is in no file, so there is no sound beside it."
    run, _ = saved_with_sound(tmp_path)
    shared = load(run.without_speech().save(tmp_path / "shared.run"))
    assert silent(shared) == "What was said was taken out of this run, and its sound with it."
    sound = tmp_path / "talk.run.flac"
    other = load(make_run(duration_s=2.0).save(tmp_path / "other.run"))
    assert silent(other) == "No sound was kept with this run."
    other.path.with_name("other.run.flac").write_bytes(marked(sound.read_bytes()))
    assert silent(other) == "The sound file beside this run is of another run."
    sound.write_bytes(b"no sound")
    assert "is damaged and cannot be decoded" in silent(run)
    sound.unlink()
    assert silent(run) == "No sound was kept with this run."


def marked(flac: bytes) -> bytes:
    """The same file with the mark of another run."""
    assert b"gladia_nb run " in flac
    return flac.replace(b"gladia_nb run ", b"gladia_nb sun ")


def test_a_sound_that_ends_early_is_played_as_far_as_it_goes(tmp_path):
    run = run_of_tones(tmp_path)
    path = run.path.with_name(run.path.name + ".flac")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    content, _ = listened(run)
    assert content["pieces"] == [[0, 30], [30, 36]]
    found, _ = soundfile.read(io.BytesIO(sound_piece(run, 0)), always_2d=True)
    assert 10 * RATE < len(found) < 30 * RATE
    assert np.array_equal(found, run.audio.samples)
    with pytest.raises(AudioError, match="ends before 30 s"):
        sound_piece(run, 1)
