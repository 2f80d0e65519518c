"""What a study has for very many runs: tables on disk, and questions to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from gladia_nb.run import load
from gladia_nb.studies.attempts import Judged
from gladia_nb.studies.design import Cell, Design
from gladia_nb.studies.lake import Lake
from gladia_nb.studies.store import Store

__all__ = ["Exports"]


class Exports(ABC):
    """The part of a study that exports its runs."""

    _store: Store
    _judged: Judged
    _lake: Lake | None = None

    @property
    @abstractmethod
    def path(self) -> Path:
        """The folder of the study."""

    @property
    @abstractmethod
    def design(self) -> Design:
        """Its items, arms and blocks."""

    @abstractmethod
    def files(self) -> dict[str, Path]:
        """The run file that counts of each cell that has one."""

    def export(self, folder: str | Path | None = None) -> Path:
        """Write the tables of every run that counts as Parquet; return the folder.

        A run whose tables are there is not read again. `table`, `latencies` and `sql` read from
        there afterwards, which for thousands of runs is the only quick way. Takes the extra `lake`.

        Args:
            folder: where to; by default `lake` in the folder of the study.

        Raises:
            ConfigError: the extra is not installed.
            RunFileError: it cannot be written.
        """
        lake = Lake(folder or self.path / "lake")
        tried = self._store.attempts()
        for cell in self.design.cells():
            self._export_cell(cell, tried.get(cell.id, ()), lake)
        self._lake = lake
        return lake.path

    def _export_cell(self, cell: Cell, paths: Iterable[Path], lake: Lake) -> None:
        """Write the tables of the run of a cell, which is let go of before the next is loaded."""
        found = self._judged.first_done(paths)
        if found is None or lake.holds(found[0].stem):
            return
        path, run = found
        about = {"arm": cell.arm, "repeat": cell.repeat, "cell": cell.id}
        item = self.design.items[cell.item].name
        lake.add(path.stem, load(path) if run is None else run, item=item, **about)

    def sql(self, query: str, *values: Any) -> pd.DataFrame:
        """What a query finds in the exported tables `latency`, `runs` and `words`.

        Each has the columns `arm`, `item`, `repeat`, `cell` and `file` beside its own.

        Args:
            query: in the SQL of DuckDB.
            *values: for the question marks in it.

        Raises:
            ConfigError: nothing has been exported, or the query cannot be answered.

        Example:
            `study.sql("select arm, count(*) from latency where name = ? group by arm", name)`
        """
        return self._tables().sql(query, values)

    def latencies(self) -> pd.DataFrame:
        """The exported rows of `latency` of all runs, with arm, item and repeat.

        Raises:
            ConfigError: nothing has been exported.
        """
        return self._tables().sql("select * from latency order by file")

    def _tables(self) -> Lake:
        return self._lake or Lake(self.path / "lake")

    def _exported_table(self) -> pd.DataFrame | None:
        """The table of all arms, where everything that counts has been exported."""
        stems = (path.stem for path in self.files().values())
        if self._lake is None or not all(map(self._lake.holds, stems)):
            return None
        return self._lake.summaries(self.design.names)
