"""Tables of very many runs: Parquet files, one a run, and SQL over all of them.

```
latency/CELL.ATTEMPT.VERSION.parquet   the rows of `latency`, with arm, item and repeat
runs/CELL.ATTEMPT.VERSION.parquet      one row: how it ended, its verdict, its errors
words/CELL.ATTEMPT.VERSION.parquet     the words that were really spoken in it
```

A run file never changes, so that what was written once is never written again; another version of
this package may compute something else, and has files of its own. Needs the extra `lake`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from gladia_nb.drafts import draft_folder
from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.metrics import latency, match_rate, verdict
from gladia_nb.metrics.base.recordings import recording_key
from gladia_nb.metrics.error_counts import pooled_rate
from gladia_nb.metrics.gathering import Gathered, Worth, together
from gladia_nb.metrics.summaries import summed
from gladia_nb.record.data import RunData, forgetting
from gladia_nb.record.schema import REFERENCE, to_frame
from gladia_nb.studies.differences import RATIOS
from gladia_nb.studies.lake_rows import read_rows

__all__ = ["TABLES", "Lake"]

#: The tables that can be asked for: latencies, facts of each run, words of its reference.
TABLES = ("latency", "runs", "words")


class Lake:
    """Parquet files of a study.

    Args:
        path: their folder; made when something is written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        self._version = version("gladia-nb")

    def holds(self, run: str) -> bool:
        """Whether the tables of a run are there.

        Args:
            run: name of its file, without `.run`.
        """
        return all(self._file(table, run).is_file() for table in TABLES)

    def add(self, name: str, run: RunData, **about: Any) -> None:
        """Write the tables of a run, unless they are there.

        Args:
            name: of its file, without `.run`.
            run: the run.
            **about: what its rows say beside: `arm`, `item`, `repeat`, `cell`.

        Raises:
            ConfigError: the extra is not installed.
            RunFileError: a file cannot be written.
        """
        if self.holds(name):
            return
        with forgetting(run):
            tables = {"latency": _latencies(run), "runs": _facts(run), "words": run.reference}
        self._write(
            {
                self._file(table, name): frame.assign(file=name, **about)
                for table, frame in tables.items()
            }
        )

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """A DuckDB connection with a view of each table; nothing in the files can be changed.

        Raises:
            ConfigError: the extra is not installed, or nothing has been exported.
        """
        duckdb = _duckdb()
        with contextlib.closing(duckdb.connect(":memory:")) as connection:
            for table in TABLES:
                files = self.path / table / f"*.{self._version}.parquet"
                if not any(files.parent.glob(files.name)):
                    raise ConfigError(f"{self.path} holds no tables yet; export the study first.")
                # Names of files are values here, and no part of the language.
                # Of one version all files have the same columns; what is missing in all rows of
                # a run has no type there, and must not tell that of the others.
                relation = connection.read_parquet(str(files), union_by_name=table == "runs")
                relation.create_view(table)
            yield connection

    def sql(self, query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
        """What a query finds.

        Args:
            query: in the SQL of DuckDB, over the tables `latency` and `runs`.
            values: for the question marks in it.

        Raises:
            ConfigError: the query cannot be answered, and the sentence of DuckDB about it.
        """
        duckdb = _duckdb()
        with self.connection() as connection:
            try:
                return pd.DataFrame(connection.execute(query, list(values)).df())
            except duckdb.Error as error:
                raise ConfigError(f"The query cannot be answered: {error}") from None

    def summaries(self, arms: Sequence[str]) -> pd.DataFrame:
        """The summary of each arm, as `Study.table` gives it, from the files alone.

        Each file is opened once, and one arm after the other is in memory.

        Args:
            arms: their names, in the order of the table.

        Raises:
            ConfigError: the extra is not installed, or nothing has been exported.
        """
        with self.connection() as connection:
            facts = connection.execute(_FACTS).df()
        parts = []
        for arm in arms:
            found = self._summed(facts[facts["arm"] == arm])
            if len(found):
                found.insert(0, "arm", arm)
                parts.append(found)
        if not parts:
            raise ConfigError("No cell of this study is done yet; run it first.")
        return pd.concat(parts, ignore_index=True)

    def _summed(self, facts: pd.DataFrame) -> pd.DataFrame:
        """The summary of some runs."""
        spoken = {
            recording: self._words(file)
            for recording, file in facts.groupby("recording")["file"].first().items()
        }
        references = [spoken[recording] for recording in facts["recording"]]
        worth = map(Worth, facts["verdict"], facts["reference_words"], facts["matched"])
        rows = read_rows([self._file("latency", file) for file in facts["file"]])
        return summed(Gathered(rows, references, *together(list(worth))))

    def _words(self, file: str) -> pd.DataFrame:
        """The words that were spoken in the recording of a run."""
        found = pd.read_parquet(self._file("words", file))
        found = found.sort_values(["start_s", "end_s"], kind="stable")
        return to_frame({name: found[name] for name in REFERENCE}, REFERENCE)

    def _file(self, table: str, run: str) -> Path:
        return self.path / table / f"{run}.{self._version}.parquet"

    def _write(self, tables: Mapping[Path, pd.DataFrame]) -> None:
        """Write files; they are put in their places when all of them are written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with draft_folder(self.path) as folder:
                drafts = {folder / path.parent.name: path for path in tables}
                for draft, path in drafts.items():
                    tables[path].to_parquet(draft, index=False, compression="zstd")
                for draft, path in drafts.items():
                    path.parent.mkdir(exist_ok=True)
                    draft.replace(path)
        except ImportError:
            raise _missing() from None
        except OSError as error:
            raise RunFileError(
                f"Cannot write to {self.path}: {error.strerror or error}. Name another folder."
            ) from None


_FACTS = """
select arm, file, verdict, reference_words, matched, recording from runs order by file
"""


def _latencies(run: RunData) -> pd.DataFrame:
    rows = latency(run)
    texts = ("name", "unit", "milestone", "since", "clock", "anchor", "trigger", "normaliser")
    return rows.assign(**{name: rows[name].astype("category") for name in texts})


def _facts(run: RunData) -> pd.DataFrame:
    rates = match_rate(run)
    row: Mapping[str, Any] = {
        "run": run.session_id,
        "outcome": run.outcome,
        "verdict": verdict(run).status,
        "audio_s": run.sent_s,
        "messages": len(run.record.of("message")),
        "recording": recording_key(run.reference),
        "reference_words": int(rates["reference_words"].sum()),
        "matched": int(rates["matched"].sum()),
        **{
            name.replace(" ", "_").lower(): pooled_rate(counts(run))
            for name, counts in RATIOS.items()
        },
    }
    return pd.DataFrame([row])


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise _missing() from None
    return duckdb


def _missing() -> ConfigError:
    return ConfigError(
        "Parquet and SQL over many runs need duckdb and pyarrow; "
        'install them with pip install "gladia-nb[lake]".'
    )
