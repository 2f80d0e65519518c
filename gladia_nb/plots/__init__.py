"""Pictures of a run: pure functions, a run in, `Axes` out.

Each draws into the axes given, or into a new figure; none shows it, and none changes matplotlib's
settings. Colours are those of Okabe and Ito, and every line and mark also differs in shape.
"""

from gladia_nb.plots.latency import plot_latency_ecdf, plot_word_latency
from gladia_nb.plots.overview import plot_overview
from gladia_nb.plots.timeline import plot_staircase, plot_timeline

__all__ = [
    "plot_latency_ecdf",
    "plot_overview",
    "plot_staircase",
    "plot_timeline",
    "plot_word_latency",
]
