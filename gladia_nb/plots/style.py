"""What all plots share: colours, marks, and what is drawn when there is nothing to draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from matplotlib import rcParams
from matplotlib.ticker import FixedLocator

from gladia_nb.plots.fonts import NO_FONT, fall_back, with_marks
from gladia_nb.plots.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

__all__ = [
    "LABELS",
    "LINES",
    "MARKS",
    "NO_TRANSCRIPTS",
    "axes",
    "drawable",
    "empty",
    "finish",
    "ink",
]

LINES = {
    "sent": "-",
    "acknowledged": ":",
    "partial": "--",
    "first_partial": "-",
    "first_seen": "-",
    "last_partial": ":",
    "final": "-",
}
MARKS = {"first_partial": "o", "first_seen": "o", "last_partial": "s", "final": "^"}
LABELS = {
    "first_partial": "first partial",
    "first_seen": "first seen",
    "last_partial": "last partial message",
    # It is why a final is so much later than a partial.
    "final": "final of the utterance",
}

NO_TRANSCRIPTS = "no transcripts"


def axes(ax: Axes | None, *, width: float = 9.0, height: float = 4.0) -> Axes:
    """The axes given, or those of a new figure."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def ink() -> str:
    """The colour of text: dark on a light page, light on a dark one."""
    return str(rcParams["text.color"])


def empty(ax: Axes, sentence: str) -> None:
    """Say in the middle of the axes why nothing is drawn."""
    ax.text(0.5, 0.5, sentence, transform=ax.transAxes, ha="center", va="center", color=GREY)
    ax.set_xticks([])
    ax.set_yticks([])


def finish(ax: Axes, *, title: str, xlabel: str, ylabel: str) -> Axes:
    """Title, labels with units, a faint grid behind, no box.

    Words in it get fonts that have their signs; where there is none for some, it says so.
    """
    ax.set_title(title, loc="left", fontsize="medium", fontweight="bold")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.grid(visible=True, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if fall_back(_texts(ax)):
        ax.set_xlabel(f"{xlabel}\n{NO_FONT}")
        fall_back([ax.xaxis.label])
    return ax


def _texts(ax: Axes) -> Iterator[Text]:
    """Texts that may hold words; numbers at ticks do not."""
    yield from (*ax.texts, ax.title, ax._left_title)  # type: ignore[attr-defined] # noqa: SLF001
    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(axis.get_major_locator(), FixedLocator):
            yield from axis.get_ticklabels()


def drawable(text: str, limit: int) -> str:
    """Foreign text for a picture: shortened, no formulas, only signs that a font here has.

    A sign that none has would warn at each drawing, and be a box.

    Example:
        >>> drawable("hello wonderful world", 12)
        'hello wonde\u2026'
    """
    text = " ".join(text.split())
    text = text if len(text) <= limit else text[: limit - 1] + "\u2026"
    return with_marks(text).replace("$", r"\$")
