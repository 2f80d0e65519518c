"""Does it cost the stopwatch anything that the sound of a run is kept beside it?

Sessions with and without their sound, turn about, on noise at 48 kHz in chunks of 20 ms: more bytes
and more chunks than speech has. The scripted engine's server traces when it wrote each message, on
the same clock. Told are, for each kind over all its sessions:

* stamp error: the client's receive stamp minus the server's stamp right before the write;
* lateness: by how much chunks left after they were due;
* processor time that the worker, and that this process took for a second of audio.

And how long writing the page of a run with its sound takes, by processor time, for each format.

    python benchmarks/keeping_sound.py [--pairs 6] [--seconds 6]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from stopwatch import ask, script

import gladia_nb as gn
from gladia_nb.record.folders import sound_files
from gladia_nb.reporting import sound_size

RATE = 48000


def session(server: gn.LocalServer, path: Path, seconds: float, *, audio: bool) -> list[np.ndarray]:
    """Stamp errors and lateness, ms; processor time of the worker and of this process, ms a s."""
    ask(server, "/_control/script", script(seconds, 50))
    noise = np.random.default_rng(1).normal(0, 0.1, (int(seconds * RATE), 1))
    began = time.process_time()
    live = gn.start(
        (noise, RATE), url=server.url, key=server.key, path=path, audio=audio, chunk_ms=20
    )
    prepared = time.process_time()
    live.wait()
    spent = time.process_time() - prepared
    run = live.result()
    assert (run.audio is not None) is audio, began
    sent = ask(server, f"/_trace/{run.session_id}")["sent"]
    received = [e for e in run.record.of("message") if e["via"] == "websocket"]
    errors = [(e["recv_ns"] - m["before_ns"]) / 1e6 for e, m in zip(received, sent, strict=True)]
    worker = sum(event["cpu_ms"] for event in run.record.of("vitals"))
    return [
        np.array(errors),
        run.chunks["lateness_ms"].to_numpy(),
        np.array([worker / seconds]),
        np.array([spent * 1e3 / seconds]),
    ]


def told(values: np.ndarray) -> str:
    p50, p99 = np.quantile(values, [0.5, 0.99])
    return f"p50 {p50:.3f}, p99 {p99:.3f} (n={len(values)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()
    kinds = {"without": False, "with": True}
    found: dict[str, list[list[np.ndarray]]] = {name: [] for name in kinds}
    with (
        tempfile.TemporaryDirectory() as folder,
        gn.LocalServer(engine="scripted", script={}, trace=True) as server,
    ):
        for pair in range(options.pairs):
            for name in list(kinds)[:: 1 if pair % 2 else -1]:
                path = Path(folder) / f"{name}-{pair}.run"
                found[name].append(session(server, path, options.seconds, audio=kinds[name]))
        print(f"{options.pairs} pairs of {options.seconds:g} s, {os.cpu_count()} cores; ms")
        for name, sessions in found.items():
            errors, late, worker, own = (np.concatenate(part) for part in zip(*sessions))  # noqa: B905
            print(
                f"{name:8} stamp error {told(errors)}; lateness {told(late)}; processor time for a "
                f"second of audio: worker {np.median(worker):.1f}, caller {np.median(own):.1f}"
            )
        run = gn.load(path.with_name("with-0.run"))
        (kept,) = sound_files(run.path)
        print(f"the file: {kept.stat().st_size / 1e6 / run.duration_s:.3f} MB a second of audio")
        for kind in ("flac", "opus"):
            began = time.process_time()
            size = sound_size([run], kind)
            spent = (time.process_time() - began) * 1e3 / run.duration_s
            print(f"in a page, {kind}: {size / 1e6 / run.duration_s:.3f} MB and {spent:.1f} ms")
    gn.shutdown()


if __name__ == "__main__":
    main()
