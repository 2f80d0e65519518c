"""A block of a study on another machine: what is sent there, what is done there, what comes back.

The machine shares no disk with the one that runs the study. It gets the sound and the settings,
runs the sessions in its own worker process, whose stopwatch is near the socket, and gives back
every run file with its digest.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gladia_nb.api.target import Target, shared_server
from gladia_nb.audio import Audio
from gladia_nb.errors import GladiaNbError
from gladia_nb.keys import STARS, Hidden, Secret
from gladia_nb.scratch import ScratchFolder
from gladia_nb.studies.design import Block, Cell, Design
from gladia_nb.studies.progress import Progress
from gladia_nb.studies.running import Outcome, Runner
from gladia_nb.studies.sound_bytes import PackedSound
from gladia_nb.studies.store import Store

__all__ = ["BlockOrder", "BlockResult", "SealedService", "SentRun", "run_block", "stop_block"]

#: Seconds between two looks whether somebody still wants the block.
_LOOK_S = 1.0
#: States of a Dask worker that is on its way out.
_LEAVING = frozenset({"closing", "closed", "stopping", "stopped", "failed"})


class SealedService:
    """A service and its key on their way to another machine.

    `Secret` refuses to be pickled, so that no key gets into a file by chance; this is the one
    thing that carries a key elsewhere, on purpose. Nothing shows it, but who can read the wire or
    the memory of the scheduler can read it: between machines Dask is to use TLS.

    Args:
        target: the service; None for an embedded server of the machine itself.

    Example:
        >>> SealedService(Target("https://api.gladia.io", Secret("0123456789"), "Gladia"))
        ********
    """

    __slots__ = ("_key", "_url")

    def __init__(self, target: Target | None) -> None:
        self._url = None if target is None else Hidden(target.url)
        self._key = None if target is None else target.key

    def open(self) -> dict[str, Any]:
        """What `gladia_nb.start` takes of it.

        Raises:
            ServerError: the embedded server did not start.
        """
        if self._url is None:
            return {"server": shared_server()}
        return {"url": self._url, "key": self._key}

    def __repr__(self) -> str:
        return STARS

    def __reduce__(self) -> tuple[Any, ...]:
        key = None if self._key is None else str(self._key.reveal())
        return _unsealed, (None if self._url is None else str(self._url), key)


def _unsealed(url: str | None, key: str | None) -> SealedService:
    if url is None or key is None:
        return SealedService(None)
    return SealedService(Target(url, Secret(key), ""))


class BlockOrder:
    """What another machine is to run: a block of a design, cut down to what it needs.

    Args:
        key: name of the task; none is run twice.
        home: folder of the Dask worker that is to run it, which no other process has.
        design: the whole design.
        block: which one.
        cells: those of its cells that are wanted.
        audio: its sound.
        reference: what was said in it.
        services: of each arm.
        at_once: sessions at once.
        tries: at a cell.
    """

    def __init__(
        self,
        *,
        key: str,
        home: str,
        design: Design,
        block: Block,
        cells: list[Cell],
        audio: Audio,
        reference: Any,
        services: Mapping[str, SealedService],
        at_once: int,
        tries: int,
    ) -> None:
        self.key = key
        self.home = home
        known = Design.of(design.describe()).items
        # A server of an arm, which is an object of this process, stays here.
        arms = tuple(dataclasses.replace(arm, service={}) for arm in design.arms)
        self.design = dataclasses.replace(design, items=(known[block.item],), arms=arms)
        self.block = dataclasses.replace(block, item=0)
        self.cells = [dataclasses.replace(cell, item=0) for cell in cells]
        self.sound = PackedSound(audio)
        self.reference = reference
        self.services = dict(services)
        self.at_once = at_once
        self.tries = tries

    def __repr__(self) -> str:
        return f"BlockOrder({self.key!r}, {len(self.cells)} cells, {self.sound!r})"

    def opened(self) -> Design:
        """The design with the services of its arms."""
        found = {name: sealed.open() for name, sealed in self.services.items()}
        arms = [dataclasses.replace(arm, service=found[arm.name]) for arm in self.design.arms]
        return dataclasses.replace(self.design, arms=tuple(arms))


@dataclass(frozen=True, slots=True)
class SentRun:
    """A run file on its way back.

    Attributes:
        cell: id of its cell.
        sha256: of the content.
        content: the whole file.
    """

    cell: str
    sha256: str
    content: bytes = field(repr=False)

    @property
    def whole(self) -> bool:
        """Whether it is what was sent."""
        return hashlib.sha256(self.content).hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What became of a block.

    Attributes:
        runs: every attempt, failed ones too.
        left: cells that still want a run, and why they have none.
        refused: arms that the service refuses, and why.
        said: what happened, in sentences.
        problem: why the block could not be run, in a sentence; "" when it could.
        ran: False where this process is not the one that was to run it, or has run it before.
    """

    runs: tuple[SentRun, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    problem: str = ""
    ran: bool = True


@dataclass(frozen=True, slots=True)
class _Item:
    """A sound that is here, with what was said in it."""

    sound: Audio = field(repr=False)
    reference: Any = field(repr=False)

    def audio(self) -> Audio:
        return self.sound


_lock = threading.Lock()
#: Every block that this process has begun.
_begun: set[str] = set()
#: What runs the blocks that are under way.
_running: dict[str, Runner] = {}


class _Told(Progress):
    """Keeps all that happens, for whoever ordered the block."""

    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._said = said

    def tell(self, text: str) -> None:
        self._said.append(text)


def run_block(order: BlockOrder) -> BlockResult:
    """Run a block in this process, in a thread of its Dask worker: the task itself.

    Dask runs a task again where it believes that the first try is lost; a block that was begun
    before, or that was meant for another process, is therefore left to whoever ordered it.
    """
    worker = importlib.import_module("distributed").get_worker()
    with _lock:
        if worker.local_directory != order.home or order.key in _begun:
            return BlockResult(ran=False)
        _begun.add(order.key)
    said: list[str] = []
    problem = ""
    outcome = Outcome()
    with ScratchFolder() as folder:
        store = Store(folder)
        refused: Mapping[str, str] = {}
        try:
            runner = Runner(
                order.opened(),
                [_Item(order.sound.open(), order.reference)],
                store,
                cap=order.at_once,
                service={},
                watch=_Told(said),
                tries=order.tries,
            )
            with _under_way(order.key, runner), _watched(worker, order.key, runner):
                runner.run(order.block, order.cells, outcome)
            refused = runner.refused
        except GladiaNbError as error:
            # Not every error can be pickled, its sentence can.
            problem = str(error)
        return BlockResult(_sent(store), outcome.left, refused, tuple(said), problem)


def stop_block(key: str) -> None:
    """End a block as soon as possible; what was recorded comes back as its result.

    Nothing happens when it is not under way. It only hands over, so that Dask may call it on its
    event loop.
    """
    runner = _running.get(key)
    if runner is not None:
        runner.stop()


def _sent(store: Store) -> tuple[SentRun, ...]:
    """Every run of a store, attempts in their order."""
    found = []
    for cell, paths in store.attempts().items():
        for path in paths:
            content = path.read_bytes()
            found.append(SentRun(cell, hashlib.sha256(content).hexdigest(), content))
    return tuple(found)


@contextlib.contextmanager
def _under_way(key: str, runner: Runner) -> Iterator[None]:
    _running[key] = runner
    try:
        yield
    finally:
        del _running[key]


@contextlib.contextmanager
def _watched(worker: Any, key: str, runner: Runner) -> Iterator[None]:
    """Stop the block when nobody wants it any more: sessions cost money, and take room."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if not _wanted(worker, key):
                runner.stop()
                return

    thread = threading.Thread(target=watch, name="gladia_nb block", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _wanted(worker: Any, key: str) -> bool:
    """Whether a Dask worker stays, and whoever ordered the task is still there."""
    task = worker.state.tasks.get(key)
    return task is not None and task.state != "cancelled" and worker.status.name not in _LEAVING
