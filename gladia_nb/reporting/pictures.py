"""The pictures of a report, each with words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from gladia_nb.plots import (
    plot_comparison,
    plot_error_delay,
    plot_final_waterfall,
    plot_flicker,
    plot_health,
    plot_latency_histogram,
    plot_overview,
    plot_partial_alignment,
    plot_wer_at,
)
from gladia_nb.record.data import RunData
from gladia_nb.reporting.html import details, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_pictures"]

#: Function, size in inches, and what it shows.
_OF_A_RUN: tuple[tuple[Callable[..., Axes], tuple[float, float], str], ...] = (
    (
        plot_latency_histogram,
        (7, 4),
        "Histogram of word latency, first sight beside final.",
    ),
    (
        plot_wer_at,
        (7, 4),
        "Word error rate of what was on the screen, against the time since each word was spoken.",
    ),
    (
        plot_error_delay,
        (7, 4),
        "Share of words correct, wrong and not yet there, against the time since each was spoken.",
    ),
    (
        plot_final_waterfall,
        (9, 5),
        "Finals from the end of speech to their arrival, by the parts of that time.",
    ),
    (
        plot_partial_alignment,
        (9, 5),
        "Each update of some utterances: which words were correct, replaced, not yet there.",
    ),
    (
        plot_flicker,
        (9, 4.5),
        "The utterance that changed most: words kept, replaced and removed by each update.",
    ),
    (
        plot_health,
        (9, 4),
        "Lateness of sending, acknowledgements, pings and stalls over the run.",
    ),
)


def draw_pictures(runs: list[RunData], labels: list[str]) -> str:
    """Overview and details of each run; of two runs their difference first."""
    out = ""
    if len(runs) == 2:
        figure = Figure(figsize=(9, 5), layout="constrained")
        plot_comparison(runs[0], runs[1], figure.subplots())
        out += picture(
            figure, f"Differences of latency between {labels[0]} and {labels[1]}, with intervals."
        )
    for run, label in zip(runs, labels, strict=True):
        rows = min(max(len(run.utterances), 6), 40)
        figure = Figure(figsize=(12, 7.5 + 0.13 * rows), layout="constrained")
        plot_overview(run, figure)
        overview = picture(
            figure,
            f"Overview of {label}: utterances over time, word latency over the audio, its "
            "distribution, and audio sent against audio transcribed.",
        )
        single = "".join(_one(plot, run, size, alt) for plot, size, alt in _OF_A_RUN)
        single = f'<div class="pictures">{single}</div>'
        out += overview + single if len(runs) == 1 else details(label, overview + single)
    return out


def _one(plot: Callable[..., Axes], run: RunData, size: tuple[float, float], alt: str) -> str:
    figure = Figure(figsize=size, layout="constrained")
    plot(run, figure.subplots())
    return picture(figure, alt)
