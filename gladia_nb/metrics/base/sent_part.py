"""The part of the reference that was sent: what lies behind the audio cannot be heard by anybody.

A session that is stopped after 8 s of a minute has sent 8 s of its reference. The words behind it
are no errors of the service: no measure counts them. Neither does it count a word, or a segment,
whose end was not sent: latencies have no stamp for it, and of a segment nobody knows how much was
spoken. Where the audio was sent to its end, what ends a little behind it was sent as well: such
ends are rounded.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.record.arrays import reference
from gladia_nb.record.data import RunData

__all__ = ["audio_length", "sent_reference", "sent_wholly", "sent_words", "unsent"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

#: Seconds by which positions may differ and are the same; far below a sample.
_EXACT_S = 1e-6


def sent_words(run: RunData) -> Bools:
    """Which rows of `run.reference` were sent; shape `(words,)`."""
    known = reference(run.record)
    return _sent(run, known.start_s, known.end_s)


def sent_reference(run: RunData) -> pd.DataFrame:
    """The rows of `run.reference` that were sent, with their index."""
    sent = sent_words(run)
    return run.reference if sent.all() else run.reference[sent]


def sent_wholly(run: RunData) -> Bools:
    """Which rows of `run.spoken` were sent from beginning to end; shape `(rows,)`.

    A text without times was, when all of the audio was.
    """
    start_s, end_s = (run.spoken[name].to_numpy("float64") for name in ("start_s", "end_s"))
    timeless = np.isnan(start_s) | np.isnan(end_s)
    found: Bools = np.where(timeless, run.is_live or _to_its_end(run), _sent(run, start_s, end_s))
    return found


def audio_length(run: RunData) -> str:
    """How much audio was sent, and of how much, for people.

    Example:
        "49.1 s", or "7.5 of 49.1 s" of a session that was stopped.
    """
    if run.is_live or _to_its_end(run):
        return f"{run.sent_s:.1f} s"
    return f"{run.sent_s:.1f} of {run.duration_s:.1f} s"


def unsent(run: RunData) -> str:
    """How much of the reference was not sent and counts nowhere, in a sentence; "" for none.

    Example:
        "108 words of the reference were not sent."
    """
    count = int((~sent_wholly(run)).sum())
    if run.granularity not in ("word", "segment") or not count:
        return ""
    if count == 1:
        return f"1 {run.granularity} of the reference was not sent."
    return f"{count} {run.granularity}s of the reference were not sent."


def _to_its_end(run: RunData) -> bool:
    """Whether audio that is known beforehand was sent whole, but for the silence behind it."""
    if run.is_live:
        return False
    header, rate = run.record.header, int(run.config["sample_rate"])
    tail_s = float(header["options"].get("tail_s") or 0.0)
    return run.sent_s >= int(header["audio"]["frames"]) / rate - tail_s - _EXACT_S


def _sent(run: RunData, start_s: Floats, end_s: Floats) -> Bools:
    last_s = (start_s + end_s) / 2 if _to_its_end(run) else end_s
    found: Bools = last_s <= run.sent_s + _EXACT_S
    return found
