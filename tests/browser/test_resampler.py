"""The page's resampler: measured on tones, whose answer is known, and block by block."""

import itertools

import numpy as np
import pytest

from tests.browser.bare_microphone import in_thread

PAIRS = [
    (44100, 16000),
    (48000, 16000),
    (48000, 44100),
    (44100, 48000),
    (16000, 48000),
    (11025, 8000),
    (44100, 8000),
    (96000, 32000),
]
#: A tone of level 1 in blocks, and what comes out.
TONE = """
const { from, to, hertz, seconds, sizes } = given;
const whole = Float32Array.from({ length: from * seconds }, (_, n) =>
  Math.sin((2 * Math.PI * hertz * n) / from));
const resampler = new Resampler(from, to, 1);
const out = [];
for (let at = 0, k = 0; at < whole.length; k += 1) {
  const block = whole.slice(at, at + sizes[k % sizes.length]);
  at += block.length;
  out.push(...resampler.push([block])[0]);
}
const early = out.length;
out.push(...resampler.drain()[0]);
return { out, early };
"""


def through(page, from_, to, hertz, seconds=0.125, sizes=(441,)):
    given = {"from": from_, "to": to, "hertz": hertz, "seconds": seconds, "sizes": sizes}
    found = in_thread(page, TONE, given)
    return np.array(found["out"]), found["early"]


def error_db(out, to, hertz):
    """What is left beside the tone that went in, at the moments at which it went in."""
    inside = slice(len(out) // 5, -len(out) // 5)
    ideal = np.sin(2 * np.pi * hertz * np.arange(len(out)) / to)
    return 20 * np.log10(np.abs(out - ideal)[inside].max())


def test_what_is_passed_on_is_neither_changed_nor_late(page):
    for (from_, to), share in itertools.product(PAIRS, (0.02, 0.5, 0.89)):
        hertz = share * min(from_, to) / 2
        out, _ = through(page, from_, to, hertz)
        # Images of the tone, ripple and delay are all in this.
        assert error_db(out, to, hertz) < -95, (from_, to, hertz)


def test_what_the_lower_rate_cannot_hold_is_damped(page):
    for from_, to in PAIRS:
        if from_ < to:
            continue
        for hertz in (1.01 * to / 2, (from_ + to) / 4, 0.98 * from_ / 2):
            out, _ = through(page, from_, to, hertz)
            left = np.abs(out[len(out) // 5 : -len(out) // 5]).max()
            assert 20 * np.log10(left) < -95, (from_, to, hertz)


@pytest.mark.parametrize(("from_", "to"), [(44100, 16000), (16000, 48000), (11025, 8000)])
def test_blocks_of_any_size_are_one_sound(page, from_, to):
    at_once, _ = through(page, from_, to, 440, sizes=(from_,))
    for sizes in ((441,), (1, 2, 500, 128)):
        out, early = through(page, from_, to, 440, sizes=sizes)
        assert np.array_equal(out, at_once)
        # No more is held back than half of the window: some milliseconds.
        assert len(out) - early < 0.012 * to
    frames = from_ // 8
    assert len(at_once) == -(-frames * to // from_)


def test_the_same_rate_changes_nothing(page):
    code = """
    const resampler = new Resampler(16000, 16000, 2);
    const planes = [Float32Array.of(0.1, -0.2), Float32Array.of(2, 3)];
    return [resampler.push(planes) === planes, resampler.drain().map((plane) => plane.length)];
    """
    assert in_thread(page, code) == [True, [0, 0]]


def test_channels_stay_apart(page):
    code = """
    const resampler = new Resampler(48000, 16000, 2);
    const silence = new Float32Array(4800);
    const loud = new Float32Array(4800).fill(0.5);
    return resampler.push([silence, loud]).map((plane) => Array.from(plane));
    """
    silent, loud = in_thread(page, code)
    assert not np.any(silent)
    assert np.abs(np.array(loud)[200:] - 0.5).max() < 1e-6
