"""Can the numbers of a run be believed: did its own stopwatch and pacing hold?"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.clocks import first_chunks
from gladia_nb.record.arrays import chunks
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["PACING", "VITALS", "drift_ms", "pacing", "vitals", "vitals_rows"]

Floats = npt.NDArray[np.float64]

#: One row for a run.
PACING: Schema = MappingProxyType(
    {
        "chunks": "int64",  # sent, each counted once
        "resent": "int64",  # times that one was sent again
        "unacknowledged": "int64",  # chunks that no acknowledgement covers
        "lateness_p50_ms": "float64",  # start of sending - due
        "lateness_p99_ms": "float64",
        "lateness_max_ms": "float64",
        "drift_ms": "float64",  # lateness at the end - lateness at the beginning
        "send_p99_ms": "float64",  # end of sending - start of sending
        "ack_p50_ms": "float64",  # first acknowledgement that covers it - end of sending
        "ack_p99_ms": "float64",
    }
)

#: One row for each second of the process that held the stopwatch.
VITALS: Schema = MappingProxyType(
    {
        "at_s": "float64",  # end of the second, since audio position 0 was spoken
        "window_s": "float64",
        "loop_lag_ms": "float64",  # most by which a short sleep of the event loop ended late
        "gc_ms": "float64",  # in which the garbage collector stopped everything
        "gc_longest_ms": "float64",
        "clock_ms": "float64",  # the clock of the stamps - another monotonic clock, since the start
        "wall_ms": "float64",  # wall clock - monotonic clock, since the start: steps and slewing
        "backlog": "float64",  # most messages that were waiting behind one that was read
        "cpu_ms": "float64",  # processor time of the process
        "lead_ms": "float64",  # before a chunk was due the process polled for so long; NaN: untold
    }
)

_MEASURED = ("loop_lag_ms", "gc_ms", "gc_longest_ms", "backlog", "cpu_ms", "lead_ms")

#: Chunks at each end of a run whose median lateness is compared.
_ENDS = 10


def pacing(run: RunData) -> pd.DataFrame:
    """How well the audio was paced, and how the connection took it, in one row.

    Only the first sending of each chunk counts. A chunk is due when its last sample was spoken;
    lateness is signed, and a negative one would mean audio sent before it existed. The drift is the
    median lateness of the last ten chunks minus that of the first ten (of the halves, when there
    are fewer than twenty), so that one late chunk is no drift; relative sleeps are the usual cause.
    The acknowledgement's delay is round trip plus what waits in the service: when it grows and the
    pacing does not, the service falls behind.

    Returns:
        Columns in `PACING`; NaN for what was not observed.
    """
    sent = first_chunks(run)
    late = sent.lateness_ms
    row = {
        "chunks": len(late),
        "resent": len(chunks(run.record).seq) - len(late),
        "unacknowledged": int(sent.ack_ns.missing.sum()),
        "lateness_p50_ms": _quantile(late, 0.5),
        "lateness_p99_ms": _quantile(late, 0.99),
        "lateness_max_ms": _quantile(late, 1),
        "drift_ms": drift_ms(late),
        "send_p99_ms": _quantile(sent.send_ms, 0.99),
        "ack_p50_ms": _quantile(sent.ack_ms, 0.5),
        "ack_p99_ms": _quantile(sent.ack_ms, 0.99),
    }
    return to_frame({name: [value] for name, value in row.items()}, PACING)


def drift_ms(late: Floats) -> float:
    """Median lateness at the end minus that at the beginning; NaN for fewer than two chunks.

    Example:
        >>> drift_ms(np.array([1.0, 1.0, 3.0, 3.0]))
        2.0
    """
    width = min(_ENDS, len(late) // 2)
    return float(np.median(late[-width:]) - np.median(late[:width])) if width else math.nan


def _quantile(values: npt.ArrayLike, prob: float) -> float:
    """Of what was observed; NaN when nothing was."""
    seen = np.asarray(values, dtype="float64")
    seen = seen[~np.isnan(seen)]
    return float(np.quantile(seen, prob)) if len(seen) else math.nan


def vitals(run: RunData) -> pd.DataFrame:
    """What the probe beside the session saw, second by second; columns in `VITALS`.

    No rows when nobody watched: the run is older. NaN for what was not observed: a browser that
    held the stopwatch tells of its event loop and of the wall clock, and of nothing else.
    """
    return to_frame(vitals_rows(run), VITALS)


def vitals_rows(run: RunData) -> dict[str, list[Any]]:
    """The columns of `vitals` as lists."""
    events = run.record.of("vitals")
    t0 = run.record.t0_ns
    first = events[0] if events else {}
    return {
        "at_s": [math.nan if t0 is None else (e["ns"] - t0) / 1e9 for e in events],
        "window_s": [e["window_ns"] / 1e9 for e in events],
        "clock_ms": [_apart(e.get("clock_ns"), first.get("clock_ns")) for e in events],
        "wall_ms": [(e["wall_ns"] - first["wall_ns"]) / 1e6 for e in events],
        # Runs of earlier versions do not tell all of it.
        **{n: [e.get(n, math.nan) for e in events] for n in VITALS if n in _MEASURED},
    }


def _apart(now_ns: int | None, first_ns: int | None) -> float:
    return math.nan if now_ns is None or first_ns is None else (now_ns - first_ns) / 1e6
