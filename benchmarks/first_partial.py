"""From a click on Start to the first partial: what the first session of a Lab waits for.

    python benchmarks/first_partial.py [--after 0 1 2 4] [--rounds 5]

Each round is a fresh process that makes a Lab, waits for so many seconds (a person reads, and moves
the pointer), starts the sample conversation on the embedded server with its recogniser, and then
once more. Told are the medians of the rounds, in seconds, for the first session and for the second:

* first chunk: from the click until audio is sent, which is what processes and session took.
* first partial: from the click until the message is there; the goal is 1.2 s.
* sound: of it what no server can be faster than, the end of the first word in the sound.

In a page a click comes later than the Lab is made by what the page takes to draw it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

GOAL_S = 1.2
#: Of each session so much is heard, in seconds.
WATCHED_S = 4.0


def one(after_s: float) -> None:
    """In a fresh process: a Lab, two sessions; prints what was measured."""
    import gladia_nb as gn

    with tempfile.TemporaryDirectory() as folder:
        lab = gn.Lab(runs=folder, microphone=False)
        time.sleep(after_s)
        told = []
        for _ in range(2):
            clicked = time.perf_counter_ns()
            lab.start()
            time.sleep(WATCHED_S)
            lab.stop()
            run = lab.result()
            heard = run.messages[run.messages["type"] == "transcript"]
            told.append(
                {
                    "first partial": (heard["recv_ns"].min() - clicked) / 1e9,
                    "first chunk": (run.chunks["send_start_ns"].min() - clicked) / 1e9,
                    "sound": float(run.reference["end_s"].min()),
                }
            )
        lab.close()
    print(json.dumps(told))


def main() -> int:
    """Rounds of fresh processes; returns 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--after", type=float, nargs="+", default=[0.0, 1.0, 2.0, 4.0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        one(options.one)
        return 0
    missed = 0
    rounds: dict[float, list[list[dict[str, float]]]] = {after: [] for after in options.after}
    for _ in range(options.rounds):
        for after in options.after:
            command = [sys.executable, __file__, "--one", str(after)]
            found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rounds[after].append(json.loads(found.stdout))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; goal {GOAL_S} s")
    for after, found in rounds.items():
        for k, which in enumerate(("first", "second")):
            middle = {name: np.median([told[k][name] for told in found]) for name in found[0][k]}
            missed += middle["first partial"] > GOAL_S
            shown = ", ".join(f"{name} {value:.2f}" for name, value in middle.items())
            print(f"clicked {after:g} s after the Lab, {which} session: {shown}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
