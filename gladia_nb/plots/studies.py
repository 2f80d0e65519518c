"""Arms of a study: how they differ from the baseline, and which of them nothing beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gladia_nb.plots.labels import name_points
from gladia_nb.plots.palette import BLUE, FAINT, GREY, RED
from gladia_nb.plots.style import axes, empty, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_effects", "plot_pareto"]


def plot_pareto(
    table: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "x", ylabel: str = "y"
) -> Axes:
    """Two measures of each arm with both intervals; to the left and below is better.

    Arms that nothing beats are filled and joined by a line; the others are hollow.

    Args:
        table: of `Study.pareto`.
        ax: where to draw; a new figure when None.
        xlabel: what x is, with its unit.
        ylabel: what y is.
    """
    ax = axes(ax, width=7.0, height=4.5)
    table = table[np.isfinite(table["x"]) & np.isfinite(table["y"])]
    if not len(table):
        empty(ax, "no arm has both numbers")
        return finish(ax, title="What each arm costs", xlabel=xlabel, ylabel=ylabel)
    best = table[table["beaten_by"].isna()].sort_values("x")
    ax.plot(best["x"], best["y"], "-", color=FAINT, linewidth=1.2, zorder=1)
    for row in table.to_dict("records"):
        unbeaten = not isinstance(row["beaten_by"], str)
        colour = BLUE if unbeaten else GREY
        if np.isfinite(row["x_low"]):
            ax.plot([row["x_low"], row["x_high"]], [row["y"]] * 2, color=colour, linewidth=1.4)
        if np.isfinite(row["y_low"]):
            ax.plot([row["x"]] * 2, [row["y_low"], row["y_high"]], color=colour, linewidth=1.4)
        face = colour if unbeaten else "none"
        ax.plot(row["x"], row["y"], "o", color=colour, markerfacecolor=face, ms=7, mew=1.5)
    ax.margins(0.12)
    finish(ax, title="What each arm costs", xlabel=xlabel, ylabel=ylabel)
    name_points(ax, list(zip(table["x"], table["y"], strict=True)), table["arm"].tolist())
    return ax


def plot_effects(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    measure: str = "word_end -> first_seen @send",
) -> Axes:
    """Difference of each arm from the baseline in one measure, with its interval.

    A mark is filled where the arm is higher or lower by more than chance explains. The grey band
    is the difference of the baseline with itself, where it was run twice.

    Args:
        table: of `Study.compare`.
        ax: where to draw; a new figure when None.
        measure: which one.
    """
    rows = table[table["measure"] == measure].reset_index(drop=True)
    ax = axes(ax, width=7.0, height=1.4 + 0.4 * max(len(rows), 3))
    title = f"{measure.replace('_', ' ')}, against the baseline"
    if not len(rows):
        empty(ax, "no blocks to compare")
        return finish(ax, title=title, xlabel="", ylabel="")
    unit = "ms" if rows["unit"].iloc[0] == "ms" else "difference"
    noise = rows[["noise_low", "noise_high"]].iloc[0]
    if np.isfinite(noise).all():
        ax.axvspan(*noise, color=FAINT, alpha=0.4, linewidth=0, label="baseline with itself")
        ax.legend(loc="best", fontsize="small", frameon=False)
    for at, row in enumerate(rows.to_dict("records")):
        told = row["finding"] in ("higher", "lower")
        colour = RED if row["difference"] > 0 else BLUE
        if np.isfinite(row["low"]) and np.isfinite(row["high"]):
            ax.plot([row["low"], row["high"]], [at, at], color=colour, linewidth=2.2)
        if np.isfinite(row["difference"]):
            face = colour if told else "none"
            ax.plot(row["difference"], at, "o", color=colour, markerfacecolor=face, ms=7, mew=1.5)
    ax.axvline(0, color=GREY, linewidth=1)
    ax.set_yticks(range(len(rows)), rows["arm"], fontsize="small")
    ax.set_ylim(len(rows) - 0.4, -0.6)
    return finish(ax, title=title, xlabel=unit, ylabel="")
