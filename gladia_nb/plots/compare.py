"""One kind of run against another, pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gladia_nb.metrics.base.intervals import span
from gladia_nb.metrics.base.signs import signed
from gladia_nb.metrics.comparison import FEWEST_PAIRS, compare
from gladia_nb.plots.palette import COLOURS, GREY
from gladia_nb.plots.style import axes, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_comparison", "plot_comparison"]

#: Milliseconds around 0 in which the axis is linear; beyond it is logarithmic.
_LINEAR_MS = 10.0


def plot_comparison(
    runs_a: RunData | Sequence[RunData],
    runs_b: RunData | Sequence[RunData],
    ax: Axes | None = None,
    *,
    clock: str = "send",
) -> Axes:
    """Median difference of every latency between two kinds of runs, with its 95 % interval.

    To the right of 0 b is later. A mark is filled where an interval about the two kinds excludes 0;
    else the runs do not tell them apart. An interval that is about these sessions only is dotted,
    and the axis says how many more pairs of runs one about the kinds needs; see `compare`. The
    median of the differences of pairs is not the difference of two medians: where the words that
    differ are not those in the middle, the two may even have other signs. A bound
    that is infinite goes to the edge. Where one side never came in most pairs the mark is an arrow
    at the edge.

    Args:
        runs_a: a run, or several of one kind.
        runs_b: the same number, of the other kind.
        ax: where to draw; a new figure when None.
        clock: `send`, `capture` or `ack`; see `gladia_nb.metrics.latencies`.
    """
    return draw_comparison(compare(runs_a, runs_b), ax, clock=clock)


def draw_comparison(table: pd.DataFrame, ax: Axes | None = None, *, clock: str = "send") -> Axes:
    """The picture of `plot_comparison`, of a table of `compare`.

    Args:
        table: columns in `COMPARISON`.
        ax: where to draw; a new figure when None.
        clock: `send`, `capture` or `ack`.
    """
    chosen = table["name"].str.endswith(f"@{clock}") & (table["pairs"] > 0)
    table = table[chosen].reset_index(drop=True)
    ax = axes(ax, height=1.4 + 0.34 * max(len(table), 3))
    title, xlabel = "Paired difference b - a", f"ms (@{clock}), median of the differences of pairs"
    if len(table) and (table["paired_by"] == "run").all():
        title, xlabel = "Difference of the medians b - a", f"ms (@{clock}), of whole runs"
    if not len(table):
        empty(ax, "no pairs to compare")
        return finish(ax, title=title, xlabel=xlabel, ylabel="")
    known = table[["difference_ms", "low_ms", "high_ms"]].to_numpy()
    finite = np.abs(known[np.isfinite(known)])
    edge = 1.15 * max(finite.max(initial=0.0), 1.0)
    about = (table["interval_of"] == "kinds").tolist()
    for row, (middle, low, high) in enumerate(known):
        later = middle > 0
        colour = COLOURS["final"] if later else COLOURS["partial"]
        if np.isfinite(low) or np.isfinite(high):
            ends = np.clip([low, high], -1.2 * edge, 1.2 * edge)
            style = "-" if about[row] else ":"
            ax.plot(ends, [row, row], style, color=colour, linewidth=2.2, solid_capstyle="butt")
        told = about[row] and (low > 0 or high < 0)
        if np.isfinite(middle):
            face = colour if told else "none"
            mark = ">" if later else "<"
            ax.plot(middle, row, mark, color=colour, markerfacecolor=face, ms=8, mew=1.6)
        else:
            ax.plot(np.copysign(edge, middle), row, ">" if later else "<", color=colour, ms=9)
        ax.annotate(
            _in_words(middle, low, high, int(table["pairs"][row])),
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize="x-small",
        )
    ax.axvline(0, color=GREY, linewidth=1)
    names = table["name"].str.replace(f" @{clock}", "").str.replace("_", " ")
    triggers = table["trigger"].map(lambda t: f" ({t})" if isinstance(t, str) else "")
    ax.set_yticks(range(len(table)), names + triggers, fontsize="small")
    ax.set_ylim(len(table) - 0.4, -0.6)
    _scale(ax, edge)
    return finish(ax, title=title, xlabel=xlabel + _about(table), ylabel="")


def _about(table: pd.DataFrame) -> str:
    """What the intervals do not tell, below the axis."""
    more = int(table["more_pairs"].max())
    if not more:
        return ""
    needed = f"{more} more pair{'s' * (more > 1)} of runs"
    if not (table["interval_of"] == "runs").any():
        return f"\nno interval: it needs {needed}"
    sessions = "two sessions" if more == FEWEST_PAIRS - 1 else "sessions"
    return f"\ndotted: an interval of these {sessions} only; one of the kinds needs {needed}"


def _scale(ax: Axes, edge: float) -> None:
    """Some measures differ by a few milliseconds and others by seconds."""
    ax.set_xscale("symlog", linthresh=_LINEAR_MS)
    ticks = [_LINEAR_MS * 10.0**k for k in range(7) if _LINEAR_MS * 10.0**k < edge * 1.05]
    ax.set_xticks([*(-t for t in reversed(ticks)), 0, *ticks])
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:+g}" if x else "0")
    ax.set_xlim(-edge * 1.2, edge * 1.2)


def _in_words(middle: float, low: float, high: float, pairs: int) -> str:
    """The numbers of one row."""
    if not np.isfinite(middle):
        return f"{'b' if middle > 0 else 'a'} never came, n={pairs}"
    number = signed(middle, low, high)
    interval = "" if np.isnan(low) else f" ({span(low, high, number)})"
    return f"{number(middle)}{interval}, n={pairs}"
