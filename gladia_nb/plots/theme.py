"""A finished picture in the colours of the page that shows it.

The colours of Matplotlib's settings are those of the whole process, and of the user: a picture is
drawn with them and its inks and grounds are changed afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib import rcParams
from matplotlib.colors import same_color

from gladia_nb.plots.palette import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["themed"]


def themed(figure: Figure, theme: Theme) -> Figure:
    """Give a figure the inks and grounds of a theme; series keep their colours.

    Args:
        figure: changed in place.
        theme: of the page.

    Returns:
        The figure.
    """
    # As it was drawn with.
    ink, ground = str(rcParams["text.color"]), str(rcParams["axes.facecolor"])
    figure.patch.set_facecolor(theme.surface)
    for text in figure.texts:
        _inked(text, ink, theme)
    for ax in figure.axes:
        _axes(ax, ink, ground, theme)
    return figure


def _axes(ax: Axes, ink: str, ground: str, theme: Theme) -> None:
    ax.set_facecolor(theme.surface)
    ax.tick_params(which="both", colors=theme.ink)
    for spine in ax.spines.values():
        spine.set_edgecolor(theme.edge)
    titles = (ax.title, ax._left_title, ax._right_title)  # type: ignore[attr-defined] # noqa: SLF001
    for text in (*titles, ax.xaxis.label, ax.yaxis.label, *ax.texts):
        _inked(text, ink, theme)
    legend = ax.get_legend()
    for line in (*ax.lines, *(legend.get_lines() if legend is not None else ())):
        if same_color(line.get_color(), ink):
            line.set_color(theme.ink)
    for patch in ax.patches:
        if same_color(patch.get_facecolor(), ground):
            patch.set_facecolor(theme.surface)
    if legend is not None:
        legend.get_frame().set(facecolor=theme.surface, edgecolor=theme.rule)
        for text in legend.get_texts():
            _inked(text, ink, theme)


def _inked(text: Any, ink: str, theme: Theme) -> None:
    if same_color(text.get_color(), ink):
        text.set_color(theme.ink)
