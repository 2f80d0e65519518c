"""Pictures of a run: pure functions, a run in, `Axes` out.

Each draws into the axes given, or into a new figure; none shows it, and none changes matplotlib's
settings. Colours are those of Okabe and Ito, and every line and mark also differs in shape.
"""

from gladia_nb.plots.accuracy import plot_error_delay, plot_wer_at
from gladia_nb.plots.alignment import plot_partial_alignment
from gladia_nb.plots.compare import plot_comparison
from gladia_nb.plots.endpoints import plot_endpointing
from gladia_nb.plots.health import plot_health
from gladia_nb.plots.histogram import plot_latency_histogram
from gladia_nb.plots.latency import plot_latency_ecdf, plot_word_latency
from gladia_nb.plots.overview import plot_overview
from gladia_nb.plots.stability import plot_flicker
from gladia_nb.plots.studies import plot_effects, plot_pareto
from gladia_nb.plots.timeline import plot_staircase, plot_timeline
from gladia_nb.plots.waterfall import plot_final_waterfall

__all__ = [
    "plot_comparison",
    "plot_effects",
    "plot_endpointing",
    "plot_error_delay",
    "plot_final_waterfall",
    "plot_flicker",
    "plot_health",
    "plot_latency_ecdf",
    "plot_latency_histogram",
    "plot_overview",
    "plot_pareto",
    "plot_partial_alignment",
    "plot_staircase",
    "plot_timeline",
    "plot_wer_at",
    "plot_word_latency",
]
