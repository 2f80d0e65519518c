"""Run the blocks of a study on the machines of a Dask cluster.

Dask carries a block to a machine and its runs back, and nothing else is left to it. It would run a
task again when a worker dies, and move a task that waits to another worker, and either could send
the same audio twice. So each block is bound to one worker process, which this module chooses: what
is bound is not stolen, and when that process is gone the block is ordered anew from here.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gladia_nb.api.target import URL_VARIABLE, resolve_target
from gladia_nb.child import KEY_VARIABLE
from gladia_nb.errors import ConfigError, GladiaNbError
from gladia_nb.studies import running
from gladia_nb.studies.attempts import judge_file
from gladia_nb.studies.design import Block, Cell, Design
from gladia_nb.studies.money import billed_hours
from gladia_nb.studies.remote_block import (
    BlockOrder,
    BlockResult,
    SealedService,
    run_block,
    stop_block,
)
from gladia_nb.studies.running import Outcome, Sound, Tell, beating
from gladia_nb.studies.seats import RESOURCE, Seat, check_client, seats_of
from gladia_nb.studies.store import Store

__all__ = ["DaskRunner"]

#: Seconds between two looks at who is there.
_LOOK_S = 1.0
#: Seconds to wait for another machine when none is left.
_PATIENCE_S = 60.0
#: Seconds that the runs of a block may take to come here.
_FETCH_S = 60.0
#: Seconds that blocks may take to end when the study is broken off.
_PARTING_S = 30.0
#: Times that a block may take its machine with it.
_LOSSES = 3

_NOBODY = (
    "No worker of the Dask cluster offers sessions; start them with "
    f'`dask worker ... --resources "{RESOURCE}=2"`, and wait for them with wait_for_workers.'
)


@dataclass(frozen=True, slots=True)
class _Flight:
    """A block that is under way."""

    block: Block
    cells: list[Cell]
    seat: Seat
    width: int
    key: str
    future: Any
    claim: contextlib.ExitStack


class DaskRunner:
    """Runs the blocks of a design on the workers of a cluster, several at once.

    Args:
        client: a `distributed.Client`.
        design: the study.
        sounds: its items, with their audio.
        store: where it is kept, on this machine.
        cap: sessions at once, on all machines together.
        service: what was said of it for all cells: `url`, `key`, `server`.
        tell: is told each step, in a sentence.

    Raises:
        ConfigError: it is no such client, no worker offers sessions, or there is no service.
    """

    def __init__(
        self,
        client: Any,
        design: Design,
        sounds: Sequence[Sound],
        store: Store,
        *,
        cap: int,
        service: Mapping[str, Any],
        tell: Tell,
    ) -> None:
        check_client(client)
        self._client = client
        self._design = design
        self._sounds = sounds
        self._store = store
        self._cap = cap
        self._tell = tell
        self._services = {arm.name: _sealed({**service, **arm.service}) for arm in design.arms}
        self._flights: list[_Flight] = []
        self._refused: dict[str, str] = {}
        self._losses: Counter[str] = Counter()
        self._news = threading.Event()
        self._there: list[Seat] = []
        #: Hours of audio of blocks that were lost with their machine: nobody knows how much of
        #: them was billed, so that all of it counts.
        self._lost_h = 0.0
        if not any(seat.live for seat in self._look()):
            raise ConfigError(_NOBODY)

    def run(
        self,
        blocks: Iterable[Block],
        outcome: Outcome,
        *,
        wanted: Callable[[Block], list[Cell]],
        too_dear: Callable[[Block, Sequence[Cell], float], str],
        advance: Callable[[], None],
    ) -> None:
        """Run what is wanted of some blocks.

        Args:
            blocks: in the order in which they are begun.
            outcome: is told what became of them.
            wanted: the cells of a block that have no run yet.
            too_dear: why a block is not paid for, in a sentence that ends the study, or ""; of the
                block, its cells, and hours that were lost with machines.
            advance: is called after each block.

        Raises:
            GladiaNbError: a machine could not run its block; the sentence says which and why.
        """
        waiting = deque(blocks)
        deadline = time.monotonic() + _PATIENCE_S
        try:
            while waiting or self._flights:
                self._fill(waiting, outcome, wanted, too_dear)
                if any(seat.live for seat in self._there):
                    deadline = time.monotonic() + _PATIENCE_S
                elif not self._flights and time.monotonic() > deadline:
                    outcome.stopped = (
                        "No machine is left, and none came back; what is done is kept, and the "
                        "same call goes on."
                    )
                if outcome.stopped:
                    waiting.clear()
                self._news.wait(_LOOK_S)
                self._news.clear()
                for lost in self._settle(outcome, advance):
                    self._again(lost, waiting, outcome)
        finally:
            self._part(outcome, advance)

    def _look(self) -> list[Seat]:
        """Who is there now; as before where that cannot be asked: nobody is lost because of it."""
        with contextlib.suppress(OSError):
            self._there = seats_of(self._client)
        return self._there

    # -- out --

    def _fill(
        self,
        waiting: deque[Block],
        outcome: Outcome,
        wanted: Callable[[Block], list[Cell]],
        too_dear: Callable[[Block, Sequence[Cell], float], str],
    ) -> None:
        """Order blocks as long as there is room for the next one."""
        while waiting and not outcome.stopped:
            block = waiting[0]
            cells = self._not_refused(wanted(block), outcome)
            width = self._width(cells)
            seat = self._room(width)
            if cells and seat is None:
                return
            waiting.popleft()
            if not cells or seat is None:
                continue
            outcome.stopped = too_dear(block, cells, self._lost_h)
            if not outcome.stopped and not self._order(block, cells, seat, width):
                name = self._design.items[block.item].name
                self._tell(f"{name}: another process has this block.")

    def _not_refused(self, cells: Iterable[Cell], outcome: Outcome) -> list[Cell]:
        kept = []
        for cell in cells:
            if cell.arm in self._refused:
                outcome.left[cell.id] = self._refused[cell.arm]
            else:
                kept.append(cell)
        return kept

    def _width(self, cells: Sequence[Cell]) -> int:
        """Sessions at once of a block: all of a duet, as far as the widest machine takes them."""
        if self._design.order != "duet":
            return 1
        widest = max((seat.live for seat in self._there), default=1)
        return max(min(self._cap, widest, len(cells)), 1)

    def _room(self, width: int) -> Seat | None:
        """The worker with the most room, if that is enough and the plan allows as many more."""
        if sum(flight.width for flight in self._flights) + width > self._cap:
            return None
        free = {}
        for seat in self._there:
            here = [flight.width for flight in self._flights if flight.seat.home == seat.home]
            if len(here) < seat.threads:
                free[seat] = seat.live - sum(here)
        best = max(free, key=lambda seat: free[seat], default=None)
        return best if best is not None and free[best] >= width else None

    def _order(self, block: Block, cells: list[Cell], seat: Seat, width: int) -> bool:
        """Have a worker run a block; False when another process has it."""
        claim = self._store.claim(block.id)
        if claim is None:
            return False
        with contextlib.ExitStack() as stack:
            stack.callback(claim.release)
            stack.enter_context(beating(claim))
            # The number tells tries of one call apart, the rest those of several calls.
            key = f"gladia_nb-{block.id}-{self._losses[block.id]}-{secrets.token_hex(4)}"
            sound = self._sounds[block.item]
            order = BlockOrder(
                key=key,
                home=seat.home,
                design=self._design,
                block=block,
                cells=cells,
                audio=sound.audio(),
                reference=sound.reference,
                services=self._services,
                at_once=width,
                tries=running.TRIES,
            )
            future = self._submit(order, seat, width)
            self._flights.append(_Flight(block, cells, seat, width, key, future, stack.pop_all()))
        future.add_done_callback(lambda _: self._news.set())
        return True

    def _submit(self, order: BlockOrder, seat: Seat, width: int) -> Any:
        dask = importlib.import_module("dask")
        # A block holds its sound, and that is no mistake; the lines of the caller's program, which
        # can hold the key, are not for the dashboard.
        quiet = {
            "distributed.admin.large-graph-warning-threshold": "1TiB",
            "distributed.diagnostics.computations.nframes": 0,
        }
        with dask.config.set(quiet):
            return self._client.submit(
                run_block,
                order,
                key=order.key,
                pure=False,
                retries=0,
                workers=[seat.address],
                allow_other_workers=False,
                resources={RESOURCE: width},
            )

    # -- back --

    def _settle(self, outcome: Outcome, advance: Callable[[], None]) -> list[_Flight]:
        """Keep what has come back; returns what is lost."""
        homes = {seat.home for seat in self._look()}
        lost = []
        for flight in list(self._flights):
            if flight.future.done():
                result = _fetch(flight.future)
            elif flight.seat.home not in homes:
                result = None
            else:
                continue
            # What is under way stays known until it is kept, so that an interrupt finds it.
            good = result is not None and result.ran and all(run.whole for run in result.runs)
            if result is not None and good:
                self._keep(flight, result, outcome)
            else:
                lost.append(flight)
            self._flights.remove(flight)
            self._let_go(flight)
            advance()
            if result is not None and result.problem:
                raise GladiaNbError(
                    f"The worker {flight.seat.address} cannot run its block: {result.problem}"
                )
        return lost

    def _keep(self, flight: _Flight, result: BlockResult, outcome: Outcome) -> None:
        """Put the runs of a block into the store."""
        for run in result.runs:
            path = self._store.add_attempt(run.cell, run.content)
            outcome.attempts.append(judge_file(path))
        for cell in flight.cells:
            outcome.left.pop(cell.id, None)
        outcome.left.update(result.left)
        self._refused.update(result.refused)
        for sentence in result.said:
            self._tell(sentence)

    def _again(self, flight: _Flight, waiting: deque[Block], outcome: Outcome) -> None:
        """Put a block that was lost first in the line, unless it was lost too often."""
        hours = [billed_hours(self._design, cell.item, cell.arm) for cell in flight.cells]
        self._lost_h += sum(hours)
        self._losses[flight.block.id] += 1
        name = self._design.items[flight.block.item].name
        if self._losses[flight.block.id] < _LOSSES:
            waiting.appendleft(flight.block)
            self._tell(f"{name}: lost with the worker {flight.seat.address}, run again.")
            return
        reason = f"The worker was lost {_LOSSES} times."
        outcome.left.update(dict.fromkeys((cell.id for cell in flight.cells), reason))
        self._tell(f"{name}: given up. {reason}")

    def _let_go(self, flight: _Flight) -> None:
        """Give a block back to the store, and its task to Dask."""
        flight.claim.close()
        # To cancel it would wait for an answer, for ever where the client is being closed.
        with contextlib.suppress(Exception):
            flight.future.release()

    def _part(self, outcome: Outcome, advance: Callable[[], None]) -> None:
        """End what is under way, and keep what was recorded of it."""
        deadline = time.monotonic() + _PARTING_S
        try:
            for flight in self._flights if self._client.status == "running" else ():
                # The worker may be gone.
                with contextlib.suppress(Exception):
                    self._client.run(stop_block, flight.key, workers=[flight.seat.address])
            while self._flights and time.monotonic() < deadline:
                self._news.wait(0.2)
                self._news.clear()
                with contextlib.suppress(GladiaNbError):
                    self._settle(outcome, advance)
        finally:
            for flight in self._flights:
                self._let_go(flight)
            self._flights.clear()


def _sealed(given: Mapping[str, Any]) -> SealedService:
    """The service of an arm, found here once, so that no machine takes another one.

    Raises:
        ConfigError, AuthenticationError: as for `transcribe`.
    """
    service = {name: given.get(name) for name in ("key", "url", "server")}
    known = [*service.values(), os.environ.get(URL_VARIABLE), os.environ.get(KEY_VARIABLE)]
    return SealedService(resolve_target(**service) if any(known) else None)


def _fetch(future: Any) -> BlockResult | None:
    """What a task returned; None when it is lost."""
    try:
        result: BlockResult = future.result(timeout=_FETCH_S)
    except Exception as error:  # noqa: BLE001 - whatever another machine raises
        # Dask's own errors tell of workers; those of the task are what it could not catch.
        if future.status != "error" or type(error).__name__ == "KilledWorker":
            return None
        return BlockResult(
            problem=f"{type(error).__name__}: {error}. Is the same version of gladia-nb installed "
            "there?"
        )
    return result
