"""The workers of a Dask cluster: who takes sessions, and how many."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gladia_nb.errors import ConfigError

__all__ = ["RESOURCE", "Seat", "check_client", "seats_of"]

#: Seconds within which a scheduler that is there says who its workers are.
_ANSWER_S = 10.0
#: What a Dask worker offers: sessions at once.
RESOURCE = "live"


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker process of the cluster.

    Attributes:
        address: where Dask reaches it.
        home: its folder, which no other process has, not even the next one at this address.
        live: sessions that it takes at once.
        threads: blocks that it takes at once.
    """

    address: str
    home: str
    live: int
    threads: int


def seats_of(client: Any) -> list[Seat]:
    """The workers of a cluster; none when its scheduler is gone.

    Args:
        client: a `distributed.Client`.

    Raises:
        OSError: it cannot be asked at the moment.
    """
    if client.status != "running":
        return []
    # One that is being closed would never answer.
    told = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER_S)
    return [_seat(address, worker) for address, worker in told["workers"].items()]


def _seat(address: str, told: Mapping[str, Any]) -> Seat:
    """A worker, as the scheduler tells of it."""
    # One that pauses or leaves finishes what it has, and takes nothing new.
    live = int(told["resources"].get(RESOURCE, 0)) if told["status"] == "running" else 0
    return Seat(address, told["local_directory"], live, told["nthreads"])


def check_client(client: Any) -> None:
    """See that it is a client that can be used.

    Raises:
        ConfigError: it is not.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ConfigError(
            "Running a study on several machines takes distributed; install it with: "
            'pip install "gladia-nb[dask]".'
        ) from None
    if not isinstance(client, distributed.Client):
        raise ConfigError(
            f"executor is a distributed.Client, not {type(client).__name__}; "
            'connect one with Client("tcp://ADDRESS:8786").'
        )
    if client.asynchronous:
        raise ConfigError(
            "The Dask client is asynchronous, and a study waits for its runs; "
            "connect one without asynchronous=True."
        )
    if client.status != "running":
        raise ConfigError(f"The Dask client is {client.status}; connect it to its scheduler.")
