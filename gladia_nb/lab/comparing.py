"""Runs beside each other in the Lab: facts, settings and latencies, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gladia_nb.errors import ConfigError
from gladia_nb.lab.shelf import side_by_side
from gladia_nb.lab.views import Look, differences, frame, paired
from gladia_nb.run import Run

__all__ = ["LETTERS", "beside", "check_count", "difference"]

#: What each of the runs is called beside its name; also how many can be compared.
LETTERS = "ABCDEFGH"


def beside(runs: Sequence[Run]) -> dict[str, Any]:
    """Several runs as a table, the first of them the baseline.

    Returns:
        `table`, as `frame` makes it, with a column a run; `differs`, for each of its rows whether
        not all runs have the same; `paired`, for each run but the first how its latencies are
        paired with those of the first, in words.

    Raises:
        ConfigError: there are fewer than two, or too many.
    """
    check_count(len(runs))
    table = frame(side_by_side(runs))
    table["columns"] = ["What", *LETTERS[: len(runs)]]
    return {
        "table": table,
        "differs": [len(set(row[1:])) > 1 for row in table["rows"]],
        "paired": [paired(runs[0], run) for run in runs[1:]],
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


def difference(baseline: Run, run: Run, look: Look) -> tuple[bytes, str]:
    """The differences of a run from the baseline as PNG, and what it shows in a sentence."""
    return differences(baseline, run, look)
