"""Which words were right, replaced, or not yet there, update by update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.patches import Patch, Rectangle

from gladia_nb.metrics.history import word_states
from gladia_nb.plots.accuracy import no_words
from gladia_nb.plots.palette import BLUE, COLOURS, SOFT, WHITE
from gladia_nb.plots.style import NO_TRANSCRIPTS, axes, drawable, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["plot_partial_alignment"]

#: Updates that can be told apart in one figure.
_UPDATES = 60
#: Times as many updates are looked at: some utterances have no word of the reference.
_ENOUGH = 4
#: Words that can be written under the axis.
_WRITTEN = 30
#: Colour, hatch and words of each state.
_STATES = {
    "correct": (BLUE, "", "correct"),
    "wrong": (COLOURS["final"], "////", "another word"),
    "not_yet": ("none", "", "spoken, not yet there"),
}


def plot_partial_alignment(
    run: RunData,
    ax: Axes | None = None,
    *,
    from_s: float = 0.0,
    until_s: float | None = None,
) -> Axes:
    """One row an update, words at their true time: correct, replaced, or not yet there.

    Time goes to the right in the audio, and downwards in the order of arrival. A good recogniser
    draws a smooth edge just behind the audio; stripes are words that changed. Finals have a mark at
    the left.

    Args:
        run: a run with a reference.
        ax: where to draw; a new figure when None.
        from_s: audio from where on.
        until_s: audio up to where; by default as many whole utterances as have room.
    """
    ax = axes(ax, height=5)
    title, xlabel = "Updates and their words", "audio time (s)"
    if not len(run.reference) or not len(run.utterances):
        empty(ax, no_words(run) or NO_TRANSCRIPTS)
        return finish(ax, title=title, xlabel=xlabel, ylabel="")
    table = word_states(
        run, from_s=from_s, until_s=_far(run, from_s) if until_s is None else until_s
    )
    if until_s is None and not len(table):
        table = word_states(run, from_s=from_s)
    if until_s is None and len(table):
        table = table[table["utterance_id"].isin(_first_utterances(table))]
    if not len(table):
        empty(ax, "no utterance in this span")
        return finish(ax, title=title, xlabel=xlabel, ylabel="")
    rows = table["update"].rank(method="dense").astype("int64").to_numpy() - 1
    # A word that has not been spoken yet when the update came is not missing.
    spoken = table["start_s"].to_numpy() <= table["recv_s"].to_numpy()
    for state, (colour, hatch, _) in _STATES.items():
        chosen = (table["state"] == state).to_numpy() & spoken
        boxes = [
            Rectangle((start, row - 0.4), max(end - start, 0.02), 0.8)
            for start, end, row in zip(
                table["start_s"][chosen], table["end_s"][chosen], rows[chosen], strict=True
            )
        ]
        edge = SOFT if state == "not_yet" else WHITE
        ax.add_collection(
            PatchCollection(boxes, facecolor=colour, edgecolor=edge, hatch=hatch, linewidth=0.5)
        )
    final = np.unique(rows[table["is_final"].to_numpy()])
    left = float(table["start_s"].min())
    ax.plot(np.full(len(final), left - 0.15), final, ">", color=COLOURS["final"], ms=6)
    ax.set_xlim(left - 0.4, float(table["end_s"].max()) + 0.2)
    ax.set_ylim(int(rows.max()) + 0.8, -0.8)
    words = table.drop_duplicates(["channel", "start_s"]).sort_values("start_s")
    if len(words) <= _WRITTEN:
        _write(ax, words)
    _explain(ax)
    finish(ax, title="", xlabel=xlabel, ylabel="update")
    # Above the words, where there are any.
    pad = 48 if len(words) <= _WRITTEN else 6
    ax.set_title(title, loc="left", fontsize="medium", fontweight="bold", pad=pad)
    return ax


def _far(run: RunData, from_s: float) -> float:
    """Audio time up to which there is more than can be drawn; of hours the rest is left alone."""
    found = run.utterances[run.utterances["start_s"] >= from_s].sort_values("start_s")
    updates = (found["n_partials"] + found["n_finals"]).cumsum().to_numpy()
    later = found["start_s"].to_numpy()[updates > _ENOUGH * _UPDATES]
    return float(later[1]) if len(later) > 1 else math.inf


def _first_utterances(table: pd.DataFrame) -> list[str]:
    """Ids of the utterances from the beginning that have room together; at least one."""
    counts = table.groupby("utterance_id", sort=False)["update"].nunique()
    kept = counts[counts.cumsum() <= _UPDATES]
    return list((kept if len(kept) else counts.iloc[:1]).index)


def _write(ax: Axes, words: pd.DataFrame) -> None:
    """The words themselves, above the axes."""
    for start, end, word in zip(words["start_s"], words["end_s"], words["word"], strict=True):
        ax.annotate(
            drawable(word, 14),
            ((start + end) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            rotation=60,
            ha="left",
            va="bottom",
            fontsize="x-small",
        )


def _explain(ax: Axes) -> None:
    """The legend: each state, and the mark of a final."""
    handles: list[Artist] = [
        Patch(
            facecolor=colour,
            hatch=hatch,
            edgecolor=SOFT if state == "not_yet" else WHITE,
            label=label,
        )
        for state, (colour, hatch, label) in _STATES.items()
    ]
    handles += ax.plot([], [], ">", color=COLOURS["final"], label="final")
    ax.legend(handles=handles, loc="upper right", fontsize="small", framealpha=0.85)
