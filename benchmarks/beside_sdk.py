"""Stopwatch, pacing and processor time beside `gladiaio-sdk`, by the same server's trace.

The SDK is driven the way its own examples do it: send a chunk, sleep for the length of a chunk,
stamp in the listener of messages. It runs in a process of its own, as does gladia_nb's session,
which waits for its chunks in two ways: by a timer of the kernel, as it does today, and polling, as
it did before (see `waiting`). They take turns, one at a time, on the same script. Told are, of all
turns together:

* pacing: when chunk k reached the server, minus when chunk 0 did, minus k chunk lengths; its drift
  is that of the last chunk.
* stamp: the client's receive stamp minus the server's right before it wrote the message.
* word: an error of a word's latency on the capture clock: what each stopwatch says (receive stamp
  minus its start minus the word's end) against the injected delay plus the wait for the chunk.
* processor time of the client's process in a streamed hour, its start left out; the median turn.

How busy the machine is otherwise decides about all of this; its load is told with each turn.

    python benchmarks/beside_sdk.py [--seconds 15] [--chunk-ms 100] [--rounds 4]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from stopwatch import RATE, ask, script
from waiting import WAYS, worker_that_waits

import gladia_nb as gn

DELAY_MS = 300.0

#: Runs in a process of its own. Prints what a user of the SDK would have measured.
SDK = """
import json, sys, threading, time
import gladiaio_sdk as sdk
seconds, chunk_ms, endpointing = map(float, sys.argv[1:4])
client = sdk.GladiaClient().live()
session = client.start_session(sdk.LiveV2InitRequest(
    sample_rate=16000, encoding="wav/pcm", bit_depth=16, channels=1, endpointing=endpointing,
    maximum_duration_without_endpointing=60,
    messages_config=sdk.LiveV2MessagesConfig(
        receive_partial_transcripts=True, receive_final_transcripts=True,
        receive_acknowledgments=True, receive_speech_events=True)))
stamps, over = [], threading.Event()
def listen(message):
    stamps.append((time.perf_counter_ns(), message.type))
session.on("message", listen)
session.on("ended", lambda _: over.set())
session.wait_until_ready(10)
size = int(16000 * chunk_ms / 1000) * 2
cpu, start = time.process_time(), time.perf_counter_ns()
for _ in range(round(seconds * 1000 / chunk_ms)):
    session.send_audio(bytes(size))
    time.sleep(chunk_ms / 1000)
cpu = time.process_time() - cpu
session.stop_recording()
over.wait(30)
session.join(5)
print(json.dumps({"id": session.session_id, "start_ns": start, "stamps": stamps, "cpu_s": cpu}))
"""


def paced(trace: dict[str, object], chunk_ms: float) -> np.ndarray:
    """Milliseconds by which chunks came late, counted from the first."""
    frames = [f for f in trace["received"] if f["length"]]
    ns = np.array([f["ns"] for f in frames])
    return (ns - ns[0]) / 1e6 - np.arange(len(ns)) * chunk_ms


def word_errors(
    arrivals: list[tuple[int, dict[str, object]]], t0_ns: int, chunk_ms: float
) -> np.ndarray:
    """Error of each word's latency in ms, from arrivals of transcripts and the stream's start."""
    seen: dict[str, float] = {}
    for stamp, sent in arrivals:
        for word in sent.get("words", ()):
            wait_ms = math.ceil(round(word["end_s"] * 1000 / chunk_ms, 6)) * chunk_ms
            truth = wait_ms + DELAY_MS
            seen.setdefault(word["word"], (stamp - t0_ns) / 1e6 - truth)
    return np.array(list(seen.values()))


class Turn(NamedTuple):
    """What one session told; errors in ms, seconds of processor in a streamed hour."""

    pacing: np.ndarray
    stamp: np.ndarray
    word: np.ndarray
    cpu_s: float


def show(name: str, turns: list[Turn]) -> tuple[float, float]:
    """Shows all turns of one client; its 99th percentile of stamps, and its processor time."""
    for what in ("pacing", "stamp", "word"):
        values = np.concatenate([getattr(turn, what) for turn in turns])
        p50, p99 = np.quantile(np.abs(values), [0.5, 0.99])
        end = np.median([getattr(turn, what)[-1] for turn in turns])
        told = f"   at the end {end:+9.3f}" if what != "stamp" else ""
        print(
            f"{name:10} {what:7} n={len(values):5}  |error| p50 {p50:8.3f}  p99 {p99:8.3f} ms{told}"
        )
    stamp_ms = float(np.quantile(np.concatenate([turn.stamp for turn in turns]), 0.99))
    return stamp_ms, float(np.median([turn.cpu_s for turn in turns]))


def ours(server: gn.LocalServer, way: str, seconds: float, chunk_ms: float) -> Turn:
    """A session of this toolkit that waits in one of `WAYS`."""
    with tempfile.TemporaryDirectory() as folder, worker_that_waits(way):
        run = gn.transcribe(
            (np.zeros(int(seconds * RATE)), RATE),
            url=server.url,
            key=server.key,
            path=Path(folder) / "ours.run",
            chunk_ms=chunk_ms,
            endpointing=0.3,
            maximum_duration_without_endpointing=60,
            progress=False,
        )
    trace = ask(server, f"/_trace/{run.session_id}")
    received = [e["recv_ns"] for e in run.record.of("message")]
    pairs = list(zip(received, trace["sent"], strict=True))
    busy = gn.vitals(run)
    cpu_s = float(busy["cpu_ms"].sum() / busy["window_s"].sum()) * 3.6
    return told(trace, pairs, run.record.t0_ns, chunk_ms, cpu_s)


def theirs(server: gn.LocalServer, seconds: float, chunk_ms: float) -> Turn:
    """The same of the SDK."""
    done = subprocess.run(
        [sys.executable, "-c", SDK, str(seconds), str(chunk_ms), "0.3"],
        env={**os.environ, "GLADIA_API_URL": server.url, "GLADIA_API_KEY": server.key},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    trace = ask(server, f"/_trace/{found['id']}")
    kinds = {"transcript", "audio_chunk", "speech_start", "speech_end"}
    stamps = [ns for ns, kind in found["stamps"] if kind in kinds]
    pairs = list(zip(stamps, [m for m in trace["sent"] if m["type"] in kinds], strict=True))
    return told(trace, pairs, found["start_ns"], chunk_ms, found["cpu_s"] / seconds * 3600)


def told(trace: Any, pairs: Any, start_ns: int, chunk_ms: float, cpu_s: float) -> Turn:
    errors = np.array([(ns - m["before_ns"]) / 1e6 for ns, m in pairs])
    return Turn(paced(trace, chunk_ms), errors, word_errors(pairs, start_ns, chunk_ms), cpu_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--chunk-ms", type=float, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    seconds, chunk_ms = options.seconds, options.chunk_ms
    print(f"{seconds:g} s a turn, chunks of {chunk_ms:g} ms, {os.cpu_count()} cores")
    turns: dict[str, list[Turn]] = {name: [] for name in (*WAYS, "SDK")}
    with gn.LocalServer(engine="scripted", script=script(seconds, DELAY_MS), trace=True) as server:
        for _ in range(options.rounds):
            for name, found in turns.items():
                sdk = name == "SDK"
                found.append(
                    theirs(server, seconds, chunk_ms)
                    if sdk
                    else ours(server, name, seconds, chunk_ms)
                )
                print(f"{name:10} {found[-1].cpu_s:6.1f} s an hour; load {os.getloadavg()[0]:.1f}")
    shown = {name: show(name, found) for name, found in turns.items()}
    for name, (_, cpu_s) in shown.items():
        print(f"{name:10} {cpu_s:6.1f} s of processor time in a streamed hour")
    sdk_stamp_ms, sdk_cpu_s = shown.pop("SDK")
    for name, (stamp_ms, cpu_s) in shown.items():
        print(
            f"ratio SDK / {name}: stamp p99 {sdk_stamp_ms / stamp_ms:.2f}, "
            f"processor time {sdk_cpu_s / cpu_s:.2f}"
        )


if __name__ == "__main__":
    main()
