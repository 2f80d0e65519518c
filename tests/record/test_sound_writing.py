"""What is set down survives, what is committed is in the file, and copies are whole."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.audio import decode, encode
from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.record.sound import Wire, read_sound
from gladia_nb.record.sound_writing import SoundWriter
from gladia_nb.run import load
from tests.support.kept_sounds import LAYOUTS, MARK, noise, saved_with_sound


@given(
    st.sampled_from(LAYOUTS),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 9000), st.floats(0, 1)), min_size=1, max_size=6),
)
def test_what_was_set_down_is_there_whenever_the_writer_is_killed(tmp_path_factory, layout, n, way):
    folder = tmp_path_factory.mktemp("killed")
    wire = Wire(*layout, n, 8000)
    writer, there, done = SoundWriter(folder / "a.run", wire, MARK), b"", 0
    for frames, share in way:
        data = encode(noise(frames, n), *layout)
        writer.set_down(data)
        there += data
        total = len(there) // wire.frame_bytes
        done = max(done, int(total * share))
        writer.commit(done)
        # Nobody closes it: this is what is on the disk.
        found = read_sound(folder / "a.run", wire, MARK, "")
        assert np.array_equal(found.samples, decode(there, *layout, n))
    writer.close()
    found = read_sound(folder / "a.run", wire, MARK, "")
    if done:
        assert np.array_equal(found.samples, decode(there, *layout, n)[:done])
        assert [path.name for path in folder.iterdir()] == [f"a.run{wire.suffix}"]
    else:
        assert found is None
        assert not list(folder.iterdir())


def test_what_lies_beside_it_stays_small(tmp_path):
    wire = Wire("wav/pcm", 16, 8, 16000)
    data = encode(noise(160_000, 8), "wav/pcm", 16)
    writer = SoundWriter(tmp_path / "a.run", wire, MARK)
    largest = 0
    for start in range(0, len(data), 1 << 16):
        writer.set_down(data[start : start + (1 << 16)])
        writer.commit(min(len(data), start + (1 << 16)) // wire.frame_bytes)
        largest = max(largest, (tmp_path / "a.run.flac.rest").stat().st_size)
        found = read_sound(tmp_path / "a.run", wire, MARK, "")
        assert len(found.samples) == writer.frames
    assert largest < 2 << 20 < len(data)
    writer.close()
    assert np.array_equal(
        read_sound(tmp_path / "a.run", wire, MARK, "").samples, decode(data, "wav/pcm", 16, 8)
    )


def test_a_file_that_is_there_is_somebodys(tmp_path):
    (tmp_path / "a.run.flac").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        SoundWriter(tmp_path / "a.run", Wire("wav/pcm", 16, 1, 16000), MARK)
    assert (tmp_path / "a.run.flac").read_bytes() == b"mine"


def test_run_and_sound_are_saved_together(tmp_path):
    run, truth = saved_with_sound(tmp_path)
    copy = load(run.save(tmp_path / "copy.run", audio=True))
    assert np.array_equal(copy.audio.samples, truth)
    # Over one that is there, and onto itself.
    assert np.array_equal(load(run.save(copy.path, audio=True)).audio.samples, truth)
    assert np.array_equal(load(run.save(run.path, audio=True)).audio.samples, truth)
    alone = load(run.save(tmp_path / "alone.run"))
    assert alone.audio is None
    with pytest.raises(ConfigError, match="No sound was kept with this run"):
        alone.save(tmp_path / "more.run", audio=True)
    assert not (tmp_path / "more.run").exists()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["alone.run", "copy.run", "copy.run.flac", "talk.run", "talk.run.flac"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_place_that_cannot_be_written_is_said(tmp_path):
    run, _ = saved_with_sound(tmp_path)
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(RunFileError, match="Choose another place"):
        run.save(folder / "a.run", audio=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_forked_child_clears_up_is_not_the_file_of_its_parent(tmp_path):
    wire = Wire("wav/pcm", 16, 1, 16000)
    data = encode(noise(20_000, 1), "wav/pcm", 16)
    writer = SoundWriter(tmp_path / "a.run", wire, MARK)
    writer.set_down(data)
    writer.commit(7000)
    if (child := os.fork()) == 0:
        writer.disown()
        writer._flac.__del__()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    writer.commit(20_000)
    writer.close()
    truth = decode(data, "wav/pcm", 16, 1)
    assert np.array_equal(read_sound(tmp_path / "a.run", wire, MARK, "").samples, truth)
