"""From a position of the audio to a moment: when it was sent, spoken, and acknowledged.

The three clocks answer three questions. *Send*: how long did service and network take, whatever the
pacing of this client? *Capture*: how long did somebody wait who spoke into a microphone? They
differ by the wait for the chunk to fill, and by how late it was sent. *Ack*: how long did the
service take once it had confirmed that it has the audio? The way of the audio and its queue are
left out; the way back is in both stamps.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.record.data import RunData

__all__ = ["acknowledged_s", "captured_s", "first_sent", "sent_s"]

Floats = npt.NDArray[np.float64]

#: Part of a sample by which a position may miss a boundary and still be on it; far above the
#: rounding of floating point, far below a sample.
_EXACT = 1e-3


def first_sent(run: RunData) -> pd.DataFrame:
    """The chunks as they were sent for the first time, in the order of the audio.

    A chunk that was sent again after a lost connection counts when it was sent first: the audio
    existed then, and so does the wait. Columns as in `gladia_nb.record.schema.CHUNKS`.
    """
    chunks = run.chunks.sort_values(["seq", "resend", "send_start_ns"], kind="stable")
    return chunks.drop_duplicates("seq").reset_index(drop=True)


def sent_s(run: RunData, position_s: npt.ArrayLike) -> Floats:
    """When the chunk that holds an audio position began to be sent (send clock).

    A chunk holds the positions behind its start up to and including its end, because what ends at a
    boundary is complete in the chunk before it; position 0 is in the first chunk.

    Args:
        run: the run.
        position_s: audio positions, seconds.

    Returns:
        Seconds since audio position 0 was spoken; NaN where the audio was never sent.
    """
    chunks = first_sent(run)
    return _stamped(run, position_s, chunks, chunks["send_start_ns"])


def acknowledged_s(run: RunData, position_s: npt.ArrayLike) -> Floats:
    """When the acknowledgement of the chunk that holds an audio position arrived (ack clock).

    Which chunk holds a position is said at `sent_s`; the first acknowledgement that covers the
    chunk counts, whatever came before.

    Args:
        run: the run.
        position_s: audio positions, seconds.

    Returns:
        Seconds since audio position 0 was spoken; NaN where it was never acknowledged.
    """
    chunks = first_sent(run)
    return _stamped(run, position_s, chunks, chunks["ack_ns"])


def _stamped(
    run: RunData, position_s: npt.ArrayLike, chunks: pd.DataFrame, stamp_ns: pd.Series
) -> Floats:
    """The stamp of the chunk that holds each position, in seconds since position 0 was spoken."""
    position = np.asarray(position_s, dtype="float64")
    result = np.full(position.shape, np.nan)
    t0 = run.record.t0_ns
    if t0 is None or not len(chunks):
        return result
    frame = position * int(run.record.header["config"]["sample_rate"])
    starts, ends = chunks["start_frame"].to_numpy(), chunks["end_frame"].to_numpy()
    at = np.searchsorted(ends, frame - _EXACT, side="left")
    last = np.minimum(at, len(ends) - 1)
    held = (at < len(ends)) & ((frame > starts[last] + _EXACT) | (abs(frame) <= _EXACT))
    known = stamp_ns.notna().to_numpy()
    stamps = (stamp_ns.fillna(t0).astype("int64").to_numpy() - t0) / 1e9
    held &= known[last]
    result[held] = stamps[last[held]]
    return result


def captured_s(run: RunData, position_s: npt.ArrayLike) -> Floats:
    """When an audio position was spoken (capture clock).

    Args:
        run: the run.
        position_s: audio positions, seconds.

    Returns:
        Seconds since audio position 0 was spoken: the position itself, unless the audio was sent
        faster or slower than it was. Of live audio, what the clock of its capture says, pauses and
        gaps included; NaN where nothing was sent.
    """
    if run.record.header["audio"]["frames"] is None:
        return _captured_live(run, np.asarray(position_s, dtype="float64"))
    return np.asarray(position_s, dtype="float64") / float(run.record.header["options"]["speed"])


def _captured_live(run: RunData, position: Floats) -> Floats:
    """Each chunk says when its last sample was captured; within it the sample rate tells."""
    result = np.full(position.shape, np.nan)
    chunks, t0 = first_sent(run), run.record.t0_ns
    if t0 is None or not len(chunks):
        return result
    rate = int(run.record.header["config"]["sample_rate"])
    ends = chunks["end_frame"].to_numpy()
    at = np.searchsorted(ends, position * rate - _EXACT, side="left")
    held = (at < len(ends)) & (position * rate >= -_EXACT)
    captured = (chunks["due_ns"].to_numpy() - t0) / 1e9 - ends / rate
    result[held] = position[held] + captured[at[held]]
    return result
