"""How like a capture is to what was played, where a browser may have stumbled once.

A capture has a delay and a short response: resamplers and filters that lie on the way. Both are
fitted, and what is left over is noise. When Chromium's capture underruns it puts a few milliseconds
of silence in, or leaves some out, and everything behind that is shifted. One such jump is forgiven
and told; what a transport does wrong, which is a piece lost, doubled or out of place, is longer
than a jump may be and is never forgiven.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["JUMP_S", "Likeness", "likeness"]

#: Longest jump that is forgiven: two buffers of the capture, and less than any piece of transport.
JUMP_S = 0.02
#: Taps of the response on either side of the delay.
_HALF = 48
#: Delays that are tried: nearer to each other than the response is long.
_STEP = 16
#: The sums are kept for blocks of so many seconds.
_BLOCK_S = 0.01
#: Blocks around a jump that do not count: as many as it can touch.
_TOUCHED = 3
#: Blocks at either end in which a jump is not looked for.
_LEAST = 16
#: Blocks from one split that is tried to the next, at first.
_COARSE = 8

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """What came of a comparison.

    Attributes:
        db: signal to noise ratio, decibels; beside a jump that of the worse side of it.
        jump_s: seconds by which the capture is later behind the jump than before it; None when no
            jump had to be forgiven.
        at_s: where the jump is, in seconds of what was played.
    """

    db: float
    jump_s: float | None = None
    at_s: float = 0.0

    def __str__(self) -> str:
        if self.jump_s is None:
            return f"{self.db:.1f} dB, no jump"
        return (
            f"{self.db:.1f} dB beside one jump of {self.jump_s * 1e3:+.0f} ms at {self.at_s:.2f} s"
        )


def likeness(
    reference: NDArray[np.int16], heard: NDArray[np.int16], rate: int, *, enough_db: float = 40
) -> Likeness:
    """Compare a capture with what was played.

    Args:
        reference: samples that were played.
        heard: samples that were captured, from before the first; at most a tenth of a second may
            lack at the end.
        rate: hertz, of both.
        enough_db: a jump is looked for only where the whole is less like than this.
    """
    fit = _Fit(reference / 32768, heard / 32768, rate)
    whole = fit.whole()
    if whole.db >= enough_db:
        return whole
    return max(whole, fit.with_a_jump(), key=lambda found: found.db)


class _Fit:
    """Least squares of a response, for every stretch of blocks and every delay.

    The sums that least squares need are kept from the beginning up to each block, so that those of
    a stretch are a difference.
    """

    def __init__(self, reference: Floats, heard: Floats, rate: int) -> None:
        self.rate = rate
        self.block = round(_BLOCK_S * rate)
        self.longest = round(JUMP_S * rate)
        middle = _delay(reference, heard)
        assert len(heard) - middle > len(reference) - rate // 10, "the end was not captured"
        reference = reference[: len(heard) - middle]
        self.blocks = len(reference) // self.block
        reference = reference[: self.blocks * self.block]
        self.delays = np.arange(-self.longest, self.longest + 1, _STEP)
        rows = np.ascontiguousarray(_rows(reference)).reshape(self.blocks, self.block, -1)
        targets = _targets(heard, middle + self.delays, len(reference))
        targets = targets.reshape(len(self.delays), self.blocks, self.block)
        across = rows.transpose(0, 2, 1)
        self.grams = _from_zero(across @ rows)
        self.products = _from_zero(across @ targets.transpose(1, 2, 0))
        self.powers = _from_zero(np.einsum("dnb,dnb->nd", targets, targets))

    def errors(self, first: int, end: int) -> tuple[Floats, Floats]:
        """Energy that is left over in the blocks from `first` up to `end`, and their energy.

        Returns:
            Two arrays, for each delay.
        """
        gram = self.grams[end] - self.grams[first]
        products = self.products[end] - self.products[first]
        powers = self.powers[end] - self.powers[first]
        gram += np.eye(len(gram)) * (1e-9 * np.trace(gram) + 1e-12)
        explained = np.sum(products * np.linalg.solve(gram, products), axis=0)
        return np.maximum(powers - explained, 1e-12), powers

    def whole(self) -> Likeness:
        """Without a jump."""
        left, power = self.errors(0, self.blocks)
        best = int(np.argmin(left))
        return Likeness(_db(power[best], left[best]))

    def with_a_jump(self) -> Likeness:
        """With the one jump that leaves least; the blocks that it can touch do not count."""
        # The further a split lies from the jump, the more is left: near the best, look closely.
        last = self.blocks - _LEAST
        near = min(range(_LEAST, last, _COARSE), key=lambda block: self._jump_at(block)[0])
        close = range(max(_LEAST, near - _COARSE), min(last, near + _COARSE))
        return min(map(self._jump_at, close), key=lambda found: found[0])[1]

    def _jump_at(self, block: int) -> tuple[float, Likeness]:
        """What a jump in front of this block leaves over, and what that means."""
        before, power_before = self.errors(0, block)
        behind, power_behind = self.errors(block + _TOUCHED, self.blocks)
        left = before[:, None] + behind[None, :]
        far = np.abs(self.delays[:, None] - self.delays[None, :]) > self.longest
        left[far] = np.inf
        first, second = np.unravel_index(int(np.argmin(left)), left.shape)
        # Either side has to be like what was played: a loud one does not make up for a quiet one.
        db = min(_db(power_before[first], before[first]), _db(power_behind[second], behind[second]))
        jump_s = (self.delays[second] - self.delays[first]) / self.rate
        found = Likeness(db, float(jump_s), block * self.block / self.rate)
        return float(left[first, second]), found


def _db(power: float, error: float) -> float:
    return float(10 * np.log10(max(power, 1e-12) / error))


def _from_zero(values: Floats) -> Floats:
    return np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])


def _delay(reference: Floats, heard: Floats) -> int:
    """Samples by which the capture as a whole is late."""
    size = 1 << (len(reference) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)))
    assert at < len(heard), f"the first {size - at} samples were not captured"
    return at


def _rows(reference: Floats) -> Floats:
    """What each sample of a capture can be made of: samples around the one that was played."""
    padded = np.pad(reference, _HALF)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * _HALF + 1)[: len(reference)]


def _targets(heard: Floats, delays: NDArray[np.int_], length: int) -> Floats:
    reserve = int(max(0, -delays.min()))
    padded = np.pad(heard, (reserve, length))
    return np.stack([padded[reserve + at : reserve + at + length] for at in delays])
