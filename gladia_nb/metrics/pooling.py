"""Several runs put together: what was said in one recording is the same in each run of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.clusters import utterance_clusters
from gladia_nb.metrics.base.intervals import Quantiles, quantiles
from gladia_nb.metrics.base.recordings import recording_numbers
from gladia_nb.metrics.comparison import FEWEST_PAIRS

__all__ = ["pooled_quantiles", "pooling_labels"]

Ints = npt.NDArray[np.int64]


def pooling_labels(rows: pd.DataFrame, references: Sequence[pd.DataFrame]) -> tuple[Ints, Ints]:
    """What is drawn when runs are pooled: the stretch of speech of each row, and its session.

    A stretch of speech is an utterance. Runs of one recording (equal references) have the same
    ones: those of the run that has fewest. Each row that is anchored by the reference belongs to
    the one that holds its word there; others to their own utterance.

    A session is a run, and a recording where there are three or more of them: to send one again
    tells nothing new about speech.

    Args:
        rows: of `gladia_nb.latency`, with the number of their run in the column `_run`.
        references: `run.reference` of each run; none where it is not known which runs they are.

    Returns:
        Number of the stretch of speech, and of the session, of each row.
    """
    stretch = utterance_clusters(rows.assign(run=rows["_run"])).copy()
    session = rows["_run"].to_numpy(dtype="int64", copy=True)
    recordings = np.array(recording_numbers(references), dtype="int64")
    for number in np.unique(recordings[recordings >= 0]).tolist():
        members = np.flatnonzero(recordings == number)
        if len(members) > 1:
            here = np.flatnonzero(rows["_run"].isin(members) & (rows["anchor"] == "reference"))
            stretch[here] = _shared(rows.iloc[here], stretch[here], references[members[0]])
    if len(np.unique(recordings)) >= FEWEST_PAIRS and (recordings >= 0).all():
        session = recordings[session]
    return stretch, session


def _shared(rows: pd.DataFrame, stretch: Ints, reference: pd.DataFrame) -> Ints:
    """The stretches of the run that has fewest, for the rows of all runs of a recording."""
    words = _words(rows, reference)
    known = pd.DataFrame({"run": rows["_run"].to_numpy(), "word": words, "stretch": stretch})
    known = known[(rows["unit"] == "word").to_numpy() & (words >= 0)]
    if not len(known):
        return stretch
    fewest = known.groupby("run")["stretch"].nunique().idxmin()
    owner = known[known["run"] == fewest].groupby("word")["stretch"].first()
    found = pd.Series(words).map(owner)
    return np.where(found.isna(), stretch, found.fillna(0)).astype("int64")


def _words(rows: pd.DataFrame, reference: pd.DataFrame) -> Ints:
    """The word of the reference that each row is anchored by, or -1.

    Rows of utterances tell the time of the word only: that of its start, or of its end.
    """
    found = rows["reference"].fillna(-1).to_numpy(dtype="int64", copy=True)
    for since, column in (("speech_start", "start_s"), ("speech_end", "end_s")):
        here = np.flatnonzero((rows["since"] == since).to_numpy())
        times = reference.drop_duplicates(["channel", column])
        keys = pd.MultiIndex.from_frame(times[["channel", column]])
        wanted = rows.iloc[here][["channel", "anchor_s"]]
        at = keys.get_indexer(pd.MultiIndex.from_frame(wanted))
        found[here] = np.where(at < 0, -1, times.index.to_numpy()[at])
    return found


def pooled_quantiles(values: pd.Series, stretch: pd.Series, session: pd.Series) -> Quantiles:
    """Quantiles with the wider of two intervals: of drawing sessions, and of drawing speech.

    Samples of one stretch of speech share their fate in all runs, so that it counts once.

    Args:
        values: samples; NaN for never.
        stretch: number of the stretch of speech of each.
        session: number of the session of each.
    """
    found = quantiles(values, stretch, runs=session)
    if session.nunique() < 2 or found.clusters == stretch.nunique():
        return found
    said = quantiles(values, stretch)
    # Bounds are withheld (NaN) where there are too few stretches of speech.
    low, high = np.minimum(found.low, said.low), np.maximum(found.high, said.high)
    return replace(found, points=said.points, low=low, high=high, clusters=said.clusters)
