"""Names beside points, where they cover neither each other nor a point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from gladia_nb.plots.fonts import NO_FONT, fall_back
from gladia_nb.plots.palette import GREY
from gladia_nb.plots.style import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

__all__ = ["name_points"]

#: Signs that a name has at most.
_LONGEST = 40
#: Around a point: right and left of it, above and below; the first that is free is taken.
_SIDES = ((1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1), (0, -1))
#: How far from its point a name may be moved, in heights of a line; a line leads to it then.
_RINGS = 12
_NEAR, _LINE = 5.0, 11.0  # points
#: Half the width of a mark, in points.
_MARK = 5.0


_Align = Literal["left", "center", "right"]
#: On which side of its point a name is, and how it is aligned then.
_ALIGN: dict[int, _Align] = {1: "left", 0: "center", -1: "right"}


class _Place(NamedTuple):
    x: float  # points from the mark
    y: float
    align: _Align
    led: bool


def name_points(ax: Axes, at: Sequence[tuple[float, float]], names: Sequence[str]) -> None:
    """Write a name beside each point; call it when all else is drawn and the limits are set.

    Args:
        ax: where.
        at: the points, in data coordinates.
        names: one for each.
    """
    if not at:
        return
    figure = ax.get_figure(root=True)
    assert figure is not None  # noqa: S101 - axes are made in one
    figure.draw_without_rendering()
    size = _MARK * figure.dpi / 72
    taken = [_around(x, y, size) for x, y in ax.transData.transform(list(at)).tolist()]
    lost = False
    for point, name in zip(at, names, strict=True):
        text = ax.annotate(
            drawable(name, _LONGEST),
            point,
            xytext=(0, 0),
            textcoords="offset points",
            fontsize="small",
            va="center",
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.7, "shrinkB": 4},
        )
        lost = fall_back([text]) or lost
        for place in _places():
            _move(text, place)
            box = _extent(text)
            inside = figure.bbox.containsx(box.x0) and figure.bbox.containsx(box.x1)
            if inside and not any(box.overlaps(other) for other in taken):
                break
        taken.append(_extent(text))
    if lost:
        ax.set_xlabel(f"{ax.get_xlabel()}\n{NO_FONT}")
        fall_back([ax.xaxis.label])


def _places() -> Iterator[_Place]:
    """Where a name can be, from near to far."""
    for ring in range(_RINGS):
        for x, y in _SIDES:
            yield _Place(x * (_NEAR + 2), y * (_NEAR + 3 + ring * _LINE), _ALIGN[x], ring > 0)


def _move(text: Annotation, place: _Place) -> None:
    text.set_position((place.x, place.y))
    text.set_horizontalalignment(place.align)
    if text.arrow_patch is not None:
        text.arrow_patch.set_visible(place.led)


def _extent(text: Annotation) -> Bbox:
    """Where the letters are, without the line that leads to them."""
    from matplotlib.text import Text

    text.get_window_extent()  # which moves the letters to their place
    return Text.get_window_extent(text)


def _around(x: float, y: float, size: float) -> Bbox:
    from matplotlib.transforms import Bbox

    return Bbox.from_extents(x - size, y - size, x + size, y + size)
