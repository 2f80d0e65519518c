"""The runs of a directory, and runs side by side."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from gladia_nb.errors import RunFileError
from gladia_nb.lab.form import changed_paths, effective
from gladia_nb.metrics import latency_table, run_anchor
from gladia_nb.paths import expanded
from gladia_nb.record.file import read_header
from gladia_nb.record.folders import runs_directory
from gladia_nb.record.message import writable
from gladia_nb.record.schema import Schema, to_frame
from gladia_nb.record.validation import UnbelievableError, check_event, decoded_line
from gladia_nb.run import Run

__all__ = ["SHELF", "list_runs", "side_by_side"]

#: One row a run file.
SHELF: Schema = MappingProxyType(
    {
        "name": "str",  # of the audio
        "began": "str",  # UTC, ISO 8601
        "duration_s": "float64",  # of the audio; NaN for a live source without a known end
        "outcome": "str",  # finished, stopped, aborted, failed, or incomplete
        "target": "str",
        "endpointing_s": "float64",  # NaN: the service's default
        "settings": "str",  # of the service that are not its defaults, in a few words
        "path": "str",
    }
)

#: The last line is the end of the run; it is short.
_TAIL = 4096
#: Bytes; the words of hours are less.
_LONGEST_HEADER = 1 << 26


def list_runs(directory: str | Path | None = None, *, limit: int = 50) -> pd.DataFrame:
    """The latest runs of a directory, the newest first; only their first and last lines are read.

    Args:
        directory: by default `runs_directory()`. One that does not exist has no runs.
        limit: how many at most.

    Returns:
        Columns in `SHELF`. Files that are not runs are left out; `frame.attrs["skipped"]` has a
        sentence for each.

    Raises:
        RunFileError: the directory cannot be one.
    """
    place = runs_directory() if directory is None else expanded(directory, RunFileError)
    rows, skipped = [], []
    for path in sorted(place.glob("*.run")):
        try:
            rows.append(_glance(path))
        except OSError as error:
            why = f"{path.name} cannot be read: {error.strerror or error}."
            skipped.append(writable(why))
        except RunFileError as error:
            skipped.append(writable(str(error)))
    # By the full stamp: two runs can begin in the same second.
    rows.sort(key=lambda row: (row["wall_ns"], row["path"]), reverse=True)
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows[:limit]] for name in SHELF}
    frame = to_frame(columns, SHELF)
    frame.attrs["skipped"] = skipped
    return frame


def _glance(path: Path) -> dict[str, Any]:
    """What a file says in its first and its last line.

    Raises:
        OSError: it cannot be read.
        RunFileError: it is no run.
    """
    name = writable(path.name)
    if name != path.name:
        raise RunFileError(f"The name of {name} is not text; rename the file to see it here.")
    if not path.is_file():
        raise RunFileError(f"{name} is not an ordinary file.")
    with path.open("rb") as file:
        header, _ = read_header(iter([file.readline(_LONGEST_HEADER)]), name)
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _TAIL))
        last = file.read().rsplit(b"\n", 2)
    audio, config = header["audio"], header["config"]
    began = dt.datetime.fromtimestamp(header["anchor"][1] / 1e9, dt.UTC)
    return {
        "wall_ns": header["anchor"][1],
        "name": audio["name"],
        "began": began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_s": audio["duration_s"],
        "outcome": _outcome(last),
        "target": header["options"]["target"],
        "endpointing_s": config.get("endpointing"),
        "settings": _settings(config),
        "path": str(path),
    }


#: What the sound decides, and what a stopwatch asks for.
_NO_SETTINGS = ("sample_rate", "channels", "encoding", "bit_depth", "messages_config")
_LONGEST_SETTINGS = 120


def _settings(config: Mapping[str, Any]) -> str:
    """Settings that differ from the defaults, by the last part of their name."""
    values = effective(config)
    told = [
        f"{name.rpartition('.')[2].replace('_', ' ')} {_brief(values[name])}"
        for name in changed_paths(config)
        if name.partition(".")[0] not in _NO_SETTINGS
    ]
    text = writable(", ".join(told))
    return text if len(text) <= _LONGEST_SETTINGS else f"{text[: _LONGEST_SETTINGS - 1]}\u2026"


def _brief(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " ".join(str(item) for item in value[:4] if isinstance(item, (str, int, float)))
    return "set" if isinstance(value, Mapping) else _text(value)


def _outcome(tail: Sequence[bytes]) -> str:
    if len(tail) < 2 or tail[-1]:
        return "incomplete"
    try:
        end = decoded_line(tail[-2])
        check_event(end)
    except UnbelievableError:
        return "incomplete"
    return writable(end["outcome"]) if end["event"] == "end" else "incomplete"


def side_by_side(runs: Sequence[Run]) -> pd.DataFrame:
    """Facts, settings that differ, and latencies of several runs, a column each.

    For whether a difference is more than chance, see `gladia_nb.compare`.

    Args:
        runs: the runs.

    Returns:
        Text: the column `what`, and `run_1`, `run_2` and so on in the order given. "-" stands for
        what a run does not have.
    """
    columns = [_facts(run) for run in runs]
    settings = [_flat(run.config) for run in runs]
    names = dict.fromkeys(name for config in settings for name in config)
    for name in names:
        values = [_text(config.get(name)) for config in settings]
        if len(set(values)) > 1:
            for column, value in zip(columns, values, strict=True):
                column[name] = value
    anchors = [run_anchor(run) for run in runs]
    for column, run, anchor in zip(columns, runs, anchors, strict=True):
        # Counted from different times they are not the same: then what all have stands there too.
        for since in dict.fromkeys([anchor, *(["service"] if len(set(anchors)) > 1 else [])]):
            for row in latency_table(run, anchor=since).to_dict("records"):
                what = f"{row['measure']}, from {row['from']}"
                column[f"{what}: median, ms"] = _with_interval(row["p50_ms"], row["p50_95ci_ms"])
                column[f"{what}: 90th percentile, ms"] = str(row["p90_ms"])
    rows = list(dict.fromkeys(name for column in columns for name in column))
    frame: dict[str, list[str]] = {"what": rows}
    for number, column in enumerate(columns, 1):
        frame[f"run_{number}"] = [column.get(row, "-") for row in rows]
    return pd.DataFrame(frame, dtype="str")


def _facts(run: Run) -> dict[str, str]:
    frame = run.utterances
    return {
        "audio": run.name,
        "outcome": run.outcome,
        "sent to": str(run.record.header["options"]["target"]),
        "measurement": run.verdict.status,
        "utterances": str(len(frame)),
        "finals": str(int(frame["is_final"].sum())),
        "partials": str(run.n_partials),
    }


def _with_interval(median: str, interval: str) -> str:
    return median if interval == "-" else f"{median} ({interval})"


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {name: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= _flat(inner, f"{name}.{key}" if name else str(key))
    return found


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "-" if value is None else str(value)
