"""The machine: its processors, how late it wakes, whether its clocks hold, where runs are kept."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gladia_nb.clock import Anchor
from gladia_nb.errors import RunFileError
from gladia_nb.record.folders import RUNS_VARIABLE, prepare_directory, runs_directory
from gladia_nb.record.limits import CLOCK_MS, LATENESS_MS, WALL_MS
from gladia_nb.sessions.checkup.findings import Finding

__all__ = ["ClockWatch", "processor", "runs_folder", "timer"]

#: Wake-ups that are timed, and how long each sleeps: half a second in all.
_WAKEUPS, _SLEEP_S = 100, 0.005
#: Free space below which runs may meet a full disk soon: many hours of sessions.
_LITTLE_BYTES = 500_000_000


def processor(load: Callable[[], Sequence[float]] = os.getloadavg) -> Finding:
    """How many processors this process may use, and whether others use them.

    Args:
        load: processes that ran or waited to, in the last minute and before.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    count = count or 1
    now = load()[0]
    found = f"{count} processor{'s' * (count > 1)}, a load of {now:.1f} in the last minute."
    if now > count:
        advice = "End what else computes here: the recogniser and the stopwatch wait for it."
        return Finding("processor", "todo", found, advice)
    if count == 1:
        advice = "The recogniser takes it from whatever else runs; two are better."
        return Finding("processor", "note", found, advice)
    return Finding("processor", "ok", found)


def timer(
    sleep: Callable[[float], object] = time.sleep, now_ns: Callable[[], int] = time.perf_counter_ns
) -> Finding:
    """How late this machine wakes a process that sleeps.

    The stopwatch polls that away for as long as it is short; what is long makes chunks late.

    Args:
        sleep: sleeps for some seconds.
        now_ns: the clock of stamps.
    """
    late_ms = []
    for _ in range(_WAKEUPS):
        due_ns = now_ns() + round(_SLEEP_S * 1e9)
        sleep(_SLEEP_S)
        late_ms.append((now_ns() - due_ns) / 1e6)
    middle, high = statistics.median(late_ms), sorted(late_ms)[round(0.95 * _WAKEUPS) - 1]
    found = f"It wakes {middle:.2f} ms late in the middle, 95 % within {high:.2f} ms."
    if LATENESS_MS.judge(high) != "valid":
        advice = (
            "Chunks would be late: end what else computes here, and switch power saving off. "
            "The verdict of each run says whether they were."
        )
        return Finding("timer", "todo", found, advice)
    return Finding("timer", "ok", found)


class ClockWatch:
    """Whether the clocks hold while it looks: from its making until `finding`.

    Args:
        anchor: reads the clock of stamps and the wall clock.
        witness: another monotonic clock, nanoseconds.
    """

    def __init__(
        self,
        anchor: Callable[[], Anchor] = Anchor.take,
        witness: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._anchor, self._witness = anchor, witness
        self._began, self._began_ns = anchor(), witness()

    def finding(self) -> Finding:
        """What the clocks did since then."""
        ended, ended_ns = self._anchor(), self._witness()
        length_ns = ended.mono_ns - self._began.mono_ns
        apart_ms = abs(length_ns - (ended_ns - self._began_ns)) / 1e6
        stepped_ms = abs(ended.wall_ns - self._began.wall_ns - length_ns) / 1e6
        length = f"within {length_ns / 1e9:.1f} s"
        if CLOCK_MS.judge(apart_ms) != "valid":
            found = f"The clock of stamps left another one by {apart_ms:.1f} ms {length}."
            advice = "Stamps cannot be believed here; a virtual machine may need another clock."
            return Finding("clocks", "todo", found, advice)
        if WALL_MS.judge(stepped_ms) != "valid":
            found = f"The wall clock was set by {stepped_ms:.0f} ms {length}."
            advice = "Let the system keep its time without steps (NTP); latencies do not need it."
            return Finding("clocks", "todo", found, advice)
        found = f"They stayed together to {max(apart_ms, stepped_ms):.2f} ms {length}."
        return Finding("clocks", "ok", found)


def runs_folder(usage: Callable[[Path], shutil._ntuple_diskusage] = shutil.disk_usage) -> Finding:
    """Where runs are kept, and how much room there is.

    Args:
        usage: total, used and free bytes of the disk with a path.
    """
    place = runs_directory()
    standing = next(folder for folder in (place, *place.parents) if folder.exists())
    try:
        prepare_directory(standing)
    except RunFileError:
        advice = f"Go to a folder of your own, or name one in {RUNS_VARIABLE}."
        return Finding("runs folder", "todo", f"Nothing can be written to {standing}.", advice)
    free = usage(standing).free
    found = f"{place}, with {free / 1e9:.1f} GB free."
    if free < _LITTLE_BYTES:
        advice = f"Make room, or name a folder on another disk in {RUNS_VARIABLE}."
        return Finding("runs folder", "todo", found, advice)
    return Finding("runs folder", "ok", found)
