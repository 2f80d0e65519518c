"""What a lesson shows: a session while it runs, and the guesses of a class."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from gladia_nb.course.judging import as_number
from gladia_nb.errors import ConfigError
from gladia_nb.plots.palette import COLOURS, GREY
from gladia_nb.plots.style import axes, empty, finish, ink
from gladia_nb.sessions.handle import Live

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_guesses", "watch"]

#: Seconds between two pictures.
_STEP_S = 0.1


def watch(live: Live) -> None:
    """Show what a session understands, as it comes, until it ends: finals firm, partials pale.

    It only looks: the session and its stopwatch run in another process. Outside of a notebook it
    shows nothing, and waits.

    Args:
        live: the handle of the session.
    """
    from IPython import get_ipython
    from IPython.display import HTML, display

    finals: list[str] = []
    partial, last, shown = "", 0.0, None
    for event in live.events():
        partial = _hear(event, finals, partial)
        now = time.monotonic()
        if get_ipython() is None or now - last < _STEP_S:
            continue
        last = now
        page = HTML(_page(live, finals, partial))  # type: ignore[no-untyped-call]
        if shown is None:
            shown = display(page, display_id=True)  # type: ignore[no-untyped-call]
        else:
            shown.update(page)
    if shown is not None:
        shown.update(HTML(_page(live, finals, partial)))  # type: ignore[no-untyped-call]


def _hear(event: Mapping[str, Any], finals: list[str], partial: str) -> str:
    """Take an event; returns the open partial."""
    if event.get("event") != "message" or event.get("via") == "callback":
        return partial
    try:
        message = json.loads(event["raw"])
        if message["type"] != "transcript":
            return partial
        text = str(message["data"]["utterance"]["text"]).strip()
        if not message["data"]["is_final"]:
            return text
    except (ValueError, KeyError, TypeError, RecursionError):
        return partial
    finals.append(text)
    return ""


def _page(live: Live, finals: Sequence[str], partial: str) -> str:
    """The texts as a page has them; all of it is foreign, and so escaped."""
    lines = [f"<div>{html.escape(text)}</div>" for text in finals]
    if partial:
        lines.append(f"<div style='opacity:.55;font-style:italic'>{html.escape(partial)} …</div>")
    state = "the session has ended" if live.done else "listening"
    return (
        "<div style='font-size:115%;line-height:1.6;min-height:6em'>"
        f"<div style='color:{GREY};font-size:80%'>{live.sent_s:.1f} s sent · {state}</div>"
        f"{''.join(lines)}</div>"
    )


def plot_guesses(guesses: Sequence[float], measured_ms: Any = None, ax: Axes | None = None) -> Axes:
    """A histogram of what a class has guessed, with what was measured as a line.

    Args:
        guesses: milliseconds; what is no number is left out and counted in the title.
        measured_ms: what came out; there is no line while that is no number.
        ax: where to draw; a new figure when None.

    Raises:
        ConfigError: the guesses are no list.
    """
    if isinstance(guesses, str | bytes) or not hasattr(guesses, "__iter__"):
        raise ConfigError("Guesses are a list of milliseconds, such as [300, 500].")
    ax = axes(ax, width=7, height=3)
    found = [as_number(guess) for guess in guesses]
    numbers = [guess for guess in found if isinstance(guess, float) and 0 < guess < 1e6]
    title = f"{len(numbers)} guesses"
    if left := len(found) - len(numbers):
        title += f"; {left} left out, which were no milliseconds"
    label = "milliseconds from the end of a word to its first sight"
    if not numbers:
        empty(ax, "no guesses yet")
        return finish(ax, title=title, xlabel=label, ylabel="")
    edges = [25 * 2 ** (k / 2) for k in range(20)]
    inside = [min(max(number, edges[0]), edges[-1] * 0.999) for number in numbers]
    ax.hist(inside, bins=edges, color=COLOURS["partial"], alpha=0.75, edgecolor="white")
    ax.set_xscale("log")
    ticks = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    if isinstance(measured_ms := as_number(measured_ms), float):
        ax.axvline(measured_ms, color=ink(), linewidth=2)
        ax.annotate(
            f" measured: {measured_ms:.0f} ms",
            (measured_ms, 1.0),
            xycoords=("data", "axes fraction"),
            va="top",
            fontsize="small",
        )
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return finish(ax, title=title, xlabel=label, ylabel="guesses")
