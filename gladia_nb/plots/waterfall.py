"""Where the latency of finals goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gladia_nb.metrics.breakdown import waterfall
from gladia_nb.plots.fitting import legend_above, title_above
from gladia_nb.plots.palette import BLUE, GREY, PALE, PURPLE, RED, SKY, WHITE, YELLOW
from gladia_nb.plots.style import NO_TRANSCRIPTS, axes, drawable, empty, finish
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_final_waterfall"]

#: Colour, hatch and words of each part, in their order.
_PARTS = {
    "sending": (GREY, "", "sending"),
    "uplink": (BLUE, "|||", "network there (chosen)"),
    "endpointing": (YELLOW, "", "endpointing (configured)"),
    "vad": (SKY, "\\\\\\", "voice activity detection, network"),
    "waiting": (PALE, "...", "waiting for the stop"),
    "flush": (PURPLE, "xxx", "flush after the stop"),
    "decoding": (RED, "///", "decoding, network"),
    "downlink": (BLUE, "---", "network back (chosen)"),
}
#: Share of the figure that the legend may take.
_WIDE = 0.9
#: Finals up to which each has a row; of more, the triggers' medians are drawn.
_ROWS = 25


def plot_final_waterfall(run: RunData, ax: Axes | None = None) -> Axes:
    """Each final from the end of its speech to its arrival, by what the time went into.

    Parts to the left of 0 are negative: the event came before the one that should have caused it.
    Of many finals, the medians of each trigger are drawn.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
    """
    table = waterfall(run)
    title = "From the end of speech to the final"
    xlabel = "ms since the end of speech (@capture)"
    if not len(table):
        ax = axes(ax)
        empty(ax, NO_TRANSCRIPTS if not len(run.utterances) else "no final to take apart")
        return finish(ax, title=title, xlabel=xlabel, ylabel="")
    rows, names = _rows(run, table)
    ax = axes(ax, height=1.4 + 0.28 * len(names))
    for part, (colour, hatch, label) in _PARTS.items():
        chosen = rows[rows["part"] == part]
        if len(chosen):
            ax.barh(
                chosen["row"],
                chosen["width"],
                left=chosen["left"],
                height=0.7,
                color=colour,
                hatch=hatch,
                edgecolor=WHITE,
                linewidth=0.4,
                label=label,
            )
    totals = rows.groupby("row")["width"].sum()
    ends = (rows["left"] + rows["width"]).groupby(rows["row"]).max()
    for row, total, end in zip(totals.index, totals, ends[totals.index], strict=True):
        ax.annotate(
            f"{total:.0f}",
            (max(end, 0.0), row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="x-small",
        )
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_yticks(range(len(names)), names, fontsize="x-small" if len(names) > 12 else "small")
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.08)
    legend_above(ax, _WIDE * ax.figure.bbox.width)
    return title_above(finish(ax, title=title, xlabel=xlabel, ylabel=""))


def _rows(run: RunData, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Bars with `row`, `part`, `left` and `width`, and the names of the rows."""
    keys = table[["channel", "utterance_id"]].apply(tuple, axis=1)
    order = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    if len(order) <= _ROWS:
        bars = table.assign(row=keys.map(order), width=table["duration_ms"])
        texts = run.utterances.set_index(["channel", "utterance_id"])["text"]
        triggers = table["trigger"].groupby(keys, sort=False).first()
        names = [
            f"{drawable(str(texts[key]), 26)} ({triggers[key] or 'trigger unknown'})"
            if isinstance(triggers[key], str)
            else drawable(str(texts[key]), 26)
            for key in order
        ]
    else:
        kinds = table["trigger"].fillna("trigger unknown")
        median = table.assign(kind=kinds).groupby(["kind", "part"], sort=False)["duration_ms"]
        bars = median.median().rename("width").reset_index()
        rank = {kind: k for k, kind in enumerate(dict.fromkeys(kinds))}
        bars = bars.assign(row=bars["kind"].map(rank))
        counts = kinds.groupby(kinds).size() if not len(keys) else _finals(kinds, keys)
        names = [f"{kind}: median of {counts[kind]}" for kind in rank]
    place = {part: k for k, part in enumerate(_PARTS)}
    bars = bars.assign(place=bars["part"].map(place)).sort_values(["row", "place"])
    left = bars.groupby("row")["width"].cumsum() - bars["width"]
    return bars.assign(left=left), names


def _finals(kinds: pd.Series, keys: pd.Series) -> pd.Series:
    """How many finals there are of each trigger."""
    return kinds.groupby([kinds, keys]).first().groupby(level=0).size()
