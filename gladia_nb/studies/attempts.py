"""What became of each attempt at a cell, and whether another one is due."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gladia_nb.errors import RunFileError
from gladia_nb.metrics import verdict
from gladia_nb.metrics.checks import health
from gladia_nb.run import Run, load

__all__ = ["Attempt", "Judged", "State", "judge", "judge_file"]

State = Literal["done", "invalid", "broken", "limited", "refused", "interrupted"]

#: Checks that tell of the design, which a repetition would not change.
_BY_DESIGN = frozenset({"speed"})
_INTERRUPTED = {
    "stopped": "stopped before its end",
    "aborted": "broken off",
    "incomplete": "cut off: its process was killed",
}
#: Errors of the service's answer that another try can mend.
_LIMITED = 429
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a cell.

    Attributes:
        path: its run file.
        state: `done`; `invalid`, when its numbers cannot be believed; `broken`, when the transport
            failed; `limited`, when the service had no room for it; `refused`, when it takes no such
            session; `interrupted`, when it was stopped or killed on this side.
        reason: why it does not count, in a sentence; "" when it does.
        billed_h: hours of audio that the service billed, by its own account or, where it gives
            none, by what was sent.
        verdict: of the stopwatch.
        retry_s: seconds after which the service wants to be asked again; None where it said none.
    """

    path: Path
    state: State
    reason: str
    billed_h: float
    verdict: str
    retry_s: float | None = None

    @property
    def again(self) -> bool:
        """Whether the cell is to be tried once more: never because it was slow."""
        return self.state in ("invalid", "broken", "limited", "interrupted")


class Judged:
    """What became of attempts: each is read and judged once, when it has ended."""

    def __init__(self) -> None:
        self._known: dict[Path, Attempt] = {}

    def __call__(self, path: Path) -> Attempt:
        """What became of an attempt."""
        return self._read(path)[0]

    def first_done(self, paths: Iterable[Path]) -> tuple[Path, Run | None] | None:
        """The attempt of a cell that counts: the first that is done; None where none is.

        Args:
            paths: the attempts of the cell, in their order.

        Returns:
            Its file, and its run where it was loaded just now: whoever needs it need not load it
            again.
        """
        for path in paths:
            attempt, run = self._read(path)
            if attempt.state == "done":
                return path, run
        return None

    def _read(self, path: Path) -> tuple[Attempt, Run | None]:
        """What became of an attempt, and its run, where it had to be loaded and counts."""
        if path in self._known:
            return self._known[path], None
        attempt, run = _read_file(path)
        if attempt.state != "interrupted":
            # What is interrupted may still be under way.
            self._known[path] = attempt
        return attempt, run if attempt.state == "done" else None


def judge_file(path: Path) -> Attempt:
    """What became of an attempt, from its file; one that cannot be read is broken."""
    return _read_file(path)[0]


def _read_file(path: Path) -> tuple[Attempt, Run | None]:
    try:
        run = load(path)
    except RunFileError as error:
        return Attempt(path, "broken", str(error), 0.0, "invalid"), None
    return judge(run, path), run


def judge(run: Run, path: Path) -> Attempt:
    """What became of an attempt; see `Attempt`."""
    found = verdict(run)
    state, reason = _state(run)
    error = next(iter(run.record.of("error")), {})
    retry_s = error.get("retry_after_s")
    return Attempt(path, state, reason, _billed_h(run), found.status, retry_s)


def _state(run: Run) -> tuple[State, str]:
    if run.outcome in ("stopped", "aborted", "incomplete"):
        return "interrupted", f"The session was {_INTERRUPTED[run.outcome]}."
    if run.outcome != "finished":
        error = next(iter(run.record.of("error")), {})
        status = error.get("status") or 0
        said = str(error.get("text") or "The session failed and did not say why.")
        if status == _LIMITED:
            return "limited", said
        if error.get("name") == "ConfigError" or 400 <= status < _SERVER_ERROR:
            return "refused", said
        return "broken", said
    table = health(run)
    wrong = table[(table["verdict"] == "invalid") & ~table["check"].isin(_BY_DESIGN)]
    if len(wrong):
        return "invalid", str(wrong["reason"].iloc[0])
    return "done", ""


def _billed_h(run: Run) -> float:
    told = _billing_s(run)
    if told is not None:
        return told / 3600
    sent_s = float(run.chunks["end_s"].max()) if len(run.chunks) else 0.0
    return sent_s * int(run.record.header["config"]["channels"]) / 3600


def _billing_s(run: Run) -> float | None:
    """Seconds that the service says it bills; None where it does not say."""
    for event in run.record.of("result"):
        try:
            body: Any = json.loads(event["raw"])
        except (ValueError, RecursionError):
            return None
        for part in ("result", "metadata"):
            body = body.get(part) if isinstance(body, Mapping) else None
        seconds = body.get("billing_time") if isinstance(body, Mapping) else None
        if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
            return float(seconds)
    return None
