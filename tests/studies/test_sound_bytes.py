import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gladia_nb.audio import Audio
from gladia_nb.errors import AudioError
from gladia_nb.studies.corpora.sounds import digest
from gladia_nb.studies.sound_bytes import PackedSound

SHAPES = st.tuples(st.integers(1, 300), st.integers(1, 10))


def whole(bits):
    """Samples that are whole numbers of so many bits."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    numbers = st.integers(low, high)
    return arrays.arrays(np.int64, SHAPES, elements=numbers).map(
        lambda values: (values / (1 << (bits - 1))).astype(np.float32)
    )


ANY = st.one_of(
    whole(16),
    whole(24),
    arrays.arrays(np.float32, SHAPES, elements=st.floats(-2, 2, width=32)),
    arrays.arrays(np.float64, SHAPES, elements=st.floats(-1, 1)),
)


@given(ANY, st.sampled_from([8000, 16000, 44100, 700_000]))
def test_what_arrives_is_what_was_sent(samples, rate):
    audio = Audio(samples, rate, "x")
    arrived = pickle.loads(pickle.dumps(PackedSound(audio))).open()
    assert (arrived.sample_rate, arrived.name) == (rate, "x")
    assert arrived.samples.dtype == samples.dtype
    np.testing.assert_array_equal(arrived.samples, samples)
    assert digest(arrived) == digest(audio)


def test_sound_of_files_is_sent_compressed():
    wave = np.sin(np.arange(16000) / 20)[:, np.newaxis]
    short = np.rint(wave * 8000) / 2**15
    assert PackedSound(Audio(short.astype(np.float32), 16000)).size < 16000
    # What no whole number holds goes as it is: 4 bytes a sample.
    assert PackedSound(Audio(wave.astype(np.float32), 16000)).size == 64000


def test_what_is_damaged_is_not_run():
    packed = PackedSound(Audio(np.full((100, 1), np.pi, np.float32), 16000, "x"))
    packed._bytes = packed._bytes[:-1] + b"\x00"
    with pytest.raises(AudioError, match="x was damaged on its way"):
        packed.open()
