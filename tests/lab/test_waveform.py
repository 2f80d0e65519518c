import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.audio import Audio
from gladia_nb.lab import waveform
from gladia_nb.lab.waveform import kept_peaks, peaks, playable
from tests.support.tones import run_of_tones


@given(st.integers(0, 300), st.integers(1, 50), st.integers(1, 3))
def test_peaks_hold_every_sample_and_no_more(frames, columns, channels):
    samples = np.random.default_rng(frames).uniform(-1, 1, (frames, channels))
    found = peaks(Audio(samples, 16000), columns)
    assert found.shape == (min(frames, columns), 2)
    if frames:
        assert found[:, 0].min() == samples.min()
        assert found[:, 1].max() == samples.max()
        assert (found[:, 0] <= found[:, 1]).all()


@pytest.mark.parametrize("channels", [1, 2])
def test_what_a_browser_plays_is_the_sound(channels):
    samples = np.random.default_rng(1).uniform(-1.2, 1.2, (1000, channels))
    data, rate = soundfile.read(io.BytesIO(playable(Audio(samples, 22050))), always_2d=True)
    assert rate == 22050
    np.testing.assert_allclose(data, np.clip(samples, -1, 1), atol=2**-14)


def test_what_was_kept_with_a_run_looks_as_its_sound_does(tmp_path, monkeypatch):
    run = run_of_tones(tmp_path)
    whole = peaks(run.audio, 500)
    monkeypatch.setattr(waveform, "_BLOCK_S", 7)
    found = kept_peaks(run.record, 500)
    assert found.shape == whole.shape
    # Columns begin at the same frames, or at the one beside.
    assert np.abs(found - whole).max() < 0.05
    assert found.min() < -0.29
    (tmp_path / "silent").mkdir()
    silent = run_of_tones(tmp_path / "silent", sound=False)
    assert kept_peaks(silent.record).shape == (0, 2)
