"""The one figure to look at first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gladia_nb.metrics.base.sent_part import audio_length
from gladia_nb.metrics.checks import verdict
from gladia_nb.plots.fitting import fit
from gladia_nb.plots.fonts import fall_back
from gladia_nb.plots.latency import plot_latency_ecdf, plot_word_latency
from gladia_nb.plots.style import drawable
from gladia_nb.plots.timeline import plot_staircase, plot_timeline
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["NARROW_INCHES", "plot_overview"]

#: Width of a figure below which nothing in it stands beside something else.
NARROW_INCHES = 8.0
#: Signs of a title to an inch.
_SIGNS = 9.5


def plot_overview(run: RunData, fig: Figure | None = None) -> Figure:
    """Timeline, word latency over the audio, distribution and staircase of a run in one figure.

    In a figure that is narrower than `NARROW_INCHES` they stand below each other, and want it half
    as high again; titles and labels are wrapped there, for which a phone's width wants some more.

    Args:
        run: the run.
        fig: an empty figure to draw in, which gets a constrained layout if it has none; a new one
            when None.
    """
    rows = min(max(len(run.utterances), 6), 40)
    heights = [1.2 + 0.13 * rows, 2.4, 2.8]
    if fig is None:
        from matplotlib import pyplot as plt

        fig = plt.figure(figsize=(12, 7.5 + 0.13 * rows), layout="constrained")
    if fig.get_layout_engine() is None:
        fig.set_layout_engine("constrained")
    narrow = fig.get_figwidth() < NARROW_INCHES
    if narrow:
        # Titles and labels take several lines there, and rows keep the height of their names.
        heights[0] += 0.03 * rows
        grid = fig.add_gridspec(4, 1, height_ratios=[*heights, heights[-1]])
        places = [grid[row, 0] for row in range(4)]
    else:
        grid = fig.add_gridspec(3, 2, height_ratios=heights)
        places = [grid[0, :], grid[1, :], grid[2, 0], grid[2, 1]]
    timeline = plot_timeline(run, fig.add_subplot(places[0]))
    words = plot_word_latency(run, fig.add_subplot(places[1]))
    if float(run.record.header["options"]["speed"]) == 1 and len(run.utterances):
        # Audio time and time since the audio began are the same then.
        right = max(timeline.get_xlim()[1], words.get_xlim()[1])
        timeline.set_xlim(0, right)
        words.set_xlim(0, right)
    plot_latency_ecdf(run, fig.add_subplot(places[2]))
    plot_staircase(run, fig.add_subplot(places[3]))
    title = f"{drawable(run.name, 60)}: {audio_length(run)} of audio, {run.outcome}"
    title = f"{title}, measurement {verdict(run).status}"
    lines = textwrap.wrap(title, round(_SIGNS * fig.get_figwidth()))
    fall_back([fig.suptitle("\n".join(lines), fontweight="bold")])
    fit(fig)
    return fig
