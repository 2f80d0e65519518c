"""How far the audio had come, at each moment: sent, acknowledged, in partials, in finals."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd

from gladia_nb.record.columns import read, since_start, transcripts
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["COVERAGE", "coverage"]

#: One row a step of a curve.
COVERAGE: Schema = MappingProxyType(
    {
        "curve": "str",  # sent, acknowledged, partial, final
        "at_s": "float64",  # since audio position 0 was spoken
        "audio_s": "float64",  # audio up to here, seconds; never falls
    }
)


def coverage(run: RunData) -> pd.DataFrame:
    """The audio that was sent, acknowledged, and covered by partials and by finals, over time.

    The horizontal gap between two curves is a delay, the vertical one a backlog. Sent counts from
    the end of sending. A transcript covers the audio up to its end; silence is covered by what
    comes after it. Channels are taken together: what one of them covers counts.

    Returns:
        Columns in `COVERAGE`, by curve and time. A curve starts at its first step.
    """
    t0, chunks = run.record.t0_ns, run.chunks
    found, shown = read(run.record), transcripts(run.record)
    message, final = shown.message, shown.is_final
    recv_s, end_s = since_start(run.record, found.recv_ns[message]), found.end_s[message]
    origin = 0 if t0 is None else t0
    steps = {
        "sent": ((chunks["send_end_ns"] - origin) / 1e9, chunks["end_s"]),
        "acknowledged": ((chunks["ack_ns"] - origin) / 1e9, chunks["end_s"]),
        "partial": (recv_s[~final], end_s[~final]),
        "final": (recv_s[final], end_s[final]),
    }
    blocks = [to_frame({name: [] for name in COVERAGE}, COVERAGE)]
    for curve, (at, audio) in steps.items():
        known = pd.DataFrame({"at_s": at, "audio_s": audio}).dropna().astype("float64")
        known = known.sort_values("at_s", kind="stable")
        columns = {
            "curve": [curve] * len(known),
            "at_s": known["at_s"].to_numpy(),
            "audio_s": np.maximum.accumulate(known["audio_s"].to_numpy()),
        }
        blocks.append(to_frame(columns, COVERAGE))
    return pd.concat([block for block in blocks if len(block)] or blocks[:1], ignore_index=True)
