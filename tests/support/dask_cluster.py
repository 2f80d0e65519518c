"""A Dask cluster as its user starts it: a scheduler and workers, each from the command line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from gladia_nb.studies import remote_block
from tests.support.processes import family, gone

ROOT = Path(__file__).resolve().parents[2]
#: Seconds that a process may take to start on a busy machine.
PATIENCE_S = 90


def _blocks() -> list[str]:
    return list(remote_block._running)


def _shown(dask_scheduler: Any) -> str:
    return "\n".join(
        f"{task!r} {task.run_spec!r} {task.run_spec.args!r}"
        for task in dask_scheduler.tasks.values()
    )


class Cluster:
    """A scheduler with its workers, and a client of it.

    Args:
        folder: for what they write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._contact = folder / "scheduler.json"
        self._scheduler = self._start(
            "scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0"
        )
        self._clients = contextlib.ExitStack()
        self._started = 0
        self.seen: list[psutil.Process] = []
        deadline = time.monotonic() + PATIENCE_S
        while not self._contact.exists():
            assert self._scheduler.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        self.client = self.connect()

    def connect(self, **options: Any) -> Any:
        """Another client, closed with the cluster."""
        from distributed import Client

        client = Client(scheduler_file=str(self._contact), timeout=PATIENCE_S, **options)
        return self._clients.enter_context(contextlib.closing(client))

    def with_workers(self, count: int, *, live: int = 2) -> None:
        """See that so many workers are there, and start those that are not."""
        self.workers = {n: p for n, p in self.workers.items() if p.poll() is None}
        while len(self.workers) < count:
            self._started += 1
            name = f"worker-{self._started}"
            self.workers[name] = self._start(
                name, "worker", "--name", name, "--resources", f"live={live}",
                "--nworkers", "1", "--nthreads", "1", "--no-nanny",
                "--local-directory", str(self.folder),
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_S
        while set(self.addresses()) != set(self.workers):
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def addresses(self) -> dict[str, str]:
        """The address of each worker that the scheduler knows, by its name."""
        told = self.client.sync(self.client.scheduler.identity, n_workers=-1)["workers"]
        return {worker["name"]: address for address, worker in told.items()}

    def busy(self) -> list[str]:
        """Names of the workers that have a task."""
        processing = self.client.processing()
        return [name for name, at in self.addresses().items() if processing.get(at)]

    def blocks(self) -> list[str]:
        """Blocks that workers run, whether Dask knows of them or not."""
        return [key for keys in self.client.run(_blocks).values() for key in keys]

    def shown(self) -> str:
        """What the scheduler can show of its tasks."""
        return str(self.client.run_on_scheduler(_shown))

    def said(self) -> str:
        """Everything that its processes logged."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def remember(self) -> None:
        """Note all processes that there are now, for `close`."""
        for process in (self._scheduler, *self.workers.values()):
            if process.poll() is None:
                self.seen += family(process.pid)

    def close(self) -> None:
        """End all of it; nothing may be left."""
        self.remember()
        self._clients.close()
        for process in (*self.workers.values(), self._scheduler):
            process.terminate()
        for process in (*self.workers.values(), self._scheduler):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert gone(self.seen, PATIENCE_S), "a process of the cluster is left"

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
        command += ["--no-dashboard", "--scheduler-file", str(self._contact)]
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )


@contextlib.contextmanager
def dask_cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster without workers, while the block lasts."""
    with warnings.catch_warnings():
        cluster = Cluster(folder)
        try:
            yield cluster
        finally:
            cluster.close()
