"""How long the table of a study of very many runs takes from its Parquet files, and its memory.

    python benchmarks/lake.py [--runs 10000] [--folder DIR]

Makes a study of three recordings and two arms whose runs are all made of one scripted minute: the
latencies of each run are those of the template, shifted and spread by chance, so that no two files
are the same. What is timed is what happens afterwards: reading all files, and the quantiles of each
arm with their intervals. A fresh process does it, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gladia_nb.studies.lake import TABLES, Lake, _facts, _latencies
from tests.support.studies import run_of

ARMS = ("here", "there")
ITEMS = 3


def write(lake: Lake, runs: int) -> int:
    """Files as an export writes them; returns the rows of latencies."""
    template = run_of(lambda n: 0.2 + 0.01 * n, sentences=12)
    rows, facts, words = _latencies(template), _facts(template), template.reference
    rng = np.random.default_rng(1)
    for number in range(runs):
        name = f"{number:016x}.0"
        item = number % ITEMS
        about = {"arm": ARMS[number // ITEMS % 2], "item": f"item {item}", "repeat": number}
        late = rng.normal(0, 20) + rng.normal(0, 5, len(rows))
        tables = {
            "latency": rows.assign(latency_ms=rows["latency_ms"] + late, run=f"session {number}"),
            "runs": facts.assign(recording=f"recording {item}"),
            # Recordings are told apart by their words.
            "words": words.assign(start_s=words["start_s"] + item * 0.001),
        }
        for table in TABLES:
            frame = tables[table].assign(file=name, cell=name[:16], **about)
            lake._write(lake._file(table, name), frame)
    return runs * len(rows)


def read(folder: str) -> None:
    """The table, in this process; prints seconds and peak memory."""
    begun = time.perf_counter()
    table = Lake(folder).summaries(ARMS)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shown = table[table["name"].str.startswith("word_end -> first_seen @send")]
    with pd.option_context("display.width", 160):
        print(shown[["arm", "n", "runs", "p50_ms", "p50_low_ms", "p50_high_ms"]].to_string())
    print(f"table of {len(table)} rows in {seconds:.1f} s, peak {peak:.0f} MB")


def main() -> None:
    """Make the files, then read them in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--folder", help="keep the files here, or read those that are here")
    parser.add_argument("--read", metavar="DIR", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments.folder or temporary)
        if not (folder / "latency").is_dir():
            begun = time.perf_counter()
            rows = write(Lake(folder), arguments.runs)
            seconds = time.perf_counter() - begun
            print(f"{arguments.runs} runs, {rows} latencies, written in {seconds:.0f} s")
        size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
        print(f"{size / 1e6:.0f} MB of Parquet")
        subprocess.run([sys.executable, __file__, "--read", str(folder)], check=True)


if __name__ == "__main__":
    main()
