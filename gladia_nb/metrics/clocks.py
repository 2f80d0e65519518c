"""From a position of the audio to a moment: when it was sent, and when it was spoken.

The two clocks answer two questions. *Send*: how long did service and network take, whatever the
pacing of this client? *Capture*: how long did somebody wait who spoke into a microphone? They
differ by the wait for the chunk to fill, and by how late it was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from gladia_nb.run import Run

__all__ = ["captured_s", "first_sent", "sent_s"]

Floats = npt.NDArray[np.float64]

#: Part of a sample by which a position may miss a boundary and still be on it; far above the
#: rounding of floating point, far below a sample.
_EXACT = 1e-3


def first_sent(run: Run) -> pd.DataFrame:
    """The chunks as they were sent for the first time, in the order of the audio.

    A chunk that was sent again after a lost connection counts when it was sent first: the audio
    existed then, and so does the wait. Columns as in `gladia_nb.frames.CHUNKS`.
    """
    chunks = run.chunks.sort_values(["seq", "resend", "send_start_ns"], kind="stable")
    return chunks.drop_duplicates("seq").reset_index(drop=True)


def sent_s(run: Run, position_s: npt.ArrayLike) -> Floats:
    """When the chunk that holds an audio position began to be sent (send clock).

    A chunk holds the positions behind its start up to and including its end, because what ends at a
    boundary is complete in the chunk before it; position 0 is in the first chunk.

    Args:
        run: the run.
        position_s: audio positions, seconds.

    Returns:
        Seconds since audio position 0 was spoken; NaN where the audio was never sent.
    """
    position = np.asarray(position_s, dtype="float64")
    result = np.full(position.shape, np.nan)
    chunks, t0 = first_sent(run), run.record.t0_ns
    if t0 is None or not len(chunks):
        return result
    frame = position * int(run.record.header["config"]["sample_rate"])
    starts, ends = chunks["start_frame"].to_numpy(), chunks["end_frame"].to_numpy()
    at = np.searchsorted(ends, frame - _EXACT, side="left")
    last = np.minimum(at, len(ends) - 1)
    held = (at < len(ends)) & ((frame > starts[last] + _EXACT) | (abs(frame) <= _EXACT))
    stamps = (chunks["send_start_ns"].to_numpy() - t0) / 1e9
    result[held] = stamps[last[held]]
    return result


def captured_s(run: Run, position_s: npt.ArrayLike) -> Floats:
    """When an audio position was spoken (capture clock).

    Args:
        run: the run.
        position_s: audio positions, seconds.

    Returns:
        Seconds since audio position 0 was spoken: the position itself, unless the audio was sent
        faster or slower than it was.
    """
    return np.asarray(position_s, dtype="float64") / float(run.record.header["options"]["speed"])
