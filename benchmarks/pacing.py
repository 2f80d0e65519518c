"""How punctual is a stream? Lateness and drift of 60 s of speech, idle and under load.

Each chunk is due when its last sample has been spoken. Lateness is send start minus due time;
drift is the median lateness of the last ten chunks minus that of the first ten. The embedded
server recognises the speech on the same machine meanwhile. Conditions:

* idle: the calling process waits
* pandas: the calling process groups and sorts a large frame without pause

Beside each runs a bare process that does nothing but wait for the same schedule, in the most
punctual way that there is (sleep, then busy waiting): what it cannot keep, this machine does not
allow at that moment. For comparison, `in loop` is a task in the calling process's own event loop,
which only sleeps to the schedule, while another task runs the same pandas work.

    python benchmarks/pacing.py [--seconds 60] [--chunk-ms 100]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import gladia_nb as gn


def speech(seconds: float) -> tuple[np.ndarray, int]:
    """The conversation, repeated to a length."""
    audio = gn.read_audio(gn.sample("conversation"))
    frames = int(seconds * audio.sample_rate)
    return np.resize(audio.samples[:, 0], frames), audio.sample_rate


def work(frame: pd.DataFrame) -> None:
    """A piece of ordinary analysis, some tens of milliseconds long."""
    frame.groupby("key").agg({"value": ["mean", "std", "median"]}).sort_values(("value", "mean"))


def table(rows: int = 300_000) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {"key": generator.integers(0, 5000, rows), "value": generator.normal(size=rows)}
    )


def show(name: str, lateness_ms: np.ndarray) -> None:
    p50, p99 = np.percentile(lateness_ms, [50, 99])
    drift = np.median(lateness_ms[-10:]) - np.median(lateness_ms[:10])
    print(
        f"{name:<8} n={len(lateness_ms):5d}  lateness p50 {p50:8.3f}  p99 {p99:8.3f}  "
        f"max {lateness_ms.max():8.3f} ms   drift {drift:+8.3f} ms"
    )


BARE = """
import json, sys, time
n, period = int(sys.argv[1]), float(sys.argv[2])
late, start = [], time.perf_counter()
for k in range(1, n + 1):
    due = start + k * period
    time.sleep(max(0.0, due - 0.003 - time.perf_counter()))
    while time.perf_counter() < due:
        pass
    late.append((time.perf_counter() - due) * 1000)
print(json.dumps(late))
"""


def session(seconds: float, chunk_ms: float, path: Path, load: bool) -> tuple[np.ndarray, ...]:
    """Lateness in ms of the stream's chunks, and of the bare process beside it."""
    frame = table()
    count = int(seconds * 1000 / chunk_ms)
    live = gn.start(speech(seconds), chunk_ms=chunk_ms, path=path, endpointing=0.3)
    bare = subprocess.Popen(
        [sys.executable, "-c", BARE, str(count), str(chunk_ms / 1000)], stdout=subprocess.PIPE
    )
    while not live.done:
        if load:
            work(frame)
        else:
            live.wait(0.5)
    chunks = live.result().chunks
    out, _ = bare.communicate()
    return chunks.loc[~chunks["resend"], "lateness_ms"].to_numpy(), np.array(json.loads(out))


async def in_loop(seconds: float, chunk_ms: float) -> np.ndarray:
    frame = table()
    late: list[float] = []

    async def tick() -> None:
        start = time.perf_counter()
        for k in range(1, int(seconds * 1000 / chunk_ms) + 1):
            due = start + k * chunk_ms / 1000
            await asyncio.sleep(due - time.perf_counter())
            late.append((time.perf_counter() - due) * 1000)

    task = asyncio.create_task(tick())
    while not task.done():
        work(frame)
        await asyncio.sleep(0)
    return np.array(late)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--chunk-ms", type=float, default=100)
    options = parser.parse_args()
    print(f"{options.seconds:g} s, chunks of {options.chunk_ms:g} ms, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for name, load in (("idle", False), ("pandas", True)):
            path = Path(folder) / f"{name}.run"
            stream, bare = session(options.seconds, options.chunk_ms, path, load)
            show(name, stream)
            show("  bare", bare)
    show("in loop", asyncio.run(in_loop(min(options.seconds, 20), options.chunk_ms)))
    gn.shutdown()


if __name__ == "__main__":
    main()
