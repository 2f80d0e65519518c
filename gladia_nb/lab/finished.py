"""Finished runs in the Lab: the one on view, the shelf, a comparison; all that takes its time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from gladia_nb.errors import ConfigError, GladiaNbError
from gladia_nb.lab.endpoint_view import explored
from gladia_nb.lab.replay import Replay, start_replay
from gladia_nb.lab.shelf import side_by_side
from gladia_nb.lab.views import (
    after,
    differences,
    frame,
    picture,
    shelf_rows,
    shown_path,
    table,
)
from gladia_nb.paths import expanded
from gladia_nb.record.folders import runs_directory
from gladia_nb.reporting.export import export_run
from gladia_nb.run import Run, load

__all__ = ["FinishedRuns"]

#: How long a session that was stopped may take until the shelf is looked at all the same.
_SETTLE_S = 10.0

Answer = tuple[dict[str, Any] | None, Sequence[bytes]]


class FinishedRuns:
    """Runs that have ended.

    Args:
        directory: whose runs are on the shelf; by default that of new runs.

    Attributes:
        run: the run on view, or None.
        made: the runs of this Lab, in the order in which they ended.
    """

    #: Commands that it carries out.
    KINDS: ClassVar[frozenset[str]] = frozenset(
        (
            "ended",
            "settle",
            "open",
            "table",
            "picture",
            "endpointing",
            "compare",
            "save",
            "export",
            "report",
            "refresh",
        )
    )

    def __init__(self, directory: str | None) -> None:
        self._directory = directory
        self._after: dict[str, Any] = {}
        self._loaded: dict[str, Run] = {}
        self.run: Run | None = None
        self.made: list[Run] = []

    def do(self, content: dict[str, Any], *, live: bool) -> Answer:
        """Carry out a command; what the front end gets as an answer, with binary parts.

        Raises:
            GladiaNbError: in words, what cannot be done.
        """
        match content["kind"]:
            case "ended":
                self._ended(content["handle"])
            case "settle":
                # Of another Lab: once it has ended, the shelf shows how.
                content["handle"].wait(_SETTLE_S)
            case "open":
                self._view(self._load(content["path"]))
            case "table":
                return {"kind": "table", "table": table(self._shown(), content["name"])}, ()
            case "picture":
                return self._picture(content["name"], live=live)
            case "endpointing":
                return self._explore(live=live), ()
            case "compare":
                return self._compare(content["paths"], live=live)
            case "save" | "export" | "report" as kind:
                text = self._write(kind, _place(content["path"]))
                return {"kind": "done", "text": text}, ()
        return None, ()

    def view(self) -> dict[str, Any]:
        """The run on view, as plain data; empty when there is none."""
        return self._after

    def shelf(self) -> dict[str, Any]:
        """The runs of the directory, as plain data."""
        place = self._directory or str(runs_directory())
        rows, skipped = shelf_rows(place)
        return {"directory": shown_path(place), "rows": rows, "skipped": skipped}

    def replay(self, speed: Any) -> Replay:
        """Begin to show the run on view again; a speed of 0 is at once."""
        return start_replay(self._shown(), speed=float(speed) or math.inf)

    def _ended(self, handle: Any) -> None:
        try:
            run = handle.result(5)
        except GladiaNbError as error:
            # What was recorded until then is studied like any other; the error itself is said.
            if isinstance(error.run, Run):
                self._keep(error.run)
            raise
        self._keep(run)

    def _keep(self, run: Run) -> None:
        self.made.append(run)
        if run.path is not None:
            self._loaded[str(run.path)] = run
        self._view(run)

    def _view(self, run: Run) -> None:
        self._after = after(run)
        self.run = run

    def _shown(self) -> Run:
        if self.run is None:
            raise ConfigError("There is no run to look at yet.")
        return self.run

    def _load(self, path: str) -> Run:
        if path not in self._loaded:
            self._loaded[path] = load(path)
        return self._loaded[path]

    def _compare(self, paths: Sequence[str], *, live: bool) -> Answer:
        if len(paths) < 2:
            raise ConfigError("Choose two runs or more to compare.")
        runs = [self._load(path) for path in paths]
        answer = {"kind": "comparison", "table": frame(side_by_side(runs)), "text": ""}
        if len(runs) != 2 or live:
            return answer, ()
        data, answer["text"] = differences(*runs)
        return answer, [data]

    def _picture(self, name: str, *, live: bool) -> Answer:
        if live:
            # Drawing takes a core for seconds, and may take it from the stopwatch.
            raise ConfigError("Pictures are drawn when the session has ended.")
        data, text = picture(self._shown(), name)
        return {"kind": "picture", "text": text}, [data]

    def _explore(self, *, live: bool) -> dict[str, Any]:
        if live:
            # As for pictures.
            raise ConfigError("Endpointings are predicted when the session has ended.")
        return {"kind": "endpointing", **explored(self._shown())}

    def _write(self, kind: str, place: Path) -> str:
        """Write the run, its tables or its report; what was done, in a sentence."""
        run = self._shown()
        if kind == "save":
            return f"Saved as {run.save(place)}."
        if kind == "export":
            return f"{len(export_run(run, place))} files written to {place}."
        run.report(place)
        return f"Report written to {place}."


def _place(path: str) -> Path:
    if not path.strip():
        raise ConfigError("Name a place to write to.")
    return expanded(path.strip(), ConfigError)
