"""The aligner itself: it forgives what a capture does, and nothing that a transport does."""

import numpy as np
import pytest

import gladia_nb as gn

from .likeness import likeness

RATE = 16000
#: A piece of the microphone's, in samples: 50 ms.
PIECE = 800
#: Samples by which a capture is late here: as much as a piece that is lost right away takes.
LATE = 2000


@pytest.fixture(scope="module")
def speech():
    audio = gn.read_audio(gn.sample("conversation"))
    return np.rint(audio.samples[: 3 * RATE, 0] * 32768).astype(np.int16)


def captured(speech, *, late=LATE):
    """As a device hands it over: late, filtered, rounded."""
    response = np.array([0.02, -0.1, 0.85, 0.2, -0.05])
    heard = np.convolve(speech.astype(float), response)[: len(speech)]
    return np.concatenate([np.zeros(late), np.rint(heard), np.zeros(RATE // 2)]).astype(np.int16)


@pytest.mark.parametrize("late", [0, LATE])
def test_what_was_played_is_found_whatever_its_delay(speech, late):
    found = likeness(speech, captured(speech, late=late), RATE)
    assert found.db >= 40
    assert found.jump_s is None
    assert "no jump" in str(found)


def voiced(speech):
    """Starts of pieces in which something is said; a swap of two silences changes nothing."""
    starts = range(0, len(speech) - 4 * PIECE, 4 * PIECE)
    loud = [start for start in starts if np.abs(speech[start : start + 2 * PIECE]).mean() > 200]
    assert len(loud) >= 6
    return loud[:: len(loud) // 5]


@pytest.mark.parametrize("length", [8, 43, 160, 300])
def test_one_jump_of_the_capture_is_forgiven_and_told(speech, length):
    heard = captured(speech)
    for start in voiced(speech)[::2]:
        where = LATE + start
        late = np.concatenate([heard[:where], np.zeros(length, np.int16), heard[where:]])
        early = np.concatenate([heard[:where], heard[where + length :]])
        for broken, sign in ((late, 1), (early, -1)):
            found = likeness(speech, broken, RATE)
            assert found.db >= 40
            # The response itself can follow a jump of a few samples.
            if length > 96:
                assert found.jump_s == pytest.approx(sign * length / RATE, abs=0.007)
                assert found.at_s == pytest.approx(start / RATE, abs=0.05)
                assert "one jump of" in str(found)


def test_silence_instead_of_a_few_milliseconds_is_forgiven_once(speech):
    heard, half = captured(speech), len(speech) // 2
    size, middle = np.abs(heard.astype(int)), LATE + half
    loudest = [int(np.argmax(size[:middle])), middle + int(np.argmax(size[middle:]))]
    for where, enough in zip(loudest, (True, False), strict=True):
        heard[where - 80 : where + 80] = 0
        assert (likeness(speech, heard, RATE).db >= 40) is enough


def lost(heard, start):
    return np.delete(heard, slice(start, start + PIECE))


def hole(heard, start):
    """A hundred milliseconds that nobody heard, with silence in their place."""
    return np.concatenate(
        [heard[:start], np.zeros(2 * PIECE, np.int16), heard[start + 2 * PIECE :]]
    )


def missing(heard, start):
    return np.delete(heard, slice(start, start + 2 * PIECE))


def doubled(heard, start):
    return np.concatenate([heard[: start + PIECE], heard[start:]])


def swapped(heard, start):
    first, second = heard[start : start + PIECE], heard[start + PIECE : start + 2 * PIECE]
    return np.concatenate([heard[:start], second, first, heard[start + 2 * PIECE :]])


@pytest.mark.parametrize("wrong", [lost, hole, missing, doubled, swapped])
def test_what_a_transport_does_wrong_is_never_forgiven(speech, wrong):
    heard = captured(speech)
    for start in voiced(speech):
        broken = np.concatenate([wrong(heard, LATE + start), np.zeros(2 * PIECE, np.int16)])
        found = likeness(speech, broken, RATE)
        assert found.db < 40, f"{wrong.__name__} at {start / RATE:.2f} s: {found}"


def test_two_jumps_are_too_many(speech):
    heard = captured(speech)
    starts = [LATE + start for start in voiced(speech)]
    for where in (starts[1], starts[4]):
        heard = np.concatenate([heard[:where], np.zeros(160, np.int16), heard[where:]])
    assert likeness(speech, heard, RATE).db < 40


def test_a_capture_that_began_too_late_is_told_from_a_bad_one(speech):
    with pytest.raises(AssertionError, match="the first 1200 samples were not captured"):
        likeness(speech, np.concatenate([speech[1200:], np.zeros(RATE, np.int16)]), RATE)
