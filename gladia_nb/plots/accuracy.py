"""Pictures of accuracy as a function of patience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gladia_nb.metrics.base.granularity import why_no_words
from gladia_nb.metrics.deadline import error_delay, wer_at
from gladia_nb.plots.palette import BLUE, COLOURS, GREY, PALE, WHITE
from gladia_nb.plots.style import axes, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["no_words", "plot_error_delay", "plot_wer_at"]

#: Colour, hatch and words of the states of a word.
_STATES = {
    "correct": (BLUE, "", "correct"),
    "wrong": (COLOURS["final"], "///", "another word"),
    "not_yet": (PALE, "", "not yet there"),
}


def no_words(run: RunData) -> str:
    """Why there is no picture of words that were spoken, in few words; "" where there is one."""
    if run.granularity in ("segment", "text"):
        return f"the reference is a {run.granularity} reference:\nthis needs words with times"
    return "no reference words to compare with" if why_no_words(run) else ""


def plot_wer_at(run: RunData, ax: Axes | None = None, *, until_s: float = 5.0) -> Axes:
    """WER(tau): the word error rate of what was on the screen tau after each word was spoken.

    The one curve that shows what patience buys. The dashed line is the rate at the end; the dot is
    where the curve comes within one percentage point of it for good.

    Args:
        run: a run with a reference.
        ax: where to draw; a new figure when None.
        until_s: longest tau, seconds.
    """
    ax = axes(ax, width=7)
    title = "WER(tau): error of what was on the screen"
    if reason := no_words(run):
        empty(ax, reason)
        return finish(ax, title=title, xlabel="tau", ylabel="")
    taus = np.linspace(0, until_s, 251)
    table = wer_at(run, [*taus, np.inf])
    rates = table["wer"].to_numpy()[:-1] * 100
    end = float(table["wer"].iloc[-1]) * 100
    ax.step(taus, rates, where="post", color=COLOURS["partial"], linewidth=1.8, label="WER(tau)")
    ax.axhline(end, color=GREY, linestyle="--", linewidth=1, label=f"at the end: {end:.1f} %")
    away = np.flatnonzero(np.abs(rates - end) > 1)
    settled = int(away[-1]) + 1 if len(away) else 0
    if settled < len(taus):
        ax.plot(
            taus[settled],
            rates[settled],
            "o",
            color=COLOURS["final"],
            markeredgecolor=WHITE,
            markersize=8,
            label=f"within 1 point of it from {taus[settled]:.2f} s on",
        )
    ax.set_xlim(0, until_s)
    ax.set_ylim(0, max(105.0, rates.max() * 1.05))
    ax.legend(loc="upper right", fontsize="small", framealpha=0.85)
    return finish(
        ax,
        title=title,
        xlabel="tau: seconds since each word was spoken (@capture)",
        ylabel="word error rate (%)",
    )


def plot_error_delay(
    run: RunData, ax: Axes | None = None, *, width_s: float = 0.1, until_s: float = 4.0
) -> Axes:
    """Share of words that were correct, wrong and not yet there, by the time since each was spoken.

    Args:
        run: a run with a reference.
        ax: where to draw; a new figure when None.
        width_s: of a bar, seconds.
        until_s: end of the last bar, seconds.
    """
    ax = axes(ax, width=7)
    title = "Error against delay"
    if reason := no_words(run):
        empty(ax, reason)
        return finish(ax, title=title, xlabel="delay", ylabel="")
    table = error_delay(run, width_s=width_s, until_s=until_s)
    bottom = np.zeros(len(table))
    width = (table["to_s"] - table["from_s"]).to_numpy()
    for state, (colour, hatch, label) in _STATES.items():
        height = table[state].to_numpy() * 100
        ax.bar(
            table["from_s"],
            height,
            width,
            bottom=bottom,
            align="edge",
            color=colour,
            hatch=hatch,
            edgecolor=WHITE,
            linewidth=0.3,
            label=label,
        )
        bottom += height
    ax.set_xlim(0, float(table["to_s"].iloc[-1]))
    ax.set_ylim(0, 100)
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
        fontsize="small",
        frameon=False,
        borderaxespad=0.1,
    )
    return finish(
        ax,
        title=title,
        xlabel="seconds since each word was spoken (@capture)",
        ylabel="share of words (%)",
    )
