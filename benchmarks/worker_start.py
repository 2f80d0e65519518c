"""How long the process for sessions takes from its start to the moment at which it takes commands.

As it is, turn about with a start that first loads what the process once loaded too: numpy,
soundfile, soxr and pydantic. Wall time is what a user waits; processor time of the child is told
beside it, because it does not depend on what else the machine does.

    python benchmarks/worker_start.py [--starts 15]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import time

from gladia_nb.child import child_command, child_environment

MODULE = "gladia_nb.worker"
OLD_LOAD = "import numpy, soundfile, soxr, pydantic; "


def commands() -> dict[str, list[str]]:
    """The command as it is, and the same with the old load before it."""
    now = child_command(MODULE)
    where = now.index("-c") + 1
    return {"as it is": now, "with the old load": [*now[:where], OLD_LOAD + now[where]]}


def start(command: list[str]) -> tuple[float, float]:
    """Milliseconds from the start to the line that says `ready`, and of processor until the end."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment()
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        line = process.stdout.readline()
        wall_ms = (time.perf_counter() - begun) * 1e3
        assert b'"ready"' in line, line
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return wall_ms, (usage.ru_utime + usage.ru_stime) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=15)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands()}
    for command in commands().values():
        start(command)
    for _ in range(options.starts):
        for name, command in commands().items():
            found[name].append(start(command))
    print(f"{options.starts} starts each, turn about, {os.cpu_count()} cores; milliseconds")
    medians = {}
    for name, rows in found.items():
        wall, cpu = zip(*rows, strict=True)
        medians[name] = statistics.median(wall), statistics.median(cpu)
        print(
            f"{name:18} to ready: median {medians[name][0]:4.0f}, best {min(wall):4.0f}, "
            f"worst {max(wall):4.0f}; processor: median {medians[name][1]:4.0f}"
        )
    wall, cpu = (now / old for now, old in zip(*medians.values(), strict=True))
    print(f"ratio: {wall:.2f} of the wall time, {cpu:.2f} of the processor time")


if __name__ == "__main__":
    main()
