"""Word latency as a histogram: the quick look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gladia_nb.metrics import latency_part, run_anchor
from gladia_nb.plots.palette import COLOURS, GREY, WHITE
from gladia_nb.plots.style import LABELS, NO_TRANSCRIPTS, axes, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_latency_histogram"]

_MILESTONES = {"first_seen": "", "final": "///"}
#: Bins beyond which the rest is gathered in the last one.
_BINS = 160


def plot_latency_histogram(
    run: RunData, ax: Axes | None = None, *, clock: str = "send", width_ms: float = 50.0
) -> Axes:
    """Share of words in each 50 ms of latency, first sight beside final, negatives included.

    Words that never came are told in the legend, and count in the shares.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
        clock: `send`, `capture` or `ack`; see `gladia_nb.metrics.latencies`.
        width_ms: of a bin, milliseconds.
    """
    ax = axes(ax, width=7)
    anchor = run_anchor(run)
    rows = latency_part(
        run, units=["word"], clocks=[clock], anchors=[anchor], milestones=_MILESTONES
    )
    rows = rows[rows["anchor_clock_s"].notna()]
    came = rows["latency_ms"].dropna()
    title, xlabel = "Word latency, histogram", f"ms since word end (@{clock}, anchor: {anchor})"
    if not len(rows):
        empty(ax, NO_TRANSCRIPTS)
        return finish(ax, title=title, xlabel=xlabel, ylabel="")
    low = np.floor(min([0.0, *came]) / width_ms)
    high = np.clip(np.floor(max([0.0, *came]) / width_ms) + 1, low + 1, low + _BINS)
    edges = np.arange(low, high + 1) * width_ms
    for milestone, hatch in _MILESTONES.items():
        chosen = rows.loc[rows["milestone"] == milestone, "latency_ms"]
        if not len(chosen):
            continue
        counts, _ = np.histogram(np.minimum(chosen.dropna(), edges[-1] - width_ms / 2), edges)
        never = int(chosen.isna().sum())
        ax.bar(
            edges[:-1],
            counts / len(chosen) * 100,
            width_ms,
            align="edge",
            color=COLOURS["final" if milestone == "final" else "partial"],
            alpha=0.65,
            hatch=hatch,
            edgecolor=WHITE,
            linewidth=0.4,
            label=f"{LABELS.get(milestone, milestone.replace('_', ' '))} (n={len(chosen)}"
            + (f", {never} never)" if never else ")"),
        )
    if len(came) and came.max() >= edges[-1]:
        ax.annotate(
            "and more",
            (1.0, 0.0),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            fontsize="x-small",
        )
    if low < 0:
        ax.axvline(0, color=GREY, linewidth=1)
    ax.legend(loc="upper right", fontsize="small", framealpha=0.85)
    return finish(ax, title=title, xlabel=xlabel, ylabel=f"share of words in {width_ms:g} ms (%)")
