"""Pictures of how an utterance settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from gladia_nb.metrics.changes import liveliest, updates
from gladia_nb.plots.palette import AGES, COLOURS, GREY, PURPLE, WHITE
from gladia_nb.plots.style import NO_TRANSCRIPTS, axes, drawable, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_flicker"]

#: Updates up to which the words that changed are written into their cells.
_WRITTEN = 24
_REPLACED, _REMOVED = COLOURS["final"], PURPLE


def plot_flicker(
    run: RunData, ax: Axes | None = None, *, utterance: str | None = None, channel: int = 0
) -> Axes:
    """One utterance, update by update: what was kept (the darker, the longer), replaced, removed.

    A steady recogniser draws a staircase that only grows; each mark in it is a word that a reader
    had to read again.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
        utterance: id of the utterance; by default the one that changed most.
        channel: of the utterance.
    """
    title = "Flicker"
    chosen = (channel, utterance) if utterance is not None else liveliest(run)
    ax = axes(ax)
    if chosen is None:
        empty(ax, NO_TRANSCRIPTS)
        return finish(ax, title=title, xlabel="update", ylabel="")
    channel, utterance = chosen
    table = updates(run, utterance, channel=channel)
    n, height = int(table["update"].max()) + 1, int(table["position"].max()) + 1
    cells = np.full((height, n), np.nan)
    shown = table[table["change"] != "removed"]
    steps = np.minimum(shown["age"].to_numpy(), len(AGES) - 1)
    cells[shown["position"], shown["update"]] = steps
    ax.pcolormesh(
        np.arange(n + 1) - 0.5,
        np.arange(height + 1) - 0.5,
        np.ma.masked_invalid(cells),
        cmap=ListedColormap(AGES),
        vmin=-0.5,
        vmax=len(AGES) - 0.5,
        edgecolors=WHITE,
        linewidth=0.6 if n <= 60 else 0,
    )
    for change, colour, mark in (("replaced", _REPLACED, "s"), ("removed", _REMOVED, "x")):
        rows = table[table["change"] == change]
        # Between the update that still had it and the one that has not: in the cell behind it
        # another word may stand, which was kept.
        at = rows["update"] - 0.5 if change == "removed" else rows["update"]
        ax.plot(at, rows["position"], mark, color=colour, ms=7 if n <= 60 else 4, mew=2)
        if n <= _WRITTEN and change == "replaced":
            _write(ax, rows, colour)
    last = shown[shown["update"] == n - 1]
    ax.set_yticks(
        last["position"],
        [drawable(word, 16) for word in last["word"]],
        fontsize="x-small" if height > 14 else "small",
    )
    if bool(last["is_final"].any()):
        _mark_final(ax, n)
    ax.set_ylim(height - 0.5, -0.7)
    ax.set_xlim(-0.6, n - 0.4)
    handles = [
        Patch(color=AGES[0], label="new"),
        Patch(color=AGES[-1], label=f"kept for {len(AGES) - 1} updates or more"),
        *ax.plot([], [], "s", color=_REPLACED, label="replaced"),
        *ax.plot([], [], "x", color=_REMOVED, mew=2, label="removed"),
    ]
    ax.legend(handles=handles, loc="lower left", fontsize="small", framealpha=0.85)
    told = f"{title}: {_which(run, utterance, channel)}"
    finish(ax, title=told, xlabel="update", ylabel="")
    ax.grid(visible=False)
    return ax


def _which(run: RunData, utterance: str, channel: int) -> str:
    """An utterance by when it begins, its channel where there are several, and its words."""
    rows = run.utterances
    row = rows[(rows["channel"] == channel) & (rows["utterance_id"] == utterance)].iloc[0]
    several = (rows["channel"] != channel).any()
    place = f"channel {channel + 1}, " if several else ""
    began = "" if np.isnan(row["start_s"]) else f"from {row['start_s']:.1f} s, "
    return f"{place}{began}\u201c{drawable(str(row['text']), 40)}\u201d"


def _write(ax: Axes, rows: pd.DataFrame, colour: str) -> None:
    """The words themselves, above their marks."""
    for x, y, word in zip(rows["update"], rows["position"], rows["word"], strict=True):
        ax.annotate(
            drawable(word, 12),
            (x, y),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            fontsize="x-small",
            color=colour,
        )


def _mark_final(ax: Axes, n: int) -> None:
    ax.axvline(n - 1.5, color=GREY, linestyle="--", linewidth=1)
    ax.annotate(
        "final",
        (n - 1, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        fontsize="x-small",
    )
