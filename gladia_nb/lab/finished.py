"""Finished runs in the Lab: the one on view, the shelf, a comparison; all that takes its time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from gladia_nb.errors import ConfigError, GladiaNbError
from gladia_nb.lab.comparing import beside, check_count, difference
from gladia_nb.lab.downloads import download, download_offers, size_text
from gladia_nb.lab.endpoint_view import explored
from gladia_nb.lab.headlines import medians, shown
from gladia_nb.lab.listen_view import listened, sound_piece
from gladia_nb.lab.replay import Replay, start_replay
from gladia_nb.lab.shelf_changes import delete_runs, empty_trash, rename_run, restore_runs
from gladia_nb.lab.views import (
    Look,
    after,
    picture,
    shelf_rows,
    shown_path,
    table,
)
from gladia_nb.lab.waveform import kept_peaks
from gladia_nb.lab.writing import file_stem, write_run
from gladia_nb.record.folders import runs_directory
from gladia_nb.run import Run, load

__all__ = ["FinishedRuns"]

#: How long a session that was stopped may take until the shelf is looked at all the same.
_SETTLE_S = 10.0
#: Bytes of the largest run whose medians are told on the shelf without being asked for.
_MOST_BYTES = 8 << 20

_IN_MEMORY = (
    "The run is in the kernel's memory only, and gone when that ends: take it along, or write it."
)
_DELETED = (
    "This run was deleted from the shelf, and its sound with it. Undo there brings both back."
)

Answer = tuple[dict[str, Any] | None, Sequence[bytes]]
Content = Mapping[str, Any]


class FinishedRuns:
    """Runs that have ended.

    Args:
        directory: whose runs are on the shelf; by default that of new runs.
        being_written: files of runs that are under way, and on the shelf when they have ended.

    Attributes:
        run: the run on view, or None.
        made: the runs of this Lab, in the order in which they ended.
    """

    #: Commands that it carries out, and the methods that do.
    _DOES: ClassVar[Mapping[str, str]] = {
        "ended": "_do_ended",
        "settle": "_do_settle",
        "refresh": "_do_refresh",
        "open": "_do_open",
        "table": "_do_table",
        "picture": "_do_picture",
        "endpointing": "_do_endpointing",
        "listening": "_do_listening",
        "piece": "_do_piece",
        "waveform": "_do_waveform",
        "compare": "_do_compare",
        "difference": "_do_difference",
        "download": "_do_download",
        "offers": "_do_offers",
        "measure": "_do_measure",
        "rename": "_do_rename",
        "delete": "_do_delete",
        "restore": "_do_restore",
        "sweep": "_do_sweep",
        "save": "_do_write",
        "export": "_do_write",
        "report": "_do_write",
    }
    KINDS: ClassVar[frozenset[str]] = frozenset(_DOES)

    def __init__(
        self, directory: str | None, being_written: Callable[[], Iterable[Path]] = tuple
    ) -> None:
        self._directory = directory
        self._being_written = being_written
        self._after: dict[str, Any] = {}
        self._viewed = 0
        self._loaded: dict[str, Run] = {}
        self._rows: list[dict[str, Any]] = []
        self._medians: dict[tuple[str, int, int], dict[str, Any]] = {}
        self._deleted: list[list[tuple[Path, Path]]] = []
        self.run: Run | None = None
        self.made: list[Run] = []

    def do(self, content: Content, *, live: bool) -> Answer:
        """Carry out a command; what the front end gets as an answer, with binary parts.

        Raises:
            GladiaNbError: in words, what cannot be done.
        """
        answer: Answer | None = getattr(self, self._DOES[content["kind"]])(content, live)
        return answer or (None, ())

    # -- one method a command --

    def _do_ended(self, content: Content, _live: bool) -> None:
        self._ended(content["handle"])

    def _do_settle(self, content: Content, _live: bool) -> None:
        # Of another Lab: once it has ended, the shelf shows how.
        content["handle"].wait(_SETTLE_S)

    def _do_refresh(self, _content: Content, _live: bool) -> None:
        """The shelf is looked at after every command."""

    def _do_open(self, content: Content, _live: bool) -> None:
        self._view(self._load(content["path"]))

    def _do_table(self, content: Content, _live: bool) -> Answer:
        return {"kind": "table", "table": table(self._shown(), content["name"])}, ()

    def _do_picture(self, content: Content, live: bool) -> Answer:
        _check_ended(live, "Pictures are drawn")
        data, text = picture(self._shown(), content["name"], Look.asked(content))
        return {"kind": "picture", "text": text}, [data]

    def _do_endpointing(self, _content: Content, live: bool) -> Answer:
        _check_ended(live, "Endpointings are predicted")
        return {"kind": "endpointing", **explored(self._shown())}, ()

    def _do_listening(self, _content: Content, live: bool) -> Answer:
        _check_ended(live, "Words are read")
        run = self._shown()
        content, words = listened(run)
        return {"kind": "listening", "path": _path_of(run), **content}, [words]

    def _do_piece(self, content: Content, _live: bool) -> Answer:
        run = self._shown()
        if content["path"] != _path_of(run):
            # Of the run that was on view when it was asked for; nobody wants it any more.
            return {"kind": "piece"}, ()
        return {"kind": "piece"}, [sound_piece(run, content["number"])]

    def _do_waveform(self, content: Content, live: bool) -> Answer:
        """The sound of the run that is replayed; nothing where it is no longer on view."""
        run = self._shown()
        if live or content["path"] != _path_of(run):
            return {"kind": "waveform", "peaks": []}, ()
        found = kept_peaks(run.record).round(3).tolist()
        return {"kind": "waveform", "peaks": found}, ()

    def _do_compare(self, content: Content, _live: bool) -> Answer:
        check_count(len(content["paths"]))
        runs = [self._load(path) for path in content["paths"]]
        return {"kind": "comparison", **beside(runs)}, ()

    def _do_difference(self, content: Content, live: bool) -> Answer:
        _check_ended(live, "Differences are drawn")
        runs = [self._load(content[name]) for name in ("baseline", "path")]
        data, told = difference(runs[0], runs[1], Look.asked(content))
        return {"kind": "difference", **told}, [data]

    def _do_download(self, content: Content, live: bool) -> Answer:
        _check_ended(live, "Files are made")
        name, data = download(self._shown(), content["what"], content.get("table", ""))
        return {"kind": "file", "name": name, "size": size_text(len(data))}, [data]

    def _do_offers(self, _content: Content, _live: bool) -> Answer:
        return {"kind": "offers", "offers": download_offers(self._shown())}, ()

    def _do_measure(self, _content: Content, live: bool) -> None:
        if not live:
            self._measure()

    def _do_rename(self, content: Content, _live: bool) -> None:
        old, new = content["path"], rename_run(content["path"], content["name"])
        self._loaded.pop(old, None)
        if self.run is not None and str(self.run.path) == old:
            was = self.run
            self._view(self._load(str(new)))
            self.made = [self.run if run is was else run for run in self.made]

    def _do_delete(self, content: Content, _live: bool) -> None:
        self._deleted.append(delete_runs(content["paths"]))

    def _do_restore(self, _content: Content, _live: bool) -> None:
        if self._deleted:
            restore_runs(self._deleted.pop())

    def _do_sweep(self, _content: Content, live: bool) -> None:
        """Runs that were deleted long ago go for good."""
        if not live:
            empty_trash(self._place())

    def _do_write(self, content: Content, _live: bool) -> Answer:
        replace = content.get("replace") is True
        text, taken = write_run(self._shown(), content["kind"], content["path"], replace=replace)
        return {"kind": "done", "text": text, "taken": taken}, ()

    # -- what is shown --

    def view(self) -> dict[str, Any]:
        """The run on view, as plain data; empty when there is none.

        Beside what `after` tells of it: `number`, another one for each run that is put on view, as
        runs in memory only have no path to tell them apart; `kept`, where it is, in a sentence;
        `gone`, whether its file is not there any more; and `stem`, how files of it are called.
        """
        if self.run is None:
            return {}
        run = self.run
        gone = run.path is not None and not run.path.exists()
        where = {"kept": self._kept(run), "gone": gone, "stem": file_stem(run)}
        return {**self._after, "number": self._viewed, **where}

    def shelf(self) -> dict[str, Any]:
        """The runs of the directory, as plain data."""
        place = self._place()
        rows, skipped = shelf_rows(place)
        # What is still being said is not incomplete, and nothing to compare with.
        open_ = {path.absolute() for path in self._being_written()}
        self._rows = rows = [row for row in rows if Path(row["path"]).absolute() not in open_]
        none = {"seen": "", "final": ""}
        told = [{**row, **none, **self._medians.get(_state_of(row["path"]), {})} for row in rows]
        deleted = self._deleted[-1] if self._deleted else []
        return {
            "directory": shown_path(place),
            "rows": told,
            "skipped": skipped,
            "deleted": [path.stem for path, _ in deleted],
        }

    def _place(self) -> str:
        """The directory of the shelf."""
        return self._directory or str(runs_directory())

    def replay(self, speed: Any) -> Replay:
        """Begin to show the run on view again; a speed of 0 is at once."""
        return start_replay(self._shown(), speed=float(speed) or math.inf)

    def _kept(self, run: Run) -> str:
        """Where a run is."""
        if run.path is None:
            return _IN_MEMORY
        if run.path.exists():
            return f"The run is on disk already, where the kernel is: {shown_path(run.path)}"
        here = run.path.absolute()
        if any(path.absolute() == here for moved in self._deleted for path, _ in moved):
            return _DELETED
        return f"The file of this run is not there any more: {shown_path(run.path)}"

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
        if run is not self.run:
            self._viewed += 1
        self.run = run

    def _shown(self) -> Run:
        if self.run is None:
            raise ConfigError("There is no run to look at yet.")
        return self.run

    def _load(self, path: str) -> Run:
        run = self._loaded.get(path)
        if run is None or not run.complete:
            # One that had no end may have been under way, as in another process.
            run = self._loaded[path] = load(path)
        return run

    # -- medians for the shelf --

    def _measure(self) -> None:
        """Read the next run whose medians are not known; one at a time, others may wait."""
        path = next(iter(self._unmeasured()), None)
        if path is None:
            return
        known = self._loaded.get(path)
        run = known if known is not None and known.complete else None
        self._medians[_state_of(path)] = _medians_of(run, path)

    def _unmeasured(self) -> Iterator[str]:
        for row in self._rows:
            state = _state_of(row["path"])
            if state not in self._medians and state[2] <= _MOST_BYTES:
                yield row["path"]

    @property
    def has_unmeasured(self) -> bool:
        """Whether a run is on the shelf whose medians are still to be told."""
        return any(True for _ in self._unmeasured())


def _path_of(run: Run) -> str:
    return str(run.path or "")


def _check_ended(live: bool, what: str) -> None:
    """What takes a core for seconds may take it from the stopwatch."""
    if live:
        raise ConfigError(f"{what} when the session has ended.")


def _state_of(path: str) -> tuple[str, int, int]:
    """A file as it is now."""
    try:
        stat = Path(path).stat()
    except OSError:
        return path, 0, 0
    return path, stat.st_mtime_ns, stat.st_size


def _medians_of(run: Run | None, path: str) -> dict[str, Any]:
    """What only the whole file tells: medians as text, and how much of the audio was sent."""
    try:
        run = load(path) if run is None else run
        found = medians(run)
    except GladiaNbError:
        return {}
    length = {"duration": f"{run.sent_s:.1f} s", "duration_s": run.sent_s}
    return {"seen": shown(found["seen_ms"]), "final": shown(found["final_ms"]), **length}
