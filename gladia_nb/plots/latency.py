"""Pictures of word latency: its distribution, and its course over the audio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gladia_nb.metrics import ecdf, latency_part, quantiles, run_anchor
from gladia_nb.metrics.base.clusters import utterance_clusters
from gladia_nb.metrics.base.resampling import ecdf_band
from gladia_nb.plots.fitting import legend_above
from gladia_nb.plots.palette import COLOURS, GREY, WHITE
from gladia_nb.plots.style import LABELS, LINES, MARKS, NO_TRANSCRIPTS, axes, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_latency_ecdf", "plot_word_latency"]

_MILESTONES = ("first_seen", "final")

#: Points of a band at most: more than a picture has dots for.
_BAND = 400

#: How wide axes of an overview become, from how wide they are before their layout; inches.
_ROOM = (1.42, 1.05)
#: What names of rows above or below axes may take from them, inches.
_BESIDE = 0.3
#: What the title beside the legend of the words takes, inches.
_TITLE = 0.9
#: Words in the window of the rolling median.
_WINDOW = 9


def plot_latency_ecdf(run: RunData, ax: Axes | None = None, *, clock: str = "send") -> Axes:
    """Share of words that were there within a latency: first partial beside final.

    A curve that does not reach 1 has words that never came. The marks on it are the median and the
    90th percentile, which is withheld below 29 utterances; left of 0 the text came before the word
    had ended. The band is the pointwise 95 % interval of drawing utterances, see
    `gladia_nb.metrics.base.resampling`.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
        clock: `send` or `capture`; see `gladia_nb.metrics.latencies`.
    """
    ax = axes(ax, width=7)
    rows = _word_rows(run, clock)
    drawn = [m for m in _MILESTONES if (rows["milestone"] == m).any()]
    left, right = _range(rows)
    for milestone in drawn:
        chosen = rows[rows["milestone"] == milestone]
        values, shares = ecdf(chosen["latency_ms"])
        clusters = utterance_clusters(chosen)
        found = quantiles(chosen["latency_ms"], clusters, (0.5, 0.9))
        colour = COLOURS[milestone]
        # From 0 up, and at the height of those that came on to the edge.
        x = np.concatenate([values[:1], values, [right * 1.04]])
        y = np.concatenate([np.zeros(len(values[:1])), shares, shares[-1:] if len(values) else [0]])
        label = f"{_label(milestone)}: {_in_words(found.points, found.n, found.never)}"
        at = values
        if len(values):
            at = values[np.unique(np.linspace(0, len(values) - 1, _BAND).astype(int))]
        low, high = ecdf_band(chosen["latency_ms"], clusters, at)
        if len(at) and np.isfinite(low).all():
            ax.fill_between(at, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
        ax.step(x, y, LINES[milestone], where="post", color=colour, label=label, linewidth=1.8)
        marked = np.isfinite(found.points)
        ax.plot(
            found.points[marked],
            np.array([0.5, 0.9])[marked],
            MARKS[milestone],
            color=colour,
            markersize=7,
            markeredgecolor=WHITE,
        )
    if drawn:
        if left < 0:
            ax.axvline(0, color=GREY, linewidth=0.8)
        ax.set_ylim(0, 1.02)
        _name_curves(ax)
    else:
        empty(ax, NO_TRANSCRIPTS)
    anchor = run_anchor(run)
    return finish(
        ax,
        title="Word latency, distribution",
        xlabel=f"ms since word end (@{clock}, anchor: {anchor})",
        ylabel="share of words",
    )


def _name_curves(ax: Axes) -> None:
    """A legend that is no wider than its axes: else its numbers stand below its names."""
    handles, labels = ax.get_legend_handles_labels()
    below = [label.replace(": ", ":\n") for label in labels]
    narrow = [label.replace(", p90", ",\np90").replace(" (n", "\n(n") for label in below]
    # A constrained layout, which comes later, gives shares of what fixed labels leave.
    share, taken_in = _ROOM
    width = ax.get_window_extent().width / ax.figure.dpi
    room = share * width - taken_in
    spec = ax.get_subplotspec()
    if spec is not None and len(spec.colspan) == spec.get_gridspec().ncols:
        # Alone in its row it gets no wider, and names of others may take from it.
        room = min(room, width - _BESIDE)
    for words, size in ((labels, "small"), (below, "x-small"), (narrow, "x-small")):
        legend = ax.legend(handles, words, loc="lower right", fontsize=size, framealpha=0.85)
        if legend.get_window_extent().width / ax.figure.dpi <= room:
            break


def plot_word_latency(run: RunData, ax: Axes | None = None, *, clock: str = "send") -> Axes:
    """Latency of each word over audio time: first partial beside final, with rolling medians.

    Finals come for whole utterances, so that theirs falls along an utterance like a saw. A line of
    first partials that rises says that something falls behind. Words that never came are crosses at
    the upper edge.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
        clock: `send` or `capture`; see `gladia_nb.metrics.latencies`.
    """
    ax = axes(ax)
    rows = _word_rows(run, clock)
    for milestone in _MILESTONES:
        chosen = rows[rows["milestone"] == milestone].sort_values("anchor_s", kind="stable")
        if not len(chosen):
            continue
        colour = COLOURS[milestone]
        ax.plot(
            chosen["anchor_s"],
            chosen["latency_ms"],
            MARKS[milestone],
            color=colour,
            markersize=4,
            alpha=0.45,
            markeredgewidth=0,
            label=_label(milestone),
        )
        ax.plot(
            chosen["anchor_s"],
            _rolling_median(chosen["latency_ms"]),
            LINES[milestone],
            color=colour,
            linewidth=1.6,
        )
        _cross(ax, chosen[chosen["latency_ms"].isna()], milestone)
    if len(rows):
        lowest, highest = _range(rows)
        room = max(highest - lowest, 1)
        ax.set_ylim(lowest - 0.04 * room * (lowest < 0), highest + 0.2 * room)
        ax.set_xlim(left=0)
        legend_above(ax, ax.bbox.width - _TITLE * ax.figure.dpi)
    else:
        empty(ax, NO_TRANSCRIPTS)
    return finish(
        ax,
        title="Word latency",
        xlabel=f"audio time of the word's end (s); lines: median of {_WINDOW} words",
        ylabel=f"ms since word end (@{clock})",
    )


def _cross(ax: Axes, never: pd.DataFrame, milestone: str) -> None:
    """Words that never came, at the upper edge."""
    if len(never):
        height = 0.97 if milestone == "final" else 0.92
        ax.plot(
            never["anchor_s"],
            np.full(len(never), height),
            "x",
            color=COLOURS[milestone],
            markersize=5,
            transform=ax.get_xaxis_transform(),
            label=f"{_label(milestone)}: never",
        )


def _word_rows(run: RunData, clock: str) -> pd.DataFrame:
    """Word latencies on a clock, from the best anchor, where the anchor is known."""
    rows = latency_part(run, units=["word"], clocks=[clock], anchors=[run_anchor(run)])
    return rows[rows["anchor_clock_s"].notna()]


def _range(rows: pd.DataFrame) -> tuple[float, float]:
    """Lowest and highest latency, and 0."""
    values = rows["latency_ms"].dropna()
    return min([0.0, *values]), max([0.0, *values])


def _rolling_median(values: pd.Series) -> pd.Series:
    """Median of the words around each, of those that came."""
    return values.rolling(_WINDOW, center=True, min_periods=1).median()


def _label(milestone: str) -> str:
    return LABELS.get(milestone, milestone)


def _in_words(points: np.ndarray, n: int, never: int) -> str:
    texts = [
        "withheld" if np.isnan(p) else "never" if np.isinf(p) else f"{p:.0f} ms" for p in points
    ]
    lost = f", {never} never" if never else ""
    return f"p50 {texts[0]}, p90 {texts[1]} (n = {n}{lost})"
