"""What is wrong in each utterance, and what it is counted by: the parts of pooled error rates."""

from __future__ import annotations

import math
from types import MappingProxyType

import pandas as pd

from gladia_nb.metrics.accuracy import word_alignment
from gladia_nb.metrics.base.granularity import why_no_rates
from gladia_nb.metrics.instability import stability
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["ERROR_COUNTS", "erasure_counts", "pooled_rate", "word_error_counts"]

#: One row an utterance.
ERROR_COUNTS: Schema = MappingProxyType(
    {
        "channel": "int64",
        "utterance_id": "str",  # "" for what was missed before anything was heard
        "wrong": "int64",
        "of": "int64",  # what it is counted by
    }
)


def word_error_counts(run: RunData) -> pd.DataFrame:
    """Wrong words and words spoken, by the utterance in which they fell.

    A word that was left out fell into the utterance that was heard last. Summed up they are the
    word error rate of the run (`gladia_nb.word_errors`).

    Returns:
        Columns in `ERROR_COUNTS`; no rows where nothing tells which words were spoken.
    """
    if run.granularity is None or why_no_rates(run):
        return to_frame({name: [] for name in ERROR_COUNTS}, ERROR_COUNTS)
    table = word_alignment(run)
    last: dict[int, str] = {}
    counts: dict[tuple[int, str], list[int]] = {}
    for channel, op, heard in zip(
        table["channel"].tolist(), table["op"].tolist(), table["utterance_id"].tolist(), strict=True
    ):
        if isinstance(heard, str):
            last[channel] = heard
        count = counts.setdefault((channel, last.get(channel, "")), [0, 0])
        count[0] += op != "equal"
        count[1] += op != "insert"
    rows = [(*key, *count) for key, count in sorted(counts.items())]
    columns = zip(*rows, strict=True) if rows else [()] * len(ERROR_COUNTS)
    return to_frame(dict(zip(ERROR_COUNTS, map(list, columns), strict=True)), ERROR_COUNTS)


def erasure_counts(run: RunData) -> pd.DataFrame:
    """Words taken back and words of the last text, by utterance, both normalised.

    Summed up they are the normalised erasure of the run (`gladia_nb.stability_summary`).

    Returns:
        Columns in `ERROR_COUNTS`.
    """
    table = stability(run)
    table = table[table["text"] == "normalised"]
    counts = {
        "channel": table["channel"],
        "utterance_id": table["utterance_id"],
        "wrong": table["partial_erasure"] + table["final_erasure"],
        "of": table["words"],
    }
    return to_frame(counts, ERROR_COUNTS)


def pooled_rate(counts: pd.DataFrame) -> float:
    """The sum of what is wrong by the sum of what it is counted by; NaN where that is nothing.

    Args:
        counts: columns in `ERROR_COUNTS`, of one run or of several.

    Example:
        >>> pooled_rate(pd.DataFrame({"wrong": [1, 0], "of": [3, 1]}))
        0.25
    """
    of = int(counts["of"].sum())
    return int(counts["wrong"].sum()) / of if of else math.nan
