"""Cassettes: are latencies of a replay those that were recorded, and how many play at once?

    python benchmarks/cassette.py [--rounds 4] [--seconds 20] [--clients 30]

A scripted session (two channels, translation, callbacks, a connection that breaks) is recorded and
then played back, in turns: each round records anew. Told are, of all rounds together:

* word: the latency of a word in the replay minus that in the recording, on the send clock, for
  all milestones and both anchors; the goal is 1 ms (p50) and 3 ms (p99) of its size.
* message: when a message came after position 0 of the audio, replay minus recording.
* stamp: the client's stamp of a message minus the server's right before it wrote it: what of that
  is the stopwatch and this machine's network.
* said: when the server wrote a message minus when it was due.

Then so many clients at once stream to one server that plays back, from one process: the time from
before a chunk is written to when its acknowledgement has been read; the goal is 20 ms (p99).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from server_sessions import measure, show
from stopwatch import RATE, ask

import gladia_nb as gn

WORD_P50_MS, WORD_P99_MS, ACK_P99_MS = 1.0, 3.0, 20.0
KEYS = ["name", "anchor", "channel", "utterance_id", "position"]
FLAGS = dict.fromkeys(gn.SessionConfig().with_defaults()["messages_config"], True)
CONFIG: dict[str, Any] = {
    "endpointing": 0.3,
    "realtime_processing": {
        "translation": True,
        "translation_config": {"target_languages": ["fr"]},
    },
    "messages_config": FLAGS,
}


def spoken(seconds: float) -> list[dict[str, Any]]:
    """Sentences of eight words by two speakers in turn, each with a translation."""
    found, now, channel = [], 0.4, 0
    while now + 3 < seconds:
        words = [
            {
                "word": f"word{k}",
                "start_s": round(now + 0.3 * k, 3),
                "end_s": round(now + 0.3 * k + 0.25, 3),
            }
            for k in range(8)
        ]
        found.append({"channel": channel, "words": words, "translations": {"fr": "mots"}})
        now, channel = now + 3.2, 1 - channel
    return found


def session(server: gn.LocalServer, folder: Path, name: str, seconds: float, **more: Any) -> gn.Run:
    reference = [
        {**word, "channel": one["channel"]} for one in spoken(seconds) for word in one["words"]
    ]
    return gn.transcribe(
        (np.zeros((int(seconds * RATE), 2)), RATE),
        server=server,
        path=folder / f"{name}.run",
        reference=reference,
        callbacks=True,
        progress=False,
        **CONFIG,
        **more,
    )


def turn(folder: Path, number: int, seconds: float) -> dict[str, np.ndarray]:
    """One recording and its replay."""
    script = {
        "utterances": spoken(seconds),
        "delay": {"lognormal": {"median": 0.2, "sigma": 0.4}},
        "seed": number,
    }
    drop = [f"drop:at_byte={int(seconds * RATE)}"]
    with gn.LocalServer(engine="scripted", script=script, faults=drop) as server:
        before = session(server, folder, f"before-{number}", seconds)
    with gn.LocalServer(replay=before.path, trace=True) as server:
        after = session(server, folder, f"after-{number}", seconds)
        trace = ask(server, f"/_trace/{after.session_id}")
    own = ["audio_chunk", "stop_recording"]
    heard = [run.messages[(run.messages["via"] == "websocket")] for run in (before, after)]
    rest = [frame[~frame["type"].isin(own)]["recv_s"].to_numpy() for frame in heard]
    tables = [gn.latency(run) for run in (before, after)]
    both = tables[0].merge(tables[1], on=KEYS, suffixes=("", "_again"))
    sent = both[both["name"].str.contains("@send")]
    stamps = [
        (ns - m["before_ns"]) / 1e6
        for ns, m in zip(heard[1]["recv_ns"], trace["sent"], strict=True)
    ]
    due = [(m["before_ns"] - m["due_ns"]) / 1e6 for m in trace["sent"] if "due_ns" in m]
    return {
        "word": (sent["latency_ms_again"] - sent["latency_ms"]).dropna().to_numpy(),
        "message": (rest[1] - rest[0]) * 1e3,
        "stamp": np.array(stamps),
        "said": np.array(due),
    }


def tell(name: str, values: np.ndarray) -> tuple[float, float]:
    """Shows a distribution; returns quantiles of the size."""
    low, middle, high = np.quantile(values, [0.01, 0.5, 0.99])
    p50, p99 = np.quantile(np.abs(values), [0.5, 0.99])
    print(
        f"{name:8} n={len(values):5}  p1 {low:8.3f}  p50 {middle:8.3f}  p99 {high:8.3f} ms"
        f"   |size| p50 {p50:7.3f}  p99 {p99:7.3f} ms"
    )
    return float(p50), float(p99)


def crowd(folder: Path, clients: int, seconds: float) -> float:
    """Acknowledgements of many clients at once, 99th percentile in ms."""
    words = {"words": [word for one in spoken(seconds) for word in one["words"]], "delay": 0.2}
    asked = {"endpointing": 0.3, "messages_config": {"receive_partial_transcripts": True}}
    with gn.LocalServer(engine="scripted", script=words) as server:
        run = gn.transcribe(
            (np.zeros(int(seconds * RATE)), RATE), server=server, progress=False, **asked,
            path=folder / "crowd.run",
        )  # fmt: skip
    gc.freeze()
    with gn.LocalServer(replay=run.path) as server:
        found = asyncio.run(measure(server.url, server.key, clients, seconds))
    print(f"\n{clients} clients at once, {seconds:g} s each, {found['messages']} other messages")
    show("chunk sent late", found["late"])
    missing = clients * round(seconds * 10) - len(found["trips"])
    print(f"missing acknowledgements: {missing}, close codes: {set(found['codes'])}")
    return show("acknowledgement", found["trips"]) if missing == 0 else float("inf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=30)
    options = parser.parse_args()
    turns = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(options.rounds):
            turns.append(turn(Path(name), number, options.seconds))
            p50, p99 = np.quantile(np.abs(turns[-1]["word"]), [0.5, 0.99])
            print(
                f"round {number + 1}: word |size| p50 {p50:.3f}  p99 {p99:.3f} ms; "
                f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
            )
        found = {what: tell(what, np.concatenate([t[what] for t in turns])) for what in turns[0]}
        best = pd.Series([np.quantile(np.abs(t["word"]), 0.99) for t in turns]).min()
        p50, p99 = found["word"]
        print(f"word / goal: p50 {p50 / WORD_P50_MS:.2f}, p99 {p99 / WORD_P99_MS:.2f}")
        print(f"quietest round: p99 {best:.3f} ms")
        ack = crowd(Path(name), options.clients, options.seconds)
    print(f"acknowledgement p99 / goal of {ACK_P99_MS:g} ms: {ack / ACK_P99_MS:.2f}")
    return int(p50 > WORD_P50_MS or p99 > WORD_P99_MS or ack > ACK_P99_MS)


if __name__ == "__main__":
    sys.exit(main())
