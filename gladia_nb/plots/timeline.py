"""What happened when: utterance by utterance, and for the stream as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gladia_nb.metrics import coverage
from gladia_nb.metrics.base.clocks import captured_s
from gladia_nb.plots.palette import COLOURS, FAINT
from gladia_nb.plots.style import LINES, NO_TRANSCRIPTS, axes, drawable, empty, finish, ink
from gladia_nb.record.columns import read, since_start, transcripts
from gladia_nb.record.data import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_staircase", "plot_timeline"]

#: Mark and words of each reason of a final.
_TRIGGERS = {
    "endpoint": ("^", "final (endpoint)"),
    "max_duration": ("s", "final (maximum duration)"),
    "stop": ("P", "final (stop)"),
    "resume": ("D", "final (resume)"),
    "": ("o", "final (trigger unknown)"),
}

#: Rows from which on not every utterance is named.
_NAMED = 30


def plot_timeline(run: RunData, ax: Axes | None = None) -> Axes:
    """Each utterance a row: when it was spoken, when its partials came, when its final.

    The bar is the audio of the utterance by the service's own times; a thin line leads to its
    final, whose mark tells its trigger. An utterance that never became final ends in a cross.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
    """
    rows = _timeline_rows(run)
    ax = axes(ax, height=1.6 + 0.22 * min(max(len(rows), 6), 60))
    for kind in ("bar", "partial", *_TRIGGERS, "never"):
        _draw_kind(ax, run, rows, kind)
    if len(rows):
        _name_rows(ax, rows)
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlim(left=0)
        # Rows go down as time goes on, so that this corner is free.
        ax.legend(loc="upper right", fontsize="small", framealpha=0.85)
    else:
        empty(ax, NO_TRANSCRIPTS)
    return finish(
        ax,
        title="Utterances: spoken, partials, final",
        xlabel="seconds since the audio began (@capture)",
        ylabel="",
    )


def plot_staircase(run: RunData, ax: Axes | None = None) -> Axes:
    """Audio sent, acknowledged, in partials and in finals, over time.

    Read a delay to the right, a backlog downwards. Curves that run apart say that somebody falls
    behind; a flat piece with a jump is a lost connection.

    Args:
        run: the run.
        ax: where to draw; a new figure when None.
    """
    ax = axes(ax, width=7)
    steps = coverage(run)
    names = {"partial": "in partials", "final": "in finals"}
    for curve in ("sent", "acknowledged", "partial", "final"):
        chosen = steps[steps["curve"] == curve]
        if len(chosen):
            ax.step(
                np.concatenate([chosen["at_s"].iloc[:1], chosen["at_s"]]),
                np.concatenate([[0.0], chosen["audio_s"]]),
                LINES[curve],
                where="post",
                color=COLOURS[curve],
                linewidth=4 if curve == "sent" else 1.5,
                alpha=0.4 if curve == "sent" else 1,
                label=names.get(curve, curve),
            )
    if len(steps):
        ax.set_ylim(bottom=0)
        ax.legend(loc="upper left", fontsize="small", frameon=False)
    else:
        empty(ax, "nothing was sent")
    return finish(
        ax,
        title="Audio sent, acknowledged, transcribed",
        xlabel="seconds since the audio began",
        ylabel="seconds of audio",
    )


def _timeline_rows(run: RunData) -> pd.DataFrame:
    """Utterances in the order of their audio, with `row`, `kind` of their end, and wall times."""
    rows = run.utterances.sort_values(["start_s", "channel"], kind="stable", ignore_index=True)
    kind = rows["trigger"].fillna("").where(rows["is_final"], "never")
    return rows.assign(
        row=range(len(rows)),
        kind=kind,
        spoken_from_s=captured_s(run, rows["start_s"]),
        spoken_to_s=captured_s(run, rows["end_s"]),
    )


def _partial_ticks(run: RunData, rows: pd.DataFrame) -> pd.DataFrame:
    """Arrivals of partials: `recv_s` and `row`."""
    shown = transcripts(run.record)
    partial = ~shown.is_final
    stamps = read(run.record).recv_ns[shown.message[partial]]
    keys = pd.MultiIndex.from_frame(rows[["channel", "utterance_id"]])
    place = keys.get_indexer(pd.MultiIndex.from_arrays([shown.channel, shown.id]))
    return pd.DataFrame(
        {
            "recv_s": since_start(run.record, stamps),
            "row": rows["row"].to_numpy()[place[shown.utterance[partial]]],
        }
    )


def _draw_kind(ax: Axes, run: RunData, rows: pd.DataFrame, kind: str) -> None:
    """One entry of the legend with all its marks, when there are any."""
    if kind == "bar":
        width = rows["spoken_to_s"] - rows["spoken_from_s"]
        if len(rows):
            ax.barh(
                rows["row"],
                width,
                left=rows["spoken_from_s"],
                height=0.62,
                color=FAINT,
                label="spoken",
            )
    elif kind == "partial":
        ticks = _partial_ticks(run, rows)
        if len(ticks):
            colour = COLOURS["partial"]
            ax.plot(ticks["recv_s"], ticks["row"], "|", color=colour, ms=8, mew=1.4, label=kind)
    elif kind == "never":
        lost = rows[rows["kind"] == kind]
        if len(lost):
            at = lost[["spoken_to_s", "last_partial_s"]].max(axis=1)
            ax.plot(at, lost["row"], "x", color=ink(), ms=7, mew=2, label="no final")
    else:
        mark, label = _TRIGGERS[kind]
        finals = rows[rows["is_final"] & (rows["kind"] == kind)]
        if len(finals):
            ends = finals["spoken_to_s"]
            ax.hlines(finals["row"], ends, finals["final_s"], color=COLOURS["final"], lw=0.8)
            ax.plot(finals["final_s"], finals["row"], mark, color=COLOURS["final"], label=label)


def _name_rows(ax: Axes, rows: pd.DataFrame) -> None:
    """The beginning of the text of each utterance, or of every n-th; channels count from 1."""
    shown = rows.iloc[:: 1 + (len(rows) - 1) // _NAMED]
    channels = (rows["channel"] != rows["channel"].iloc[0]).any()
    names = [
        (f"{channel + 1}: " if channels else "") + drawable(text, 24)
        for channel, text in zip(shown["channel"], shown["text"], strict=True)
    ]
    ax.set_yticks(shown["row"], names, fontsize="x-small")
