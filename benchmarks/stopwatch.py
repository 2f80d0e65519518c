"""Is the stopwatch right? What it says against what the server's trace knows, in real time.

The scripted engine delays every message by a known time, and the server traces when it wrote each
to its socket, on the same monotonic clock. For each length of chunk and each delay a session is
run, while the calling process waits (`idle`), and while it groups DataFrames and draws figures
without pause (`load`), turn about. Told are:

* stamp error: the client's receive stamp minus the server's stamp right before the write. That is
  the error of the stopwatch plus the way through the kernel, so never below the truth.
* slope and intercept of the measured word latency (word end -> first seen, send clock, median of a
  session) against the injected delay. The intercept is what server, loopback and stopwatch need.

Beside each session two bare processes do nothing but send each other the time through a socket,
twenty times a second: what they cannot do faster, this machine did not allow at that moment.

    python benchmarks/stopwatch.py [--seconds 8]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import gladia_nb as gn

CHUNKS_MS = (20, 50, 100, 250)
DELAYS_MS = (0, 50, 300, 1000)
RATE = 16000

#: Two bare processes: one writes the time into a socket, the other reads it and looks at the clock.
BARE = """
import json, os, socket, struct, sys, time
seconds = float(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    out = socket.create_connection(listener.getsockname())
    out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        time.sleep(0.05)
        out.sendall(struct.pack("q", time.perf_counter_ns()))
    out.close()
    os._exit(0)
took = []
source, _ = listener.accept()
while data := source.recv(8):
    took.append((time.perf_counter_ns() - struct.unpack("q", data)[0]) / 1e6)
os.wait()
print(json.dumps(took))
"""


def script(seconds: float, delay_ms: float) -> dict[str, object]:
    """Three words a second, and a pause that ends an utterance after every eighth."""
    starts = [0.3 + k / 3 + 0.9 * (k // 8) for k in range(int(seconds * 3))]
    words = [
        {"word": f"w{k}", "start_s": round(start, 3), "end_s": round(start + 0.2871, 4)}
        for k, start in enumerate(starts)
        if start + 1 < seconds
    ]
    return {"words": words, "delay": delay_ms / 1e3}


def ask(server: gn.LocalServer, path: str, body: object = None) -> dict[str, object]:
    request = urllib.request.Request(
        server.url + path,
        None if body is None else json.dumps(body).encode(),
        {"x-gladia-key": server.key, "x-gladia-nb-control": server.control_token},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.loads(reply.read() or b"null")


class Load:
    """What a notebook does meanwhile: a frame grouped, a figure drawn."""

    def __init__(self) -> None:
        generator = np.random.default_rng(0)
        rows = 200_000
        self.frame = pd.DataFrame(
            {"key": generator.integers(0, 5000, rows), "value": generator.normal(size=rows)}
        )

    def __call__(self) -> None:
        """One round of it."""
        grouped = self.frame.groupby("key")["value"].agg(["mean", "std"])
        figure = Figure(figsize=(6, 4))
        figure.subplots().plot(grouped["mean"], grouped["std"], ".")
        figure.canvas.draw()


def session(
    server: gn.LocalServer,
    path: Path,
    *,
    seconds: float,
    chunk_ms: int,
    delay_ms: int,
    load: Load | None,
) -> tuple[np.ndarray, pd.Series, gn.Run]:
    """Stamp errors and word latencies in ms, and the run."""
    spoken = script(seconds, delay_ms)
    ask(server, "/_control/script", spoken)
    reference = [{**word, "channel": 0} for word in spoken["words"]]
    silence = np.zeros(int(seconds * RATE))
    live = gn.start(
        (silence, RATE),
        url=server.url,
        key=server.key,
        path=path,
        chunk_ms=chunk_ms,
        reference=reference,
        endpointing=0.3,
        tail_s=delay_ms / 1e3,
        maximum_duration_without_endpointing=60,
    )
    while not live.done:
        load() if load else live.wait(0.5)
    run = live.result()
    sent = ask(server, f"/_trace/{run.session_id}")["sent"]
    received = [e for e in run.record.of("message") if e["via"] == "websocket"]
    assert [e["raw"] for e in received] == [m["text"] for m in sent]
    errors = [(e["recv_ns"] - m["before_ns"]) / 1e6 for e, m in zip(received, sent, strict=True)]
    rows = gn.latency(run)
    chosen = (rows["name"] == "word_end -> first_seen @send") & (rows["anchor"] == "reference")
    return np.array(errors), rows.loc[chosen, "latency_ms"], run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    print(f"{options.seconds:g} s a session, {os.cpu_count()} cores; milliseconds")
    print(f"{'':6} {'chunk':>5} {'delay':>5} {'n':>5}  {'stamp p50':>9} {'p99':>7} {'max':>7}   "
          f"{'word p50':>8} {'min':>8} {'max':>8}  verdict")  # fmt: skip
    errors: dict[str, list[np.ndarray]] = {"idle": [], "load": []}
    words: dict[str, list[tuple[float, float]]] = {"idle": [], "load": []}
    bare: dict[str, list[float]] = {"idle": [], "load": []}
    load = Load()
    with (
        tempfile.TemporaryDirectory() as folder,
        gn.LocalServer(engine="scripted", script={}, trace=True) as server,
    ):
        for chunk_ms, delay_ms, name in product(CHUNKS_MS, DELAYS_MS, errors):
            beside = subprocess.Popen(
                [sys.executable, "-c", BARE, str(options.seconds)], stdout=subprocess.PIPE
            )
            found, latencies, run = session(
                server,
                Path(folder) / f"{name}-{chunk_ms}-{delay_ms}.run",
                seconds=options.seconds,
                chunk_ms=chunk_ms,
                delay_ms=delay_ms,
                load=load if name == "load" else None,
            )
            bare[name] += json.loads(beside.communicate()[0])
            errors[name].append(found)
            words[name] += [(delay_ms, value) for value in [latencies.median()]]
            p50, p99 = np.quantile(found, [0.5, 0.99])
            print(
                f"{name:6} {chunk_ms:5} {delay_ms:5} {len(found):5}  {p50:9.3f} {p99:7.3f} "
                f"{found.max():7.3f}   {latencies.median():8.3f} {latencies.min():8.3f} "
                f"{latencies.max():8.3f}  {run.verdict.status}"
            )
    for name, found in errors.items():
        together = np.concatenate(found)
        p50, p99 = np.quantile(together, [0.5, 0.99])
        slope, intercept = np.polyfit(*np.array(words[name]).T, 1)
        alone = np.quantile(bare[name], [0.5, 0.99])
        print(
            f"{name}: stamp error p50 {p50:.3f}, p99 {p99:.3f}, max {together.max():.3f} ms "
            f"(n={len(together)}); word latency = {slope:.5f} x delay + {intercept:.3f} ms; "
            f"bare socket p50 {alone[0]:.3f}, p99 {alone[1]:.3f} ms"
        )
    gn.shutdown()


if __name__ == "__main__":
    main()
