"""Stopwatch, pacing and processor time beside `gladiaio-sdk`, by the same server's trace.

The SDK is driven the way its own examples do it: send a chunk, sleep for the length of a chunk,
stamp in the listener of messages. It runs in a process of its own, as does gladia_nb's session, one
after the other, on the same script. Told are:

* pacing: when chunk k reached the server, minus when chunk 0 did, minus k chunk lengths; its drift
  is that of the last chunk.
* stamp: the client's receive stamp minus the server's right before it wrote the message.
* word: an error of a word's latency on the capture clock: what each stopwatch says (receive stamp
  minus its start minus the word's end) against the injected delay plus the wait for the chunk.
* processor time of the client's process in a streamed hour, its start left out.

    python benchmarks/beside_sdk.py [--seconds 60] [--chunk-ms 100]
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
from typing import Any

import numpy as np
from stopwatch import RATE, ask, script

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


def show(name: str, **rows: np.ndarray) -> None:
    for what, values in rows.items():
        p50, p99 = np.quantile(np.abs(values), [0.5, 0.99])
        end = f"   at the end {values[-1]:+9.3f}" if what != "stamp" else ""
        print(
            f"{name:10} {what:7} n={len(values):5}  |error| p50 {p50:8.3f}  p99 {p99:8.3f} ms{end}"
        )


def ours(server: gn.LocalServer, seconds: float, chunk_ms: float) -> tuple[float, float]:
    """Shows this toolkit; returns the 99th percentile of stamps, and processor time an hour."""
    with tempfile.TemporaryDirectory() as folder:
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
    return shown("gladia_nb", trace, pairs, run.record.t0_ns, chunk_ms), cpu_s


def theirs(server: gn.LocalServer, seconds: float, chunk_ms: float) -> tuple[float, float]:
    """The same of the SDK."""
    done = subprocess.run(
        [sys.executable, "-c", SDK, str(seconds), str(chunk_ms), "0.3"],
        env={**os.environ, "GLADIA_API_URL": server.url, "GLADIA_API_KEY": server.key},
        stdout=subprocess.PIPE,
        check=True,
    )
    told = json.loads(done.stdout)
    trace = ask(server, f"/_trace/{told['id']}")
    kinds = {"transcript", "audio_chunk", "speech_start", "speech_end"}
    stamps = [ns for ns, kind in told["stamps"] if kind in kinds]
    pairs = list(zip(stamps, [m for m in trace["sent"] if m["type"] in kinds], strict=True))
    return shown("SDK", trace, pairs, told["start_ns"], chunk_ms), told["cpu_s"] / seconds * 3600


def shown(name: str, trace: Any, pairs: Any, start_ns: int, chunk_ms: float) -> float:
    errors = np.array([(ns - m["before_ns"]) / 1e6 for ns, m in pairs])
    word = word_errors(pairs, start_ns, chunk_ms)
    show(name, pacing=paced(trace, chunk_ms), stamp=errors, word=word)
    return float(np.quantile(errors, 0.99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--chunk-ms", type=float, default=100)
    options = parser.parse_args()
    seconds, chunk_ms = options.seconds, options.chunk_ms
    print(f"{seconds:g} s, chunks of {chunk_ms:g} ms, {os.cpu_count()} cores")
    with gn.LocalServer(engine="scripted", script=script(seconds, DELAY_MS), trace=True) as server:
        stamp_ms, cpu_s = ours(server, seconds, chunk_ms)
        sdk_stamp_ms, sdk_cpu_s = theirs(server, seconds, chunk_ms)
    for name, busy_s in (("gladia_nb", cpu_s), ("SDK", sdk_cpu_s)):
        print(f"{name:10} {busy_s:6.1f} s of processor time in a streamed hour")
    print(
        f"ratio SDK / gladia_nb: stamp p99 {sdk_stamp_ms / stamp_ms:.2f}, "
        f"processor time {sdk_cpu_s / cpu_s:.2f}"
    )
    gn.shutdown()


if __name__ == "__main__":
    main()
