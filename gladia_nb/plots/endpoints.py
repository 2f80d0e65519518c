"""What an endpointing costs: turns that are cut, against waiting for finals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gladia_nb.metrics.endpoints import endpointing
from gladia_nb.plots.palette import COLOURS, WHITE
from gladia_nb.plots.style import NO_TRANSCRIPTS, axes, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_endpointing"]

#: Labels that a curve has at most.
_LABELS = 8


def plot_endpointing(
    runs: RunData | Iterable[RunData],
    ax: Axes | None = None,
    *,
    at: Iterable[float] | None = None,
) -> Axes:
    """Turns that are cut against the wait for finals: predicted for each endpointing, and measured.

    The line is what the run with the lowest endpointing predicts for longer ones, some of which
    stand beside it, in seconds; a triangle is what a run has measured at its own. To the left is
    fast, below is patient. Without a reference nobody knows turns: then all cuts are counted, per
    minute. What is assumed is said at `endpointing`.

    Args:
        runs: a run, or several of the same speech at different endpointings.
        ax: where to draw; a new figure when None.
        at: endpointings to predict, seconds; see `endpointing`.
    """
    ax = axes(ax, width=7)
    table = endpointing(runs, at)
    known = table["told_by"].notna().all()
    height = table["premature_share"] * 100 if known else table["cuts_per_minute"]
    table = table.assign(height=height)
    table = table[np.isfinite(table["wait_p50_ms"])].sort_values("endpointing_s", kind="stable")
    predicted, measured = (table[table["kind"] == kind] for kind in ("predicted", "measured"))
    for _, rows in predicted.groupby("run", sort=False, dropna=False):
        _curve(ax, rows, label=f"predicted from {rows['endpointing_s'].iloc[0]:g} s, timing only")
    if len(measured):
        ax.plot(
            measured["wait_p50_ms"],
            measured["height"],
            "^",
            color=COLOURS["final"],
            markeredgecolor=WHITE,
            markersize=9,
            label="measured, each run at its own",
        )
        _name(ax, measured, (7, -11))
    if len(table):
        ax.set_xlim(left=0)
        ax.set_ylim(bottom=0, top=1.12 * max(table["height"].max(), 1e-9))
        ax.legend(loc="upper right", fontsize="small", framealpha=0.85)
    else:
        empty(ax, NO_TRANSCRIPTS)
    anchors = "/".join(table["anchor"].dropna().unique())
    return finish(
        ax,
        title="Endpointing: cut-offs against waiting",
        xlabel=f"ms from the end of speech to the final, median (@capture, anchor: {anchors})",
        ylabel="turns that are cut (%)" if known else "cuts per minute (no reference: no turns)",
    )


def _curve(ax: Axes, rows: pd.DataFrame, label: str) -> None:
    """What one run predicts, with some of the endpointings beside it."""
    colour = COLOURS["partial"]
    ax.plot(
        rows["wait_p50_ms"], rows["height"], "o-", color=colour, ms=3, linewidth=1.6, label=label
    )
    _name(ax, _spread(rows), (4, 5))


def _spread(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows so far apart from each other that their labels do not meet."""
    wait_ms = rows["wait_p50_ms"].to_numpy()
    apart_ms = (wait_ms.max() - wait_ms.min()) / _LABELS
    chosen = [0]
    for k in range(1, len(wait_ms)):
        if wait_ms[k] - wait_ms[chosen[-1]] > apart_ms:
            chosen.append(k)
    return rows.iloc[chosen]


def _name(ax: Axes, rows: pd.DataFrame, offset: tuple[int, int]) -> None:
    """The endpointing beside each point."""
    for wait_ms, height, value in rows[["wait_p50_ms", "height", "endpointing_s"]].itertuples(
        index=False
    ):
        ax.annotate(
            f"{value:.2g} s",
            (wait_ms, height),
            xytext=offset,
            textcoords="offset points",
            fontsize="x-small",
        )
