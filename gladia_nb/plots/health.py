"""Can this run be trusted: everything that could have spoilt its stamps, on one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gladia_nb.metrics.base.clocks import first_sent
from gladia_nb.metrics.checks import verdict
from gladia_nb.metrics.stopwatch import vitals
from gladia_nb.plots.palette import BLUE, GREEN, GREY, PURPLE, RED
from gladia_nb.plots.style import axes, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_health"]

#: What is drawn: label, mark, colour.
_SERIES = {
    "lateness": ("chunk sent late", ".", GREY),
    "ack": ("acknowledged after", "+", GREEN),
    "ping": ("ping", "D", BLUE),
    "loop": ("event loop stalled (worst in 1 s)", "_", RED),
    "gc": ("garbage collection (longest in 1 s)", "v", PURPLE),
}


def plot_health(run: RunData, ax: Axes | None = None) -> Axes:
    """Lateness of sending, acknowledgements, pings, stalls and collections over the run.

    The axis is linear up to 1 ms and logarithmic beyond. What rises together has one cause: when
    acknowledgements grow and pings do not, the service falls behind; when both do, it is the
    network; when stalls and lateness do, it is this machine. The title is the verdict.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
    """
    ax = axes(ax)
    found = {name: rows for name, rows in _series(run).items() if len(rows)}
    highest = 1.0
    for name, rows in found.items():
        label, mark, colour = _SERIES[name]
        ax.plot(
            rows["at_s"], rows["ms"], mark, color=colour, label=label, ms=5, mew=1.3, alpha=0.75
        )
        highest = max(highest, rows["ms"].max())
    title = f"Health of the measurement: {verdict(run).status}"
    if not found:
        empty(ax, "nothing was sent")
    else:
        ax.set_yscale("symlog", linthresh=1)
        ax.set_yticks([-1000, -100, -10, -1, 0, 1, 10, 100, 1000, 10000])
        ax.yaxis.set_major_formatter("{x:g}")
        lowest = min(0.0, *(rows["ms"].min() for rows in found.values()))
        ax.set_ylim(lowest * 2 - 0.1, highest * 5)
        for at_s in _lost_at_s(run):
            ax.axvline(at_s, color=GREY, linestyle="--", linewidth=1)
        ax.legend(loc="upper left", fontsize="small", ncols=3, framealpha=0.85)
    return finish(ax, title=title, xlabel="seconds since the audio began", ylabel="ms")


def _series(run: RunData) -> dict[str, pd.DataFrame]:
    t0 = run.record.t0_ns
    if t0 is None:
        return {}
    chunks, seconds = first_sent(run), vitals(run)
    collected = seconds[seconds["gc_longest_ms"] > 0]
    sent_s = (chunks["send_start_ns"] - t0) / 1e9
    pings = [e for e in run.record.of("ping") if e["recv_ns"] is not None]
    series = {
        "lateness": (sent_s, chunks["lateness_ms"]),
        "ack": (sent_s, chunks["ack_ms"]),
        "ping": (
            [(e["send_ns"] - t0) / 1e9 for e in pings],
            [(e["recv_ns"] - e["send_ns"]) / 1e6 for e in pings],
        ),
        "loop": (seconds["at_s"], seconds["loop_lag_ms"]),
        "gc": (collected["at_s"], collected["gc_longest_ms"]),
    }
    return {
        name: pd.DataFrame(
            {"at_s": np.asarray(at, dtype="float64"), "ms": np.asarray(ms, dtype="float64")}
        ).dropna()
        for name, (at, ms) in series.items()
    }


def _lost_at_s(run: RunData) -> list[float]:
    """When connections were lost."""
    t0 = run.record.t0_ns or 0
    later = [e["connection"] for e in run.record.of("connect") if e["error"] is None]
    lost = [e["ns"] for e in run.record.of("close") if any(c > e["connection"] for c in later)]
    return [(ns - t0) / 1e9 for ns in lost]
