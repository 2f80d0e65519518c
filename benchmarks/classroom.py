"""How many students one machine holds: a server for all of them, and a server each.

    python benchmarks/classroom.py [--students 1 30] [--seconds 10] [--rounds 3]
    python benchmarks/classroom.py --voices [--students 1 30] [--seconds 10]

Every student has a session in real time, in chunks of 100 ms, with partials and finals of a script,
as the lessons of the course have. The two ways take turns. Told are the medians of the rounds:

* acknowledgement: from before a chunk is written to when its acknowledgement has been read, and the
  ratio of its p99 to the limit of 20 ms, above which a lesson would show the server and not the
  service. It includes the client's own waiting for a processor.
* processor: of the servers, in parts of one processor.
* memory: of the servers, proportional set size; what several share counts once.

With `--voices` the students speak to the recogniser (PocketSphinx) on one server, as in *your own
voice* and as with `gladia-nb serve`. Told are the processor time for each second that somebody
speaks, which says how many students a processor carries, and how long after the end of the audio
the last final came.

How busy the machine is otherwise decides about all of this; its load is told with each row.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import re
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import aiohttp
import numpy as np
from server_sessions import CHUNK_S, LIMIT_MS, processor_s, script, stream

import gladia_nb as gn
from gladia_nb.server import LocalServer


class Figures(NamedTuple):
    """What one round told."""

    p50: float
    p90: float
    p99: float
    processor: float
    memory: float
    load: float


def memory_mb(pid: int) -> float:
    """Proportional set size of a process in MB; NaN where the system does not tell."""
    path = Path(f"/proc/{pid}/smaps_rollup")
    if not path.exists():
        return float("nan")
    found = re.search(r"^Pss:\s+(\d+) kB", path.read_text(), flags=re.MULTILINE)
    return int(found[1]) / 1e3 if found else float("nan")


async def lesson(servers: list[LocalServer], students: int, seconds: float) -> dict:
    """All sessions at once, spread over the length of a chunk."""
    found: dict = {"trips": [], "late": [], "messages": 0, "codes": []}
    connector = aiohttp.TCPConnector(limit=0)
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for server in servers:
            headers = {"x-gladia-key": server.key}
            client = aiohttp.ClientSession(
                headers=headers, connector=connector, connector_owner=False
            )
            clients.append(await stack.enter_async_context(client))
        begin = time.perf_counter() + 2.0
        await asyncio.gather(
            *(
                stream(
                    clients[k % len(servers)],
                    servers[k % len(servers)].url,
                    begin + CHUNK_S * k / students,
                    int(seconds / CHUNK_S),
                    found,
                )
                for k in range(students)
            )
        )
    await connector.close()
    return found


def once(count: int, students: int, seconds: float) -> Figures:
    """One round, with so many servers."""
    with contextlib.ExitStack() as stack:
        told = script(seconds)
        servers = [
            stack.enter_context(LocalServer(engine="scripted", script=told)) for _ in range(count)
        ]
        before = sum(processor_s(server.pid) for server in servers)
        begin = time.perf_counter()
        found = asyncio.run(lesson(servers, students, seconds))
        took = time.perf_counter() - begin
        used = sum(processor_s(server.pid) for server in servers) - before
        memory = sum(memory_mb(server.pid) for server in servers)
    assert set(found["codes"]) == {1000}, found["codes"]
    assert len(found["trips"]) == students * int(seconds / CHUNK_S)
    trips = np.quantile(np.array(found["trips"]) * 1e3, [0.5, 0.9, 0.99])
    return Figures(*trips, used / took, memory, os.getloadavg()[0])


def family_s(pid: int) -> float:
    """Processor time of a process and all that it started, those that have ended too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(family_s(int(child)) for child in children)


def voices(students: int, seconds: float) -> None:
    """All students speak at once; prints what it takes."""
    whole = gn.read_audio(gn.sample("conversation"))
    audio = gn.Audio(whole.samples[: int(seconds * whole.sample_rate)], whole.sample_rate)
    with LocalServer() as server, tempfile.TemporaryDirectory() as folder:
        before = family_s(server.pid)
        lives = [
            gn.start(audio, server=server, endpointing=0.3, path=f"{folder}/{k}.run")
            for k in range(students)
        ]
        runs = [live.result() for live in lives]
        used = (family_s(server.pid) - before) / (students * seconds)
    ends = [run.utterances["final_s"].max() - run.chunks["end_s"].max() for run in runs]
    behind = [end for end in ends if not np.isnan(end)]
    if len(behind) < students:
        print(f"{students} students who speak: {students - len(behind)} of them got no final")
        return
    print(
        f"{students} students who speak: {used:.2f} s of processor for each second, so that a "
        f"processor carries {1 / used:.1f}; last final {np.median(behind):.1f} s behind the audio "
        f"(median, slowest {max(behind):.1f}); load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, nargs="+", default=[1, 30])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--voices", action="store_true", help="with the recogniser")
    options = parser.parse_args()
    gc.freeze()
    if options.voices:
        for students in options.students:
            voices(students, options.seconds)
        return
    print(f"{os.cpu_count()} processors; medians of {options.rounds} rounds")
    for students in options.students:
        ways = {"one server for all": 1}
        if students > 1:
            ways["a server each"] = students
        rounds: dict[str, list[Figures]] = {way: [] for way in ways}
        for _ in range(options.rounds):
            for way, count in ways.items():
                rounds[way].append(once(count, students, options.seconds))
        for way, figures in rounds.items():
            m = Figures(*np.median(np.array(figures), axis=0))
            print(
                f"{students} students, {way}: acknowledgement p50 {m.p50:.1f}  p90 {m.p90:.1f}  "
                f"p99 {m.p99:.1f} ms, p99 / limit {m.p99 / LIMIT_MS:.2f}; processor "
                f"{m.processor:.2f} of one; memory {m.memory:.0f} MB; load {m.load:.1f}"
            )


if __name__ == "__main__":
    main()
