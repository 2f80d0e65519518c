"""When someone speaks: the gate by hand, against a plain loop, and on real sound."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb import audio
from gladia_nb.server.engines.sound_frames import FRAME_S
from gladia_nb.server.engines.speech_gate import SpeechGate
from tests.support.server_helpers import speech


def test_a_stricter_threshold_hears_less() -> None:
    quiet = audio.decode(speech(), "wav/pcm", 16, 1) * 0.02
    noise = np.random.default_rng(1).normal(0, 0.0015, quiet.shape)
    frames = ((quiet + noise)[:, 0] * 32767).astype(np.int16)
    heard = []
    for threshold in (0.0, 1.0):
        gate = SpeechGate(threshold, 0.3)
        heard.append(0)
        for start in range(0, len(frames) - 160, 160):
            gate.push(frames[start : start + 160])
            heard[-1] += gate.is_open
    assert heard[0] > heard[1]


# -- by hand: a detector that says what it is told ----------------------------------------------

LOUD = 10_000
#: 40 dB below `LOUD`.
SOFT = 100


def frame(level: int) -> npt.NDArray[np.int16]:
    return np.full(160, level, np.int16)


def gate_that_hears(heard: list[bool], endpointing: float = 0.3) -> SpeechGate:
    gate = SpeechGate(0.5, endpointing)
    answers = iter(heard)

    class Told:
        def is_speech(self, data: bytes) -> bool:
            assert len(data) == 320
            return next(answers)

    gate._vad = Told()
    return gate


def turns(heard: list[bool], levels: list[int], endpointing: float = 0.3) -> list[tuple[str, int]]:
    """What happened, and after how many frames."""
    gate = gate_that_hears(heard, endpointing)
    said = [gate.push(frame(level)) for level in levels]
    return [(turn, number + 1) for number, turn in enumerate(said) if turn is not None]


def test_eight_frames_of_twelve_open_it() -> None:
    gate = gate_that_hears([True] * 8)
    assert [gate.push(frame(LOUD)) for _ in range(8)] == [None] * 7 + ["start"]
    assert (gate.is_open, gate.onset, gate.end, gate.position) == (True, 0, 8, 8)
    scattered = [True, False, True, True, False, True, True, False, True, True, False, True]
    gate = gate_that_hears([False, *scattered])
    assert [gate.push(frame(LOUD)) for _ in range(13)] == [None] * 12 + ["start"]
    assert gate.onset == 1, "the first frame of speech in the window"


def test_a_click_does_not_open_it() -> None:
    assert turns([True] * 7 + [False] * 20, [LOUD] * 27) == []


def test_silence_ends_it_after_the_patience_asked_for() -> None:
    heard = [True] * 20 + [False] * 40
    assert turns(heard, [LOUD] * 60, 0.3) == [("start", 8), ("end", 50)]
    assert turns(heard, [LOUD] * 60, 0.05) == [("start", 8), ("end", 25)]
    assert turns(heard, [LOUD] * 60, 0.001) == [("start", 8), ("end", 21)], "a frame at least"


def test_the_end_is_dated_by_level_while_the_detector_holds_on() -> None:
    gate = gate_that_hears([True] * 60 + [False])
    for level in [LOUD] * 20 + [SOFT] * 40:
        assert gate.push(frame(level)) in (None, "start")
    assert gate.end == 20, "soft frames are silence whatever the detector holds"
    assert gate.push(frame(SOFT)) == "end", "at once when it lets go: the patience is over"
    assert (gate.end, gate.is_open) == (20, False)


def test_what_is_very_soft_is_no_speech() -> None:
    assert turns([True] * 30, [10] * 30) == [], "10 of 32768 is below -65 dB"
    assert turns([True] * 30, [20] * 30) == [("start", 8)]


def test_closing_forgets() -> None:
    gate = gate_that_hears([True] * 40)
    for _ in range(20):
        gate.push(frame(LOUD))
    gate.close()
    assert not gate.is_open
    # A soft voice would be silence beside the loud one that is over.
    assert [gate.push(frame(SOFT)) for _ in range(8)][-1] == "start"
    assert gate.onset == 20


def plainly(heard: list[bool], patience: int) -> list[tuple[str, int]]:
    """Frames of one loudness, one after the other."""
    found, since, last = [], 0, None
    for position in range(1, len(heard) + 1):
        if last is None:
            if sum(heard[max(since, position - 12) : position]) >= 8:
                found.append(("start", position))
                last = position
        elif heard[position - 1]:
            last = position
        elif position - last >= patience:
            found.append(("end", position))
            since, last = position, None
    return found


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=12),
    st.sampled_from([0.01, 0.05, 0.1]),
)
def test_as_a_plain_loop_hears_it(runs: list[tuple[bool, int]], endpointing: float) -> None:
    heard = [value for value, count in runs for _ in range(count)]
    assert turns(heard, [LOUD] * len(heard), endpointing) == plainly(
        heard, round(endpointing / FRAME_S)
    )


# -- on real sound -------------------------------------------------------------------------------


def spans(samples: npt.NDArray[np.int16], endpointing: float) -> list[tuple[float, float]]:
    """Onset and end of each speech, seconds."""
    gate, found = SpeechGate(0.5, endpointing), []
    for start in range(0, len(samples) - 159, 160):
        if gate.push(samples[start : start + 160]) == "end":
            found.append((gate.onset / 100, gate.end / 100))
    return found


def test_two_sentences_of_a_recording() -> None:
    samples = np.frombuffer(speech(6.0), np.int16)
    (first, second) = spans(samples, 0.3)
    # Hello ... again, and how ... today, by the words file.
    assert first == pytest.approx((0.5, 3.02), abs=0.1)
    assert second == pytest.approx((3.5, 4.75), abs=0.3)


@pytest.mark.parametrize("threshold", [0.0, 0.6, 1.0])
def test_silence_is_no_speech(threshold: float) -> None:
    gate = SpeechGate(threshold, 0.3)
    assert all(gate.push(np.zeros(160, np.int16)) is None for _ in range(100))
    assert gate.position == 100
