"""The sound of a run: sample for sample what was written, whole, cut off and copied."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gladia_nb.audio import decode, encode
from gladia_nb.config import SessionConfig
from gladia_nb.errors import AudioError
from gladia_nb.record.file import load_record
from gladia_nb.record.folders import sound_files
from gladia_nb.record.sound import Wire, kept_sound, read_sound, sent_frames
from gladia_nb.record.sound_writing import SoundWriter
from gladia_nb.run import load
from tests.support.kept_sounds import LAYOUTS, MARK, noise, saved_with_sound
from tests.support.make_runs import make_run


def written(folder, wire, data, *, close=True):
    writer = SoundWriter(folder / "a.run", wire, MARK)
    for start in range(0, len(data), 9_999):
        writer.set_down(data[start : start + 9_999])
        writer.commit(min(len(data), start + 9_999) // wire.frame_bytes)
    if close:
        writer.close()
        writer.close()
    return writer


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_what_is_written_is_read_to_the_sample(layout, channels, tmp_path):
    wire = Wire(*layout, channels, 16000)
    data = encode(noise(20_001, channels), *layout)
    written(tmp_path, wire, data)
    audio = read_sound(tmp_path / "a.run", wire, MARK, "name")
    truth = decode(data, *layout, channels)
    assert np.array_equal(audio.samples, truth)
    assert audio.samples.dtype == truth.dtype
    assert (audio.sample_rate, audio.name) == (16000, "name")
    # Any other program reads the same, and nothing else lies about.
    (path,) = tmp_path.iterdir()
    assert path.name == f"a.run{wire.suffix}"
    found, rate = soundfile.read(path, dtype=truth.dtype, always_2d=True)
    assert np.array_equal(found, truth)
    assert rate == 16000
    assert np.array_equal(read_sound(tmp_path / "a.run", wire, MARK, "", 77).samples, truth[:77])
    for first, frames in ((1, 77), (4095, 2), (9_998, 5000), (19_990, 77), (20_001, 1)):
        part = read_sound(tmp_path / "a.run", wire, MARK, "", frames, first=first).samples
        assert np.array_equal(part, truth[first : first + frames]), (first, frames)
        assert part.shape[1] == channels


@pytest.mark.parametrize("layout", [("wav/pcm", 16), ("wav/pcm", 32)])
def test_that_of_another_run_is_not_taken_for_its_own(layout, tmp_path):
    wire = Wire(*layout, 1, 16000)
    written(tmp_path, wire, encode(noise(5000, 1), *layout))
    run = tmp_path / "a.run"
    assert read_sound(run, wire, MARK, "") is not None
    assert read_sound(run, wire, "gladia_nb run 8-5", "") is None
    assert read_sound(run, wire._replace(sample_rate=8000), MARK, "") is None
    assert read_sound(run, wire._replace(channels=2), MARK, "") is None
    assert read_sound(tmp_path / "b.run", wire, MARK, "") is None


def test_hostile_files_are_refused_in_a_sentence(tmp_path):
    wire = Wire("wav/pcm", 16, 1, 16000)
    run, path = tmp_path / "a.run", tmp_path / "a.run.flac"
    path.write_bytes(b"no sound")
    with pytest.raises(AudioError, match="is damaged and cannot be decoded"):
        read_sound(run, wire, MARK, "")
    with pytest.raises(AudioError, match="no session is longer than 3 h"):
        read_sound(run, wire, MARK, "", 5 * 3600 * 16000)
    with pytest.raises(AudioError, match="that 5 h of audio were sent"):
        read_sound(run, wire, MARK, "", 1, first=5 * 3600 * 16000 - 1)
    path.unlink()
    path.mkdir()
    assert read_sound(run, wire, MARK, "") is None
    path.rmdir()
    # A rest that says it begins behind all that is there fills no hole.
    written(tmp_path, wire, encode(noise(5000, 1), "wav/pcm", 16))
    (tmp_path / "a.run.flac.rest").write_bytes(struct.pack("<Q", 2**63) + bytes(100))
    assert len(read_sound(run, wire, MARK, "").samples) == 5000
    (tmp_path / "a.run.flac.rest").write_bytes(b"xy")
    assert len(read_sound(run, wire, MARK, "").samples) == 5000


def test_a_damaged_end_is_left_out(tmp_path):
    wire = Wire("wav/pcm", 16, 1, 16000)
    data = encode(noise(40_000, 1), "wav/pcm", 16)
    written(tmp_path, wire, data)
    path = tmp_path / "a.run.flac"
    path.write_bytes(path.read_bytes()[:-5000])
    found = read_sound(tmp_path / "a.run", wire, MARK, "").samples
    assert 30_000 < len(found) < 40_000
    assert np.array_equal(found, decode(data, "wav/pcm", 16, 1)[: len(found)])
    # Nor is there a part of it.
    assert len(read_sound(tmp_path / "a.run", wire, MARK, "", 9, first=39_000).samples) == 0
    part = read_sound(tmp_path / "a.run", wire, MARK, "", 9, first=20_000).samples
    assert np.array_equal(part, found[20_000:20_009])


def test_a_part_of_what_is_still_written_is_read(tmp_path):
    wire = Wire("wav/pcm", 16, 1, 16000)
    data = encode(noise(40_000, 1), "wav/pcm", 16)
    writer = written(tmp_path, wire, data, close=False)
    truth = decode(data, "wav/pcm", 16, 1)
    # The last of it lies in the rest beside the file alone.
    for first, frames in ((0, 40_000), (5000, 30_000), (39_000, 700), (39_999, 1), (40_000, 1)):
        part = read_sound(tmp_path / "a.run", wire, MARK, "", frames, first=first).samples
        assert np.array_equal(part, truth[first : first + frames]), first
    writer.close()


def test_a_run_has_what_it_sent(tmp_path):
    run, truth = saved_with_sound(tmp_path)
    assert np.array_equal(run.audio.samples, truth)
    assert run.audio.name == run.name
    # The file may hold more than was sent: what was captured and then lost its session.
    short = tmp_path / "short"
    short.mkdir()
    run, truth = saved_with_sound(short, sent_s=1.5)
    assert sent_frames(run.record) == 24_000
    assert np.array_equal(kept_sound(run.record, 23_990, 50).samples, truth[23_990:24_000])
    assert kept_sound(run.record, 24_000, 1) is None
    assert np.array_equal(run.audio.samples, truth[:24_000])


def test_a_run_without_a_file_has_none():
    assert make_run().audio is None
    assert kept_sound(make_run().record) is None


def test_the_wire_is_that_of_the_configuration():
    config = SessionConfig(encoding="wav/ulaw", bit_depth=8, sample_rate=8000, channels=2)
    assert Wire.of(config.to_body()) == Wire("wav/ulaw", 8, 2, 8000)
    # What a body leaves open is the default of the API.
    assert Wire.of({"sample_rate": 16000}) == Wire("wav/pcm", 16, 1, 16000)


def test_a_copy_without_its_name_is_found_by_nobody(tmp_path):
    run, _ = saved_with_sound(tmp_path)
    assert sound_files(run.path) == [Path(f"{run.path}.flac")]
    run.path.rename(tmp_path / "other.run")
    assert load(tmp_path / "other.run").audio is None
    assert load_record(tmp_path / "other.run").complete
