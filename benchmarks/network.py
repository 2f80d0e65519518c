"""What a network of one's choice really does: its delay, jitter, bandwidth, and what it adds alone.

    python benchmarks/network.py [--pieces 300]

Sends small pieces to an echo, over the proxy and past it in turns, and prints for each network what
was asked for and what was measured, from the outside: half of a round trip, less half of a median
round trip without the proxy. Beside it stands what the proxy itself tells. Bandwidth is that of a
burst of two seconds or a megabyte, once its first bytes are back.

On a busy machine the processes wait for a processor; the medians say what the proxy adds, the 99th
percentiles what the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import socket
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from gladia_nb.api.route import Route
from gladia_nb.clock import MonotonicClock
from gladia_nb.network.control import Way
from gladia_nb.network.link import Shape
from gladia_nb.network.process import NetworkProcess
from gladia_nb.record.event_kinds import NetworkEvent

#: As long as a message of the service, and shorter than a chunk of audio.
PIECE = bytes(700)
#: As far apart as chunks, less on purpose: no piece meets the one before it.
APART_S = 0.045
NETWORKS: dict[str, dict[str, float]] = {
    "no network": {},
    "20 ms": {"delay_ms": 20},
    "100 ms": {"delay_ms": 100},
    "100 +- 50 ms": {"delay_ms": 100, "jitter_ms": 50},
    "300 +- 20 ms": {"delay_ms": 300, "jitter_ms": 20},
}
RATES_KBPS = (500, 5000, 50_000)


def echo(port: multiprocessing.Queue[int]) -> None:
    """Answers with what it gets, one connection after the other."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port.put(server.getsockname()[1])
        while True:
            near, _ = server.accept()
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with near:
                while data := near.recv(1 << 16):
                    near.sendall(data)


class Trip:
    """A connection that sends pieces and waits for each to come back."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def once(self, data: bytes = PIECE) -> float:
        """Milliseconds there and back."""
        begin = time.perf_counter_ns()
        self._socket.sendall(data)
        left = len(data)
        while left:
            left -= len(self._socket.recv(1 << 16))
        return (time.perf_counter_ns() - begin) / 1e6

    def rate_kbps(self, data: bytes) -> float:
        """Kilobits a second at which a burst comes back, once it has begun to."""
        self._socket.sendall(data)
        left = len(data) - len(self._socket.recv(1 << 16))
        begin, size = time.perf_counter_ns(), left
        while left:
            left -= len(self._socket.recv(1 << 16))
        return size * 8e6 / (time.perf_counter_ns() - begin)

    def close(self) -> None:
        """End it."""
        self._socket.close()


async def measured(
    process: NetworkProcess, shape: Shape, echo_port: int, pieces: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[NetworkEvent]]:
    """Round trips over the network and past it, in turns, and what the proxy tells."""
    told: list[NetworkEvent] = []
    route = Route(Way(process.port, process.token, shape), MonotonicClock(), told.append)
    await route.open()
    port = await route.entry((("127.0.0.1", echo_port),))

    def work() -> tuple[list[float], list[float]]:
        over = Trip(port)
        past_ms, over_ms = [], []
        for _ in range(pieces):
            over_ms.append(over.once())
            time.sleep(APART_S)
        over.close()
        past = Trip(echo_port)
        for _ in range(pieces):
            past_ms.append(past.once())
            time.sleep(APART_S / 4)
        past.close()
        return over_ms, past_ms

    over_ms, past_ms = await asyncio.to_thread(work)
    await route.settle()
    await route.close()
    return np.array(over_ms), np.array(past_ms), told


async def bandwidth(process: NetworkProcess, kbps: float, echo_port: int) -> float:
    """Kilobits a second at which a burst comes back, measured."""
    shape = Shape(seed=0, bandwidth_kbps=kbps)
    route = Route(Way(process.port, process.token, shape), MonotonicClock())
    await route.open()
    trip = Trip(await route.entry((("127.0.0.1", echo_port),)))
    # Two seconds, and no more than the sockets on the way hold.
    size = min(int(kbps * 1000 / 8 * 2), 1 << 20)

    found = await asyncio.to_thread(trip.rate_kbps, bytes(size))
    trip.close()
    await route.close()
    return found


def line(name: str, asked_ms: float, over: npt.NDArray[Any], past: npt.NDArray[Any]) -> str:
    way = (over - np.median(past)) / 2
    p50, p99 = np.quantile(way, [0.5, 0.99])
    return f"{name:<14}{asked_ms:>10.0f}{p50:>10.2f}{way.mean():>10.2f}{way.std():>9.2f}{p99:>9.2f}"


async def main(pieces: int) -> None:
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    service = multiprocessing.Process(target=echo, args=(port,), daemon=True)
    service.start()
    echo_port = port.get()
    with NetworkProcess() as process:
        print(f"{'one way, ms':<14}{'asked':>10}{'p50':>10}{'mean':>10}{'sd':>9}{'p99':>9}   told")
        for name, fields in NETWORKS.items():
            shape = Shape(seed=1, **fields)
            over, past, told = await measured(process, shape, echo_port, pieces)
            added = [(left - came) / 1e6 for e in told for came, left, _ in (*e.up, *e.down)]
            print(
                f"{line(name, shape.delay_ms, over, past)}   p50 {np.median(added):.2f}, "
                f"mean {np.mean(added):.2f}, sd {np.std(added):.2f}"
            )
        print("\nbandwidth, kbit/s, one burst there and back")
        for kbps in RATES_KBPS:
            found = await bandwidth(process, kbps, echo_port)
            print(f"{kbps:>10}{found:>12.0f}   {100 * (found / kbps - 1):+.1f} %")
    service.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=300)
    asyncio.run(main(parser.parse_args().pieces))
