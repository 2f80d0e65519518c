"""The cells of a study by arm and state, while it runs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from gladia_nb.studies.design import Design

__all__ = ["CELL_STATES", "CellState", "Tally"]

CellState = Literal["done", "under way", "to do", "failed"]
#: What a cell can be, in the order of a table.
CELL_STATES: tuple[CellState, ...] = ("done", "under way", "to do", "failed")


class Tally:
    """How many cells of each arm are in which state; written by one thread, read by any.

    Args:
        names: of the arms, in their order.
        cells: arm of each cell, by its id.
        done: ids of the cells that need no other run.

    Example:
        >>> tally = Tally(["a", "b"], {"1": "a", "2": "b"}, done={"1"})
        >>> tally.put("2", "under way")
        >>> tally.rows()[1]
        ('b', {'done': 0, 'under way': 1, 'to do': 0, 'failed': 0})
    """

    def __init__(
        self, names: Iterable[str], cells: Mapping[str, str], done: Collection[str] = ()
    ) -> None:
        self._lock = threading.Lock()
        self._arms = dict(cells)
        self._states: dict[str, CellState] = {
            cell: "done" if cell in done else "to do" for cell in cells
        }
        self._counts: dict[str, Counter[CellState]] = {name: Counter() for name in names}
        for cell, arm in self._arms.items():
            self._counts[arm][self._states[cell]] += 1

    @classmethod
    def of(cls, design: Design, done: Collection[str]) -> Tally:
        """That of a study before it runs."""
        return cls(design.names, {cell.id: cell.arm for cell in design.cells()}, done)

    def put(self, cell: str, state: CellState) -> None:
        """A cell is in this state now."""
        with self._lock:
            counts = self._counts[self._arms[cell]]
            counts[self._states[cell]] -= 1
            counts[state] += 1
            self._states[cell] = state

    def rows(self) -> list[tuple[str, dict[CellState, int]]]:
        """How many cells of each arm are in which state."""
        with self._lock:
            return [
                (arm, {state: counts[state] for state in CELL_STATES})
                for arm, counts in self._counts.items()
            ]

    def total(self, state: CellState) -> int:
        """How many cells of all arms are in a state."""
        return sum(counts[state] for _, counts in self.rows())
