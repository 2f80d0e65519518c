"""Carry out the blocks of a study: claim, start, wait, judge, try again."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gladia_nb.errors import GladiaNbError
from gladia_nb.run import Run
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.runner import start
from gladia_nb.studies.attempts import Attempt, judge_file
from gladia_nb.studies.design import Block, Cell, Design, rounds
from gladia_nb.studies.store import Claim, Store
from gladia_nb.studies.tally import CellState

__all__ = ["TRIES", "Outcome", "Runner", "Sound", "Tell", "Watch", "beating"]

log = logging.getLogger(__name__)

#: Tries at a cell, the first included.
TRIES = 3
#: Seconds to wait when the service has no room and does not say for how long.
_WAIT_S = 20.0
#: Times that a cell waits for room before it is given up for now.
_WAITS = 30
_BEAT_S = 5.0
#: How long sessions that were stopped by an interrupt are waited for.
_ENDING_S = 20.0


Tell = Callable[[str], None]


class Watch(Protocol):
    """Who is told how a study goes, on the thread that runs it, and may end it."""

    @property
    def over(self) -> threading.Event:
        """Set to end the study as soon as it can."""

    def tell(self, text: str) -> None:
        """Something happened, in a sentence."""

    def put(self, cell: str, state: CellState) -> None:
        """A cell is in this state now."""

    def tick(self) -> None:
        """Some time has passed."""


class Sound(Protocol):
    """An item whose audio can be had."""

    def audio(self) -> Any:
        """The sound, read anew."""

    @property
    def reference(self) -> Any:
        """What was said in it."""


@dataclass
class Outcome:
    """What a run of a study did.

    Attributes:
        attempts: what was recorded now.
        left: cells that still want a run, and why they have none.
        stopped: why it ended before all was done, in a sentence; "" when it did not.
    """

    attempts: list[Attempt] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    stopped: str = ""


class Runner:
    """Runs the blocks of a design one after the other.

    Args:
        design: the study.
        sounds: its items, with their audio.
        store: where it is kept.
        cap: sessions at once.
        service: what goes to `gladia_nb.start` for every cell: `url`, `key`, `server`.
        watch: is told each step, and may end it.
        tries: at a cell, the first included; by default `TRIES`.
        judge: says of the file of an attempt what became of it.

    Attributes:
        refused: arms that the service refuses, and why.
    """

    def __init__(
        self,
        design: Design,
        sounds: Sequence[Sound],
        store: Store,
        *,
        cap: int,
        service: dict[str, Any],
        watch: Watch,
        tries: int | None = None,
        judge: Callable[[Path], Attempt] = judge_file,
    ) -> None:
        self._judge = judge
        self._design = design
        self._sounds = sounds
        self._store = store
        self._cap = cap
        self._service = service
        self._watch = watch
        self._tell = watch.tell
        self._over = watch.over
        self._tries = TRIES if tries is None else tries
        self.refused: dict[str, str] = {}

    def stop(self) -> None:
        """End as soon as possible: what is under way is stopped and stays in the store."""
        self._over.set()

    def run(self, block: Block, wanted: Sequence[Cell], outcome: Outcome) -> bool:
        """Run some cells of a block; False when another process has it."""
        claim = self._store.claim(block.id)
        if claim is None:
            return False
        with beating(claim):
            try:
                width = self._cap if self._design.order == "duet" else 1
                for group in rounds(wanted, width):
                    self._group(group, outcome)
            finally:
                claim.release()
        return True

    def _group(self, cells: Sequence[Cell], outcome: Outcome) -> None:
        """Cells that run at once, each until it is done or given up."""
        tries = dict.fromkeys((cell.id for cell in cells), 0)
        waits = 0
        left = [cell for cell in cells if cell.arm not in self.refused]
        while left and not self._over.is_set():
            found = self._together(left)
            outcome.attempts += found.values()
            again = []
            for cell in left:
                attempt = found.get(cell.id)
                self._watch.put(cell.id, "done" if attempt and attempt.state == "done" else "to do")
                if attempt is None or self._over.is_set():
                    continue
                outcome.left.pop(cell.id, None)
                if attempt.state != "done":
                    outcome.left[cell.id] = attempt.reason
                tries[cell.id] += attempt.state != "limited"
                if not attempt.again:
                    if attempt.state == "refused":
                        self._watch.put(cell.id, "failed")
                        self.refused[cell.arm] = attempt.reason
                        self._tell(f"{self._name(cell)}: refused, not repeated. {attempt.reason}")
                elif attempt.state != "limited" and tries[cell.id] >= self._tries:
                    self._watch.put(cell.id, "failed")
                    self._tell(f"{self._name(cell)}: given up. {attempt.reason}")
                else:
                    self._tell(f"{self._name(cell)}: once more. {attempt.reason}")
                    again.append(cell)
            if any(found[cell.id].state == "limited" for cell in again):
                waits += 1
                if waits > _WAITS or self._over.wait(self._pause_s(found.values())):
                    break
            left = again
        for cell in cells:
            if cell.arm in self.refused:
                outcome.left[cell.id] = self.refused[cell.arm]
                self._watch.put(cell.id, "failed")

    def _together(self, cells: Sequence[Cell]) -> dict[str, Attempt]:
        """Start cells at once, wait for all, and say what became of each."""
        sound = self._sounds[cells[0].item]
        audio, reference = sound.audio(), sound.reference
        paths: dict[str, Path] = {}
        lives: dict[str, Live] = {}
        try:
            for cell in self._jittered(cells):
                arm = self._design.arm(cell.arm)
                paths[cell.id] = self._store.new_attempt(cell.id)
                session = {
                    **self._service,
                    **arm.session(self._design.weather(cell)),
                    "path": paths[cell.id],
                }
                lives[cell.id] = start(audio, arm.config, reference=reference, **session)
                self._watch.put(cell.id, "under way")
            self._await(lives.values())
        except BaseException:
            _part(lives.values())
            raise
        for live in lives.values():
            _keep(live)
        return {cell: self._judge(path) for cell, path in paths.items() if path.exists()}

    def _await(self, lives: Collection[Live]) -> None:
        """Wait until all have ended; stop them when the study is to end."""
        stopped = False
        for live in lives:
            while not live.wait(0.2):
                self._watch.tick()
                if self._over.is_set() and not stopped:
                    stopped = True
                    for other in lives:
                        other.stop()

    def _jittered(self, cells: Sequence[Cell]) -> Iterator[Cell]:
        """Cells at moments that differ by parts of a chunk, so that no arm is always first."""
        for k, cell in enumerate(cells):
            if self._over.is_set():
                return
            if k:
                chunk_s = self._design.arm(cell.arm).options.chunk_ms / 1000
                draw = random.Random(cell.id).random()  # noqa: S311 - nothing to keep secret
                time.sleep(draw * min(chunk_s, 1.0))
            yield cell

    def _pause_s(self, attempts: Iterable[Attempt]) -> float:
        full = [attempt for attempt in attempts if attempt.state == "limited"]
        return max((attempt.retry_s or _WAIT_S for attempt in full), default=_WAIT_S)

    def _name(self, cell: Cell) -> str:
        return f"{self._design.items[cell.item].name}, {cell.arm}, repeat {cell.repeat + 1}"


def _keep(live: Live) -> None:
    """See that an attempt is in the store also when no session came of it: it is one."""
    if live.path.exists():
        return
    try:
        live.result(0)
    except GladiaNbError as error:
        if isinstance(error.run, Run):
            error.run.save(live.path)


def _part(lives: Collection[Live]) -> None:
    """End sessions properly: nothing goes on unseen, and the service may still send what it has."""
    for live in lives:
        live.stop()
    for live in lives:
        if not live.wait(_ENDING_S):
            live.abort()


@contextlib.contextmanager
def beating(claim: Claim) -> Iterator[None]:
    """Show while it lasts that the work on a block goes on."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_S):
            claim.touch()

    thread = threading.Thread(target=beat, name="gladia_nb study", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
