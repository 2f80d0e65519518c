"""Runs beside each other in the Lab: facts, settings and latencies, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gladia_nb.errors import ConfigError
from gladia_nb.lab.shelf import side_by_side
from gladia_nb.lab.views import Look, drawn_by, frame
from gladia_nb.metrics.comparison import compared
from gladia_nb.metrics.partners import pairings
from gladia_nb.plots.compare import draw_comparison
from gladia_nb.plots.fitting import fit
from gladia_nb.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LETTERS", "beside", "check_count", "difference"]

#: What each of the runs is called beside its name; also how many can be compared.
LETTERS = "ABCDEFGH"


def beside(runs: Sequence[Run]) -> dict[str, Any]:
    """Several runs as a table, the first of them the baseline.

    Returns:
        `table`, as `frame` makes it, with a column a run; `differs`, for each of its rows whether
        not all runs have the same.

    Raises:
        ConfigError: there are fewer than two, or too many.
    """
    check_count(len(runs))
    table = frame(side_by_side(runs))
    table["columns"] = ["What", *LETTERS[: len(runs)]]
    return {
        "table": table,
        "differs": [len(set(row[1:])) > 1 for row in table["rows"]],
    }


def check_count(count: int) -> None:
    """See that so many runs can be compared.

    Raises:
        ConfigError: they cannot.
    """
    if count < 2:
        raise ConfigError("Choose two runs or more to compare.")
    if count > len(LETTERS):
        raise ConfigError(f"Choose {len(LETTERS)} runs at most; their columns would be too narrow.")


def difference(
    baseline: Run,
    run: Run,
    look: Look = Look(),  # noqa: B008 - immutable
) -> tuple[bytes, dict[str, str]]:
    """The differences of a run from the baseline as PNG.

    Returns:
        The picture. And `paired`, how the latencies of the two are paired, in words; `text`, what
        the picture shows, in a sentence.
    """
    how = pairings([baseline], [run])
    table = compared([baseline], [run], how)

    def draw(figure: Figure) -> None:
        draw_comparison(table, figure.add_subplot())
        fit(figure)

    (pairing,) = how
    text = (
        f"Difference of every latency, {pairing.how}: to the right of 0 the second run is later. "
        "The 95 % intervals hold for these two sessions only."
    )
    if pairing.by != "run":
        text += (
            " Each is the median of the differences of pairs, which is not the difference of the "
            "medians in the table."
        )
    return drawn_by(draw, (11, 4.5), look), {"paired": pairing.how, "text": text}
