"""From a position of the audio to a moment: when it was sent, spoken, and acknowledged.

The three clocks answer three questions. *Send*: how long did service and network take, whatever the
pacing of this client? *Capture*: how long did somebody wait who spoke into a microphone? They
differ by the wait for the chunk to fill, and by how late it was sent. *Ack*: how long did the
service take once it had confirmed that it has the audio? The way of the audio and its queue are
left out; the way back is in both stamps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.record.arrays import Chunks, chunks, seconds
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept, kept_frame

__all__ = ["acknowledged_s", "captured_s", "first_chunks", "first_sent", "sent_s"]

Floats = npt.NDArray[np.float64]

#: Part of a sample by which a position may miss a boundary and still be on it; far above the
#: rounding of floating point, far below a sample.
_EXACT = 1e-3


def first_sent(run: RunData) -> pd.DataFrame:
    """The chunks as they were sent for the first time, in the order of the audio.

    A chunk that was sent again after a lost connection counts when it was sent first: the audio
    existed then, and so does the wait. Columns as in `gladia_nb.record.schema.CHUNKS`.
    """
    return kept_frame(run.record, "first sent", lambda: _first_sent(run))


def _first_sent(run: RunData) -> pd.DataFrame:
    if (np.diff(run.chunks["seq"].to_numpy()) > 0).all():
        # Nothing was sent again.
        return run.chunks
    chunks = run.chunks.sort_values(["seq", "resend", "send_start_ns"], kind="stable")
    return chunks.drop_duplicates("seq").reset_index(drop=True)


def first_chunks(run: RunData) -> Chunks:
    """The same as plain arrays."""
    return kept(run.record, "first chunks", lambda: _first_chunks(run))


def _first_chunks(run: RunData) -> Chunks:
    found = chunks(run.record)
    if (np.diff(found.seq) > 0).all():
        return found
    order = np.lexsort((found.send_start_ns, found.resend, found.seq))
    seq = found.seq[order]
    return found.at(order[np.append(True, seq[1:] != seq[:-1])])


class _Stamps(NamedTuple):
    """Where each chunk lies, and what happened to it, since position 0 was spoken."""

    start: Floats  # frames
    end: Floats
    sent_s: Floats  # NaN for never
    acknowledged_s: Floats
    due_s: Floats


def _stamps(run: RunData) -> _Stamps | None:
    """None when no audio was sent, or nobody knows since when."""
    return kept(run.record, "stamps of chunks", lambda: _read_stamps(run))


def _read_stamps(run: RunData) -> _Stamps | None:
    found, t0 = first_chunks(run), run.record.t0_ns
    if t0 is None or not len(found.seq):
        return None
    return _Stamps(
        found.start_frame.astype("float64"),
        found.end_frame.astype("float64"),
        (found.send_start_ns - t0) / 1e9,
        seconds(run.record, found.ack_ns),
        (found.due_ns - t0) / 1e9,
    )


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
    stamps = _stamps(run)
    return _held(run, position_s, stamps, stamps and stamps.sent_s)


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
    stamps = _stamps(run)
    return _held(run, position_s, stamps, stamps and stamps.acknowledged_s)


def _held(
    run: RunData, position_s: npt.ArrayLike, chunks: _Stamps | None, moments: Floats | None
) -> Floats:
    """The moment of the chunk that holds each position."""
    position = np.asarray(position_s, dtype="float64")
    result = np.full(position.shape, np.nan)
    if chunks is None or moments is None:
        return result
    frame = position * int(run.record.header["config"]["sample_rate"])
    at = np.searchsorted(chunks.end, frame - _EXACT, side="left")
    last = np.minimum(at, len(chunks.end) - 1)
    held = (at < len(chunks.end)) & ((frame > chunks.start[last] + _EXACT) | (abs(frame) <= _EXACT))
    result[held] = moments[last[held]]
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
    if run.is_live:
        return _captured_live(run, np.asarray(position_s, dtype="float64"))
    return np.asarray(position_s, dtype="float64") / float(run.record.header["options"]["speed"])


def _captured_live(run: RunData, position: Floats) -> Floats:
    """Each chunk says when its last sample was captured; within it the sample rate tells."""
    result = np.full(position.shape, np.nan)
    chunks = _stamps(run)
    if chunks is None:
        return result
    rate = int(run.record.header["config"]["sample_rate"])
    at = np.searchsorted(chunks.end, position * rate - _EXACT, side="left")
    held = (at < len(chunks.end)) & (position * rate >= -_EXACT)
    captured = chunks.due_s - chunks.end / rate
    result[held] = position[held] + captured[at[held]]
    return result
