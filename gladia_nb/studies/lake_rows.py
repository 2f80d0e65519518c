"""Rows of latencies from very many Parquet files, as a summary wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.pooled_rows import NUMBERS, TEXTS, Codes, PooledRows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_rows"]

_COLUMNS = [*TEXTS, *NUMBERS, "channel", "reference"]
#: Files that are read at the same time; more wait for the same disk and the same lock.
_AT_ONCE = 2
#: So many files are handed out at once, so that what has been read does not pile up.
_BATCH = 64


def read_rows(files: Sequence[Path]) -> pd.DataFrame:
    """The rows of all files, as `Gathered` has them; runs are numbered as the files are.

    Args:
        files: as `Lake.add` writes them, one a run.

    Raises:
        ImportError: the extra `lake` is not installed.
        OSError: a file cannot be read.
    """
    rows = PooledRows()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(files), _BATCH):
            for table in pool.map(_read, files[start : start + _BATCH]):
                rows.add(_part(rows, table))
    return rows.frame()


def _read(path: Path) -> pa.Table:
    from pyarrow.parquet import ParquetFile

    # What is opened by its name is mapped into memory, and is let go of late.
    with path.open("rb") as stream:
        return ParquetFile(stream, read_dictionary=list(TEXTS)).read(_COLUMNS, use_threads=False)


def _part(rows: PooledRows, table: pa.Table) -> Mapping[str, npt.NDArray[Any]]:
    columns = {name: table.column(name).combine_chunks() for name in _COLUMNS}
    part: dict[str, npt.NDArray[Any]] = {
        name: columns[name].to_numpy(zero_copy_only=False) for name in NUMBERS
    }
    part["channel"] = columns["channel"].to_numpy(zero_copy_only=False).astype("int32")
    part["reference"] = columns["reference"].to_numpy(zero_copy_only=False).astype("float64")
    for name in TEXTS:
        part[name] = _places(rows, name, columns[name])
    return part


def _places(rows: PooledRows, name: str, column: Any) -> Codes:
    """Places of the texts of a column, -1 for none."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        # A column without any text has no type either.
        return np.full(len(column), -1, dtype="int32")
    texts = column.dictionary.to_pylist()
    known = [place for place, text in enumerate(texts) if text is not None]
    places = np.full(len(texts) + 1, -1, dtype="int32")
    places[known] = rows.places(name, [texts[place] for place in known])
    # Behind the last text is that of what is missing.
    codes = column.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    found: Codes = places[codes]
    return found
