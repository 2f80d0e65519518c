"""How many live sessions one server process holds: acknowledgements of scripted sessions.

    python benchmarks/server_sessions.py [--sessions 100] [--seconds 20] [--trace]

Sessions in real time, in chunks of 100 ms, spread evenly over the length of a chunk, from one
client process that does nothing else. Each session has partials, finals and speech events from a
script, with delays. Prints the distribution of the time from before a chunk is written to when its
acknowledgement has been read, which includes the client's own waiting for a processor; the ratio to
the limit of 20 ms; and the processor time of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import re
import sys
import time
from pathlib import Path

import aiohttp
import numpy as np

from gladia_nb.server import LocalServer

CHUNK_S = 0.1
RATE = 16000
LIMIT_MS = 20.0
_ACK = re.compile(r'"type":"audio_chunk".*"byte_range":\[\d+,(\d+)\]')


def script(seconds: float) -> dict:
    """A word every 0.3 s, in sentences of ten."""
    words, now = [], 0.3
    while now < seconds:
        for _ in range(10):
            words.append({"word": "word", "start_s": round(now, 3), "end_s": round(now + 0.25, 3)})
            now += 0.3
        now += 0.8
    return {"words": words, "delay": {"uniform": [0.05, 0.3]}, "final_delay": 0.4}


async def stream(
    http: aiohttp.ClientSession, base: str, begin: float, chunks: int, found: dict
) -> None:
    """One session; adds its round trips and lateness to `found`."""
    config = {"endpointing": 0.3, "messages_config": {"receive_partial_transcripts": True}}
    async with http.post(f"{base}/v2/live", json=config) as response:
        url = (await response.json())["url"]
    data = bytes(int(RATE * CHUNK_S) * 2)
    async with http.ws_connect(url, compress=0, max_msg_size=0) as ws:
        sent: dict[int, float] = {}

        async def read() -> None:
            async for message in ws:
                now = time.perf_counter()
                ack = _ACK.search(message.data)
                if ack is not None:
                    found["trips"].append(now - sent[int(ack[1])])
                else:
                    found["messages"] += 1

        reader = asyncio.create_task(read())
        for number in range(chunks):
            due = begin + number * CHUNK_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            now = time.perf_counter()
            found["late"].append(now - due)
            sent[(number + 1) * len(data)] = now
            await ws.send_bytes(data)
        await ws.send_str('{"type":"stop_recording"}')
        await reader
        found["codes"].append(ws.close_code)


async def measure(base: str, key: str, sessions: int, seconds: float) -> dict:
    """All sessions at once."""
    found: dict = {"trips": [], "late": [], "messages": 0, "codes": []}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers={"x-gladia-key": key}, connector=connector) as http:
        begin = time.perf_counter() + 2.0
        await asyncio.gather(
            *(
                stream(http, base, begin + CHUNK_S * k / sessions, int(seconds / CHUNK_S), found)
                for k in range(sessions)
            )
        )
    return found


def processor_s(pid: int) -> float:
    """Processor time of a process so far, in seconds."""
    if not Path("/proc").exists():
        return float("nan")
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(name: str, seconds: list[float]) -> float:
    p50, p90, p99, last = np.quantile(np.array(seconds) * 1e3, [0.5, 0.9, 0.99, 1])
    print(
        f"{name}: p50 {p50:.2f}  p90 {p90:.2f}  p99 {p99:.2f}  max {last:.2f} ms, n {len(seconds)}"
    )
    return float(p99)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--trace", action="store_true", help="the server keeps its traces")
    options = parser.parse_args()
    gc.freeze()
    with LocalServer(
        engine="scripted", script=script(options.seconds), trace=options.trace
    ) as server:
        before = processor_s(server.pid)
        found = asyncio.run(measure(server.url, server.key, options.sessions, options.seconds))
        used = processor_s(server.pid) - before
    print(
        f"{options.sessions} sessions of {options.seconds:g} s in real time, "
        f"{os.cpu_count()} processors, {found['messages']} other messages"
    )
    show("chunk sent late", found["late"])
    p99 = show("acknowledgement", found["trips"])
    print(f"processor of the server: {used / (options.seconds + 2):.2f} of one")
    missing = options.sessions * int(options.seconds / CHUNK_S) - len(found["trips"])
    print(f"missing acknowledgements: {missing}, close codes: {set(found['codes'])}")
    print(f"p99 of acknowledgements / limit of {LIMIT_MS:g} ms: {p99 / LIMIT_MS:.2f}")
    return int(p99 > LIMIT_MS or missing > 0)


if __name__ == "__main__":
    sys.exit(main())
