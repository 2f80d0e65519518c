"""Titles, labels and legends that are no wider than the room that their axes get."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["fit", "legend_above", "title_above"]

#: Pixels that stay free at the edge of the figure.
_EDGE = 2.0
#: Points between a title and what is below it.
_PAD = 4.0


def fit(fig: Figure) -> None:
    """Wrap titles and labels at the edge of the figure; call it when all is in it.

    How wide axes become is known when the figure has been laid out, which is done once here; what
    is wrapped makes them lower then, and no narrower. A title that would cover the legend above its
    axes goes above that.

    Args:
        fig: the figure.
    """
    engine = fig.get_layout_engine()
    if engine is not None:
        engine.execute(fig)
    right = fig.bbox.width - _EDGE
    for ax in fig.axes:
        box = ax.get_window_extent()
        middle = (box.x0 + box.x1) / 2
        _wrap(ax._left_title, right - box.x0)  # type: ignore[attr-defined] # noqa: SLF001
        _wrap(ax.xaxis.label, 2 * min(middle - _EDGE, right - middle))
        _lift(ax)


def legend_above(ax: Axes, room: float) -> None:
    """A legend above the axes, where it hides nothing; in as many lines as it needs.

    Args:
        ax: the axes, with all that is to be named.
        room: how wide it may be, in pixels.
    """
    for columns in (4, 2, 1):
        legend = ax.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=columns,
            fontsize="small",
            frameon=False,
            borderaxespad=0.1,
        )
        if legend.get_window_extent().width <= room:
            break


def _wrap(text: Text, width: float) -> None:
    """Break the lines of a text so that none is wider than that, where words allow it."""
    said = text.get_text()
    signs = max(map(len, said.splitlines()), default=0)
    fewest = max(map(len, said.split()), default=0)
    while signs > fewest and text.get_window_extent().width > width:
        signs -= 1
        lines = [
            piece
            for line in said.splitlines()
            for piece in textwrap.wrap(line, signs, break_on_hyphens=False)
        ]
        text.set_text("\n".join(lines))


def title_above(ax: Axes) -> Axes:
    """Put the title above a legend that stands above the axes.

    Args:
        ax: axes with both.

    Returns:
        The same.
    """
    legend, title = ax.get_legend(), ax._left_title  # type: ignore[attr-defined] # noqa: SLF001
    if legend is not None:
        over = legend.get_window_extent().y1 - ax.get_window_extent().y1
        ax.set_title(
            title.get_text(),
            loc="left",
            fontsize=title.get_fontsize(),
            fontweight=title.get_fontweight(),
            pad=over * 72 / ax.figure.dpi + _PAD,
        )
    return ax


def _lift(ax: Axes) -> None:
    """Put the title above a legend that stands above the axes, if it would cover it."""
    legend, title = ax.get_legend(), ax._left_title  # type: ignore[attr-defined] # noqa: SLF001
    if legend is None:
        return
    box, top = legend.get_window_extent(), ax.get_window_extent().y1
    if box.y0 >= top - _EDGE and title.get_window_extent().x1 > box.x0:
        title_above(ax)
