"""What a picture says, and whether it can be drawn."""

from __future__ import annotations

import io
import warnings

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def legend(ax: Axes) -> list[str]:
    """The entries of the legend."""
    found = ax.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def drawn(figure: Figure) -> None:
    """Draw it; a warning fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(io.BytesIO(), format="png", dpi=40)
